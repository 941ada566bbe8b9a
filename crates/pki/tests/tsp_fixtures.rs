//! Time-stamps that must not be believed, and some that must: `fixtures/tsp/*.json`.
//!
//! The files were written by `cargo test -p countersign-pki --test tsp_fixtures -- --ignored`.

mod test_ca;

use const_oid::ObjectIdentifier;
use countersign_pki::asn1;
use countersign_pki::certificate::extension::oid;
use countersign_pki::tsp::{
    BTSP_POLICY, MessageImprint, PkiFailureInfo, TimeStampReq, TimeStampToken, TspError, check,
};
use countersign_pki::{Certificate, Digest, Signer};
use jiff::SignedDuration;
use test_ca::fixture::{Case, read_all, variant, write_all, write_seed};
use test_ca::{Holder, Template, World, at};

#[test]
fn every_file_gets_its_verdict() {
    for case in read_all("tsp") {
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
    write_all("tsp", &cases(), "tsp_response", "token");
    let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, DATA), &[0x80; 8]).unwrap();
    write_seed("tsp_request", "plain", &request.to_der());
    let request = request.with_policy(BTSP_POLICY).with_cert_req(false);
    write_seed("tsp_request", "with-policy", &request.to_der());
    write_seed("tsp_response", "refusal", &PkiFailureInfo::BadAlg.to_der());
}

fn judge(case: &Case) {
    let anchors = [case.certificate("anchor")];
    let time = at(case.get_text("at").unwrap());
    let imprint = MessageImprint::of(Digest::Sha256, &case.get_bytes("data").unwrap());
    let verdict = TimeStampToken::from_der(&case.get_bytes("token").unwrap())
        .map_err(TspError::from)
        .and_then(|token| check(&token, &imprint, &[], &anchors, time, SignedDuration::from_secs(60)));
    case.expect(&match &verdict {
        Ok(checked) => format!("Valid {}", checked.gen_time),
        Err(error) => variant(error),
    });
}

const DATA: &[u8] = b"what is time-stamped";
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// A token made by hand; each case spoils something.
#[derive(Clone)]
struct Making<'a> {
    world: &'a World,
    tsu: Holder,
    content_type: ObjectIdentifier,
    signed_content_type: ObjectIdentifier,
    imprint: Vec<u8>,
    gen_time: Vec<u8>,
    tsa: Option<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    /// What the signature names as its certificate.
    named: Option<Certificate>,
    /// What stands beside the signature as its signer.
    sid: Certificate,
    sent_along: Vec<Certificate>,
    sort: bool,
    signer_infos: usize,
}

fn imprint(digest: Digest) -> Vec<u8> {
    asn1::sequence(&[
        asn1::sequence(&[asn1::oid(&digest.oid()), asn1::null()]),
        asn1::octet_string(&digest.of(DATA)),
    ])
}

fn generalized_time(text: &str) -> Vec<u8> {
    asn1::tlv(asn1::GENERALIZED_TIME, text.as_bytes())
}

impl<'a> Making<'a> {
    fn new(world: &'a World) -> Self {
        Self::by(world, &world.tsu)
    }

    fn by(world: &'a World, tsu: &Holder) -> Self {
        Self {
            world,
            tsu: tsu.clone(),
            content_type: TST_INFO,
            signed_content_type: TST_INFO,
            imprint: imprint(Digest::Sha256),
            gen_time: generalized_time("20260601120000Z"),
            tsa: None,
            extensions: Vec::new(),
            named: Some(tsu.certificate.clone()),
            sid: tsu.certificate.clone(),
            sent_along: vec![tsu.certificate.clone(), world.ca.certificate.clone()],
            sort: true,
            signer_infos: 1,
        }
    }

    fn info(&self) -> Vec<u8> {
        let policy = asn1::oid(&"0.4.0.2023.1.1".parse().unwrap());
        let mut fields = vec![
            asn1::integer(1),
            policy,
            self.imprint.clone(),
            asn1::integer(77),
            self.gen_time.clone(),
            asn1::sequence(&[asn1::integer(1)]),
        ];
        if let Some(name) = &self.tsa {
            fields.push(asn1::tlv(asn1::context_constructed(0), name));
        }
        if !self.extensions.is_empty() {
            fields.push(asn1::constructed(asn1::context_constructed(1), &self.extensions));
        }
        asn1::sequence(&fields)
    }

    fn der(&self) -> Vec<u8> {
        let info = self.info();
        let attribute = |id, value| asn1::sequence(&[asn1::oid(&id), asn1::set_of(vec![value])]);
        let mut attributes = vec![
            attribute(CONTENT_TYPE, asn1::oid(&self.signed_content_type)),
            attribute(MESSAGE_DIGEST, asn1::octet_string(&Digest::Sha256.of(&info))),
        ];
        if let Some(certificate) = &self.named {
            let hash = asn1::octet_string(&Digest::Sha256.of(certificate.as_der()));
            let id = asn1::sequence(&[asn1::sequence(&[asn1::sequence(&[hash])])]);
            attributes.push(attribute(SIGNING_CERTIFICATE_V2, id));
        }
        attributes.sort();
        if !self.sort {
            attributes.reverse();
        }
        let signed = asn1::constructed(asn1::SET, &attributes);
        let signature = self.tsu.key.sign(&signed).unwrap();
        let sha256 = asn1::sequence(&[asn1::oid(&Digest::Sha256.oid())]);
        let signer_info = asn1::sequence(&[
            asn1::integer(1),
            asn1::sequence(&[self.sid.issuer_der(), &self.sid.serial().to_der()]),
            sha256.clone(),
            asn1::constructed(asn1::context_constructed(0), &attributes),
            self.tsu.key.algorithm().algorithm_identifier_der(),
            asn1::octet_string(&signature),
        ]);
        let certificates = self.sent_along.iter().map(|c| c.as_der().to_vec()).collect::<Vec<_>>();
        let signed_data = asn1::sequence(&[
            asn1::integer(3),
            asn1::set_of(vec![sha256]),
            asn1::sequence(&[
                asn1::oid(&self.content_type),
                asn1::tlv(asn1::context_constructed(0), &asn1::octet_string(&info)),
            ]),
            asn1::constructed(asn1::context_constructed(0), &certificates),
            asn1::constructed(asn1::SET, &vec![signer_info; self.signer_infos]),
        ]);
        asn1::sequence(&[
            asn1::oid(&"1.2.840.113549.1.7.2".parse().unwrap()),
            asn1::tlv(asn1::context_constructed(0), &signed_data),
        ])
    }

    fn case(&self, name: &str, row: &str, about: &str, expected: &str) -> Case {
        Case::new(name, row, about, expected)
            .bytes("data", DATA)
            .bytes("anchor", self.world.root.certificate.as_der())
            .bytes("token", &self.der())
    }
}

fn extension(critical: bool) -> Vec<u8> {
    let mut fields = vec![asn1::oid(&"1.2.3.4".parse().unwrap())];
    if critical {
        fields.push(asn1::boolean_true());
    }
    fields.push(asn1::octet_string(&asn1::null()));
    asn1::sequence(&fields)
}

fn cases() -> Vec<Case> {
    const VALID: &str = "Valid 2026-06-01T12:00:00Z";
    let world = World::new();
    let ca = &world.ca;
    let good = Making::new(&world);
    let by = |template: &Template| Making::by(&world, &ca.issue(template));
    let mut cases = vec![good.case("good", "-", "Nothing is wrong with this one.", VALID)];

    let mut making = good.clone();
    making.gen_time = generalized_time("20260601120000.25Z");
    making.extensions = vec![extension(false)];
    making.tsa = Some(asn1::tlv(asn1::context_constructed(4), world.tsu.certificate.subject_der()));
    cases.push(making.case(
        "good-with-options",
        "-",
        "A fraction of a second, the authority's name, an extension that is not critical.",
        "Valid 2026-06-01T12:00:00.25Z",
    ));

    cases.push(good.case("83-other-data", "83", "Over other data.", "WrongImprint").bytes("data", b"other"));

    let broken = |name: &str, about: &str, expected: &str, needle: &[u8], offset: usize| {
        let case = good.case(name, "84", about, expected);
        let mut der = case.get_bytes("token").unwrap();
        let position = der.windows(needle.len()).rposition(|window| window == needle).unwrap();
        der[position + offset] ^= 1;
        case.bytes("token", &der)
    };
    cases.push(broken(
        "84-time-changed",
        "The last digit of the time was changed.",
        "WrongContent",
        b"20260601120000Z",
        13,
    ));
    let mut making = good.clone();
    making.tsu.key = world.responder.key.clone();
    cases.push(making.case("84-other-key", "84", "Signed with another key.", "WrongSignature"));
    let digest = Digest::Sha256.of(&good.info());
    cases.push(broken(
        "84-attributes-changed",
        "The signed digest was changed to match nothing.",
        "WrongContent",
        &digest,
        0,
    ));

    let plain = || Template::new("TEST TSU", 60).key_usage(1);
    cases.push(by(&plain()).case("85-no-usage", "85", "No extended key usage.", "WrongPurpose"));
    let template = plain().extended_key_usage(false, &[oid::KP_TIME_STAMPING]);
    cases.push(by(&template).case(
        "85-not-critical",
        "85",
        "The extended key usage is not critical.",
        "WrongPurpose",
    ));
    let template = plain().extended_key_usage(true, &[oid::KP_TIME_STAMPING, oid::KP_CLIENT_AUTH]);
    cases.push(by(&template).case("85-not-alone", "85", "Two extended key usages.", "WrongPurpose"));
    let template =
        Template::new("TEST TSU", 61).key_usage(0b10_0001).extended_key_usage(true, &[oid::KP_TIME_STAMPING]);
    cases.push(by(&template).case(
        "85-key-usage",
        "85",
        "The key may also sign certificates.",
        "WrongPurpose",
    ));

    let stranger = Holder::root(&Template::ca("TEST STRANGER", 62));
    let making = Making::by(&world, &stranger.issue(&Template::tsu(63)));
    cases.push(making.case("86-unknown-ca", "86", "A CA nobody trusts.", "Untrusted"));
    let namesake = Holder::root(&Template::ca("TEST ISSUING CA", 64));
    let making = Making::by(&world, &namesake.issue(&Template::tsu(65)));
    cases.push(making.case("86-namesake-ca", "86", "A CA with a trusted name and another key.", "Untrusted"));

    let template = Template::tsu(66).valid("2025-01-01T00:00:00Z", "2026-05-31T23:59:59Z");
    cases.push(by(&template).case(
        "87-expired",
        "87",
        "The certificate had expired at the token's time.",
        "CertificateNotValid",
    ));
    let template = Template::tsu(67).valid("2026-06-02T00:00:00Z", "2027-06-01T00:00:00Z");
    cases.push(by(&template).case(
        "87-not-yet-valid",
        "87",
        "The certificate was not valid yet at the token's time.",
        "CertificateNotValid",
    ));
    let template = Template::tsu(68).valid("2025-01-01T00:00:00Z", "2026-06-02T00:00:00Z");
    cases.push(
        by(&template)
            .case("87-expired-since", "87", "The certificate expired after the token was made.", VALID)
            .text("at", "2027-01-01T00:00:00Z"),
    );

    let making = Making { named: None, ..good.clone() };
    cases.push(making.case(
        "88-certificate-not-named",
        "88",
        "The signature names no certificate.",
        "MissingSigningCertificate",
    ));
    let second = ca.issue_to(&Template::tsu(69), world.tsu.key.clone());
    let making = Making { named: Some(second.certificate.clone()), ..good.clone() };
    cases.push(making.case(
        "88-other-certificate-named",
        "88",
        "The signature names another certificate of the same key, which is not there.",
        "WrongSigningCertificate",
    ));
    let mut making = Making { named: Some(second.certificate.clone()), ..good.clone() };
    making.sent_along.push(second.certificate.clone());
    cases.push(making.case(
        "88-named-twice-differently",
        "88",
        "Signed and unsigned places name different certificates, both there.",
        "WrongSigningCertificate",
    ));

    let making = Making { signer_infos: 2, ..good.clone() };
    cases.push(making.case("89-two-signers", "89", "Two SignerInfos.", "Malformed"));
    let making = Making { signer_infos: 0, ..good.clone() };
    cases.push(making.case("89-no-signer", "89", "No SignerInfo.", "Malformed"));
    let data: ObjectIdentifier = "1.2.840.113549.1.7.1".parse().unwrap();
    let making = Making { content_type: data, signed_content_type: data, ..good.clone() };
    cases.push(making.case("89-other-content", "89", "The content is called data.", "Malformed"));
    let making = Making { signed_content_type: data, ..good.clone() };
    cases.push(making.case(
        "89-other-signed-content",
        "89",
        "The signed attribute calls the content data.",
        "WrongContent",
    ));
    let making = Making { sort: false, ..good.clone() };
    cases.push(making.case("89-not-sorted", "89", "Signed attributes out of order.", "Malformed"));

    let mut making = good.clone();
    making.gen_time = generalized_time("20260601120101Z");
    cases.push(making.case("93-future", "93", "61 seconds ahead, with 60 allowed.", "FromTheFuture"));
    for (name, time) in [
        ("93-no-zone", "20260601120000"),
        ("93-local-time", "20260601150000+0300"),
        ("93-no-seconds", "202606011200Z"),
        ("93-fraction-with-zero", "20260601120000.50Z"),
        ("93-no-such-day", "20260631120000Z"),
    ] {
        let mut making = good.clone();
        making.gen_time = generalized_time(time);
        cases.push(making.case(name, "93", &format!("The time is {time}."), "Malformed"));
    }

    let mut making = good.clone();
    making.imprint = imprint(Digest::Sha1);
    cases.push(making.case("94-sha-1", "94", "The imprint is made with SHA-1.", "WeakImprint"));
    let md5 = asn1::sequence(&[asn1::oid(&"1.2.840.113549.2.5".parse().unwrap()), asn1::null()]);
    making.imprint = asn1::sequence(&[md5, asn1::octet_string(&[1; 16])]);
    cases.push(making.case("94-md5", "94", "The imprint is made with MD5.", "UnknownImprintAlgorithm"));

    let mut making = good.clone();
    making.extensions = vec![extension(true)];
    cases.push(making.case(
        "95-unknown-critical-extension",
        "95",
        "A critical extension nobody knows.",
        "UnknownCriticalExtension",
    ));
    making.extensions = vec![extension(false), extension(false)];
    cases.push(making.case("95-extension-twice", "95", "An extension occurs twice.", "Malformed"));

    let mut making = good.clone();
    making.tsa = Some(asn1::tlv(asn1::context_constructed(4), ca.certificate.subject_der()));
    cases.push(making.case("tsa-of-another", "-", "The token names another authority.", "WrongAuthority"));

    let case = good.case("trailing-byte", "-", "A byte follows the token.", "Malformed");
    let mut der = case.get_bytes("token").unwrap();
    der.push(0);
    cases.push(case.bytes("token", &der));
    // The same token with the outermost length left open: BER.
    let case = good.case("ber", "-", "An indefinite length.", "Malformed");
    let der = case.get_bytes("token").unwrap();
    let mut ber = vec![0x30, 0x80];
    ber.extend_from_slice(&der[4..]);
    ber.extend_from_slice(&[0, 0]);
    cases.push(case.bytes("token", &ber));
    cases
}
