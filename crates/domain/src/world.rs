//! Plain values for the tests of the rules. Keys are made of nothing: arithmetic is tested in `tests/whole_path.rs`.

use countersign_wire::base64::B64u;
use countersign_wire::device::sealed::{SealedFor, SealingKey};
use countersign_wire::device::{Approval, ConfirmRequest, Jwk, Sealed, Token};
use countersign_wire::device_link::{DeviceLinkBase, Language, LinkContext, LinkKind, UnprotectedLink};
use countersign_wire::endpoint::{Recipient, Start};
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, RelyingPartyUuid};
use countersign_wire::session::Started;
use countersign_wire::start::{
    Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions, RpChallenge, SignatureScheme,
    StartRequest,
};
use countersign_wire::words::{CertificateLevel, HashAlgorithm, InteractionType};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

use crate::account::{Account, AccountKeys, AccountState, Holder};
use crate::custody::{Custody, KeyEncryptionKey, WrappedKey};
use crate::device::{Device, NextToken};
use crate::key::{Key, KeyCertificate};
use crate::relying_party::{Permissions, RelyingParty};
use crate::session::{Candidate, Session, SessionStart, StartSession, key_use, start};
use crate::settings::Settings;
use crate::{KeyUse, Refusal, RequestId};

pub(crate) const DOCUMENT: &str = "PNOEE-40404040009-MOCK-Q";
pub(crate) const OTHER: &str = "PNOEE-40504040001-DEM0-Q";
pub(crate) const BASE: &str = "https://sid.example.test/device-link";
pub(crate) const CALLBACK: &str = "https://rp.example.org/cb?value=cHFyc3R1dnd4eXp7fH1-fw";

pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn request_id(text: &str) -> RequestId {
    RequestId::parse(text).unwrap()
}

pub(crate) fn document(text: &str) -> DocumentNumber {
    text.parse().unwrap()
}

pub(crate) fn custody() -> Custody {
    Custody::new(KeyEncryptionKey::new("test", &Zeroizing::new([7; 32])).unwrap(), Vec::new())
}

pub(crate) fn wrapped(text: &[u8]) -> WrappedKey {
    WrappedKey { version: 1, wrapped: custody().wrap(b"place", text, &mut rng(1)).unwrap() }
}

/// A key that waits for its proof, called `proof`.
pub(crate) fn pending_key(account: &str, usage: KeyUse) -> Key {
    let (document, transaction) = (document(account), "proof".parse().unwrap());
    let id = KeyId::parse(&format!("{}-{usage}", document.code())).unwrap();
    Key::pending(
        id,
        document,
        usage,
        vec![0xc1; 256],
        &[0xc3; 128],
        wrapped(b"shares"),
        transaction,
        vec![1],
        at(-900),
    )
}

pub(crate) fn key(account: &str, usage: KeyUse) -> Key {
    let (request, settings) = (request_id("proof"), Settings::default());
    let key = pending_key(account, usage).reserve_proof(&request, at(-900), &settings.pins).unwrap();
    let (key, _) = key.prove(&request, vec![2]).unwrap();
    let der = format!("certificate {usage}").into_bytes();
    key.certify(KeyCertificate { der, not_after: at(86_400 * 1000) })
}

/// A person with a phone: what the phone knows.
pub(crate) struct Phone {
    pub(crate) sealing: SealingKey,
    pub(crate) id: DeviceId,
    pub(crate) token: Token,
}

impl Phone {
    /// Takes the token of an answer.
    pub(crate) fn take(&mut self, sealed: &Sealed) {
        self.token = self.read(sealed);
    }

    pub(crate) fn read(&self, sealed: &Sealed) -> Token {
        let plaintext = self.sealing.open(sealed, SealedFor::Token { device: &self.id }).unwrap();
        Token::from_plaintext(&plaintext).unwrap()
    }

    pub(crate) fn jwk(&self) -> Jwk {
        self.sealing.point().clone().into()
    }

    pub(crate) fn next_token(&self, seed: u64) -> NextToken {
        NextToken::make(&self.id, &self.jwk(), &mut rng(seed)).unwrap()
    }
}

pub(crate) fn device(account: &str, seed: u64) -> (Device, Phone) {
    let sealing = SealingKey::generate(&mut rng(seed));
    let id = DeviceId::parse(&format!("device-{seed}")).unwrap();
    let mut phone = Phone { sealing, id, token: Token::from_bytes([0; 32]) };
    let first = phone.next_token(seed);
    phone.token = phone.read(first.sealed());
    let (jwk, id) = (phone.jwk(), phone.id.clone());
    let device = Device::enrolled(
        id,
        document(account),
        jwk.clone(),
        jwk,
        "test".into(),
        "1".into(),
        first,
        at(-1000),
    );
    (device, phone)
}

/// An active account with its device and both keys; `usage` is the one inside.
pub(crate) fn candidate(account: &str, usage: KeyUse) -> (Candidate, Phone) {
    let document = document(account);
    let seed =
        u64::from(account.bytes().fold(7u32, |sum, octet| sum.wrapping_mul(31).wrapping_add(octet.into())));
    let (device, phone) = device(account, seed);
    let (auth, sign) = (key(account, KeyUse::Auth), key(account, KeyUse::Sign));
    let account = Account {
        person: document.semantics().clone(),
        level: if document.is_qualified() { CertificateLevel::Qualified } else { CertificateLevel::Advanced },
        document,
        holder: Holder { given_name: "OK".into(), surname: "TESTNUMBER".into(), date_of_birth: None },
        device: device.id().clone(),
        state: AccountState::Active,
        keys: AccountKeys { auth: Some(auth.id().clone()), sign: Some(sign.id().clone()) },
        awaiting_linked: None,
        created_at: at(-1000),
    };
    let key = match usage {
        KeyUse::Auth => auth,
        KeyUse::Sign => sign,
    };
    (Candidate { account, device, key }, phone)
}

pub(crate) fn relying_party() -> RelyingParty {
    RelyingParty {
        uuid: uuid(),
        names: vec!["DEMO".into()],
        brokered_name: None,
        permissions: Permissions {
            share_md_client_ip_address: true,
            advanced: true,
            capabilities: Vec::new(),
        },
        addresses: Vec::new(),
    }
}

pub(crate) fn uuid() -> RelyingPartyUuid {
    "00000000-0000-4000-8000-000000000000".parse().unwrap()
}

pub(crate) fn interactions(kinds: &[InteractionType]) -> Interactions {
    let list: Vec<_> = kinds.iter().map(|kind| Interaction { kind: *kind, text: "Log in?".into() }).collect();
    Interactions::new(&list, InteractionSet::Notification).unwrap()
}

pub(crate) fn authenticate() -> Asked {
    Asked::Authenticate {
        rp_challenge: RpChallenge::from_bytes(&(0..64).collect::<Vec<u8>>()).unwrap(),
        signature: SignatureScheme::pss(HashAlgorithm::Sha3_512),
        interactions: interactions(&[
            InteractionType::ConfirmationMessage,
            InteractionType::DisplayTextAndPin,
        ]),
    }
}

pub(crate) fn sign() -> Asked {
    Asked::Sign {
        digest: Digest::from_bytes(&HashAlgorithm::Sha512.digest(b"data")).unwrap(),
        signature: SignatureScheme::pss(HashAlgorithm::Sha512),
        interactions: interactions(&[InteractionType::DisplayTextAndPin]),
    }
}

/// A signature whose code has to be chosen.
pub(crate) fn sign_with_choice() -> Asked {
    Asked::Sign {
        digest: Digest::from_bytes(&HashAlgorithm::Sha512.digest(b"data")).unwrap(),
        signature: SignatureScheme::pss(HashAlgorithm::Sha512),
        interactions: interactions(&[
            InteractionType::ConfirmationMessageAndVerificationCodeChoice,
            InteractionType::DisplayTextAndPin,
        ]),
    }
}

pub(crate) fn device_link(callback: Option<&str>) -> FlowMembers {
    FlowMembers::DeviceLink {
        callback: callback.map(|url| countersign_wire::callback::CallbackUrl::parse(url).unwrap()),
    }
}

pub(crate) fn to_document(text: &str) -> Recipient {
    Recipient::Document(document(text))
}

/// Starts a session that everything is right with, at time 0 unless told otherwise.
pub(crate) struct Starting {
    pub(crate) asked: Asked,
    pub(crate) flow: FlowMembers,
    pub(crate) recipient: Recipient,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) choice: Option<Session>,
    pub(crate) at: Timestamp,
    pub(crate) seed: u64,
    pub(crate) change: fn(&mut StartRequest),
}

impl Starting {
    pub(crate) fn new(asked: Asked, flow: FlowMembers, recipient: Recipient) -> Self {
        let usage = match asked {
            Asked::Authenticate { .. } => KeyUse::Auth,
            Asked::Sign { .. } | Asked::ChooseCertificate => KeyUse::Sign,
        };
        let candidates = match &recipient {
            Recipient::Anonymous => Vec::new(),
            Recipient::Person(_) => vec![candidate(DOCUMENT, usage).0],
            Recipient::Document(document) => vec![candidate(document.as_str(), usage).0],
        };
        Self { asked, flow, recipient, candidates, choice: None, at: at(0), seed: 1, change: |_| () }
    }

    pub(crate) fn go(self) -> Result<SessionStart, Refusal> {
        let mut request = StartRequest::new(uuid(), "Demo", self.asked, self.flow);
        (self.change)(&mut request);
        let endpoint: &'static Start = request.row(&self.recipient).unwrap();
        let command = StartSession {
            endpoint,
            recipient: self.recipient,
            request,
            relying_party: &relying_party(),
            candidates: self.candidates,
            choice: self.choice,
            device_link_base: DeviceLinkBase::parse(BASE).unwrap(),
        };
        start(command, &Settings::default(), self.at, &mut rng(self.seed))
    }

    pub(crate) fn session(self) -> Session {
        self.go().map(|started| started.session).unwrap_or_else(|refusal| panic!("{refusal}"))
    }
}

pub(crate) fn notification(asked: Asked) -> Session {
    Starting::new(asked, FlowMembers::Notification, to_document(DOCUMENT)).session()
}

/// A link as the relying party would show it.
pub(crate) fn link(session: &Session, kind: LinkKind) -> String {
    let Some(Started::DeviceLink(started)) = session.answer() else { panic!("no device link") };
    let unprotected = UnprotectedLink {
        base: started.device_link_base,
        kind,
        token: started.session_token,
        session_type: session.operation().session_type(),
        lang: Language::ENGLISH,
    };
    let scheme = Settings::default().scheme;
    let context = LinkContext { scheme: &scheme, request: session.request(), brokered_rp_name: "" };
    unprotected.protect(&context, &started.session_secret)
}

/// The account that a session's device belongs to, with the key that the session needs.
pub(crate) fn candidate_for(session: &Session, account: &str) -> (Candidate, Phone) {
    candidate(account, key_use(session.operation()))
}

/// What a phone sends when its person approves on the first screen offered.
pub(crate) fn approval(session: &Session, phone: &Phone, req: &str) -> ConfirmRequest {
    let to = session.addressed().unwrap();
    let sealed = Sealed { id: "core".into(), enc: B64u(vec![4; 65]), ct: B64u(vec![0; 64]) };
    ConfirmRequest {
        req: request_id(req),
        interaction: session.request().interactions().map(|list| list.list()[0].kind),
        chosen_code: None,
        user_challenge: matches!(session.request().asked, Asked::Authenticate { .. })
            .then(|| countersign_wire::callback::UserChallengeVerifier::generate(&mut rng(3)).challenge()),
        approval: (!matches!(session.request().asked, Asked::ChooseCertificate)).then(|| Approval {
            kid: to.key.clone(),
            token: phone.token.clone(),
            sealed,
        }),
    }
}

/// A session as it comes back from the store.
pub(crate) fn stored(session: &Session) -> Session {
    serde_json::from_str(&serde_json::to_string(session).unwrap()).unwrap()
}
