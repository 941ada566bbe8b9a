//! What can go wrong between a relying party and the service.
//!
//! Three kinds: the service could not be asked ([`Error::Connection`] and its neighbours), the service refused
//! ([`Error::BadRequest`] and its neighbours), or an answer does not prove what was asked (everything else). A
//! session that ended without success is [`Error::Ended`], with one [`Ending`] for each way.
//!
//! Errors carry what was expected and what was found, but no secrets and nothing about persons: they may be logged.

use countersign_pki::crl::{CrlError, Reason};
use countersign_pki::ocsp::OcspError;
use countersign_pki::path::{PathError, Position};
use countersign_pki::tsp::TspError;
use countersign_wire::endpoint::{Addressee, Flow, Operation};
use countersign_wire::problem::Problem;
use countersign_wire::words::{
    CertificateLevel, FlowType, HashAlgorithm, InteractionType, RequestedLevel, SignatureAlgorithm,
    SignatureProtocol,
};
use jiff::Timestamp;

use crate::Shown;

/// Why a call failed or an answer was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // ---- before anything is sent
    /// A setting of the client cannot be used.
    #[error("the setting {setting} cannot be used: {why}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The API has no such combination, for example an anonymous signature.
    #[error("the API has no endpoint for {operation:?} by {flow:?} with {recipient}")]
    NoSuchEndpoint {
        /// What was asked.
        operation: Operation,
        /// How the person was to be reached.
        flow: Flow,
        /// How the request named the person: `anonymous`, `person` or `document`.
        recipient: &'static str,
    },
    /// The endpoint names people another way than the request does.
    #[error("the endpoint names people as {expected:?}")]
    WrongRecipient {
        /// How it names them.
        expected: Addressee,
    },
    /// A value of the request does not have its form.
    #[error("the request cannot be made: {0}")]
    Request(#[from] countersign_wire::Error),
    /// The session was not started by device link, so it has no link, no QR code and no callback.
    #[error("the session was not started by device link")]
    NoDeviceLink,
    /// A same-device link leads back to a callback URL, and the session has none.
    #[error("the session has no callback URL, which {0:?} links need")]
    NoCallbackUrl(FlowType),
    /// The link does not fit into a QR code of a readable size.
    #[error("the link has {octets} octets, too many for a QR code")]
    LinkTooLong {
        /// Its length.
        octets: usize,
    },
    /// The linked signature must follow a device-link certificate choice, and the session is none.
    #[error("a linked signature follows a device-link certificate choice, and this session is none")]
    NotACertificateChoice,

    // ---- the service could not be asked
    /// No connection, or none that was trusted, or it broke. The text names no address.
    #[error("the {service} cannot be reached: {why}")]
    Connection {
        /// Whom we called.
        service: Service,
        /// What the network said.
        why: String,
    },
    /// The service took longer than it may.
    #[error("the {service} did not answer in time")]
    NoAnswer {
        /// Whom we called.
        service: Service,
    },
    /// An answer longer than we read.
    #[error("the answer of the {service} is longer than {limit} octets")]
    AnswerTooLong {
        /// Whom we called.
        service: Service,
        /// The most that we read.
        limit: usize,
    },
    /// An answer that is not what this endpoint answers.
    #[error("the answer of the {service} cannot be read: {why}")]
    UnreadableAnswer {
        /// Whom we called.
        service: Service,
        /// What is wrong with it; nothing of its content.
        why: String,
    },

    // ---- the service refused
    /// 400: a member of the request is missing or wrong.
    #[error("the service refused the request as malformed{}", members(.problem))]
    BadRequest {
        /// What the service says.
        problem: Option<Box<Problem>>,
    },
    /// 401: this address and this relying party do not belong together.
    #[error("the service does not accept this relying party from this address")]
    Unauthorized,
    /// 403: unknown relying party or name, or a permission is missing.
    #[error("the service does not permit this to the relying party{}", members(.problem))]
    Forbidden {
        /// What the service says.
        problem: Option<Box<Problem>>,
    },
    /// 404: no such person or document, or none that is active.
    #[error("the service knows no such account")]
    AccountNotFound,
    /// 404 with `NO_SUITABLE_ACCOUNT_FOUND`, or 471: there are accounts, but none of the level asked for.
    #[error("the person has an account, but none of the kind that was asked for")]
    NoSuitableAccount,
    /// 404 for a session: unknown, or its result is no longer kept.
    #[error("the service does not know this session, or no longer")]
    SessionNotFound,
    /// 472: the person should open the app or the self-service portal.
    #[error("the person should look into the app or the self-service portal")]
    PersonShouldViewPortal,
    /// 480: this client is too old for the service.
    #[error("the service says that this client is too old")]
    ClientTooOld,
    /// 580: the service is under maintenance.
    #[error("the service is under maintenance")]
    Maintenance,
    /// Any other status.
    #[error("the {service} answered with HTTP status {status}")]
    UnexpectedStatus {
        /// Whom we called.
        service: Service,
        /// The status.
        status: u16,
    },
    /// The signing certificate of the account cannot be used now.
    #[error("the document cannot be used now")]
    DocumentUnusable,
    /// A state of a certificate answer that we do not know.
    #[error("the service answered with the unknown state {0}")]
    UnknownState(Shown),

    // ---- the session has no result yet, or not a good one
    /// The session is still running.
    #[error("the session is still running")]
    StillRunning,
    /// The session ended without success.
    #[error("the session ended: {0}")]
    Ended(Ending),

    // ---- the answer does not have its form
    /// A member is missing or empty.
    #[error("{member} is missing in the answer")]
    Missing {
        /// Its path in the body.
        member: &'static str,
    },
    /// A member does not have its form.
    #[error("{member} in the answer is malformed: expected {expected}")]
    Malformed {
        /// Its path in the body.
        member: &'static str,
        /// Its form.
        expected: &'static str,
    },
    /// A word that is not in its list.
    #[error("{member} in the answer is {found}, which is not known")]
    UnknownWord {
        /// Its path in the body.
        member: &'static str,
        /// The word, cut.
        found: Shown,
    },
    /// The session is for another operation than this check.
    #[error("this is the result of {found:?}, not of {expected:?}")]
    WrongOperation {
        /// What the check is for.
        expected: Operation,
        /// What the session was started for.
        found: Operation,
    },
    /// Another signature protocol than the operation's.
    #[error("signatureProtocol is {found}, expected {expected}")]
    WrongProtocol {
        /// The operation's protocol.
        expected: SignatureProtocol,
        /// The answer's.
        found: Shown,
    },
    /// Another signature algorithm than was asked for.
    #[error("signatureAlgorithm is {found}, asked for was {expected}")]
    WrongAlgorithm {
        /// As asked.
        expected: SignatureAlgorithm,
        /// As answered.
        found: SignatureAlgorithm,
    },
    /// A member of `signatureAlgorithmParameters` is not the only value it may have.
    #[error("signatureAlgorithmParameters.{member} is not {expected}")]
    WrongAlgorithmParameters {
        /// Its path below `signatureAlgorithmParameters`.
        member: &'static str,
        /// The value it must have.
        expected: String,
    },
    /// Another hash than was asked for.
    #[error("hashAlgorithm is {found}, asked for was {expected}")]
    WrongHash {
        /// As asked.
        expected: HashAlgorithm,
        /// As answered.
        found: HashAlgorithm,
    },
    /// The person took a way that was not offered.
    #[error("flowType is {found}, offered were {}", words(.offered))]
    FlowNotOffered {
        /// The ways that were offered.
        offered: Vec<FlowType>,
        /// The way of the answer.
        found: FlowType,
    },
    /// The person saw an interaction that was not asked for.
    #[error("interactionTypeUsed is {found}, asked for were {}", words(.offered))]
    InteractionNotOffered {
        /// The types that were asked for.
        offered: Vec<InteractionType>,
        /// The type of the answer.
        found: InteractionType,
    },

    // ---- the callback
    /// The result came by a same-device link, and no callback was given to check it with.
    #[error("a result by {0} can only be checked together with its callback")]
    CallbackNeeded(FlowType),
    /// The callback has no parameter of this name, or it twice, or not in its form.
    #[error("the callback's {parameter} is missing, repeated or malformed")]
    MalformedCallback {
        /// The parameter.
        parameter: &'static str,
    },
    /// The callback is for another address than the session's `initialCallbackUrl`, or its own parameters differ:
    /// another browser came back than was sent out.
    #[error("the callback does not continue the session's callback URL")]
    ForeignCallback,
    /// The callback was made for another session.
    #[error("the callback's sessionSecretDigest is not this session's")]
    WrongSessionSecret,
    /// The callback of an authentication has no `userChallengeVerifier`: the person refused, or someone cut it off.
    #[error("the callback has no userChallengeVerifier")]
    NoUserChallengeVerifier,
    /// The verifier of the callback is not the one whose hash was signed.
    #[error("the callback's userChallengeVerifier does not belong to the signed userChallenge")]
    WrongUserChallenge,

    // ---- the certificate
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Certificate(countersign_pki::Error),
    /// A lower level than was asked for.
    #[error("the certificate's level is {found}, asked for was {expected}")]
    LevelTooLow {
        /// As asked.
        expected: RequestedLevel,
        /// As answered.
        found: CertificateLevel,
    },
    /// No path to a trust anchor that is valid now.
    #[error("the certificate is not trusted: {0}")]
    Untrusted(#[from] PathError),
    /// The certificate lacks a policy that its level demands.
    #[error("a certificate of level {level} lacks the policy {policy}")]
    MissingPolicy {
        /// The level that the answer claims.
        level: CertificateLevel,
        /// The policy.
        policy: String,
    },
    /// keyUsage or extKeyUsage is not that of an authentication certificate.
    #[error("the certificate's key is not for authentication")]
    NotForAuthentication,
    /// keyUsage is not that of a signing certificate.
    #[error("the certificate's key is not for signatures: keyUsage lacks nonRepudiation")]
    NotForSignatures,
    /// A qualified signing certificate without the statement that it is for electronic signatures.
    #[error("the qualified certificate has no QcType for electronic signatures")]
    NotForQualifiedSignatures,
    /// Asked for was a key in a qualified device, and the certificate does not say that its key is in one.
    #[error("the certificate does not state a qualified signature creation device")]
    NoQualifiedDevice,
    /// Another certificate than the one that was to sign.
    #[error("the certificate is not the one that was to sign")]
    AnotherCertificate,

    // ---- revocation
    /// A certificate of the path is revoked or on hold.
    #[error("the {position} certificate is revoked since {at}: {}", .reason.as_str())]
    Revoked {
        /// Its place in the path.
        position: Position,
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// The responder says that its CA never issued such a certificate.
    #[error("the {position} certificate was never issued, says the responder")]
    NotIssued {
        /// Its place in the path.
        position: Position,
    },
    /// Neither an OCSP response nor a revocation list says how a certificate of the path stands.
    #[error(
        "whether the {position} certificate is revoked is not known: OCSP: {}; CRL: {}",
        because(.ocsp), because(.crl)
    )]
    RevocationUnknown {
        /// Its place in the path.
        position: Position,
        /// What was wrong with the responses; `None` when there was none.
        ocsp: Option<StatusFault>,
        /// What was wrong with the lists; `None` when there was none.
        crl: Option<StatusFault>,
    },

    // ---- what proves a signature for years
    /// The time-stamp was refused, or proves nothing.
    #[error("the time-stamp cannot be used: {0}")]
    TimeStamp(Box<TspError>),
    /// The responder's answer does not prove that the certificate is good.
    #[error("the OCSP answer cannot be used: {0}")]
    NoGoodStatus(Box<OcspError>),

    // ---- the signature and the person
    /// The signature was not made with the certificate's key over what it should be.
    #[error("the signature does not verify: {0}")]
    Signature(countersign_pki::Error),
    /// The certificate's subject lacks an attribute.
    #[error("the certificate's subject has no {attribute}")]
    MissingAttribute {
        /// The attribute.
        attribute: &'static str,
    },
    /// The subject's serialNumber is not a semantics identifier.
    #[error("the subject's serialNumber is not a semantics identifier")]
    MalformedIdentity,
    /// Another person than the one that was asked.
    #[error("the certificate belongs to another person than was asked")]
    AnotherPerson,
    /// Another document than the one that was asked, or than the certificate names.
    #[error("the answer is about another document: {0} differs")]
    AnotherDocument(&'static str),
}

/// How a session ended without success (4.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ending {
    /// `USER_REFUSED`: refused somewhere other than on an interaction screen.
    #[error("the person refused")]
    UserRefused,
    /// `TIMEOUT`: no reaction in time.
    #[error("the person did not react in time")]
    Timeout,
    /// `DOCUMENT_UNUSABLE`: the account cannot be used now.
    #[error("the account cannot be used now")]
    DocumentUnusable,
    /// `WRONG_VC`: the person chose a wrong code.
    #[error("the person chose a wrong verification code")]
    WrongVerificationCode,
    /// `REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP`: the app supports none of the interactions.
    #[error("the person's app supports none of the interactions")]
    InteractionNotSupported,
    /// `USER_REFUSED_CERT_CHOICE`: cancelled the choice between several accounts.
    #[error("the person cancelled the choice between accounts")]
    UserRefusedCertificateChoice,
    /// `USER_REFUSED_INTERACTION`: cancelled on an interaction screen.
    #[error("the person cancelled{}", screen(.interaction))]
    UserRefusedInteraction {
        /// Which one, if the service says so and we know it.
        interaction: Option<InteractionType>,
    },
    /// `PROTOCOL_FAILURE`: for example a device link with a wrong authCode.
    #[error("the protocol was not followed")]
    ProtocolFailure,
    /// `EXPECTED_LINKED_SESSION`: another transaction reached the device while it waited for the linked one.
    #[error("the device waited for a linked session, and another came")]
    ExpectedLinkedSession,
    /// `SERVER_ERROR`.
    #[error("the service failed")]
    ServerError,
    /// `ACCOUNT_UNUSABLE`.
    #[error("the account is unusable")]
    AccountUnusable,
    /// A word that a newer service has added.
    #[error("{0}, which this client does not know")]
    Unknown(Shown),
}

/// Whom a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The relying party API.
    RelyingPartyApi,
    /// An OCSP responder.
    OcspResponder,
    /// Where revocation lists are.
    RevocationLists,
    /// A time-stamping authority.
    TimeStampingAuthority,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Service::RelyingPartyApi => "relying party API",
            Service::OcspResponder => "OCSP responder",
            Service::RevocationLists => "distribution point of revocation lists",
            Service::TimeStampingAuthority => "time-stamping authority",
        })
    }
}

/// Why a source did not say how a certificate stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusFault {
    /// The response proves nothing.
    #[error("{0}")]
    Ocsp(OcspError),
    /// The list proves nothing.
    #[error("{0}")]
    Crl(CrlError),
    /// The list cannot be read.
    #[error("{0}")]
    Malformed(countersign_pki::Error),
    /// It could not be fetched.
    #[error("{0}")]
    NotFetched(String),
}

fn because(fault: &Option<StatusFault>) -> String {
    fault.as_ref().map_or_else(|| "none at hand".to_owned(), ToString::to_string)
}

fn screen(interaction: &Option<InteractionType>) -> String {
    interaction.map_or_else(String::new, |interaction| format!(" on the screen {interaction}"))
}

fn words<W: ToString>(list: &[W]) -> String {
    if list.is_empty() {
        return "none".to_owned();
    }
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The members that a problem names; never its free texts, which may quote the request.
fn members(problem: &Option<Box<Problem>>) -> String {
    let named: Vec<&str> = problem
        .iter()
        .flat_map(|problem| &problem.errors)
        .filter_map(|entry| entry.pointer.as_deref().or(entry.param_name.as_deref()))
        .collect();
    if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) }
}
