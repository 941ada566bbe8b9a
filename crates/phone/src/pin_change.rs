//! A check of a PIN, and its change: check with the old PIN, refresh of the share, check with the new PIN.

use std::sync::Arc;

use countersign_split_key::{Binding, Hash, Padding, Pin, Scheme};
use countersign_wire::base64::B64u;
use countersign_wire::device::sealed::{self, SealedFor};
use countersign_wire::device::{
    KeyUse, PinChangeAnswer, PinChangeRequest, PinCheckAnswer, PinCheckRequest, Sealed, ShareRefresh,
};
use countersign_wire::id::{KeyId, RequestId};
use countersign_wire::words::HashAlgorithm;
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};

use crate::approve::{Share, ToSign, blocking, padding};
use crate::storage::{Pending, PendingKind, StoredShare};
use crate::{Error, Phone, Transport};

const SCHEME: Scheme = Scheme::Pss(Hash::Sha256);

impl<T: Transport> Phone<T> {
    /// Has the service check a PIN; counts as a try.
    pub async fn check_pin<R: CryptoRng + Send>(
        &mut self,
        key_use: KeyUse,
        pin: Pin,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let kid = self.kid(key_use)?;
        let pending = self.pin_check_pending(&kid, None, rng)?;
        let request = self.pin_check(&kid, Share::Current, &Arc::new(pin), &pending, rng).await?;
        let path = format!("/keys/{kid}/pin-check");
        self.counted(&path, pending, &request, |answer: &PinCheckAnswer| Some(&answer.token), now, rng)
            .await?;
        Ok(())
    }

    /// Changes a PIN and refreshes the share with it, so that an older copy of the storage is worth nothing.
    ///
    /// The old share stays until the service has seen the new one work. After [`Error::NoAnswer`] the same call goes on
    /// where it stopped. A mistyped old PIN is [`Error::WrongPin`] and changes nothing.
    pub async fn change_pin<R: CryptoRng + Send>(
        &mut self,
        key_use: KeyUse,
        old: Pin,
        new: Pin,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let kid = self.kid(key_use)?;
        let (old, new) = (Arc::new(old), Arc::new(new));
        let refresh_unanswered = matches!(
            &self.storage.pending,
            Some(Pending { kind: PendingKind::PinCheck { refresh: Some(_), .. }, .. })
        );
        if refresh_unanswered || self.storage.key(&kid)?.next.is_none() {
            self.refresh(&kid, &old, &new, now, rng).await?;
        }
        let pending = self.pin_check_pending(&kid, None, rng)?;
        let request = self.pin_check(&kid, Share::Next, &new, &pending, rng).await?;
        let path = format!("/keys/{kid}/pin-change/commit");
        let answer = self
            .counted(&path, pending, &request, |answer: &PinChangeAnswer| Some(&answer.token), now, rng)
            .await;
        let key = self.storage.key_mut(&kid)?;
        match &answer {
            Ok(_) => {
                if let Some(next) = key.next.take() {
                    key.share = next;
                }
            }
            // The old PIN goes on to count; another change starts anew.
            Err(Error::WrongPin { .. }) => key.next = None,
            Err(_) => {}
        }
        self.save()?;
        answer.map(|_| ())
    }

    /// The first step: the old PIN is checked, and the service takes the refresh in.
    async fn refresh<R: CryptoRng + Send>(
        &mut self,
        kid: &KeyId,
        old: &Arc<Pin>,
        new: &Arc<Pin>,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let fresh = match &self.storage.pending {
            // Sent, and no answer yet: it is sent again as it was, since the service may have taken it.
            Some(_) => None,
            None => {
                let (next, refresh) = self.make_refresh(kid, old, new, rng).await?;
                self.storage.key_mut(kid)?.next = Some(next);
                Some(refresh)
            }
        };
        let pending = self.pin_check_pending(kid, fresh, rng)?;
        let PendingKind::PinCheck { refresh: Some(refresh), .. } = &pending.kind else {
            return Err(Error::PendingFirst);
        };
        let refresh = refresh.clone();
        let PinCheckRequest { req, token, nonce, sealed } =
            self.pin_check(kid, Share::Current, old, &pending, rng).await?;
        let request = PinChangeRequest { req, token, nonce, sealed, refresh };
        let path = format!("/keys/{kid}/pin-change");
        let answer = self
            .counted(&path, pending, &request, |answer: &PinChangeAnswer| Some(&answer.token), now, rng)
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                // Without a pending request the service has refused, and the new share will never count.
                if self.storage.pending.is_none() {
                    self.storage.key_mut(kid)?.next = None;
                    self.save()?;
                }
                Err(error)
            }
        }
    }

    async fn make_refresh<R: CryptoRng + Send>(
        &self,
        kid: &KeyId,
        old: &Arc<Pin>,
        new: &Arc<Pin>,
        rng: &mut R,
    ) -> Result<(StoredShare, Sealed), Error> {
        let key = self.storage.key(kid)?;
        let share = key.share.masked(key.n1()?.bits())?;
        let (old, new, bound) = (Arc::clone(old), Arc::clone(new), kid.clone());
        // The caller's generator cannot leave this task; one seeded from it goes to the blocking thread.
        let mut seeded = ChaCha20Rng::from_rng(rng);
        let (next, delta) = blocking(move || {
            let binding = Binding { kid: bound.as_str().as_bytes(), hardware: &[] };
            Ok(share.refresh(&old, &new, binding, share.kdf(), &mut seeded)?)
        })
        .await?;
        let delta = delta.to_bytes();
        let (sign, magnitude) = delta.split_first().ok_or(Error::PendingFirst)?;
        let refresh = ShareRefresh { negative: *sign == 1, magnitude: magnitude.to_vec() };
        let core = self.storage.core_key()?;
        let purpose = SealedFor::Refresh { kid };
        let sealed = sealed::seal(rng, &core.point, &core.id, purpose, &refresh.to_plaintext())?;
        Ok((StoredShare::new(&next), sealed))
    }

    /// A check over a fresh nonce, or the one that was sent before and has no answer yet.
    fn pin_check_pending(
        &self,
        kid: &KeyId,
        refresh: Option<Sealed>,
        rng: &mut impl CryptoRng,
    ) -> Result<Pending, Error> {
        match &self.storage.pending {
            Some(pending @ Pending { kind: PendingKind::PinCheck { kid: earlier, .. }, .. })
                if earlier == kid =>
            {
                Ok(pending.clone())
            }
            Some(_) => Err(Error::PendingFirst),
            None => {
                let mut nonce = vec![0; 32];
                rng.fill_bytes(&mut nonce);
                Ok(Pending {
                    req: RequestId::generate(rng),
                    token: self.storage.token.clone(),
                    salt: B64u(Padding::fresh(SCHEME, rng).salt().to_vec()),
                    kind: PendingKind::PinCheck { kid: kid.clone(), nonce: B64u(nonce), refresh },
                })
            }
        }
    }

    async fn pin_check<R: CryptoRng + Send>(
        &self,
        kid: &KeyId,
        which: Share,
        pin: &Arc<Pin>,
        pending: &Pending,
        rng: &mut R,
    ) -> Result<PinCheckRequest, Error> {
        let PendingKind::PinCheck { nonce, .. } = &pending.kind else { return Err(Error::PendingFirst) };
        let message = [b"splitkey-pin-check", kid.as_str().as_bytes(), nonce.as_ref()].concat();
        let to_sign = ToSign {
            padding: padding(SCHEME, &pending.salt),
            digest: HashAlgorithm::Sha256.digest(&message),
        };
        let partial = self.partial_signature(kid, which, to_sign, pin).await?;
        Ok(PinCheckRequest {
            req: pending.req.clone(),
            token: pending.token.clone(),
            nonce: nonce.clone(),
            sealed: self.seal(SealedFor::PinCheck { kid }, &partial, rng)?,
        })
    }

    fn kid(&self, key_use: KeyUse) -> Result<KeyId, Error> {
        self.storage
            .keys
            .iter()
            .find(|key| key.key_use == key_use)
            .map(|key| key.kid.clone())
            .ok_or_else(|| Error::UnknownKey(key_use.to_string()))
    }
}
