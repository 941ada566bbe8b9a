//! Keys in a PKCS#11 token (a hardware security module, a smart card, or SoftHSM), as [`Signer`]s.
//!
//! A [`Token`] is one driver with one token, found by its label. [`TokenKey`]s are found in it by theirs. The private key
//! never leaves the token; what is hashed here and signed there is the digest.
//!
//! - A session with the token does one thing at a time, so there is a pool of them ([`Settings::sessions`]). Who finds
//!   none free waits, at most [`Settings::wait`], and then hears [`Error::Busy`]: a queue that grows is worse.
//! - A token that goes away (unplugged, restarted, its network gone) makes signatures fail and nothing else. When it is
//!   back, the next signature opens new sessions, logs in and finds the key again, by itself.
//! - The PIN is kept wiped-on-drop and is in no error or log line.
//!
//! What is refused: two keys of one label, keys other than RSA and the curves P-256, P-384, P-521.

mod error;
mod key;
mod pool;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

pub use countersign_pki::Signer;
pub use error::Error;
pub use key::TokenKey;

use pool::Pool;

/// How to reach a token.
#[derive(Clone)]
pub struct Settings {
    /// The driver: a shared library.
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The user's PIN.
    pub pin: Zeroizing<String>,
    /// Sessions at the same time; at least one.
    pub sessions: usize,
    /// How long a signature may wait for a session.
    pub wait: Duration,
}

/// Everything but the PIN.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("module", &self.module)
            .field("token", &self.token)
            .field("sessions", &self.sessions)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// A token that is there, with its sessions.
pub struct Token {
    pool: Pool,
}

impl Token {
    /// Loads the driver, finds the token and logs in once, so that a wrong PIN or label shows at once.
    ///
    /// # Errors
    /// The driver cannot be loaded, there is no such token, or it refuses the PIN.
    pub fn open(settings: Settings) -> Result<Arc<Self>, Error> {
        let pool = Pool::load(settings)?;
        // Once: what is not there at the beginning has not gone away.
        pool.run_once(|_| Ok(()))?;
        Ok(Arc::new(Self { pool }))
    }

    /// The key of this label: a private key, and the public key beside it.
    ///
    /// # Errors
    /// There is none, there are several, or it is of a kind that is not used here.
    pub fn key(self: &Arc<Self>, label: &str) -> Result<TokenKey, Error> {
        TokenKey::find(Arc::clone(self), label)
    }

    /// Makes a new key pair on this curve in the token: for signing only, and never to leave it.
    ///
    /// # Errors
    /// A key of this label is there already; the token refuses.
    pub fn generate_ec(
        self: &Arc<Self>,
        label: &str,
        curve: countersign_pki::verify::Curve,
    ) -> Result<TokenKey, Error> {
        TokenKey::generate(Arc::clone(self), label, curve)
    }

    /// The same, or the key of this label that an earlier try has left: made in this token, on this curve, and never to
    /// leave it. So what was broken off half-way can be done again.
    ///
    /// # Errors
    /// Another key has this label; the token refuses.
    pub fn generate_ec_or_find(
        self: &Arc<Self>,
        label: &str,
        curve: countersign_pki::verify::Curve,
    ) -> Result<TokenKey, Error> {
        match self.generate_ec(label, curve) {
            Err(Error::Taken { .. }) => TokenKey::find_generated(Arc::clone(self), label, curve),
            made => made,
        }
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}
