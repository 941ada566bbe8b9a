//! Certificate choices, and signing certificates by document number.

use countersign_client::verify::revocation::Evidence;
use countersign_client::{CertificateChoiceVerifier, Error};
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::DocumentNumber;
use countersign_wire::session::{Cert, CertificateResponse, SessionStatus};
use countersign_wire::start::Asked;
use countersign_wire::words::{CertificateLevel, FlowType, RequestedLevel};
use serde_json::json;

use crate::world::{
    self, CertificateDraft, DOCUMENT, WORLD, ask_signature, by_link, document, now, rules, session,
};

fn chosen(cert: &Cert) -> SessionStatus {
    serde_json::from_value(json!({
        "state": "COMPLETE",
        "result": { "endResult": "OK", "documentNumber": DOCUMENT },
        "signature": { "flowType": "Web2App" },
        "cert": cert,
    }))
    .unwrap()
}

fn good() -> Cert {
    Cert::new(WORLD.sign.as_der(), CertificateLevel::Qualified)
}

fn verifier() -> CertificateChoiceVerifier {
    CertificateChoiceVerifier::new(rules())
}

#[test]
fn a_choice_gives_person_document_and_certificate() {
    let session = session(Asked::ChooseCertificate, by_link(), Recipient::Anonymous);
    let chosen = verifier().verify(&session, &chosen(&good()), &Evidence::none(), now()).unwrap();
    assert_eq!(chosen.document.as_str(), DOCUMENT);
    assert_eq!(chosen.flow, Some(FlowType::Web2App));
    assert_eq!(chosen.certificate(), &WORLD.sign);
    assert_eq!(chosen.identity.person.as_str(), world::PERSON);
}

#[test]
fn a_choice_without_flow_type_passes_as_older_services_send_it() {
    let session = session(Asked::ChooseCertificate, by_link(), Recipient::Anonymous);
    let mut status = chosen(&good());
    status.signature = None;
    let chosen = verifier().verify(&session, &status, &Evidence::none(), now()).unwrap();
    assert_eq!(chosen.flow, None);
}

#[test]
fn every_fault_of_a_choice_has_its_error() {
    let session = session(Asked::ChooseCertificate, by_link(), Recipient::Anonymous);
    let verify = |status: &SessionStatus| {
        verifier().verify(&session, status, &Evidence::none(), now()).map(|_| ()).unwrap_err()
    };
    let mut status = chosen(&good());
    status.signature.as_mut().unwrap().flow_type = Some(FlowType::Notification.into());
    assert!(matches!(verify(&status), Error::FlowNotOffered { .. }));
    let mut status = chosen(&good());
    status.cert = None;
    assert!(matches!(verify(&status), Error::Missing { member: "cert" }));
    let authentication = Cert::new(WORLD.auth.as_der(), CertificateLevel::Qualified);
    assert!(matches!(verify(&chosen(&authentication)), Error::MissingPolicy { .. }));
    let advanced = Cert::new(WORLD.sign.as_der(), CertificateLevel::Advanced);
    assert!(matches!(verify(&chosen(&advanced)), Error::LevelTooLow { .. }));
    let stranger = CertificateDraft::signature().issue(&WORLD.stranger, &WORLD.key);
    let stranger = Cert::new(stranger.as_der(), CertificateLevel::Qualified);
    assert!(matches!(verify(&chosen(&stranger)), Error::Untrusted(_)));
    let mut status = chosen(&good());
    status.result.as_mut().unwrap().document_number =
        Some(DocumentNumber::parse("PNOEE-40504040001-MOCK-Q").unwrap());
    assert!(matches!(verify(&status), Error::AnotherDocument("the certificate's subjectAltName")));
    let other = crate::world::session(ask_signature(), by_link(), document());
    let error = verifier().verify(&other, &chosen(&good()), &Evidence::none(), now()).unwrap_err();
    assert!(matches!(error, Error::WrongOperation { .. }));
}

#[test]
fn a_certificate_by_document_number_is_checked_the_same_way() {
    let asked = DocumentNumber::parse(DOCUMENT).unwrap();
    let verify = |response: &CertificateResponse, document: &DocumentNumber, level| {
        verifier().verify_certificate(response, document, level, &Evidence::none(), now())
    };
    let ok = CertificateResponse::Ok(good());
    assert_eq!(verify(&ok, &asked, RequestedLevel::Qualified).unwrap().flow, None);
    assert!(verify(&ok, &asked, RequestedLevel::Qscd).is_ok());

    let unusable = verify(&CertificateResponse::DocumentUnusable, &asked, RequestedLevel::Qualified);
    assert!(matches!(unusable, Err(Error::DocumentUnusable)));
    let unknown = verify(&CertificateResponse::Unknown("ODD".into()), &asked, RequestedLevel::Qualified);
    assert!(matches!(unknown, Err(Error::UnknownState(word)) if word.as_str() == "ODD"));
    let advanced = CertificateResponse::Ok(Cert::new(WORLD.sign.as_der(), CertificateLevel::Advanced));
    assert!(matches!(verify(&advanced, &asked, RequestedLevel::Qualified), Err(Error::LevelTooLow { .. })));
    let other = DocumentNumber::parse("PNOEE-40504040001-MOCK-Q").unwrap();
    assert!(matches!(verify(&ok, &other, RequestedLevel::Qualified), Err(Error::AnotherDocument(_))));
    let other = DocumentNumber::parse("PNOEE-50001029996-DEM0-Q").unwrap();
    assert!(matches!(verify(&ok, &other, RequestedLevel::Qualified), Err(Error::AnotherPerson)));
    let broken = CertificateResponse::Ok(Cert { value: "AAAA".into(), ..good() });
    assert!(matches!(verify(&broken, &asked, RequestedLevel::Qualified), Err(Error::Certificate(_))));
}
