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
use crate::settle::Settled;
use crate::storage::{Pending, PendingKind, PinStep, Storage, StoredShare};
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
        self.settle(now, rng).await?;
        self.checked(&kid, &Arc::new(pin), now, rng).await
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
        // An earlier change may turn out to have been made. To the PIN that is given now? Only a check tells.
        if matches!(self.settle(now, rng).await?, Settled::PinChanged { kid: changed } if changed == kid) {
            match self.checked(&kid, &new, now, rng).await {
                Err(Error::WrongPin { .. }) => {}
                answer => return answer,
            }
        }
        if self.storage.key(&kid)?.next.is_none() {
            self.propose(&kid, &old, &new, now, rng).await?;
        }
        self.commit(&kid, &new, now, rng).await
    }

    pub(crate) async fn checked<R: CryptoRng + Send>(
        &mut self,
        kid: &KeyId,
        pin: &Arc<Pin>,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let pending = self.pin_pending(kid, PinStep::Check, now, rng);
        let request = self.pin_request(kid, Share::Current, pin, &pending, rng).await?;
        let path = format!("/keys/{kid}/pin-check");
        let PinCheckAnswer { .. } = self.counted(&path, pending, &request, |_, _| {}, now, rng).await??;
        Ok(())
    }

    /// The first step: the old PIN is checked, and the service takes the refresh in.
    async fn propose<R: CryptoRng + Send>(
        &mut self,
        kid: &KeyId,
        old: &Arc<Pin>,
        new: &Arc<Pin>,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let (next, refresh) = self.make_refresh(kid, old, new, rng).await?;
        // Saved together with the pending request, before anything is sent.
        self.storage.key_mut(kid)?.next = Some(next);
        let pending = self.pin_pending(kid, PinStep::Propose { refresh: refresh.clone() }, now, rng);
        let PinCheckRequest { req, token, nonce, sealed } =
            self.pin_request(kid, Share::Current, old, &pending, rng).await?;
        let request = PinChangeRequest { req, token, nonce, sealed, refresh };
        let path = format!("/keys/{kid}/pin-change");
        let after = |storage: &mut Storage, outcome| storage.after_proposal(kid, outcome);
        let PinChangeAnswer { .. } = self.counted(&path, pending, &request, after, now, rng).await??;
        Ok(())
    }

    /// The second step: the new PIN is checked with the new share, which then takes the old one's place.
    async fn commit<R: CryptoRng + Send>(
        &mut self,
        kid: &KeyId,
        new: &Arc<Pin>,
        now: Timestamp,
        rng: &mut R,
    ) -> Result<(), Error> {
        let pending = self.pin_pending(kid, PinStep::Commit, now, rng);
        let request = self.pin_request(kid, Share::Next, new, &pending, rng).await?;
        let path = format!("/keys/{kid}/pin-change/commit");
        let after = |storage: &mut Storage, outcome| storage.after_commit(kid, outcome);
        let PinChangeAnswer { .. } = self.counted(&path, pending, &request, after, now, rng).await??;
        Ok(())
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

    fn pin_pending(&self, kid: &KeyId, step: PinStep, now: Timestamp, rng: &mut impl CryptoRng) -> Pending {
        let mut nonce = vec![0; 32];
        rng.fill_bytes(&mut nonce);
        Pending {
            req: RequestId::generate(rng),
            sent_at: now,
            token: self.storage.token.clone(),
            salt: B64u(Padding::fresh(SCHEME, rng).salt().to_vec()),
            kind: PendingKind::Pin { kid: kid.clone(), nonce: B64u(nonce), step },
        }
    }

    async fn pin_request<R: CryptoRng + Send>(
        &self,
        kid: &KeyId,
        which: Share,
        pin: &Arc<Pin>,
        pending: &Pending,
        rng: &mut R,
    ) -> Result<PinCheckRequest, Error> {
        let PendingKind::Pin { nonce, .. } = &pending.kind else { return Err(Error::PendingFirst) };
        let message = [b"splitkey-pin-check".as_slice(), kid.as_str().as_bytes(), nonce.as_ref()].concat();
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
