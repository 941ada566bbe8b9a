//! Confirmations at another service: it asks the holder of a number to sign a digest with their means
//! (`[registration.remote.sign]`).
//!
//! ```text
//! POST {url}/sign    {"requestId","tenant","msisdn","kind":"MID","serialNumber","digestAlgorithm":"SHA-512","digest":"…",
//!                     "language":"en","message":"…","seconds":300}
//! POST {url}/pending {"requestId","responseId"}
//!
//! either             {"status":"pending","responseId":"…","consentUrl":"https://…"}
//!                    {"status":"signed","serialNumber":"…","signatureAlgorithm":"RSASSA-PSS","signature":"…",
//!                     "certificate":"…","chain":["…"]}
//!                    {"status":"refused","reason":"cancel"}
//! ```
//!
//! The facts are those of a signing service with step-up (registration 10.3), the words are ours. A `requestId` stands for
//! one question: whoever hears it again answers as the first time, and asks nobody twice. Octets are in Base64 with padding.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use super::id::{MeansSerial, ResponseId, StepUpId, TenantId};
use super::phone_number::PhoneNumber;
use crate::Error;
use crate::base64::{b64, from_b64};
use crate::words;
use crate::words::HashAlgorithm;

/// The longest answer that is read, in octets.
pub const ANSWER_MAX: usize = 64 * 1024;
/// The longest signature, in octets: RSA of 8192 bits.
pub const SIGNATURE_MAX: usize = 1024;
/// The longest certificate, in octets.
pub const CERTIFICATE_MAX: usize = 8 * 1024;
/// Certificates between the signer's and an anchor.
pub const CHAIN_MAX: usize = 4;
/// The longest URL of a page, in octets.
pub const CONSENT_URL_MAX: usize = 2048;

words! {
    /// Why a person has not signed.
    pub enum StepUpRefusal {
        /// The means has another serial number by now.
        SerialNumberMismatch = "serial-number-mismatch",
        /// The person said no.
        Cancel = "cancel",
        /// The person did not answer in time.
        Timeout = "timeout",
        /// Too many wrong passwords or codes.
        WrongCredentials = "wrong-credentials",
        /// The means cannot be used now: it is blocked, or not there.
        Status = "status",
        /// The service of the means failed.
        Service = "service",
        /// The means could not be reached.
        Transport = "transport",
    }

    /// How a signature was made; the hash is the one of the request.
    pub enum StepUpAlgorithm {
        /// RSASSA-PSS with MGF1 over the same hash and a salt of its length.
        RsaPss = "RSASSA-PSS",
        /// RSASSA-PKCS1-v1_5.
        RsaPkcs1 = "RSASSA-PKCS1-v1_5",
        /// ECDSA; the signature is in DER.
        Ecdsa = "ECDSA",
    }
}

/// `POST {url}/sign`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignRequest {
    /// The same for every try.
    pub request_id: StepUpId,
    /// Whose person it is.
    pub tenant: TenantId,
    /// The number.
    pub msisdn: PhoneNumber,
    /// `MID` or `SAS`.
    pub kind: String,
    /// The copy of the means that is to sign, and no other.
    pub serial_number: MeansSerial,
    /// What made the digest.
    pub digest_algorithm: HashAlgorithm,
    /// What is signed.
    pub digest: Octets<64>,
    /// In which language the message is: `en`.
    pub language: String,
    /// What the person is shown.
    pub message: String,
    /// How long they may be asked.
    pub seconds: u32,
}

/// `POST {url}/pending`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRequest {
    /// As in the request to sign.
    pub request_id: StepUpId,
    /// As in the answer to it.
    pub response_id: ResponseId,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum StepUpAnswer {
    /// The person is asked.
    Pending(Pending),
    /// They have signed.
    Signed(Signed),
    /// They have not, and are asked no more.
    Refused {
        /// Why.
        reason: StepUpRefusal,
    },
}

/// The person is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// What to ask with for the outcome: the same in every answer to one request.
    pub response_id: ResponseId,
    /// The page of that service on which people with `SAS` enter password and code. It may come with any answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_url: Option<ConsentUrl>,
}

/// They have signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signed {
    /// The copy of the means that signed.
    pub serial_number: MeansSerial,
    /// How the signature was made.
    pub signature_algorithm: StepUpAlgorithm,
    /// The signature over the digest.
    pub signature: Octets<SIGNATURE_MAX>,
    /// The certificate of its key, DER.
    pub certificate: Octets<CERTIFICATE_MAX>,
    /// The certificates between that one and an anchor, DER, in any order.
    #[serde(default, deserialize_with = "chain")]
    pub chain: Vec<Octets<CERTIFICATE_MAX>>,
}

impl StepUpAnswer {
    /// Reads an answer to either request. Error: [`Error::Malformed`], which quotes nothing.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed {
            name: "answer about a signature",
            expected: "\"status\", and what belongs to it",
        };
        if body.len() > ANSWER_MAX {
            return Err(malformed);
        }
        serde_json::from_slice(body).map_err(|_| malformed)
    }
}

fn chain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Octets<CERTIFICATE_MAX>>, D::Error> {
    let chain = Vec::deserialize(deserializer)?;
    if chain.len() > CHAIN_MAX {
        return Err(de::Error::custom("too many certificates"));
    }
    Ok(chain)
}

/// One to `MAX` octets, in Base64 with padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Octets<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Octets<MAX> {
    /// These, if there are some and not too many.
    pub fn new(octets: Vec<u8>) -> Option<Self> {
        (1..=MAX).contains(&octets.len()).then_some(Self(octets))
    }

    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Octets<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64(&self.0))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Octets<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = from_b64(&String::deserialize(deserializer)?).and_then(Self::new);
        octets.ok_or_else(|| de::Error::custom("not Base64, empty, or too long"))
    }
}

/// Says how long they are, not what they are.
impl<const MAX: usize> fmt::Debug for Octets<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({})", self.0.len())
    }
}

/// A page of another service that a person is led to: `https`, or `http` on this machine; without a name or a password in
/// front of the host. Whoever has it may be able to open the page.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentUrl(String);

impl ConsentUrl {
    /// Reads one. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits = |url: &Url| {
            let local = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
            scheme && url.username().is_empty() && url.password().is_none()
        };
        let plain = text.len() <= CONSENT_URL_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        match Url::parse(text) {
            // As it was understood, not as it was written: what shows it understands the same.
            Ok(url) if plain && fits(&url) && url.as_str().len() <= CONSENT_URL_MAX => Ok(Self(url.into())),
            Ok(_) | Err(_) => Err(Error::Malformed { name: "consentUrl", expected: "an https URL" }),
        }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for ConsentUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ConsentUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for ConsentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsentUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PENDING: &str =
        r#"{"status":"pending","responseId":"r-1","consentUrl":"https://sas.example.org/c/x","more":1}"#;
    const SIGNED: &str = r#"{"status":"signed","serialNumber":"phone-1","signatureAlgorithm":"ECDSA","signature":"AQI=",
        "certificate":"AwQ=","chain":["BQ=="]}"#;

    fn read(text: &str) -> Result<StepUpAnswer, Error> {
        StepUpAnswer::read(text.as_bytes())
    }

    #[test]
    fn every_answer_is_read_and_written() {
        let Ok(StepUpAnswer::Pending(pending)) = read(PENDING) else { panic!("pending") };
        assert_eq!(pending.response_id.as_str(), "r-1");
        assert_eq!(pending.consent_url.as_ref().unwrap().as_str(), "https://sas.example.org/c/x");
        let Ok(StepUpAnswer::Signed(signed)) = read(SIGNED) else { panic!("signed") };
        assert_eq!((signed.signature.as_slice(), signed.chain.len()), (&[1, 2][..], 1));
        for reason in StepUpRefusal::ALL {
            let text = format!("{{\"status\":\"refused\",\"reason\":\"{reason}\"}}");
            assert_eq!(read(&text), Ok(StepUpAnswer::Refused { reason: *reason }));
        }
        for text in [PENDING, SIGNED, r#"{"status":"refused","reason":"cancel"}"#] {
            let answer = read(text).unwrap();
            assert_eq!(read(&serde_json::to_string(&answer).unwrap()), Ok(answer));
        }
    }

    #[test]
    fn what_is_asked_has_one_form() {
        let request = SignRequest {
            request_id: StepUpId::parse("AAAAAAAAAAAAAAAAAAAAAA").unwrap(),
            tenant: TenantId::parse("default").unwrap(),
            msisdn: PhoneNumber::parse("41791112233").unwrap(),
            kind: "MID".into(),
            serial_number: MeansSerial::parse("phone-1").unwrap(),
            digest_algorithm: HashAlgorithm::Sha256,
            digest: Octets::new(vec![0; 3]).unwrap(),
            language: "en".into(),
            message: "Accept?".into(),
            seconds: 300,
        };
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"requestId":"AAAAAAAAAAAAAAAAAAAAAA","tenant":"default","msisdn":"41791112233","kind":"MID","serialNumber":"phone-1","digestAlgorithm":"SHA-256","digest":"AAAA","language":"en","message":"Accept?","seconds":300}"#
        );
    }

    #[test]
    fn anything_else_is_no_answer() {
        let many = r#""BQ==","#.repeat(CHAIN_MAX);
        let long = b64(&vec![7; SIGNATURE_MAX + 1]);
        let url = format!("https://a.example/{}", "x".repeat(CONSENT_URL_MAX));
        for (text, from, to) in [
            (PENDING, "\"pending\"", "\"Pending\""),
            (PENDING, "\"pending\"", "\"done\""),
            (PENDING, "\"pending\"", "null"),
            (PENDING, "r-1", ""),
            (PENDING, "r-1", "r 1"),
            (PENDING, "r-1", "r\\u0000"),
            (PENDING, "\"responseId\"", "\"response\""),
            (PENDING, "\"responseId\"", "\"responseId\":\"r-2\",\"responseId\""),
            (PENDING, "\"status\"", "\"status\":\"refused\",\"status\""),
            (PENDING, "https:", "http:"),
            (PENDING, "https:", "javascript:"),
            (PENDING, "https://", "https://user:secret@"),
            (PENDING, "https://sas.example.org/c/x", "/c/x"),
            (PENDING, "https://sas.example.org/c/x", &url),
            (SIGNED, "ECDSA", "EdDSA"),
            (SIGNED, "AQI=", ""),
            (SIGNED, "AQI=", "AQI"),
            (SIGNED, "AQI=", &long),
            (SIGNED, "\"BQ==\"", &format!("{many}\"BQ==\"")),
            (SIGNED, "\"BQ==\"", "{}"),
            (SIGNED, "phone-1", "phone 1"),
            (SIGNED, "\"certificate\"", "\"certificates\""),
            (SIGNED, "]}", "]}x"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            assert!(read(&changed).is_err(), "{changed}");
        }
        for text in [
            "",
            "{}",
            "null",
            "[]",
            "<html>",
            r#"{"status":"refused"}"#,
            r#"{"status":"refused","reason":"x"}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let blanks = format!("{PENDING}{}", " ".repeat(ANSWER_MAX));
        assert!(read(&blanks).is_err(), "too long");
        assert!(read(&format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))).is_err(), "too deep");
    }

    #[test]
    fn pages_are_secure_or_on_this_machine() {
        for good in
            ["https://a.example/", "http://127.0.0.1:8080/x?y=z", "http://localhost/x", "http://[::1]/"]
        {
            assert_eq!(ConsentUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in
            ["http://127.0.0.1.example/", "http://a.example/", "ftp://a.example/", "https://a b/", "https:"]
        {
            assert!(ConsentUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
