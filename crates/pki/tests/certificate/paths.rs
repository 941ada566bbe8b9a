//! Paths: every file in `fixtures/certificate/paths` gets the verdict it states.
//!
//! A file says time, purpose and verdict, then holds the leaf, intermediates and anchors in PEM. The
//! files were written by [`write_fixtures`] below, which says how each comes about.

use countersign_pki::asn1;
use countersign_pki::certificate::build::{Draft, Validity};
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{BasicConstraints, Certificate, Extension, KeyUsage, Name, name};
use countersign_pki::lint::Role;
use countersign_pki::path::{self, PathError, Purpose};
use countersign_pki::profile::Use;
use countersign_pki::signer::RsaSize;
use countersign_pki::verify::Curve;
use countersign_pki::{SerialNumber, Signer, SoftwareKey};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::world::{at, ec, fixtures, issue, now, world};

#[test]
fn every_path_gets_its_verdict() {
    let folder = fixtures().join("paths");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "pem") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let case = Case::read(&text);
        assert_eq!(case.verdict(), expected(&text), "{}", path.display());
        count += 1;
    }
    assert!(count >= 30, "only {count} files in {}", folder.display());
}

/// Certificates and circumstances.
struct Case {
    leaf: Certificate,
    intermediates: Vec<Certificate>,
    anchors: Vec<Certificate>,
    now: Timestamp,
    purpose: Purpose,
}

const PURPOSES: [Purpose; 8] = [
    Purpose::Authentication,
    Purpose::Signature,
    Purpose::OcspSigning,
    Purpose::TimeStamping,
    Purpose::TlsServer,
    Purpose::TrustedListSigning,
    Purpose::Issuing,
    Purpose::Any,
];

fn field<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap()
}

fn expected(text: &str) -> &str {
    field(text, "expected: ")
}

impl Case {
    fn read(text: &str) -> Self {
        let purpose = field(text, "purpose: ");
        let (_, rest) = text.split_once("[leaf]").unwrap();
        let (leaf, rest) = rest.split_once("[intermediates]").unwrap();
        let (intermediates, anchors) = rest.split_once("[anchors]").unwrap();
        let list = |pem: &str| {
            if pem.trim().is_empty() { Vec::new() } else { Certificate::pem_bundle(pem).unwrap() }
        };
        Self {
            leaf: Certificate::from_pem(leaf).unwrap(),
            intermediates: list(intermediates),
            anchors: list(anchors),
            now: at(field(text, "time: ")),
            purpose: PURPOSES.into_iter().find(|p| format!("{p:?}") == purpose).unwrap(),
        }
    }

    fn write(&self, about: &str) -> String {
        let bundle = |list: &[Certificate]| list.iter().map(Certificate::to_pem).collect::<String>();
        format!(
            "{about}\ntime: {}\npurpose: {:?}\nexpected: {}\n[leaf]\n{}[intermediates]\n{}[anchors]\n{}",
            self.now,
            self.purpose,
            self.verdict(),
            self.leaf.to_pem(),
            bundle(&self.intermediates),
            bundle(&self.anchors),
        )
    }

    fn verdict(&self) -> String {
        match path::validate(&self.leaf, &self.intermediates, &self.anchors, self.now, self.purpose) {
            Ok(path) => format!("valid, {} certificates", path.certificates().len()),
            Err(fault) => fault.to_string(),
        }
    }
}

/// A certificate with its key.
struct Node {
    certificate: Certificate,
    key: SoftwareKey,
}

/// Makes certificates by no rule at all.
struct Forge {
    random: ChaCha20Rng,
}

/// What is unusual about a certificate.
struct Features {
    validity: Validity,
    extensions: Vec<Extension>,
    with_key_identifiers: bool,
}

fn usual(extensions: Vec<Extension>) -> Features {
    Features {
        validity: Validity::years(at("2026-01-01T00:00:00Z"), 5).unwrap(),
        extensions,
        with_key_identifiers: true,
    }
}

fn ca(path_len: Option<u32>) -> Vec<Extension> {
    vec![
        Extension::basic_constraints(BasicConstraints { ca: true, path_len }).critical(),
        Extension::key_usage(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)),
    ]
}

fn signing() -> Vec<Extension> {
    vec![Extension::key_usage(KeyUsage::NON_REPUDIATION)]
}

fn named(common_name: &str) -> Name {
    Name::of(&[(name::COUNTRY, "EE"), (name::ORGANIZATION, "Example"), (name::COMMON_NAME, common_name)])
        .unwrap()
}

impl Forge {
    fn new() -> Self {
        Self { random: ChaCha20Rng::seed_from_u64(63) }
    }

    /// Issues `common_name`, by itself when there is no issuer.
    fn make(&mut self, common_name: &str, issuer: Option<&Node>, features: Features) -> Node {
        self.with_key(common_name, issuer, features, ec(Curve::P256))
    }

    fn with_key(
        &mut self,
        common_name: &str,
        issuer: Option<&Node>,
        features: Features,
        key: SoftwareKey,
    ) -> Node {
        let signer = issuer.map_or(&key, |i| &i.key);
        let mut extensions = features.extensions;
        if features.with_key_identifiers {
            extensions.push(Extension::subject_key_identifier(key.public_key()));
            extensions.push(Extension::authority_key_identifier(&signer.public_key().key_identifier()));
        }
        let subject = named(common_name);
        let draft = Draft {
            role: Role::Root, // never asked: the draft is signed by hand
            serial: SerialNumber::random(&mut self.random),
            issuer: issuer.map_or(subject.clone(), |i| i.certificate.subject().clone()),
            validity: features.validity,
            subject,
            public_key: key.public_key().clone(),
            extensions,
        };
        let tbs = draft.tbs_der(signer.algorithm()).unwrap();
        let signature = signer.sign(&tbs).unwrap();
        let der = asn1::sequence(&[
            tbs,
            signer.algorithm().algorithm_identifier_der(),
            asn1::bit_string(&signature),
        ]);
        Node { certificate: Certificate::from_der(&der).unwrap(), key }
    }

    /// Root, issuing CA and signer.
    fn three_tiers(&mut self) -> [Node; 3] {
        let root = self.make("root", None, usual(ca(None)));
        let issuing = self.make("issuing", Some(&root), usual(ca(Some(0))));
        let leaf = self.make("signer", Some(&issuing), usual(signing()));
        [root, issuing, leaf]
    }
}

fn case(leaf: &Node, intermediates: &[&Node], anchors: &[&Node]) -> Case {
    let list = |nodes: &[&Node]| nodes.iter().map(|n| n.certificate.clone()).collect();
    Case {
        leaf: leaf.certificate.clone(),
        intermediates: list(intermediates),
        anchors: list(anchors),
        now: now(),
        purpose: Purpose::Signature,
    }
}

fn name_constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Extension {
    let subtrees = |number, list: &[Vec<u8>]| {
        let list: Vec<_> = list.iter().map(|base| asn1::sequence(std::slice::from_ref(base))).collect();
        if list.is_empty() { Vec::new() } else { asn1::constructed(asn1::context_constructed(number), &list) }
    };
    let value = asn1::sequence(&[subtrees(0, permitted), subtrees(1, excluded)]);
    Extension { oid: oid::NAME_CONSTRAINTS, critical: true, value }
}

fn directory(name: &Name) -> Vec<u8> {
    asn1::tlv(asn1::context_constructed(4), name.as_der())
}

/// Name, what it is about, the case.
fn cases() -> Vec<(&'static str, &'static str, Case)> {
    let mut forge = Forge::new();
    let mut all = Vec::new();
    let [root, issuing, leaf] = forge.three_tiers();
    let other_root = forge.make("another root", None, usual(ca(None)));
    let unknown =
        || Extension { oid: "1.3.6.1.4.1.99999.1".parse().unwrap(), critical: true, value: asn1::null() };
    let only = |from: &str, to: &str, extensions| Features {
        validity: Validity { not_before: at(from), not_after: at(to) },
        extensions,
        with_key_identifiers: true,
    };
    let without_ids = |extensions| Features { with_key_identifiers: false, ..usual(extensions) };

    all.push(("three-tiers", "Leaf, issuing CA, root.", case(&leaf, &[&issuing], &[&root])));
    all.push((
        "useless-certificates-around",
        "The same with intermediates and anchors of no use, in another order.",
        case(&leaf, &[&other_root, &leaf, &root, &issuing], &[&other_root, &root]),
    ));
    all.push((
        "issuing-ca-is-the-anchor",
        "The issuing CA itself is trusted.",
        case(&leaf, &[], &[&issuing]),
    ));
    all.push((
        "leaf-is-the-anchor",
        "The leaf itself is trusted, as time-stamping units in trusted lists are.",
        case(&leaf, &[], &[&leaf]),
    ));

    // Row 54.
    all.push((
        "unknown-ca",
        "No anchor has issued the intermediate.",
        case(&leaf, &[&issuing], &[&other_root]),
    ));
    all.push(("missing-intermediate", "The issuing CA is not at hand.", case(&leaf, &[], &[&root])));
    let self_signed = forge.make("signer", None, usual(signing()));
    all.push((
        "self-signed-leaf",
        "The leaf signs itself and is no anchor.",
        case(&self_signed, &[&self_signed], &[&root]),
    ));
    all.push((
        "root-as-intermediate",
        "The root comes with the signature but is not trusted.",
        case(&leaf, &[&issuing, &root], &[]),
    ));

    // Row 55.
    let by_leaf = forge.make("victim", Some(&leaf), usual(signing()));
    all.push((
        "issued-by-a-leaf",
        "A leaf issues a certificate.",
        case(&by_leaf, &[&leaf, &issuing], &[&root]),
    ));
    let below = forge.make("below issuing", Some(&issuing), usual(ca(None)));
    let too_low = forge.make("signer", Some(&below), usual(signing()));
    all.push((
        "path-length-exceeded",
        "A CA with path length 0 has a CA below it.",
        case(&too_low, &[&below, &issuing], &[&root]),
    ));

    // Row 56.
    let no_sign = vec![
        Extension::basic_constraints(BasicConstraints { ca: true, path_len: None }).critical(),
        Extension::key_usage(KeyUsage::CRL_SIGN),
    ];
    let crl_only = forge.make("crl signer", Some(&root), usual(no_sign));
    let by_crl_only = forge.make("signer", Some(&crl_only), usual(signing()));
    all.push((
        "intermediate-without-keycertsign",
        "A CA whose key may only sign revocation lists issues.",
        case(&by_crl_only, &[&crl_only], &[&root]),
    ));

    // Row 57.
    let odd_leaf = forge.make("signer", Some(&issuing), usual([signing(), vec![unknown()]].concat()));
    all.push((
        "unknown-critical-extension-in-leaf",
        "A critical extension nobody knows, in the leaf.",
        case(&odd_leaf, &[&issuing], &[&root]),
    ));
    let odd_ca = forge.make("odd CA", Some(&root), usual([ca(Some(0)), vec![unknown()]].concat()));
    let by_odd = forge.make("signer", Some(&odd_ca), usual(signing()));
    all.push((
        "unknown-critical-extension-in-ca",
        "A critical extension nobody knows, in the CA.",
        case(&by_odd, &[&odd_ca], &[&root]),
    ));
    let policy_constraints =
        Extension { oid: "2.5.29.36".parse().unwrap(), critical: true, value: vec![0x30, 3, 0x80, 1, 0] };
    let strict_ca =
        forge.make("strict CA", Some(&root), usual([ca(Some(0)), vec![policy_constraints]].concat()));
    let by_strict = forge.make("signer", Some(&strict_ca), usual(signing()));
    all.push((
        "policy-constraints",
        "Critical policyConstraints are not implemented and so refused.",
        case(&by_strict, &[&strict_ca], &[&root]),
    ));

    // Row 58.
    let example = Name::of(&[(name::COUNTRY, "EE"), (name::ORGANIZATION, "EXAMPLE")]).unwrap();
    let elsewhere = Name::of(&[(name::COUNTRY, "LV")]).unwrap();
    let mut constrained = |label, constraints| {
        let ca = forge.make(label, Some(&root), usual([ca(Some(0)), vec![constraints]].concat()));
        let leaf = forge.make("signer", Some(&ca), usual(signing()));
        case(&leaf, &[&ca], &[&root])
    };
    all.push((
        "name-constraints-kept",
        "The leaf is inside the permitted subtree; case does not matter.",
        constrained("permits EE", name_constraints(&[directory(&example)], &[])),
    ));
    all.push((
        "name-not-permitted",
        "The leaf is outside the permitted subtree.",
        constrained("permits LV", name_constraints(&[directory(&elsewhere)], &[])),
    ));
    all.push((
        "name-excluded",
        "The leaf is inside the excluded subtree.",
        constrained("excludes EE", name_constraints(&[], &[directory(&example)])),
    ));
    all.push((
        "name-constraints-of-another-kind",
        "Constraints on addresses are not implemented and so refused.",
        constrained(
            "permits an address",
            name_constraints(&[asn1::tlv(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])], &[]),
        ),
    ));

    // Row 59 and other purposes.
    let auth_extensions = vec![
        Extension::extended_key_usage(&[oid::KP_SMART_ID_AUTHENTICATION]),
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
    ];
    let auth = forge.make("person", Some(&issuing), usual(auth_extensions));
    all.push((
        "authentication-certificate-signs",
        "A signature by an authentication certificate.",
        case(&auth, &[&issuing], &[&root]),
    ));
    let purpose = |purpose, mut case: Case| {
        case.purpose = purpose;
        case
    };
    all.push((
        "authentication",
        "The same, used to authenticate.",
        purpose(Purpose::Authentication, case(&auth, &[&issuing], &[&root])),
    ));
    all.push((
        "signature-certificate-authenticates",
        "A signature certificate used to authenticate.",
        purpose(Purpose::Authentication, case(&leaf, &[&issuing], &[&root])),
    ));
    all.push((
        "leaf-as-issuer",
        "A leaf validated as an issuer.",
        purpose(Purpose::Issuing, case(&leaf, &[&issuing], &[&root])),
    ));
    all.push((
        "issuing-ca",
        "An issuing CA validated as one.",
        purpose(Purpose::Issuing, case(&issuing, &[], &[&root])),
    ));
    let stamp = |critical: bool, purposes: &[const_oid::ObjectIdentifier]| {
        let usage = Extension { critical, ..Extension::extended_key_usage(purposes) };
        usual(vec![usage, Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE)])
    };
    for (label, about, features) in [
        (
            "time-stamping-unit",
            "A time-stamping unit as it should be.",
            stamp(true, &[oid::KP_TIME_STAMPING]),
        ),
        (
            "time-stamping-not-critical",
            "Its extKeyUsage is not critical.",
            stamp(false, &[oid::KP_TIME_STAMPING]),
        ),
        (
            "time-stamping-not-alone",
            "It may also sign OCSP responses.",
            stamp(true, &[oid::KP_TIME_STAMPING, oid::KP_OCSP_SIGNING]),
        ),
    ] {
        let unit = forge.make("time-stamping unit", Some(&issuing), features);
        all.push((label, about, purpose(Purpose::TimeStamping, case(&unit, &[&issuing], &[&root]))));
    }

    // Rows 60 and 61.
    let year = ("2025-01-01T00:00:00Z", "2026-11-22T09:59:59Z");
    let expired = forge.make("signer", Some(&issuing), only(year.0, year.1, signing()));
    all.push(("expired-leaf", "The leaf expired a second ago.", case(&expired, &[&issuing], &[&root])));
    let last_second = Case { now: at("2026-11-22T09:59:59.999Z"), ..case(&expired, &[&issuing], &[&root]) };
    // The chain's other certificates begin in January 2026, the leaf in 2025: no shell is demanded.
    all.push(("last-second-of-validity", "The same within its last second.", last_second));
    let future =
        forge.make("signer", Some(&issuing), only("2026-11-22T10:00:01Z", "2027-01-01T00:00:00Z", signing()));
    all.push((
        "not-yet-valid-leaf",
        "The leaf is valid from the next second.",
        case(&future, &[&issuing], &[&root]),
    ));
    let old_ca = forge.make("old CA", Some(&root), only(year.0, year.1, ca(Some(0))));
    let by_old = forge.make("signer", Some(&old_ca), usual(signing()));
    all.push(("expired-intermediate", "The issuing CA has expired.", case(&by_old, &[&old_ca], &[&root])));
    let old_root = forge.make("old root", None, only(year.0, year.1, ca(None)));
    let by_old_root = forge.make("signer", Some(&old_root), usual(signing()));
    all.push(("expired-anchor", "The anchor has expired.", case(&by_old_root, &[], &[&old_root])));

    // Row 62.
    let mut bent = leaf.certificate.as_der().to_vec();
    *bent.last_mut().unwrap() ^= 1;
    let bent = Certificate::from_der(&bent).unwrap();
    all.push((
        "broken-signature",
        "One bit of the leaf's signature is wrong.",
        Case { leaf: bent, ..case(&leaf, &[&issuing], &[&root]) },
    ));

    // Row 63.
    let twin = forge.make("issuing", Some(&root), usual(ca(Some(0))));
    all.push((
        "same-name-other-key",
        "A CA of the same name whose key identifier is another.",
        case(&leaf, &[&twin], &[&root]),
    ));
    let bare_leaf = forge.make("signer", Some(&issuing), without_ids(signing()));
    all.push((
        "same-name-other-key-without-identifiers",
        "The same where nothing but the signature tells.",
        case(&bare_leaf, &[&twin], &[&root]),
    ));
    all.push((
        "same-name-both-keys",
        "Both are at hand: the right one is found.",
        case(&bare_leaf, &[&twin, &issuing], &[&root]),
    ));
    let cross = forge.with_key(
        "issuing",
        Some(&other_root),
        usual(ca(Some(0))),
        SoftwareKey::from_pkcs8_der(&issuing.key.to_pkcs8_der().unwrap()).unwrap(),
    );
    all.push((
        "cross-certified",
        "The same CA key certified by two roots, of which one is trusted.",
        case(&leaf, &[&issuing, &cross], &[&other_root]),
    ));

    // Rows 96 and 99.
    let sha1 = {
        let tbs = leaf.certificate.tbs_der();
        let sha256 = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let sha1 = [0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
        let place = tbs.windows(12).position(|w| w == sha256).unwrap();
        let head = tbs.len() - asn1::Parser::new(tbs, "tbs").any().unwrap().value.len();
        let content = [&tbs[head..place], &sha1, &tbs[place + 12..]].concat();
        let tbs = asn1::tlv(asn1::SEQUENCE, &content);
        let der = asn1::sequence(&[tbs, sha1.to_vec(), asn1::bit_string(leaf.certificate.signature())]);
        Certificate::from_der(&der).unwrap()
    };
    all.push((
        "sha-1",
        "The leaf claims a signature with SHA-1.",
        Case { leaf: sha1, ..case(&leaf, &[&issuing], &[&root]) },
    ));
    let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
    let pss_root = forge.with_key("PSS root", None, usual(ca(None)), rsa);
    let by_pss = forge.make("signer", Some(&pss_root), usual(signing()));
    all.push(("rsassa-pss", "A root that signs RSASSA-PSS.", case(&by_pss, &[], &[&pss_root])));

    // Budgets.
    let mut chain = vec![forge.make("tier 0", None, usual(ca(None)))];
    for tier in 1..=5 {
        let next = forge.make(&format!("tier {tier}"), chain.last(), usual(ca(None)));
        chain.push(next);
    }
    let deep = forge.make("signer", chain.last(), usual(signing()));
    let tiers: Vec<&Node> = chain.iter().collect();
    all.push((
        "seven-certificates",
        "A path of seven, one more than is followed.",
        case(&deep, &tiers[1..], &tiers[..1]),
    ));
    all.push(("six-certificates", "A path of six.", case(&deep, &tiers[2..], &tiers[1..2])));
    let a_root = forge.make("A", None, usual(ca(None)));
    let b = forge.make("B", Some(&a_root), usual(ca(None)));
    let a = forge.with_key(
        "A",
        Some(&b),
        usual(ca(None)),
        SoftwareKey::from_pkcs8_der(&a_root.key.to_pkcs8_der().unwrap()).unwrap(),
    );
    let in_loop = forge.make("signer", Some(&a), usual(signing()));
    all.push((
        "loop",
        "Two CAs that certify each other, and no anchor.",
        case(&in_loop, &[&a, &b], &[&root]),
    ));
    all
}

#[test]
#[ignore = "writes the fixtures"]
fn write_fixtures() {
    let folder = fixtures().join("paths");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, about, case) in cases() {
        std::fs::write(folder.join(name).with_extension("pem"), case.write(about)).unwrap();
    }
}

#[test]
fn many_cas_of_one_name_use_up_the_budget() {
    let mut forge = Forge::new();
    let bare = |extensions| Features { with_key_identifiers: false, ..usual(extensions) };
    let root = forge.make("CA", None, bare(ca(None)));
    let leaf = forge.make("signer", Some(&root), bare(signing()));
    let twins: Vec<Node> =
        (0..path::MAX_SIGNATURE_CHECKS + 1).map(|_| forge.make("CA", None, bare(ca(None)))).collect();
    let twins: Vec<&Node> = twins.iter().collect();
    let case = |anchors: &[&Node]| case(&leaf, &[], anchors);
    assert_eq!(case(&twins).verdict(), PathError::TooManySignatureChecks.to_string());
    // One fewer candidate leaves room for the right one.
    let enough = [&twins[..path::MAX_SIGNATURE_CHECKS - 1], &[&root]].concat();
    assert_eq!(case(&enough).verdict(), "valid, 2 certificates");
}

#[test]
fn what_is_issued_has_a_path() {
    let world = world();
    let intermediates = [world.qualified.clone(), world.non_qualified.clone()];
    let anchors = [world.root.clone()];
    for qualified in [true, false] {
        for (certificate_use, purpose, other) in [
            (Use::Authentication, Purpose::Authentication, Purpose::Signature),
            (Use::Signature, Purpose::Signature, Purpose::Authentication),
        ] {
            let leaf = issue(qualified, certificate_use);
            let path = path::validate(&leaf, &intermediates, &anchors, now(), purpose).unwrap();
            assert_eq!(path.certificates().len(), 3);
            assert_eq!((path.leaf(), path.anchor()), (&leaf, &world.root));
            assert_eq!(path.issuer(), Some(&intermediates[usize::from(!qualified)]));
            let fault = path::validate(&leaf, &intermediates, &anchors, now(), other).unwrap_err();
            assert!(matches!(fault, PathError::WrongUsage { .. }));
        }
    }
}

#[test]
fn faults_say_nothing_about_people() {
    let leaf = issue(true, Use::Signature);
    let fault = path::validate(&leaf, &[], &[], now(), Purpose::Signature).unwrap_err();
    assert_eq!(
        fault.to_string(),
        format!("leaf certificate (serial {}): no certificate of its issuer is at hand", leaf.serial())
    );
    for text in [format!("{fault:?}"), format!("{leaf:?}"), format!("{:?}", leaf.subject())] {
        assert!(!text.contains("TESTNUMBER") && !text.contains("40504040001"), "{text}");
    }
}
