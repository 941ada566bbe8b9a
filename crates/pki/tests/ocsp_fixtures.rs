//! Responses that must not be believed, and some that must: `fixtures/ocsp/*.json`.
//!
//! The files were written by `cargo test -p countersign-pki --test ocsp_fixtures -- --ignored`.

mod test_ca;

use std::sync::Arc;

use countersign_pki::asn1;
use countersign_pki::certificate::extension::oid;
use countersign_pki::crl::Reason;
use countersign_pki::ocsp::{
    BasicOcspResponse, CertId, CertIdHash, CertStatus, CertificateStatus, Nonce, OcspError, OcspRequest,
    Policy, ResponderId, ResponseData, ResponseStatus, SingleResponse, check,
};
use countersign_pki::{Certificate, Digest, PublicKey, SignatureAlgorithm, Signer, SoftwareKey};
use jiff::Timestamp;
use test_ca::fixture::{Case, read_all, variant, write_all, write_seed};
use test_ca::{Holder, Template, World, at, now};

#[test]
fn every_file_gets_its_verdict() {
    for case in read_all("ocsp") {
        judge(&case);
    }
}

#[test]
fn every_fault_is_called_by_its_name() {
    for case in cases() {
        judge(&case);
    }
}

#[test]
#[ignore = "writes the files that the other test reads"]
fn write_the_files() {
    write_all("ocsp", &cases(), "ocsp_response", "response");
    let world = World::new();
    for (name, hash) in [("sha-1", CertIdHash::Sha1), ("sha-256", CertIdHash::Sha256)] {
        let id = CertId::of(hash, &world.person.certificate, &world.ca.certificate).unwrap();
        let nonce = Nonce::new(&[3; 32]).unwrap();
        let request = OcspRequest::new(vec![id.clone(), id], Some(nonce)).unwrap();
        write_seed("ocsp_request", name, &request.to_der().unwrap());
    }
    for (name, holder) in [("ca", &world.ca), ("person", &world.person), ("responder", &world.responder)] {
        write_seed("certificate", name, holder.certificate.as_der());
    }
}

fn judge(case: &Case) {
    let (certificate, issuer) = (case.certificate("certificate"), case.certificate("issuer"));
    let policy = match case.get_text("stored_with_signature_of") {
        Some(time) => Policy::stored(at(time)),
        None => Policy::fetched(),
    };
    let response = case.get_bytes("response").unwrap();
    let nonce = case.get_bytes("nonce");
    let time = at(case.get_text("at").unwrap());
    let verdict = check(&response, &certificate, &issuer, nonce.as_deref(), time, &policy);
    case.expect(&match &verdict {
        Ok(checked) => match checked.status {
            CertificateStatus::Good => "Good".into(),
            CertificateStatus::Revoked { at, .. } => format!("Revoked {at}"),
            CertificateStatus::NotIssued => "NotIssued".into(),
        },
        Err(OcspError::NotSuccessful(status)) => format!("NotSuccessful {status:?}"),
        Err(error) => variant(error),
    });
}

/// A response in the making; each case spoils something.
#[derive(Clone)]
struct Making<'a> {
    world: &'a World,
    subject: Certificate,
    cert_id: CertId,
    status: CertStatus,
    responder_id: ResponderId,
    signer: Arc<dyn Signer>,
    sent_along: Vec<Certificate>,
    produced_at: Timestamp,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    nonce: Option<Nonce>,
    empty: bool,
}

impl<'a> Making<'a> {
    fn new(world: &'a World) -> Self {
        let (person, ca) = (&world.person.certificate, &world.ca.certificate);
        Self {
            world,
            subject: person.clone(),
            cert_id: CertId::of(CertIdHash::Sha1, person, ca).unwrap(),
            status: CertStatus::GOOD,
            responder_id: ResponderId::by_key(&world.responder.certificate).unwrap(),
            signer: world.responder.key.clone(),
            sent_along: vec![world.responder.certificate.clone()],
            produced_at: now(),
            this_update: now(),
            next_update: None,
            nonce: None,
            empty: false,
        }
    }

    /// Answered by somebody else.
    fn by(mut self, responder: &Holder) -> Self {
        self.responder_id = ResponderId::by_key(&responder.certificate).unwrap();
        self.signer = responder.key.clone();
        self.sent_along = vec![responder.certificate.clone()];
        self
    }

    fn times(self, produced: &str, this: &str, next: Option<&str>) -> Self {
        Self { produced_at: at(produced), this_update: at(this), next_update: next.map(at), ..self }
    }

    fn der(&self) -> Vec<u8> {
        let single = SingleResponse::new(
            self.cert_id.clone(),
            self.status.clone(),
            self.this_update,
            self.next_update,
            None,
        );
        let singles = if self.empty { Vec::new() } else { vec![single.unwrap()] };
        let data =
            ResponseData::new(self.responder_id.clone(), self.produced_at, singles, self.nonce.as_ref());
        let certificates: Vec<&[u8]> = self.sent_along.iter().map(Certificate::as_der).collect();
        BasicOcspResponse::sign(data.unwrap(), self.signer.as_ref(), &certificates).unwrap().into_der()
    }

    fn case(&self, name: &str, row: &str, about: &str, expected: &str) -> Case {
        Case::new(name, row, about, expected)
            .bytes("certificate", self.subject.as_der())
            .bytes("issuer", self.world.ca.certificate.as_der())
            .bytes("response", &self.der())
    }
}

/// A key that says it signs with SHA-1.
struct SaysSha1(Arc<SoftwareKey>);

impl Signer for SaysSha1 {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Ecdsa(Digest::Sha1)
    }
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, countersign_pki::Error> {
        self.0.sign(message)
    }
}

fn cases() -> Vec<Case> {
    let world = World::new();
    let good = Making::new(&world);
    let ca = &world.ca;
    let mut cases = vec![good.case("good", "-", "Nothing is wrong with this one.", "Good")];

    // Who signed by name, with SHA-256, after a nonce: all allowed.
    let mut making = good.clone();
    making.responder_id = ResponderId::by_name(&world.responder.certificate).unwrap();
    making.cert_id = CertId::of(CertIdHash::Sha256, &world.person.certificate, &ca.certificate).unwrap();
    making.nonce = Some(Nonce::new(&[3; 32]).unwrap());
    let case = making.case("good-by-name", "-", "responderID by name, CertID with SHA-256, a nonce.", "Good");
    cases.push(case.bytes("nonce", &[3; 32]));

    let mut making = good.clone();
    making.status = CertStatus::revoked(at("2026-05-01T00:00:00Z"), Reason::KeyCompromise).unwrap();
    cases.push(making.case(
        "66-revoked",
        "66, 67",
        "Revoked: whether before or after the signature is for whoever knows the signature's time.",
        "Revoked 2026-05-01T00:00:00Z",
    ));

    let mut making = good.clone();
    making.cert_id = CertId::of(CertIdHash::Sha1, &world.tsu.certificate, &ca.certificate).unwrap();
    cases.push(making.case("68-other-serial", "68", "An answer about another certificate.", "WrongCertId"));

    let mut making = good.clone();
    making.cert_id =
        CertId::of(CertIdHash::Sha1, &world.person.certificate, &world.root.certificate).unwrap();
    cases.push(making.case(
        "68-other-issuer",
        "68",
        "The right serial number, but another issuer's hashes.",
        "WrongCertId",
    ));

    let mut making = good.clone();
    making.status = CertStatus::UNKNOWN;
    cases.push(making.case("69-unknown", "69", "The responder knows nothing.", "UnknownStatus"));

    let stored = |case: Case, time: &str| case.text("stored_with_signature_of", time);
    cases.push(stored(
        good.case(
            "70-before-the-signature",
            "70",
            "Made one second before the signature's time-stamp.",
            "ProducedTooEarly",
        ),
        "2026-06-01T12:00:01Z",
    ));
    cases.push(stored(
        good.case("70-in-the-same-second", "70", "Made in the second of the time-stamp.", "Good"),
        "2026-06-01T12:00:00.9Z",
    ));
    let making = good.clone().times("2026-06-01T11:00:00Z", "2026-06-01T11:00:00Z", None);
    cases.push(stored(
        making.case("71-late", "71", "Made 20 minutes after the signature: valid, with a warning.", "Good"),
        "2026-06-01T10:40:00Z",
    ));

    let mut case =
        good.case("72-broken-signature", "72", "One bit of producedAt is flipped.", "WrongSignature");
    let mut der = case.get_bytes("response").unwrap();
    let position = der.windows(15).position(|w| w == b"20260601120000Z").unwrap();
    der[position + 13] ^= 1;
    case = case.bytes("response", &der);
    cases.push(case);
    let mut making = good.clone();
    making.signer = Arc::new(SaysSha1(world.responder.key.clone()));
    cases.push(making.case("72-sha-1", "72", "Signed with SHA-1.", "WeakSignature"));
    let mut making = good.clone();
    making.signer = world.tsu.key.clone();
    cases.push(making.case("72-other-key", "72", "Signed with another key.", "WrongSignature"));

    let responder =
        ca.issue(&Template::new("TEST", 30).key_usage(1).with(oid::OCSP_NOCHECK, false, &asn1::null()));
    cases.push(good.clone().by(&responder).case(
        "73-no-ocsp-signing",
        "73",
        "The responder's certificate lacks the extended key usage.",
        "ResponderWithoutOcspSigning",
    ));
    let any = "2.5.29.37.0".parse().unwrap();
    let responder = ca.issue(&Template::new("TEST", 31).extended_key_usage(false, &[any]));
    cases.push(good.clone().by(&responder).case(
        "73-any-usage",
        "73",
        "anyExtendedKeyUsage is not OCSPSigning.",
        "ResponderWithoutOcspSigning",
    ));
    let other_ca = world.root.issue(&Template::ca("TEST OTHER CA", 32));
    let responder = other_ca.issue(&Template::responder(33));
    let mut making = good.clone().by(&responder);
    making.sent_along.push(other_ca.certificate.clone());
    cases.push(making.case(
        "73-other-ca",
        "73",
        "A proper responder, but of another CA under the same root.",
        "ResponderNotDelegated",
    ));
    let namesake = world.root.issue(&Template::ca("TEST ISSUING CA", 34));
    let responder = namesake.issue(&Template::responder(35));
    cases.push(good.clone().by(&responder).case(
        "73-namesake-ca",
        "73",
        "The responder's issuer has the CA's name and another key.",
        "ResponderNotDelegated",
    ));
    let sub_ca = ca.issue(&Template::ca("TEST SUB CA", 36));
    let responder = sub_ca.issue(&Template::responder(37));
    let mut making = good.clone().by(&responder);
    making.sent_along.push(sub_ca.certificate.clone());
    cases.push(making.case(
        "73-not-directly-issued",
        "73",
        "The responder was issued by a CA below the certificate's CA.",
        "ResponderNotDelegated",
    ));
    let responder = ca.issue(&Template::responder(38).with("1.2.3.4".parse().unwrap(), true, &asn1::null()));
    cases.push(good.clone().by(&responder).case(
        "73-unknown-critical-extension",
        "73",
        "The responder's certificate has a critical extension nobody knows.",
        "ResponderUnusable",
    ));
    let responder = ca.issue(
        &Template::new("TEST", 39).key_usage(0b100).extended_key_usage(false, &[oid::KP_OCSP_SIGNING]),
    );
    cases.push(good.clone().by(&responder).case(
        "73-key-usage",
        "73",
        "The responder's key is for encryption.",
        "ResponderUnusable",
    ));

    let expired = Template::responder(40).valid("2026-01-01T00:00:00Z", "2026-05-31T00:00:00Z");
    let responder = ca.issue(&expired);
    cases.push(good.clone().by(&responder).case(
        "74-responder-expired",
        "74",
        "The responder's certificate had expired when it answered.",
        "ResponderNotValid",
    ));
    let making = good.clone().by(&responder);
    cases.push(stored(
        making.times("2026-05-30T00:00:00Z", "2026-05-30T00:00:00Z", None).case(
            "74-responder-expired-since",
            "74",
            "The responder's certificate expired after it had answered.",
            "Good",
        ),
        "2026-05-29T23:59:00Z",
    ));
    let checked = Template::new("TEST", 41).extended_key_usage(false, &[oid::KP_OCSP_SIGNING]);
    cases.push(good.clone().by(&ca.issue(&checked)).case(
        "74-responder-may-be-revoked",
        "74",
        "The responder's certificate lacks ocsp-nocheck, so its own status is open.",
        "ResponderWithoutNoCheck",
    ));

    let mut making = good.clone();
    making.responder_id = ResponderId::by_key(&world.tsu.certificate).unwrap();
    cases.push(making.case(
        "75-other-responder-id",
        "75",
        "The responderID is another certificate's key.",
        "WrongResponderId",
    ));
    let mut making = good.clone();
    making.sent_along.clear();
    cases.push(making.case(
        "75-no-certificate",
        "75",
        "The certificate is not sent along.",
        "WrongResponderId",
    ));

    for status in [ResponseStatus::TryLater, ResponseStatus::Unauthorized, ResponseStatus::InternalError] {
        let name = format!("76-{status:?}").to_lowercase();
        let expected = format!("NotSuccessful {status:?}");
        let case = good.case(&name, "76", "The responder did not answer.", &expected);
        cases.push(case.bytes("response", &status.to_der()));
    }
    let making = Making { empty: true, ..good.clone() };
    cases.push(making.case("76-empty", "76", "Signed, but without any answer.", "NoResponses"));
    let case = good.case("76-successful-without-bytes", "76", "Successful, and nothing else.", "Malformed");
    cases.push(case.bytes("response", &ResponseStatus::Successful.to_der()));
    let case = good.case("76-error-with-answer", "76", "An error status around a good answer.", "Malformed");
    let mut der = case.get_bytes("response").unwrap();
    let position = der.windows(3).position(|w| w == [0x0A, 1, 0]).unwrap();
    der[position + 2] = 3;
    cases.push(case.bytes("response", &der));

    let making = good.clone().times("2026-06-01T12:00:00Z", "2026-06-01T12:02:00Z", None);
    cases.push(making.case(
        "77-this-update-ahead",
        "77",
        "thisUpdate is two minutes ahead.",
        "FromTheFuture",
    ));
    let making = good.clone().times("2026-06-01T12:02:00Z", "2026-06-01T12:00:00Z", None);
    cases.push(making.case("77-produced-ahead", "77", "producedAt is two minutes ahead.", "FromTheFuture"));
    let making =
        good.clone().times("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", Some("2026-06-01T11:59:59Z"));
    cases.push(making.case(
        "77-next-before-this",
        "77",
        "nextUpdate is before thisUpdate.",
        "TimesOutOfOrder",
    ));
    let making = good.clone().times("2026-06-01T11:57:00Z", "2026-06-01T11:59:00Z", None);
    cases.push(making.case(
        "77-this-after-produced",
        "77",
        "thisUpdate is two minutes after producedAt.",
        "TimesOutOfOrder",
    ));
    let making = good.clone().times("2026-06-01T11:43:00Z", "2026-06-01T11:43:00Z", None);
    cases.push(making.case("77-too-old", "77", "17 minutes old, with 15 allowed.", "TooOld"));
    let making =
        good.clone().times("2026-06-01T11:50:00Z", "2026-06-01T11:50:00Z", Some("2026-06-01T11:58:00Z"));
    cases.push(making.case("77-expired", "77", "nextUpdate was two minutes ago.", "Expired"));

    let mut making = good.clone();
    making.status = CertStatus::revoked(at("2026-05-01T00:00:00Z"), Reason::CertificateHold).unwrap();
    cases.push(making.case("81-on-hold", "81", "Suspended.", "Revoked 2026-05-01T00:00:00Z"));

    // A signer who is also a responder and says "good" of itself.
    let both = ca.issue(&Template::responder(50));
    let mut making = good.clone().by(&both);
    making.subject = both.certificate.clone();
    making.cert_id = CertId::of(CertIdHash::Sha1, &both.certificate, &ca.certificate).unwrap();
    cases.push(making.case("82-same-certificate", "82", "A responder vouches for itself.", "SelfIssued"));
    let second = ca.issue_to(&Template::person(51), both.key.clone());
    making.subject = second.certificate.clone();
    making.cert_id = CertId::of(CertIdHash::Sha1, &second.certificate, &ca.certificate).unwrap();
    cases.push(making.case(
        "82-same-key",
        "82",
        "The signer's key has a second certificate as responder.",
        "SelfIssued",
    ));

    let mut making = good.clone();
    let case = making.case("nonce-missing", "-", "The nonce is not echoed.", "MissingNonce");
    cases.push(case.bytes("nonce", &[3; 32]));
    making.nonce = Some(Nonce::new(&[4; 32]).unwrap());
    let case = making.case("nonce-wrong", "-", "A replayed answer: another nonce.", "WrongNonce");
    cases.push(case.bytes("nonce", &[3; 32]));

    let case = good.case("trailing-byte", "-", "A byte follows the response.", "Malformed");
    let mut der = case.get_bytes("response").unwrap();
    der.push(0);
    cases.push(case.bytes("response", &der));
    cases
}
