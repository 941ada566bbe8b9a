//! The person's app is asked to sign what they accept: a session like any other, with this service as the relying party.

use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{Proof, TermsState};
use countersign_domain::relying_party::{Permissions, RelyingParty};
use countersign_domain::session::{Outcome, Session, StartSession, State, key_use, start as start_session};
use countersign_store::Tx;
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{RelyingPartyUuid, SessionId};
use countersign_wire::registration::TermsError;
use countersign_wire::start::{
    Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions, SignatureScheme, StartRequest,
};
use countersign_wire::words::{EndResult, HashAlgorithm, InteractionType, RequestedLevel};

use super::acceptance::accept;
use super::step_up::{TEXT, Wanted};
use crate::command::{Command, Failure};

/// This service, where it asks people itself. No relying party has it.
const OWN: RelyingPartyUuid =
    RelyingPartyUuid(uuid::Uuid::from_u128(0x7465_726d_7300_4000_8000_7265_6769_7374));
/// Under which name.
const NAME: &str = "Countersign";

/// Whether a session is one of ours.
pub(crate) fn is_own(session: &Session) -> bool {
    session.relying_party() == OWN
}

/// Asks the app with this serial. Nothing when it cannot be asked now.
pub(super) fn start(
    tx: &Tx<'_>,
    context: &mut Command,
    wanted: &Wanted<'_>,
) -> Result<Option<SessionId>, Failure> {
    let Wanted { means, person, statement } = wanted;
    let accounts = tx.accounts().of_person(person)?;
    let Some(account) = accounts.into_iter().find(|account| account.device.as_str() == means.serial.as_str())
    else {
        return Ok(None);
    };
    let fault = |error: countersign_wire::Error| Failure::Fault(error.to_string());
    let hash = HashAlgorithm::Sha512;
    let text = Interaction { kind: InteractionType::DisplayTextAndPin, text: TEXT.to_owned() };
    let asked = Asked::Sign {
        digest: Digest::from_bytes(&hash.digest(statement.as_bytes())).map_err(fault)?,
        signature: SignatureScheme::pss(hash),
        interactions: Interactions::new(&[text], InteractionSet::Notification).map_err(fault)?,
    };
    let mut request = StartRequest::new(OWN, NAME, asked, FlowMembers::Notification);
    request.certificate_level = RequestedLevel::Advanced;
    let recipient = Recipient::Document(account.document.clone());
    let row = request
        .row(&recipient)
        .ok_or_else(|| Failure::Fault("signatures by notification have no endpoint".to_owned()))?;
    let party = RelyingParty {
        uuid: OWN,
        names: vec![NAME.to_owned()],
        brokered_name: None,
        permissions: Permissions { advanced: true, ..Permissions::default() },
        addresses: Vec::new(),
    };
    let candidates = tx.accounts().candidates(&recipient, key_use(row.operation))?;
    let command = StartSession {
        endpoint: row,
        recipient,
        request,
        relying_party: &party,
        candidates,
        choice: None,
        // Nobody opens a link of it.
        device_link_base: DeviceLinkBase::parse("https://localhost/device-link").map_err(fault)?,
    };
    let app = context.app.clone();
    let started = match start_session(command, app.settings(), context.now, &mut context.rng) {
        Ok(started) => started,
        Err(AnyRefusal::NoAccount | AnyRefusal::NoSuitableAccount) => return Ok(None),
        Err(refusal) => return Err(refusal.into()),
    };
    context.record(started.events);
    context.insert_session(tx, &started.session)?;
    let over = matches!(started.session.state(), State::Complete { .. });
    Ok((!over).then(|| started.session.id()))
}

/// What the end of one of our sessions means for the acceptance that it asked about. In the same transaction as the
/// session's own end, so that no signature is lost.
pub(crate) fn settle(tx: &Tx<'_>, context: &mut Command, session: &Session) -> Result<(), Failure> {
    let State::Complete { outcome, .. } = session.state() else { return Ok(()) };
    let Some(transaction) = tx.terms().of_session(session.id())? else { return Ok(()) };
    let TermsState::AwaitingApp { decided, .. } = transaction.state().clone() else { return Ok(()) };
    let error = match outcome {
        Outcome::Signed { signature, certificate, .. } => {
            let proof = |statement| Proof::Signature {
                session: session.id(),
                statement,
                value: signature.clone(),
                certificate: certificate.clone(),
            };
            match accept(tx, context, transaction.clone(), &decided.means, proof)? {
                Ok(_) => return Ok(()),
                Err(refusal) => {
                    tracing::warn!(reason = %refusal, "an acceptance of terms was signed and does not count");
                    TermsError::Internal
                }
            }
        }
        Outcome::Chosen { .. } => TermsError::Internal,
        Outcome::Ended { result, .. } => match result {
            EndResult::Timeout => TermsError::Timeout,
            EndResult::DocumentUnusable | EndResult::ExpectedLinkedSession => TermsError::MeansUnavailable,
            EndResult::ServerError => TermsError::Internal,
            _ => TermsError::UserCancel,
        },
    };
    let (transaction, events) = transaction.fail(error, context.now);
    context.record(events.into_iter().map(Into::into));
    Ok(tx.terms().update(&transaction)?)
}
