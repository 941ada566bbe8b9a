//! Plain values to be kept.

use countersign_domain::account::{Account, AccountKeys, AccountState, Holder};
use countersign_domain::custody::{Custody, KeyEncryptionKey, WrappedKey};
use countersign_domain::device::{Device, NextToken};
use countersign_domain::key::{Key, KeyCertificate};
use countersign_domain::relying_party::{Permissions, RelyingParty};
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_domain::session::{Candidate, Session, StartSession, start};
use countersign_domain::{KeyUse, RequestId, Settings};
use countersign_store::{Error, Tx};
use countersign_wire::device::Jwk;
use countersign_wire::device::sealed::SealingKey;
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId};
use countersign_wire::start::{
    Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions, SignatureScheme, StartRequest,
};
use countersign_wire::words::{CertificateLevel, HashAlgorithm, InteractionType};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

pub(crate) const DOCUMENT: &str = "PNOEE-40404040009-MOCK-Q";
pub(crate) const SECOND: &str = "PNOEE-40404040009-DEM2-Q";
pub(crate) const OTHER: &str = "PNOEE-40504040001-DEM0-Q";

pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A number that differs between accounts.
fn number(text: &str) -> u64 {
    text.bytes().fold(7, |sum: u64, octet| sum.wrapping_mul(31).wrapping_add(octet.into()))
}

pub(crate) fn document(text: &str) -> DocumentNumber {
    text.parse().unwrap()
}

pub(crate) fn key_id(account: &str, usage: KeyUse) -> KeyId {
    KeyId::parse(&format!("{}-{usage}", number(account))).unwrap()
}

pub(crate) fn key(account: &str, usage: KeyUse) -> Key {
    let kek = KeyEncryptionKey::new("k1", &Zeroizing::new([7; 32])).unwrap();
    let wrapped = Custody::new(kek, Vec::new()).wrap(b"place", b"shares", &mut rng(1)).unwrap();
    let wrapped = WrappedKey { version: 1, wrapped };
    let (id, transaction) = (key_id(account, usage), "proof".parse().unwrap());
    let phone_modulus = id.as_str().as_bytes().to_vec();
    let key = Key::pending(
        id,
        document(account),
        usage,
        vec![0xc1; 768],
        &phone_modulus,
        wrapped,
        transaction,
        vec![1],
        at(-900),
    );
    let (request, settings) = (RequestId::parse("proof").unwrap(), Settings::default());
    let key = key.reserve_proof(&request, at(-900), &settings.pins).unwrap();
    let (key, _) = key.prove(&request, vec![2]).unwrap();
    key.certify(KeyCertificate { der: vec![0x30; 1400], not_after: at(1_000_000) })
}

pub(crate) fn device(account: &str) -> Device {
    let seed = number(account);
    let jwk: Jwk = SealingKey::generate(&mut rng(seed)).point().clone().into();
    let id = DeviceId::parse(&format!("device-{seed}")).unwrap();
    let first = NextToken::make(&id, &jwk, &mut rng(seed)).unwrap();
    Device::enrolled(id, document(account), jwk.clone(), jwk, "test".into(), "1".into(), first, at(-1000))
}

pub(crate) fn account(text: &str) -> Account {
    let document = document(text);
    Account {
        person: document.semantics().clone(),
        level: CertificateLevel::Qualified,
        document,
        holder: Holder { given_name: "OK".into(), surname: "TESTNUMBER".into(), date_of_birth: None },
        device: device(text).id().clone(),
        state: AccountState::Active,
        keys: AccountKeys { auth: Some(key_id(text, KeyUse::Auth)), sign: Some(key_id(text, KeyUse::Sign)) },
        awaiting_linked: None,
        created_at: at(-1000),
    }
}

/// An account with everything that belongs to it.
pub(crate) fn insert_person(tx: &Tx<'_>, text: &str) -> Result<(), Error> {
    tx.accounts().insert(&account(text))?;
    tx.devices().insert(&device(text))?;
    tx.keys().insert(&key(text, KeyUse::Auth))?;
    tx.keys().insert(&key(text, KeyUse::Sign))
}

fn sign() -> Asked {
    let shown = Interaction { kind: InteractionType::DisplayTextAndPin, text: "Sign?".into() };
    Asked::Sign {
        digest: Digest::from_bytes(&HashAlgorithm::Sha512.digest(b"data")).unwrap(),
        signature: SignatureScheme::pss(HashAlgorithm::Sha512),
        interactions: Interactions::new(&[shown], InteractionSet::DeviceLink).unwrap(),
    }
}

fn begin(asked: Asked, flow: FlowMembers, recipient: Recipient, seconds: i64, seed: u64) -> Session {
    let uuid = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let request = StartRequest::new(uuid, "DEMO", asked, flow);
    let candidates = match &recipient {
        Recipient::Document(text) => vec![Candidate {
            account: account(text.as_str()),
            device: device(text.as_str()),
            key: key(text.as_str(), KeyUse::Sign),
        }],
        Recipient::Anonymous | Recipient::Person(_) => Vec::new(),
    };
    let relying_party = RelyingParty {
        uuid,
        names: vec!["DEMO".into()],
        brokered_name: None,
        permissions: Permissions::default(),
        addresses: Vec::new(),
    };
    let command = StartSession {
        endpoint: request.row(&recipient).unwrap(),
        recipient,
        request,
        relying_party: &relying_party,
        candidates,
        choice: None,
        device_link_base: DeviceLinkBase::parse("https://sid.example.test/device-link").unwrap(),
    };
    let started = start(command, &Settings::default(), at(seconds), &mut rng(seed));
    started.unwrap_or_else(|refusal| panic!("{refusal}")).session
}

/// A session that has reached the device of this account.
pub(crate) fn addressed(text: &str, seconds: i64, seed: u64) -> Session {
    begin(sign(), FlowMembers::Notification, Recipient::Document(document(text)), seconds, seed)
}

/// A session whose link waits.
pub(crate) fn offered(seconds: i64, seed: u64) -> Session {
    let flow = FlowMembers::DeviceLink { callback: None };
    begin(Asked::ChooseCertificate, flow, Recipient::Anonymous, seconds, seed)
}

/// A session as text, to compare.
pub(crate) fn text(session: &Session) -> String {
    serde_json::to_string(session).unwrap()
}

pub(crate) fn certificate(issuer: &str, serial: u8, account: Option<&str>) -> IssuedCertificate {
    IssuedCertificate {
        issuer: issuer.into(),
        serial: vec![0x41, serial],
        account: account.map(document),
        der: vec![0x30, serial],
        not_after: at(1000),
        status: CertificateStatus::Good,
    }
}
