//! Revocation lists: made, read, and judged by `openssl`.

mod test_ca;

use countersign_pki::SerialNumber;
use countersign_pki::crl::{CertificateList, CrlError, NewCrl, Reason, RevokedCertificate};
use jiff::SignedDuration;
use test_ca::{OpenSsl, Template, World, at, now};

const SKEW: SignedDuration = SignedDuration::from_secs(60);

fn serial(number: u16) -> SerialNumber {
    SerialNumber::from_unsigned(&number.to_be_bytes()).unwrap()
}

fn entry(number: u16, reason: Reason) -> RevokedCertificate {
    RevokedCertificate {
        serial: serial(number),
        revoked_at: at("2026-03-01T08:00:00Z"),
        reason,
        invalidity_date: None,
    }
}

fn new_crl(revoked: Vec<RevokedCertificate>) -> NewCrl {
    NewCrl {
        number: 300,
        this_update: at("2026-06-01T00:00:00Z"),
        next_update: at("2026-06-02T00:00:00Z"),
        expired_certs_on_crl: Some(at("2025-01-01T00:00:00Z")),
        revoked,
    }
}

#[test]
fn a_list_reads_back_as_it_was_written() {
    let world = World::new();
    let mut revoked: Vec<RevokedCertificate> = Reason::ALL
        .into_iter()
        .filter(|reason| *reason != Reason::RemoveFromCrl)
        .enumerate()
        .map(|(i, reason)| entry(0x7FF0 + 7 * i as u16, reason))
        .collect();
    revoked[2].invalidity_date = Some(at("2026-02-01T08:00:00Z"));
    let der = new_crl(revoked.clone()).sign(&world.ca.certificate, world.ca.key.as_ref()).unwrap();
    let list = CertificateList::from_der(&der).unwrap();
    list.check(&world.ca.certificate, now(), SKEW).unwrap();
    assert_eq!(list.number(), Some(&[1, 44][..]));
    assert_eq!(list.this_update(), at("2026-06-01T00:00:00Z"));
    assert_eq!(list.next_update(), Some(at("2026-06-02T00:00:00Z")));
    assert_eq!(list.expired_certs_on_crl(), Some(at("2025-01-01T00:00:00Z")));
    assert_eq!(list.issuer_der(), world.ca.certificate.subject_der());
    assert_eq!(list.as_der(), der);
    assert_eq!(list.revoked().len(), revoked.len());
    for entry in &revoked {
        assert_eq!(list.find_serial(&entry.serial), Some(entry));
    }
    assert_eq!(list.find_serial(&serial(1)), None);
    assert_eq!(list.find(&world.person.certificate), Ok(None));
}

#[test]
fn an_empty_list_is_a_list() {
    let world = World::new();
    let der = new_crl(Vec::new()).sign(&world.ca.certificate, world.ca.key.as_ref()).unwrap();
    let list = CertificateList::from_der(&der).unwrap();
    list.check(&world.ca.certificate, now(), SKEW).unwrap();
    assert!(list.revoked().is_empty());
}

#[test]
fn lists_are_in_force_between_their_times() {
    let world = World::new();
    let der = new_crl(Vec::new()).sign(&world.ca.certificate, world.ca.key.as_ref()).unwrap();
    let list = CertificateList::from_der(&der).unwrap();
    let check = |time: &str| list.check(&world.ca.certificate, at(time), SKEW);
    assert_eq!(check("2026-05-31T23:59:00Z"), Ok(()));
    assert!(matches!(check("2026-05-31T23:58:59Z"), Err(CrlError::FromTheFuture { .. })));
    assert_eq!(check("2026-06-02T00:01:00Z"), Ok(()));
    assert!(matches!(check("2026-06-02T00:01:01Z"), Err(CrlError::Expired { .. })));
}

#[test]
fn certificates_dropped_after_expiry_are_not_called_good() {
    let world = World::new();
    let old = world
        .ca
        .issue(&Template::person(77).valid("2025-02-01T00:00:00Z", "2026-01-01T00:00:00Z"))
        .certificate;
    let find = |new: NewCrl| {
        let der = new.sign(&world.ca.certificate, world.ca.key.as_ref()).unwrap();
        CertificateList::from_der(&der).unwrap().find(&old).map(|found| found.cloned())
    };
    let kept = new_crl(Vec::new());
    assert_eq!(find(kept.clone()), Ok(None));
    assert_eq!(
        find(NewCrl { expired_certs_on_crl: None, ..kept.clone() }),
        Err(CrlError::CertificateExpired)
    );
    let since = Some(at("2026-02-01T00:00:00Z"));
    assert_eq!(
        find(NewCrl { expired_certs_on_crl: since, ..kept.clone() }),
        Err(CrlError::CertificateExpired)
    );
    let revoked = entry(77, Reason::Superseded);
    let listed = NewCrl { expired_certs_on_crl: None, revoked: vec![revoked.clone()], ..kept };
    assert_eq!(find(listed), Ok(Some(revoked)));
}

#[test]
fn nonsense_is_not_signed() {
    let world = World::new();
    let sign = |new: NewCrl| new.sign(&world.ca.certificate, world.ca.key.as_ref());
    assert!(sign(new_crl(vec![entry(1, Reason::RemoveFromCrl)])).is_err());
    let backwards = NewCrl { next_update: at("2026-05-01T00:00:00Z"), ..new_crl(Vec::new()) };
    assert!(sign(backwards).is_err());
    assert!(new_crl(Vec::new()).sign(&world.ca.certificate, world.tsu.key.as_ref()).is_err());
}

#[test]
fn openssl_accepts_our_lists() {
    let Some(openssl) = OpenSsl::new("openssl_accepts_our_lists") else { return };
    let world = World::new();
    let mut revoked = vec![entry(0x8001, Reason::KeyCompromise), entry(5, Reason::Unspecified)];
    revoked[0].invalidity_date = Some(at("2026-02-01T08:00:00Z"));
    let ca_list = new_crl(revoked).sign(&world.ca.certificate, world.ca.key.as_ref()).unwrap();
    let root_list = new_crl(Vec::new()).sign(&world.root.certificate, world.root.key.as_ref()).unwrap();
    openssl
        .write("ca.pem", world.ca.certificate.to_pem())
        .write("root.pem", world.root.certificate.to_pem())
        .write("person.pem", world.person.certificate.to_pem())
        .write("responder.pem", world.responder.certificate.to_pem())
        .write("ca.crl", &ca_list)
        .write("root.crl", &root_list);
    openssl.says("crl -inform DER -in ca.crl -CAfile ca.pem -noout", "verify OK");
    let text = openssl.says("crl -inform DER -in ca.crl -noout -text", "Version 2 (0x1)");
    for expected in
        ["X509v3 CRL Number", "Key Compromise", "Invalidity Date", "X509v3 Authority Key Identifier"]
    {
        assert!(text.contains(expected), "{expected} not in {text}");
    }
    openssl.says("crl -inform DER -in ca.crl -outform PEM -out ca.crl.pem", "");
    openssl.says("crl -inform DER -in root.crl -outform PEM -out root.crl.pem", "");
    let verify = format!(
        "verify -attime {} -crl_check_all -CAfile root.pem -untrusted ca.pem -CRLfile ca.crl.pem \
         -CRLfile root.crl.pem",
        now().as_second()
    );
    openssl.says(&format!("{verify} responder.pem"), "OK");
    let (text, success) = openssl.run(&format!("{verify} person.pem"));
    assert!(!success && text.contains("certificate revoked"), "{text}");
}
