//! Long-term validation over the neutral form of a signature: archive time-stamps, what they prove, and what
//! became of certificates and algorithms since (EN 319 102-1 §5.5 and §5.6).

use countersign_container::level::SignatureFormat;
use countersign_container::policy::Policy;
use countersign_container::validate::input::{
    CertificateReference, Covered, Found, Method, Scope, SignatureUnderTest, SignedObject, Statements,
    Stored, TimeStampKind, TimeStampUnderTest, ValueForm,
};
use countersign_container::validate::{TrustAnchors, validate_signature};
use countersign_container::{Indication, Level, Part, SignatureReport, SubIndication};
use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{Certificate, KeyUsage};
use countersign_pki::crl::{NewCrl, Reason, RevokedCertificate};
use countersign_pki::ocsp::CertStatus;
use countersign_pki::tsp::MessageImprint;
use countersign_pki::{Signer as _, SoftwareKey};
use jiff::{SignedDuration, Timestamp};

use crate::world::{CertificateSpec, OcspSpec, TimeStampSpec, WORLD, authority_name, lt, noon, seconds};

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// What every time-stamp of these tests covers.
const SIGNED: &[u8] = b"what was signed";
const VALUE: &[u8] = b"the canonical form of the value";
const EVERYTHING: &[u8] = b"the signature with everything that was added to it so far";

fn signature_by(certificate: &Certificate, key: &SoftwareKey) -> SignatureUnderTest {
    let stored =
        |certificate: &Certificate, position| Stored { position, der: certificate.as_der().to_vec() };
    SignatureUnderTest {
        format: SignatureFormat::Cades,
        id: "S0".to_owned(),
        place: "here".to_owned(),
        faults: Vec::new(),
        warnings: Vec::new(),
        objects: vec![SignedObject {
            part: Part::DataFile("a.txt".to_owned()),
            name: Some("a.txt".to_owned()),
            scope: Scope::WholeFile,
            digest_identifier: "SHA-256".to_owned(),
            digest: Some(Digest::Sha256),
            expected: Digest::Sha256.of(b"content"),
            found: Found::Digest(Digest::Sha256.of(b"content")),
        }],
        method: Method { identifier: "test".to_owned(), algorithm: Some(key.algorithm()) },
        signed_octets: SIGNED.to_vec(),
        value: key.sign(SIGNED).unwrap(),
        value_form: ValueForm::Der,
        statements: Statements {
            signing_time: Some(noon()),
            signing_certificate: Some(CertificateReference {
                digest_identifier: "SHA-256".to_owned(),
                digest: Some(Digest::Sha256),
                value: Digest::Sha256.of(certificate.as_der()),
                issuer_serial: None,
            }),
            ..Statements::default()
        },
        certificates: vec![stored(certificate, 0), stored(&WORLD.ca, 2), stored(&WORLD.root, 2)],
        ocsp_responses: Vec::new(),
        crls: Vec::new(),
        time_stamps: Vec::new(),
        has_revocation_values: true,
    }
}

/// At level B, by the EC signer.
fn basic() -> SignatureUnderTest {
    signature_by(&WORLD.ec_signer, &WORLD.ec_signer_key)
}

fn stamped(mut signature: SignatureUnderTest, at: Timestamp) -> SignatureUnderTest {
    let token = TimeStampSpec::new(VALUE, at).sign();
    signature.time_stamps.push(TimeStampUnderTest::over_signature(1, token, VALUE.to_vec()));
    signature
}

fn answered(
    mut signature: SignatureUnderTest,
    change: impl FnOnce(&mut OcspSpec<'static>),
) -> SignatureUnderTest {
    let mut spec = OcspSpec::new(&WORLD.ec_signer, noon() + seconds(2));
    change(&mut spec);
    signature.ocsp_responses.push(Stored { position: 2, der: spec.sign() });
    signature
}

/// At level LT.
fn long_term() -> SignatureUnderTest {
    answered(stamped(basic(), noon() + seconds(1)), |_| {})
}

/// A unit whose certificate is valid for some time from a day.
fn unit(from: Timestamp, until: Timestamp, serial: u64) -> Certificate {
    CertificateSpec::new(&authority_name("TEST TSU"), serial, &WORLD.tsu_key, WORLD.tsa_root.subject())
        .usage(KeyUsage::DIGITAL_SIGNATURE)
        .purpose(oid::KP_TIME_STAMPING, true)
        .valid(from, until)
        .sign(&WORLD.tsa_root_key)
}

fn archived_by(
    mut signature: SignatureUnderTest,
    unit: &Certificate,
    position: u32,
    at: Timestamp,
    octets: &[u8],
) -> SignatureUnderTest {
    let mut spec = TimeStampSpec::new(octets, at);
    spec.certificate = unit.clone();
    signature.time_stamps.push(TimeStampUnderTest {
        kind: TimeStampKind::Archive,
        position,
        token: spec.sign(),
        covered: Covered::Octets(EVERYTHING.to_vec()),
    });
    signature
}

fn archived(signature: SignatureUnderTest, at: Timestamp) -> SignatureUnderTest {
    archived_by(signature, &WORLD.tsu, 3, at, EVERYTHING)
}

/// Anchors that outlive everything else here.
fn anchors() -> TrustAnchors {
    let root = |name: &str, key: &SoftwareKey, serial| {
        CertificateSpec::new(&authority_name(name), serial, key, &authority_name(name))
            .authority(None)
            .valid(noon() - days(400), noon() + days(40_000))
            .sign(key)
    };
    TrustAnchors {
        ca: vec![root("TEST root", &WORLD.root_key, 1)],
        tsa: vec![root("TEST TSA root", &WORLD.tsa_root_key, 3)],
        ..TrustAnchors::default()
    }
}

fn check_by(signature: &SignatureUnderTest, now: Timestamp, policy: &Policy) -> SignatureReport {
    validate_signature(signature, &anchors(), now, policy)
}

fn check(signature: &SignatureUnderTest, now: Timestamp) -> SignatureReport {
    check_by(signature, now, &lt())
}

#[track_caller]
fn assert_passed(report: &SignatureReport, level: Level) {
    assert_eq!((report.indication, report.level()), (Indication::TotalPassed, Some(level)), "{report}");
}

#[track_caller]
fn assert_open(report: &SignatureReport, sub: SubIndication) {
    assert_eq!(
        (report.indication, report.sub_indication),
        (Indication::Indeterminate, Some(sub)),
        "{report}"
    );
}

#[test]
fn each_step_reaches_its_level() {
    let later = noon() + days(1);
    let with = |required_level| Policy { required_level, ..lt() };
    assert_passed(&check_by(&basic(), later, &with(Level::B)), Level::B);
    assert_passed(&check_by(&stamped(basic(), noon()), later, &with(Level::T)), Level::T);
    assert_passed(&check(&long_term(), later), Level::Lt);
    let archived = archived(long_term(), noon() + seconds(60));
    assert_passed(&check_by(&archived, later, &with(Level::Lta)), Level::Lta);
    assert_open(&check_by(&long_term(), later, &with(Level::Lta)), SubIndication::SigConstraintsFailure);
}

#[test]
fn an_archive_time_stamp_carries_a_signature_over_the_expiry_of_its_time_stamp() {
    let later = noon() + days(3 * 365);
    assert_open(&check(&long_term(), later), SubIndication::NoPoe);
    let second = unit(noon(), noon() + days(5 * 365), 310);
    let renewed = archived_by(long_term(), &second, 3, noon() + days(365), EVERYTHING);
    assert_passed(&check(&renewed, later), Level::Lta);
    // That one expires in its turn, and a third carries on; one that comes too late does not.
    let much_later = noon() + days(10 * 365);
    assert_open(&check(&renewed, much_later), SubIndication::NoPoe);
    let third = unit(noon() + days(3 * 365), noon() + days(20 * 365), 311);
    let in_time = archived_by(renewed.clone(), &third, 5, noon() + days(4 * 365), EVERYTHING);
    assert_passed(&check(&in_time, much_later), Level::Lta);
    assert_eq!(check(&in_time, much_later).info.archive_time_stamps.len(), 2);
    let too_late = archived_by(renewed, &third, 5, noon() + days(6 * 365), EVERYTHING);
    let report = check(&too_late, much_later);
    // The latest proves that the signature existed then, which is after the signer's certificate expired.
    assert_eq!(report.sub_indication, Some(SubIndication::Expired), "{report}");
}

#[test]
fn an_archive_time_stamp_over_other_data_is_no_more_than_a_remark() {
    let broken = archived_by(long_term(), &WORLD.tsu, 3, noon() + seconds(60), b"something else");
    let report = check(&broken, noon() + days(1));
    assert_passed(&report, Level::Lt);
    assert_eq!(report.time_stamps[1].sub_indication, Some(SubIndication::HashFailure));
    assert!(report.warnings.iter().any(|warning| warning.part == Part::ArchiveTimeStamp), "{report}");
    assert_open(&check(&broken, noon() + days(3 * 365)), SubIndication::NoPoe);
}

#[test]
fn time_stamps_have_to_follow_each_other() {
    let early = archived(long_term(), noon() - seconds(60));
    assert_open(&check(&early, noon() + days(1)), SubIndication::TimestampOrderFailure);
    let mut unknown = archived(long_term(), noon() + seconds(60));
    unknown.time_stamps[1].covered = Covered::Unknown("the data was not seen".to_owned());
    let report = check(&unknown, noon() + days(1));
    assert_passed(&report, Level::Lt);
    assert_eq!(report.time_stamps[1].sub_indication, Some(SubIndication::SignedDataNotFound));
}

#[test]
fn what_was_added_after_an_archive_time_stamp_is_not_archived() {
    let before_the_status = archived_by(long_term(), &WORLD.tsu, 2, noon() + seconds(60), EVERYTHING);
    assert_passed(&check(&before_the_status, noon() + days(1)), Level::Lt);
}

/// The issuing CA's status, by the root.
fn about_authority(
    mut signature: SignatureUnderTest,
    status: CertStatus,
    at: Timestamp,
) -> SignatureUnderTest {
    let mut spec = OcspSpec::new(&WORLD.ca, at);
    spec.issuer = WORLD.root.clone();
    (spec.key, spec.responder) = (&WORLD.root_key, WORLD.root.clone());
    spec.status = status;
    signature.ocsp_responses.push(Stored { position: 4, der: spec.sign() });
    signature
}

#[test]
fn an_authority_revoked_later_speaks_for_what_is_proven_to_be_older() {
    let revoked = |at| CertStatus::revoked(at, Reason::CaCompromise).unwrap();
    let now = noon() + days(100);
    let revocation = noon() + days(30);
    let about = |signature| about_authority(signature, revoked(revocation), revocation + days(1));
    assert_open(&check(&about(long_term()), now), SubIndication::RevokedCaNoPoe);
    let in_time = about(archived(long_term(), noon() + days(1)));
    let report = check(&in_time, now);
    assert_passed(&report, Level::Lta);
    assert!(report.warnings.iter().any(|warning| warning.rule == "revocation"), "{report}");
    let too_late = about(archived(long_term(), revocation + days(1)));
    assert_open(&check(&too_late, now), SubIndication::RevokedCaNoPoe);
    let good = about_authority(long_term(), CertStatus::GOOD, noon() + seconds(5));
    assert_passed(&check(&good, now), Level::Lt);
}

#[test]
fn the_status_of_authorities_is_asked_for_where_the_policy_says_so() {
    let text = include_str!("../../src/policy/strict.toml").replace("\"if-present\"", "\"required\"");
    let policy = Policy::from_toml(&text).unwrap();
    let now = noon() + days(1);
    assert_open(&check_by(&long_term(), now, &policy), SubIndication::NoPoe);
    let mut with_units = about_authority(long_term(), CertStatus::GOOD, noon() + seconds(5));
    with_units
        .ocsp_responses
        .push(Stored { position: 4, der: about_unit(CertStatus::GOOD, noon() + seconds(5)) });
    assert_passed(&check_by(&with_units, now, &policy), Level::Lt);
    with_units.ocsp_responses.remove(1);
    assert_open(&check_by(&with_units, now, &policy), SubIndication::TryLater);
}

fn about_unit(status: CertStatus, at: Timestamp) -> Vec<u8> {
    let mut spec = OcspSpec::new(&WORLD.tsu, at);
    spec.issuer = WORLD.tsa_root.clone();
    (spec.key, spec.responder) = (&WORLD.tsa_root_key, WORLD.tsa_root.clone());
    spec.status = status;
    spec.sign()
}

#[test]
fn a_stolen_key_of_a_time_stamping_unit_takes_its_word_away() {
    let now = noon() + days(100);
    let with = |mut signature: SignatureUnderTest, reason| {
        let status = CertStatus::revoked(noon() + days(30), reason).unwrap();
        let der = about_unit(status, noon() + days(31));
        signature.ocsp_responses.push(Stored { position: 9, der });
        signature
    };
    assert_open(&check(&with(long_term(), Reason::KeyCompromise), now), SubIndication::NoPoe);
    assert_passed(&check(&with(long_term(), Reason::Superseded), now), Level::Lt);
    // Proven by another unit to be older than the theft.
    let other = unit(noon() - days(1), noon() + days(365), 312);
    let archived = archived_by(long_term(), &other, 3, noon() + days(10), EVERYTHING);
    assert_passed(&check(&with(archived, Reason::KeyCompromise), now), Level::Lta);
    let too_late = archived_by(long_term(), &other, 3, noon() + days(40), EVERYTHING);
    let report = check(&with(too_late, Reason::KeyCompromise), now);
    assert_eq!(report.sub_indication, Some(SubIndication::NoPoe), "{report}");
}

#[test]
fn algorithms_count_at_the_time_that_is_proven() {
    let text = format!(
        "{}\n[[digests]]\nname = \"SHA-256\"\nuntil = \"2026-12-01\"\n[[digests]]\nname = \"SHA-512\"\n\
         [[keys]]\nkind = \"ECDSA\"\nfrom-bits = 256\n",
        include_str!("../../src/policy/strict.toml").replace("\"LT\"", "\"B\"")
    );
    let policy = Policy::from_toml(&text).unwrap();
    assert_passed(&check_by(&long_term(), noon() + seconds(60), &policy), Level::Lt);
    // Nothing here proves the time-stamp itself to be older than the end of its algorithm.
    let later = noon() + days(100);
    let report = check_by(&long_term(), later, &policy);
    assert_open(&report, SubIndication::CryptoConstraintsFailureNoPoe);
    assert_open(&check_by(&basic(), later, &policy), SubIndication::CryptoConstraintsFailureNoPoe);
    // A time-stamp after the end proves that the signature was too late.
    let strong = |at| {
        let mut spec = TimeStampSpec::new(VALUE, at);
        spec.info.imprint = MessageImprint::of(Digest::Sha512, VALUE);
        spec
    };
    let key = SoftwareKey::generate_ec(countersign_pki::verify::Curve::P521).unwrap();
    let certificate = CertificateSpec::new(&authority_name("TEST TSU"), 313, &key, WORLD.tsa_root.subject())
        .usage(KeyUsage::DIGITAL_SIGNATURE)
        .purpose(oid::KP_TIME_STAMPING, true)
        .sign(&WORLD.tsa_root_key);
    let stamped_at = |at| {
        let spec = TimeStampSpec { key: &key, certificate: certificate.clone(), ..strong(at) };
        let mut signature = basic();
        let token = spec.sign();
        signature.time_stamps.push(TimeStampUnderTest::over_signature(1, token, VALUE.to_vec()));
        answered(signature, |spec| (spec.produced_at, spec.this_update) = (at + seconds(1), at + seconds(1)))
    };
    let report = check_by(&stamped_at(noon() + days(50)), later, &policy);
    assert_open(&report, SubIndication::CryptoConstraintsFailure);
    // One from before rescues the signature.
    let report = check_by(&stamped_at(noon() + seconds(1)), later, &policy);
    assert!(
        !report
            .errors
            .iter()
            .any(|error| error.part == Part::SignatureValue || error.rule == "digest-method"),
        "{report}"
    );
}

fn list(change: impl FnOnce(&mut NewCrl)) -> Vec<u8> {
    let mut list = NewCrl {
        number: 1,
        this_update: noon() + seconds(600),
        next_update: noon() + days(1),
        expired_certs_on_crl: None,
        revoked: Vec::new(),
    };
    change(&mut list);
    list.sign(&WORLD.ca, &WORLD.ca_key).unwrap()
}

fn with_list(der: Vec<u8>) -> SignatureUnderTest {
    let mut signature = stamped(basic(), noon() + seconds(1));
    signature.crls.push(Stored { position: 2, der });
    signature
}

fn revoked_at(at: Timestamp, reason: Reason) -> Vec<RevokedCertificate> {
    vec![RevokedCertificate {
        serial: WORLD.ec_signer.serial().clone(),
        revoked_at: at,
        reason,
        invalidity_date: None,
    }]
}

#[test]
fn a_list_proves_a_status_where_the_policy_takes_it() {
    let now = noon() + days(10);
    let good = with_list(list(|_| {}));
    assert_passed(&check_by(&good, now, &Policy::etsi()), Level::Lt);
    assert_open(&check(&good, now), SubIndication::SigConstraintsFailure);
    // In force at the time-stamp, though made before it.
    let spanning = with_list(list(|list| list.this_update = noon() - seconds(600)));
    assert_passed(&check_by(&spanning, now, &Policy::etsi()), Level::Lt);
    let before = list(|list| {
        (list.this_update, list.next_update) = (noon() - days(2), noon() - days(1));
    });
    assert_open(&check_by(&with_list(before), now, &Policy::etsi()), SubIndication::TryLater);
    let revoked =
        with_list(list(|list| list.revoked = revoked_at(noon() - seconds(60), Reason::KeyCompromise)));
    let report = check_by(&revoked, now, &Policy::etsi());
    assert_eq!(
        (report.indication, report.sub_indication),
        (Indication::TotalFailed, Some(SubIndication::Revoked))
    );
    let later = with_list(list(|list| list.revoked = revoked_at(noon() + seconds(60), Reason::Superseded)));
    assert_passed(&check_by(&later, now, &Policy::etsi()), Level::Lt);
    // A revocation on a list counts although an OCSP response says good.
    let both = answered(revoked, |_| {});
    let report = check_by(&both, now, &Policy::etsi());
    assert_eq!(report.sub_indication, Some(SubIndication::Revoked), "{report}");
    let foreign = NewCrl {
        number: 1,
        this_update: noon() + seconds(600),
        next_update: noon() + days(1),
        expired_certs_on_crl: None,
        revoked: Vec::new(),
    };
    let foreign = foreign.sign(&WORLD.root, &WORLD.root_key).unwrap();
    assert_open(&check_by(&with_list(foreign), now, &Policy::etsi()), SubIndication::TryLater);
    assert_open(&check_by(&with_list(b"x".to_vec()), now, &Policy::etsi()), SubIndication::TryLater);
}

#[test]
fn without_a_time_stamp_a_status_has_to_be_fresh() {
    let answered = answered(basic(), |_| {});
    assert_passed(&check_by(&answered, noon() + seconds(3600), &Policy::etsi()), Level::B);
    assert_open(&check_by(&answered, noon() + days(3), &Policy::etsi()), SubIndication::TryLater);
    assert_open(&check_by(&basic(), noon() + seconds(60), &Policy::etsi()), SubIndication::TryLater);
    let policy = Policy { required_level: Level::B, ..Policy::lenient() };
    assert_passed(&check_by(&basic(), noon() + seconds(60), &policy), Level::B);
}

#[test]
fn a_status_from_after_the_expiry_counts_only_where_expired_ones_are_kept() {
    let short =
        CertificateSpec::new(&authority_name("TEST signer"), 410, &WORLD.ec_signer_key, WORLD.ca.subject())
            .usage(KeyUsage::NON_REPUDIATION)
            .valid(noon() - days(1), noon() + seconds(3600))
            .sign(&WORLD.ca_key);
    let mut signature = stamped(signature_by(&short, &WORLD.ec_signer_key), noon() + seconds(1));
    let response = OcspSpec::new(&short, noon() + days(1)).sign();
    signature.ocsp_responses.push(Stored { position: 2, der: response });
    assert_open(&check(&signature, noon() + days(2)), SubIndication::TryLater);
    let response = OcspSpec::new(&short, noon() + seconds(3000)).sign();
    signature.ocsp_responses.push(Stored { position: 2, der: response });
    let report = check(&signature, noon() + days(2));
    assert_eq!(report.indication, Indication::TotalPassed, "{report}");
}

#[test]
fn data_that_was_not_seen_is_said_to_be_so() {
    let mut signature = long_term();
    signature.objects[0].found = Found::StatedDigest(Digest::Sha256.of(b"content"));
    signature.objects[0].scope = Scope::DigestOnly;
    let report = check(&signature, noon() + days(1));
    assert_passed(&report, Level::Lt);
    assert_eq!(report.signature_scopes[0].scope, "DigestSignatureScope");
    signature.objects[0].found = Found::StatedDigest(Digest::Sha256.of(b"other"));
    let report = check(&signature, noon() + days(1));
    assert_eq!(report.sub_indication, Some(SubIndication::HashFailure), "{report}");
}

#[test]
fn the_timeline_is_in_order_and_says_what_is_a_claim() {
    let report = check(&archived(long_term(), noon() + seconds(60)), noon() + days(1));
    let times: Vec<Timestamp> = report.timeline.iter().map(|event| event.time).collect();
    assert!(times.is_sorted());
    let words: Vec<&str> = report.timeline.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        words,
        [
            "SIGNER_CERTIFICATE_VALID_FROM",
            "CLAIMED_SIGNING_TIME",
            "SIGNATURE_TIMESTAMP",
            "OCSP_RESPONSE",
            "ARCHIVE_TIMESTAMP",
            "VALIDATION",
            "TIMESTAMP_CERTIFICATE_EXPIRES",
            "SIGNER_CERTIFICATE_EXPIRES",
        ]
    );
    assert_eq!(report.timeline.iter().filter(|event| !event.kind.is_proven()).count(), 1);
}
