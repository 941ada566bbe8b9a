//! Transactions: see what is asked, approve with a PIN, refuse.

use std::sync::Arc;

use countersign_split_key::{Binding, Hash, Padding, Pin, Scheme};
use countersign_wire::acsp::{AcspPayload, SchemeName};
use countersign_wire::base64::{B64u, from_b64};
use countersign_wire::callback::{UserChallenge, UserChallengeVerifier};
use countersign_wire::device::sealed::{self, SealedFor};
use countersign_wire::device::{
    Approval, CallbackTask, ClaimAnswer, ClaimRequest, ConfirmAnswer, ConfirmRequest, PartialSignature,
    RefusalReason, RefuseAnswer, RefuseRequest, Sealed, Transaction, TransactionFlow, TransactionHint,
    TransactionKind, TransactionsAnswer,
};
use countersign_wire::id::{KeyId, RequestId, TransactionId};
use countersign_wire::start::{Interaction, InteractionSet, Interactions};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{HashAlgorithm, InteractionType, SignatureAlgorithm};
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::storage::{Pending, PendingKind, Secret, StoredShare};
use crate::{Error, Phone, Transport};

/// A transaction as the person sees it.
pub struct Opened {
    /// Everything the service says about it.
    pub transaction: Transaction,
    /// What is shown: the first interaction that this phone supports. None for a certificate choice.
    pub interaction: Option<Interaction>,
}

/// What the person picks where codes are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// No code is chosen.
    None,
    /// The code that the person sees at the e-service, or believes to.
    Code(VerificationCode),
}

/// An approval that the service has accepted.
pub struct Approved {
    /// The URL to open now, with its parameters: the way back on the same device.
    pub callback: Option<String>,
}

/// Which of a key's shares is used.
#[derive(Clone, Copy)]
pub(crate) enum Share {
    Current,
    Next,
}

/// What is signed, and how it is encoded.
pub(crate) struct ToSign {
    pub(crate) padding: Padding,
    pub(crate) digest: Vec<u8>,
}

impl<T: Transport> Phone<T> {
    /// What waits for this person, oldest first. Waits up to `wait_seconds` for something to come.
    pub async fn transactions(
        &mut self,
        wait_seconds: u8,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Vec<TransactionHint>, Error> {
        let path = format!("/transactions?wait={wait_seconds}");
        let answer: TransactionsAnswer = self.channel.get(&path, now, rng).await?;
        Ok(answer.transactions)
    }

    /// Takes the session behind a device link or QR code for this phone.
    pub async fn claim(
        &mut self,
        link: &str,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<TransactionId, Error> {
        let request = ClaimRequest { link: link.to_owned() };
        let answer: ClaimAnswer = self.channel.post("/transactions/claim", &request, now, rng).await?;
        Ok(answer.tx)
    }

    /// Fetches a transaction and picks the interaction to show. Error: [`Error::NoInteraction`], after which
    /// [`refuse`](Self::refuse) with [`RefusalReason::InteractionNotSupported`] is right.
    pub async fn open_transaction(
        &mut self,
        tx: &TransactionId,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Opened, Error> {
        let transaction: Transaction = self.channel.get(&format!("/transactions/{tx}"), now, rng).await?;
        let interaction = match &transaction.interactions {
            None => None,
            Some(text) => {
                let set = match transaction.flow {
                    TransactionFlow::Notification => InteractionSet::Notification,
                    TransactionFlow::DeviceLink | TransactionFlow::Linked => InteractionSet::DeviceLink,
                };
                // This phone supports every kind there is; one that comes later is not in the list.
                let interactions = Interactions::parse(text, set)?;
                Some(interactions.first_supported(|_| true).cloned().ok_or(Error::NoInteraction)?)
            }
        };
        Ok(Opened { transaction, interaction })
    }

    /// Confirms a certificate choice, which takes no PIN.
    pub async fn choose_certificate(
        &mut self,
        opened: &Opened,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Approved, Error> {
        let transaction = &opened.transaction;
        if transaction.kind != TransactionKind::CertChoice {
            return Err(Error::MalformedTransaction("a signature needs a PIN"));
        }
        let request = ConfirmRequest {
            req: RequestId::generate(rng),
            interaction: None,
            chosen_code: None,
            user_challenge: None,
            approval: None,
        };
        let path = format!("/transactions/{}/confirm", transaction.tx);
        let answer: ConfirmAnswer = self.channel.post(&path, &request, now, rng).await?;
        Ok(Approved { callback: answer.callback.map(|task| completed(&task, None)) })
    }

    /// Approves an authentication or a signature with its PIN.
    ///
    /// After [`Error::NoAnswer`] the same call asks again under the same request id, so that exactly one signature
    /// comes of it. A wrong PIN is [`Error::WrongPin`], and the transaction stays open. Another request that has no
    /// answer yet is [settled](Self::settle) first, which may be too early.
    pub async fn approve(
        &mut self,
        opened: &Opened,
        pin: Pin,
        choice: Choice,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Approved, Error> {
        let transaction = &opened.transaction;
        let tx = &transaction.tx;
        let interaction = opened.interaction.as_ref().ok_or(Error::NoInteraction)?.kind;
        let kid = transaction.kid.as_ref().ok_or(Error::MalformedTransaction("no key"))?;
        let earlier = self.storage.pending.clone().filter(
            |pending| matches!(&pending.kind, PendingKind::Confirm { tx: earlier, .. } if earlier == tx),
        );
        let pending = match earlier {
            // The same request again: if it was carried out, its answer comes, and nothing is signed twice.
            Some(earlier) => Pending { sent_at: now, ..earlier },
            None => {
                self.settle(now, rng).await?;
                let verifier = match transaction.kind {
                    TransactionKind::Auth => Some(UserChallengeVerifier::generate(rng)),
                    TransactionKind::Sign | TransactionKind::CertChoice => None,
                };
                Pending {
                    req: RequestId::generate(rng),
                    sent_at: now,
                    token: self.storage.token.clone(),
                    salt: B64u(Padding::fresh(scheme(transaction)?, rng).salt().to_vec()),
                    kind: PendingKind::Confirm {
                        tx: tx.clone(),
                        kid: kid.clone(),
                        interaction: Some(interaction),
                        verifier: verifier.as_ref().map(Secret::of_verifier).transpose()?,
                    },
                }
            }
        };
        let PendingKind::Confirm { verifier, .. } = &pending.kind else { return Err(Error::PendingFirst) };
        let verifier = verifier.as_ref().map(Secret::to_verifier).transpose()?;
        let user_challenge = verifier.as_ref().map(UserChallengeVerifier::challenge);
        let to_sign = ToSign {
            padding: padding(scheme(transaction)?, &pending.salt),
            digest: digest(transaction, interaction, user_challenge.as_ref())?,
        };
        let partial = self.partial_signature(kid, Share::Current, to_sign, &Arc::new(pin)).await?;
        let request = ConfirmRequest {
            req: pending.req.clone(),
            interaction: Some(interaction),
            chosen_code: match choice {
                Choice::None => None,
                Choice::Code(code) => Some(code),
            },
            user_challenge,
            approval: Some(Approval {
                kid: kid.clone(),
                token: pending.token.clone(),
                sealed: self.seal(SealedFor::Confirm { tx, kid }, &partial, rng)?,
            }),
        };
        let path = format!("/transactions/{tx}/confirm");
        let answer: ConfirmAnswer = self.counted(&path, pending, &request, |_, _| {}, now, rng).await??;
        Ok(Approved { callback: answer.callback.map(|task| completed(&task, verifier.as_ref())) })
    }

    /// Refuses a transaction. Gives the URL to open, if there is a way back.
    pub async fn refuse(
        &mut self,
        tx: &TransactionId,
        reason: RefusalReason,
        interaction: Option<InteractionType>,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<Option<String>, Error> {
        let request = RefuseRequest { req: RequestId::generate(rng), reason, interaction };
        let answer: RefuseAnswer =
            self.channel.post(&format!("/transactions/{tx}/refuse"), &request, now, rng).await?;
        Ok(answer.callback.map(|task| completed(&task, None)))
    }

    /// The phone's part of a signature, computed off the async threads.
    pub(crate) async fn partial_signature(
        &self,
        kid: &KeyId,
        which: Share,
        to_sign: ToSign,
        pin: &Arc<Pin>,
    ) -> Result<PartialSignature, Error> {
        let key = self.storage.key(kid)?;
        let n1 = key.n1()?;
        let share: &StoredShare = match which {
            Share::Current => &key.share,
            Share::Next => key.next.as_ref().ok_or(Error::PendingFirst)?,
        };
        let share = share.masked(n1.bits())?;
        let bits = key.modulus_bits()?;
        let kid = kid.clone();
        let pin = Arc::clone(pin);
        let work = move || {
            let message = to_sign.padding.encode(&to_sign.digest, bits)?;
            let binding = Binding { kid: kid.as_str().as_bytes(), hardware: &[] };
            let y = share.partial_signature(&pin, binding, &n1, &message)?.to_be_bytes();
            Ok(PartialSignature { salt: to_sign.padding.salt().to_vec(), y: y.to_vec() })
        };
        blocking(work).await
    }

    /// Seals a part to the signing core.
    pub(crate) fn seal(
        &self,
        purpose: SealedFor<'_>,
        partial: &PartialSignature,
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed, Error> {
        let core = self.storage.core_key()?;
        Ok(sealed::seal(rng, &core.point, &core.id, purpose, &partial.to_plaintext())?)
    }
}

/// Runs arithmetic where it does not hold up other tasks.
pub(crate) async fn blocking<A: Send + 'static>(
    work: impl FnOnce() -> Result<A, Error> + Send + 'static,
) -> Result<A, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Storage(error.to_string()))?
}

/// The padding with a salt chosen earlier.
pub(crate) fn padding(scheme: Scheme, salt: &B64u) -> Padding {
    match scheme {
        Scheme::Pss(hash) => Padding::Pss { hash, salt: salt.0.clone() },
        Scheme::Pkcs1(hash) => Padding::Pkcs1 { hash },
    }
}

/// The split-key crate's word for a hash of the wire.
pub(crate) fn hash(algorithm: HashAlgorithm) -> Result<Hash, Error> {
    Ok(Hash::by_name(algorithm.as_str())?)
}

fn scheme(transaction: &Transaction) -> Result<Scheme, Error> {
    let hash_algorithm = transaction.hash.ok_or(Error::MalformedTransaction("no hash"))?;
    let hash = hash(hash_algorithm)?;
    match transaction.signature_algorithm.ok_or(Error::MalformedTransaction("no signature algorithm"))? {
        SignatureAlgorithm::RsassaPss => Ok(Scheme::Pss(hash)),
        algorithm @ (SignatureAlgorithm::Sha256WithRsaEncryption
        | SignatureAlgorithm::Sha384WithRsaEncryption
        | SignatureAlgorithm::Sha512WithRsaEncryption) => {
            if algorithm.hash() == Some(hash_algorithm) {
                Ok(Scheme::Pkcs1(hash))
            } else {
                Err(Error::MalformedTransaction("hash and signature algorithm differ"))
            }
        }
    }
}

/// What is signed: for an authentication the payload that this phone puts together from what it shows.
fn digest(
    transaction: &Transaction,
    interaction: InteractionType,
    user_challenge: Option<&UserChallenge>,
) -> Result<Vec<u8>, Error> {
    match (transaction.kind, &transaction.acsp, &transaction.digest) {
        (TransactionKind::Auth, Some(acsp), None) => {
            let payload = AcspPayload {
                scheme: &SchemeName::parse(&acsp.scheme)?,
                server_random: &acsp.server_random,
                rp_challenge: &acsp.rp_challenge,
                user_challenge: user_challenge.ok_or(Error::MalformedTransaction("no user challenge"))?,
                relying_party_name: &acsp.rp_name,
                brokered_rp_name: &acsp.brokered_rp_name,
                interactions: transaction.interactions.as_deref().unwrap_or_default(),
                interaction_type_used: interaction,
                initial_callback_url: &acsp.callback,
                flow_type: transaction.flow_type,
            };
            if acsp.rp_name != transaction.rp.name {
                return Err(Error::MalformedTransaction("another relying party is signed than is shown"));
            }
            Ok(payload.digest(transaction.hash.ok_or(Error::MalformedTransaction("no hash"))?))
        }
        (TransactionKind::Sign, None, Some(digest)) => {
            from_b64(digest).ok_or(Error::MalformedTransaction("the digest is not Base64"))
        }
        (TransactionKind::Auth | TransactionKind::Sign | TransactionKind::CertChoice, _, _) => {
            Err(Error::MalformedTransaction("what is signed does not fit its kind"))
        }
    }
}

pub(crate) fn completed(task: &CallbackTask, verifier: Option<&UserChallengeVerifier>) -> String {
    task.url.completed(&task.session_secret_digest, verifier)
}
