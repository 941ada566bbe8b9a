//! Requests with a device proof, and answers that are either what was asked for or a problem.

use bytes::Bytes;
use countersign_wire::device::proof::{DeviceKey, ProofClaims};
use countersign_wire::device::{BASE, DEVICE_NONCE, DEVICE_PROOF, DeviceErrorCode, DeviceProblem};
use countersign_wire::words::Open;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Transport};

pub(crate) struct Channel<T> {
    transport: T,
    key: DeviceKey,
    nonce: String,
}

impl<T: Transport> Channel<T> {
    pub(crate) fn new(transport: T, key: DeviceKey) -> Self {
        Self { transport, key, nonce: String::new() }
    }

    pub(crate) async fn get<A: DeserializeOwned>(
        &mut self,
        path: &str,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<A, Error> {
        Ok(self.call(Method::GET, path, Bytes::new(), now, rng).await??)
    }

    pub(crate) async fn post<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        path: &str,
        request: &Q,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<A, Error> {
        Ok(self.try_post(path, request, now, rng).await??)
    }

    /// Like [`post`](Self::post), but a problem is a value: the caller may have to keep the token in it.
    pub(crate) async fn try_post<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        path: &str,
        request: &Q,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Result<A, DeviceProblem>, Error> {
        let body = serde_json::to_vec(request).map_err(|error| Error::Storage(error.to_string()))?;
        self.call(Method::POST, path, body.into(), now, rng).await
    }

    async fn call<A: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Result<A, DeviceProblem>, Error> {
        let mut answer = self.attempt(&method, path, body.clone(), now, rng).await?;
        // The first request of all, and one after a long pause, has no fresh nonce: the answer brings one.
        if let Err(problem) = &answer
            && problem.code == Open::Known(DeviceErrorCode::UseNonce)
        {
            answer = self.attempt(&method, path, body, now, rng).await?;
        }
        match answer {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(answer) => Ok(Ok(answer)),
                Err(error) => Err(Error::UnexpectedAnswer {
                    expected: "the JSON of this endpoint",
                    found: format!("{:?} at column {}", error.classify(), error.column()),
                }),
            },
            Err(problem) => Ok(Err(problem)),
        }
    }

    async fn attempt(
        &mut self,
        method: &Method,
        path: &str,
        body: Bytes,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Result<Bytes, DeviceProblem>, Error> {
        let url = format!("{}{BASE}{path}", self.transport.origin());
        let claims = ProofClaims::new(method.as_str(), &url, &body, &self.nonce, now, rng);
        let mut request =
            http::Request::builder().method(method).uri(url).header(DEVICE_PROOF, self.key.prove(&claims)?);
        if !body.is_empty() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|error| Error::NoAnswer(error.to_string()))?;
        let answer = self.transport.send(request).await?;
        if let Some(nonce) = answer.headers().get(DEVICE_NONCE).and_then(|value| value.to_str().ok()) {
            nonce.clone_into(&mut self.nonce);
        }
        if answer.status() == StatusCode::OK {
            return Ok(Ok(answer.into_body()));
        }
        match serde_json::from_slice::<DeviceProblem>(answer.body()) {
            Ok(problem) => Ok(Err(problem)),
            // A gateway in between, or a server that failed: whether the request was carried out is unknown.
            Err(_) if answer.status().is_server_error() => {
                Err(Error::NoAnswer(format!("HTTP status {}", answer.status())))
            }
            Err(_) => Err(Error::UnexpectedAnswer {
                expected: "problem details of the device API",
                found: format!("HTTP status {}", answer.status()),
            }),
        }
    }
}
