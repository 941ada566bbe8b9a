//! Revocation of leaf and intermediates, with evidence given as values.

use std::sync::Arc;

use countersign_client::error::StatusFault;
use countersign_client::verify::revocation::{Evidence, Revocation};
use countersign_client::{Error, Rules, SignatureVerifier, Signed};
use countersign_pki::crl::{CrlError, NewCrl, Reason, RevokedCertificate};
use countersign_pki::ocsp::{
    Authority, CertId, CertIdHash, Freshness, Nonce, OcspError, OcspRequest, Responder, Status,
};
use countersign_pki::path::Position;
use countersign_pki::{Certificate, Signer};
use countersign_wire::start::FlowMembers;
use jiff::{SignedDuration, Timestamp};

use crate::world::{self, Holder, WORLD, ask_signature, at, document, now, rules, session, signature_made};

const NONCE: [u8; 32] = [7; 32];

fn verify(revocation: Revocation, evidence: &Evidence) -> Result<Signed, Error> {
    let rules = Rules { revocation, ..rules() };
    let session = session(ask_signature(), FlowMembers::Notification, document());
    SignatureVerifier::new(rules).verify(&session, &signature_made("Notification"), evidence, now())
}

/// A responder's answer about a certificate.
fn answer(
    certificate: &Certificate,
    issuer: &Holder,
    responder: &Holder,
    status: Status,
    made: Timestamp,
    nonce: Option<&[u8]>,
) -> Vec<u8> {
    let id = CertId::of(CertIdHash::Sha1, certificate, &issuer.certificate).unwrap();
    let nonce = nonce.map(|nonce| Nonce::new(nonce).unwrap());
    let request = OcspRequest::new(vec![id], nonce).unwrap().to_der().unwrap();
    let signer: Arc<dyn Signer> = responder.key.clone();
    let authority = Authority::new(&issuer.certificate, &responder.certificate, signer).unwrap();
    Responder::new(vec![authority]).respond(&request, |_| status, made, &Freshness::default())
}

fn leaf(status: Status) -> Vec<u8> {
    answer(&WORLD.sign, &WORLD.ca, &WORLD.responder, status, now(), Some(&NONCE))
}

fn intermediate(status: Status) -> Vec<u8> {
    answer(&WORLD.ca.certificate, &WORLD.root, &WORLD.root_responder, status, now(), Some(&NONCE))
}

fn with(evidence: Evidence, response: Vec<u8>) -> Evidence {
    evidence.with_ocsp(response, Some(NONCE.to_vec()))
}

fn list(issuer: &Holder, made: Timestamp, revoked: &[&Certificate]) -> Vec<u8> {
    let revoked = revoked.iter().map(|certificate| RevokedCertificate {
        serial: certificate.serial().clone(),
        revoked_at: at("2026-05-01T00:00:00Z"),
        reason: Reason::KeyCompromise,
        invalidity_date: None,
    });
    NewCrl {
        number: 1,
        this_update: made,
        next_update: made + SignedDuration::from_hours(24),
        expired_certs_on_crl: None,
        revoked: revoked.collect(),
    }
    .sign(&issuer.certificate, issuer.key.as_ref())
    .unwrap()
}

#[test]
fn ocsp_for_leaf_and_intermediate_is_enough_and_is_given_back() {
    let evidence = with(with(Evidence::none(), leaf(Status::Good)), intermediate(Status::Good));
    let signed = verify(Revocation::Chain, &evidence).unwrap();
    assert_eq!(signed.evidence.ocsp_responses().count(), 2);
    assert_eq!(signed.evidence.crls().count(), 0);
    // In any order.
    let evidence = with(with(Evidence::none(), intermediate(Status::Good)), leaf(Status::Good));
    verify(Revocation::Chain, &evidence).unwrap();
}

#[test]
fn without_evidence_nothing_passes_unless_nobody_asks() {
    for revocation in [Revocation::Chain, Revocation::Leaf] {
        let error = verify(revocation, &Evidence::none()).unwrap_err();
        let Error::RevocationUnknown { position, ocsp, crl } = error else { panic!("{error}") };
        assert_eq!((position, ocsp, crl), (Position::Leaf, None, None));
    }
    verify(Revocation::Unchecked, &Evidence::none()).unwrap();
}

#[test]
fn evidence_about_the_leaf_says_nothing_about_the_intermediate() {
    let evidence = with(Evidence::none(), leaf(Status::Good));
    verify(Revocation::Leaf, &evidence).unwrap();
    let error = verify(Revocation::Chain, &evidence).unwrap_err();
    assert!(matches!(error, Error::RevocationUnknown { position: Position::Intermediate(1), .. }), "{error}");
}

#[test]
fn revoked_is_final_even_if_a_list_does_not_know_it_yet() {
    let revoked_at = at("2026-05-31T00:00:00Z");
    let revoked = Status::Revoked { at: revoked_at, reason: Reason::CertificateHold };
    let evidence = with(Evidence::none(), leaf(revoked)).with_crl(list(&WORLD.ca, now(), &[]));
    let error = verify(Revocation::Leaf, &evidence).unwrap_err();
    let Error::Revoked { position, at, reason } = error else { panic!("{error}") };
    assert_eq!((position, at, reason), (Position::Leaf, revoked_at, Reason::CertificateHold));
}

#[test]
fn a_revoked_intermediate_takes_its_people_with_it() {
    let revoked = Status::Revoked { at: at("2026-05-31T00:00:00Z"), reason: Reason::CaCompromise };
    let evidence = with(with(Evidence::none(), leaf(Status::Good)), intermediate(revoked));
    let error = verify(Revocation::Chain, &evidence).unwrap_err();
    assert!(matches!(error, Error::Revoked { position: Position::Intermediate(1), .. }), "{error}");
}

#[test]
fn a_certificate_that_was_never_issued_is_refused() {
    let evidence = with(Evidence::none(), leaf(Status::NotIssued));
    let error = verify(Revocation::Leaf, &evidence).unwrap_err();
    assert!(matches!(error, Error::NotIssued { position: Position::Leaf }), "{error}");
}

#[test]
fn every_fault_of_a_response_is_named_and_a_list_can_stand_in() {
    let made = |status, made, nonce: Option<&[u8]>| {
        answer(&WORLD.sign, &WORLD.ca, &WORLD.responder, status, made, nonce)
    };
    let impostor = {
        let key = world::ec();
        let certificate = WORLD.responder.certificate.clone();
        Holder { certificate, key }
    };
    let forged = {
        // A response whose signature is another key's.
        let mut good = made(Status::Good, now(), Some(&NONCE));
        let other = impostor.key.sign(b"something").unwrap();
        let place = good.len() - WORLD.responder.certificate.as_der().len() - 20;
        good[place] ^= other[10] | 1;
        good
    };
    type Fault = fn(&OcspError) -> bool;
    let cases: [(&str, Vec<u8>, Fault); 8] = [
        ("no nonce", made(Status::Good, now(), None), |e| matches!(e, OcspError::MissingNonce)),
        ("another nonce", made(Status::Good, now(), Some(&[8; 32])), |e| matches!(e, OcspError::WrongNonce)),
        ("too old", made(Status::Good, at("2026-06-01T11:00:00Z"), Some(&NONCE)), |e| {
            matches!(e, OcspError::TooOld { .. })
        }),
        ("from the future", made(Status::Good, at("2026-06-01T13:00:00Z"), Some(&NONCE)), |e| {
            matches!(e, OcspError::FromTheFuture { .. })
        }),
        ("unknown", made(Status::UnknownIssuer, now(), Some(&NONCE)), |e| {
            matches!(e, OcspError::UnknownStatus)
        }),
        (
            "about another certificate",
            answer(&WORLD.auth, &WORLD.ca, &WORLD.responder, Status::Good, now(), Some(&NONCE)),
            |e| matches!(e, OcspError::WrongCertId),
        ),
        ("not a response", b"nonsense".to_vec(), |e| matches!(e, OcspError::Malformed(_))),
        ("forged", forged, |e| matches!(e, OcspError::WrongSignature(_) | OcspError::Malformed(_))),
    ];
    for (about, response, expected) in cases {
        let evidence = with(Evidence::none(), response);
        let error = verify(Revocation::Leaf, &evidence).unwrap_err();
        let Error::RevocationUnknown { ocsp: Some(StatusFault::Ocsp(fault)), crl: None, .. } = &error else {
            panic!("{about}: {error:?}")
        };
        assert!(expected(fault), "{about}: {fault:?}");
        let signed = verify(Revocation::Leaf, &evidence.with_crl(list(&WORLD.ca, now(), &[]))).expect(about);
        assert_eq!((signed.evidence.ocsp_responses().count(), signed.evidence.crls().count()), (0, 1));
    }
}

#[test]
fn an_error_of_the_responder_proves_nothing() {
    let evidence = with(Evidence::none(), countersign_pki::ocsp::ResponseStatus::TryLater.to_der());
    let error = verify(Revocation::Leaf, &evidence).unwrap_err();
    let expected =
        StatusFault::Ocsp(OcspError::NotSuccessful(countersign_pki::ocsp::ResponseStatus::TryLater));
    assert!(matches!(error, Error::RevocationUnknown { ocsp: Some(fault), .. } if fault == expected));
}

#[test]
fn lists_decide_where_no_response_does() {
    let both = Evidence::none().with_crl(list(&WORLD.root, now(), &[])).with_crl(list(
        &WORLD.ca,
        now(),
        &[&WORLD.auth],
    ));
    verify(Revocation::Chain, &both).unwrap();
    let revoked = Evidence::none().with_crl(list(&WORLD.ca, now(), &[&WORLD.sign]));
    let error = verify(Revocation::Leaf, &revoked).unwrap_err();
    assert!(matches!(error, Error::Revoked { reason: Reason::KeyCompromise, .. }), "{error}");
    let revoked = Evidence::none().with_crl(list(&WORLD.ca, now(), &[])).with_crl(list(
        &WORLD.root,
        now(),
        &[&WORLD.ca.certificate],
    ));
    let error = verify(Revocation::Chain, &revoked).unwrap_err();
    assert!(matches!(error, Error::Revoked { position: Position::Intermediate(1), .. }), "{error}");
}

#[test]
fn every_fault_of_a_list_is_named() {
    type Fault = fn(&StatusFault) -> bool;
    let mut broken = list(&WORLD.ca, now(), &[]);
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let cases: [(&str, Vec<u8>, Fault); 5] = [
        ("expired", list(&WORLD.ca, at("2026-05-01T00:00:00Z"), &[]), |f| {
            matches!(f, StatusFault::Crl(CrlError::Expired { .. }))
        }),
        ("from the future", list(&WORLD.ca, at("2026-07-01T00:00:00Z"), &[]), |f| {
            matches!(f, StatusFault::Crl(CrlError::FromTheFuture { .. }))
        }),
        ("another issuer's", list(&WORLD.root, now(), &[]), |f| {
            matches!(f, StatusFault::Crl(CrlError::WrongIssuer))
        }),
        ("forged", broken, |f| matches!(f, StatusFault::Crl(CrlError::WrongSignature(_)))),
        ("not a list", b"nonsense".to_vec(), |f| matches!(f, StatusFault::Malformed(_))),
    ];
    for (about, list, expected) in cases {
        let error = verify(Revocation::Leaf, &Evidence::none().with_crl(list)).unwrap_err();
        let Error::RevocationUnknown { crl: Some(fault), ocsp: None, .. } = &error else {
            panic!("{about}: {error:?}")
        };
        assert!(expected(fault), "{about}: {fault:?}");
    }
}
