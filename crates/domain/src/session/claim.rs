//! A device opens a session's link (relying party API, 6.3).

use countersign_wire::device_link::{AuthCode, DeviceLink, LinkKind};
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::SessionToken;
use countersign_wire::words::EndResult;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::start::addressed;
use super::{Candidate, Progress, Session, State};
use crate::event::Event;
use crate::settings::Settings;

/// What became of a claim. Where there is a session inside, save it.
pub enum Claim {
    /// The session is this device's.
    Claimed {
        /// Addressed.
        session: Session,
        /// Whether the code matched only with a leniency; worth logging.
        auth_code: AuthCode,
        /// What happened.
        events: Vec<Event>,
    },
    /// It was this device's already, by the same link. Nothing changed.
    Again {
        /// As it was.
        session: Session,
    },
    /// The session has ended: wrong authentication code or session type (`PROTOCOL_FAILURE`), an account that cannot be
    /// used (`DOCUMENT_UNUSABLE`) or waits for something else (`EXPECTED_LINKED_SESSION`).
    Ended {
        /// Complete.
        session: Session,
        /// How.
        result: EndResult,
        /// What happened.
        events: Vec<Event>,
    },
    /// A same-device link of a session without callback: the session has ended `PROTOCOL_FAILURE`.
    NoCallback {
        /// Complete.
        session: Session,
        /// What happened.
        events: Vec<Event>,
    },
    /// Not written as a link of this session is. The session is untouched.
    Malformed,
    /// A QR code that is too old, or from the future. The session is untouched and runs on.
    Stale,
    /// Another device was first, or the same one with another link.
    Taken,
    /// The session is for somebody else. It is untouched.
    WrongPerson,
    /// The account is not of the level asked for. The session is untouched.
    NotSuitable,
    /// The session is over.
    Expired,
}

/// The token inside a link, to find the session by; `None` for a link that is not written as links are. Nothing else
/// of the link is believed yet.
pub fn token_in(link: &str) -> Option<SessionToken> {
    DeviceLink::parse(link).ok().map(|link| link.link().token.clone())
}

/// Checks a link in the order of the specification and gives the session to the device.
///
/// `session` is the one that [`token_in`] names, `candidate` the account of the device with the key for the session's
/// operation.
pub fn claim(
    session: Session,
    link: &str,
    candidate: &Candidate,
    settings: &Settings,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Claim {
    let Some(offer) = &session.link else { return Claim::Malformed };
    // 1. Form: exact prefix, exact order, nothing added.
    let Ok(read) = DeviceLink::parse(link) else { return Claim::Malformed };
    if read.link().token != offer.token || read.link().base != offer.base {
        return Claim::Malformed;
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, link.as_bytes()).as_ref().to_vec();
    // 2. Running, and not taken yet. 9. One link is used once.
    if !session.is_running(now) {
        return Claim::Expired;
    }
    match &session.state {
        State::Offered => {}
        State::Addressed { to, .. } => {
            let again = to.device == *candidate.device.id() && to.link.as_ref() == Some(&digest);
            return if again { Claim::Again { session } } else { Claim::Taken };
        }
        State::Complete { .. } => return Claim::Expired,
    }
    // 3. The kind of session is part of what the relying party authenticated.
    if read.link().session_type != session.operation().session_type() {
        return ended(session, EndResult::ProtocolFailure, now);
    }
    // 4. The code, in constant time. A running session has its secret.
    let checked = match &offer.secret {
        Some(secret) => read.check(&offer.base, &session.link_context(), secret, settings.leniency),
        None => return Claim::Expired,
    };
    let Ok(auth_code) = checked else { return ended(session, EndResult::ProtocolFailure, now) };
    // 5. Freshness.
    match read.link().kind {
        LinkKind::Qr { elapsed_seconds } => {
            let age = now.duration_since(session.created_at);
            let behind = age - SignedDuration::from_secs(i64::from(elapsed_seconds));
            if behind > settings.link_age || behind < -settings.link_ahead {
                return Claim::Stale;
            }
        }
        // 6. The same device needs a way back.
        LinkKind::Web2App | LinkKind::App2App => {
            if session.request.callback().is_none() {
                let (session, events) = session.end(EndResult::ProtocolFailure, None, now);
                return Claim::NoCallback { session, events };
            }
        }
    }
    // 7. The person whom the relying party named.
    let account = &candidate.account;
    let right_person = match &session.recipient {
        Recipient::Anonymous => true,
        Recipient::Person(person) => account.person == *person,
        Recipient::Document(document) => account.document == *document,
    };
    if !right_person {
        return Claim::WrongPerson;
    }
    // 8. An account that will do.
    if !session.request.certificate_level.accepts(account.level) {
        return Claim::NotSuitable;
    }
    let mut to = addressed(candidate, read.link().kind.link_type().into(), rng);
    to.link = Some(digest);
    to.callback_in_qr = matches!(auth_code, AuthCode::Lenient { callback_in_qr: true });
    let mut events = vec![Event::SessionClaimed {
        session: session.id,
        document: to.account.clone(),
        device: to.device.clone(),
        flow_type: to.flow_type,
    }];
    let session = Session { state: State::Addressed { to, progress: Progress::Created }, ..session };
    let result = if !candidate.is_usable(now, &settings.pins) {
        EndResult::DocumentUnusable
    } else if account.awaited(now).is_some() {
        EndResult::ExpectedLinkedSession
    } else {
        return Claim::Claimed { session, auth_code, events };
    };
    let (session, of_end) = session.end(result, None, now);
    events.extend(of_end);
    Claim::Ended { session, result, events }
}

fn ended(session: Session, result: EndResult, now: Timestamp) -> Claim {
    let (session, events) = session.end(result, None, now);
    Claim::Ended { session, result, events }
}
