//! Answers: what a start request gets, and how a session stands (1.4, 4).
//!
//! The server writes exactly the members that section 4 lists. The client reads liberally: unknown members are
//! passed over and unknown words kept, so that checking them is the client's decision.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;
use crate::acsp::ServerRandom;
use crate::base64::{b64, from_b64};
use crate::callback::{SessionSecret, UserChallenge};
use crate::device_link::DeviceLinkBase;
use crate::id::{DocumentNumber, SessionId, SessionToken};
use crate::problem::InvalidMember;
use crate::start::SignatureScheme;
use crate::verification_code::VerificationCode;
use crate::words::{
    CertificateLevel, CertificateState, EndResult, FlowType, HashAlgorithm, InteractionType, Open,
    SignatureAlgorithm, SignatureProtocol, State, VcType,
};

#[cfg(test)]
mod tests;

/// The answer that starts a device-link session.
///
/// It carries the session secret, so it has no `Debug` and no `Clone`, and goes to the relying party's backend only.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLinkStarted {
    /// The address of the result.
    #[serde(rename = "sessionID")]
    pub session_id: SessionId,
    /// The handle inside links.
    #[serde(rename = "sessionToken")]
    pub session_token: SessionToken,
    /// The key of links and callbacks.
    #[serde(rename = "sessionSecret", with = "secret_text")]
    pub session_secret: SessionSecret,
    /// Where links lead.
    #[serde(rename = "deviceLinkBase")]
    pub device_link_base: DeviceLinkBase,
}

/// The answer that starts a session without further data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The address of the result.
    #[serde(rename = "sessionID")]
    pub session_id: SessionId,
}

/// The answer that starts a notification signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerificationCodeStarted {
    /// The address of the result.
    #[serde(rename = "sessionID")]
    pub session_id: SessionId,
    /// The code to show beside what the person is about to sign.
    pub vc: Vc,
}

/// A verification code in an answer: `{"type":"numeric4","value":"4927"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vc {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: VcType,
    /// The digits.
    pub value: VerificationCode,
}

impl From<VerificationCode> for Vc {
    fn from(value: VerificationCode) -> Self {
        Self { kind: VcType::Numeric4, value }
    }
}

/// Any of the three answers to a start request; [`Start::answer`](crate::endpoint::Start::answer) says which.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Started {
    /// For device links.
    DeviceLink(DeviceLinkStarted),
    /// For notification signatures.
    VerificationCode(VerificationCodeStarted),
    /// For all others.
    Session(SessionStarted),
}

impl Started {
    /// The address of the result.
    pub fn session_id(&self) -> SessionId {
        match self {
            Started::DeviceLink(started) => started.session_id,
            Started::VerificationCode(started) => started.session_id,
            Started::Session(started) => started.session_id,
        }
    }
}

/// The answer to a request for a signing certificate.
///
/// `{"state":"OK","cert":{…}}` or `{"state":"DOCUMENT_UNUSABLE"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CertificateMembers", into = "CertificateMembers")]
pub enum CertificateResponse {
    /// The signing certificate.
    Ok(Cert),
    /// The account exists but cannot be used now.
    DocumentUnusable,
    /// A state that we do not know. Never sent by us.
    Unknown(String),
}

/// A certificate in an answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cert {
    /// Base64 of the DER of the end-entity certificate, alone.
    pub value: String,
    /// Its level.
    pub certificate_level: Open<CertificateLevel>,
}

impl Cert {
    /// A certificate to send.
    pub fn new(der: &[u8], level: CertificateLevel) -> Self {
        Self { value: b64(der), certificate_level: level.into() }
    }

    /// The DER. Error: [`Error::Malformed`].
    pub fn der(&self) -> Result<Vec<u8>, Error> {
        from_b64(&self.value)
            .filter(|der| !der.is_empty())
            .ok_or(Error::Malformed { name: "cert.value", expected: "Base64 of a certificate" })
    }
}

/// The level only: a certificate names its holder.
impl fmt::Debug for Cert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cert({}, …)", self.certificate_level)
    }
}

/// How a session stands: the body of `GET /v3/session/{id}` (4.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionStatus {
    /// Whether it has ended.
    pub state: Open<State>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<SessionResult>,
    /// What was signed; absent for certificate choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_protocol: Option<Open<SignatureProtocol>>,
    /// The signature; for certificate choice only the flow type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SessionSignature>,
    /// Authentication certificate for authentication, signing certificate otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<Cert>,
    /// The interaction that the device took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction_type_used: Option<Open<InteractionType>>,
    /// The address of the person's device, when asked for, permitted and recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_ip_address: Option<String>,
    /// The names of request properties that the service does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_properties: Vec<String>,
}

/// Without the address of the person's device.
impl fmt::Debug for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionStatus")
            .field("state", &self.state)
            .field("result", &self.result)
            .field("signature_protocol", &self.signature_protocol)
            .field("signature", &self.signature)
            .field("cert", &self.cert)
            .field("interaction_type_used", &self.interaction_type_used)
            .field("ignored_properties", &self.ignored_properties)
            .finish_non_exhaustive()
    }
}

/// `result`. All members may be missing while the session is running.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionResult {
    /// How the session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_result: Option<Open<EndResult>>,
    /// The account that was used; mandatory after `OK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_number: Option<DocumentNumber>,
    /// More about a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<ResultDetails>,
}

/// `result.details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultDetails {
    /// The interaction that was refused, after `USER_REFUSED_INTERACTION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Open<InteractionType>>,
}

/// `signature` (4.4). The schema of the specification forbids further members.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSignature {
    /// Base64 of the RSA signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The service's randomness; ACSP_V2 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_random: Option<String>,
    /// The device's randomness; ACSP_V2 only, in every flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_challenge: Option<String>,
    /// The way the person took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_type: Option<Open<FlowType>>,
    /// As in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<Open<SignatureAlgorithm>>,
    /// With `rsassa-pss` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature_algorithm_parameters: Option<SignatureAlgorithmParameters>,
}

/// The words only.
impl fmt::Debug for SessionSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSignature")
            .field("flow_type", &self.flow_type)
            .field("signature_algorithm", &self.signature_algorithm)
            .finish_non_exhaustive()
    }
}

/// The parameters of RSASSA-PSS in an answer.
///
/// ```json
/// {"hashAlgorithm":"SHA-512","maskGenAlgorithm":{"algorithm":"id-mgf1","parameters":{"hashAlgorithm":"SHA-512"}},
///  "saltLength":64,"trailerField":"0xbc"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureAlgorithmParameters {
    /// The hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_algorithm: Option<Open<HashAlgorithm>>,
    /// The mask generation function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask_gen_algorithm: Option<MaskGenAlgorithm>,
    /// Octets of salt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salt_length: Option<u64>,
    /// The last octet of the encoded message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailer_field: Option<String>,
}

/// The mask generation function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskGenAlgorithm {
    /// `id-mgf1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<MaskGenParameters>,
}

/// The parameters of the mask generation function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaskGenParameters {
    /// Equal to the hash of the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_algorithm: Option<Open<HashAlgorithm>>,
}

const MGF1: &str = "id-mgf1";
const TRAILER: &str = "0xbc";

impl SignatureAlgorithmParameters {
    /// The only parameters in use with this hash.
    pub fn pss(hash: HashAlgorithm) -> Self {
        Self {
            hash_algorithm: Some(hash.into()),
            mask_gen_algorithm: Some(MaskGenAlgorithm {
                algorithm: Some(MGF1.to_owned()),
                parameters: Some(MaskGenParameters { hash_algorithm: Some(hash.into()) }),
            }),
            salt_length: Some(hash.octets() as u64),
            trailer_field: Some(TRAILER.to_owned()),
        }
    }

    /// Checks that all members are those of [`pss`](Self::pss) for the hash that is named, and gives that hash.
    /// Error: [`Error::WrongAlgorithmParameters`].
    pub fn check(&self) -> Result<HashAlgorithm, Error> {
        let wrong = |member, expected: &str| Error::WrongAlgorithmParameters {
            member,
            expected: expected.to_owned(),
        };
        let hash = self
            .hash_algorithm
            .as_ref()
            .and_then(Open::known)
            .ok_or_else(|| wrong("hashAlgorithm", &HashAlgorithm::WORDS.join(", ")))?;
        let mask = self.mask_gen_algorithm.as_ref();
        if mask.and_then(|mask| mask.algorithm.as_deref()) != Some(MGF1) {
            return Err(wrong("maskGenAlgorithm.algorithm", MGF1));
        }
        let mask_hash = mask.and_then(|mask| mask.parameters.as_ref()?.hash_algorithm.as_ref()?.known());
        if mask_hash != Some(hash) {
            return Err(wrong("maskGenAlgorithm.parameters.hashAlgorithm", hash.as_str()));
        }
        if self.salt_length != Some(hash.octets() as u64) {
            return Err(wrong("saltLength", &hash.octets().to_string()));
        }
        if self.trailer_field.as_deref() != Some(TRAILER) {
            return Err(wrong("trailerField", TRAILER));
        }
        Ok(hash)
    }
}

impl SessionSignature {
    /// The signature of an authentication.
    pub fn authentication(
        value: &[u8],
        scheme: SignatureScheme,
        server_random: &ServerRandom,
        user_challenge: &UserChallenge,
        flow_type: FlowType,
    ) -> Self {
        Self {
            server_random: Some(server_random.as_str().to_owned()),
            user_challenge: Some(user_challenge.as_str().to_owned()),
            ..Self::raw_digest(value, scheme, flow_type)
        }
    }

    /// The signature over a digest.
    pub fn raw_digest(value: &[u8], scheme: SignatureScheme, flow_type: FlowType) -> Self {
        Self {
            value: Some(b64(value)),
            server_random: None,
            user_challenge: None,
            flow_type: Some(flow_type.into()),
            signature_algorithm: Some(scheme.algorithm().into()),
            signature_algorithm_parameters: scheme
                .is_pss()
                .then(|| SignatureAlgorithmParameters::pss(scheme.hash())),
        }
    }

    /// What stands in place of a signature after a certificate choice.
    pub fn flow_only(flow_type: FlowType) -> Self {
        Self {
            value: None,
            server_random: None,
            user_challenge: None,
            flow_type: Some(flow_type.into()),
            signature_algorithm: None,
            signature_algorithm_parameters: None,
        }
    }
}

impl SessionStatus {
    /// A session that waits for the person.
    pub fn running(ignored_properties: Vec<String>) -> Self {
        Self {
            state: State::Running.into(),
            result: None,
            signature_protocol: None,
            signature: None,
            cert: None,
            interaction_type_used: None,
            device_ip_address: None,
            ignored_properties,
        }
    }

    /// A session that ended with anything but `OK`. `refused` names the interaction after
    /// `USER_REFUSED_INTERACTION` and is left out with every other end result.
    pub fn failed(
        end_result: EndResult,
        refused: Option<InteractionType>,
        ignored_properties: Vec<String>,
    ) -> Self {
        let details = refused
            .filter(|_| end_result == EndResult::UserRefusedInteraction)
            .map(|interaction| ResultDetails { interaction: Some(interaction.into()) });
        Self {
            state: State::Complete.into(),
            result: Some(SessionResult {
                end_result: Some(end_result.into()),
                document_number: None,
                details,
            }),
            ..Self::running(ignored_properties)
        }
    }

    /// A session that ended with `OK`. `protocol` and `interaction` are `None` after a certificate choice.
    pub fn ok(
        document: DocumentNumber,
        protocol: Option<SignatureProtocol>,
        signature: SessionSignature,
        cert: Cert,
        interaction: Option<InteractionType>,
        device_ip_address: Option<String>,
        ignored_properties: Vec<String>,
    ) -> Self {
        let result = SessionResult {
            end_result: Some(EndResult::Ok.into()),
            document_number: Some(document),
            details: None,
        };
        Self {
            state: State::Complete.into(),
            result: Some(result),
            signature_protocol: protocol.map(Open::Known),
            signature: Some(signature),
            cert: Some(cert),
            interaction_type_used: interaction.map(Open::Known),
            device_ip_address,
            ignored_properties,
        }
    }

    /// Whether the session has ended.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// How it ended, if it has and says so.
    pub fn end_result(&self) -> Option<&Open<EndResult>> {
        self.result.as_ref()?.end_result.as_ref()
    }
}

/// The shortest time that a status request may wait.
pub const TIMEOUT_MIN: Duration = Duration::from_millis(1_000);
/// The longest time that a status request may wait.
pub const TIMEOUT_MAX: Duration = Duration::from_millis(120_000);
/// How long a status request waits without `timeoutMs`: the middle.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_millis(60_500);

/// What to do with a `timeoutMs` outside its limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutOfRange {
    /// Take the nearest limit; friendlier, and seen in v2.
    #[default]
    Clamp,
    /// Refuse, as the schema says.
    Refuse,
}

/// Reads the query parameter `timeoutMs` (4.1): an integer of milliseconds.
pub fn timeout_ms(value: Option<&str>, out_of_range: OutOfRange) -> Result<Duration, InvalidMember> {
    let Some(text) = value else { return Ok(TIMEOUT_DEFAULT) };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidMember::in_path("timeoutMs", "expected an integer of milliseconds"));
    }
    let wanted = match (text.starts_with('-'), digits.parse::<u64>()) {
        (true, _) => Duration::ZERO,
        (false, Ok(number)) => Duration::from_millis(number),
        // More digits than fit are a very long time.
        (false, Err(_)) => Duration::MAX,
    };
    let clamped = wanted.clamp(TIMEOUT_MIN, TIMEOUT_MAX);
    match out_of_range {
        OutOfRange::Refuse if clamped != wanted => {
            Err(InvalidMember::in_path("timeoutMs", "expected 1000 to 120000"))
        }
        OutOfRange::Refuse | OutOfRange::Clamp => Ok(clamped),
    }
}

#[derive(Serialize, Deserialize)]
struct CertificateMembers {
    state: Open<CertificateState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cert: Option<Cert>,
}

impl TryFrom<CertificateMembers> for CertificateResponse {
    type Error = Error;
    fn try_from(members: CertificateMembers) -> Result<Self, Error> {
        match (members.state, members.cert) {
            (Open::Known(CertificateState::Ok), Some(cert)) => Ok(Self::Ok(cert)),
            (Open::Known(CertificateState::Ok), None) => {
                Err(Error::Malformed { name: "cert", expected: "a certificate with the state OK" })
            }
            (Open::Known(CertificateState::DocumentUnusable), _) => Ok(Self::DocumentUnusable),
            (Open::Unknown(word), _) => Ok(Self::Unknown(word)),
        }
    }
}

impl From<CertificateResponse> for CertificateMembers {
    fn from(response: CertificateResponse) -> Self {
        match response {
            CertificateResponse::Ok(cert) => Self { state: CertificateState::Ok.into(), cert: Some(cert) },
            CertificateResponse::DocumentUnusable => {
                Self { state: CertificateState::DocumentUnusable.into(), cert: None }
            }
            CertificateResponse::Unknown(word) => Self { state: Open::Unknown(word), cert: None },
        }
    }
}

/// The one place where the secret is written out: the answer that hands it over.
mod secret_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(secret: &SessionSecret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&secret.to_base64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SessionSecret, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        SessionSecret::parse(&text).map_err(de::Error::custom)
    }
}
