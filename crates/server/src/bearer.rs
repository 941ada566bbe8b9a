//! `Authorization: Bearer KEY` [RFC 6750 §2.1], as our own surfaces read it, and who comes in by it.

use std::net::IpAddr;

use countersign_pki::Digest;
use countersign_wire::problem::ProblemType;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::Timestamp;

use crate::buckets::{Buckets, Network};
use crate::problem::Problem;

/// The longest key or token that is looked at, in octets: more than the longest access token of our own.
const KEY_MAX: usize = 4096;

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer<'a> {
    /// No such header.
    Absent,
    /// Several headers, another scheme, or no key of 1 to 4096 octets.
    Malformed,
    /// A key. Compare its hash, so that how long it takes says nothing about it.
    Key(&'a str),
}

/// The one key of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Bearer<'_> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Bearer::Absent,
        (Some(line), None) => line,
        (Some(_), Some(_)) => return Bearer::Malformed,
    };
    let Some((scheme, key)) = line.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Bearer::Malformed;
    };
    let key = key.trim();
    if scheme.eq_ignore_ascii_case("bearer") && (1..=KEY_MAX).contains(&key.len()) {
        Bearer::Key(key)
    } else {
        Bearer::Malformed
    }
}

/// Whose request it is: that of a key, or of an address where no key is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// The SHA-256 of its key.
    Key([u8; 32]),
    /// Where it comes from.
    Address(Network),
}

/// Who may use a surface, and how often.
#[derive(Debug)]
pub(crate) struct Callers {
    open: bool,
    keys: Vec<[u8; 32]>,
    per_minute: u32,
    buckets: Buckets<Caller>,
}

impl Callers {
    /// `open`: whether a request without a key is let in. `keys`: SHA-256 of each key.
    pub(crate) fn new(open: bool, keys: Vec<[u8; 32]>, per_minute: u32) -> Self {
        Self { open, keys, per_minute, buckets: Buckets::new(per_minute) }
    }

    /// Who asks. `closed`: what is said where nobody may.
    pub(crate) fn identify(
        &self,
        address: IpAddr,
        headers: &HeaderMap,
        closed: &str,
    ) -> Result<Caller, Problem> {
        match bearer(headers) {
            Bearer::Key(key) => {
                let digest = Digest::Sha256.of(key.as_bytes());
                let known = self.keys.iter().find(|known| known.as_slice() == digest);
                known
                    .copied()
                    .map(Caller::Key)
                    .ok_or_else(|| unauthorized("the bearer key is not known here"))
            }
            Bearer::Malformed => Err(unauthorized("expected one header Authorization: Bearer KEY")),
            Bearer::Absent if self.open => Ok(Caller::Address(Network::of(address))),
            Bearer::Absent if self.keys.is_empty() => Err(Problem::of(ProblemType::NotFound, closed)),
            Bearer::Absent => Err(unauthorized("expected Authorization: Bearer KEY")),
        }
    }

    /// Counts one. `what`: of what there may be so many a minute.
    pub(crate) fn count(&self, caller: Caller, now: Timestamp, what: &str) -> Result<(), Problem> {
        self.buckets.take(caller, now).map_err(|wait| {
            let detail = format!("at most {} {what} a minute; come back in {wait} s", self.per_minute);
            Problem::of(ProblemType::TooManyRequests, detail).retry_after(wait)
        })
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::of(ProblemType::Unauthorized, detail)
}

/// Keys as the configuration has them, SHA-256 in hex; none when one of them is no such digest.
pub(crate) fn digests<'a>(keys: impl IntoIterator<Item = &'a String>) -> Option<Vec<[u8; 32]>> {
    let digest = |text: &String| {
        let bytes = (text.len() == 64 && text.is_ascii()).then_some(text.as_bytes())?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(bytes.chunks(2)) {
            if !pair.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(digest)
    };
    keys.into_iter().map(digest).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn shown(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (AUTHORIZATION, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn one_key_is_one_key() {
        assert_eq!(bearer(&shown(&[])), Bearer::Absent);
        assert_eq!(bearer(&shown(&["Bearer abc"])), Bearer::Key("abc"));
        assert_eq!(bearer(&shown(&["bearer  abc "])), Bearer::Key("abc"));
        let long = format!("Bearer {}", "a".repeat(KEY_MAX + 1));
        for lines in [&["Bearer abc", "Bearer abc"][..], &["Basic abc"], &["Bearer"], &["Bearer "], &[&long]]
        {
            assert_eq!(bearer(&shown(lines)), Bearer::Malformed, "{lines:?}");
        }
    }
}
