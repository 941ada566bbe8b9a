//! Certificate status fetched by the client: OCSP, then a list, and nothing for results that fail already.

use std::sync::Arc;

use countersign_client::error::StatusFault;
use countersign_client::verify::certificate::TrustStore;
use countersign_client::{Error, Rules, SignatureVerifier, Signed, StatusClient};
use countersign_pki::crl::{NewCrl, Reason};
use countersign_pki::ocsp::{Authority, CertificateStatus, Freshness, OcspRequest, Responder, Status};
use countersign_pki::path::Position;
use countersign_pki::{Certificate, Signer};
use countersign_wire::session::Cert;
use countersign_wire::start::FlowMembers;
use countersign_wire::words::CertificateLevel;
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::service::Service;
use crate::world::{CertificateDraft, WORLD, ask_signature, document, now, session, signature_made};

/// The nonces that a client with this seed is going to send, in order.
fn nonces(count: usize) -> Vec<Vec<u8>> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    (0..count)
        .map(|_| {
            let mut nonce = vec![0; 32];
            rng.fill_bytes(&mut nonce);
            nonce
        })
        .collect()
}

struct Setting {
    service: Service,
    leaf: Certificate,
    intermediate: Certificate,
}

impl Setting {
    async fn new() -> Self {
        let service = Service::start().await;
        let leaf = CertificateDraft {
            ocsp: Some(format!("{}/ocsp/people", service.origin)),
            crl: Some(format!("{}/people.crl", service.origin)),
            ..CertificateDraft::signature()
        };
        let intermediate = CertificateDraft {
            ocsp: Some(format!("{}/ocsp/cas", service.origin)),
            crl: Some(format!("{}/cas.crl", service.origin)),
            ..CertificateDraft::ca("TEST ISSUING CA")
        };
        Self {
            leaf: leaf.issue(&WORLD.ca, &WORLD.key),
            intermediate: intermediate.issue(&WORLD.root, &WORLD.ca.key),
            service,
        }
    }

    async fn verify(&self) -> Result<Signed, Error> {
        let trust = TrustStore::new(vec![WORLD.root.certificate.clone()], vec![self.intermediate.clone()]);
        let verifier = SignatureVerifier::new(Rules::new(trust));
        let session = session(ask_signature(), FlowMembers::Notification, document());
        let mut status = signature_made("Notification");
        status.cert = Some(Cert::new(self.leaf.as_der(), CertificateLevel::Qualified));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        self.service.client().verify_signature(&verifier, &session, &status, now(), &mut rng).await
    }

    /// Lets the service answer about `certificate` for the request that is going to come.
    fn responder_says(&self, certificate: &Certificate, status: Status, nonce: &[u8]) {
        let (issuer, responder) = if *certificate == self.leaf {
            (&self.intermediate, &WORLD.responder)
        } else {
            (&WORLD.root.certificate, &WORLD.root_responder)
        };
        let id =
            countersign_pki::ocsp::CertId::of(countersign_pki::ocsp::CertIdHash::Sha1, certificate, issuer);
        let nonce = countersign_pki::ocsp::Nonce::new(nonce).unwrap();
        let request = OcspRequest::new(vec![id.unwrap()], Some(nonce)).unwrap().to_der().unwrap();
        let signer: Arc<dyn Signer> = responder.key.clone();
        let authority = Authority::new(issuer, &responder.certificate, signer).unwrap();
        let responder = Responder::new(vec![authority]);
        self.service.will_answer(200, responder.respond(&request, |_| status, now(), &Freshness::default()));
    }

    fn list_says_nothing(&self) {
        let list = NewCrl {
            number: 1,
            this_update: now(),
            next_update: now() + SignedDuration::from_hours(1),
            expired_certs_on_crl: None,
            revoked: Vec::new(),
        };
        self.service.will_answer(200, list.sign(&self.intermediate, WORLD.ca.key.as_ref()).unwrap());
    }
}

#[tokio::test]
async fn leaf_and_intermediate_are_asked_about_with_fresh_nonces() {
    let setting = Setting::new().await;
    let nonces = nonces(2);
    setting.responder_says(&setting.leaf, Status::Good, &nonces[0]);
    setting.responder_says(&setting.intermediate, Status::Good, &nonces[1]);
    let signed = setting.verify().await.unwrap();
    assert_eq!(signed.evidence.ocsp_responses().count(), 2);
    let asked = setting.service.asked();
    assert_eq!(
        asked.iter().map(|asked| asked.path.as_str()).collect::<Vec<_>>(),
        ["/ocsp/people", "/ocsp/cas"]
    );
    for (asked, nonce) in asked.iter().zip(&nonces) {
        assert_eq!(asked.headers["content-type"], "application/ocsp-request");
        let request = OcspRequest::from_der(&asked.body).unwrap();
        assert_eq!(request.nonce().unwrap().value(), nonce);
    }
}

#[tokio::test]
async fn a_list_is_fetched_when_the_responder_gives_no_answer() {
    let setting = Setting::new().await;
    setting.service.will_answer(503, "");
    setting.list_says_nothing();
    setting.responder_says(&setting.intermediate, Status::Good, &nonces(2)[1]);
    let signed = setting.verify().await.unwrap();
    assert_eq!((signed.evidence.ocsp_responses().count(), signed.evidence.crls().count()), (1, 1));
    let paths: Vec<_> = setting.service.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/ocsp/people", "/people.crl", "/ocsp/cas"]);
}

#[tokio::test]
async fn an_answer_to_another_request_is_no_answer() {
    let setting = Setting::new().await;
    setting.responder_says(&setting.leaf, Status::Good, &[9; 32]);
    setting.service.will_answer(404, "");
    let error = setting.verify().await.unwrap_err();
    let Error::RevocationUnknown { position, ocsp, crl } = &error else { panic!("{error:?}") };
    assert_eq!(*position, Position::Leaf);
    assert_eq!(*ocsp, Some(StatusFault::Ocsp(countersign_pki::ocsp::OcspError::WrongNonce)));
    assert!(matches!(crl, Some(StatusFault::NotFetched(why)) if why.contains("404")), "{crl:?}");
}

#[tokio::test]
async fn revoked_ends_the_search() {
    let setting = Setting::new().await;
    let revoked = Status::Revoked { at: now(), reason: countersign_pki::crl::Reason::Superseded };
    setting.responder_says(&setting.leaf, revoked, &nonces(1)[0]);
    let error = setting.verify().await.unwrap_err();
    assert!(matches!(error, Error::Revoked { position: Position::Leaf, .. }), "{error:?}");
    assert_eq!(setting.service.asked().len(), 1);
}

#[tokio::test]
async fn nothing_is_fetched_for_a_certificate_that_is_not_trusted() {
    let mut setting = Setting::new().await;
    let draft = CertificateDraft {
        ocsp: Some(format!("{}/ocsp", setting.service.origin)),
        ..CertificateDraft::signature()
    };
    setting.leaf = draft.issue(&WORLD.stranger, &WORLD.key);
    assert!(matches!(setting.verify().await, Err(Error::Untrusted(_))));
    assert!(setting.service.asked().is_empty());
}

#[tokio::test]
async fn the_origin_of_status_addresses_can_be_moved_for_tests() {
    let elsewhere = Setting::new().await;
    let here = Service::start().await;
    let trust = TrustStore::new(vec![WORLD.root.certificate.clone()], vec![elsewhere.intermediate.clone()]);
    let verifier = SignatureVerifier::new(Rules::new(trust));
    let session = session(ask_signature(), FlowMembers::Notification, document());
    let mut status = signature_made("Notification");
    status.cert = Some(Cert::new(elsewhere.leaf.as_der(), CertificateLevel::Qualified));
    let client = here.builder().status_origin(&here.origin).build().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let error = client.verify_signature(&verifier, &session, &status, now(), &mut rng).await.unwrap_err();
    assert!(matches!(error, Error::RevocationUnknown { .. }));
    let paths: Vec<_> = here.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/ocsp/people", "/people.crl"]);
    assert!(elsewhere.service.asked().is_empty());
}

#[tokio::test]
async fn a_good_status_is_one_that_says_good() {
    let setting = Setting::new().await;
    let (leaf, issuer, nonce) = (&setting.leaf, &setting.intermediate, &nonces(1)[0]);
    let rng = || ChaCha20Rng::seed_from_u64(1);
    let client = setting.service.client();
    let good = async || client.good_status(leaf, issuer, now(), now(), &mut rng()).await;
    let responders = StatusClient::new(None, std::time::Duration::from_secs(30)).unwrap();
    let status = async || responders.status(leaf, issuer, now(), &mut rng()).await;
    let revoked =
        Status::Revoked { at: now() - SignedDuration::from_hours(1), reason: Reason::KeyCompromise };

    setting.responder_says(leaf, Status::Good, nonce);
    good().await.unwrap();
    setting.responder_says(leaf, revoked, nonce);
    assert!(matches!(good().await, Err(Error::Revoked { reason: Reason::KeyCompromise, .. })));
    setting.responder_says(leaf, Status::NotIssued, nonce);
    assert!(matches!(good().await, Err(Error::NotIssued { .. })));
    setting.responder_says(leaf, Status::Good, nonce);
    assert_eq!(status().await.unwrap(), CertificateStatus::Good);
    setting.responder_says(leaf, revoked, nonce);
    assert!(matches!(status().await, Ok(CertificateStatus::Revoked { .. })));
    setting.responder_says(leaf, Status::Good, &[9; 32]);
    assert!(matches!(status().await, Err(Error::NoGoodStatus(_))));
}
