//! Requests that start a session, and the one that asks for a certificate (1.3, 3).
//!
//! [`StartRequest::from_body`] is the only validation of a request body: what it returns obeys every limit,
//! pattern and combination of the specification. [`StartRequest::to_body`] is its inverse, so server and client
//! share one codec.
//!
//! Five texts are kept exactly as they were sent (`relyingPartyName`, `rpChallenge`, `digest`, `interactions`,
//! `initialCallbackUrl`): they are hashed, signed and authenticated as text, by both sides.

mod decode;
mod interactions;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value, json};

use crate::base64::{b64, from_b64};
use crate::callback::CallbackUrl;
use crate::endpoint::{Addressee, Flow, Operation, Recipient, Start};
use crate::id::{RelyingPartyUuid, SessionId};
use crate::problem::InvalidMember;
use crate::words::{HashAlgorithm, RequestedLevel, SignatureAlgorithm, VcType};
use crate::{Error, words};

pub use interactions::{INTERACTIONS_MAX, Interaction, InteractionSet, Interactions};

/// The longest body that is read, in octets. Generous: every limited member at its limit takes a third of it.
pub const BODY_MAX: usize = 32 * 1024;

/// The longest `nonce`, in characters.
pub const NONCE_MAX: usize = 30;

/// The most entries in `capabilities`, and the most characters in one. Nothing is published; our choice.
pub const CAPABILITIES_MAX: (usize, usize) = (32, 128);

/// The most unknown members of `requestProperties` (their names are given back), and the most characters in
/// one name. Nothing is published; our choice.
pub const IGNORED_PROPERTIES_MAX: (usize, usize) = (32, 128);

/// A request to start a session: one of the twelve rows of [`STARTS`](crate::endpoint::STARTS).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// `relyingPartyUUID`.
    pub relying_party: RelyingPartyUuid,
    /// `relyingPartyName` as sent: it goes into signatures in this case and spelling.
    pub relying_party_name: String,
    /// `certificateLevel`: the lowest level that will do. Never `QSCD` in authentication.
    pub certificate_level: RequestedLevel,
    /// What the session is for, with what only this operation has.
    pub asked: Asked,
    /// How the person is reached, with what only this flow has.
    pub flow: FlowMembers,
    /// `nonce`: makes two equal requests differ. Never in authentication.
    pub nonce: Option<Nonce>,
    /// `requestProperties` that are known.
    pub request_properties: RequestProperties,
    /// The names of `requestProperties` that are not known, to be given back in the session status.
    pub ignored_properties: Vec<String>,
    /// `capabilities`, by agreement with the provider; `None` = derived from the level.
    pub capabilities: Option<Vec<String>>,
}

/// What only one operation has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Asked {
    /// Sign a payload around a challenge, with PIN1.
    Authenticate {
        /// `signatureProtocolParameters.rpChallenge`.
        rp_challenge: RpChallenge,
        /// `signatureAlgorithm` and its parameters.
        signature: SignatureScheme,
        /// `interactions`.
        interactions: Interactions,
    },
    /// Sign a digest, with PIN2.
    Sign {
        /// `signatureProtocolParameters.digest`, as long as the hash of `signature`.
        digest: Digest,
        /// `signatureAlgorithm` and its parameters.
        signature: SignatureScheme,
        /// `interactions`.
        interactions: Interactions,
    },
    /// Give a signing certificate; nothing is signed.
    ChooseCertificate,
}

/// What only one flow has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowMembers {
    /// Link or QR code.
    DeviceLink {
        /// `initialCallbackUrl`; needed only if a same-device link is going to be used.
        callback: Option<CallbackUrl>,
    },
    /// A notification to the person's device.
    Notification,
    /// On the device that waits after a device-link certificate choice. Only with [`Asked::Sign`].
    Linked {
        /// `linkedSessionID`: the certificate choice.
        session: SessionId,
    },
}

/// Members of `requestProperties`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestProperties {
    /// Asks for the address of the person's device; needs a permission.
    pub share_md_client_ip_address: bool,
}

/// A request for the signing certificate of an account: `POST /v3/signature/certificate/{doc}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateRequest {
    /// `relyingPartyUUID`.
    pub relying_party: RelyingPartyUuid,
    /// `relyingPartyName` as sent.
    pub relying_party_name: String,
    /// `certificateLevel`: the lowest level that will do.
    pub certificate_level: RequestedLevel,
}

impl StartRequest {
    /// A request with the defaults: qualified, no nonce, no properties, no capabilities.
    pub fn new(
        relying_party: RelyingPartyUuid,
        relying_party_name: impl Into<String>,
        asked: Asked,
        flow: FlowMembers,
    ) -> Self {
        Self {
            relying_party,
            relying_party_name: relying_party_name.into(),
            certificate_level: RequestedLevel::default(),
            asked,
            flow,
            nonce: None,
            request_properties: RequestProperties::default(),
            ignored_properties: Vec::new(),
            capabilities: None,
        }
    }

    /// Reads the body of a request to this row. Every wrong member is reported, one entry each.
    ///
    /// Members that the row does not have are ignored (section 12, no. 12), and so is `nonce` in
    /// authentication, which one official client sends although the text forbids it (no. 11).
    pub fn from_body(start: &Start, body: &[u8]) -> Result<StartRequest, Vec<InvalidMember>> {
        decode::start_request(start, body)
    }

    /// The body to send. Members stand in one order always, so equal requests have equal bodies.
    pub fn to_body(&self) -> Vec<u8> {
        let mut body =
            relying_party_members(self.relying_party, &self.relying_party_name, self.certificate_level);
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        if let Some(protocol) = self.operation().signature_protocol() {
            set("signatureProtocol", json!(protocol));
        }
        match &self.asked {
            Asked::Authenticate { rp_challenge, signature, interactions } => {
                set(
                    "signatureProtocolParameters",
                    signature.parameters("rpChallenge", rp_challenge.as_str()),
                );
                set("interactions", json!(interactions.as_str()));
            }
            Asked::Sign { digest, signature, interactions } => {
                set("signatureProtocolParameters", signature.parameters("digest", digest.as_str()));
                set("interactions", json!(interactions.as_str()));
            }
            Asked::ChooseCertificate => {}
        }
        match &self.flow {
            FlowMembers::DeviceLink { callback: Some(url) } => {
                set("initialCallbackUrl", json!(url.as_str()));
            }
            FlowMembers::DeviceLink { callback: None } | FlowMembers::Notification => {}
            FlowMembers::Linked { session } => {
                set("linkedSessionID", json!(session));
            }
        }
        if let Some(vc_type) = self.vc_type() {
            set("vcType", json!(vc_type));
        }
        if let Some(nonce) = &self.nonce {
            set("nonce", json!(nonce.as_str()));
        }
        let mut properties = Map::new();
        if self.request_properties.share_md_client_ip_address {
            properties.insert("shareMdClientIpAddress".to_owned(), json!(true));
        }
        for name in &self.ignored_properties {
            properties.insert(name.clone(), Value::Null);
        }
        if !properties.is_empty() {
            set("requestProperties", Value::Object(properties));
        }
        if let Some(capabilities) = &self.capabilities {
            set("capabilities", json!(capabilities));
        }
        Value::Object(body).to_string().into_bytes()
    }

    /// What the session is for.
    pub fn operation(&self) -> Operation {
        match self.asked {
            Asked::Authenticate { .. } => Operation::Authenticate,
            Asked::Sign { .. } => Operation::Sign,
            Asked::ChooseCertificate => Operation::ChooseCertificate,
        }
    }

    /// The row for this request and recipient, or `None` if the API has no such combination.
    pub fn row(&self, recipient: &Recipient) -> Option<&'static Start> {
        let (flow, addressee) = match (&self.flow, recipient) {
            (FlowMembers::DeviceLink { .. }, Recipient::Anonymous) => {
                (Flow::DeviceLink, Addressee::Anonymous)
            }
            (FlowMembers::DeviceLink { .. }, Recipient::Person(_)) => (Flow::DeviceLink, Addressee::Person),
            (FlowMembers::DeviceLink { .. }, Recipient::Document(_)) => {
                (Flow::DeviceLink, Addressee::Document)
            }
            (FlowMembers::Notification, Recipient::Person(_)) => (Flow::Notification, Addressee::Person),
            (FlowMembers::Notification, Recipient::Document(_)) => (Flow::Notification, Addressee::Document),
            (FlowMembers::Linked { .. }, Recipient::Document(_)) => (Flow::Notification, Addressee::Linked),
            (FlowMembers::Notification, Recipient::Anonymous)
            | (FlowMembers::Linked { .. }, Recipient::Anonymous | Recipient::Person(_)) => return None,
        };
        Start::find(self.operation(), flow, addressee)
    }

    /// `vcType`: `numeric4` in notification authentication, which has no other choice; absent elsewhere.
    pub fn vc_type(&self) -> Option<VcType> {
        match (&self.asked, &self.flow) {
            (Asked::Authenticate { .. }, FlowMembers::Notification) => Some(VcType::Numeric4),
            (Asked::Authenticate { .. }, FlowMembers::DeviceLink { .. } | FlowMembers::Linked { .. })
            | (Asked::Sign { .. } | Asked::ChooseCertificate, _) => None,
        }
    }

    /// `initialCallbackUrl`.
    pub fn callback(&self) -> Option<&CallbackUrl> {
        match &self.flow {
            FlowMembers::DeviceLink { callback } => callback.as_ref(),
            FlowMembers::Notification | FlowMembers::Linked { .. } => None,
        }
    }

    /// `linkedSessionID`.
    pub fn linked_session(&self) -> Option<SessionId> {
        match self.flow {
            FlowMembers::Linked { session } => Some(session),
            FlowMembers::DeviceLink { .. } | FlowMembers::Notification => None,
        }
    }

    /// `interactions`; a certificate choice has none.
    pub fn interactions(&self) -> Option<&Interactions> {
        match &self.asked {
            Asked::Authenticate { interactions, .. } | Asked::Sign { interactions, .. } => Some(interactions),
            Asked::ChooseCertificate => None,
        }
    }

    /// Algorithm and hash; a certificate choice has none.
    pub fn signature(&self) -> Option<SignatureScheme> {
        match &self.asked {
            Asked::Authenticate { signature, .. } | Asked::Sign { signature, .. } => Some(*signature),
            Asked::ChooseCertificate => None,
        }
    }

    /// Equal for two requests that may be answered with one session (within 15 s): SHA-256 over the path and
    /// the canonical body. `None` in authentication, which is never idempotent.
    pub fn idempotency_key(&self, path: &str) -> Option<[u8; 32]> {
        match self.asked {
            Asked::Authenticate { .. } => None,
            Asked::Sign { .. } | Asked::ChooseCertificate => {
                let mut hash = Context::new(&SHA256);
                // The length keeps path and body apart.
                hash.update(&(path.len() as u64).to_be_bytes());
                hash.update(path.as_bytes());
                hash.update(&self.to_body());
                let mut key = [0; 32];
                key.copy_from_slice(hash.finish().as_ref());
                Some(key)
            }
        }
    }
}

impl CertificateRequest {
    /// Reads the body of a request. Every wrong member is reported, one entry each.
    pub fn from_body(body: &[u8]) -> Result<CertificateRequest, Vec<InvalidMember>> {
        decode::certificate_request(body)
    }

    /// The body to send.
    pub fn to_body(&self) -> Vec<u8> {
        let members =
            relying_party_members(self.relying_party, &self.relying_party_name, self.certificate_level);
        Value::Object(members).to_string().into_bytes()
    }
}

/// A signature algorithm with its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "SchemeMembers", into = "SchemeMembers")]
pub struct SignatureScheme {
    algorithm: SignatureAlgorithm,
    hash: HashAlgorithm,
}

impl SignatureScheme {
    /// RSASSA-PSS with this hash, the same for mask generation, and a salt as long as the hash.
    pub const fn pss(hash: HashAlgorithm) -> Self {
        Self { algorithm: SignatureAlgorithm::RsassaPss, hash }
    }

    /// From the members of a request or of a status. Error: [`Error::Malformed`] when RSASSA-PSS comes without a
    /// hash, or another algorithm with a hash that contradicts its name.
    pub fn new(algorithm: SignatureAlgorithm, hash: Option<HashAlgorithm>) -> Result<Self, Error> {
        match (algorithm.hash(), hash) {
            (None, Some(hash)) => Ok(Self { algorithm, hash }),
            (None, None) => {
                Err(Error::Malformed { name: "hashAlgorithm", expected: "a hash beside rsassa-pss" })
            }
            (Some(fixed), given) if given.is_none_or(|given| given == fixed) => {
                Ok(Self { algorithm, hash: fixed })
            }
            (Some(_), _) => Err(Error::Malformed {
                name: "hashAlgorithm",
                expected: "the hash that signatureAlgorithm names, or nothing",
            }),
        }
    }

    /// `signatureAlgorithm`.
    pub const fn algorithm(self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The hash, whichever member it came from.
    pub const fn hash(self) -> HashAlgorithm {
        self.hash
    }

    /// Whether this is RSASSA-PSS, whose parameters travel in an object of their own.
    pub const fn is_pss(self) -> bool {
        matches!(self.algorithm, SignatureAlgorithm::RsassaPss)
    }

    fn parameters(self, input_name: &str, input: &str) -> Value {
        let mut members = Map::new();
        members.insert(input_name.to_owned(), json!(input));
        members.insert("signatureAlgorithm".to_owned(), json!(self.algorithm));
        if self.is_pss() {
            members.insert("signatureAlgorithmParameters".to_owned(), json!({ "hashAlgorithm": self.hash }));
        }
        Value::Object(members)
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemeMembers {
    algorithm: SignatureAlgorithm,
    hash: HashAlgorithm,
}

impl TryFrom<SchemeMembers> for SignatureScheme {
    type Error = Error;
    fn try_from(members: SchemeMembers) -> Result<Self, Error> {
        Self::new(members.algorithm, Some(members.hash))
    }
}

impl From<SignatureScheme> for SchemeMembers {
    fn from(scheme: SignatureScheme) -> Self {
        Self { algorithm: scheme.algorithm, hash: scheme.hash }
    }
}

macro_rules! base64_text {
    ($(#[$meta:meta])* $name:ident, $member:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads the text: standard Base64 of 32 to 64 octets, so 44 to 88 characters.
            /// Error: [`Error::Malformed`].
            pub fn parse(text: &str) -> Result<Self, Error> {
                let octets = Some(text).filter(|text| (44..=88).contains(&text.len())).and_then(from_b64);
                match octets.map(|octets| octets.len()) {
                    Some(32..=64) => Ok(Self(text.to_owned())),
                    Some(_) | None => Err(Error::Malformed {
                        name: $member,
                        expected: "Base64 of 32 to 64 octets, 44 to 88 characters",
                    }),
                }
            }

            /// From 32 to 64 octets. Error: [`Error::Malformed`].
            pub fn from_bytes(octets: &[u8]) -> Result<Self, Error> {
                Self::parse(&b64(octets))
            }

            /// The text as sent.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The octets that the text encodes.
            pub fn to_bytes(&self) -> Vec<u8> {
                // Cannot fail: `parse` decoded this text.
                from_b64(&self.0).expect("checked by parse")
            }
        }

        /// Hidden: it stays in the relying party's backend.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

base64_text! {
    /// `rpChallenge`: the relying party's randomness in an authentication, kept as text.
    RpChallenge, "rpChallenge"
}
base64_text! {
    /// `digest`: the hash of the data to be signed, kept as text.
    Digest, "digest"
}

/// `nonce`: 1 to 30 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// Reads a nonce. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if (1..=NONCE_MAX).contains(&text.chars().count()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed { name: "nonce", expected: "1 to 30 characters" })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

words! {
    /// The known members of `requestProperties`.
    pub enum RequestProperty {
        /// See [`RequestProperties::share_md_client_ip_address`].
        ShareMdClientIpAddress = "shareMdClientIpAddress",
    }
}

fn relying_party_members(uuid: RelyingPartyUuid, name: &str, level: RequestedLevel) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("relyingPartyUUID".to_owned(), json!(uuid));
    members.insert("relyingPartyName".to_owned(), json!(name));
    members.insert("certificateLevel".to_owned(), json!(level));
    members
}
