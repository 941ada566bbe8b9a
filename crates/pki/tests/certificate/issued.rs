//! What is issued against the tables clients were written to, byte for byte.
//!
//! Expectations are written out in hexadecimal here, not made with the code under test.

use countersign_pki::asn1;
use countersign_pki::certificate::build::{Draft, Validity};
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{Certificate, Extension, KeyUsage, Name, Policy, name};
use countersign_pki::lint::{self, Role};
use countersign_pki::profile::{Issuer, Profile, Use, issue_trusted_list_signer};
use countersign_pki::verify::{Curve, KeyKind};
use countersign_pki::{Error, SerialNumber, Signer};

use crate::world::{
    CPS, PDS, addresses, at, ec, issue, non_qualified_profile, now, organization, person, person_key,
    qualified_profile, rng, world,
};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Tag and length written out, text as its bytes, all in hexadecimal; for text below 128 bytes.
fn text(tag: u8, text: &str) -> String {
    format!("{tag:02x}{:02x}{}", text.len(), hex(text.as_bytes()))
}

struct Expected {
    name: &'static str,
    critical: bool,
    value: String,
}

/// One row of the table in the order it must come: identifier in dotted form, criticality, value.
fn row(name: &'static str, critical: bool, value: impl Into<String>) -> Expected {
    Expected { name, critical, value: value.into() }
}

fn assert_extensions(certificate: &Certificate, expected: &[Expected]) {
    let names: Vec<String> = certificate.extensions().iter().map(|e| e.oid.to_string()).collect();
    assert_eq!(names, expected.iter().map(|e| e.name).collect::<Vec<_>>());
    for (found, expected) in certificate.extensions().iter().zip(expected) {
        assert_eq!(found.critical, expected.critical, "{}", expected.name);
        assert_eq!(hex(&found.value), hex(&bytes(&expected.value)), "{}", expected.name);
    }
}

fn key_id(certificate: &Certificate) -> String {
    hex(&certificate.public_key().key_identifier())
}

fn person_rows(
    ca: &str,
    issuer: &Certificate,
    own: &Certificate,
    policies: String,
    middle: Vec<Expected>,
    usage: &str,
) -> Vec<Expected> {
    let issuer_url = text(0x86, &format!("http://c.trust.example/{ca}.der.crt"));
    let ocsp_url = text(0x86, &format!("http://aia.trust.example/{ca}"));
    let crl_url = text(0x86, &format!("http://c.trust.example/{ca}.crl"));
    let wrap = |tag: &str, inner: &str| format!("{tag}{:02x}{inner}", inner.len() / 2);
    let access = wrap(
        "30",
        &[
            wrap("30", &format!("06082b06010505073002{issuer_url}")),
            wrap("30", &format!("06082b06010505073001{ocsp_url}")),
        ]
        .concat(),
    );
    let document = text(0x0C, "PNOEE-40504040001-MOCK-Q");
    let alt_name =
        wrap("30", &wrap("a4", &wrap("30", &wrap("31", &wrap("30", &format!("0603550403{document}"))))));
    let mut rows = vec![
        row("2.5.29.19", false, "3000"),
        row("2.5.29.35", false, format!("30168014{}", key_id(issuer))),
        row("1.3.6.1.5.5.7.1.1", false, access),
        row("2.5.29.17", false, alt_name),
        row("2.5.29.32", false, policies),
    ];
    rows.extend(middle);
    rows.push(row("2.5.29.31", false, wrap("30", &wrap("30", &wrap("a0", &wrap("a0", &crl_url))))));
    rows.push(row("2.5.29.14", false, format!("0414{}", key_id(own))));
    rows.push(row("2.5.29.15", true, usage));
    rows
}

/// Own policy with CPS, then the ETSI policy.
fn policies(own: &str, etsi: &str) -> String {
    let wrap = |tag: &str, inner: &str| format!("{tag}{:02x}{inner}", inner.len() / 2);
    let qualifier = wrap("30", &wrap("30", &format!("06082b06010505070201{}", text(0x16, CPS))));
    wrap("30", &[wrap("30", &format!("{own}{qualifier}")), wrap("30", etsi)].concat())
}

const OWN_Q: &str = "06092b06010401ce1f1102"; // 1.3.6.1.4.1.10015.17.2
const OWN_NQ: &str = "06092b06010401ce1f1101"; // 1.3.6.1.4.1.10015.17.1
const NCP: &str = "060604008f7a0101"; // 0.4.0.2042.1.1
const NCP_PLUS: &str = "060604008f7a0102"; // 0.4.0.2042.1.2
const QCP_N_QSCD: &str = "060704008bec400102"; // 0.4.0.194112.1.2
const BIRTH: &str = "301f301d06082b060105050709013111180f31393035303430343132303030305a";

/// As printed in the reference, with the URL put in.
fn qc_statements() -> String {
    format!(
        "30819e 3015 06082b06010505070b02 3009 060704008bec490101
         3008 060604008e460101
         3008 060604008e460104
         3013 060604008e460106 3009 060704008e46010601
         305c 060604008e460105 3052 3050 164a {} 1302 656e",
        hex(PDS.as_bytes())
    )
}

#[test]
fn a_qualified_authentication_certificate_is_the_table_s() {
    let certificate = issue(true, Use::Authentication);
    let middle = vec![row("2.5.29.9", false, BIRTH), row("2.5.29.37", false, AUTHENTICATION_DER)];
    let policies = policies(OWN_Q, NCP_PLUS);
    let rows = person_rows("eid-q", &world().qualified, &certificate, policies, middle, "03020780");
    assert_extensions(&certificate, &rows);
}

// 1.3.6.1.4.1.62306.5.7.0; 62306 is 83 e6 62 in base 128.
const AUTHENTICATION_DER: &str = "300d060b2b0601040183e662050700";

#[test]
fn a_qualified_signature_certificate_is_the_table_s() {
    let certificate = issue(true, Use::Signature);
    let middle = vec![row("2.5.29.9", false, BIRTH), row("1.3.6.1.5.5.7.1.3", false, qc_statements())];
    let policies = policies(OWN_Q, QCP_N_QSCD);
    let rows = person_rows("eid-q", &world().qualified, &certificate, policies, middle, "03020640");
    assert_extensions(&certificate, &rows);
}

#[test]
fn a_non_qualified_authentication_certificate_is_the_table_s() {
    let certificate = issue(false, Use::Authentication);
    let middle = vec![row("2.5.29.37", false, AUTHENTICATION_DER)];
    let policies = policies(OWN_NQ, NCP);
    let rows = person_rows("eid-nq", &world().non_qualified, &certificate, policies, middle, "03020780");
    assert_extensions(&certificate, &rows);
}

#[test]
fn a_non_qualified_signature_certificate_is_the_table_s() {
    let certificate = issue(false, Use::Signature);
    let policies = policies(OWN_NQ, NCP);
    let rows = person_rows("eid-nq", &world().non_qualified, &certificate, policies, Vec::new(), "03020640");
    assert_extensions(&certificate, &rows);
}

#[test]
fn the_fixed_part_of_a_person_s_certificate_is_the_table_s() {
    let certificate = issue(true, Use::Signature);
    // C PrintableString, CN, SN, GN UTF8String, serialNumber PrintableString.
    let subject = "3067 310b 3009 0603550406 1302 4545
        3118 3016 0603550403 0c0f 544553544e554d4245522cc3954945
        3113 3011 0603550404 0c0a 544553544e554d424552
        310d 300b 060355042a 0c04 c3954945
        311a 3018 0603550405 1311 504e4f45452d3430353034303430303031";
    assert_eq!(hex(certificate.subject_der()), hex(&bytes(subject)));
    assert_eq!(certificate.issuer_der(), world().qualified.subject_der());
    let order: Vec<_> = certificate.issuer().rdns().iter().map(|rdn| rdn[0].oid).collect();
    assert_eq!(order, [name::COMMON_NAME, name::ORGANIZATION_IDENTIFIER, name::ORGANIZATION, name::COUNTRY]);
    assert_eq!(certificate.serial().as_bytes().len(), 16);
    assert_eq!(certificate.not_before(), now());
    assert_eq!(certificate.not_after(), at("2029-11-21T09:59:59Z"));
    assert_eq!(certificate.public_key().kind(), KeyKind::Rsa { bits: 6143 });
    // ecdsa-with-SHA384, no parameters, inside and outside.
    let algorithm = bytes("300a06082a8648ce3d040303");
    assert_eq!(certificate.as_der().windows(12).filter(|w| *w == algorithm).count(), 2);
    certificate.is_signed_by(&world().qualified).unwrap();
}

#[test]
fn a_person_s_two_certificates_share_subject_and_document_but_not_key() {
    let issuer = world().qualified();
    let issue = |certificate_use, last| {
        let key = person_key(last);
        let profile = qualified_profile();
        issuer.issue_person(&profile, &person(), certificate_use, &key, now(), &mut rng()).unwrap()
    };
    let (auth, sign) = (issue(Use::Authentication, 1), issue(Use::Signature, 3));
    assert_eq!(auth.subject(), sign.subject());
    assert_eq!(auth.document_number().as_deref(), Some("PNOEE-40504040001-MOCK-Q"));
    assert_eq!(auth.subject_alt_name(), sign.subject_alt_name());
    assert_ne!(auth.public_key(), sign.public_key());
}

#[test]
fn what_clients_check_is_there() {
    let sign = issue(true, Use::Signature);
    assert_eq!(sign.subject().common_name().as_deref(), Some("TESTNUMBER,ÕIE"));
    assert_eq!(sign.subject().surname().as_deref(), Some("TESTNUMBER"));
    assert_eq!(sign.subject().given_name().as_deref(), Some("ÕIE"));
    assert_eq!(sign.subject().country().as_deref(), Some("EE"));
    assert_eq!(sign.subject().serial_number().as_deref(), Some("PNOEE-40504040001"));
    assert_eq!(sign.date_of_birth(), Some(jiff::civil::date(1905, 4, 4)));
    assert_eq!(sign.key_usage(), Some(KeyUsage::NON_REPUDIATION));
    assert_eq!(sign.ocsp_urls(), ["http://aia.trust.example/eid-q"]);
    assert_eq!(sign.ca_issuer_urls(), ["http://c.trust.example/eid-q.der.crt"]);
    assert_eq!(sign.crl_urls(), ["http://c.trust.example/eid-q.crl"]);
    assert_eq!(sign.policies()[0].cps.as_deref(), Some(CPS));
    let statements = sign.qc_statements().unwrap();
    assert!(statements.compliance && statements.sscd);
    assert_eq!(statements.types, [oid::QC_TYPE_ESIGN]);
    assert_eq!(statements.semantics, Some(oid::SEMANTICS_NATURAL));
    assert_eq!(statements.pds[0].url, PDS);

    let auth = issue(false, Use::Authentication);
    assert_eq!(auth.extended_key_usages(), [oid::KP_SMART_ID_AUTHENTICATION]);
    assert_eq!(auth.date_of_birth(), None);
    assert_eq!(auth.qc_statements(), None);
    assert!(!auth.is_ca() && !auth.has_ocsp_nocheck());
    assert_eq!(auth.authority_key_identifier(), world().non_qualified.subject_key_identifier());
}

#[test]
fn the_cas_are_the_table_s() {
    let (root, ca) = (&world().root, &world().qualified);
    assert!(root.is_self_issued());
    root.is_signed_by(root).unwrap();
    assert_eq!(root.public_key().kind(), KeyKind::Ec(Curve::P521));
    assert_eq!(root.signature_algorithm().unwrap().to_string(), "ECDSA with SHA-512");
    let rows = [
        row("2.5.29.19", true, "30060101ff020101"),
        row("2.5.29.35", false, format!("30168014{}", key_id(root))),
        row("2.5.29.14", false, format!("0414{}", key_id(root))),
        row("2.5.29.15", true, "03020106"),
    ];
    assert_extensions(root, &rows);

    ca.is_signed_by(root).unwrap();
    assert_eq!(ca.public_key().kind(), KeyKind::Ec(Curve::P384));
    assert_eq!(ca.path_len(), Some(0));
    assert_eq!(ca.policies(), [Policy { oid: oid::ANY_POLICY, cps: Some(CPS.into()) }]);
    assert_eq!(ca.key_usage(), Some(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)));
    assert_eq!(ca.crl_urls(), ["http://c.trust.example/root.crl"]);
    assert!(ca.may_sign_crls() && ca.may_sign_certificates());
    assert_eq!(ca.not_after(), at("2040-12-31T23:59:59Z"));
}

#[test]
fn services_get_what_their_protocol_needs() {
    let issuer = world().qualified();
    let key = ec(Curve::P256);
    let named = |cn| organization().named(cn).unwrap();

    let validity = Validity::days(now(), 90).unwrap();
    let ocsp = issuer.issue_ocsp_responder(named("OCSP"), key.public_key(), validity, &mut rng()).unwrap();
    assert!(ocsp.has_ocsp_nocheck());
    assert_eq!(ocsp.extended_key_usages(), [oid::KP_OCSP_SIGNING]);
    assert_eq!(hex(&ocsp.extension(oid::OCSP_NOCHECK).unwrap().value), "0500");

    let policy = Policy { oid: "0.4.0.2023.1.1".parse().unwrap(), cps: None };
    let tsu = issuer
        .issue_time_stamping_unit(
            named("TSU"),
            &policy,
            &addresses("eid-q"),
            key.public_key(),
            Validity::years(now(), 6).unwrap(),
            at("2027-11-22T10:00:00Z"),
            &mut rng(),
        )
        .unwrap();
    assert!(tsu.extension(oid::EXTENDED_KEY_USAGE).unwrap().critical);
    assert_eq!(tsu.extended_key_usages(), [oid::KP_TIME_STAMPING]);
    assert_eq!(
        hex(&tsu.extension(oid::PRIVATE_KEY_USAGE_PERIOD).unwrap().value),
        "3022800f32303236313132323130303030305a810f32303237313132323130303030305a"
    );

    let hosts = ["localhost".to_owned()];
    let loopback = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    let tls = issuer.issue_tls_server(&hosts, &loopback, key.public_key(), validity, &mut rng()).unwrap();
    assert_eq!(tls.subject_alt_name().dns_names, hosts);
    assert_eq!(tls.subject_alt_name().ip_addresses, loopback);

    let list = issue_trusted_list_signer(named("List"), &key, validity, &mut rng()).unwrap();
    list.is_signed_by(&list).unwrap();
    assert_eq!(list.extended_key_usages(), [oid::KP_TSL_SIGNING]);
}

#[test]
fn an_issuer_needs_the_certificate_s_own_key() {
    let other = ec(Curve::P384);
    assert!(matches!(Issuer::new(&world().qualified, &other), Err(Error::Mismatch { .. })));
}

fn draft() -> Draft {
    let world = world();
    let certificate = issue(true, Use::Signature);
    Draft {
        role: Role::PersonSignature,
        serial: SerialNumber::random(&mut rng()),
        issuer: world.qualified.subject().clone(),
        validity: Validity::years(now(), 3).unwrap(),
        subject: certificate.subject().clone(),
        public_key: certificate.public_key().clone(),
        extensions: certificate.extensions().to_vec(),
    }
}

fn broken_rules(draft: &Draft) -> Vec<&'static str> {
    match draft.sign(Some(&world().qualified), &world().qualified_key) {
        Ok(_) => Vec::new(),
        Err(Error::Lint { findings }) => findings.into_iter().map(|f| f.rule).collect(),
        Err(other) => panic!("{other}"),
    }
}

fn replace(draft: &mut Draft, extension: Extension) {
    let place = draft.extensions.iter_mut().find(|e| e.oid == extension.oid).unwrap();
    *place = extension;
}

fn remove(draft: &mut Draft, oid: const_oid::ObjectIdentifier) {
    draft.extensions.retain(|e| e.oid != oid);
}

#[test]
fn a_sound_draft_breaks_no_rule() {
    assert_eq!(broken_rules(&draft()), Vec::<&str>::new());
}

/// Each case breaks a draft in one way and names a word of the rule that must notice.
#[test]
fn a_broken_draft_is_not_signed() {
    type Break = fn(&mut Draft);
    let cases: &[(&str, Break)] = &[
        ("serial number", |d| d.serial = SerialNumber::from_unsigned(&[1, 2, 3]).unwrap()),
        ("issuer is the subject", |d| d.issuer = d.subject.clone()),
        ("ends after", |d| d.validity.not_after = d.validity.not_before),
        ("within the issuer's", |d| d.validity.not_before = at("2025-12-31T23:59:59Z")),
        ("five years", |d| d.validity = Validity::years(now(), 6).unwrap()),
        ("countryName", |d| {
            let all = ["ee", "X,Y", "X", "Y", "PNOEE-1"];
            d.subject = subject(all);
        }),
        ("semantics identifier", |d| d.subject = subject(["EE", "X,Y", "X", "Y", "40504040001"])),
        ("natural person", |d| d.subject = Name::of(&[(name::COMMON_NAME, "x")]).unwrap()),
        ("there twice", |d| {
            d.subject = Name::of(&[
                (name::COUNTRY, "EE"),
                (name::COMMON_NAME, "X,Y"),
                (name::COMMON_NAME, "Z"),
                (name::SURNAME, "X"),
                (name::GIVEN_NAME, "Y"),
                (name::SERIAL_NUMBER, "PNOEE-40504040001"),
            ])
            .unwrap();
        }),
        ("basicConstraints says", |d| remove(d, oid::BASIC_CONSTRAINTS)),
        ("keyUsage is present", |d| {
            let i = d.extensions.iter().position(|e| e.oid == oid::KEY_USAGE).unwrap();
            d.extensions[i].critical = false;
        }),
        ("keyCertSign", |d| {
            replace(d, Extension::key_usage(KeyUsage::NON_REPUDIATION.with(KeyUsage::KEY_CERT_SIGN)));
        }),
        ("stands alone", |d| {
            replace(d, Extension::key_usage(KeyUsage::NON_REPUDIATION.with(KeyUsage::DIGITAL_SIGNATURE)));
        }),
        ("keyUsage is the role's", |d| replace(d, Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE))),
        ("extKeyUsage holds", |d| {
            d.extensions.push(Extension::extended_key_usage(&[oid::KP_CLIENT_AUTH]));
        }),
        ("subjectKeyIdentifier", |d| replace(d, Extension::subject_key_identifier(&person_key(3)))),
        ("authorityKeyIdentifier", |d| replace(d, Extension::authority_key_identifier(&[1; 20]))),
        ("certificatePolicies", |d| remove(d, oid::CERTIFICATE_POLICIES)),
        ("anyPolicy", |d| {
            let any = Policy { oid: oid::ANY_POLICY, cps: None };
            replace(d, Extension::certificate_policies(&[any]).unwrap());
        }),
        ("where its issuer", |d| remove(d, oid::AUTHORITY_INFO_ACCESS)),
        ("plain http", |d| {
            let crl = Extension::crl_distribution_point("https://c.trust.example/x.crl").unwrap();
            replace(d, crl);
        }),
        ("names the document", |d| remove(d, oid::SUBJECT_ALT_NAME)),
        ("birth date", |d| {
            replace(d, Extension::date_of_birth(jiff::civil::date(2030, 1, 1)).unwrap());
        }),
        ("qualified policy", |d| remove(d, oid::QC_STATEMENTS)),
        ("QSCD policy", |d| remove(d, oid::QC_STATEMENTS)),
        ("disclosure statement", |d| {
            let mut statements = qualified_profile().qc_statements.unwrap();
            statements.pds[0].language = "et".into();
            replace(d, Extension::qc_statements(&statements).unwrap());
        }),
        ("qcStatements are only", |d| {
            d.role = Role::PersonAuthentication;
            replace(d, Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE));
        }),
        ("ocsp-nocheck", |d| d.extensions.push(Extension::ocsp_nocheck())),
        ("every critical extension", |d| {
            let oid = "1.3.6.1.4.1.99999.1".parse().unwrap();
            d.extensions.push(Extension { oid, critical: true, value: asn1::null() });
        }),
    ];
    for (word, break_it) in cases {
        let mut draft = draft();
        break_it(&mut draft);
        let rules = broken_rules(&draft);
        assert!(rules.iter().any(|rule| rule.contains(word)), "{word}: {rules:?}");
    }
}

fn subject(parts: [&str; 5]) -> Name {
    let oids = [name::COUNTRY, name::COMMON_NAME, name::SURNAME, name::GIVEN_NAME, name::SERIAL_NUMBER];
    let attributes: Vec<_> = oids.into_iter().zip(parts).collect();
    Name::of(&attributes).unwrap()
}

#[test]
fn ca_and_service_rules_are_kept() {
    let world = world();
    let rules = |certificate: &Certificate, role, issuer: &Certificate| -> Vec<&str> {
        lint::check(certificate, role, Some(issuer)).into_iter().map(|f| f.rule).collect()
    };
    // An issuing CA under an issuing CA does not fit into its path length.
    let found = rules(&world.non_qualified, Role::IssuingCa, &world.qualified);
    assert!(found.iter().any(|r| r.contains("fits into the path length")), "{found:?}");
    // A person's certificate is no TSU certificate, and the other way round.
    let found = rules(&issue(true, Use::Signature), Role::TimeStampingUnit, &world.qualified);
    assert!(found.iter().any(|r| r.contains("extKeyUsage of a time-stamping unit")), "{found:?}");
    // A leaf as issuer.
    let leaf = issue(true, Use::Signature);
    let found = rules(&issue(true, Use::Signature), Role::PersonSignature, &leaf);
    assert!(found.iter().any(|r| r.contains("is a CA that may sign")), "{found:?}");
    // Long-lived responders and TLS servers.
    let key = ec(Curve::P256);
    let three_years = Validity::years(now(), 3).unwrap();
    let issuer = world.qualified();
    let hosts = ["localhost".to_owned()];
    let tls = issuer.issue_tls_server(&hosts, &[], key.public_key(), three_years, &mut rng());
    assert!(matches!(tls, Err(Error::Lint { .. })));
    let subject = organization().named("OCSP").unwrap();
    let ocsp = issuer.issue_ocsp_responder(subject, key.public_key(), three_years, &mut rng());
    assert!(matches!(ocsp, Err(Error::Lint { .. })));
    // No host at all.
    let validity = Validity::days(now(), 90).unwrap();
    assert!(issuer.issue_tls_server(&[], &[], key.public_key(), validity, &mut rng()).is_err());
}

#[test]
fn a_profile_s_words_can_be_replaced_but_not_made_inconsistent() {
    let issuer = world().qualified();
    let issue = |profile: &Profile| {
        issuer.issue_person(profile, &person(), Use::Signature, &person_key(1), now(), &mut rng())
    };
    // Without the claims of EU qualified status.
    let mut profile = qualified_profile();
    profile.policy.oid = "1.3.6.1.4.1.99999.1".parse().unwrap();
    profile.signature_policy = non_qualified_profile().signature_policy;
    profile.qc_statements = None;
    let certificate = issue(&profile).unwrap();
    assert!(certificate.has_policy("1.3.6.1.4.1.99999.1".parse().unwrap()));
    // The statements without the policy.
    profile.qc_statements = qualified_profile().qc_statements;
    assert!(matches!(issue(&profile), Err(Error::Lint { .. })));
}

#[test]
fn a_signer_that_holds_another_key_is_found_out() {
    let draft = draft();
    let other = ec(Curve::P384);
    assert_eq!(
        draft.sign(Some(&world().qualified), &other).unwrap_err(),
        Error::SignatureInvalid { what: "a certificate" }
    );
    assert_ne!(other.public_key(), world().qualified_key.public_key());
}
