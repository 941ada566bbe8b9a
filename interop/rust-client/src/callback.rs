//! The relying party's page that the phone opens when it is done.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{channel, Receiver};
use std::time::Duration;

use crate::report::Fault;
use crate::tls::Identity;

/// One opened callback.
pub struct Call {
    pub query: Vec<(String, String)>,
    pub cookie: String,
}

impl Call {
    pub fn get(&self, name: &str) -> Result<&str, Fault> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("the callback has no {name}").into())
    }
}

pub struct Page {
    address: String,
    calls: Receiver<Call>,
}

impl Page {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = format!("https://{}/back?value=RrKjjT4aggzu27YBddX1bQ", listener.local_addr().expect("a bound address"));
        let acceptor = Identity::new(&["127.0.0.1"]).acceptor();
        let (sender, calls) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Ok(stream) = acceptor.accept(stream) else { continue };
                let mut reader = BufReader::new(stream);
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    match reader.read_line(&mut line) {
                        Ok(1..) if line.trim_end().is_empty() => break,
                        Ok(1..) => head.push(line.trim_end().to_owned()),
                        Ok(0) | Err(_) => break,
                    }
                }
                let _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = reader.get_mut().shutdown();
                let Some(target) = head.first().and_then(|line| line.split(' ').nth(1)) else { continue };
                let Ok(url) = url::Url::parse(&format!("https://127.0.0.1{target}")) else { continue };
                let query = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
                let cookie = head.iter().filter_map(|line| line.split_once(':'));
                let cookie = cookie.filter(|(name, _)| name.eq_ignore_ascii_case("cookie")).map(|(_, v)| v.trim().to_owned());
                if sender.send(Call { query, cookie: cookie.collect::<Vec<_>>().join("; ") }).is_err() {
                    break;
                }
            }
        });
        Self { address, calls }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    pub fn wait(&self) -> Result<Call, Fault> {
        self.calls.recv_timeout(Duration::from_secs(20)).map_err(|_| "the callback was not opened within 20 s".into())
    }
}
