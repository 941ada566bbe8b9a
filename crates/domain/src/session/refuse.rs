//! Everything that ends a session other than success, and the small steps before.

use countersign_wire::device::{CallbackTask, RefusalReason};
use countersign_wire::id::DeviceId;
use countersign_wire::words::{EndResult, InteractionType};
use jiff::Timestamp;

use super::{Outcome, Progress, Session, State};
use crate::event::Event;
use crate::refusal::Refusal;

/// What became of a refusal by the person.
pub enum Refused {
    /// The session has ended.
    Ended {
        /// Complete.
        session: Session,
        /// Where the device returns to: refusals lead back too.
        callback: Option<CallbackTask>,
        /// What happened.
        events: Vec<Event>,
    },
    /// This device refused it before: the same answer again. Nothing changed.
    Again {
        /// Where the device returns to.
        callback: Option<CallbackTask>,
    },
    /// Nothing changed.
    NotPossible(Refusal),
}

/// The person refuses (relying party API, 4.3). `interaction` names the screen, with [`RefusalReason::Interaction`].
pub fn refuse(
    session: Session,
    device: &DeviceId,
    reason: RefusalReason,
    interaction: Option<InteractionType>,
    now: Timestamp,
) -> Refused {
    let Some(to) = session.addressed().filter(|to| to.device == *device).cloned() else {
        return Refused::NotPossible(Refusal::NotFound);
    };
    let expected = |expected| Refused::NotPossible(Refusal::NotPossible { expected });
    let (result, interaction) = match reason {
        RefusalReason::User | RefusalReason::NotMe => (EndResult::UserRefused, None),
        RefusalReason::CertChoice => (EndResult::UserRefusedCertChoice, None),
        RefusalReason::InteractionNotSupported => (EndResult::RequiredInteractionNotSupportedByApp, None),
        // Wherever a code is compared the person can find that it is another one.
        RefusalReason::WrongCode if session.codes.is_some() => (EndResult::WrongVc, None),
        RefusalReason::WrongCode => return expected("a session with a verification code"),
        // The device says which screen it was; a screen that was not asked for harms nobody.
        RefusalReason::Interaction => match interaction {
            Some(kind) => (EndResult::UserRefusedInteraction, Some(kind)),
            None => return expected("the interaction that was refused"),
        },
    };
    let callback = session.callback(&to, false);
    if let State::Complete { outcome: Outcome::Ended { result: earlier, interaction: screen, .. }, .. } =
        &session.state
        && (*earlier, *screen) == (result, interaction)
    {
        return Refused::Again { callback };
    }
    match session.open_for_reaction(now) {
        Ok(()) => {
            let (session, events) = session.end(result, interaction, now);
            Refused::Ended { session, callback, events }
        }
        Err(refusal) => Refused::NotPossible(refusal),
    }
}

/// Ends a session whose time is over; leaves any other as it is. It reads as ended without this: this makes the row
/// say so, once.
pub fn expire(session: Session, now: Timestamp) -> (Session, Vec<Event>) {
    if session.is_overdue(now) {
        let at = session.expires_at;
        session.end(EndResult::Timeout, None, at)
    } else {
        (session, Vec::new())
    }
}

/// The service ends a session that is still running: a frozen or revoked device, a failure of ours.
pub fn cancel(session: Session, result: EndResult, now: Timestamp) -> (Session, Vec<Event>) {
    if session.is_running(now) { session.end(result, None, now) } else { expire(session, now) }
}

/// The device was told that there is a transaction. `None`: nothing changed.
pub fn deliver(session: Session) -> Result<Session, Session> {
    match &session.state {
        State::Addressed { to, progress: Progress::Created } => {
            let to = to.clone();
            Ok(Session { state: State::Addressed { to, progress: Progress::Delivered }, ..session })
        }
        State::Offered | State::Addressed { .. } | State::Complete { .. } => Err(session),
    }
}

/// The device fetched what there is to show. `Err`: nothing changed.
pub fn display(session: Session) -> Result<(Session, Vec<Event>), Session> {
    match &session.state {
        State::Addressed { to, progress: Progress::Created | Progress::Delivered } => {
            let to = to.clone();
            let event =
                Event::TransactionDisplayed { session: session.id, transaction: to.transaction.clone() };
            Ok((
                Session { state: State::Addressed { to, progress: Progress::Displayed }, ..session },
                vec![event],
            ))
        }
        State::Offered | State::Addressed { .. } | State::Complete { .. } => Err(session),
    }
}
