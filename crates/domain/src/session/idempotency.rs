//! A start request that comes twice (relying party API, section 3): the second gets the first's session.

use countersign_wire::id::SessionId;
use countersign_wire::start::StartRequest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::settings::Settings;

/// A start request that may come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// SHA-256 over path and canonical body.
    pub key: [u8; 32],
    /// The session that it started.
    pub session: SessionId,
    /// Until when a second one is the same.
    pub until: Timestamp,
}

impl Repeated {
    /// What to remember of a request that started `session`. `None` for authentication, which is never the same twice.
    pub fn remember(
        request: &StartRequest,
        path: &str,
        session: SessionId,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Self> {
        let key = request.idempotency_key(path)?;
        Some(Self { key, session, until: now + settings.idempotency })
    }

    /// Whether a request that comes at `now` is answered with this session. [`Session::answer`] is the whole first
    /// answer, with token and secret. Only while the session runs.
    pub fn applies(&self, session: &Session, now: Timestamp) -> bool {
        now < self.until && session.id == self.session && session.is_running(now)
    }
}
