//! Registrant tokens in a service of your own: a layer that lets requests in by their token.
//!
//! It works on every service of `tower` over `http` types, axum's routers among them, and needs the key file of whoever makes
//! the tokens. Whoever has that file can make tokens as well: a service that is not trusted so far asks
//! `POST /api/v1/registrant/auth/introspect` instead.
//!
//! ```
//! use axum::{Extension, Router, routing::get};
//! use countersign_client::registrant::{Claims, KeyRing, RegistrantLayer, Rules};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let file = "00112233 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 2026-06-01T12:00:00Z";
//! # let clock = || "2026-06-01T12:00:00Z".parse().unwrap();
//! let layer = RegistrantLayer::new(KeyRing::parse(file)?, Rules::new("countersign", "registrant"), clock)
//!     .refused(|rejection| eprintln!("a token was refused: {}", rejection.word()));
//! let app: Router = Router::new()
//!     .route("/hello", get(async |Extension(claims): Extension<Claims>| claims.holder.given_name().to_owned()))
//!     .layer(layer);
//! # Ok(())
//! # }
//! ```
//!
//! Every refusal is the one answer `401 {"errors":[{"base":["Not authorized"]}]}`; why it was is told to
//! [`RegistrantLayer::refused`] alone.

use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use countersign_token::Reader;
pub use countersign_token::{Assurance, Claims, Holder, KeyRing, Method, Rejection, Rules, TokenId};
use futures_util::future::{Either, Ready, ready};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tower::{Layer, Service};

/// Lets requests in whose token is good, with its [`Claims`] among their extensions.
#[derive(Clone)]
pub struct RegistrantLayer(Arc<Guard>);

struct Guard {
    reader: RwLock<Arc<Reader>>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    denied: Box<dyn Fn(&Claims) -> bool + Send + Sync>,
    refused: Box<dyn Fn(Rejection) + Send + Sync>,
    /// What has to be proven, and how lately.
    step_up: Option<(Assurance, SignedDuration)>,
}

/// The answer to a token that is good and proves too little [RFC 9470 §3].
const STEP_UP: &str = "Bearer error=\"insufficient_user_authentication\", acr_values=\"";
const REFUSED: &str = "{\"errors\":[{\"base\":[\"Not authorized\"]}]}";

impl RegistrantLayer {
    /// A layer for tokens of these rules. `clock` tells the time, once for each request.
    pub fn new(ring: KeyRing, rules: Rules, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(Guard {
            reader: RwLock::new(Arc::new(Reader::new(ring, rules))),
            clock: Box::new(clock),
            denied: Box::new(|_| false),
            refused: Box::new(|_| {}),
            step_up: None,
        }))
    }

    /// Also asks whether a token was withdrawn. Without this, one is good until its end.
    pub fn denied(self, denied: impl Fn(&Claims) -> bool + Send + Sync + 'static) -> Self {
        self.with(|guard| guard.denied = Box::new(denied))
    }

    /// Tells why tokens are refused, for a log or a counter.
    pub fn refused(self, refused: impl Fn(Rejection) + Send + Sync + 'static) -> Self {
        self.with(|guard| guard.refused = Box::new(refused))
    }

    /// Only lets in who proved, with this assurance and no longer ago than this, who they are. A partner's word is no
    /// proof.
    pub fn proven(self, assurance: Assurance, age: SignedDuration) -> Self {
        self.with(|guard| guard.step_up = Some((assurance, age)))
    }

    /// Takes over the keys of a file that has changed. All layers that were cloned from this one do.
    pub fn replace_keys(&self, ring: KeyRing) {
        let mut reader = self.0.reader.write().unwrap_or_else(PoisonError::into_inner);
        *reader = Arc::new(reader.with_ring(ring));
    }

    fn with(self, change: impl FnOnce(&mut Guard)) -> Self {
        // A layer is set up before it is cloned; where it was not, the clone keeps what it has.
        match Arc::try_unwrap(self.0) {
            Ok(mut guard) => {
                change(&mut guard);
                Self(Arc::new(guard))
            }
            Err(shared) => Self(shared),
        }
    }
}

impl Guard {
    fn claims(&self, headers: &HeaderMap, now: Timestamp) -> Result<Arc<Claims>, Rejection> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let line = match (lines.next(), lines.next()) {
            (Some(line), None) => line,
            _ => return Err(Rejection::Malformed),
        };
        let token = line.to_str().ok().and_then(countersign_token::bearer).ok_or(Rejection::Malformed)?;
        let reader = Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner));
        let claims = reader.open(token, now)?;
        if (self.denied)(&claims) { Err(Rejection::Denied) } else { Ok(claims) }
    }

    /// The claims, or the `WWW-Authenticate` of the refusal.
    fn check(&self, headers: &HeaderMap) -> Result<Arc<Claims>, HeaderValue> {
        let now = (self.clock)();
        let claims = self.claims(headers, now).map_err(|rejection| {
            (self.refused)(rejection);
            HeaderValue::from_static("Bearer")
        })?;
        match self.step_up {
            Some((assurance, age)) if !claims.is_fresh(assurance, age, now) => {
                let wanted = format!("{STEP_UP}{}\", max_age={}", assurance.word(), age.as_secs());
                Err(HeaderValue::from_str(&wanted).unwrap_or(HeaderValue::from_static("Bearer")))
            }
            Some(_) | None => Ok(claims),
        }
    }
}

impl<S> Layer<S> for RegistrantLayer {
    type Service = RegistrantService<S>;

    fn layer(&self, inner: S) -> RegistrantService<S> {
        RegistrantService { inner, guard: Arc::clone(&self.0) }
    }
}

/// A service behind a [`RegistrantLayer`].
#[derive(Clone)]
pub struct RegistrantService<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S, B, R> Service<Request<B>> for RegistrantService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<&'static str>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.guard.check(request.headers()) {
            Ok(claims) => {
                request.extensions_mut().insert(Claims::clone(&claims));
                Either::Left(self.inner.call(request))
            }
            Err(challenge) => {
                let mut response = Response::new(R::from(REFUSED));
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(WWW_AUTHENTICATE, challenge);
                Either::Right(ready(Ok(response)))
            }
        }
    }
}

/// The rules; keys and functions have nothing to show.
impl std::fmt::Debug for RegistrantLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reader = self.0.reader.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("RegistrantLayer").field(reader.rules()).finish()
    }
}

impl<S> std::fmt::Debug for RegistrantService<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegistrantService")
    }
}
