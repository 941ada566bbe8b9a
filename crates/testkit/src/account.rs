//! An account that relying parties can address, without a phone behind it.
//!
//! Its certificates and shares are not real: it is for tests of what happens before anybody signs. A person with a
//! phone goes through the device API instead.

use countersign_domain::account::{Account, AccountKeys, AccountState, Holder};
use countersign_domain::custody::WrappedKey;
use countersign_domain::device::{Device, NextToken};
use countersign_domain::key::{Key, KeyCertificate};
use countersign_domain::{KeyUse, RequestId};
use countersign_server::Randomness;
use countersign_wire::device::proof::DeviceKey;
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, TransactionId};
use countersign_wire::words::CertificateLevel;
use jiff::{SignedDuration, Timestamp};

use crate::world::World;

/// An account to be put into a [`World`].
#[derive(Debug, Clone)]
pub struct AccountDraft {
    document: DocumentNumber,
    state: AccountState,
}

impl AccountDraft {
    /// An active account.
    pub fn new(document: &str) -> Self {
        let document = DocumentNumber::parse(document).expect("a document number");
        Self { document, state: AccountState::Active }
    }

    /// The same in another state.
    pub fn state(self, state: AccountState) -> Self {
        Self { state, ..self }
    }

    /// Puts the account, a device and two keys into the store.
    pub async fn create(self, world: &World) -> Account {
        let (app, now) = (world.app(), world.app().now());
        let mut rng = app.randomness();
        let id = DeviceId::generate(&mut rng);
        let (proof, sealing) = (DeviceKey::generate(&mut rng), DeviceKey::generate(&mut rng));
        let token = NextToken::make(&id, sealing.jwk(), &mut rng).expect("a token");
        let device = Device::enrolled(
            id.clone(),
            self.document.clone(),
            proof.jwk().clone(),
            sealing.jwk().clone(),
            "test".into(),
            "1".into(),
            token,
            now,
        );
        let auth = self.key(world, KeyUse::Auth, &mut rng, now);
        let sign = self.key(world, KeyUse::Sign, &mut rng, now);
        let account = Account {
            person: self.document.semantics().clone(),
            level: if self.document.is_qualified() {
                CertificateLevel::Qualified
            } else {
                CertificateLevel::Advanced
            },
            holder: Holder { given_name: "OK".into(), surname: "TESTNUMBER".into(), date_of_birth: None },
            device: id,
            state: self.state,
            keys: AccountKeys { auth: Some(auth.id().clone()), sign: Some(sign.id().clone()) },
            awaiting_linked: None,
            created_at: now,
            document: self.document,
        };
        let saved = account.clone();
        app.store()
            .write("put in an account", move |tx| -> Result<(), countersign_store::Error> {
                tx.accounts().insert(&saved)?;
                tx.devices().insert(&device)?;
                tx.keys().insert(&auth)?;
                tx.keys().insert(&sign)
            })
            .await
            .expect("the account is saved");
        account
    }

    fn key(&self, world: &World, usage: KeyUse, rng: &mut Randomness, now: Timestamp) -> Key {
        let wrapped = world.app().custody().wrap(b"no shares", b"no shares", rng).expect("wrapped");
        let modulus = rng.bytes::<256>();
        let key = Key::pending(
            KeyId::generate(rng),
            self.document.clone(),
            usage,
            modulus.to_vec(),
            &modulus[..128],
            WrappedKey { version: 1, wrapped },
            TransactionId::generate(rng),
            b"no request".to_vec(),
            now,
        );
        let request = RequestId::generate(rng);
        let key = key.reserve_proof(&request, now, &world.app().settings().pins).expect("a pending key");
        let (key, _) = key.prove(&request, b"no request".to_vec()).expect("a proof that was reserved");
        let not_after = now + SignedDuration::from_hours(24 * 365);
        key.certify(KeyCertificate { der: format!("no certificate: {usage}").into_bytes(), not_after })
    }
}
