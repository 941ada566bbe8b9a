//! The person approves: a try is counted, the signature is computed outside any transaction, the session completes.
//!
//! ```text
//! transaction 1   begin_confirm    token, state, interaction, code; the try is counted and saved
//! no transaction  SigningWork::run milliseconds of arithmetic
//! transaction 2   finish_confirm   right: Complete; wrong: counted; the token rotates and the answer is kept
//! ```

use std::net::IpAddr;

use countersign_wire::callback::UserChallenge;
use countersign_wire::device::{self, CallbackTask, ConfirmRequest};
use countersign_wire::start::{Asked, FlowMembers, SignatureScheme};
use countersign_wire::words::{EndResult, InteractionType};
use jiff::Timestamp;

use super::{Addressed, Outcome, Progress, Session, State};
use crate::RequestId;
use crate::account::{Account, AwaitingLinked};
use crate::answer::{Answer, Answered};
use crate::custody::Custody;
use crate::device::{Device, DeviceState, NextToken, TokenVerdict};
use crate::event::Event;
use crate::key::{Key, KeyRefusal, LeaseLost, WrongPin};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::signing::{self, Shares, SigningFailure};

/// A device's confirmation, with what it is judged by.
pub struct Confirmation {
    /// The session that the transaction id names.
    pub session: Session,
    /// The account of the device.
    pub account: Account,
    /// The device, whose proof was verified.
    pub device: Device,
    /// The key that the session is addressed to.
    pub key: Key,
    /// What the device says.
    pub request: ConfirmRequest,
}

/// What became of a confirmation. Save what is inside.
pub enum Begun {
    /// A signature has to be computed: save, [`SigningWork::run`], then [`finish_confirm`].
    Work {
        /// Confirming.
        session: Session,
        /// With a try counted.
        key: Key,
        /// What to compute.
        work: SigningWork,
        /// What happened.
        events: Vec<Event>,
    },
    /// A certificate choice is complete: no key was needed.
    Chosen {
        /// Complete.
        session: Session,
        /// Waiting for the linked signature, after a device link.
        account: Account,
        /// Where the device returns to.
        callback: Option<CallbackTask>,
        /// What happened.
        events: Vec<Event>,
    },
    /// The request was processed before and its answer was lost: send it again. Nothing changed.
    Resend(Answer),
    /// The wrong one of three codes: the session has ended `WRONG_VC`. No try was counted.
    WrongCode {
        /// Complete.
        session: Session,
        /// What happened.
        events: Vec<Event>,
    },
    /// Two copies of the device exist: it is frozen and the session has ended. End its other open sessions with
    /// [`super::cancel`].
    Clone {
        /// Frozen.
        device: Device,
        /// Complete.
        session: Session,
        /// What happened.
        events: Vec<Event>,
    },
    /// The key gives no try any more, so the session has ended `DOCUMENT_UNUSABLE`.
    Unusable {
        /// Complete.
        session: Session,
        /// What to tell the device.
        refusal: Refusal,
        /// What happened.
        events: Vec<Event>,
    },
    /// Nothing changed.
    Refused(Refusal),
}

/// A signature to be computed, outside any transaction.
pub struct SigningWork {
    request: RequestId,
    shares: Shares,
    digest: Vec<u8>,
    scheme: SignatureScheme,
}

/// The result of the work, with everything as it is stored by now.
pub struct Finish {
    /// The session.
    pub session: Session,
    /// The account of the device.
    pub account: Account,
    /// The device.
    pub device: Device,
    /// The key.
    pub key: Key,
    /// `req` of the confirmation.
    pub request: RequestId,
    /// What [`SigningWork::run`] gave.
    pub result: Result<Vec<u8>, SigningFailure>,
    /// The token that follows.
    pub next: NextToken,
    /// Where the device is.
    pub device_ip: Option<IpAddr>,
}

/// What became of it. Save all of it.
pub struct Finished {
    /// Complete; or displayed again after a wrong PIN.
    pub session: Session,
    /// With the next token, unless the computation failed on our side.
    pub device: Device,
    /// Free for the next try.
    pub key: Key,
    /// What to tell the device. `Err`: the token has not changed, and the same request may come again.
    pub answer: Result<Answer, Refusal>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Judges a confirmation: device, token, session, screen, code, key; in this order.
pub fn begin_confirm(confirmation: Confirmation, settings: &Settings, now: Timestamp) -> Begun {
    let Confirmation { session, account, device, key, request } = confirmation;
    let Some(to) = session.addressed().filter(|to| to.device == *device.id()).cloned() else {
        return Begun::Refused(Refusal::NotFound);
    };
    match device.state() {
        DeviceState::Active => {}
        DeviceState::CloneSuspect { .. } => return Begun::Refused(Refusal::CloneSuspect),
        DeviceState::Revoked { .. } => return Begun::Refused(Refusal::DeviceRevoked),
    }
    if let Some(approval) = &request.approval {
        match device.judge(&approval.token, &request.req) {
            TokenVerdict::Fresh => {}
            TokenVerdict::Resend(answer) => return Begun::Resend(answer),
            TokenVerdict::Clone => return frozen(session, device, now),
        }
    }
    if let Err(refusal) = session.open_for_reaction(now) {
        return Begun::Refused(refusal);
    }
    if !account.is_active() {
        return Begun::Refused(Refusal::Cancelled);
    }
    let (hashed, scheme, interactions) = match &session.request.asked {
        Asked::ChooseCertificate => return choose(session, account, key, to, &request, settings, now),
        Asked::Authenticate { rp_challenge, signature, interactions } => {
            (Hashed::Payload(rp_challenge.as_str()), *signature, interactions)
        }
        Asked::Sign { digest, signature, interactions } => {
            (Hashed::Digest(digest.to_bytes()), *signature, interactions)
        }
    };
    let refused = |expected| Begun::Refused(Refusal::NotPossible { expected });
    let Some(approval) = &request.approval else { return refused("the device's part of the signature") };
    if approval.kid != to.key || *key.id() != to.key {
        return refused("the key of the transaction");
    }
    let Some(interaction) = request.interaction.filter(|interaction| interactions.offers(*interaction))
    else {
        return refused("one of the interactions of the request");
    };
    if interaction == InteractionType::ConfirmationMessageAndVerificationCodeChoice {
        let Some(chosen) = request.chosen_code else { return refused("the chosen code") };
        if session.codes.as_ref().is_none_or(|codes| codes.right != chosen) {
            let (session, events) = session.end(EndResult::WrongVc, None, now);
            return Begun::WrongCode { session, events };
        }
    }
    let (digest, user_challenge) = match hashed {
        Hashed::Digest(digest) => (digest, None),
        Hashed::Payload(rp_challenge) => {
            let Some(challenge) = request.user_challenge.clone() else { return refused("a userChallenge") };
            let payload =
                session.acsp_payload(&to, interaction, &challenge, rp_challenge, interactions.as_str());
            (payload.digest(scheme.hash()), Some(challenge))
        }
    };
    if !key.is_certified(now) {
        return unusable(session, Refusal::KeyNotActive, now);
    }
    let (key, events) = match key.reserve_try(&request.req, now, &settings.pins) {
        Ok(reserved) => reserved,
        Err(KeyRefusal::InProgress) => return Begun::Refused(Refusal::InProgress),
        Err(
            refusal @ (KeyRefusal::Locked { .. }
            | KeyRefusal::Blocked
            | KeyRefusal::Revoked
            | KeyRefusal::NotActive),
        ) => return unusable(session, refusal.into(), now),
    };
    let work = SigningWork { request: request.req.clone(), shares: Shares::of(&key), digest, scheme };
    let until = now + settings.pins.lease;
    let progress = Progress::Confirming { request: request.req, interaction, user_challenge, until };
    let session = Session { state: State::Addressed { to, progress }, ..session };
    Begun::Work { session, key, work, events }
}

/// Takes the result of the work to where it belongs.
///
/// [`LeaseLost`]: the computation took longer than its lease and the key has moved on. Change nothing; the device is
/// told `IN_PROGRESS` and asks again.
pub fn finish_confirm(finish: Finish, settings: &Settings, now: Timestamp) -> Result<Finished, LeaseLost> {
    let Finish { session, account, device, key, request, result, next, device_ip } = finish;
    match result {
        Ok(signature) => {
            let certificate =
                key.certificate().map(|certificate| certificate.der.clone()).ok_or(LeaseLost)?;
            let (key, mut events) = key.settle_right(&request, now, &settings.pins)?;
            let (session, answered) = match session.confirming(&request, now) {
                Ok((session, to, interaction, user_challenge)) => {
                    let callback = session.callback(&to, true);
                    let device_ip = device_ip.filter(|_| session.shares_ip());
                    let outcome = Outcome::Signed {
                        by: to,
                        signature,
                        certificate,
                        level: account.level,
                        interaction,
                        user_challenge,
                        device_ip,
                    };
                    let (session, of_end) = session.complete(outcome, now);
                    events.extend(of_end);
                    (session, Answered::Confirmed { callback })
                }
                Err((session, expired)) => (session, Answered::TooLate { expired }),
            };
            let answer = Answer { result: answered, token: next.sealed().clone() };
            let device = device.rotate(request, next, answer.clone());
            Ok(Finished { session, device, key, answer: Ok(answer), events })
        }
        Err(SigningFailure::WrongPin) => {
            let (key, consequence, mut events) = key.settle_wrong(&request, now, &settings.pins)?;
            let session = match (session.confirming(&request, now), &consequence) {
                (Ok((session, to, ..)), WrongPin::TriesLeft { .. }) => session.displayed_again(to),
                (Ok((session, ..)), WrongPin::Locked { .. } | WrongPin::Blocked) => {
                    let (session, of_end) = session.end(EndResult::DocumentUnusable, None, now);
                    events.extend(of_end);
                    session
                }
                (Err((session, _)), _) => session,
            };
            let answer = Answer { result: consequence.into(), token: next.sealed().clone() };
            let device = device.rotate(request, next, answer.clone());
            Ok(Finished { session, device, key, answer: Ok(answer), events })
        }
        Err(failure) => {
            let (refusal, events) = failure.refusal(&key);
            let key = key.settle_fault(&request, now, &settings.pins)?;
            let session = match session.confirming(&request, now) {
                Ok((session, to, ..)) => session.displayed_again(to),
                Err((session, _)) => session,
            };
            Ok(Finished { session, device, key, answer: Err(refusal), events })
        }
    }
}

impl SigningWork {
    /// `req` of the confirmation.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// Opens the service's shares and completes the phone's part. Takes milliseconds of one core.
    pub fn run(&self, custody: &Custody, part: &device::PartialSignature) -> Result<Vec<u8>, SigningFailure> {
        signing::complete(&self.shares.open(custody)?, self.scheme, &self.digest, part)
    }
}

/// What a signature is made over.
enum Hashed<'a> {
    /// The digest as the relying party sent it.
    Digest(Vec<u8>),
    /// A payload around this challenge.
    Payload(&'a str),
}

fn choose(
    session: Session,
    mut account: Account,
    key: Key,
    to: Addressed,
    request: &ConfirmRequest,
    settings: &Settings,
    now: Timestamp,
) -> Begun {
    if request.approval.is_some() {
        return Begun::Refused(Refusal::NotPossible { expected: "no signature in a certificate choice" });
    }
    let certificate = match key.certificate() {
        Some(certificate) if *key.id() == to.key && key.is_usable(now, &settings.pins) => {
            certificate.der.clone()
        }
        Some(_) | None => return unusable(session, Refusal::KeyNotActive, now),
    };
    let callback = session.callback(&to, true);
    let awaits = matches!(session.request.flow, FlowMembers::DeviceLink { .. });
    let outcome = Outcome::Chosen { by: to, certificate, level: account.level, device_ip: None };
    let (session, mut events) = session.complete(outcome, now);
    if awaits {
        let until = now + settings.linked_wait;
        account.awaiting_linked = Some(AwaitingLinked { session: session.id, until });
        let document = account.document.clone();
        events.push(Event::LinkedSignatureAwaited { session: session.id, document, until });
    }
    Begun::Chosen { session, account, callback, events }
}

fn frozen(session: Session, device: Device, now: Timestamp) -> Begun {
    let (device, mut events) = device.freeze(now);
    let (session, of_end) = super::cancel(session, EndResult::DocumentUnusable, now);
    events.extend(of_end);
    Begun::Clone { device, session, events }
}

fn unusable(session: Session, refusal: Refusal, now: Timestamp) -> Begun {
    let (session, events) = session.end(EndResult::DocumentUnusable, None, now);
    Begun::Unusable { session, refusal, events }
}

impl Session {
    /// Whether the device may still confirm or refuse.
    pub(super) fn open_for_reaction(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.state {
            State::Complete { outcome: Outcome::Signed { .. } | Outcome::Chosen { .. }, .. } => {
                Err(Refusal::AlreadyDone)
            }
            State::Complete { outcome: Outcome::Ended { result: EndResult::Timeout, .. }, .. } => {
                Err(Refusal::Expired)
            }
            State::Complete { outcome: Outcome::Ended { .. }, .. } => Err(Refusal::Cancelled),
            State::Offered | State::Addressed { .. } if self.is_overdue(now) => Err(Refusal::Expired),
            State::Offered => Err(Refusal::NotFound),
            State::Addressed { progress: Progress::Confirming { until, .. }, .. } if now < *until => {
                Err(Refusal::InProgress)
            }
            // After a crash the lease ends, but a session past its time is not confirmed anew.
            State::Addressed { .. } if now >= self.expires_at => Err(Refusal::Expired),
            State::Addressed { .. } => Ok(()),
        }
    }

    fn shares_ip(&self) -> bool {
        self.request.request_properties.share_md_client_ip_address
    }

    /// The session while it is being confirmed by `request`; else as it is, and whether its time ran out.
    #[allow(clippy::type_complexity)] // Taken apart at once by the only two callers.
    fn confirming(
        self,
        by: &RequestId,
        now: Timestamp,
    ) -> Result<(Self, Addressed, InteractionType, Option<UserChallenge>), (Self, bool)> {
        let overdue = self.is_overdue(now);
        match &self.state {
            State::Addressed {
                to,
                progress: Progress::Confirming { request, interaction, user_challenge, .. },
            } if request == by && !overdue => {
                let (to, interaction, user_challenge) = (to.clone(), *interaction, user_challenge.clone());
                Ok((self, to, interaction, user_challenge))
            }
            State::Complete { outcome: Outcome::Ended { result: EndResult::Timeout, .. }, .. } => {
                Err((self, true))
            }
            State::Offered | State::Addressed { .. } | State::Complete { .. } => Err((self, overdue)),
        }
    }

    fn displayed_again(self, to: Addressed) -> Self {
        Session { state: State::Addressed { to, progress: Progress::Displayed }, ..self }
    }
}

impl From<WrongPin> for Answered {
    fn from(consequence: WrongPin) -> Self {
        match consequence {
            WrongPin::TriesLeft { tries_left } => Self::WrongPin { tries_left },
            WrongPin::Locked { until } => Self::Locked { until },
            WrongPin::Blocked => Self::Blocked,
        }
    }
}
