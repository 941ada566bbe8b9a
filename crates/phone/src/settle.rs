//! Counted requests: sent exactly once in effect, whatever happens on the way.
//!
//! Each carries a token that is used up when the service processes it, and an id. Both are written down before
//! anything is sent. When no answer came, the same id with the same token gets the stored answer, or has the request
//! processed if it never was; anything else under that token would look like a copied phone. So an open request is
//! settled before another is made: sent again with an empty part, which costs no try.

use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{
    Approval, ConfirmAnswer, ConfirmRequest, DeviceErrorCode, DeviceProblem, KeyProofAnswer, KeyProofRequest,
    PartialSignature, PinChangeAnswer, PinChangeRequest, PinCheckAnswer, PinCheckRequest, Sealed, Token,
};
use countersign_wire::id::{KeyId, TransactionId};
use countersign_wire::words::Open;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::approve::completed;
use crate::storage::{Pending, PendingKind, PinStep, Secret, Storage};
use crate::{Approved, Error, Phone, Transport};

/// What became of a request that had no answer.
pub enum Settled {
    /// There was none.
    Nothing,
    /// The service never processed it, or refused it; also when a wrong PIN was counted.
    NotDone,
    /// The transaction was confirmed.
    Confirmed {
        /// Which.
        tx: TransactionId,
        /// As if the answer had come.
        approved: Approved,
    },
    /// The new key was proven.
    KeyProven,
    /// The PIN was right.
    PinRight,
    /// The new share is noted; the new PIN has to prove itself.
    PinChangeProposed,
    /// The PIN was changed.
    PinChanged {
        /// Of which key.
        kid: KeyId,
    },
}

/// The next token in an answer.
pub(crate) trait Counted: DeserializeOwned {
    fn token(&self) -> Option<&Sealed>;
}

impl Counted for ConfirmAnswer {
    fn token(&self) -> Option<&Sealed> {
        self.token.as_ref()
    }
}

impl Counted for KeyProofAnswer {
    fn token(&self) -> Option<&Sealed> {
        Some(&self.token)
    }
}

impl Counted for PinCheckAnswer {
    fn token(&self) -> Option<&Sealed> {
        Some(&self.token)
    }
}

impl Counted for PinChangeAnswer {
    fn token(&self) -> Option<&Sealed> {
        Some(&self.token)
    }
}

impl<T: Transport> Phone<T> {
    /// Finds out what became of the last counted request if no answer to it came. Takes no PIN and costs no try.
    ///
    /// [`Error::OnItsWay`]: it was sent less than two seconds ago. Were it told to be undone and then arrived, it would
    /// use up the token behind the phone's back, which looks like a copied phone.
    ///
    /// [`Error::Refused`] with code `IN_PROGRESS`: the service is at it still, or its lease has not run out; try again
    /// in some seconds.
    pub async fn settle(
        &mut self,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Settled, Error> {
        let Some(pending) = self.storage.pending.clone() else { return Ok(Settled::Nothing) };
        if let Some(until) = pending.on_its_way(now) {
            return Err(Error::OnItsWay { until });
        }
        let (req, token) = (pending.req.clone(), pending.token.clone());
        let empty = PartialSignature { salt: Vec::new(), y: Vec::new() };
        let settled = match pending.kind.clone() {
            PendingKind::KeyProof { kid, csr } => {
                let sealed = self.seal(SealedFor::Proof { kid: &kid }, &empty, rng)?;
                let request = KeyProofRequest { tx: csr.tx, req, token, sealed };
                let path = format!("/keys/{kid}/proof");
                let after = |storage: &mut Storage, outcome: Outcome| storage.after_proof(&kid, outcome);
                match self.counted::<_, KeyProofAnswer>(&path, pending, &request, after, now, rng).await? {
                    Ok(_) => Settled::KeyProven,
                    Err(problem) => self.not_done(problem)?,
                }
            }
            PendingKind::Confirm { tx, kid, interaction, verifier } => {
                let verifier = verifier.as_ref().map(Secret::to_verifier).transpose()?;
                let sealed = self.seal(SealedFor::Confirm { tx: &tx, kid: &kid }, &empty, rng)?;
                let request = ConfirmRequest {
                    req,
                    interaction,
                    chosen_code: None,
                    user_challenge: verifier.as_ref().map(|verifier| verifier.challenge()),
                    approval: Some(Approval { kid, token, sealed }),
                };
                let path = format!("/transactions/{tx}/confirm");
                let after = |_: &mut Storage, _: Outcome| {};
                match self.counted::<_, ConfirmAnswer>(&path, pending, &request, after, now, rng).await? {
                    Ok(answer) => {
                        let callback = answer.callback.map(|task| completed(&task, verifier.as_ref()));
                        Settled::Confirmed { tx, approved: Approved { callback } }
                    }
                    Err(problem) => self.not_done(problem)?,
                }
            }
            PendingKind::Pin { kid, nonce, step } => {
                let sealed = self.seal(SealedFor::PinCheck { kid: &kid }, &empty, rng)?;
                let check = PinCheckRequest { req, token, nonce, sealed };
                match step {
                    PinStep::Check => {
                        let path = format!("/keys/{kid}/pin-check");
                        let after = |_: &mut Storage, _: Outcome| {};
                        match self
                            .counted::<_, PinCheckAnswer>(&path, pending, &check, after, now, rng)
                            .await?
                        {
                            Ok(_) => Settled::PinRight,
                            Err(problem) => self.not_done(problem)?,
                        }
                    }
                    PinStep::Propose { refresh } => {
                        let PinCheckRequest { req, token, nonce, sealed } = check;
                        let request = PinChangeRequest { req, token, nonce, sealed, refresh };
                        let path = format!("/keys/{kid}/pin-change");
                        let after =
                            |storage: &mut Storage, outcome: Outcome| storage.after_proposal(&kid, outcome);
                        let answer =
                            self.counted::<_, PinChangeAnswer>(&path, pending, &request, after, now, rng);
                        match answer.await? {
                            Ok(_) => Settled::PinChangeProposed,
                            Err(problem) => self.not_done(problem)?,
                        }
                    }
                    PinStep::Commit => {
                        let path = format!("/keys/{kid}/pin-change/commit");
                        let after =
                            |storage: &mut Storage, outcome: Outcome| storage.after_commit(&kid, outcome);
                        let answer =
                            self.counted::<_, PinChangeAnswer>(&path, pending, &check, after, now, rng);
                        match answer.await? {
                            Ok(_) => Settled::PinChanged { kid },
                            // The service has the new share still beside the old one.
                            Err(problem) => self.not_done(problem)?,
                        }
                    }
                }
            }
        };
        Ok(settled)
    }

    /// A problem that decides the request, unless it says that this phone is finished or that it is too early to tell.
    fn not_done(&self, problem: DeviceProblem) -> Result<Settled, Error> {
        match Error::from(problem) {
            error @ Error::CloneSuspect => Err(error),
            error if self.storage.pending.is_some() => Err(error),
            _ => Ok(Settled::NotDone),
        }
    }

    /// Sends a counted request: writes it down first; and after the answer, in one write, the next token and what
    /// else follows from it (`after`, which is not called while the request is undecided). A problem is a value.
    pub(crate) async fn counted<Q: Serialize, A: Counted>(
        &mut self,
        path: &str,
        pending: Pending,
        request: &Q,
        after: impl FnOnce(&mut Storage, Outcome) + Send,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Result<A, DeviceProblem>, Error> {
        self.storage.pending = Some(pending);
        self.save()?;
        let answer = self.channel.try_post::<Q, A>(path, request, now, rng).await?;
        let next = match &answer {
            Ok(answer) => answer.token(),
            Err(problem) => problem.token.as_ref(),
        };
        if let Some(next) = next {
            let purpose = SealedFor::Token { device: &self.storage.device_id };
            self.storage.token = Token::from_plaintext(&self.storage.sealing_key()?.open(next, purpose)?)?;
        }
        let outcome = match &answer {
            Ok(_) => Outcome::Done,
            Err(problem) if problem.code == Open::Known(DeviceErrorCode::WrongPin) => Outcome::WrongPin,
            Err(_) => Outcome::Refused,
        };
        if next.is_some() || answer.as_ref().err().is_none_or(decides) {
            self.storage.pending = None;
            after(&mut self.storage, outcome);
            self.save()?;
        }
        Ok(answer)
    }
}

/// How a counted request was decided.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As asked.
    Done,
    /// The PIN was wrong.
    WrongPin,
    /// Any other way.
    Refused,
}

impl Storage {
    /// After a proof.
    pub(crate) fn after_proof(&mut self, kid: &KeyId, outcome: Outcome) {
        if let (Ok(key), Outcome::Done) = (self.key_mut(kid), outcome) {
            key.proven = true;
        }
    }

    /// After a new share was offered: if it was not taken, it will never count.
    pub(crate) fn after_proposal(&mut self, kid: &KeyId, outcome: Outcome) {
        if let (Ok(key), Outcome::WrongPin | Outcome::Refused) = (self.key_mut(kid), outcome) {
            key.next = None;
        }
    }

    /// After the new PIN was tried: if it was right, its share takes the old one's place; if it was wrong, the old one
    /// goes on to count, and another change begins anew.
    pub(crate) fn after_commit(&mut self, kid: &KeyId, outcome: Outcome) {
        match (self.key_mut(kid), outcome) {
            (Ok(key), Outcome::Done) => key.take_next(),
            (Ok(key), Outcome::WrongPin) => key.next = None,
            (Ok(_), Outcome::Refused) | (Err(_), _) => {}
        }
    }
}

/// Whether a problem without a token tells that the request was judged and nothing was counted. Others say nothing
/// about an earlier copy of the same request, so it stays open.
fn decides(problem: &DeviceProblem) -> bool {
    match &problem.code {
        Open::Known(code) => match code {
            DeviceErrorCode::TxExpired
            | DeviceErrorCode::TxCancelled
            | DeviceErrorCode::AlreadyDone
            | DeviceErrorCode::WrongCode
            | DeviceErrorCode::Locked
            | DeviceErrorCode::Blocked
            | DeviceErrorCode::KeyRefused
            | DeviceErrorCode::CloneSuspect
            | DeviceErrorCode::BadRequest
            | DeviceErrorCode::NotFound => true,
            DeviceErrorCode::WrongPin
            | DeviceErrorCode::InProgress
            | DeviceErrorCode::UseNonce
            | DeviceErrorCode::UpgradeRequired
            | DeviceErrorCode::UnknownDevice
            | DeviceErrorCode::ProofInvalid
            | DeviceErrorCode::ActivationInvalid
            | DeviceErrorCode::LinkInvalid
            | DeviceErrorCode::LinkStale
            | DeviceErrorCode::LinkTaken
            | DeviceErrorCode::LinkNoCallback
            | DeviceErrorCode::WrongPerson
            | DeviceErrorCode::TooManyRequests => false,
        },
        Open::Unknown(_) => false,
    }
}

#[cfg(test)]
mod tests;
