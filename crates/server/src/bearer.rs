//! `Authorization: Bearer KEY` [RFC 6750 §2.1], as our own surfaces read it.

use http::header::{AUTHORIZATION, HeaderMap};

/// The longest key that is hashed, in octets.
const KEY_MAX: usize = 512;

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer<'a> {
    /// No such header.
    Absent,
    /// Several headers, another scheme, or no key of 1 to 512 octets.
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
