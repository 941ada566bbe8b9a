//! How a session looks from outside: to the relying party, and to the device.

use countersign_wire::device::{
    AcspTask, Rp, Transaction, TransactionFlow, TransactionHint, TransactionKind, TransactionState,
};
use countersign_wire::endpoint::Operation;
use countersign_wire::id::DeviceId;
use countersign_wire::session::{Cert, SessionSignature, SessionStatus};
use countersign_wire::start::{Asked, FlowMembers};
use countersign_wire::words::EndResult;
use jiff::Timestamp;

use super::{Outcome, Progress, Session, State};
use crate::refusal::Refusal;

/// What the relying party is told. `None`: the result is no longer kept.
pub fn status(session: &Session, now: Timestamp) -> Option<SessionStatus> {
    if now >= session.purge_at() {
        return None;
    }
    let ignored = session.request.ignored_properties.clone();
    let protocol = session.operation().signature_protocol();
    Some(match &session.state {
        State::Offered | State::Addressed { .. } if session.is_overdue(now) => {
            SessionStatus::failed(EndResult::Timeout, None, ignored)
        }
        State::Offered | State::Addressed { .. } => SessionStatus::running(ignored),
        State::Complete { outcome: Outcome::Ended { result, interaction, .. }, .. } => {
            SessionStatus::failed(*result, *interaction, ignored)
        }
        State::Complete { outcome: Outcome::Chosen { by, certificate, level, device_ip }, .. } => {
            let signature = SessionSignature::flow_only(by.flow_type);
            let cert = Cert::new(certificate, *level);
            let device_ip = device_ip.map(|address| address.to_string());
            SessionStatus::ok(by.account.clone(), protocol, signature, cert, None, device_ip, ignored)
        }
        State::Complete {
            outcome:
                Outcome::Signed { by, signature, certificate, level, interaction, user_challenge, device_ip },
            ..
        } => {
            // A session that was signed asked for a signature.
            let scheme = session.request.signature()?;
            let signature = match user_challenge {
                Some(challenge) => SessionSignature::authentication(
                    signature,
                    scheme,
                    &session.server_random,
                    challenge,
                    by.flow_type,
                ),
                None => SessionSignature::raw_digest(signature, scheme, by.flow_type),
            };
            let cert = Cert::new(certificate, *level);
            let device_ip = device_ip.map(|address| address.to_string());
            SessionStatus::ok(
                by.account.clone(),
                protocol,
                signature,
                cert,
                Some(*interaction),
                device_ip,
                ignored,
            )
        }
    })
}

/// What the device is told: everything to show, check and sign.
///
/// Refused: [`Refusal::NotFound`] when the session is not this device's.
pub fn transaction_view(
    session: &Session,
    device: &DeviceId,
    now: Timestamp,
) -> Result<Transaction, Refusal> {
    let to = session.addressed().filter(|to| to.device == *device).ok_or(Refusal::NotFound)?;
    let request = &session.request;
    let (acsp, digest) = match &request.asked {
        Asked::Authenticate { rp_challenge, .. } => {
            let acsp = AcspTask {
                scheme: session.scheme.as_str().to_owned(),
                server_random: session.server_random.as_str().to_owned(),
                rp_challenge: rp_challenge.as_str().to_owned(),
                rp_name: request.relying_party_name.clone(),
                brokered_rp_name: session.brokered_name.clone().unwrap_or_default(),
                callback: session.acsp_callback(to).to_owned(),
            };
            (Some(acsp), None)
        }
        Asked::Sign { digest, .. } => (None, Some(digest.as_str().to_owned())),
        Asked::ChooseCertificate => (None, None),
    };
    let signature = request.signature();
    Ok(Transaction {
        tx: to.transaction.clone(),
        kind: kind(session),
        state: transaction_state(session, now),
        created: session.created_at,
        expires: session.expires_at,
        rp: rp(session),
        flow_type: to.flow_type,
        flow: match &request.flow {
            FlowMembers::DeviceLink { .. } => TransactionFlow::DeviceLink,
            FlowMembers::Notification => TransactionFlow::Notification,
            FlowMembers::Linked { .. } => TransactionFlow::Linked,
        },
        kid: signature.map(|_| to.key.clone()),
        hash: signature.map(|scheme| scheme.hash()),
        signature_algorithm: signature.map(|scheme| scheme.algorithm()),
        interactions: request.interactions().map(|interactions| interactions.as_str().to_owned()),
        acsp,
        digest,
        code: session.codes.as_ref().map(|codes| codes.right),
        codes: session.codes.as_ref().and_then(|codes| codes.choice).map(Vec::from),
    })
}

impl Session {
    /// Enough for a notification: for the list of what waits for the person. `None` when no device was reached.
    pub fn hint(&self) -> Option<TransactionHint> {
        Some(TransactionHint {
            tx: self.transaction()?.clone(),
            kind: kind(self),
            rp: rp(self),
            expires: self.expires_at,
        })
    }
}

fn kind(session: &Session) -> TransactionKind {
    match session.operation() {
        Operation::Authenticate => TransactionKind::Auth,
        Operation::Sign => TransactionKind::Sign,
        Operation::ChooseCertificate => TransactionKind::CertChoice,
    }
}

fn rp(session: &Session) -> Rp {
    Rp { name: session.request.relying_party_name.clone() }
}

fn transaction_state(session: &Session, now: Timestamp) -> TransactionState {
    if session.is_overdue(now) {
        return TransactionState::Expired;
    }
    match &session.state {
        State::Offered => TransactionState::Created,
        State::Addressed { progress, .. } => match progress {
            Progress::Created => TransactionState::Created,
            Progress::Delivered => TransactionState::Delivered,
            Progress::Confirming { until, .. } if now < *until => TransactionState::Confirming,
            Progress::Displayed | Progress::Confirming { .. } => TransactionState::Displayed,
        },
        State::Complete { outcome, .. } => match outcome.end_result() {
            EndResult::Ok => TransactionState::Done,
            EndResult::Timeout => TransactionState::Expired,
            EndResult::UserRefused
            | EndResult::UserRefusedInteraction
            | EndResult::UserRefusedCertChoice
            | EndResult::WrongVc
            | EndResult::RequiredInteractionNotSupportedByApp => TransactionState::Refused,
            EndResult::DocumentUnusable | EndResult::AccountUnusable => TransactionState::Failed,
            EndResult::ProtocolFailure | EndResult::ExpectedLinkedSession | EndResult::ServerError => {
                TransactionState::Cancelled
            }
        },
    }
}
