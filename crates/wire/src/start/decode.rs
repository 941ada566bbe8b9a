//! From the body of a request to its type, reporting every wrong member.

use std::borrow::Cow;

use super::interactions::{InteractionSet, Interactions};
use super::json::Json;
use super::{
    Asked, BODY_MAX, CAPABILITIES_MAX, CertificateRequest, Digest, FlowMembers, IGNORED_PROPERTIES_MAX,
    Nonce, RequestProperties, RequestProperty, RpChallenge, SignatureScheme, StartRequest,
};
use crate::Error;
use crate::callback::CallbackUrl;
use crate::endpoint::{Addressee, Flow, Operation, Start};
use crate::id::{RelyingPartyUuid, SessionId};
use crate::problem::InvalidMember;
use crate::words::{HashAlgorithm, RequestedLevel, SignatureAlgorithm, VcType, Word};

pub(super) fn start_request(start: &Start, body: &[u8]) -> Result<StartRequest, Vec<InvalidMember>> {
    let mut reader = Reader::new(body)?;
    let relying_party = reader.relying_party();
    let relying_party_name = reader.relying_party_name();
    let certificate_level = reader.certificate_level(start.operation);
    if let Some(protocol) = start.operation.signature_protocol() {
        reader.fixed_word("/signatureProtocol", protocol);
    }
    let asked = reader.asked(start);
    let flow = reader.flow(start);
    let nonce = match start.operation {
        // Forbidden there by the text, sent by an official client: passed over.
        Operation::Authenticate => Some(None),
        Operation::ChooseCertificate | Operation::Sign => reader.optional("/nonce", Nonce::parse),
    };
    let properties = reader.request_properties();
    let capabilities = reader.capabilities();
    reader.finish(|| {
        let (request_properties, ignored_properties) = properties?;
        Some(StartRequest {
            relying_party: relying_party?,
            relying_party_name: relying_party_name?,
            certificate_level: certificate_level?,
            asked: asked?,
            flow: flow?,
            nonce: nonce?,
            request_properties,
            ignored_properties,
            capabilities: capabilities?,
        })
    })
}

pub(super) fn certificate_request(body: &[u8]) -> Result<CertificateRequest, Vec<InvalidMember>> {
    let mut reader = Reader::new(body)?;
    let relying_party = reader.relying_party();
    let relying_party_name = reader.relying_party_name();
    let certificate_level = reader.certificate_level(Operation::Sign);
    reader.finish(|| {
        Some(CertificateRequest {
            relying_party: relying_party?,
            relying_party_name: relying_party_name?,
            certificate_level: certificate_level?,
        })
    })
}

/// Reads members one by one. Each method gives `None` exactly when it has reported something.
struct Reader {
    root: Json,
    invalid: Vec<InvalidMember>,
}

impl Reader {
    fn new(body: &[u8]) -> Result<Self, Vec<InvalidMember>> {
        let root = Json::parse(body, BODY_MAX).map_err(|detail| vec![InvalidMember::body(detail)])?;
        let Json::Object(_) = root else { return Err(vec![InvalidMember::body("expected a JSON object")]) };
        let invalid = root.repeated().into_iter().map(|(pointer, name)| InvalidMember {
            param_name: Cow::Owned(name),
            pointer,
            detail: "expected once, found twice".to_owned(),
        });
        Ok(Self { invalid: invalid.collect(), root })
    }

    fn finish<T>(self, request: impl FnOnce() -> Option<T>) -> Result<T, Vec<InvalidMember>> {
        match request() {
            Some(request) if self.invalid.is_empty() => Ok(request),
            Some(_) | None => Err(self.invalid),
        }
    }

    fn relying_party(&mut self) -> Option<RelyingPartyUuid> {
        self.required("/relyingPartyUUID", RelyingPartyUuid::parse)
    }

    fn relying_party_name(&mut self) -> Option<String> {
        self.required("/relyingPartyName", |name| {
            // Whether it is a registered name, the server knows.
            if name.is_empty() {
                Err(Error::Malformed { name: "relyingPartyName", expected: "a name" })
            } else {
                Ok(name.to_owned())
            }
        })
    }

    fn certificate_level(&mut self, operation: Operation) -> Option<RequestedLevel> {
        const POINTER: &str = "/certificateLevel";
        let level = self.optional(POINTER, |word| Ok(word.parse()?))?.unwrap_or_default();
        match (operation, level) {
            (Operation::Authenticate, RequestedLevel::Qscd) => {
                self.report(POINTER, "expected ADVANCED or QUALIFIED in authentication")
            }
            (Operation::Authenticate, RequestedLevel::Advanced | RequestedLevel::Qualified)
            | (Operation::ChooseCertificate | Operation::Sign, _) => Some(level),
        }
    }

    fn asked(&mut self, start: &Start) -> Option<Asked> {
        match start.operation {
            Operation::Authenticate => {
                let rp_challenge = self.input("/signatureProtocolParameters/rpChallenge", RpChallenge::parse);
                let signature = self.signature_scheme();
                let interactions = self.interactions(start);
                Some(Asked::Authenticate {
                    rp_challenge: rp_challenge?,
                    signature: signature?,
                    interactions: interactions?,
                })
            }
            Operation::Sign => {
                const DIGEST: &str = "/signatureProtocolParameters/digest";
                let mut digest = self.input(DIGEST, Digest::parse);
                let signature = self.signature_scheme();
                if let (Some(value), Some(scheme)) = (&digest, signature) {
                    let expected = scheme.hash().octets();
                    if value.to_bytes().len() != expected {
                        let detail = format!("expected {expected} octets for {}", scheme.hash());
                        digest = self.report(DIGEST, detail);
                    }
                }
                let interactions = self.interactions(start);
                Some(Asked::Sign { digest: digest?, signature: signature?, interactions: interactions? })
            }
            Operation::ChooseCertificate => Some(Asked::ChooseCertificate),
        }
    }

    /// What is signed, inside `signatureProtocolParameters`. Reports the object too when it is missing.
    fn input<T>(&mut self, pointer: &'static str, parse: impl FnOnce(&str) -> Result<T, Error>) -> Option<T> {
        match self.root.member("signatureProtocolParameters") {
            Some(Json::Object(_)) => self.required(pointer, parse),
            Some(_) => self.report("/signatureProtocolParameters", "expected an object"),
            None => self.report("/signatureProtocolParameters", MISSING),
        }
    }

    fn signature_scheme(&mut self) -> Option<SignatureScheme> {
        const PARAMETERS: &str = "/signatureProtocolParameters/signatureAlgorithmParameters";
        const HASH: &str = "/signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm";
        // `input` has reported anything but an object.
        let Some(Json::Object(_)) = self.root.member("signatureProtocolParameters") else { return None };
        let algorithm: Option<SignatureAlgorithm> =
            self.required("/signatureProtocolParameters/signatureAlgorithm", |word| Ok(word.parse()?));
        let is_pss = algorithm == Some(SignatureAlgorithm::RsassaPss);
        let hash: Option<HashAlgorithm> = match self.find(PARAMETERS) {
            Some(Json::Object(_)) if is_pss => Some(self.required(HASH, |word| Ok(word.parse()?))?),
            Some(Json::Object(_)) => self.optional(HASH, |word| Ok(word.parse()?))?,
            Some(_) => return self.report(PARAMETERS, "expected an object"),
            None if is_pss => return self.report(PARAMETERS, MISSING),
            None => None,
        };
        match SignatureScheme::new(algorithm?, hash) {
            Ok(scheme) => Some(scheme),
            Err(error) => self.report(HASH, expected(&error)),
        }
    }

    fn interactions(&mut self, start: &Start) -> Option<Interactions> {
        let set = match (start.flow, start.addressee) {
            (Flow::DeviceLink, _) | (Flow::Notification, Addressee::Linked) => InteractionSet::DeviceLink,
            (Flow::Notification, Addressee::Anonymous | Addressee::Person | Addressee::Document) => {
                InteractionSet::Notification
            }
        };
        self.required("/interactions", |text| Interactions::parse(text, set))
    }

    fn flow(&mut self, start: &Start) -> Option<FlowMembers> {
        match (start.flow, start.addressee, start.operation) {
            (Flow::DeviceLink, _, _) => {
                let callback = self.optional("/initialCallbackUrl", CallbackUrl::parse)?;
                Some(FlowMembers::DeviceLink { callback })
            }
            (Flow::Notification, Addressee::Linked, _) => {
                let session = self.required("/linkedSessionID", SessionId::parse)?;
                Some(FlowMembers::Linked { session })
            }
            (Flow::Notification, _, Operation::Authenticate) => {
                self.fixed_word("/vcType", VcType::Numeric4)?;
                Some(FlowMembers::Notification)
            }
            (Flow::Notification, _, Operation::ChooseCertificate | Operation::Sign) => {
                Some(FlowMembers::Notification)
            }
        }
    }

    fn request_properties(&mut self) -> Option<(RequestProperties, Vec<String>)> {
        const POINTER: &str = "/requestProperties";
        const SHARE: &str = "/requestProperties/shareMdClientIpAddress";
        let members = match self.root.member("requestProperties") {
            None => return Some(Default::default()),
            Some(Json::Object(members)) => members,
            Some(_) => return self.report(POINTER, "expected an object"),
        };
        let ignored: Vec<String> = members
            .iter()
            .map(|(name, _)| name)
            .filter(|name| RequestProperty::find(name).is_none())
            .cloned()
            .collect();
        let (most, longest) = IGNORED_PROPERTIES_MAX;
        if ignored.len() > most || ignored.iter().any(|name| name.chars().count() > longest) {
            return self
                .report(POINTER, format!("expected at most {most} names of at most {longest} characters"));
        }
        let share = match self.find(SHARE) {
            None => false,
            Some(Json::Bool(share)) => *share,
            Some(_) => return self.report(SHARE, "expected true or false"),
        };
        Some((RequestProperties { share_md_client_ip_address: share }, ignored))
    }

    fn capabilities(&mut self) -> Option<Option<Vec<String>>> {
        const POINTER: &str = "/capabilities";
        let (most, longest) = CAPABILITIES_MAX;
        let items = match self.root.member("capabilities") {
            None => return Some(None),
            Some(Json::Array(items)) => items,
            Some(_) => return self.report(POINTER, "expected an array of strings"),
        };
        let texts = items.iter().map(|item| match item {
            Json::String(text) if text.chars().count() <= longest => Some(text.clone()),
            Json::String(_)
            | Json::Null
            | Json::Bool(_)
            | Json::Number
            | Json::Array(_)
            | Json::Object(_) => None,
        });
        match texts.collect::<Option<Vec<String>>>().filter(|texts| texts.len() <= most) {
            Some(texts) => Some(Some(texts)),
            None => self.report(
                POINTER,
                format!("expected an array of at most {most} strings of at most {longest} characters"),
            ),
        }
    }

    /// A member with one right value.
    fn fixed_word<W: Word + PartialEq>(&mut self, pointer: &'static str, right: W) -> Option<()> {
        let word = self.required(pointer, |word| Ok(word.to_owned()))?;
        if word == right.word() {
            Some(())
        } else {
            self.report(pointer, format!("expected {}", right.word()))
        }
    }

    fn required<T>(
        &mut self,
        pointer: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<T> {
        match self.optional(pointer, parse)? {
            Some(value) => Some(value),
            None => self.report(pointer, MISSING),
        }
    }

    fn optional<T>(
        &mut self,
        pointer: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Option<Option<T>> {
        let parsed = match self.find(pointer) {
            None => return Some(None),
            Some(Json::String(text)) => parse(text).map_err(|error| expected(&error)),
            Some(_) => Err("expected a string".to_owned()),
        };
        match parsed {
            Ok(value) => Some(Some(value)),
            Err(detail) => self.report(pointer, detail),
        }
    }

    /// The member at a pointer of plain names.
    fn find(&self, pointer: &str) -> Option<&Json> {
        pointer.split('/').skip(1).try_fold(&self.root, |value, name| value.member(name))
    }

    fn report<T>(&mut self, pointer: &'static str, detail: impl Into<String>) -> Option<T> {
        self.invalid.push(InvalidMember::at(pointer, detail));
        None
    }
}

const MISSING: &str = "missing";

/// The part of an error that does not repeat the member's name.
fn expected(error: &Error) -> String {
    match error {
        Error::Malformed { expected, .. } | Error::MalformedId { expected, .. } => {
            format!("expected {expected}")
        }
        Error::UnknownWord(word) => format!("expected one of {}", word.expected.join(", ")),
        // Parsers of members give the three above; a new one shows its own sentence.
        other => other.to_string(),
    }
}
