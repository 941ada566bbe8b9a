//! Reading a body: whole, not too long, not too slowly. Each surface says in its own words why it could not be read.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;

use crate::App;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than it may be.
    TooLong,
    /// The connection ended in it, or its framing is broken.
    Broken,
    /// It did not arrive in time.
    Late,
}

/// The whole of a body of at most `limit` octets that arrives within `listen.head_seconds`.
pub(crate) async fn whole_body(app: &App, body: Body, limit: usize) -> Result<Bytes, Unread> {
    let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
    match tokio::time::timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(octets)) => Ok(octets),
        Ok(Err(error)) if is_length_limit(&error) => Err(Unread::TooLong),
        Ok(Err(_)) => Err(Unread::Broken),
        Err(_) => Err(Unread::Late),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_up_to_its_limit_and_no_longer_than_patience() {
        let app = App::builder(crate::Config::dev()).build().expect("an application");
        let read = |body, limit| whole_body(&app, body, limit);
        assert_eq!(read(Body::from("abc"), 3).await, Ok(Bytes::from_static(b"abc")));
        assert_eq!(read(Body::from("abcd"), 3).await, Err(Unread::TooLong));
        let broken = Body::from_stream(futures_util::stream::iter([
            Ok(Bytes::from_static(b"a")),
            Err(std::io::Error::other("gone")),
        ]));
        assert_eq!(read(broken, 3).await, Err(Unread::Broken));
        let silent = Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        assert_eq!(read(silent, 3).await, Err(Unread::Late));
    }
}
