//! Trusted lists: made, read, attacked, kept over time, and what follows from them for a signature.

#![allow(clippy::print_stderr)]

use countersign_container::trusted_list::{
    Assertion, Criteria, ListError, ListKind, ListSet, NewService, NewTrustedList, Pointer, Qualification,
    Qualifier, ServiceScope, ServiceStatus, ServiceType, TrustedList, Update,
};
use countersign_container::validate::{TrustAnchors, validate};
use countersign_container::{Level, Policy, Report, SubIndication};
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{Certificate, KeyUsage};
use countersign_pki::{Digest, Signer as _, SoftwareKey, asn1};
use der::asn1::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, LazyLock};

use crate::make::{sign, signed, unsigned};
use crate::world::{CertificateSpec, WORLD, authority_name, lt, noon, person_name, seconds};

struct Operator {
    key: SoftwareKey,
    certificate: Certificate,
}

impl Operator {
    fn new(name: &str) -> Self {
        let key = SoftwareKey::generate_ec(countersign_pki::verify::Curve::P256).unwrap();
        let name = authority_name(name);
        let certificate = CertificateSpec::new(&name, 1, &key, &name)
            .usage(KeyUsage::DIGITAL_SIGNATURE)
            .purpose(oid::KP_TSL_SIGNING, false)
            .sign(&key);
        Self { key, certificate }
    }

    fn signers(&self) -> Vec<Certificate> {
        vec![self.certificate.clone()]
    }

    fn sign(&self, list: &NewTrustedList) -> Vec<u8> {
        list.sign(&self.certificate, &self.key).unwrap()
    }
}

static OPERATOR: LazyLock<Operator> = LazyLock::new(|| Operator::new("TEST list operator"));
static OTHER: LazyLock<Operator> = LazyLock::new(|| Operator::new("TEST other operator"));

fn service(
    kind: ServiceType,
    certificate: &Certificate,
    status: ServiceStatus,
    from: Timestamp,
) -> NewService {
    let scopes = if kind == ServiceType::CaQc { vec![ServiceScope::ForeSignatures] } else { Vec::new() };
    NewService {
        kind,
        name: "TEST service".to_owned(),
        certificate: certificate.clone(),
        status,
        from,
        scopes,
    }
}

fn years_ago(years: i64) -> Timestamp {
    noon() - SignedDuration::from_hours(years * 365 * 24)
}

fn list(number: u64, services: Vec<NewService>) -> NewTrustedList {
    NewTrustedList {
        kind: ListKind::Services,
        sequence_number: number,
        operator: "TEST operator".to_owned(),
        scheme_name: "EE:TEST list".to_owned(),
        territory: "EE".to_owned(),
        information_uri: "https://localhost/trust".to_owned(),
        contact_uri: "mailto:nobody@localhost".to_owned(),
        issued_at: noon() - seconds(60),
        next_update: noon() + SignedDuration::from_hours(24 * 180),
        provider: "TEST & sons <AS>".to_owned(),
        provider_identifier: "VATEE-0".to_owned(),
        services,
        pointers: Vec::new(),
    }
}

fn usual(number: u64) -> NewTrustedList {
    list(
        number,
        vec![
            service(ServiceType::CaQc, &WORLD.ca, ServiceStatus::Granted, years_ago(5)),
            service(ServiceType::TsaQtst, &WORLD.tsu, ServiceStatus::Granted, years_ago(5)),
        ],
    )
}

fn lists_of(pointers: Vec<Pointer>, number: u64) -> NewTrustedList {
    NewTrustedList { kind: ListKind::Lists, territory: "EU".to_owned(), pointers, ..list(number, Vec::new()) }
}

fn pointer(location: &str, kind: ListKind, territory: &str, signers: Vec<Certificate>) -> Pointer {
    Pointer { location: location.to_owned(), kind, territory: territory.to_owned(), is_xml: true, signers }
}

fn anchors(bytes: &[u8]) -> TrustAnchors {
    let mut set = ListSet::new(OPERATOR.signers());
    set.update_top(bytes, &[], noon()).unwrap();
    TrustAnchors { services: set.services(), ..TrustAnchors::default() }
}

#[track_caller]
fn check(anchors: &TrustAnchors, level: Level) -> Report {
    validate(&signed(level), anchors, noon() + seconds(3600), &lt())
}

#[test]
fn a_list_is_read_as_it_was_written() {
    let bytes = OPERATOR.sign(&usual(7));
    let read = TrustedList::read(&bytes, &OPERATOR.signers(), noon()).unwrap();
    assert_eq!((read.sequence_number, read.territory.as_str()), (7, "EE"));
    assert_eq!(read.services.len(), 2);
    let service = &read.services[0];
    assert_eq!(service.provider, "TEST & sons <AS>");
    assert_eq!(service.kind, ServiceType::CaQc);
    assert_eq!(service.certificates, std::slice::from_ref(&WORLD.ca));
    assert_eq!(service.periods[0].scopes, [ServiceScope::ForeSignatures]);
    assert!(service.is_granted_at(noon()) && !service.is_granted_at(years_ago(6)));
    assert_eq!(read.next_update, Some(noon() + SignedDuration::from_hours(24 * 180)));
}

#[test]
fn any_flipped_byte_of_a_list_is_refused_or_changes_nothing() {
    let bytes = OPERATOR.sign(&usual(7));
    let expected = TrustedList::read(&bytes, &OPERATOR.signers(), noon()).unwrap();
    let mut refused = 0;
    let places = (0..bytes.len()).step_by(7);
    for at in places.clone() {
        let mut changed = bytes.clone();
        changed[at] ^= [0x01, 0x02, 0x04, 0x08, 0x10][at % 5];
        match TrustedList::read(&changed, &OPERATOR.signers(), noon()) {
            Ok(read) => assert_eq!(read, expected, "byte {at}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused * 10 > places.len() * 9, "{refused} of {}", places.len());
}

#[test]
fn a_list_that_nobody_pinned_signed_is_not_taken() {
    let bytes = OTHER.sign(&usual(7));
    assert_eq!(TrustedList::read(&bytes, &OPERATOR.signers(), noon()), Err(ListError::UnknownSigner));
    assert_eq!(TrustedList::read(&bytes, &[], noon()), Err(ListError::UnknownSigner));
}

#[test]
fn hostile_lists_are_refused_with_a_reason() {
    let honest = String::from_utf8(OPERATOR.sign(&usual(7))).unwrap();
    let signature = {
        let start = honest.find("<ds:Signature ").unwrap();
        honest[start..honest.find("</TrustServiceStatusList>").unwrap()].to_owned()
    };
    let read = |text: &str| TrustedList::read(text.as_bytes(), &OPERATOR.signers(), noon());
    assert!(read(&honest).is_ok());
    let inserted = "<TrustServiceProviderList></TrustServiceProviderList>";
    let cases = [
        ("no signature", honest.replace(&signature, "")),
        ("two signatures", honest.replace(&signature, &signature.repeat(2))),
        ("something after the signature", honest.replace("</ds:Signature>", "</ds:Signature><x/>")),
        (
            "something before",
            honest.replace("<SchemeInformation>", &format!("{inserted}<SchemeInformation>")),
        ),
        ("a document type", honest.replace("<TrustService", "<!DOCTYPE a []><TrustService")),
        ("a reference elsewhere", honest.replace("URI=\"\"", "URI=\"#Other\"")),
        ("a reference to nothing", honest.replace("<ds:Reference URI=\"\">", "<ds:Reference>")),
        (
            "XSLT",
            honest.replace(
                "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
                "http://www.w3.org/TR/1999/REC-xslt-19991116",
            ),
        ),
        ("HMAC", honest.replace("xmldsig-more#ecdsa-sha256", "xmldsig-more#hmac-sha256")),
        ("other properties", honest.replace("URI=\"#SignedProperties\"", "URI=\"#Signature\"")),
        ("nothing", String::new()),
        ("depth", "<a>".repeat(100_000)),
    ];
    for (what, text) in cases {
        assert_ne!(text, honest, "{what}");
        assert!(read(&text).is_err(), "{what}");
    }
}

#[test]
fn the_last_good_list_stays_whatever_comes() {
    let mut set = ListSet::new(OPERATOR.signers());
    let good = OPERATOR.sign(&usual(7));
    assert_eq!(set.update_top(&good, &[], noon()), Ok(Update::Taken));
    assert_eq!(set.update_top(&good, &[], noon()), Ok(Update::Unchanged));
    let before = set.services();
    assert_eq!(before.len(), 2);
    let mut old = usual(8);
    old.next_update = noon() - seconds(1);
    let mut future = usual(8);
    future.issued_at = noon() + seconds(60);
    let mut empty = usual(7);
    empty.services.clear();
    let cases = [
        (OTHER.sign(&usual(8)), ListError::UnknownSigner),
        (OPERATOR.sign(&usual(6)), ListError::Rollback { known: 7, found: 6 }),
        (OPERATOR.sign(&empty), ListError::SameNumber(7)),
        (OPERATOR.sign(&old), ListError::Expired { next_update: noon() - seconds(1), now: noon() }),
        (OPERATOR.sign(&future), ListError::FromTheFuture { issued_at: noon() + seconds(60), now: noon() }),
    ];
    for (bytes, error) in cases {
        assert_eq!(set.update_top(&bytes, &[], noon()), Err(error.clone()));
        assert_eq!(set.services(), before);
        let state = &set.states(noon())[0];
        assert_eq!((state.sequence_number, &state.problem, state.stale), (7, &Some(error), false));
    }
    assert!(set.update_top(b"<x/>", &[], noon()).is_err());
    let mut elsewhere = usual(9);
    elsewhere.territory = "LV".to_owned();
    let other_list = set.update_top(&OPERATOR.sign(&elsewhere), &[], noon());
    assert!(matches!(other_list, Err(ListError::WrongList { .. })), "{other_list:?}");
    assert_eq!(set.update_top(&OPERATOR.sign(&usual(8)), &[], noon()), Ok(Update::Taken));
    assert_eq!(set.states(noon())[0].problem, None);
    let much_later = noon() + SignedDuration::from_hours(24 * 365);
    assert!(set.states(much_later)[0].stale, "it stays, and says that it is old");
}

#[test]
fn a_list_of_lists_names_who_signs_the_others() {
    const WHERE: &str = "https://localhost/ee.xml";
    let to_ee = pointer(WHERE, ListKind::Services, "EE", OTHER.signers());
    let top = OPERATOR.sign(&lists_of(vec![to_ee.clone()], 1));
    let mut set = ListSet::new(OPERATOR.signers());
    set.update_top(&top, &[], noon()).unwrap();
    assert_eq!(set.pointers().count(), 1);
    let by_operator = set.update(WHERE, &OPERATOR.sign(&usual(1)), noon());
    assert_eq!(by_operator, Err(ListError::UnknownSigner), "the top list's signer is not the list's");
    assert!(matches!(
        set.update("https://localhost/other.xml", &OTHER.sign(&usual(1)), noon()),
        Err(ListError::WrongList { .. })
    ));
    let mut of_another = usual(1);
    of_another.territory = "LV".to_owned();
    assert!(matches!(set.update(WHERE, &OTHER.sign(&of_another), noon()), Err(ListError::WrongList { .. })));
    assert_eq!(set.update_any(&OTHER.sign(&usual(1)), noon()), Ok(Update::Taken));
    assert_eq!(set.services().len(), 2);
    // Without its pointer a list is nobody's word.
    let without = OPERATOR.sign(&lists_of(vec![pointer("x", ListKind::Services, "LV", OTHER.signers())], 2));
    set.update_top(&without, &[], noon()).unwrap();
    assert!(set.services().is_empty());
}

#[test]
fn new_signers_of_the_top_list_come_over_pivots_only() {
    let next = Operator::new("TEST next operator");
    let to_itself = |signers| pointer("https://localhost/lotl.xml", ListKind::Lists, "EU", signers);
    let pivot = OPERATOR.sign(&lists_of(vec![to_itself(next.signers())], 5));
    let current = next.sign(&lists_of(vec![to_itself(next.signers())], 6));
    let mut set = ListSet::new(OPERATOR.signers());
    assert_eq!(set.update_top(&current, &[], noon()), Err(ListError::UnknownSigner));
    let false_pivot = OTHER.sign(&lists_of(vec![to_itself(next.signers())], 5));
    assert_eq!(set.update_top(&current, &[&false_pivot], noon()), Err(ListError::UnknownSigner));
    assert!(set.top().is_none());
    assert_eq!(set.update_top(&current, &[&pivot], noon()), Ok(Update::Taken));
    // From now on the new signers are known, and the old ones are not.
    let again = next.sign(&lists_of(vec![to_itself(next.signers())], 7));
    assert_eq!(set.update_top(&again, &[], noon()), Ok(Update::Taken));
    let by_old = OPERATOR.sign(&lists_of(vec![to_itself(next.signers())], 8));
    assert_eq!(set.update_top(&by_old, &[], noon()), Err(ListError::UnknownSigner));
}

#[test]
fn a_list_alone_is_enough_to_trust_by() {
    let report = check(&anchors(&OPERATOR.sign(&usual(1))), Level::Lt);
    assert!(report.is_valid(), "{report}");
    let signature = &report.signatures[0];
    assert_eq!(signature.time_stamps[0].timestamp_level, "QTSA");
    // The signer's certificate claims nothing.
    let qualification = signature.qualification.as_ref().unwrap();
    assert!(qualification.signature_level.starts_with("ADES"), "{qualification:?}");
}

#[test]
fn a_service_of_another_type_or_withdrawn_is_no_anchor() {
    let tsa = || service(ServiceType::TsaQtst, &WORLD.tsu, ServiceStatus::Granted, years_ago(5));
    let ca = |kind, status, from| service(kind, &WORLD.ca, status, from);
    let cases = [
        ("a time-stamping service", ca(ServiceType::TsaQtst, ServiceStatus::Granted, years_ago(5))),
        ("an OCSP service", ca(ServiceType::OcspQc, ServiceStatus::Granted, years_ago(5))),
        ("withdrawn", ca(ServiceType::CaQc, ServiceStatus::Withdrawn, years_ago(5))),
        ("not yet listed", ca(ServiceType::CaQc, ServiceStatus::Granted, noon() + seconds(600))),
    ];
    for (what, service) in cases {
        let report = check(&anchors(&OPERATOR.sign(&list(1, vec![service, tsa()]))), Level::Lt);
        let found = report.signatures[0].sub_indication;
        assert_eq!(found, Some(SubIndication::NoCertificateChainFound), "{what}: {report}");
    }
    let withdrawn_tsa = service(ServiceType::TsaQtst, &WORLD.tsu, ServiceStatus::Withdrawn, years_ago(5));
    let granted = ca(ServiceType::CaQc, ServiceStatus::Granted, years_ago(5));
    let report = check(&anchors(&OPERATOR.sign(&list(1, vec![granted, withdrawn_tsa]))), Level::Lt);
    assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::NoPoe), "{report}");
}

/// qcStatements: QcCompliance, QcSSCD if asked for, QcType esign.
fn qualified_signer(in_device: bool) -> Certificate {
    let id = |text: &str| asn1::oid(&ObjectIdentifier::new_unwrap(text));
    let mut statements = vec![asn1::sequence(&[id("0.4.0.1862.1.1")])];
    if in_device {
        statements.push(asn1::sequence(&[id("0.4.0.1862.1.4")]));
    }
    statements.push(asn1::sequence(&[id("0.4.0.1862.1.6"), asn1::sequence(&[id("0.4.0.1862.1.6.1")])]));
    CertificateSpec::new(&person_name(), 402, &WORLD.signer_key, WORLD.ca.subject())
        .usage(KeyUsage::NON_REPUDIATION)
        .with(ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3"), false, asn1::sequence(&statements))
        .sign(&WORLD.ca_key)
}

#[test]
fn what_a_signature_is_worth_follows_from_list_and_certificate() {
    let worth = |signer: &Certificate, list: &NewTrustedList, level: Level| {
        let mut container = unsigned();
        let signature = sign(&container, signer, &WORLD.signer_key, level);
        container.add_signature(&signature, noon()).unwrap();
        let mut anchors = anchors(&OPERATOR.sign(list));
        anchors.intermediates = vec![WORLD.ca.clone()];
        let report = validate(&container, &anchors, noon() + seconds(3600), &Policy::strict());
        report.signatures[0].qualification.clone().unwrap().signature_level
    };
    let (with, without) = (qualified_signer(true), qualified_signer(false));
    assert_eq!(worth(&with, &usual(1), Level::Lt), "QESIG");
    assert_eq!(worth(&without, &usual(1), Level::Lt), "ADESIG_QC");
    assert_eq!(worth(&WORLD.signer, &usual(1), Level::Lt), "ADES");
    assert_eq!(worth(&with, &usual(1), Level::B), "INDETERMINATE_QESIG");
    // For seals only, says the list; the certificate says signature.
    let mut for_seals = usual(1);
    for_seals.services[0].scopes = vec![ServiceScope::ForeSeals];
    assert_eq!(worth(&with, &for_seals, Level::Lt), "QES");
    // Granted only after the certificate was issued: not qualified from the start.
    let mut late = usual(1);
    late.services[0].from = noon() - seconds(600);
    assert_eq!(worth(&with, &late, Level::Lt), "ADESIG");
    let mut not_qualified = usual(1);
    not_qualified.services[0].kind = ServiceType::CaPkc;
    not_qualified.services[0].scopes.clear();
    assert_eq!(worth(&with, &not_qualified, Level::Lt), "ADESIG");
}

/// Row 121 of the list of defects.
#[test]
fn services_of_one_key_that_contradict_each_other_count_as_the_lesser() {
    use Qualifier::{NotQualified, QcForESeal, QcForESig, QcNoQscd, QcStatement, QcWithQscd};
    let mut container = unsigned();
    let signature = sign(&container, &qualified_signer(true), &WORLD.signer_key, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    let worth = |first: Qualifier, second: Qualifier| {
        let mut anchors = anchors(&OPERATOR.sign(&usual(1)));
        anchors.intermediates = vec![WORLD.ca.clone()];
        let qualified = |qualifier: Qualifier| {
            let mut service = (*anchors.services[0]).clone();
            let criteria = Criteria { assertion: Assertion::All, conditions: Vec::new() };
            service.periods[0].qualifications = vec![Qualification { qualifiers: vec![qualifier], criteria }];
            Arc::new(service)
        };
        let twins = [qualified(first), qualified(second)];
        anchors.services.remove(0);
        anchors.services.extend(twins);
        let report = validate(&container, &anchors, noon() + seconds(3600), &Policy::strict());
        let signature = &report.signatures[0];
        let warned = signature.warnings.iter().any(|finding| finding.rule == "qualification");
        (signature.qualification.clone().unwrap().signature_level, warned)
    };
    assert_eq!(worth(QcWithQscd, QcWithQscd), ("QESIG".to_owned(), false));
    assert_eq!(worth(QcWithQscd, QcNoQscd), ("ADESIG_QC".to_owned(), true));
    assert_eq!(worth(QcStatement, NotQualified), ("ADESIG".to_owned(), true));
    assert_eq!(worth(QcForESig, QcForESeal), ("QES".to_owned(), true));
}

#[test]
fn a_list_is_verified_by_its_digest_and_not_by_our_own_code_alone() {
    // The octets between the declaration and the signature, closed, are the canonical form that was hashed.
    let bytes = String::from_utf8(OPERATOR.sign(&usual(7))).unwrap();
    let start = bytes.find("<TrustServiceStatusList").unwrap();
    let end = bytes.find("<ds:Signature ").unwrap();
    let list = format!("{}</TrustServiceStatusList>", &bytes[start..end]);
    let canonical = crate::forge::canonical(&list, "TrustServiceStatusList");
    assert_eq!(String::from_utf8(canonical).unwrap(), list);
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::STANDARD.encode(Digest::Sha256.of(list.as_bytes()));
    assert!(bytes.contains(&format!("<ds:DigestValue>{digest}</ds:DigestValue>")));
    assert_eq!(OPERATOR.key.public_key(), OPERATOR.certificate.public_key());
}

#[test]
fn xmlsec_verifies_the_list_that_we_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let list = OPERATOR.sign(&usual(7));
    std::fs::write(path("list.xml"), &list).unwrap();
    std::fs::write(path("signer.pem"), OPERATOR.certificate.to_pem()).unwrap();
    let verify = || {
        let properties = "http://uri.etsi.org/01903/v1.3.2#:SignedProperties";
        let arguments = ["--verify", "--trusted-pem", &path("signer.pem"), "--id-attr:Id", properties];
        std::process::Command::new("xmlsec1").args(arguments).arg(path("list.xml")).output()
    };
    match verify() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: xmlsec1 is not installed");
            return;
        }
        output => {
            let output = output.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let changed = String::from_utf8(list).unwrap().replace("TEST service", "TEST other");
    std::fs::write(path("list.xml"), changed).unwrap();
    assert!(!verify().unwrap().status.success(), "the judge judges nothing");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(200))]
    /// What the fuzz target `trusted_list` does, for toolchains without it: pieces of a list put together anyhow
    /// are read to the end, and nobody's signature is believed.
    #[test]
    fn pieces_of_a_list_are_read_to_the_end(cuts in proptest::collection::vec((0usize..100_000, 0usize..2_000), 1..8)) {
        let list = OPERATOR.sign(&lists_of(vec![pointer("x", ListKind::Services, "EE", OTHER.signers())], 3));
        let list = [list, OPERATOR.sign(&usual(7))].concat();
        let mut made = Vec::new();
        for (start, length) in cuts {
            let start = start % list.len();
            made.extend_from_slice(&list[start..list.len().min(start + length)]);
        }
        countersign_container::trusted_list::fuzz(&made, &[]);
        assert!(TrustedList::read(&made, &[], noon()).is_err());
    }
}
