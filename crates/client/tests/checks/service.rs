//! A service on a socket of this machine that answers as a test tells it, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use countersign_client::{Client, ClientBuilder};
use countersign_wire::acsp::SchemeName;
use countersign_wire::id::RelyingPartyUuid;

#[derive(Clone)]
pub struct Service {
    pub origin: String,
    state: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    answers: VecDeque<Next>,
    asked: Vec<Asked>,
}

enum Next {
    Answer(u16, HeaderMap, Vec<u8>),
    Silence,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Service {
    /// Starts one. It ends with the test's runtime.
    pub async fn start() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let service = Self { origin, state: Arc::default() };
        let router = Router::new().fallback(answer).with_state(service.clone());
        tokio::spawn(async move { axum::serve(socket, router).await });
        service
    }

    /// The next answer.
    pub fn will_answer(&self, status: u16, body: impl Into<Vec<u8>>) -> &Self {
        self.will_answer_with(status, HeaderMap::new(), body)
    }

    /// The next answer, with headers.
    pub fn will_answer_with(&self, status: u16, headers: HeaderMap, body: impl Into<Vec<u8>>) -> &Self {
        self.state.lock().unwrap().answers.push_back(Next::Answer(status, headers, body.into()));
        self
    }

    /// The next request gets no answer.
    pub fn will_be_silent(&self) -> &Self {
        self.state.lock().unwrap().answers.push_back(Next::Silence);
        self
    }

    /// Everything that it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().asked.clone()
    }

    /// The last request.
    pub fn last(&self) -> Asked {
        self.asked().pop().expect("a request")
    }

    pub fn builder(&self) -> ClientBuilder {
        let party = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
        Client::builder(&format!("{}/smart-id-rp/v3/", self.origin), party, crate::world::NAME)
            .scheme(SchemeName::DEMO)
            .tls_roots(&[])
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }
}

async fn answer(
    State(service): State<Service>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let next = {
        let mut state = service.state.lock().unwrap();
        state.asked.push(Asked { method, path: uri.to_string(), headers, body: body.to_vec() });
        state.answers.pop_front()
    };
    match next {
        Some(Next::Answer(status, headers, body)) => {
            (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
        }
        Some(Next::Silence) => std::future::pending().await,
        None => (StatusCode::IM_A_TEAPOT, "nobody told me what to answer").into_response(),
    }
}
