//! Processes of the program, ended with the test that began them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign");

/// Far more than any of it takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `countersign dev`.
pub(crate) struct Server {
    child: std::process::Child,
    /// Its plain address, without a slash at the end.
    pub(crate) url: String,
    /// What it printed at the start.
    pub(crate) banner: Vec<String>,
}

impl Server {
    /// Starts one on free ports, and waits for the last line of its greeting.
    pub(crate) fn start(more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["dev", "--listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let lines = lines_of(child.stdout.take().expect("piped"));
        let mut banner = Vec::new();
        while !banner.last().is_some_and(|line: &String| line.contains("stop with")) {
            banner.push(lines.recv_timeout(PATIENCE).expect("a greeting"));
        }
        let url = banner
            .iter()
            .find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")))
            .expect("an address")
            .trim_end_matches('/')
            .to_owned();
        Self { child, url, banner }
    }

    /// Its address over TLS.
    pub(crate) fn secure_url(&self) -> String {
        let address = self.banner.iter().flat_map(|line| line.split_whitespace());
        address.filter(|word| word.starts_with("https://")).map(str::to_owned).next().expect("TLS")
    }

    /// The answer to a GET, head and all.
    pub(crate) fn get(&self, path: &str) -> String {
        exchange(&self.url, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    /// The status of a GET with a bearer token.
    pub(crate) fn status_with(&self, path: &str, token: &str) -> u16 {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        status_of(&exchange(&self.url, &request))
    }

    /// The status of a POST.
    pub(crate) fn post(&self, path: &str, body: &Value) -> u16 {
        status_of(&self.posted(path, body))
    }

    /// The JSON that a POST answers.
    pub(crate) fn post_for(&self, path: &str, body: &Value) -> Value {
        let answer = self.posted(path, body);
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    fn posted(&self, path: &str, body: &Value) -> String {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(&self.url, &request)
    }

    /// Sends a signal, and gives how the process ended.
    pub(crate) fn stop(mut self, signal: &str) -> ExitStatus {
        send(signal, &self.child);
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever the test came to, nothing is left running. After `stop` there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(signal: &str, child: &std::process::Child) {
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

/// Another process of the program, with its lines as they come.
pub(crate) struct Child {
    child: Option<std::process::Child>,
    stderr: Receiver<String>,
}

impl Child {
    pub(crate) fn spawn(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let stderr = lines_of(child.stderr.take().expect("piped"));
        Self { child: Some(child), stderr }
    }

    /// The next line that begins so.
    pub(crate) fn stderr_line(&mut self, beginning: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).expect("such a line");
            if line.starts_with(beginning) {
                return line;
            }
        }
    }

    pub(crate) fn send(&self, signal: &str) {
        send(signal, self.child.as_ref().expect("not finished"));
    }

    pub(crate) fn finish(mut self) -> Output {
        self.child.take().expect("not finished").wait_with_output().expect("it ends")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A connection to this address.
pub(crate) fn connect(url: &str) -> std::io::Result<TcpStream> {
    TcpStream::connect(url.trim_start_matches("http://"))
}

fn status_of(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

fn exchange(url: &str, request: &str) -> String {
    let mut stream = connect(url).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Lines as they come, read on a thread of their own so that nobody waits for ever.
fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        // The thread ends with the stream; a receiver that is gone needs no lines, but the process needs a reader.
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
