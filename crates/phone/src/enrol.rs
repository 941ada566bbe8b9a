//! Registration: from an activation code to two proven keys with certificates.

use std::num::NonZeroU32;
use std::sync::Arc;

use countersign_split_key::{
    Binding, DeviceKey as SplitKey, Kdf, MaskedShare, Padding, Parameters, Pin, PublicKey, Scheme,
};
use countersign_wire::base64::B64u;
use countersign_wire::device::proof::DeviceKey;
use countersign_wire::device::sealed::{self, SealedFor, SealingKey};
use countersign_wire::device::{
    ActivationAnswer, ActivationRequest, CsrTask, DeviceCertificate, Empty, Jwk, KeyAnswer, KeyParameters,
    KeyProofAnswer, KeyProofRequest, KeyRequest, KeyShare, KeyUse, RegistrationAnswer, Token,
};
use countersign_wire::id::{KeyId, RequestId};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};

use crate::approve::{Share, ToSign, blocking, hash, padding};
use crate::channel::Channel;
use crate::storage::{Pending, PendingKind, Secret, Storage, StoredKey, StoredShare, Vault};
use crate::{Error, Phone, Pins, Transport};

/// How a phone introduces itself, and what it may use.
pub struct Enrolment<'a> {
    /// The code from registration; single use.
    pub activation_code: &'a str,
    /// Such as `headless`.
    pub platform: &'a str,
    /// Sizes of the keys; those of the service must agree.
    pub parameters: Parameters,
}

/// How often an activation is sent when no answer comes: the code is used up by the first that arrives, and only
/// these very device keys can use it again.
const ACTIVATION_ATTEMPTS: u32 = 3;

impl<T: Transport> Phone<T> {
    /// Registers a new phone: device keys, two two-party keys with proof of possession, certificates. Takes a second
    /// or two at full key size.
    ///
    /// When it fails after the activation, the [`Vault`] holds a phone that [`finish_enrolment`](Self::finish_enrolment)
    /// brings to its end.
    pub async fn activate<R: CryptoRng + Send>(
        transport: T,
        vault: Box<dyn Vault>,
        enrolment: &Enrolment<'_>,
        pins: Pins,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(Self, Vec<DeviceCertificate>), Error> {
        let (proof_key, sealing_key) = (DeviceKey::generate(rng), SealingKey::generate(rng));
        let secrets = (Secret::new(&proof_key.to_secret()), Secret::new(&sealing_key.to_secret()));
        let request = ActivationRequest {
            activation_code: enrolment.activation_code.to_owned(),
            dk: proof_key.jwk().clone(),
            ek: Jwk::from(sealing_key.point().clone()),
            platform: enrolment.platform.to_owned(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut channel = Channel::new(transport, proof_key);
        let mut attempt = 1;
        let answer: ActivationAnswer = loop {
            match channel.post("/activations", &request, now, rng).await {
                Err(Error::NoAnswer(_)) if attempt < ACTIVATION_ATTEMPTS => attempt += 1,
                answer => break answer?,
            }
        };
        let token = sealing_key.open(&answer.token, SealedFor::Token { device: &answer.device_id })?;
        let storage = Storage {
            proof_key: secrets.0,
            sealing_key: secrets.1,
            device_id: answer.device_id,
            document_number: answer.document_number,
            core_keys: answer.core_keys,
            parameters: answer.parameters,
            token: Token::from_plaintext(&token)?,
            pending: None,
            keys: Vec::new(),
        };
        let mut phone = Self { channel, storage, vault };
        phone.save()?;
        let certificates = phone.finish_enrolment(pins, enrolment.parameters, now, rng).await?;
        Ok((phone, certificates))
    }

    /// Makes the keys that are missing yet and has them certified. A key that was proven before has the PIN of that time:
    /// it has to be the one that is given now, which costs a try when it is not.
    pub async fn finish_enrolment<R: CryptoRng + Send>(
        &mut self,
        pins: Pins,
        parameters: Parameters,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<Vec<DeviceCertificate>, Error> {
        check_parameters(&self.storage.parameters, &parameters)?;
        self.settle(now, rng).await?;
        for (key_use, pin) in [(KeyUse::Auth, pins.pin1), (KeyUse::Sign, pins.pin2)] {
            let proven = self.storage.keys.iter().find(|key| key.key_use == key_use && key.proven);
            match proven.map(|key| key.kid.clone()) {
                Some(kid) => self.checked(&kid, &Arc::new(pin), now, rng).await?,
                None => self.make_key(key_use, Arc::new(pin), parameters, now, rng).await?,
            }
        }
        let answer: RegistrationAnswer =
            self.channel.post("/registration/complete", &Empty {}, now, rng).await?;
        Ok(answer.certificates)
    }

    async fn make_key<R: CryptoRng + Send>(
        &mut self,
        key_use: KeyUse,
        pin: Arc<Pin>,
        parameters: Parameters,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        // The caller's generator cannot leave this task; one seeded from it goes to the blocking thread.
        let mut seeded = ChaCha20Rng::from_rng(rng);
        let split = blocking(move || Ok(SplitKey::generate(&parameters, &mut seeded)?)).await?;
        let core = self.storage.core_key()?;
        let share = KeyShare { n1: split.n1.as_be_bytes().to_vec(), b: split.service.to_be_bytes().to_vec() };
        let sealed =
            sealed::seal(rng, &core.point, &core.id, SealedFor::KeyShare { key_use }, &share.to_plaintext())?;
        let answer: KeyAnswer = self.channel.post("/keys", &KeyRequest { key_use, sealed }, now, rng).await?;
        let public = PublicKey::from_service(&parameters, &split.n1, answer.n.as_ref())?;
        check_certification_request(&answer.csr, &public)?;

        let kdf = Kdf { iterations: iterations(&self.storage.parameters)? };
        let binding = Binding { kid: answer.kid.as_str().as_bytes(), hardware: &[] };
        let masked = MaskedShare::mask(split.phone, &pin, binding, kdf, rng);
        self.storage.keys.retain(|key| key.key_use != key_use);
        self.storage.keys.push(StoredKey {
            kid: answer.kid.clone(),
            key_use,
            n1: B64u(split.n1.as_be_bytes().to_vec()),
            n: answer.n,
            proven: false,
            share: StoredShare::new(&masked),
            next: None,
        });
        self.prove_key(answer.csr, &answer.kid, &pin, now, rng).await
    }

    async fn prove_key<R: CryptoRng + Send>(
        &mut self,
        csr: CsrTask,
        kid: &KeyId,
        pin: &Arc<Pin>,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let scheme = Scheme::Pss(hash(csr.hash)?);
        let (tx, digest) = (csr.tx.clone(), csr.digest.0.clone());
        let pending = Pending {
            req: RequestId::generate(rng),
            sent_at: now,
            token: self.storage.token.clone(),
            salt: B64u(Padding::fresh(scheme, rng).salt().to_vec()),
            kind: PendingKind::KeyProof { kid: kid.clone(), csr },
        };
        let to_sign = ToSign { padding: padding(scheme, &pending.salt), digest };
        let partial = self.partial_signature(kid, Share::Current, to_sign, pin).await?;
        let request = KeyProofRequest {
            tx,
            req: pending.req.clone(),
            token: pending.token.clone(),
            sealed: self.seal(SealedFor::Proof { kid }, &partial, rng)?,
        };
        let path = format!("/keys/{kid}/proof");
        let after = |storage: &mut Storage, outcome| storage.after_proof(kid, outcome);
        let KeyProofAnswer { .. } = self.counted(&path, pending, &request, after, now, rng).await??;
        Ok(())
    }
}

/// The service must want what this phone is willing to make.
fn check_parameters(offered: &KeyParameters, wanted: &Parameters) -> Result<(), Error> {
    if offered.half_bits == wanted.half_bits()
        && offered.share_bits == wanted.share_bits()
        && offered.composite == wanted.is_composite()
    {
        Ok(())
    } else {
        Err(Error::UnexpectedAnswer {
            expected: "key parameters that this phone agrees to",
            found: format!(
                "halves of {} bits, shares of {}, {}",
                offered.half_bits,
                offered.share_bits,
                if offered.composite { "composite" } else { "one modulus" }
            ),
        })
    }
}

fn iterations(parameters: &KeyParameters) -> Result<NonZeroU32, Error> {
    if parameters.kdf.name != "PBKDF2-HMAC-SHA256" {
        return Err(Error::UnexpectedAnswer {
            expected: "PBKDF2-HMAC-SHA256",
            found: "another key derivation".to_owned(),
        });
    }
    NonZeroU32::new(parameters.kdf.iterations)
        .ok_or(Error::UnexpectedAnswer { expected: "at least one iteration", found: "none".to_owned() })
}

/// A certification request is signed once, with this key, and for this key: its digest is over `info`, and `info`
/// holds the SubjectPublicKeyInfo of the key that was just made [RFC 2986 §4.1].
fn check_certification_request(csr: &CsrTask, public: &PublicKey) -> Result<(), Error> {
    let info = csr.info.as_ref();
    let spki = public.spki_der();
    let holds_key = info.windows(spki.len()).any(|window| window == spki);
    if holds_key && csr.hash.digest(info) == csr.digest.as_ref() {
        Ok(())
    } else {
        Err(Error::ForeignCertificationRequest)
    }
}

#[cfg(test)]
mod tests {
    use countersign_wire::device::{Kdf as WireKdf, PinLength};
    use countersign_wire::id::TransactionId;
    use countersign_wire::words::HashAlgorithm;

    use super::*;

    fn offered(parameters: &Parameters) -> KeyParameters {
        KeyParameters {
            half_bits: parameters.half_bits(),
            share_bits: parameters.share_bits(),
            composite: parameters.is_composite(),
            hash: HashAlgorithm::Sha256,
            kdf: WireKdf { name: "PBKDF2-HMAC-SHA256".into(), iterations: 600_000 },
            pin1: PinLength { min: 4, max: 12 },
            pin2: PinLength { min: 5, max: 12 },
        }
    }

    #[test]
    fn keys_of_other_sizes_are_not_made() {
        let wanted = Parameters::default();
        assert!(check_parameters(&offered(&wanted), &wanted).is_ok());
        let smaller = KeyParameters { half_bits: 2048, ..offered(&wanted) };
        // A short share betrays the whole key.
        let short = KeyParameters { share_bits: 256, ..offered(&wanted) };
        let single = KeyParameters { composite: false, ..offered(&wanted) };
        for offer in [smaller, short, single] {
            let refused = check_parameters(&offer, &wanted);
            assert!(matches!(refused, Err(Error::UnexpectedAnswer { .. })));
        }
    }

    #[test]
    fn only_the_one_key_derivation_is_used() {
        let good = offered(&Parameters::default());
        assert_eq!(iterations(&good).unwrap().get(), 600_000);
        for kdf in [
            WireKdf { name: "PBKDF2-HMAC-SHA1".into(), iterations: 600_000 },
            WireKdf { name: "PBKDF2-HMAC-SHA256".into(), iterations: 0 },
        ] {
            assert!(iterations(&KeyParameters { kdf, ..good.clone() }).is_err());
        }
    }

    #[test]
    fn a_certification_request_is_signed_for_our_key_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let parameters = Parameters::for_tests(384).single_modulus();
        let mut key = || {
            let n1 = SplitKey::generate(&parameters, &mut rng).unwrap().n1;
            PublicKey::from_service(&parameters, &n1, n1.as_be_bytes()).unwrap()
        };
        let (ours, theirs) = (key(), key());
        let info =
            |key: &PublicKey| [b"version, subject".as_slice(), &key.spki_der(), b"attributes"].concat();
        let task = |info: Vec<u8>| CsrTask {
            tx: TransactionId::parse("x").unwrap(),
            digest: B64u(HashAlgorithm::Sha256.digest(&info)),
            info: B64u(info),
            hash: HashAlgorithm::Sha256,
        };
        assert!(check_certification_request(&task(info(&ours)), &ours).is_ok());
        let foreign = task(info(&theirs));
        // The service shows one request and has another signed.
        let other_digest = CsrTask { digest: foreign.digest.clone(), ..task(info(&ours)) };
        for refused in [foreign, other_digest, task(Vec::new())] {
            let refused = check_certification_request(&refused, &ours);
            assert!(matches!(refused, Err(Error::ForeignCertificationRequest)));
        }
    }
}
