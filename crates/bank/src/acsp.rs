//! What an authentication signed, field by field.

use countersign_client::Authenticated;
use countersign_client::wire::base64::{b64, from_b64};
use serde::Serialize;

/// The payload of an accepted authentication.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    /// All of it, as signed.
    text: String,
    fields: Vec<Field>,
    /// The hash that the signature was made over.
    hash: String,
    /// The hash's value in hexadecimal.
    digest: String,
    /// Base64.
    signature: String,
    algorithm: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    name: &'static str,
    value: String,
    /// The value in plain text, where it is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    decoded: Option<String>,
    /// What it is for.
    why: &'static str,
}

/// The fields in their order (relying party API, 5.2): name, what for, whether it is Base64 of a text.
const FIELDS: [(&str, &str, bool); 11] = [
    ("scheme name", "Which environment: nothing signed in a test counts in a live one.", false),
    ("signature protocol", "Which rules the rest of the line follows.", false),
    ("serverRandom", "Chosen by the service, so that the bank alone cannot prepare what is signed.", false),
    ("rpChallenge", "Chosen by the bank, so that an old answer cannot be used again.", false),
    (
        "userChallenge",
        "Hash of a number that only the phone knows. After a same-device log-in the number comes back with the browser.",
        false,
    ),
    ("relyingPartyName", "Who asked. The phone has shown this name.", true),
    ("brokeredRpName", "Who asked through a broker; empty here.", true),
    ("interactions", "SHA-256 of the texts that the phone was to show.", false),
    ("interactionTypeUsed", "Which of them it has shown.", false),
    (
        "initialCallbackUrl",
        "Where the browser goes afterwards; empty unless the link was opened on the same device.",
        false,
    ),
    ("flowType", "The way that the person took. The bank must have offered it.", false),
];

impl Payload {
    pub(crate) fn of(found: &Authenticated) -> Self {
        let text = String::from_utf8_lossy(&found.payload).into_owned();
        let fields = FIELDS
            .into_iter()
            .zip(text.split('|'))
            .map(|((name, why, encoded), value)| {
                let decoded = encoded.then(|| from_b64(value)).flatten();
                let decoded = decoded.and_then(|octets| String::from_utf8(octets).ok());
                Field { name, value: value.to_owned(), decoded: decoded.filter(|text| !text.is_empty()), why }
            })
            .collect();
        let hash = found.scheme.hash();
        let digest = hash.digest(&found.payload).iter().map(|octet| format!("{octet:02x}")).collect();
        Self {
            text,
            fields,
            hash: hash.as_str().to_owned(),
            digest,
            signature: b64(&found.signature),
            algorithm: found.scheme.algorithm().to_string(),
        }
    }
}
