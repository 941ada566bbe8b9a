//! Revocation lists that must not be believed, and some that must: `fixtures/crl/*.json`.
//!
//! The files were written by `cargo test -p countersign-pki --test crl_fixtures -- --ignored`.

mod test_ca;

use const_oid::ObjectIdentifier;
use countersign_pki::crl::CertificateList;
use countersign_pki::{Signer, asn1, time};
use jiff::SignedDuration;
use test_ca::fixture::{Case, read_all, variant, write_all};
use test_ca::{Holder, Template, World, at};

#[test]
fn every_file_gets_its_verdict() {
    for case in read_all("crl") {
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
    write_all("crl", &cases(), "crl", "crl");
}

fn judge(case: &Case) {
    let (certificate, issuer) = (case.certificate("certificate"), case.certificate("issuer"));
    let time = at(case.get_text("at").unwrap());
    let list = match CertificateList::from_der(&case.get_bytes("crl").unwrap()) {
        Ok(list) => list,
        Err(_) => return case.expect("Malformed"),
    };
    let verdict =
        list.check(&issuer, time, SignedDuration::from_secs(60)).and_then(|()| list.find(&certificate));
    case.expect(&match &verdict {
        Ok(Some(entry)) => format!("Revoked {}", entry.revoked_at),
        Ok(None) => "Good".into(),
        Err(error) => variant(error),
    });
}

/// A list made by hand; each case spoils something.
#[derive(Clone)]
struct Making<'a> {
    world: &'a World,
    signer: Holder,
    version: Option<u64>,
    this_update: &'static str,
    next_update: Option<&'static str>,
    entries: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut fields = vec![asn1::oid(&id.parse::<ObjectIdentifier>().unwrap())];
    if critical {
        fields.push(asn1::boolean_true());
    }
    fields.push(asn1::octet_string(value));
    asn1::sequence(&fields)
}

fn entry(serial: u64, extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut fields = vec![asn1::integer(serial), time::time(at("2026-03-01T08:00:00Z")).unwrap()];
    if !extensions.is_empty() {
        fields.push(asn1::sequence(extensions));
    }
    asn1::sequence(&fields)
}

fn reason(code: u8) -> Vec<u8> {
    extension("2.5.29.21", false, &[0x0A, 1, code])
}

impl<'a> Making<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            signer: world.ca.clone(),
            version: Some(1),
            this_update: "2026-06-01T00:00:00Z",
            next_update: Some("2026-06-02T00:00:00Z"),
            entries: Vec::new(),
            extensions: vec![extension("2.5.29.20", false, &asn1::integer(7))],
        }
    }

    fn der(&self) -> Vec<u8> {
        let algorithm = self.signer.key.algorithm().algorithm_identifier_der();
        let mut fields = Vec::new();
        fields.extend(self.version.map(asn1::integer));
        fields.push(algorithm.clone());
        fields.push(self.signer.certificate.subject_der().to_vec());
        fields.push(time::time(at(self.this_update)).unwrap());
        fields.extend(self.next_update.map(|next| time::time(at(next)).unwrap()));
        if !self.entries.is_empty() {
            fields.push(asn1::sequence(&self.entries));
        }
        if !self.extensions.is_empty() {
            let extensions = asn1::sequence(&self.extensions);
            fields.push(asn1::tlv(asn1::context_constructed(0), &extensions));
        }
        let tbs = asn1::sequence(&fields);
        let signature = self.signer.key.sign(&tbs).unwrap();
        asn1::sequence(&[tbs, algorithm, asn1::bit_string(&signature)])
    }

    fn case(&self, name: &str, about: &str, expected: &str) -> Case {
        Case::new(name, "79", about, expected)
            .bytes("certificate", self.world.person.certificate.as_der())
            .bytes("issuer", self.world.ca.certificate.as_der())
            .bytes("crl", &self.der())
    }

    fn with_extension(mut self, id: &str, critical: bool, value: &[u8]) -> Self {
        self.extensions.push(extension(id, critical, value));
        self
    }

    fn with_entries(self, entries: &[Vec<u8>]) -> Self {
        Self { entries: entries.to_vec(), ..self }
    }
}

fn cases() -> Vec<Case> {
    const PERSON: u64 = 0x8001;
    const REVOKED: &str = "Revoked 2026-03-01T08:00:00Z";
    let world = World::new();
    let good = Making::new(&world);
    let mut cases = vec![good.case("good-empty", "An empty list.", "Good")];
    let making = good.clone().with_entries(&[entry(5, &[]), entry(PERSON, &[reason(1)]), entry(6, &[])]);
    cases.push(making.case("good-revoked", "The certificate is on the list.", REVOKED));
    let making = Making { version: None, extensions: Vec::new(), ..good.clone() };
    cases.push(making.case("good-version-1", "A list of version 1, without extensions.", "Good"));

    let namesake = world.root.issue(&Template::ca("TEST ISSUING CA", 80));
    let other = world.root.issue(&Template::ca("TEST OTHER CA", 81));
    let making = Making { signer: other, ..good.clone() };
    cases.push(making.case("other-issuer", "Another CA's list.", "WrongIssuer"));
    let making = Making { signer: namesake.clone(), ..good.clone() };
    cases.push(making.case("namesake-issuer", "A CA of the same name with another key.", "WrongSignature"));
    let key_id = asn1::tlv(asn1::context(0), &namesake.key.public_key().key_identifier());
    let making = good.clone().with_extension("2.5.29.35", false, &asn1::sequence(&[key_id]));
    cases.push(making.case("other-authority-key", "Another key identifier.", "WrongAuthorityKey"));

    // IssuingDistributionPoint ::= SEQUENCE { ... onlyContainsUserCerts [1] BOOLEAN DEFAULT FALSE ... }
    for (name, tag) in [("only-user", 1), ("only-ca", 2), ("indirect", 4), ("only-attribute", 5)] {
        let value = asn1::sequence(&[asn1::tlv(asn1::context(tag), &[0xFF])]);
        let making = good.clone().with_extension("2.5.29.28", true, &value);
        cases.push(making.case(&format!("partial-{name}"), "A part of the certificates.", "PartialScope"));
    }
    let some_reasons = asn1::sequence(&[asn1::tlv(asn1::context(3), &[6, 0x40])]);
    let making = good.clone().with_extension("2.5.29.28", true, &some_reasons);
    cases.push(making.case("partial-reasons", "For some reasons only.", "PartialScope"));
    let certificate_issuer = extension("2.5.29.29", true, &asn1::sequence::<Vec<u8>>(&[]));
    let making = good.clone().with_entries(&[entry(9, &[certificate_issuer])]);
    cases.push(making.case("indirect-entry", "An entry of another issuer.", "PartialScope"));
    let making = good.clone().with_extension("2.5.29.27", true, &asn1::integer(6));
    cases.push(making.case("delta", "Changes to list 6.", "Delta"));
    let making = good.clone().with_extension("1.2.3.4", true, &asn1::null());
    cases.push(making.case(
        "unknown-critical",
        "A critical extension nobody knows.",
        "UnknownCriticalExtension",
    ));
    let making = good.clone().with_entries(&[entry(9, &[extension("1.2.3.4", true, &asn1::null())])]);
    let about = "A critical extension nobody knows, in an entry.";
    cases.push(making.case("unknown-critical-entry", about, "UnknownCriticalExtension"));

    let case = good.case("broken-signature", "One digit of thisUpdate was changed.", "WrongSignature");
    let mut der = case.get_bytes("crl").unwrap();
    let position = der.windows(13).position(|w| w == b"260601000000Z").unwrap();
    der[position + 11] ^= 1;
    cases.push(case.bytes("crl", &der));

    let case = good.case("expired", "The next list is overdue.", "Expired");
    cases.push(case.text("at", "2026-06-02T00:01:01Z"));
    let case = good.case("future", "The list is from tomorrow.", "FromTheFuture");
    cases.push(case.text("at", "2026-05-31T12:00:00Z"));
    let making = Making { next_update: None, ..good.clone() };
    cases.push(making.case("no-next-update", "Nobody knows how long it holds.", "MissingNextUpdate"));
    let making = Making { next_update: Some("2026-05-31T00:00:00Z"), ..good.clone() };
    cases.push(making.case("times-out-of-order", "nextUpdate before thisUpdate.", "TimesOutOfOrder"));

    let making = good.clone().with_entries(&[entry(9, &[]), entry(9, &[])]);
    cases.push(making.case("serial-twice", "A serial number occurs twice.", "Malformed"));
    for code in [7, 8, 11] {
        let making = good.clone().with_entries(&[entry(9, &[reason(code)])]);
        let about = format!("Reason {code}, which a full list cannot have.");
        cases.push(making.case(&format!("reason-{code}"), &about, "Malformed"));
    }
    let making = Making { version: Some(2), ..good.clone() };
    cases.push(making.case("unknown-version", "Version 3.", "Malformed"));
    let making = good.clone().with_extension("2.5.29.20", false, &asn1::integer(8));
    cases.push(making.case("extension-twice", "Two CRL numbers.", "Malformed"));
    let case = good.case("trailing-byte", "A byte follows the list.", "Malformed");
    let mut der = case.get_bytes("crl").unwrap();
    der.push(0);
    cases.push(case.bytes("crl", &der));
    let case = good.case("algorithms-differ", "Another algorithm outside than inside.", "Malformed");
    let mut der = case.get_bytes("crl").unwrap();
    let sha256 = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
    let position = der.windows(8).rposition(|w| w == sha256).unwrap();
    der[position + 7] = 3;
    cases.push(case.bytes("crl", &der));

    // A CA whose key may not sign lists.
    let mute = Template::new("TEST MUTE CA", 82).key_usage(0b10_0000).with(
        countersign_pki::certificate::extension::oid::BASIC_CONSTRAINTS,
        true,
        &asn1::sequence(&[asn1::boolean_true()]),
    );
    let mute = world.root.issue(&mute);
    let making = Making { signer: mute.clone(), ..good.clone() };
    let case =
        making.case("issuer-without-crl-sign", "The CA's key may not sign lists.", "IssuerWithoutCrlSign");
    cases.push(case.bytes("issuer", mute.certificate.as_der()));

    // A certificate that expired before the list was made.
    let expired = Template::person(83).valid("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let expired = world.ca.issue(&expired);
    let about = "The certificate had expired, and this list may have dropped it.";
    let case = good.case("certificate-expired", about, "CertificateExpired");
    cases.push(case.bytes("certificate", expired.certificate.as_der()));
    let since = time::generalized_time(at("2025-06-01T00:00:00Z")).unwrap();
    let making = good.clone().with_extension("2.5.29.60", false, &since);
    let case = making.case("certificate-expired-and-kept", "Expired ones stay on this list.", "Good");
    cases.push(case.bytes("certificate", expired.certificate.as_der()));
    cases
}
