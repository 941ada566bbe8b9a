//! What travelled between the bank and the services, as the page may show it.
//!
//! A real e-service shows none of this to anybody. Here it is the point; still, what must never leave an e-service
//! does not: the session secret is masked for good, and whatever would let another browser take part in a running session
//! is masked until the session is over.

use countersign_client::Exchange;
use countersign_client::error::Service;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The most exchanges that are kept of one transaction.
pub(crate) const EXCHANGES_MAX: usize = 64;

/// The longest body that is shown, in octets.
const BODY_MAX: usize = 64 * 1024;

/// How many characters of what is masked are shown.
const SHOWN: usize = 4;

/// Members that never leave the bank.
const SECRET: [&str; 1] = ["sessionSecret"];

/// Members that stay in the bank until the session is over (relying party API, 6.6).
const UNTIL_OVER: [&str; 5] = ["sessionID", "linkedSessionID", "rpChallenge", "digest", "initialCallbackUrl"];

/// A request and its answer.
pub(crate) struct Recorded {
    at: Timestamp,
    service: Service,
    method: String,
    path: String,
    request: Body,
    status: Option<u16>,
    answer: Body,
}

enum Body {
    None,
    Json(Value),
    Octets { kind: &'static str, length: usize },
}

impl Recorded {
    pub(crate) fn of(exchange: &Exchange<'_>, at: Timestamp) -> Self {
        let path = url::Url::parse(exchange.url).map_or_else(
            |_| String::new(),
            |url| match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            },
        );
        let (asked, answered) = match exchange.service {
            Service::RelyingPartyApi => ("JSON", "JSON"),
            Service::OcspResponder => ("OCSPRequest", "OCSPResponse"),
            Service::RevocationLists => ("", "CertificateList"),
            Service::TimeStampingAuthority => ("TimeStampReq", "TimeStampResp"),
        };
        Self {
            at,
            service: exchange.service,
            method: exchange.method.to_owned(),
            path,
            request: Body::of(exchange.request, asked),
            status: exchange.status,
            answer: Body::of(exchange.answer, answered),
        }
    }

    /// For the page. `over`: the session that this belongs to has ended.
    pub(crate) fn shown(&self, over: bool) -> Value {
        let path = match self.path.rsplit_once("/session/") {
            Some((front, _)) if !over => format!("{front}/session/…"),
            _ => self.path.clone(),
        };
        json!({
            "at": self.at,
            "service": self.service.to_string(),
            "method": self.method,
            "path": path,
            "request": self.request.shown(over),
            "status": self.status,
            "answer": self.answer.shown(over),
        })
    }
}

impl Body {
    fn of(octets: &[u8], kind: &'static str) -> Self {
        if octets.is_empty() {
            return Self::None;
        }
        let json = (kind == "JSON" && octets.len() <= BODY_MAX)
            .then(|| serde_json::from_slice(octets).ok())
            .flatten();
        json.map_or(Self::Octets { kind, length: octets.len() }, Self::Json)
    }

    fn shown(&self, over: bool) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Json(value) => masked(value, over),
            Self::Octets { kind, length } => json!({ "$octets": length, "kind": kind }),
        }
    }
}

/// A copy in which `{"$masked": "oKGi…"}` stands in the place of what is not shown.
fn masked(value: &Value, over: bool) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let secret = SECRET.contains(&name.as_str());
                    let hidden = secret || (!over && UNTIL_OVER.contains(&name.as_str()));
                    (name.clone(), if hidden { mask(value, secret) } else { masked(value, over) })
                })
                .collect::<Map<_, _>>(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(|value| masked(value, over)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn mask(value: &Value, secret: bool) -> Value {
    let text = value.as_str().unwrap_or_default();
    let start: String = text.chars().take(SHOWN).collect();
    let until = if secret { "never" } else { "over" };
    json!({ "$masked": format!("{start}…"), "length": text.chars().count(), "shown": until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(url: &str, request: &str, answer: &str) -> Recorded {
        let exchange = Exchange {
            service: Service::RelyingPartyApi,
            method: "POST",
            url,
            request: request.as_bytes(),
            status: Some(200),
            answer: answer.as_bytes(),
        };
        Recorded::of(&exchange, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_session_secret_is_never_shown() {
        let answer = r#"{"sessionID":"fa20fd1e-e320-4c68","sessionSecret":"B98ODiVCebRedSwdTk51zFSaGYyH"}"#;
        let recorded = recorded("http://127.0.0.1:1/v3/x", "", answer);
        for over in [false, true] {
            let shown = recorded.shown(over).to_string();
            assert!(!shown.contains("B98OD"), "{shown}");
            assert!(shown.contains("B98O…"), "{shown}");
            assert_eq!(shown.contains("fa20fd1e-e320"), over, "{shown}");
        }
    }

    #[test]
    fn what_lets_others_take_part_is_shown_when_it_is_over() {
        let request =
            r#"{"signatureProtocolParameters":{"rpChallenge":"AAECAwQF"},"x":[{"digest":"BBBBBBBB"}]}"#;
        let recorded = recorded("http://127.0.0.1:1/v3/session/0aa27573?timeoutMs=1", request, "{}");
        let running = recorded.shown(false).to_string();
        assert!(
            !running.contains("AAECAwQF") && !running.contains("BBBBBBBB") && !running.contains("0aa27573")
        );
        let over = recorded.shown(true).to_string();
        assert!(over.contains("AAECAwQF") && over.contains("BBBBBBBB") && over.contains("0aa27573"));
    }

    #[test]
    fn octets_are_counted_and_named() {
        let exchange = Exchange {
            service: Service::OcspResponder,
            method: "POST",
            url: "http://127.0.0.1:1/ocsp",
            request: &[1, 2, 3],
            status: None,
            answer: &[],
        };
        let shown = Recorded::of(&exchange, Timestamp::UNIX_EPOCH).shown(true);
        assert_eq!(shown["request"], json!({ "$octets": 3, "kind": "OCSPRequest" }));
        assert_eq!(shown["answer"], Value::Null);
        assert_eq!(shown["status"], Value::Null);
    }
}
