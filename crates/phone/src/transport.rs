//! How bytes reach the service. Two ways exist: HTTP here, and in process in the server.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;

use crate::Error;

/// The longest answer that a phone reads, in octets.
const ANSWER_MAX: usize = 1 << 20;

/// Longer than the longest poll.
const TIMEOUT: Duration = Duration::from_secs(90);

/// Carries one request to the service.
pub trait Transport: Send + Sync {
    /// `scheme://host[:port]`: what comes before the path in the device proof.
    fn origin(&self) -> &str;

    /// Sends a request whose URI starts with [`origin`](Self::origin). Error: [`Error::NoAnswer`] when it is unknown
    /// whether the request arrived.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> impl Future<Output = Result<http::Response<Bytes>, Error>> + Send;
}

/// HTTP with TLS where the origin says so.
#[derive(Clone)]
pub struct HttpTransport {
    origin: String,
    client: reqwest::Client,
}

impl HttpTransport {
    /// To this origin, e.g. `https://id.example.org`, with a client that has its TLS settings.
    pub fn new(origin: &str, client: reqwest::Client) -> Self {
        Self { origin: origin.trim_end_matches('/').to_owned(), client }
    }
}

impl Transport for HttpTransport {
    fn origin(&self) -> &str {
        &self.origin
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Error> {
        let lost = |error: reqwest::Error| Error::NoAnswer(error.without_url().to_string());
        let (parts, body) = request.into_parts();
        let mut answer = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .timeout(TIMEOUT)
            .body(body)
            .send()
            .await
            .map_err(lost)?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers().clone();
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(Error::UnexpectedAnswer {
                    expected: "an answer of at most 1 MiB",
                    found: "a longer one".to_owned(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        response.body(body.into()).map_err(|error| Error::NoAnswer(error.to_string()))
    }
}
