//! A phone makes a key with the service, and proves that both halves work.

use countersign_pki::certificate::{Name, name};
use countersign_pki::csr::{CertificationRequest, certification_request_info};
use countersign_pki::{Digest, PublicKey, SignatureAlgorithm};
use countersign_split_key::{ModulusFault, OuterKey, Parameters, PhoneModulus, ServerKey, ServiceShare};
use countersign_wire::base64::B64u;
use countersign_wire::device::{self, CsrTask, KeyProofRequest, KeyShare};
use countersign_wire::id::{KeyId, TransactionId};
use countersign_wire::start::SignatureScheme;
use countersign_wire::words::HashAlgorithm;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::account::{Account, AccountState};
use crate::answer::{Answer, Answered};
use crate::custody::{Custody, KeyPlace, WrappedKey};
use crate::device::{Device, DeviceState, NextToken, TokenVerdict};
use crate::error::{Error, Failure};
use crate::event::Event;
use crate::key::{Key, KeyRefusal, LeaseLost};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::signing::{self, Shares, SigningFailure};
use crate::{KeyUse, RequestId};

/// The hash of certification requests.
const HASH: HashAlgorithm = HashAlgorithm::Sha256;

/// What a key is made of.
pub struct KeyMaking<'a> {
    /// Whose it will be.
    pub account: &'a Account,
    /// Which PIN.
    pub usage: KeyUse,
    /// What the phone sent, opened.
    pub share: &'a KeyShare,
    /// The sizes that this service makes keys with.
    pub parameters: &'a Parameters,
    /// Wraps the service's shares.
    pub custody: &'a Custody,
}

/// A new key, to be attached and proven.
pub struct NewKey {
    /// Pending.
    pub key: Key,
    /// What the phone signs to prove it.
    pub task: CsrTask,
}

/// Makes a key from the phone's share, outside any transaction: it takes about ten milliseconds, and longer when `outer`
/// has to make an outer key that fits.
///
/// Refused: [`Refusal::KeyRefused`] when the phone's numbers are not good enough. `outer` is not called for keys with
/// a single modulus.
pub fn make_key(
    making: KeyMaking<'_>,
    outer: impl FnOnce(&PhoneModulus) -> Result<OuterKey, countersign_split_key::Error>,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<NewKey, Failure> {
    let KeyMaking { account, usage, share, parameters, custody } = making;
    let phone_modulus = PhoneModulus::check(parameters, &share.n1).map_err(refused)?;
    let service_share = ServiceShare::from_be_bytes(parameters.half_bits(), &share.b).map_err(refused)?;
    let server_key = if parameters.is_composite() {
        let outer = outer(&phone_modulus)?;
        ServerKey::composite(phone_modulus, service_share, outer)?
    } else {
        ServerKey::single_modulus(phone_modulus, service_share)?
    };
    let modulus = server_key.public_key().modulus().as_be_bytes().to_vec();
    let public_key = public_key(&modulus)?;
    let request_info = certification_request_info(&subject(account)?, &public_key);
    let transaction = TransactionId::generate(rng);
    let task = CsrTask {
        tx: transaction.clone(),
        digest: B64u(HASH.digest(&request_info)),
        info: B64u(request_info.clone()),
        hash: HASH,
    };
    let id = KeyId::generate(rng);
    let place = KeyPlace { account: &account.document, key: &id, modulus: &modulus };
    let wrapped = WrappedKey::wrap(&server_key, place, None, custody, rng)?;
    let key = Key::pending(
        id,
        account.document.clone(),
        usage,
        modulus,
        server_key.phone_modulus().as_be_bytes(),
        wrapped,
        transaction,
        request_info,
        now,
    );
    Ok(NewKey { key, task })
}

/// Puts a new key in its place in the account. `earlier` is the key that is there now: one that was proven stays.
///
/// Gives the account and, revoked, the key that was replaced.
pub fn attach(
    mut account: Account,
    key: &Key,
    earlier: Option<Key>,
) -> Result<(Account, Option<Key>, Vec<Event>), Refusal> {
    match account.state {
        AccountState::Registering => {}
        AccountState::Active => return Err(Refusal::KeyRefused { reason: "the account has its keys" }),
        AccountState::Revoked { .. } => return Err(Refusal::DeviceRevoked),
    }
    let replaced = match earlier {
        Some(earlier) if earlier.certification_request().is_some() => {
            return Err(Refusal::KeyRefused { reason: "the account has this key" });
        }
        Some(earlier) => Some(earlier.revoke()),
        None => None,
    };
    match key.usage() {
        KeyUse::Auth => account.keys.auth = Some(key.id().clone()),
        KeyUse::Sign => account.keys.sign = Some(key.id().clone()),
    }
    let event =
        Event::KeyMade { key: key.id().clone(), document: account.document.clone(), usage: key.usage() };
    Ok((account, replaced, vec![event]))
}

/// What became of a proof. Save what is inside.
pub enum BegunProof {
    /// A signature has to be computed: save, [`ProofWork::run`], then [`finish_proof`].
    Work {
        /// Taken.
        key: Key,
        /// What to compute.
        work: ProofWork,
    },
    /// The answer was lost: send it again. Nothing changed.
    Resend(Answer),
    /// Two copies of the device exist: it is frozen.
    Clone {
        /// Frozen.
        device: Device,
        /// What happened.
        events: Vec<Event>,
    },
    /// Nothing changed.
    Refused(Refusal),
}

/// A proof to be computed, outside any transaction.
pub struct ProofWork {
    request: RequestId,
    shares: Shares,
    request_info: Vec<u8>,
}

/// The result of the work, with everything as it is stored by now.
pub struct FinishProof {
    /// The device.
    pub device: Device,
    /// The key.
    pub key: Key,
    /// `req` of the proof.
    pub request: RequestId,
    /// What [`ProofWork::run`] gave.
    pub result: Result<Vec<u8>, SigningFailure>,
    /// The token that follows.
    pub next: NextToken,
}

/// What became of it. Save all of it.
pub struct FinishedProof {
    /// With the next token, unless the computation failed on our side.
    pub device: Device,
    /// Proven, or revoked: after a wrong proof the phone makes another.
    pub key: Key,
    /// What to tell the device. `Err`: the token has not changed, and the same request may come again.
    pub answer: Result<Answer, Refusal>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Judges a proof of possession: device, token, transaction, key; in this order.
pub fn begin_proof(
    device: Device,
    key: Key,
    request: &KeyProofRequest,
    settings: &Settings,
    now: Timestamp,
) -> BegunProof {
    match device.state() {
        DeviceState::Active => {}
        DeviceState::CloneSuspect { .. } => return BegunProof::Refused(Refusal::CloneSuspect),
        DeviceState::Revoked { .. } => return BegunProof::Refused(Refusal::DeviceRevoked),
    }
    match device.judge(&request.token, &request.req) {
        TokenVerdict::Fresh => {}
        TokenVerdict::Resend(answer) => return BegunProof::Resend(answer),
        TokenVerdict::Clone => {
            let (device, events) = device.freeze(now);
            return BegunProof::Clone { device, events };
        }
    }
    if key.account() != device.account() {
        return BegunProof::Refused(Refusal::NotFound);
    }
    let request_info = match key.due_proof() {
        Some((transaction, request_info)) if *transaction == request.tx => request_info.to_vec(),
        Some(_) => return BegunProof::Refused(Refusal::NotFound),
        None => return BegunProof::Refused(Refusal::AlreadyDone),
    };
    let work = ProofWork { request: request.req.clone(), shares: Shares::of(&key), request_info };
    match key.reserve_proof(&request.req, now, &settings.pins) {
        Ok(key) => BegunProof::Work { key, work },
        Err(KeyRefusal::InProgress) => BegunProof::Refused(Refusal::InProgress),
        Err(
            refusal @ (KeyRefusal::Locked { .. }
            | KeyRefusal::Blocked
            | KeyRefusal::Revoked
            | KeyRefusal::NotActive),
        ) => BegunProof::Refused(refusal.into()),
    }
}

impl ProofWork {
    /// `req` of the proof.
    pub fn request(&self) -> &RequestId {
        &self.request
    }

    /// Completes the phone's part and puts the certification request together: DER, its signature verified.
    ///
    /// The phone says by its salt which padding it used: none for PKCS#1 v1.5, one as long as the hash for PSS.
    pub fn run(&self, custody: &Custody, part: &device::PartialSignature) -> Result<Vec<u8>, SigningFailure> {
        let (scheme, algorithm) = if part.salt.is_empty() {
            let scheme = SignatureScheme::new(
                countersign_wire::words::SignatureAlgorithm::Sha256WithRsaEncryption,
                Some(HASH),
            );
            (scheme.map_err(Error::from)?, SignatureAlgorithm::RsaPkcs1(Digest::Sha256))
        } else {
            (SignatureScheme::pss(HASH), SignatureAlgorithm::RsaPss(Digest::Sha256))
        };
        let digest = HASH.digest(&self.request_info);
        let signature = signing::complete(&self.shares.open(custody)?, scheme, &digest, part)?;
        let request = CertificationRequest::assemble(&self.request_info, algorithm, &signature);
        Ok(request.map_err(Error::from)?.as_der().to_vec())
    }
}

/// Takes the result of the work to where it belongs.
pub fn finish_proof(finish: FinishProof) -> Result<FinishedProof, LeaseLost> {
    let FinishProof { device, key, request, result, next } = finish;
    let (key, answered, events) = match result {
        Ok(certification_request) => {
            let (key, events) = key.prove(&request, certification_request)?;
            (key, Answered::KeyProven, events)
        }
        Err(SigningFailure::WrongPin) => {
            let (key, events) = key.discard(&request)?;
            (key, Answered::KeyDiscarded, events)
        }
        Err(failure @ (SigningFailure::Malformed | SigningFailure::Fault(_))) => {
            let (refusal, events) = failure.refusal(&key);
            let key = key.release_proof(&request)?;
            return Ok(FinishedProof { device, key, answer: Err(refusal), events });
        }
    };
    let answer = Answer { result: answered, token: next.sealed().clone() };
    let device = device.rotate(request, next, answer.clone());
    Ok(FinishedProof { device, key, answer: Ok(answer), events })
}

/// The key as certificates write it.
pub(crate) fn public_key(modulus: &[u8]) -> Result<PublicKey, countersign_pki::Error> {
    PublicKey::from_rsa_components(modulus, &countersign_split_key::PUBLIC_EXPONENT.to_be_bytes())
}

/// The subject that the certificates will have: country, `SURNAME,GIVEN`, surname, given name, identifier.
fn subject(account: &Account) -> Result<Name, countersign_pki::Error> {
    let holder = &account.holder;
    Name::of(&[
        (name::COUNTRY, account.person.country()),
        (name::COMMON_NAME, &format!("{},{}", holder.surname, holder.given_name)),
        (name::SURNAME, &holder.surname),
        (name::GIVEN_NAME, &holder.given_name),
        (name::SERIAL_NUMBER, account.person.as_str()),
    ])
}

/// The phone's numbers are refused by name of the fault; anything else is our fault.
fn refused(error: countersign_split_key::Error) -> Failure {
    let reason = match error {
        countersign_split_key::Error::PhoneModulus(fault) => match fault {
            ModulusFault::BitLength { .. } => "the modulus has the wrong length",
            ModulusFault::TooSmall => "the modulus is below 0.57 of the range",
            ModulusFault::Even => "the modulus is even",
            ModulusFault::SmallFactor(_) => "the modulus has a small factor",
            ModulusFault::Prime => "the modulus is prime",
            ModulusFault::PerfectPower => "the modulus is a perfect power",
            ModulusFault::RocaPattern => "the modulus comes from a broken generator",
            // The list may grow; the phone makes another key in any case.
            _ => "the modulus is not good enough",
        },
        countersign_split_key::Error::Modulus { .. } => "the modulus is not a usable number",
        countersign_split_key::Error::Length { .. } | countersign_split_key::Error::OutOfRange { .. } => {
            "the share is out of range"
        }
        other => return other.into(),
    };
    Refusal::KeyRefused { reason }.into()
}
