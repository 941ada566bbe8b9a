//! Starting a session, and the one request that is answered without.

use countersign_wire::acsp::ServerRandom;
use countersign_wire::callback::SessionSecret;
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::{Recipient, Start};
use countersign_wire::id::SessionId;
use countersign_wire::id::{SessionToken, TransactionId};
use countersign_wire::session::{Cert, CertificateResponse};
use countersign_wire::start::{Asked, FlowMembers, StartRequest};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{EndResult, FlowType, InteractionType, RequestedLevel};
use jiff::Timestamp;
use rand_core::CryptoRng;

use super::{Addressed, Candidate, Codes, LinkOffer, LinkedChoice, Outcome, Progress, Session, State};
use crate::account::Account;
use crate::event::Event;
use crate::refusal::{LinkedSessionFault, Refusal};
use crate::relying_party::RelyingParty;
use crate::settings::Settings;

/// A validated and authorised request, with everything that it is judged by.
pub struct StartSession<'a> {
    /// The endpoint that was called.
    pub endpoint: &'static Start,
    /// Whom it names.
    pub recipient: Recipient,
    /// What it asks.
    pub request: StartRequest,
    /// Who asks.
    pub relying_party: &'a RelyingParty,
    /// The accounts that the recipient names, oldest first; none for an anonymous one.
    pub candidates: Vec<Candidate>,
    /// The session that `linkedSessionID` names, if there is one.
    pub choice: Option<Session>,
    /// Where links lead, for device-link flows.
    pub device_link_base: DeviceLinkBase,
}

/// A session that was started, and what changed with it. Save all of it.
pub struct SessionStart {
    /// The session; [`Session::answer`] is the answer. It may have ended at once.
    pub session: Session,
    /// The account, if it no longer waits for a linked signature.
    pub account: Option<Account>,
    /// The certificate choice, now used.
    pub choice: Option<Session>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Starts a session.
///
/// Refused: [`Refusal::NoAccount`], [`Refusal::NoSuitableAccount`], [`Refusal::LinkedSession`]. An account that exists
/// but cannot be used now is no refusal: the session ends `DOCUMENT_UNUSABLE` (or `EXPECTED_LINKED_SESSION`, when its
/// device waits for something else) and the relying party learns it there.
pub fn start(
    command: StartSession<'_>,
    settings: &Settings,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<SessionStart, Refusal> {
    let StartSession { endpoint, recipient, request, relying_party, candidates, choice, device_link_base } =
        command;
    let suitable = match recipient {
        Recipient::Anonymous => Vec::new(),
        Recipient::Person(_) | Recipient::Document(_) => suitable(candidates, request.certificate_level)?,
    };
    let linked = match &request.flow {
        FlowMembers::Linked { .. } => Some(linked_choice(choice, &request, &recipient, settings, now)?),
        FlowMembers::DeviceLink { .. } | FlowMembers::Notification => None,
    };
    let is_device_link = matches!(request.flow, FlowMembers::DeviceLink { .. });
    let mut session = Session {
        id: SessionId::generate(rng),
        recipient,
        brokered_name: relying_party.brokered_name.clone(),
        scheme: settings.scheme.clone(),
        server_random: ServerRandom::generate(rng),
        link: is_device_link.then(|| LinkOffer::new(device_link_base, rng)),
        codes: codes(&request, rng),
        choice: linked.as_ref().map(|(_, link)| link.clone()),
        successor: None,
        created_at: now,
        expires_at: now + settings.session_lifetime,
        result_kept: settings.result_kept,
        state: State::Offered,
        request,
    };
    let picked = if is_device_link { None } else { pick(suitable, settings, now) };
    let mut events = vec![Event::SessionStarted {
        session: session.id,
        relying_party: session.request.relying_party,
        endpoint: endpoint.path.to_owned(),
        document: picked.as_ref().map(|candidate| candidate.account.document.clone()),
    }];
    let Some(candidate) = picked else {
        return Ok(SessionStart { session, account: None, choice: None, events });
    };

    session.state = State::Addressed {
        to: addressed(&candidate, FlowType::Notification, rng),
        progress: Progress::Created,
    };
    let unusable = !candidate.is_usable(now, &settings.pins);
    let awaits_other = linked.is_none() && candidate.account.awaited(now).is_some();
    let (mut changed_account, mut used_choice) = (None, None);
    if let Some((mut choice, _)) = linked {
        choice.successor = Some(session.id);
        used_choice = Some(choice);
        changed_account = Some(Account { awaiting_linked: None, ..candidate.account });
    }
    if unusable || awaits_other {
        let result = if unusable { EndResult::DocumentUnusable } else { EndResult::ExpectedLinkedSession };
        let (ended, of_end) = session.end(result, None, now);
        session = ended;
        events.extend(of_end);
    }
    Ok(SessionStart { session, account: changed_account, choice: used_choice, events })
}

/// Answers the request for the signing certificate of an account, which needs no session.
///
/// `candidates` is the account with its signing key. Refused like [`start`].
pub fn certificate(
    level: RequestedLevel,
    candidates: Vec<Candidate>,
    settings: &Settings,
    now: Timestamp,
) -> Result<CertificateResponse, Refusal> {
    let candidate = pick(suitable(candidates, level)?, settings, now).ok_or(Refusal::NoAccount)?;
    Ok(match candidate.key.certificate() {
        Some(certificate) if candidate.is_usable(now, &settings.pins) => {
            CertificateResponse::Ok(Cert::new(&certificate.der, candidate.account.level))
        }
        Some(_) | None => CertificateResponse::DocumentUnusable,
    })
}

/// The account that takes part, with a transaction of its own.
pub(super) fn addressed(candidate: &Candidate, flow_type: FlowType, rng: &mut impl CryptoRng) -> Addressed {
    Addressed {
        transaction: TransactionId::generate(rng),
        account: candidate.account.document.clone(),
        device: candidate.device.id().clone(),
        key: candidate.key.id().clone(),
        flow_type,
        link: None,
        callback_in_qr: false,
    }
}

/// The active accounts of the level asked for.
fn suitable(candidates: Vec<Candidate>, level: RequestedLevel) -> Result<Vec<Candidate>, Refusal> {
    let mut active = candidates.into_iter().filter(|candidate| candidate.account.is_active()).peekable();
    if active.peek().is_none() {
        return Err(Refusal::NoAccount);
    }
    let suitable: Vec<_> = active.filter(|candidate| level.accepts(candidate.account.level)).collect();
    if suitable.is_empty() { Err(Refusal::NoSuitableAccount) } else { Ok(suitable) }
}

/// The first that can be used now, else the first.
fn pick(suitable: Vec<Candidate>, settings: &Settings, now: Timestamp) -> Option<Candidate> {
    let usable = suitable.iter().position(|candidate| candidate.is_usable(now, &settings.pins));
    suitable.into_iter().nth(usable.unwrap_or(0))
}

/// Checks `linkedSessionID` (relying party API, section 7).
fn linked_choice(
    choice: Option<Session>,
    request: &StartRequest,
    recipient: &Recipient,
    settings: &Settings,
    now: Timestamp,
) -> Result<(Session, LinkedChoice), Refusal> {
    use LinkedSessionFault::{Expired, NotChosen, OtherDocument, Unknown, Used, WrongKind};
    let choice = choice
        .filter(|choice| choice.relying_party() == request.relying_party)
        .ok_or(Refusal::LinkedSession(Unknown))?;
    let fault = |fault| Err(Refusal::LinkedSession(fault));
    let (Asked::ChooseCertificate, FlowMembers::DeviceLink { .. }) =
        (&choice.request.asked, &choice.request.flow)
    else {
        return fault(WrongKind);
    };
    let State::Complete { outcome: Outcome::Chosen { by, .. }, at } = &choice.state else {
        return fault(NotChosen);
    };
    if !matches!(recipient, Recipient::Document(document) if *document == by.account) {
        return fault(OtherDocument);
    }
    if choice.successor.is_some() {
        return fault(Used);
    }
    if now >= *at + settings.linked_wait {
        return fault(Expired);
    }
    let callback = choice.own_callback(by);
    let link = LinkedChoice { session: choice.id, callback };
    Ok((choice, link))
}

/// The code that the person compares, in notification flows: computed from the challenge in authentication, where
/// the relying party computes it too; random in signatures, where it is told.
fn codes(request: &StartRequest, rng: &mut impl CryptoRng) -> Option<Codes> {
    let right = match (&request.flow, &request.asked) {
        (FlowMembers::Notification, Asked::Authenticate { rp_challenge, .. }) => {
            VerificationCode::of_challenge(&rp_challenge.to_bytes())
        }
        (FlowMembers::Notification, Asked::Sign { .. }) => VerificationCode::random(rng),
        (FlowMembers::Notification, Asked::ChooseCertificate)
        | (FlowMembers::DeviceLink { .. } | FlowMembers::Linked { .. }, _) => return None,
    };
    let offered = request
        .interactions()
        .is_some_and(|list| list.offers(InteractionType::ConfirmationMessageAndVerificationCodeChoice));
    Some(Codes { right, choice: offered.then(|| right.choices(rng)) })
}

impl LinkOffer {
    fn new(base: DeviceLinkBase, rng: &mut impl CryptoRng) -> Self {
        let secret = SessionSecret::generate(rng);
        Self {
            token: SessionToken::generate(rng),
            secret_digest: secret.digest(),
            secret: Some(secret),
            base,
        }
    }
}
