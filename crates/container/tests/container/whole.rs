//! From files to a signed container and back: levels, algorithms, several signatures, and what a program
//! must not be able to do by mistake.

use countersign_container::validate::{Policy, TrustAnchors, validate, validate_bytes};
use countersign_container::{
    Container, Error, FileName, Indication, Level, Limits, Method, NameFault, Need, Report, SignatureId,
    SignatureTemplate, SignedSignature, SubIndication,
};
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::certificate::KeyUsage;
use countersign_pki::ocsp::CertStatus;
use countersign_pki::tsp::TimeStampToken;
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer as _, SoftwareKey};

use crate::forge::{Forgery, canonical};
use crate::make::{FILES, authorities, request, sign, signed, unsigned};
use crate::world::{
    CertificateSpec, OcspSpec, TimeStampSpec, WORLD, lt, noon, person_name, seconds, xml_signature,
};

#[track_caller]
fn check(container: &Container) -> Report {
    validate(container, &WORLD.anchors(), noon() + seconds(3600), &lt())
}

fn template() -> SignatureTemplate {
    SignatureTemplate::new(&request(&unsigned(), &WORLD.signer, &WORLD.signer_key)).unwrap()
}

#[test]
fn a_signature_made_remotely_passes_at_level_lt() {
    let bytes = signed(Level::Lt).to_bytes().unwrap();
    let container = Container::from_bytes(&bytes).unwrap();
    let report = check(&container);
    assert!(report.is_valid(), "{report}");
    let signature = &report.signatures[0];
    assert_eq!(signature.indication, Indication::TotalPassed);
    assert_eq!(signature.level(), Some(Level::Lt));
    assert_eq!((&*signature.errors, &*signature.warnings), (&[][..], &[][..]));
    assert_eq!(signature.info.best_signature_time, Some(noon() + seconds(1)));
    assert_eq!(signature.info.ocsp_response_creation_time, Some(noon() + seconds(2)));
    assert_eq!(signature.signed_by.as_deref(), Some("TESTNUMBER,ÕIE"));
    assert_eq!(signature.certificates.len(), 3, "signer, time-stamping unit, responder");
    assert!(report.data_files.iter().all(|file| file.signed));
    for (name, _, content) in FILES {
        assert_eq!(container.read_data_file(name).unwrap(), content);
    }
}

#[test]
fn a_level_passes_only_where_it_is_enough() {
    for (level, format) in Level::ALL.map(|level| (level, level.as_str())) {
        let mut container = unsigned();
        let mut signature = sign(&container, &WORLD.signer, &WORLD.signer_key, Level::B);
        crate::make::extend(&container, &mut signature, level);
        container.add_signature(&signature, noon()).unwrap();
        for required_level in Level::ALL {
            // Below LT the issuing CA is not in the signature, so the caller has to bring it.
            let anchors = TrustAnchors { intermediates: vec![WORLD.ca.clone()], ..WORLD.anchors() };
            let policy = Policy { required_level, ..Policy::default() };
            let report = validate(&container, &anchors, noon() + seconds(60), &policy);
            assert_eq!(report.is_valid(), level >= required_level, "{level} for {required_level}: {report}");
            assert_eq!(report.signatures[0].signature_format.as_deref(), Some(format));
            let unproven = report.is_valid() && level < Level::Lt;
            let warned = report.signatures[0].warnings.iter().any(|warning| warning.rule == "revocation");
            assert_eq!(warned, unproven, "{level} for {required_level}: {report}");
        }
    }
}

#[test]
fn a_long_term_signature_outlives_its_signers_certificate_and_a_basic_one_does_not() {
    let short = CertificateSpec::new(&person_name(), 401, &WORLD.signer_key, WORLD.ca.subject())
        .usage(KeyUsage::NON_REPUDIATION)
        .valid(noon() - seconds(86_400), noon() + seconds(86_400))
        .sign(&WORLD.ca_key);
    let made = |level: Level| {
        let mut container = unsigned();
        let signature = sign(&container, &short, &WORLD.signer_key, level);
        container.add_signature(&signature, noon()).unwrap();
        container
    };
    let later = noon() + seconds(365 * 86_400);
    let report = validate(&made(Level::Lt), &WORLD.anchors(), later, &lt());
    assert!(report.is_valid(), "{report}");
    let anchors = TrustAnchors { intermediates: vec![WORLD.ca.clone()], ..WORLD.anchors() };
    let policy = Policy { required_level: Level::B, ..Policy::default() };
    let report = validate(&made(Level::B), &anchors, later, &policy);
    assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::OutOfBoundsNoPoe), "{report}");
}

#[test]
fn a_time_stamp_proves_nothing_once_its_certificate_has_expired_unless_the_policy_is_lenient() {
    let much_later = noon() + seconds(20 * 365 * 86_400);
    let container = signed(Level::Lt);
    for policy in [lt(), Policy::etsi()] {
        let report = validate(&container, &WORLD.anchors(), much_later, &policy);
        assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::NoPoe), "{report}");
        let time_stamp = &report.signatures[0].time_stamps[0];
        assert_eq!(time_stamp.sub_indication, Some(SubIndication::OutOfBoundsNoPoe), "{report}");
    }
    let report = validate(&container, &WORLD.anchors(), much_later, &Policy::lenient());
    assert!(report.is_valid(), "{report}");
}

#[test]
fn every_algorithm_that_we_can_sign_with_passes() {
    use SignatureAlgorithm::{RsaPkcs1, RsaPss};
    let rsa = [Digest::Sha256, Digest::Sha384, Digest::Sha512];
    for algorithm in rsa.map(RsaPss).into_iter().chain(rsa.map(RsaPkcs1)) {
        let key = WORLD.signer_key.with_algorithm(algorithm).unwrap();
        let mut container = unsigned();
        let signature = sign(&container, &WORLD.signer, &key, Level::Lt);
        container.add_signature(&signature, noon()).unwrap();
        let report = check(&container);
        assert!(report.is_valid(), "{algorithm}: {report}");
    }
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let key = SoftwareKey::generate_ec(curve).unwrap();
        let certificate = CertificateSpec::new(&person_name(), 400, &key, WORLD.ca.subject())
            .usage(KeyUsage::NON_REPUDIATION)
            .sign(&WORLD.ca_key);
        let container = unsigned();
        let template = SignatureTemplate::new(&request(&container, &certificate, &key)).unwrap();
        let value = key.sign(template.dtbs()).unwrap();
        assert!(template.finish(&value).is_err(), "{}: DER is not the form for XML", curve.name());
        let value = countersign_pki::verify::ecdsa_fixed_from_der(curve, &value).unwrap();
        let mut signature = template.finish(&value).unwrap();
        crate::make::extend(&container, &mut signature, Level::Lt);
        let mut container = container;
        container.add_signature(&signature, noon()).unwrap();
        let report = check(&container);
        assert!(report.is_valid(), "{}: {report}", curve.name());
    }
}

#[test]
fn a_place_and_roles_are_signed_and_shown() {
    let mut request = request(&unsigned(), &WORLD.signer, &WORLD.signer_key);
    request.production_place = Some(countersign_container::xades::ProductionPlace {
        city: Some("Tartu <&>".to_owned()),
        country: Some("EE".to_owned()),
        ..Default::default()
    });
    request.claimed_roles = vec!["juhatuse liige".to_owned(), "член правления".to_owned()];
    request.id = SignatureId::parse("kinnitus-1").unwrap();
    let template = SignatureTemplate::new(&request).unwrap();
    let mut signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    crate::make::extend(&unsigned(), &mut signature, Level::Lt);
    let mut container = unsigned();
    container.add_signature(&signature, noon()).unwrap();
    let report = check(&container);
    assert!(report.is_valid(), "{report}");
    assert_eq!(report.signatures[0].id, "kinnitus-1");
    assert_eq!(report.signatures[0].info.signature_production_place, ["Tartu <&>", "EE"]);
    assert_eq!(report.signatures[0].info.signer_role, request.claimed_roles);
}

#[test]
fn what_is_hashed_is_written_and_is_its_own_canonical_form() {
    let template = template();
    let signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    let xml = signature.to_xml();
    for element in ["SignedInfo", "SignedProperties", "SignatureValue"] {
        let canonical = String::from_utf8(canonical(xml, element)).unwrap();
        assert!(xml.contains(&canonical), "{element}:\n{canonical}\n{xml}");
    }
    assert_eq!(canonical(xml, "SignedInfo"), template.dtbs());
    assert_eq!(template.digest_to_sign(), Digest::Sha256.of(template.dtbs()));
    let needs = signature.needs(Level::T, &[]);
    let imprint = Digest::Sha256.of(&canonical(xml, "SignatureValue"));
    assert_eq!(needs, [Need::TimeStamp { digest: Digest::Sha256, imprint }]);
}

#[test]
fn a_template_survives_storage_and_nothing_else_does() {
    let template = template();
    let bytes = template.to_bytes();
    assert_eq!(SignatureTemplate::from_bytes(&bytes).unwrap(), template);
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("12:00:00Z", "13:00:00Z"),
        ("sha256-rsa-MGF1", "sha512-rsa-MGF1"),
        ("text/plain", "text/html"),
        ("\"version\":1", "\"version\":2"),
        ("\"id\":\"S0\"", "\"id\":\"S1\""),
        ("S0-RefId0", "S0-RefId1"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        assert!(SignatureTemplate::from_bytes(changed.as_bytes()).is_err(), "{from} to {to}");
    }
    for length in [0, 1, text.len() / 2, text.len() - 1] {
        assert!(SignatureTemplate::from_bytes(&text.as_bytes()[..length]).is_err());
    }
}

#[test]
fn a_wrong_value_is_not_written() {
    let template = template();
    let right = xml_signature(&WORLD.signer_key, template.dtbs());
    let mut flipped = right.clone();
    flipped[0] ^= 1;
    let hashed_twice = xml_signature(&WORLD.signer_key, &template.digest_to_sign());
    let other_salt = SignatureAlgorithm::RsaPss(Digest::Sha512);
    let other_salt = WORLD.signer_key.with_algorithm(other_salt).unwrap().sign(template.dtbs()).unwrap();
    for value in [&flipped, &hashed_twice, &other_salt, &right[..255].to_vec(), &Vec::new()] {
        assert!(matches!(template.finish(value), Err(Error::WrongSignatureValue)));
    }
    assert!(template.finish(&right).is_ok());
}

#[test]
fn unsuitable_requests_are_refused_before_anyone_signs() {
    let sound = request(&unsigned(), &WORLD.signer, &WORLD.signer_key);
    let new = SignatureTemplate::new;
    assert!(new(&sound).is_ok());

    let mut wrong = sound.clone();
    wrong.data_files.clear();
    assert!(matches!(new(&wrong), Err(Error::NoDataFiles)));

    for algorithm in [
        SignatureAlgorithm::RsaPss(Digest::Sha1),
        SignatureAlgorithm::RsaPkcs1(Digest::Sha1),
        SignatureAlgorithm::RsaPkcs1(Digest::Sha3_256),
    ] {
        let wrong = countersign_container::SignatureRequest { algorithm, ..sound.clone() };
        assert!(matches!(new(&wrong), Err(Error::UnsupportedAlgorithm { .. })), "{algorithm}");
    }
    let wrong = countersign_container::SignatureRequest { digest: Digest::Sha1, ..sound.clone() };
    assert!(matches!(new(&wrong), Err(Error::UnsupportedAlgorithm { .. })));

    let mut wrong = sound.clone();
    wrong.algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
    assert!(matches!(new(&wrong), Err(Error::WrongCertificate { .. })), "an RSA certificate for ECDSA");

    let mut wrong = sound.clone();
    wrong.certificate = CertificateSpec::new(&person_name(), 1, &WORLD.signer_key, WORLD.ca.subject())
        .usage(KeyUsage::DIGITAL_SIGNATURE)
        .sign(&WORLD.ca_key);
    assert!(matches!(new(&wrong), Err(Error::WrongCertificate { .. })), "an authentication certificate");

    let mut wrong = sound.clone();
    wrong.data_files.push(wrong.data_files[0].clone());
    assert!(matches!(new(&wrong), Err(Error::Name { .. })), "one file twice");

    let mut wrong = sound.clone();
    wrong.data_files[0].value.pop();
    assert!(matches!(new(&wrong), Err(Error::DoesNotCover { .. })), "a digest that is too short");

    let mut wrong = sound;
    wrong.claimed_roles = vec!["\u{1}".to_owned()];
    assert!(new(&wrong).is_err(), "a character that XML can't hold");

    for id in ["", "1", "-a", "a b", "õ", "a:b", &"a".repeat(65)] {
        assert!(matches!(SignatureId::parse(id), Err(Error::WrongIdentifier { .. })), "{id:?}");
    }
}

#[test]
fn needs_are_stated_one_after_the_other() {
    let signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::T);
    assert_eq!(signature.level(), Level::T);
    assert_eq!(signature.needs(Level::T, &[]), []);
    let missing = [Need::Issuer { certificate: WORLD.signer.clone() }];
    assert_eq!(signature.needs(Level::Lt, &[]), missing);
    assert_eq!(signature.needs(Level::Lt, std::slice::from_ref(&WORLD.root)), missing);
    let ocsp = |certificate: &Certificate, issuer: &Certificate, required: bool| Need::Ocsp {
        certificate: certificate.clone(),
        issuer: issuer.clone(),
        produced_from: noon() + seconds(1),
        required,
    };
    let mut signature = signature;
    let needed = [ocsp(&WORLD.signer, &WORLD.ca, true), ocsp(&WORLD.ca, &WORLD.root, false)];
    assert_eq!(signature.needs(Level::Lta, &[WORLD.root.clone(), WORLD.ca.clone()]), needed);
    let of_the_unit = ocsp(&WORLD.tsu, &WORLD.tsa_root, false);
    let all = authorities();
    assert_eq!(signature.needs(Level::Lt, &all), [&needed[..], std::slice::from_ref(&of_the_unit)].concat());
    // Nobody answers for the unit: it is left out, and the signer's status is not.
    signature.pass_over(&WORLD.tsu);
    signature.pass_over(&WORLD.signer);
    assert_eq!(signature.needs(Level::Lt, &all), needed);

    let answers = [WORLD.ocsp(&WORLD.signer, noon() + seconds(2))];
    signature.add_validation_data(&all, &answers, noon() + seconds(5)).unwrap();
    assert_eq!((signature.level(), signature.needs(Level::Lt, &all)), (Level::Lt, Vec::new()));
    signature.pass_over(&WORLD.ca);
    let [Need::ArchiveTimeStamp { digest: Digest::Sha512, .. }] = &signature.needs(Level::Lta, &all)[..]
    else {
        panic!("{:?}", signature.needs(Level::Lta, &all));
    };
    let stored = SignedSignature::from_xml(signature.to_xml()).unwrap();
    assert_eq!(stored.needs(Level::Lta, &all), [needed[1].clone(), of_the_unit], "asked again");
}

#[test]
fn a_time_stamp_for_something_else_is_not_taken() {
    let template = template();
    let mut signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    let octets = canonical(signature.to_xml(), "SignatureValue");
    let token = |octets: &[u8], digest: Digest| {
        let mut spec = TimeStampSpec::new(octets, noon());
        spec.info.imprint = countersign_pki::tsp::MessageImprint::of(digest, octets);
        TimeStampToken::from_der(&spec.sign()).unwrap()
    };
    let refused = |result: Result<(), Error>| assert!(matches!(result, Err(Error::WrongTimeStamp { .. })));
    refused(signature.add_timestamp(&token(b"other", Digest::Sha256)));
    refused(signature.add_timestamp(&token(&octets, Digest::Sha1)));
    refused(signature.add_validation_data(std::slice::from_ref(&WORLD.ca), &[], noon()));
    signature.add_timestamp(&token(&octets, Digest::Sha512)).unwrap();
    refused(signature.add_timestamp(&token(&octets, Digest::Sha256)));
}

#[test]
fn validation_data_that_proves_nothing_is_not_taken() {
    let mut signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::T);
    let authorities = [WORLD.ca.clone(), WORLD.root.clone()];
    let now = noon() + seconds(60);
    let answer = |change: &dyn Fn(&mut OcspSpec<'static>)| {
        let mut spec = OcspSpec::new(&WORLD.signer, noon() + seconds(2));
        change(&mut spec);
        vec![spec.sign()]
    };
    let wrong = [
        ("none", vec![]),
        ("no response", vec![b"x".to_vec()]),
        ("another certificate", answer(&|spec| spec.certificate = WORLD.ec_signer.clone())),
        ("unknown", answer(&|spec| spec.status = CertStatus::UNKNOWN)),
        (
            "revoked",
            answer(&|spec| {
                let reason = countersign_pki::crl::Reason::KeyCompromise;
                spec.status = CertStatus::revoked(noon(), reason).unwrap();
            }),
        ),
    ];
    for (what, responses) in wrong {
        let result = signature.add_validation_data(&authorities, &responses, now);
        assert!(matches!(result, Err(Error::WrongOcspResponse { .. })), "{what}: {result:?}");
        assert_eq!(signature.level(), Level::T, "{what}");
    }
    let early = answer(&|spec| spec.produced_at = noon());
    let result = signature.add_validation_data(&authorities, &early, now);
    assert!(matches!(result, Err(Error::OcspTooEarly { .. })), "{result:?}");
    let good = answer(&|_| {});
    let result = signature.add_validation_data(std::slice::from_ref(&WORLD.root), &good, now);
    assert!(matches!(result, Err(Error::WrongCertificate { .. })), "no issuer: {result:?}");
    signature.add_validation_data(&authorities, &good, now).unwrap();
    assert!(signature.add_validation_data(&authorities, &good, now).is_err(), "a second time");
}

#[test]
fn a_signature_survives_storage_at_every_level() {
    for level in Level::ALL {
        let signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, level);
        let json = serde_json::to_string(&signature).unwrap();
        let read: SignedSignature = serde_json::from_str(&json).unwrap();
        assert_eq!((read.level(), read.to_xml()), (level, signature.to_xml()));
        assert_eq!(read.time_stamp_time(), signature.time_stamp_time());
    }
    assert!(SignedSignature::from_xml("<a/>").is_err());
}

#[test]
fn signatures_are_added_without_touching_what_is_there() {
    let mut container = signed(Level::Lt);
    let before = container.to_bytes().unwrap();
    let mut opened = Container::from_bytes(&before).unwrap();
    let second = sign(&opened, &WORLD.ec_signer, &WORLD.ec_signer_key, Level::Lt);
    assert_eq!(opened.add_signature(&second, noon()).unwrap(), "META-INF/signatures1.xml");
    let after = opened.to_bytes().unwrap();
    let directory = before.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    assert_eq!(after[..directory], before[..directory], "entries keep their bytes");
    let report = check(&Container::from_bytes(&after).unwrap());
    assert!(report.is_valid(), "{report}");
    assert_eq!((report.signatures_count, report.valid_signatures_count), (2, 2));

    let add = container.add_data_file(FileName::parse("c").unwrap(), "a/b", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::AlreadySigned { signatures: 1 })));
}

#[test]
fn one_broken_signature_spoils_the_container_and_not_the_other_signature() {
    let mut container = signed(Level::Lt);
    let second = sign(&container, &WORLD.ec_signer, &WORLD.ec_signer_key, Level::B);
    container.add_signature(&second, noon()).unwrap();
    let report = check(&container);
    assert!(!report.is_valid());
    assert_eq!((report.signatures_count, report.valid_signatures_count), (2, 1));
    assert!(report.data_files.iter().all(|file| file.signed), "by the one that holds");
}

#[test]
fn a_signature_file_gets_the_lowest_free_number() {
    use crate::raw_zip::RawEntry;
    let mut raw = Forgery::new().lt().zip();
    raw.entries.last_mut().unwrap().name = b"META-INF/Signatures1.XML".to_vec();
    let mut container = Container::from_bytes(&raw.to_bytes()).unwrap();
    let signature = sign(&container, &WORLD.signer, &WORLD.signer_key, Level::B);
    assert_eq!(container.add_signature(&signature, noon()).unwrap(), "META-INF/signatures0.xml");
    assert_eq!(container.add_signature(&signature, noon()).unwrap(), "META-INF/signatures2.xml");
    raw.entries.push(RawEntry::stored("META-INF/signatures0.xml", b"<a/>"));
    assert_eq!(Container::from_bytes(&raw.to_bytes()).unwrap().signature_files().unwrap().len(), 2);
}

#[test]
fn a_signature_over_other_files_is_not_added() {
    let signature = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::B);
    let with = |files: &[(&str, &str, &[u8])]| {
        let mut container = Container::new();
        for (name, media_type, content) in files {
            let name = FileName::parse(name).unwrap();
            container.add_data_file(name, media_type, content, Method::Stored, noon()).unwrap();
        }
        container
    };
    let [first, second] = FILES;
    let cases = [
        with(&[first]),
        with(&[first, second, ("third", "a/b", b"")]),
        with(&[first, (second.0, second.1, b"changed")]),
        with(&[first, (second.0, "other/type", second.2)]),
    ];
    for mut container in cases {
        let result = container.add_signature(&signature, noon());
        assert!(matches!(result, Err(Error::DoesNotCover { .. })), "{result:?}");
    }
    assert!(matches!(with(&[]).add_signature(&signature, noon()), Err(Error::NoDataFiles)));
    assert!(with(&[second, first]).add_signature(&signature, noon()).is_ok(), "order does not matter");
}

#[test]
fn names_that_xml_cannot_hold_are_refused() {
    let name = FileName::parse("a\u{ffff}b").unwrap();
    let add = unsigned().add_data_file(name, "text/plain", b"", Method::Stored, noon());
    assert!(matches!(add, Err(Error::Name { fault: NameFault::ControlCharacter, .. })));
}

#[test]
fn what_is_no_container_gets_a_report_too() {
    let report = validate_bytes(b"PK", Some("a.asice"), &Limits::default(), &WORLD.anchors(), noon(), &lt());
    assert!(!report.is_valid());
    assert_eq!((report.errors.len(), report.errors[0].rule.as_str()), (1, "zip-end-record"));
    assert_eq!(report.validated_document.unwrap().filename.as_deref(), Some("a.asice"));
}

/// Other programs canonicalise by other methods; all six are read.
#[test]
fn every_canonicalization_method_is_read() {
    use bergshamra_c14n::{C14nMode, canonicalize_doc};
    use bergshamra_xml::NodeSet;
    let octets = |xml: &str, element: &str, mode: C14nMode| {
        let document = uppsala::parse(xml).unwrap();
        let nodes = NodeSet::tree_without_comments(document.get_elements_by_tag_name(element)[0], &document);
        canonicalize_doc::<&str>(&document, mode, Some(&nodes), &[]).unwrap()
    };
    let modes = [
        C14nMode::Inclusive,
        C14nMode::InclusiveWithComments,
        C14nMode::Inclusive11,
        C14nMode::Inclusive11WithComments,
        C14nMode::Exclusive,
        C14nMode::ExclusiveWithComments,
    ];
    for mode in modes {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let exclusive = C14nMode::Exclusive.uri();
        let mut forged = Forgery::new();
        forged.xml = forged.xml.replace(exclusive, mode.uri());
        let properties = octets(&forged.xml, "SignedProperties", mode);
        let reference = forged.part("<ds:Reference Id=\"S0-RefSigned\"", "</ds:Reference>");
        let old = crate::forge::between(&reference, "<ds:DigestValue>", "</ds:DigestValue>");
        let forged = forged.replace(&old, &encode(&Digest::Sha256.of(&properties)));
        let value = xml_signature(&WORLD.signer_key, &octets(&forged.xml, "SignedInfo", mode));
        let forged = forged.value(&encode(&value));
        // The time-stamp is written with the exclusive method; give it this one, too.
        let stamped = octets(&forged.xml, "SignatureValue", mode);
        let token = TimeStampSpec::new(&stamped, noon() + seconds(1)).sign();
        let response = OcspSpec::new(&WORLD.signer, noon() + seconds(2)).sign();
        let forged = forged.lt_with(&token, &[response]);
        let element = forged.part("<xades:SignatureTimeStamp", "</xades:SignatureTimeStamp>");
        let forged = forged.replace(&element, &element.replace(exclusive, mode.uri()));
        let report = check(&Container::from_bytes(&forged.bytes()).unwrap());
        assert!(report.is_valid(), "{mode}: {report}");
    }
}

#[test]
fn a_report_reads_back_from_json_and_speaks_to_people() {
    let report = check(&signed(Level::Lt));
    let json = report.to_json();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    for expected in [
        "\"indication\": \"TOTAL-PASSED\"",
        "\"signatureFormat\": \"XAdES_BASELINE_LT\"",
        "\"claimedSigningTime\": \"2026-11-22T12:00:00Z\"",
        "\"bestSignatureTime\": \"2026-11-22T12:00:01Z\"",
        "\"serialNumber\": \"PNOEE-30303039914\"",
        "\"type\": \"SIGNATURE_TIMESTAMP\"",
        "\"validSignaturesCount\": 1",
    ] {
        assert!(json.contains(expected), "{expected} is not in {json}");
    }
    assert_eq!(
        report.to_string(),
        "VALID: one signature\n\
         \x20 file     \"Leping õäöü.txt\" (text/plain, 18 bytes)\n\
         \x20 file     \"lisa/2+2.bin\" (application/octet-stream, 3 bytes)\n\
         \n\
         Signature S0 in META-INF/signatures0.xml: TOTAL-PASSED\n\
         \x20 signer   TESTNUMBER,ÕIE, PNOEE-30303039914\n\
         \x20 signed   before 2026-11-22T12:00:01Z, by time-stamp\n\
         \x20 level    XAdES_BASELINE_LT\n\
         \x20 covers   \"Leping õäöü.txt\"\n\
         \x20 covers   \"lisa/2+2.bin\"\n"
    );
    let mut raw = Forgery::new().lt().zip();
    raw.entries[2] = crate::raw_zip::RawEntry::stored(FILES[1].0, b"\0\x01\xfe");
    let report = check(&Container::from_bytes(&raw.to_bytes()).unwrap());
    let json = report.to_json();
    assert!(json.contains("\"part\": \"DATA_FILE\",\n          \"name\": \"lisa/2+2.bin\""), "{json}");
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    let text = report.to_string();
    assert!(text.starts_with("NOT VALID: one signature, and it is not valid\n"), "{text}");
    assert!(text.contains("because  something that was signed has been changed"), "{text}");
    assert!(text.contains("error    data file \"lisa/2+2.bin\"\n             expected  SHA-256 "), "{text}");
}
