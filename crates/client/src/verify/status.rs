//! The members of a session status, each demanded in its form.

use countersign_pki::Certificate;
use countersign_wire::base64::from_b64;
use countersign_wire::id::DocumentNumber;
use countersign_wire::session::{Cert, SessionResult, SessionSignature, SessionStatus};
use countersign_wire::start::{Interactions, SignatureScheme};
use countersign_wire::words::{
    CertificateLevel, EndResult, FlowType, InteractionType, Open, SignatureProtocol, State, Word,
};

use crate::error::Ending;
use crate::session::StartedSession;
use crate::{Error, Shown};

/// The longest signature that is read, in octets: RSA with 16384 bits.
const SIGNATURE_MAX: usize = 2048;

/// Demands a session that ended well, and gives the account that was used.
pub(super) fn document(status: &SessionStatus) -> Result<DocumentNumber, Error> {
    match known(&status.state, "state")? {
        State::Running => return Err(Error::StillRunning),
        State::Complete => {}
    }
    let result = status.result.as_ref().ok_or(Error::Missing { member: "result" })?;
    ended_well(result)?;
    result.document_number.clone().ok_or(Error::Missing { member: "result.documentNumber" })
}

fn ended_well(result: &SessionResult) -> Result<(), Error> {
    const MEMBER: &str = "result.endResult";
    let word = result.end_result.as_ref().ok_or(Error::Missing { member: MEMBER })?;
    let known = match word {
        Open::Known(known) => *known,
        Open::Unknown(word) if word.is_empty() => return Err(Error::Missing { member: MEMBER }),
        Open::Unknown(word) => return Err(Error::Ended(Ending::Unknown(Shown::new(word)))),
    };
    Err(Error::Ended(match known {
        EndResult::Ok => return Ok(()),
        EndResult::UserRefused => Ending::UserRefused,
        EndResult::Timeout => Ending::Timeout,
        EndResult::DocumentUnusable => Ending::DocumentUnusable,
        EndResult::WrongVc => Ending::WrongVerificationCode,
        EndResult::RequiredInteractionNotSupportedByApp => Ending::InteractionNotSupported,
        EndResult::UserRefusedCertChoice => Ending::UserRefusedCertificateChoice,
        EndResult::UserRefusedInteraction => {
            let interaction = result.details.as_ref().and_then(|details| details.interaction.as_ref());
            Ending::UserRefusedInteraction { interaction: interaction.and_then(Open::known) }
        }
        EndResult::ProtocolFailure => Ending::ProtocolFailure,
        EndResult::ExpectedLinkedSession => Ending::ExpectedLinkedSession,
        EndResult::ServerError => Ending::ServerError,
        EndResult::AccountUnusable => Ending::AccountUnusable,
    }))
}

/// Demands the operation's signature protocol.
pub(super) fn protocol(status: &SessionStatus, expected: SignatureProtocol) -> Result<(), Error> {
    let found = status.signature_protocol.as_ref().ok_or(Error::Missing { member: "signatureProtocol" })?;
    if *found == expected {
        Ok(())
    } else {
        Err(Error::WrongProtocol { expected, found: Shown::new(found.as_str()) })
    }
}

/// Demands the object `signature`.
pub(super) fn signature(status: &SessionStatus) -> Result<&SessionSignature, Error> {
    status.signature.as_ref().ok_or(Error::Missing { member: "signature" })
}

/// The octets of the signature.
pub(super) fn value(signature: &SessionSignature) -> Result<Vec<u8>, Error> {
    text(signature.value.as_ref(), "signature.value", |text| {
        from_b64(text).filter(|octets| octets.len() <= SIGNATURE_MAX)
    })
}

/// A text that has a form of its own.
pub(super) fn text<T>(
    text: Option<&String>,
    member: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Error> {
    let text = text.filter(|text| !text.is_empty()).ok_or(Error::Missing { member })?;
    let expected = match member {
        "signature.serverRandom" => "Base64 of at least 24 characters",
        "signature.userChallenge" => "43 Base64url characters",
        _ => "Base64",
    };
    read(text).ok_or(Error::Malformed { member, expected })
}

/// The way that the person took, if it was offered.
pub(super) fn flow(signature: &SessionSignature, session: &StartedSession) -> Result<FlowType, Error> {
    const MEMBER: &str = "signature.flowType";
    let word = signature.flow_type.as_ref().ok_or(Error::Missing { member: MEMBER })?;
    let found = known(word, MEMBER)?;
    if session.offered.contains(&found) {
        Ok(found)
    } else {
        Err(Error::FlowNotOffered { offered: session.offered.clone(), found })
    }
}

/// Demands the algorithm that was asked for, with the only parameters it may have.
pub(super) fn algorithm(signature: &SessionSignature, asked: SignatureScheme) -> Result<(), Error> {
    const MEMBER: &str = "signature.signatureAlgorithm";
    const PARAMETERS: &str = "signature.signatureAlgorithmParameters";
    let word = signature.signature_algorithm.as_ref().ok_or(Error::Missing { member: MEMBER })?;
    let found = known(word, MEMBER)?;
    if found != asked.algorithm() {
        return Err(Error::WrongAlgorithm { expected: asked.algorithm(), found });
    }
    let parameters = match (&signature.signature_algorithm_parameters, asked.is_pss()) {
        (Some(parameters), true) => parameters,
        (None, true) => return Err(Error::Missing { member: PARAMETERS }),
        // The names of PKCS#1 v1.5 fix the hash; what else a service says about it changes nothing.
        (_, false) => return Ok(()),
    };
    let hash = parameters.check().map_err(|error| match error {
        countersign_wire::Error::WrongAlgorithmParameters { member, expected } => {
            Error::WrongAlgorithmParameters { member, expected }
        }
        other => Error::Request(other),
    })?;
    if hash == asked.hash() { Ok(()) } else { Err(Error::WrongHash { expected: asked.hash(), found: hash }) }
}

/// The certificate and the level that the service gives it.
pub(super) fn certificate(status: &SessionStatus) -> Result<(Certificate, CertificateLevel), Error> {
    read_certificate(status.cert.as_ref().ok_or(Error::Missing { member: "cert" })?)
}

/// The same from its object.
pub(super) fn read_certificate(cert: &Cert) -> Result<(Certificate, CertificateLevel), Error> {
    if cert.value.is_empty() {
        return Err(Error::Missing { member: "cert.value" });
    }
    let der = cert.der().map_err(|_| Error::Malformed { member: "cert.value", expected: "Base64" })?;
    let certificate = Certificate::from_der(&der).map_err(Error::Certificate)?;
    Ok((certificate, known(&cert.certificate_level, "cert.certificateLevel")?))
}

/// What the person saw, if it was asked for.
pub(super) fn interaction(status: &SessionStatus, asked: &Interactions) -> Result<InteractionType, Error> {
    const MEMBER: &str = "interactionTypeUsed";
    let word = status.interaction_type_used.as_ref().ok_or(Error::Missing { member: MEMBER })?;
    let found = known(word, MEMBER)?;
    if asked.offers(found) {
        Ok(found)
    } else {
        let offered = asked.list().iter().map(|interaction| interaction.kind).collect();
        Err(Error::InteractionNotOffered { offered, found })
    }
}

fn known<W: Word>(word: &Open<W>, member: &'static str) -> Result<W, Error> {
    match word {
        Open::Known(known) => Ok(*known),
        Open::Unknown(word) if word.is_empty() => Err(Error::Missing { member }),
        Open::Unknown(word) => Err(Error::UnknownWord { member, found: Shown::new(word) }),
    }
}
