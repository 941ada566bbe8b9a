//! Checking and changing a PIN (two-party key description, 1.9).
//!
//! ```text
//! check    the phone signs SHA-256("splitkey-pin-check" ‖ kid ‖ nonce); the service learns whether the PIN was right
//! propose  a check with the old PIN brings the new share's difference: new shares are kept beside the old
//! commit   a check with the new PIN against the new shares: they take the old ones' place
//! ```
//!
//! Every step is a counted try. Until the commit the old PIN works, so a mistyped new one costs nothing but tries.

use countersign_split_key::RefreshDelta;
use countersign_wire::device::{self, ShareRefresh, Token};
use countersign_wire::id::KeyId;
use countersign_wire::start::SignatureScheme;
use countersign_wire::words::HashAlgorithm;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::RequestId;
use crate::answer::{Answer, Answered};
use crate::custody::{Custody, WrappedKey};
use crate::device::{Device, DeviceState, NextToken, TokenVerdict};
use crate::error::Error;
use crate::event::Event;
use crate::key::{Key, LeaseLost};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::signing::{self, Shares, SigningFailure};

/// The hash of PIN checks.
const HASH: HashAlgorithm = HashAlgorithm::Sha256;
/// Octets in a nonce, fewest and most.
const NONCE: std::ops::RangeInclusive<usize> = 16..=64;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinStep {
    /// `pin-check`
    Check,
    /// `pin-change`
    Propose,
    /// `pin-change/commit`
    Commit,
}

/// A PIN step, with what it is judged by.
pub struct PinRequest<'a> {
    /// The device, whose proof was verified.
    pub device: Device,
    /// The key that the path names.
    pub key: Key,
    /// Which step.
    pub step: PinStep,
    /// `req`
    pub request: &'a RequestId,
    /// `token`
    pub token: &'a Token,
    /// `nonce`
    pub nonce: &'a [u8],
}

/// What became of a PIN step. Save what is inside.
pub enum BegunPin {
    /// A check has to be computed: save, [`PinWork::run`], then [`finish_pin`].
    Work {
        /// With a try counted.
        key: Key,
        /// What to compute.
        work: PinWork,
        /// What happened.
        events: Vec<Event>,
    },
    /// The answer was lost: send it again. Nothing changed.
    Resend(Answer),
    /// Two copies of the device exist: it is frozen. End its open sessions with [`crate::session::cancel`].
    Clone {
        /// Frozen.
        device: Device,
        /// What happened.
        events: Vec<Event>,
    },
    /// Nothing changed.
    Refused(Refusal),
}

/// A check to be computed, outside any transaction.
pub struct PinWork {
    step: PinStep,
    request: RequestId,
    shares: Shares,
    digest: Vec<u8>,
}

/// What a right PIN brought about.
pub struct PinRight {
    step: PinStep,
    /// The shares under the new PIN; with [`PinStep::Propose`].
    proposed: Option<WrappedKey>,
}

/// The result of the work, with everything as it is stored by now.
pub struct FinishPin {
    /// The device.
    pub device: Device,
    /// The key.
    pub key: Key,
    /// `req`
    pub request: RequestId,
    /// What [`PinWork::run`] gave.
    pub result: Result<PinRight, SigningFailure>,
    /// The token that follows.
    pub next: NextToken,
}

/// What became of it. Save all of it.
pub struct FinishedPin {
    /// With the next token, unless the computation failed on our side.
    pub device: Device,
    /// Free for the next try.
    pub key: Key,
    /// What to tell the device. `Err`: the token has not changed, and the same request may come again.
    pub answer: Result<Answer, Refusal>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Judges a PIN step: device, token, key; in this order.
pub fn begin_pin(request: PinRequest<'_>, settings: &Settings, now: Timestamp) -> BegunPin {
    let PinRequest { device, key, step, request, token, nonce } = request;
    match device.state() {
        DeviceState::Active => {}
        DeviceState::CloneSuspect { .. } => return BegunPin::Refused(Refusal::CloneSuspect),
        DeviceState::Revoked { .. } => return BegunPin::Refused(Refusal::DeviceRevoked),
    }
    match device.judge(token, request) {
        TokenVerdict::Fresh => {}
        TokenVerdict::Resend(answer) => return BegunPin::Resend(answer),
        TokenVerdict::Clone => {
            let (device, events) = device.freeze(now);
            return BegunPin::Clone { device, events };
        }
    }
    if key.account() != device.account() {
        return BegunPin::Refused(Refusal::NotFound);
    }
    if !NONCE.contains(&nonce.len()) {
        return BegunPin::Refused(Refusal::NotPossible { expected: "a nonce of 16 to 64 octets" });
    }
    let shares = match (step, key.pending_refresh()) {
        (PinStep::Check | PinStep::Propose, _) => Shares::of(&key),
        (PinStep::Commit, Some(proposed)) => Shares::with(&key, proposed.clone()),
        (PinStep::Commit, None) => {
            return BegunPin::Refused(Refusal::NotPossible { expected: "a change of PIN that was begun" });
        }
    };
    let digest = pin_check_digest(key.id(), nonce);
    match key.reserve_try(request, now, &settings.pins) {
        Ok((key, events)) => {
            let work = PinWork { step, request: request.clone(), shares, digest };
            BegunPin::Work { key, work, events }
        }
        Err(refusal) => BegunPin::Refused(refusal.into()),
    }
}

impl PinWork {
    /// `req` of the step.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// Checks the PIN; with [`PinStep::Propose`] also makes the shares under the new one from `refresh`.
    pub fn run(
        &self,
        custody: &Custody,
        part: &device::PartialSignature,
        refresh: Option<&ShareRefresh>,
        rng: &mut impl CryptoRng,
    ) -> Result<PinRight, SigningFailure> {
        let key = self.shares.open(custody)?;
        signing::check(&key, SignatureScheme::pss(HASH), &self.digest, part)?;
        let proposed = match (self.step, refresh) {
            (PinStep::Propose, Some(refresh)) => {
                let delta = delta(key.phone_modulus().bits(), refresh)?;
                let refreshed = key.refreshed(&delta).map_err(|_| SigningFailure::Malformed)?;
                let (place, before) = (self.shares.place(), Some(self.shares.wrapped()));
                Some(WrappedKey::wrap(&refreshed, place, before, custody, rng)?)
            }
            (PinStep::Propose, None) => return Err(SigningFailure::Malformed),
            (PinStep::Check | PinStep::Commit, _) => None,
        };
        Ok(PinRight { step: self.step, proposed })
    }
}

/// Takes the result of the work to where it belongs.
pub fn finish_pin(finish: FinishPin, settings: &Settings, now: Timestamp) -> Result<FinishedPin, LeaseLost> {
    let FinishPin { device, key, request, result, next } = finish;
    let (key, answered, events) = match result {
        Ok(PinRight { step, proposed }) => {
            let (key, mut events) = key.settle_right(&request, now, &settings.pins)?;
            match (step, proposed) {
                (PinStep::Propose, Some(proposed)) => {
                    (key.propose_refresh(proposed), Answered::PinChangeProposed, events)
                }
                (PinStep::Commit, _) => {
                    events.push(Event::PinChanged { key: key.id().clone() });
                    (key.commit_refresh(), Answered::PinChanged, events)
                }
                (PinStep::Check | PinStep::Propose, _) => (key, Answered::PinRight, events),
            }
        }
        Err(SigningFailure::WrongPin) => {
            let (key, consequence, events) = key.settle_wrong(&request, now, &settings.pins)?;
            (key, consequence.into(), events)
        }
        Err(failure @ (SigningFailure::Malformed | SigningFailure::Fault(_))) => {
            let (refusal, events) = failure.refusal(&key);
            let key = key.settle_fault(&request, now, &settings.pins)?;
            return Ok(FinishedPin { device, key, answer: Err(refusal), events });
        }
    };
    let answer = Answer { result: answered, token: next.sealed().clone() };
    let device = device.rotate(request, next, answer.clone());
    Ok(FinishedPin { device, key, answer: Ok(answer), events })
}

/// What a PIN check signs: `SHA-256("splitkey-pin-check" ‖ kid ‖ nonce)`.
fn pin_check_digest(key: &KeyId, nonce: &[u8]) -> Vec<u8> {
    let mut message = b"splitkey-pin-check".to_vec();
    message.extend(key.as_str().as_bytes());
    message.extend(nonce);
    HASH.digest(&message)
}

/// The difference as the arithmetic reads it: a sign octet and the magnitude at its full length.
fn delta(half_bits: u32, refresh: &ShareRefresh) -> Result<RefreshDelta, SigningFailure> {
    let length = half_bits as usize / 8 + 16;
    let padding = length.checked_sub(refresh.magnitude.len()).ok_or(SigningFailure::Malformed)?;
    let mut octets = zeroize::Zeroizing::new(Vec::with_capacity(1 + length));
    octets.push(u8::from(refresh.negative));
    octets.resize(1 + padding, 0);
    octets.extend_from_slice(&refresh.magnitude);
    RefreshDelta::from_bytes(half_bits, &octets).map_err(|error| match error {
        countersign_split_key::Error::Length { .. } | countersign_split_key::Error::OutOfRange { .. } => {
            SigningFailure::Malformed
        }
        other => SigningFailure::Fault(Error::from(other)),
    })
}
