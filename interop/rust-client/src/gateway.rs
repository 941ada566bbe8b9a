//! An HTTPS proxy that answers for every host itself: CONNECT, then TLS with our certificate, then plain HTTP to
//! the server under judgement. Requests are passed on byte for byte; the `Host` header stays the client's.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslStream};

use crate::tls::Identity;

/// Starts the proxy on a free port; the returned URL is for `HTTPS_PROXY`.
pub fn start(identity: &Identity, upstream: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound address"));
    let acceptor = Arc::new(identity.acceptor());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (acceptor, upstream) = (Arc::clone(&acceptor), upstream.clone());
            std::thread::spawn(move || {
                if let Err(fault) = serve(stream, &acceptor, &upstream) {
                    eprintln!("gateway: {fault}");
                }
            });
        }
    });
    url
}

fn serve(mut stream: TcpStream, acceptor: &SslAcceptor, upstream: &str) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().ok_or("closed before a request")??;
    if !first.starts_with("CONNECT ") {
        return Err(format!("expected CONNECT, got {first}").into());
    }
    while !lines.next().ok_or("closed within the request")??.is_empty() {}
    drop(lines);
    stream.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n")?;

    let client = acceptor.accept(stream)?;
    let server = TcpStream::connect(upstream)?;
    server.set_nodelay(true)?;
    // One TLS stream cannot be split, so both directions take turns on it with a short read time-out.
    client.get_ref().set_read_timeout(Some(Duration::from_millis(5)))?;
    let client = Arc::new(Mutex::new(client));
    let back = {
        let (client, mut server) = (Arc::clone(&client), server.try_clone()?);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(read @ 1..) = server.read(&mut buffer) {
                if client.lock().expect("no panic while locked").write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = client.lock().expect("no panic while locked").shutdown();
        })
    };
    forth(&client, server)?;
    back.join().map_err(|_| "the way back panicked")?;
    Ok(())
}

fn forth(client: &Mutex<SslStream<TcpStream>>, mut server: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = client.lock().expect("no panic while locked").read(&mut buffer);
        match read {
            Ok(0) => break,
            Ok(read) => server.write_all(&buffer[..read])?,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(_) => break,
        }
    }
    let _ = server.shutdown(Shutdown::Write);
    Ok(())
}
