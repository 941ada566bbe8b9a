//! Who asks: an HMAC over service, time, method, address and body (registrant reference, 13.1).
//!
//! ```text
//! HMAC(secret, uuid ":" timestamp ":" METHOD ":" uri[?query] ":" body)
//! ```
//!
//! Nothing in it is used once only, so a request can be repeated while its time lasts; clients that poll twice a second
//! depend on that. Use TLS, and a short time.

use hmac::{KeyInit, Mac, SimpleHmac};
use http::HeaderMap;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Sha256, Sha384, Sha512};
use sha3::{Sha3_256, Sha3_384, Sha3_512};

use super::config::Siga;

const TIMESTAMP: &str = "x-authorization-timestamp";
const SERVICE: &str = "x-authorization-serviceuuid";
const SIGNATURE: &str = "x-authorization-signature";
const ALGORITHM: &str = "x-authorization-hmac-algorithm";

/// The longest HMAC, in octets.
const SIGNATURE_MAX: usize = 64;

/// What a segment of a path keeps as it is [RFC 3986 §2.3].
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The request that an HMAC is over.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Path and query as sent, the context included.
    pub(super) target: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// The service whose request this is; or why it is nobody's.
pub(super) fn service_of(
    config: &Siga,
    context: &str,
    asked: &Asked<'_>,
    now: Timestamp,
) -> Result<String, &'static str> {
    let header = |name: &str, missing: &'static str| {
        let mut lines = asked.headers.get_all(name).iter();
        match (lines.next().and_then(|line| line.to_str().ok()), lines.next()) {
            (Some(text), None) => Ok(text),
            _ => Err(missing),
        }
    };
    let timestamp = header(TIMESTAMP, "X-Authorization-Timestamp is missing or repeated")?;
    let uuid = header(SERVICE, "X-Authorization-ServiceUUID is missing or repeated")?;
    let signature = header(SIGNATURE, "X-Authorization-Signature is missing or repeated")?;
    let algorithm = match asked.headers.contains_key(ALGORITHM) {
        true => header(ALGORITHM, "X-Authorization-Hmac-Algorithm is repeated")?,
        false => "HmacSHA256",
    };
    if timestamp.len() != 10 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("X-Authorization-Timestamp is not 10 digits of Unix seconds");
    }
    // Ten digits fit.
    let at: i64 = timestamp.parse().unwrap_or(0);
    check_time(config, at, now.as_second())?;
    let signature = hex(signature).ok_or("X-Authorization-Signature is not hexadecimal")?;
    let service = config.services.iter().find(|service| service.uuid == uuid);
    let service = service.ok_or("the service or its signature is not known here")?;
    let secret = service.secret.reveal().as_bytes();
    let inner = asked.target.strip_prefix(context).filter(|rest| rest.starts_with('/'));
    let reencoded = inner.filter(|_| asked.method == "DELETE").map(with_encoded_name);
    let targets = [inner, Some(asked.target), reencoded.as_deref()];
    let is_right = targets.into_iter().flatten().any(|target| {
        let head = format!("{uuid}:{timestamp}:{}:{target}:", asked.method);
        verifies(algorithm, secret, head.as_bytes(), asked.body, &signature).unwrap_or(false)
    });
    if is_right {
        Ok(service.uuid.clone())
    } else if verifies(algorithm, secret, b"", b"", &signature).is_none() {
        Err("X-Authorization-Hmac-Algorithm is not one that is known here")
    } else {
        Err("the service or its signature is not known here")
    }
}

fn check_time(config: &Siga, at: i64, now: i64) -> Result<(), &'static str> {
    let (expiration, skew) = (i64::from(config.expiration_seconds), i64::from(config.clock_skew_seconds));
    if skew >= 0 && at > now + skew {
        return Err("X-Authorization-Timestamp lies in the future");
    }
    if expiration >= 0 && at + expiration < now - skew.max(0) {
        return Err("X-Authorization-Timestamp is too old");
    }
    Ok(())
}

/// None for an algorithm that is not known.
fn verifies(algorithm: &str, secret: &[u8], head: &[u8], body: &[u8], signature: &[u8]) -> Option<bool> {
    macro_rules! check {
        ($digest:ty) => {{
            // An HMAC takes a key of any length.
            let mut mac = <SimpleHmac<$digest> as KeyInit>::new_from_slice(secret).ok()?;
            mac.update(head);
            mac.update(body);
            // In constant time.
            mac.verify_slice(signature).is_ok()
        }};
    }
    Some(match algorithm {
        "HmacSHA256" => check!(Sha256),
        "HmacSHA384" => check!(Sha384),
        "HmacSHA512" => check!(Sha512),
        "HmacSHA3-256" => check!(Sha3_256),
        "HmacSHA3-384" => check!(Sha3_384),
        "HmacSHA3-512" => check!(Sha3_512),
        _ => return None,
    })
}

/// The gateway signs the name of a data file encoded anew.
fn with_encoded_name(target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let (head, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = percent_decode_str(name).decode_utf8_lossy();
    let name = utf8_percent_encode(&name, SEGMENT);
    query.map_or_else(|| format!("{head}/{name}"), |query| format!("{head}/{name}?{query}"))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.len() > 2 * SIGNATURE_MAX || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let octet = |pair: &[u8]| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok();
    text.as_bytes().chunks_exact(2).map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the gateway's own documentation.
    const BODY: &str = r#"{"dataFiles":[{"fileName":"test.txt","fileHashSha512":"hQVz9wirVZNvP/q3HoaW8nu0FfvrGkZinhADKE4Y4j/dUuGfgONfR4VYdu0p/dj/yGH0qlE0FGsmUB2N3oLuhA==","fileSize":189,"fileHashSha256":"RnKZobNWVy8u92sDL4S2j1BUzMT5qTgt6hm90TfAGRo="}]}"#;
    const VALUE: &str = "7301b3b88995b410bed0016b9a5bb3d177d32ac2bb2e91fabb80c084180eb42d";
    const AT: i64 = 1_580_400_796;
    const UUID: &str = "a7fd7728-a3ea-4975-bfab-f240a67e894f";

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn usual(signature: &str) -> [(&'static str, &str); 3] {
        [(TIMESTAMP, "1580400796"), (SERVICE, UUID), (SIGNATURE, signature)]
    }

    fn check(headers: &HeaderMap, target: &str, body: &str, now: i64) -> Result<String, &'static str> {
        let asked = Asked { method: "POST", target, headers, body: body.as_bytes() };
        service_of(&Siga::dev(), "/siga", &asked, Timestamp::from_second(now).unwrap())
    }

    #[test]
    fn the_documented_example_verifies() {
        let headers = headers(&usual(VALUE));
        assert_eq!(check(&headers, "/siga/hashcodecontainers", BODY, AT).as_deref(), Ok(UUID));
        // Clients that know nothing of the context sign the whole path.
        let asked =
            Asked { method: "POST", target: "/hashcodecontainers", headers: &headers, body: BODY.as_bytes() };
        let now = Timestamp::from_second(AT).unwrap();
        assert!(service_of(&Siga::dev(), "/other", &asked, now).is_ok());
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let good = headers(&usual(VALUE));
        assert!(check(&good, "/siga/hashcodecontainers", &BODY.replace("189", "190"), AT).is_err());
        assert!(check(&good, "/siga/containers", BODY, AT).is_err());
        assert!(check(&good, "/siga/hashcodecontainers?a=b", BODY, AT).is_err());
        for wrong in ["", "00", &"0".repeat(64), &VALUE[..62], "zz", &"0".repeat(200)] {
            assert!(check(&headers(&usual(wrong)), "/siga/hashcodecontainers", BODY, AT).is_err(), "{wrong}");
        }
        for index in 0..3 {
            let mut missing = usual(VALUE).to_vec();
            missing.remove(index);
            assert!(check(&headers(&missing), "/siga/hashcodecontainers", BODY, AT).is_err());
        }
        let mut twice = good.clone();
        twice.append(SIGNATURE, VALUE.parse().unwrap());
        assert!(check(&twice, "/siga/hashcodecontainers", BODY, AT).is_err());
        for algorithm in ["HmacSHA512", "HmacMD5", "none", ""] {
            let mut lines = usual(VALUE).to_vec();
            lines.push((ALGORITHM, algorithm));
            assert!(check(&headers(&lines), "/siga/hashcodecontainers", BODY, AT).is_err(), "{algorithm}");
        }
    }

    #[test]
    fn a_request_has_its_time() {
        let headers = headers(&usual(VALUE));
        // 60 s for the way and 10 s for clocks.
        for (now, is_good) in [(AT - 11, false), (AT - 10, true), (AT + 70, true), (AT + 71, false)] {
            let checked = check(&headers, "/siga/hashcodecontainers", BODY, now);
            assert_eq!(checked.is_ok(), is_good, "{now}");
        }
        let never = Siga { expiration_seconds: -1, clock_skew_seconds: -1, ..Siga::dev() };
        assert!(check_time(&never, AT, 0).is_ok() && check_time(&never, AT, i64::MAX / 2).is_ok());
    }

    #[test]
    fn every_algorithm_of_the_list_verifies() {
        // RFC 4231 section 4.3 for SHA-2; SHA-3 from Python's hmac and hashlib, with the same key and data.
        let (key, data) = (b"Jefe", b"what do ya want for nothing?");
        for (algorithm, value) in [
            ("HmacSHA256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                "HmacSHA384",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                "HmacSHA512",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            ("HmacSHA3-256", "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"),
            (
                "HmacSHA3-384",
                "f1101f8cbf9766fd6764d2ed61903f21ca9b18f57cf3e1a23ca13508a93243ce48c045dc007f26a21b3f5e0e9df4c20a",
            ),
            (
                "HmacSHA3-512",
                "5a4bfeab6166427c7a3647b747292b8384537cdb89afb3bf5665e4c5e709350b287baec921fd7ca0ee7a0c31d022a95e1fc92ba9d77df883960275beb4e62024",
            ),
        ] {
            let signature = hex(value).unwrap_or_default();
            assert_eq!(
                verifies(algorithm, key, &data[..5], &data[5..], &signature),
                Some(true),
                "{algorithm}"
            );
            assert_eq!(verifies(algorithm, key, data, b"x", &signature), Some(false), "{algorithm}");
        }
        assert_eq!(verifies("HmacSHA1", key, data, b"", b""), None);
    }

    #[test]
    fn a_name_is_encoded_anew() {
        assert_eq!(
            with_encoded_name("/containers/1/datafiles/a%20b+c.txt"),
            "/containers/1/datafiles/a%20b%2Bc.txt"
        );
        assert_eq!(with_encoded_name("/containers/1?x=y"), "/containers/1?x=y");
    }
}
