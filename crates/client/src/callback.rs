//! The way back on the same device (6.5): is this callback the end of that session?
//!
//! Three things tie a callback to a session: the relying party's own unpredictable part of the URL, which must be
//! back unchanged; the digest of the session secret, which only the service and the relying party know; and in an
//! authentication the verifier, whose hash the device has signed.

use countersign_wire::callback::{ReceivedCallback, UserChallenge, UserChallengeVerifier};
use countersign_wire::words::FlowType;
use subtle::ConstantTimeEq;

use crate::Error;
use crate::session::StartedSession;

/// A callback that belongs to a session: its address and its session secret digest are right.
///
/// In an authentication the verifier is still to be compared with what was signed; the
/// [`AuthenticationVerifier`](crate::AuthenticationVerifier) does that.
pub struct CheckedCallback {
    received: ReceivedCallback,
}

impl CheckedCallback {
    /// Checks again that this is the end of that session: a checked callback may have been kept beside another one.
    pub(crate) fn check_session(&self, session: &StartedSession) -> Result<(), Error> {
        let secret = session.secret().ok_or(Error::NoDeviceLink)?;
        self.received.check_secret(secret).map_err(|_| Error::WrongSessionSecret)
    }

    /// Checks that the authentication with this user challenge is the one that ended here.
    ///
    /// # Errors
    /// [`Error::NoUserChallengeVerifier`], [`Error::WrongUserChallenge`].
    pub fn check_user_challenge(&self, challenge: &UserChallenge) -> Result<(), Error> {
        if self.received.verifier().is_none() {
            return Err(Error::NoUserChallengeVerifier);
        }
        self.received.check_user_challenge(challenge).map_err(|_| Error::WrongUserChallenge)
    }

    /// The verifier; absent after a signature, and when the person refused.
    pub fn verifier(&self) -> Option<&UserChallengeVerifier> {
        self.received.verifier()
    }
}

/// Without its content, which is a secret of the session.
impl std::fmt::Debug for CheckedCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CheckedCallback(…)")
    }
}

/// Checks the URL that the person's browser or app came back to: the whole URL as requested, or the part from the
/// path on.
///
/// Besides this, the caller makes sure that it is the browser or app that the session was started for (by a cookie,
/// say), and that a callback is taken only once.
///
/// # Errors
/// [`Error::NoCallbackUrl`], [`Error::ForeignCallback`], [`Error::MalformedCallback`],
/// [`Error::WrongSessionSecret`].
pub fn check_callback(session: &StartedSession, url: &str) -> Result<CheckedCallback, Error> {
    let secret = session.secret().ok_or(Error::NoDeviceLink)?;
    let sent = session.callback_url().ok_or(Error::NoCallbackUrl(FlowType::Web2App))?;
    if !continues(sent.as_str(), url) {
        return Err(Error::ForeignCallback);
    }
    let received = ReceivedCallback::parse(url).map_err(|error| match error {
        countersign_wire::Error::WrongCallback { parameter } => Error::MalformedCallback { parameter },
        other => Error::Request(other),
    })?;
    received.check_secret(secret).map_err(|_| Error::WrongSessionSecret)?;
    Ok(CheckedCallback { received })
}

/// Whether `url` is `sent` with parameters added; its scheme and host may be left out.
fn continues(sent: &str, url: &str) -> bool {
    let (sent_host, sent_path) = split(sent);
    let (host, path) = split(url);
    let joiner = if sent_path.contains('?') { '&' } else { '?' };
    let expected = format!("{sent_path}{joiner}");
    let same_host = host.is_none_or(|host| sent_host == Some(host));
    // In constant time: the relying party's own parameter is a secret.
    let same_start =
        path.as_bytes().get(..expected.len()).is_some_and(|s| s.ct_eq(expected.as_bytes()).into());
    same_host && same_start
}

/// Host, if there is one, and what follows; a browser asks for `/` where the URL has no path.
fn split(url: &str) -> (Option<&str>, String) {
    let Some(rest) = url.strip_prefix("https://") else { return (None, url.to_owned()) };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if path.starts_with('/') { "" } else { "/" };
    (Some(host), format!("{slash}{path}"))
}
