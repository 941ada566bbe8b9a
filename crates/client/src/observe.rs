//! What travels between a relying party and the services that it asks, for those who want to show or study it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::Service;

/// One request and its answer, as they travelled.
///
/// It holds what the relying party must keep to itself (the secret of a session, the person's certificate): an
/// observer of a live service writes none of it to a log.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// Whom the call went to.
    pub service: Service,
    /// The HTTP method.
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// The body of the request; empty when there was none.
    pub request: &'a [u8],
    /// The HTTP status; `None` when no answer came, or none that was read to its end.
    pub status: Option<u16>,
    /// The body of the answer.
    pub answer: &'a [u8],
}

/// Service, method and status only: the rest is secret or personal.
impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("service", &self.service)
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Called with every exchange, once its answer was read or given up. It must return at once.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(&Exchange<'_>) + Send + Sync>);

impl Observer {
    pub(crate) fn new(observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observer))
    }
}

impl Deref for Observer {
    type Target = dyn Fn(&Exchange<'_>) + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer(…)")
    }
}
