//! Every attack and defect of the reference's list that concerns ASiC-E with XAdES up to level LT, by its
//! row number there, with the outcome that a validator must reach. One table, one test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_container::validate::{TrustAnchors, validate_bytes};
use countersign_container::{Indication, Level, Limits, Part, Report, SubIndication};
use countersign_pki::Signer as _;
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::asn1;
use countersign_pki::certificate::KeyUsage;
use countersign_pki::certificate::extension::oid;
use countersign_pki::crl::Reason;
use countersign_pki::ocsp::{BasicOcspResponse, CertStatus, ResponseStatus};
use countersign_pki::tsp::{MessageImprint, TstExtension};
use countersign_pki::verify::{Curve, ecdsa_der_from_fixed};
use countersign_pki::{Certificate, SoftwareKey};
use der::asn1::ObjectIdentifier;

use self::Expected::{Failed, Indeterminate, NoSignatures, Passed, Refused, Warned};
use crate::archive::{manifest, manifest_of};
use crate::forge::{Forgery, SIGNATURES, certificate_values, revocation_values, time_stamp_element, zip_of};
use crate::make::FILES;
use crate::raw_zip::{RawEntry, RawZip};
use crate::world::{
    CertificateSpec, OcspSpec, TimeStampSpec, WORLD, authority_name, lt, noon, person_name, seconds,
    xml_signature,
};

#[derive(Debug)]
enum Expected {
    /// Not opened at all.
    Refused,
    /// Opened, and not valid because nobody signed.
    NoSignatures,
    /// Valid without any remark.
    Passed,
    /// Valid, with a warning of this rule.
    Warned(&'static str),
    Failed(SubIndication, Part),
    Indeterminate(SubIndication, Part),
}

pub(crate) struct Case {
    pub(crate) row: u8,
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) anchors: Option<TrustAnchors>,
    expected: Expected,
}

fn case(row: u8, what: &'static str, bytes: Vec<u8>, expected: Expected) -> Case {
    Case { row, what, bytes, anchors: None, expected }
}

fn file(name: &str) -> Part {
    Part::DataFile(name.to_owned())
}

const FIRST: &str = FILES[0].0;
const SECOND: &str = FILES[1].0;

fn honest() -> RawZip {
    Forgery::new().lt().zip()
}

fn zip(change: impl FnOnce(&mut Vec<RawEntry>)) -> Vec<u8> {
    let mut zip = honest();
    change(&mut zip.entries);
    zip.to_bytes()
}

pub(crate) fn cases() -> Vec<Case> {
    [
        archive_cases(),
        signature_file_cases(),
        data_file_cases(),
        reference_cases(),
        wrapping_cases(),
        value_cases(),
        property_cases(),
        certificate_cases(),
        chain_cases(),
        revocation_cases(),
        time_stamp_cases(),
        algorithm_cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_attack_has_its_outcome() {
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let anchors = case.anchors.clone().unwrap_or_else(|| WORLD.anchors());
        let now = noon() + seconds(3600);
        let report = validate_bytes(&case.bytes, None, &Limits::default(), &anchors, now, &lt());
        if let Err(problem) = judge(&report, &case.expected) {
            wrong.push(format!("row {} ({}): {problem}\n{report}", case.row, case.what));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() > 120, "{} cases", cases.len());
}

fn judge(report: &Report, expected: &Expected) -> Result<(), String> {
    let valid = matches!(expected, Passed | Warned(_));
    if report.is_valid() != valid {
        return Err(format!("expected {expected:?}, and is_valid() is {}", report.is_valid()));
    }
    let signature = || report.signatures.first().ok_or("there is no signature".to_owned());
    let fault = |indication: Indication, sub: &SubIndication, part: &Part| {
        let signature = signature()?;
        if signature.indication != indication || signature.sub_indication != Some(*sub) {
            return Err(format!("expected {indication} {sub}"));
        }
        match signature.errors.first() {
            Some(first) if first.part == *part => Ok(()),
            first => Err(format!("expected a fault of {part:?}, found {first:?}")),
        }
    };
    match expected {
        Refused if report.signature_form.is_none() && !report.errors.is_empty() => Ok(()),
        Refused => Err("the container was opened".to_owned()),
        NoSignatures if report.signatures.is_empty() && report.errors.is_empty() => Ok(()),
        NoSignatures => Err("expected no signatures and no errors".to_owned()),
        Passed if report.warnings.is_empty() && signature()?.warnings.is_empty() => Ok(()),
        Passed => Err("expected no warnings".to_owned()),
        Warned(rule) => {
            let warned =
                report.warnings.iter().chain(&signature()?.warnings).any(|found| found.rule == *rule);
            if warned { Ok(()) } else { Err(format!("expected the warning {rule}")) }
        }
        Failed(sub, part) => fault(Indication::TotalFailed, sub, part),
        Indeterminate(sub, part) => fault(Indication::Indeterminate, sub, part),
    }
}

fn archive_cases() -> Vec<Case> {
    const TYPE: &[u8] = b"application/vnd.etsi.asic-e+zip";
    let named = |name: &'static str| zip(|entries| entries.insert(3, RawEntry::stored(name, b"x")));
    let listing = |names: &[(&str, &str)]| {
        zip(|entries| entries[3] = RawEntry::stored("META-INF/manifest.xml", &manifest_of(names)))
    };
    let both = [(FIRST, "text/plain"), (SECOND, "application/octet-stream")];
    let mut prepended = honest();
    prepended.prefix = b"#!/bin/sh\n".to_vec();
    let appended = [honest().to_bytes(), honest().to_bytes()].concat();
    vec![
        case(0, "nothing changed", honest().to_bytes(), Passed),
        case(1, "mimetype not first", zip(|entries| entries.swap(0, 1)), Refused),
        case(2, "mimetype deflated", zip(|e| e[0] = RawEntry::deflated("mimetype", TYPE)), Refused),
        case(2, "mimetype with extra field", zip(|e| e[0].local_extra = vec![0x55, 0x54, 0, 0]), Refused),
        case(2, "mimetype with descriptor", zip(|e| e[0] = e[0].clone().with_descriptor()), Refused),
        case(
            2,
            "mimetype with newline",
            zip(|e| e[0] = RawEntry::stored("mimetype", &[TYPE, b"\n"].concat())),
            Refused,
        ),
        case(
            3,
            "another mimetype",
            zip(|e| e[0] = RawEntry::stored("mimetype", b"application/vnd.etsi.asic-s+zip")),
            Refused,
        ),
        case(4, "no manifest", zip(|entries| drop(entries.remove(3))), Refused),
        case(5, "manifest lists an absent file", listing(&[both[0], both[1], ("c", "text/plain")]), Refused),
        case(6, "file not in the manifest", named("c.txt"), Refused),
        case(7, "a second copy of a file", zip(|e| e.push(RawEntry::stored(FIRST, b"other"))), Refused),
        case(
            7,
            "a second copy of the signatures",
            zip(|e| e.push(RawEntry::stored(SIGNATURES, b"<a/>"))),
            Refused,
        ),
        case(8, "a file twice in the manifest", listing(&[both[0], both[1], both[1]]), Refused),
        case(10, "path escape", named("../evil"), Refused),
        case(10, "absolute path", named("/evil"), Refused),
        case(10, "drive letter", named("C:\\evil"), Refused),
        case(10, "NUL in a name", named("a\0b"), Refused),
        case(11, "local name differs", zip(|e| e[1].local_name = Some(b"Leping.txt".to_vec())), Refused),
        case(11, "local size differs", zip(|e| e[1].local_size = Some(3)), Refused),
        case(12, "prepended data", prepended.to_bytes(), Refused),
        case(12, "two archives", appended, Refused),
        case(13, "a bomb", zip(|e| e[1] = RawEntry::deflated(FIRST, &vec![0; 8 << 20])), Refused),
        case(13, "a lie about the size", zip(|e| e[1].size = 5), Refused),
        case(
            13,
            "too many entries",
            zip(|e| e.extend((0..300).map(|n| RawEntry::stored(&n.to_string(), b"")))),
            Refused,
        ),
        case(14, "encrypted entry", zip(|e| e[1].flags |= 1), Refused),
        case(14, "unknown method", zip(|e| e[1].method = 12), Refused),
        case(
            15,
            "extra file in META-INF",
            zip(|e| e.push(RawEntry::stored("META-INF/evil.bin", b"x"))),
            Warned("remark"),
        ),
        case(16, "no signature", zip(|entries| drop(entries.pop())), NoSignatures),
    ]
}

fn signature_file_cases() -> Vec<Case> {
    let xml = |xml: &str| zip_of(xml).to_bytes();
    let root = "<asic:XAdESSignatures xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\">";
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let honest = Forgery::new().lt();
    let twice = {
        let signature = honest.part("<ds:Signature Id", "</ds:Signature>");
        honest.clone().replace("</asic:XAdESSignatures>", &format!("{signature}</asic:XAdESSignatures>"))
    };
    let dtd = honest.clone().replace("<asic:XAdESSignatures", "<!DOCTYPE a []><asic:XAdESSignatures");
    let entity = honest.xml.replacen(
        "<asic:XAdESSignatures",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><asic:XAdESSignatures",
        1,
    );
    let deep = format!("{root}{}{}</asic:XAdESSignatures>", "<a>".repeat(70), "</a>".repeat(70));
    let huge = honest.xml.replacen(
        "</ds:X509Certificate>",
        &format!("{}</ds:X509Certificate>", "A".repeat(11 << 20)),
        1,
    );
    let attributes = honest.xml.replacen(
        "<ds:KeyInfo",
        &format!("<ds:KeyInfo {}", (0..210_000).map(|n| format!("a{n}='' ")).collect::<String>()),
        1,
    );
    vec![
        case(17, "no ds:Signature", xml(&format!("{root}</asic:XAdESSignatures>")), form()),
        case(17, "another root", xml("<a/>"), form()),
        case(
            17,
            "root of OpenDocument",
            xml(
                "<document-signatures xmlns=\"urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0\"/>",
            ),
            form(),
        ),
        case(17, "unparsable", xml("<a><b></a>"), Refused),
        case(18, "a document type", dtd.bytes(), Refused),
        case(18, "an external entity", xml(&entity), Refused),
        case(19, "too deep", xml(&deep), Refused),
        case(19, "huge base64", xml(&huge), Refused),
        case(19, "too many attributes", xml(&attributes), Refused),
        case(20, "two signatures with equal Ids", twice.bytes(), form()),
    ]
}

fn data_file_cases() -> Vec<Case> {
    let hash = |name| Failed(SubIndication::HashFailure, file(name));
    let renamed = zip(|entries| {
        entries[1].name = b"other.txt".to_vec();
        let files = [("other.txt", "text/plain"), (SECOND, "application/octet-stream")];
        entries[3] = RawEntry::stored("META-INF/manifest.xml", &manifest_of(&files));
    });
    let removed = zip(|entries| {
        entries[3] = RawEntry::stored("META-INF/manifest.xml", &manifest_of(&[(FIRST, "text/plain")]));
        entries.remove(2);
    });
    let added = zip(|entries| {
        entries.insert(3, RawEntry::stored("extra.txt", b"x"));
        let files =
            [(FIRST, "text/plain"), (SECOND, "application/octet-stream"), ("extra.txt", "text/plain")];
        entries[4] = RawEntry::stored("META-INF/manifest.xml", &manifest_of(&files));
    });
    let media_type = zip(|entries| {
        let files = [(FIRST, "text/html"), (SECOND, "application/octet-stream")];
        entries[3] = RawEntry::stored("META-INF/manifest.xml", &manifest_of(&files));
    });
    let swapped = zip(|entries| {
        (entries[1].name, entries[2].name) = (entries[2].name.clone(), entries[1].name.clone());
    });
    let other = Forgery::new();
    let old = STANDARD.encode(Digest::Sha256.of(FILES[0].2));
    let new = STANDARD.encode(Digest::Sha256.of(b"another content"));
    let mut replaced = other.lt().replace(&old, &new).zip();
    replaced.entries[1] = RawEntry::stored(FIRST, b"another content");
    vec![
        case(21, "file changed", zip(|e| e[1] = RawEntry::stored(FIRST, b"another content")), hash(FIRST)),
        case(21, "file emptied", zip(|e| e[2] = RawEntry::stored(SECOND, b"")), hash(SECOND)),
        case(22, "names swapped", swapped, hash(FIRST)),
        case(23, "file renamed", renamed, Indeterminate(SubIndication::SignedDataNotFound, file(FIRST))),
        case(24, "file removed", removed, Indeterminate(SubIndication::SignedDataNotFound, file(SECOND))),
        case(25, "file added", added, Indeterminate(SubIndication::SigConstraintsFailure, file("extra.txt"))),
        case(
            26,
            "digest replaced with the file",
            replaced.to_bytes(),
            Failed(SubIndication::SigCryptoFailure, Part::SignatureValue),
        ),
        case(
            46,
            "media type changed in the manifest",
            media_type,
            Failed(SubIndication::FormatFailure, file(FIRST)),
        ),
    ]
}

/// Faults in references, made by the signer: everything is sealed again.
fn reference_cases() -> Vec<Case> {
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let sealed = |change: &dyn Fn(Forgery) -> Forgery| change(Forgery::new()).seal().lt().bytes();
    let uri = format!("URI=\"{}\"", "lisa/2%2B2.bin");
    let with_uri =
        |uri: &str| sealed(&|forged| forged.replace("URI=\"lisa/2%2B2.bin\"", &format!("URI=\"{uri}\"")));
    let properties = Forgery::new().part("<ds:Reference Id=\"S0-RefSigned\"", "</ds:Reference>");
    let file_reference = Forgery::new().part("<ds:Reference Id=\"S0-RefId1\"", "</ds:Reference>");
    let transform = |algorithm: &str| {
        format!(
            "{uri}><ds:Transforms><ds:Transform Algorithm=\"{algorithm}\"></ds:Transform></ds:Transforms>"
        )
    };
    let with_transform =
        |algorithm: &str| sealed(&|forged| forged.replace(&format!("{uri}>"), &transform(algorithm)));
    let own_transform = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";
    let with_own_transform = |text: &str| sealed(&|forged| forged.replace(own_transform, text));
    let with_type = |kind: &str| sealed(&|forged| forged.replace(&uri, &format!("Type=\"{kind}\" {uri}")));
    let twice = |other: &str| {
        let second = file_reference.replace("S0-RefId1", "S0-RefId2").replace("lisa/2%2B2.bin", other);
        sealed(&|forged| forged.replace(&file_reference, &format!("{file_reference}{second}")))
    };
    let properties_twice = properties.replace("S0-RefSigned", "S0-RefTwice");
    vec![
        case(0, "sealed without a change", sealed(&|forged| forged), Passed),
        case(
            28,
            "no reference to SignedProperties",
            sealed(&|f| f.replace(&properties, "")),
            Indeterminate(SubIndication::SigConstraintsFailure, Part::SignedProperties),
        ),
        case(
            29,
            "two references to SignedProperties",
            sealed(&|f| f.replace(&properties, &format!("{properties}{properties_twice}"))),
            form(),
        ),
        case(
            30,
            "no Type on the reference",
            sealed(&|f| f.replace(" Type=\"http://uri.etsi.org/01903#SignedProperties\"", "")),
            form(),
        ),
        case(30, "the Type on a file", with_type("http://uri.etsi.org/01903#SignedProperties"), form()),
        case(35, "empty URI", with_uri(""), form()),
        case(35, "no URI", sealed(&|f| f.replace(&uri, "")), form()),
        case(36, "XPath on a file", with_transform("http://www.w3.org/TR/1999/REC-xpath-19991116"), form()),
        case(36, "XSLT on a file", with_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"), form()),
        case(36, "base64 on a file", with_transform("http://www.w3.org/2000/09/xmldsig#base64"), form()),
        case(36, "C14N on a file", with_transform("http://www.w3.org/2001/10/xml-exc-c14n#"), form()),
        case(
            36,
            "enveloped on the properties",
            with_own_transform(
                "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>",
            ),
            form(),
        ),
        case(36, "two transforms on the properties", with_own_transform(&own_transform.repeat(2)), form()),
        case(
            36,
            "a parameter in the transform",
            with_own_transform(
                "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><a></a></ds:Transform>",
            ),
            form(),
        ),
        case(37, "http", with_uri("http://127.0.0.1/2%2B2.bin"), form()),
        case(37, "file", with_uri("file:///etc/passwd"), form()),
        case(37, "absolute", with_uri("/lisa/2%2B2.bin"), form()),
        case(37, "another host", with_uri("//127.0.0.1/x"), form()),
        case(37, "fragment", with_uri("lisa/2%2B2.bin#x"), form()),
        case(37, "query", with_uri("lisa/2%2B2.bin?x"), form()),
        case(37, "broken encoding", with_uri("lisa/2%2"), form()),
        case(
            37,
            "space as plus",
            with_uri("lisa/2 2.bin"),
            Indeterminate(SubIndication::SignedDataNotFound, file("lisa/2 2.bin")),
        ),
        case(37, "plus unencoded", with_uri("lisa/2+2.bin"), Passed),
        case(38, "a file twice", twice("lisa/2%2B2.bin"), form()),
        case(38, "a file twice, encoded differently", twice("lisa/2+2.bin"), form()),
        case(39, "a ds:Manifest", with_type("http://www.w3.org/2000/09/xmldsig#Manifest"), form()),
        case(39, "an unknown Type", with_type("http://example.org/type"), form()),
        case(
            45,
            "no DataObjectFormat",
            sealed(&|f| {
                f.cut("<xades:DataObjectFormat ObjectReference=\"#S0-RefId1\">", "</xades:DataObjectFormat>")
            }),
            form(),
        ),
        case(
            45,
            "DataObjectFormat without its file",
            sealed(&|f| f.replace("ObjectReference=\"#S0-RefId1\"", "ObjectReference=\"#S0-RefId9\"")),
            form(),
        ),
        case(
            45,
            "two DataObjectFormats of one file",
            sealed(&|f| f.replace("ObjectReference=\"#S0-RefId1\"", "ObjectReference=\"#S0-RefId0\"")),
            form(),
        ),
        case(
            45,
            "no MimeType",
            sealed(&|f| f.cut("<xades:MimeType>text/plain", "</xades:MimeType>")),
            Indeterminate(SubIndication::SigConstraintsFailure, file(FIRST)),
        ),
        case(
            46,
            "media type differs in the signature",
            sealed(&|f| f.replace("<xades:MimeType>text/plain", "<xades:MimeType>text/html")),
            Failed(SubIndication::FormatFailure, file(FIRST)),
        ),
    ]
}

fn wrapping_cases() -> Vec<Case> {
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let honest = Forgery::new().lt();
    let signed = honest.part("<xades:SignedProperties", "</xades:SignedProperties>");
    let forged = signed.replace("2026-11-22T12:00:00Z", "2020-01-01T00:00:00Z");
    let elsewhere = |signed: &str, forged: &str| {
        honest
            .clone()
            .replace(&signed_text(&honest), forged)
            .replace(
                "<xades:CertificateValues>",
                &format!("<a xmlns=\"urn:a\">{signed}</a><xades:CertificateValues>"),
            )
            .bytes()
    };
    let renamed = forged.replace("S0-SignedProperties", "S0-Forged");
    let moved_out = honest
        .clone()
        .replace(&signed, &renamed)
        .replace("</asic:XAdESSignatures>", &format!("{signed}</asic:XAdESSignatures>"));
    let second_object = |content: &str| {
        honest
            .clone()
            .replace("</ds:Signature>", &format!("<ds:Object>{content}</ds:Object></ds:Signature>"))
            .bytes()
    };
    let qualifying = "<xades:QualifyingProperties Target=\"#S0\"></xades:QualifyingProperties></ds:Object>";
    vec![
        case(
            29,
            "two SignedProperties",
            honest.clone().replace(&signed, &format!("{signed}{renamed}")).bytes(),
            form(),
        ),
        case(31, "wrapped, with the same Id", elsewhere(&signed, &forged), form()),
        case(32, "wrapped, with another Id", elsewhere(&signed, &renamed), form()),
        case(32, "moved out of the signature", moved_out.bytes(), form()),
        case(33, "a second ds:Object", second_object("<a xmlns=\"urn:a\"/>"), form()),
        case(33, "a ds:Manifest in a second object", second_object("<ds:Manifest/>"), form()),
        case(
            33,
            "signed properties in a second object",
            honest
                .clone()
                .replace(&signed, &renamed)
                .replace("</ds:Signature>", &format!("<ds:Object>{signed}</ds:Object></ds:Signature>"))
                .bytes(),
            form(),
        ),
        case(
            33,
            "a second QualifyingProperties",
            honest.clone().replace("</ds:Object>", qualifying).bytes(),
            form(),
        ),
        case(
            34,
            "another Target",
            honest.clone().replace("Target=\"#S0\"", "Target=\"#S1\"").bytes(),
            form(),
        ),
        case(34, "no Target", honest.clone().replace(" Target=\"#S0\"", "").bytes(), form()),
        case(
            34,
            "a Target that is no reference",
            honest.clone().replace("Target=\"#S0\"", "Target=\"S0\"").bytes(),
            form(),
        ),
    ]
}

fn signed_text(forgery: &Forgery) -> String {
    forgery.part("<xades:SignedProperties", "</xades:SignedProperties>")
}

fn value_cases() -> Vec<Case> {
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let crypto = || Failed(SubIndication::SigCryptoFailure, Part::SignatureValue);
    const PSS: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    const ECDSA: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    let method = |forgery: Forgery, from: &str, to: &str| {
        forgery
            .replace(
                &format!("SignatureMethod Algorithm=\"{from}\""),
                &format!("SignatureMethod Algorithm=\"{to}\""),
            )
            .seal()
    };
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let parameter = |name: &str| {
        let method = format!("SignatureMethod Algorithm=\"{PSS}\">");
        Forgery::new().replace(&method, &format!("{method}<ds:{name}>8</ds:{name}>")).seal().lt().bytes()
    };
    let with_value = |forgery: Forgery, value: &[u8]| forgery.value(&STANDARD.encode(value)).lt().bytes();
    // A value of the right key by another scheme, under the PSS identifier.
    let scheme = |algorithm: SignatureAlgorithm| {
        let forged = Forgery::new();
        let octets = crate::forge::canonical(&forged.xml, "SignedInfo");
        let value = WORLD.signer_key.with_algorithm(algorithm).unwrap().sign(&octets).unwrap();
        with_value(forged, &value)
    };
    let fixed = Forgery::ec().value_bytes();
    let der = ecdsa_der_from_fixed(Curve::P256, &fixed).unwrap();
    let flipped = {
        let mut value = Forgery::new().value_bytes();
        value[100] ^= 1;
        value
    };
    let zero_r = [vec![0; 32], fixed[32..].to_vec()].concat();
    let zero_s = [fixed[..32].to_vec(), vec![0; 32]].concat();
    let large_s = [fixed[..32].to_vec(), vec![0xff; 32]].concat();
    let padded = [&[0][..], &fixed[..32], &[0], &fixed[32..]].concat();
    let others = xml_signature(&WORLD.signer_key, b"something else");
    vec![
        case(0, "an honest ECDSA signature", Forgery::ec().lt().bytes(), Passed),
        case(
            40,
            "HMAC",
            method(Forgery::new(), PSS, hmac).lt().bytes(),
            Failed(SubIndication::FormatFailure, Part::SignatureValue),
        ),
        case(40, "HMACOutputLength", parameter("HMACOutputLength"), form()),
        case(40, "RSAPSSParams", parameter("RSAPSSParams"), form()),
        case(41, "an RSA method with an EC key", method(Forgery::ec(), ECDSA, PSS).lt().bytes(), crypto()),
        case(41, "an EC method with an RSA key", method(Forgery::new(), PSS, ECDSA).lt().bytes(), crypto()),
        case(
            42,
            "PKCS#1 under the PSS identifier",
            scheme(SignatureAlgorithm::RsaPkcs1(Digest::Sha256)),
            crypto(),
        ),
        case(
            42,
            "PSS with another hash and salt",
            scheme(SignatureAlgorithm::RsaPss(Digest::Sha512)),
            crypto(),
        ),
        case(43, "ECDSA in DER", with_value(Forgery::ec(), &der), crypto()),
        case(43, "ECDSA too short", with_value(Forgery::ec(), &fixed[..63]), crypto()),
        case(43, "ECDSA padded", with_value(Forgery::ec(), &padded), crypto()),
        case(43, "ECDSA with r = 0", with_value(Forgery::ec(), &zero_r), crypto()),
        case(43, "ECDSA with s = 0", with_value(Forgery::ec(), &zero_s), crypto()),
        case(43, "ECDSA with s ≥ n", with_value(Forgery::ec(), &large_s), crypto()),
        case(44, "a flipped bit", with_value(Forgery::new(), &flipped), crypto()),
        case(44, "the value of another signature", with_value(Forgery::new(), &others), crypto()),
        case(44, "an empty value", with_value(Forgery::new(), b""), crypto()),
        case(44, "no base64", Forgery::new().lt().value("?").bytes(), form()),
    ]
}

fn property_cases() -> Vec<Case> {
    let hash = || Failed(SubIndication::HashFailure, Part::SignedProperties);
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let honest = || Forgery::new().lt();
    let sealed = |change: &dyn Fn(Forgery) -> Forgery| change(Forgery::new()).seal().lt().bytes();
    let policy = "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId>\
        <xades:Identifier>urn:oid:1.2.3</xades:Identifier></xades:SigPolicyId></xades:SignaturePolicyId>\
        </xades:SignaturePolicyIdentifier>";
    let implied = "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyImplied>\
        </xades:SignaturePolicyImplied></xades:SignaturePolicyIdentifier>";
    let after_certificate = |text: &str| {
        let end = "</xades:SigningCertificateV2>";
        sealed(&|forged| forged.replace(end, &format!("{end}{text}")))
    };
    let time = "<xades:SigningTime>2026-11-22T12:00:00Z</xades:SigningTime>";
    let counter = "<xades:CounterSignature><ds:Signature></ds:Signature></xades:CounterSignature><xades:CertificateValues>";
    let digest = STANDARD.encode(Digest::Sha256.of(FILES[0].2));
    let (start, end) = digest.split_at(10);
    vec![
        case(27, "SigningTime changed", honest().replace("2026-11-22T12:00:00Z", "2026-11-21T12:00:00Z").bytes(), hash()),
        case(27, "MimeType changed", honest().replace("<xades:MimeType>application", "<xades:MimeType>Application").bytes(), hash()),
        case(27, "a role added", honest().replace("</xades:SigningCertificateV2>", "</xades:SigningCertificateV2><xades:SignerRoleV2><xades:ClaimedRoles><xades:ClaimedRole>CEO</xades:ClaimedRole></xades:ClaimedRoles></xades:SignerRoleV2>").bytes(), hash()),
        case(47, "a comment in SigningTime", honest().replace("2026-11-22T12", "2026-11-<!-- 1 -->22T12").bytes(), Passed),
        case(47, "a comment in a DigestValue", honest().replace(&digest, &format!("{start}<!-- x -->{end}")).bytes(), Passed),
        case(47, "CDATA in a DigestValue", honest().replace(&digest, &format!("{start}<![CDATA[{end}]]>")).bytes(), Passed),
        case(47, "a comment in a MimeType", honest().replace("<xades:MimeType>text/", "<xades:MimeType>text/<!---->").bytes(), Passed),
        case(47, "white space outside what is signed", honest().replace("<ds:Object>", "\n  <ds:Object>\n").bytes(), Passed),
        case(48, "an unknown policy", after_certificate(policy), Indeterminate(SubIndication::SignaturePolicyNotAvailable, Part::SignedProperties)),
        case(48, "an implied policy", after_certificate(implied), Passed),
        case(49, "a counter-signature", honest().replace("<xades:CertificateValues>", counter).bytes(), Warned("not-evaluated")),
        case(51, "no SigningCertificate", sealed(&|f| f.cut("<xades:SigningCertificateV2>", "</xades:SigningCertificateV2>")), Indeterminate(SubIndication::SigConstraintsFailure, Part::SigningCertificate)),
        case(51, "an empty SigningCertificate", sealed(&|f| f.cut("<xades:Cert>", "</xades:Cert>")), form()),
        case(51, "no SigningTime", sealed(&|f| f.replace(time, "")), Indeterminate(SubIndication::SigConstraintsFailure, Part::SignedProperties)),
        case(51, "SigningTime twice", sealed(&|f| f.replace(time, &time.repeat(2))), form()),
        case(51, "SigningTime that is none", sealed(&|f| f.replace("2026-11-22T12:00:00Z", "yesterday")), form()),
        case(51, "properties out of order", sealed(&|f| f.replace(time, "").replace("</xades:SigningCertificateV2>", &format!("</xades:SigningCertificateV2>{time}"))), form()),
        case(51, "an unknown signed property", after_certificate("<xades:Other></xades:Other>"), form()),
        case(51, "a foreign signed property", after_certificate("<o:Other xmlns:o=\"urn:o\"></o:Other>"), Warned("not-evaluated")),
        case(51, "signed after the time-stamp, as the signer says", sealed(&|f| f.replace("2026-11-22T12:00:00Z", "2026-11-22T12:30:00Z")), Warned("signing-time")),
    ]
}

fn certificate_cases() -> Vec<Case> {
    const PART: Part = Part::SigningCertificate;
    let digest = STANDARD.encode(Digest::Sha256.of(WORLD.signer.as_der()));
    let other = STANDARD.encode(Digest::Sha256.of(WORLD.ca.as_der()));
    let unknown = STANDARD.encode([7; 32]);
    let sealed = |change: &dyn Fn(Forgery) -> Forgery| change(Forgery::new()).seal().lt().bytes();
    let issuer = WORLD.signer.issuer();
    let serial_v2 = |issuer: &[u8], serial: u64| {
        let names = asn1::sequence(&[asn1::tlv(asn1::context_constructed(4), issuer)]);
        let value = STANDARD.encode(asn1::sequence(&[names, asn1::integer(serial)]));
        let end = "</xades:CertDigest>";
        let element = format!("{end}<xades:IssuerSerialV2>{value}</xades:IssuerSerialV2>");
        sealed(&|forged| forged.replace(end, &element))
    };
    let serial_v1 = |issuer: &str, serial: &str| {
        let end = "</xades:CertDigest>";
        let ds = "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
        let element = format!(
            "{end}<xades:IssuerSerial><ds:X509IssuerName {ds}>{issuer}</ds:X509IssuerName>\
             <ds:X509SerialNumber {ds}>{serial}</ds:X509SerialNumber></xades:IssuerSerial>"
        );
        sealed(&|forged| {
            let forged = forged.replace(end, &element);
            forged
                .replace("<xades:SigningCertificateV2>", "<xades:SigningCertificate>")
                .replace("</xades:SigningCertificateV2>", "</xades:SigningCertificate>")
        })
    };
    let element = |certificate: &Certificate| {
        format!("<ds:X509Certificate>{}</ds:X509Certificate>", STANDARD.encode(certificate.as_der()))
    };
    let honest = Forgery::new().lt();
    let first = element(&WORLD.signer);
    let trailing = [WORLD.signer.as_der(), &[0]].concat();
    let not_der = Forgery::new()
        .replace(&STANDARD.encode(WORLD.signer.as_der()), &STANDARD.encode(&trailing))
        .replace(&digest, &STANDARD.encode(Digest::Sha256.of(&trailing)))
        .seal()
        .lt();
    let none = SubIndication::NoSigningCertificateFound;
    vec![
        case(
            50,
            "digest of a certificate that is not there",
            sealed(&|f| f.replace(&digest, &unknown)),
            Indeterminate(none, PART),
        ),
        case(
            50,
            "digest of the CA's certificate",
            sealed(&|f| f.replace(&digest, &other)),
            Failed(SubIndication::SigCryptoFailure, Part::SignatureValue),
        ),
        case(52, "IssuerSerialV2 as it should be", serial_v2(issuer.as_der(), 100), Passed),
        case(
            52,
            "IssuerSerialV2 with another serial number",
            serial_v2(issuer.as_der(), 101),
            Indeterminate(SubIndication::SigConstraintsFailure, PART),
        ),
        case(
            52,
            "IssuerSerialV2 with another issuer",
            serial_v2(WORLD.root.subject().as_der(), 100),
            Indeterminate(SubIndication::SigConstraintsFailure, PART),
        ),
        case(52, "version 1 as it should be", serial_v1("CN=TEST CA, O=TEST, C=EE", "100"), Passed),
        case(
            52,
            "version 1 with another serial number",
            serial_v1("CN=TEST CA,O=TEST,C=EE", "101"),
            Indeterminate(SubIndication::SigConstraintsFailure, PART),
        ),
        case(52, "version 1 with another issuer", serial_v1("CN=Other", "100"), Warned("issuer-serial")),
        case(
            53,
            "another certificate first in KeyInfo",
            honest.clone().replace(&first, &format!("{}{first}", element(&WORLD.ec_signer))).bytes(),
            Passed,
        ),
        case(
            53,
            "only another certificate in KeyInfo",
            honest.replace(&first, &element(&WORLD.ec_signer)).bytes(),
            Indeterminate(none, PART),
        ),
        case(65, "trailing bytes after the certificate", not_der.bytes(), Indeterminate(none, PART)),
    ]
}

/// A signature by the usual key with a certificate of a test's making.
fn by(certificate: &Certificate) -> Vec<u8> {
    Forgery::new().by(certificate, &WORLD.signer_key).seal().lt().bytes()
}

fn signer_spec() -> CertificateSpec {
    CertificateSpec::new(&person_name(), 150, &WORLD.signer_key, WORLD.ca.subject())
}

fn chain_cases() -> Vec<Case> {
    let own = || CertificateSpec::new(&person_name(), 150, &WORLD.signer_key, &person_name());
    let signs = KeyUsage::NON_REPUDIATION;
    let self_signed = own().usage(signs).sign(&WORLD.signer_key);
    let stranger = SoftwareKey::generate_ec(Curve::P256).unwrap();
    let other_key = signer_spec().usage(signs).sign(&stranger);
    let unknown_name = authority_name("TEST nobody knows");
    let unknown = CertificateSpec { issuer: unknown_name, ..signer_spec() }.usage(signs).sign(&stranger);
    let by_leaf =
        CertificateSpec { issuer: person_name(), ..signer_spec() }.usage(signs).sign(&WORLD.ec_signer_key);
    let broken = {
        let mut der = WORLD.signer.as_der().to_vec();
        *der.last_mut().unwrap() ^= 1;
        Certificate::from_der(&der).unwrap()
    };
    let critical = ObjectIdentifier::new_unwrap("1.2.3.4");
    let days = |days: i64| noon() + seconds(days * 86_400);
    // Intermediates of a test's making travel in CertificateValues.
    let through = |intermediate: &Certificate, certificate: &Certificate| {
        let forged = Forgery::new().by(certificate, &WORLD.signer_key).seal();
        let token = TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1)).sign();
        let mut spec = OcspSpec::new(certificate, noon() + seconds(2));
        spec.issuer = intermediate.clone();
        let values =
            certificate_values(&[intermediate.as_der(), WORLD.ca.as_der(), WORLD.ec_signer.as_der()]);
        let all = format!("{}{values}{}", time_stamp_element(&token), revocation_values(&[spec.sign()]));
        forged.unsigned(&all).bytes()
    };
    let sub_name = authority_name("TEST sub CA");
    let sub_spec = || CertificateSpec::new(&sub_name, 20, &stranger, WORLD.ca.subject());
    let below = CertificateSpec { issuer: sub_name.clone(), ..signer_spec() }.usage(signs).sign(&stranger);
    let too_long = sub_spec().authority(None).sign(&WORLD.ca_key);
    let from_root = |spec: CertificateSpec| {
        CertificateSpec { issuer: WORLD.root.subject().clone(), ..spec }.sign(&WORLD.root_key)
    };
    let authority = asn1::sequence(&[asn1::boolean_true()]);
    let no_cert_sign =
        from_root(sub_spec().with(oid::BASIC_CONSTRAINTS, true, authority).usage(KeyUsage::CRL_SIGN));
    // NameConstraints ::= SEQUENCE { permittedSubtrees [0] SEQUENCE OF SEQUENCE { base GeneralName } }
    let latvia =
        countersign_pki::certificate::Name::of(&[(countersign_pki::certificate::name::COUNTRY, "LV")])
            .unwrap();
    let subtree = asn1::sequence(&[asn1::tlv(asn1::context_constructed(4), latvia.as_der())]);
    let constraints = asn1::sequence(&[asn1::tlv(asn1::context_constructed(0), &subtree)]);
    let constrained = from_root(sub_spec().authority(None).with(oid::NAME_CONSTRAINTS, true, constraints));
    let expired_sub = from_root(sub_spec().authority(None).valid(days(-700), days(-1)));
    let by_tsa = CertificateSpec { issuer: WORLD.tsa_root.subject().clone(), ..signer_spec() }
        .usage(signs)
        .sign(&WORLD.tsa_root_key);
    let no_chain = || Indeterminate(SubIndication::NoCertificateChainFound, Part::Chain);
    let constraint = |part| Indeterminate(SubIndication::ChainConstraintsFailure, part);
    const PART: Part = Part::SigningCertificate;
    let no_anchors = Case {
        anchors: Some(TrustAnchors::default()),
        ..case(54, "no anchors", honest().to_bytes(), Indeterminate(SubIndication::NoPoe, Part::TimeStamp))
    };
    let issuer_as_anchor = TrustAnchors { ca: vec![WORLD.ca.clone()], ..WORLD.anchors() };
    vec![
        case(54, "self-signed", by(&self_signed), no_chain()),
        case(54, "an unknown CA", by(&unknown), no_chain()),
        no_anchors,
        Case {
            anchors: Some(issuer_as_anchor),
            ..case(0, "the issuing CA as anchor", honest().to_bytes(), Passed)
        },
        case(55, "issued by a leaf", through(&WORLD.ec_signer, &by_leaf), constraint(Part::Chain)),
        case(55, "one CA too many", through(&too_long, &below), constraint(Part::Chain)),
        case(56, "a CA without keyCertSign", through(&no_cert_sign, &below), constraint(Part::Chain)),
        case(
            57,
            "an unknown critical extension",
            by(&signer_spec().usage(signs).with(critical, true, asn1::null()).sign(&WORLD.ca_key)),
            constraint(PART),
        ),
        case(58, "name constraints", through(&constrained, &below), constraint(Part::Chain)),
        case(
            59,
            "a certificate for authentication",
            by(&signer_spec().usage(KeyUsage::DIGITAL_SIGNATURE).sign(&WORLD.ca_key)),
            constraint(PART),
        ),
        case(59, "a certificate without key usage", by(&signer_spec().sign(&WORLD.ca_key)), constraint(PART)),
        case(
            60,
            "expired when signing",
            by(&signer_spec().usage(signs).valid(days(-100), days(-1)).sign(&WORLD.ca_key)),
            Failed(SubIndication::Expired, PART),
        ),
        case(
            60,
            "expired after signing",
            by(&signer_spec().usage(signs).valid(days(-100), noon() + seconds(60)).sign(&WORLD.ca_key)),
            Passed,
        ),
        case(
            60,
            "the CA expired when signing",
            through(&expired_sub, &below),
            Indeterminate(SubIndication::CertificateChainGeneralFailure, Part::Chain),
        ),
        case(
            61,
            "not yet valid when signing",
            by(&signer_spec().usage(signs).valid(noon() + seconds(60), days(9)).sign(&WORLD.ca_key)),
            Failed(SubIndication::NotYetValid, PART),
        ),
        case(62, "the certificate's signature broken", by(&broken), no_chain()),
        case(63, "the CA's name with another key", by(&other_key), no_chain()),
        case(64, "issued by the time-stamping authority", by(&by_tsa), no_chain()),
    ]
}

fn revocation_cases() -> Vec<Case> {
    const PART: Part = Part::RevocationData;
    let later = || Indeterminate(SubIndication::TryLater, PART);
    let chain = || Indeterminate(SubIndication::CertificateChainGeneralFailure, PART);
    let answered =
        |change: &dyn Fn(&mut OcspSpec<'static>)| Forgery::new().answered(|spec| change(spec)).bytes();
    let revoked = |at: i64, reason: Reason| {
        answered(&|spec| spec.status = CertStatus::revoked(noon() + seconds(at), reason).unwrap())
    };
    let with_responses = |responses: &[Vec<u8>]| {
        let forged = Forgery::new();
        let token = TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1)).sign();
        forged.lt_with(&token, responses).bytes()
    };
    let good = || OcspSpec::new(&WORLD.signer, noon() + seconds(2)).sign();
    let mut broken = good();
    let value = BasicOcspResponse::from_der(&broken).unwrap().unwrap().signature().to_vec();
    let at = broken.windows(value.len()).position(|window| window == value).unwrap();
    broken[at + value.len() - 1] ^= 1;
    let responder =
        |spec: CertificateSpec, key: &SoftwareKey| spec.usage(KeyUsage::DIGITAL_SIGNATURE).sign(key);
    let responder_spec = || {
        CertificateSpec::new(&authority_name("TEST OCSP"), 201, &WORLD.responder_key, WORLD.ca.subject())
            .with(oid::OCSP_NOCHECK, false, asn1::null())
    };
    let no_purpose = responder(responder_spec(), &WORLD.ca_key);
    let foreign = responder(
        CertificateSpec { issuer: WORLD.root.subject().clone(), ..responder_spec() }
            .purpose(oid::KP_OCSP_SIGNING, false),
        &WORLD.root_key,
    );
    let old = responder(
        responder_spec()
            .valid(noon() - seconds(900), noon() - seconds(600))
            .purpose(oid::KP_OCSP_SIGNING, false),
        &WORLD.ca_key,
    );
    let with_responder = |responder: &Certificate| answered(&|spec| spec.responder = responder.clone());
    let by_itself = answered(&|spec| (spec.key, spec.responder) = (&WORLD.signer_key, WORLD.signer.clone()));
    let revoked_then = {
        let mut spec = OcspSpec::new(&WORLD.signer, noon() + seconds(30));
        spec.status = CertStatus::revoked(noon() - seconds(30), Reason::KeyCompromise).unwrap();
        spec.sign()
    };
    let revoked_later = {
        let mut spec = OcspSpec::new(&WORLD.signer, noon() + seconds(60));
        spec.status = CertStatus::revoked(noon() + seconds(30), Reason::Superseded).unwrap();
        spec.sign()
    };
    let about_authority = {
        let mut spec = OcspSpec::new(&WORLD.ca, noon() + seconds(2));
        spec.issuer = WORLD.root.clone();
        (spec.key, spec.responder) = (&WORLD.root_key, WORLD.root.clone());
        spec.status = CertStatus::revoked(noon() - seconds(600), Reason::CaCompromise).unwrap();
        spec.sign()
    };
    let ca = certificate_values(&[WORLD.ca.as_der()]);
    let at_level = |properties: &str| Forgery::new().unsigned(&format!("{ca}{properties}")).bytes();
    let token = |forged: &Forgery| {
        time_stamp_element(&TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1)).sign())
    };
    let stamped = {
        let forged = Forgery::new();
        let (token, ca) = (token(&forged), ca.clone());
        move |more: &str| forged.clone().unsigned(&format!("{token}{ca}{more}")).bytes()
    };
    let crl = "<xades:RevocationValues><xades:CRLValues><xades:EncapsulatedCRLValue>MAA=\
        </xades:EncapsulatedCRLValue></xades:CRLValues></xades:RevocationValues>";
    vec![
        case(
            66,
            "revoked before the time-stamp",
            revoked(-60, Reason::KeyCompromise),
            Failed(SubIndication::Revoked, Part::SigningCertificate),
        ),
        case(
            66,
            "revoked in the second of the time-stamp",
            revoked(1, Reason::KeyCompromise),
            Failed(SubIndication::Revoked, Part::SigningCertificate),
        ),
        case(
            66,
            "revoked, and no time-stamp",
            at_level(&revocation_values(std::slice::from_ref(&revoked_then))),
            Indeterminate(SubIndication::RevokedNoPoe, Part::SigningCertificate),
        ),
        case(
            66,
            "revoked later in one response, earlier in another",
            with_responses(&[revoked_later, revoked_then.clone()]),
            Failed(SubIndication::Revoked, Part::SigningCertificate),
        ),
        case(
            66,
            "good in one response, revoked in another",
            with_responses(&[good(), revoked_then]),
            Failed(SubIndication::Revoked, Part::SigningCertificate),
        ),
        case(67, "revoked after the time-stamp", revoked(2, Reason::Superseded), Warned("revocation")),
        case(
            68,
            "about another certificate",
            answered(&|spec| spec.certificate = WORLD.ec_signer.clone()),
            later(),
        ),
        case(
            68,
            "about another issuer's certificate",
            answered(&|spec| spec.issuer = WORLD.root.clone()),
            later(),
        ),
        case(
            68,
            "about another certificate as well",
            with_responses(&[OcspSpec::new(&WORLD.ec_signer, noon() + seconds(2)).sign(), good()]),
            Passed,
        ),
        case(69, "status unknown", answered(&|spec| spec.status = CertStatus::UNKNOWN), later()),
        case(
            69,
            "never issued",
            answered(&|spec| spec.status = CertStatus::not_issued().unwrap()),
            Indeterminate(SubIndication::CertificateChainGeneralFailure, Part::SigningCertificate),
        ),
        case(70, "made before the time-stamp", answered(&|spec| spec.produced_at = noon()), later()),
        case(
            70,
            "made in the second of the time-stamp",
            answered(&|spec| {
                (spec.produced_at, spec.this_update) = (noon() + seconds(1), noon() + seconds(1))
            }),
            Passed,
        ),
        case(
            71,
            "made 16 minutes after the time-stamp",
            answered(&|spec| {
                (spec.produced_at, spec.this_update) = (noon() + seconds(961), noon() + seconds(961))
            }),
            Warned("ocsp-delay"),
        ),
        case(72, "a byte changed", with_responses(&[broken]), later()),
        case(73, "responder without its purpose", with_responder(&no_purpose), chain()),
        case(73, "responder of another CA", with_responder(&foreign), chain()),
        case(74, "responder expired", with_responder(&old), chain()),
        case(75, "another responderID", answered(&|spec| spec.claimed = Some(WORLD.tsu.clone())), chain()),
        case(76, "not successful", with_responses(&[ResponseStatus::TryLater.to_der()]), later()),
        case(76, "no responses in it", answered(&|spec| spec.empty = true), later()),
        case(76, "no OCSP response at all", with_responses(&[b"x".to_vec()]), later()),
        case(
            77,
            "from the future",
            answered(&|spec| {
                (spec.produced_at, spec.this_update) = (noon() + seconds(9000), noon() + seconds(9000))
            }),
            later(),
        ),
        case(
            77,
            "thisUpdate half an hour ahead",
            answered(&|spec| spec.this_update = noon() + seconds(1800)),
            later(),
        ),
        case(77, "nextUpdate before thisUpdate", answered(&|spec| spec.next_update = Some(noon())), later()),
        case(
            78,
            "no RevocationValues",
            stamped(""),
            Indeterminate(SubIndication::SigConstraintsFailure, PART),
        ),
        case(
            78,
            "empty RevocationValues",
            stamped(&revocation_values(&[])),
            Indeterminate(SubIndication::SigConstraintsFailure, PART),
        ),
        case(
            78,
            "no time-stamp either",
            at_level(""),
            Indeterminate(SubIndication::SigConstraintsFailure, Part::TimeStamp),
        ),
        case(79, "only a CRL", stamped(crl), Indeterminate(SubIndication::SigConstraintsFailure, PART)),
        case(
            80,
            "the issuing CA revoked",
            with_responses(&[good(), about_authority]),
            Indeterminate(SubIndication::RevokedCaNoPoe, Part::Chain),
        ),
        case(
            81,
            "on hold",
            revoked(-60, Reason::CertificateHold),
            Indeterminate(SubIndication::TryLater, Part::SigningCertificate),
        ),
        case(82, "the signer vouches for itself", by_itself, chain()),
    ]
}

fn time_stamp_cases() -> Vec<Case> {
    let no_proof = || Indeterminate(SubIndication::NoPoe, Part::TimeStamp);
    let weak = || Indeterminate(SubIndication::CryptoConstraintsFailure, Part::TimeStamp);
    let form = || Failed(SubIndication::FormatFailure, Part::Structure);
    let stamped =
        |change: &dyn Fn(&mut TimeStampSpec<'static>)| Forgery::new().stamped(|spec| change(spec)).bytes();
    let honest = Forgery::new().lt();
    let element = honest.part("<xades:SignatureTimeStamp", "</xades:SignatureTimeStamp>");
    let value = honest.part("<xades:EncapsulatedTimeStamp>", "</xades:EncapsulatedTimeStamp>");
    let second = element.replace("S0-T0", "S0-T1");
    let unstamped = Forgery::new();
    let mut broken = TimeStampSpec::new(&unstamped.time_stamped(), noon() + seconds(1)).sign();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let with_token = |token: &[u8]| {
        let response = OcspSpec::new(&WORLD.signer, noon() + seconds(2)).sign();
        unstamped.clone().lt_with(token, &[response]).bytes()
    };
    let unit = |spec: CertificateSpec| spec.usage(KeyUsage::DIGITAL_SIGNATURE);
    let unit_spec =
        || CertificateSpec::new(&authority_name("TEST TSU"), 301, &WORLD.tsu_key, WORLD.tsa_root.subject());
    let stamping = |spec: CertificateSpec| unit(spec.purpose(oid::KP_TIME_STAMPING, true));
    let with_unit = |certificate: Certificate| stamped(&|spec| spec.certificate = certificate.clone());
    let by_ca = |spec: CertificateSpec| CertificateSpec { issuer: WORLD.ca.subject().clone(), ..spec };
    let expired =
        stamping(unit_spec().valid(noon() - seconds(9000), noon() - seconds(10))).sign(&WORLD.tsa_root_key);
    let data = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
    let extension =
        TstExtension { id: ObjectIdentifier::new_unwrap("1.2.3"), critical: true, value: vec![5, 0] };
    vec![
        case(83, "over other data", stamped(&|spec| spec.info.imprint = MessageImprint::of(Digest::Sha256, b"other")), no_proof()),
        case(83, "over the decoded value", stamped(&|spec| spec.info.imprint = MessageImprint::of(Digest::Sha256, &Forgery::new().value_bytes())), no_proof()),
        case(84, "token signature broken", with_token(&broken), no_proof()),
        case(84, "no token", with_token(b"x"), no_proof()),
        case(85, "a unit without its purpose", with_unit(unit(unit_spec()).sign(&WORLD.tsa_root_key)), no_proof()),
        case(85, "a purpose that is not critical", with_unit(unit(unit_spec().purpose(oid::KP_TIME_STAMPING, false)).sign(&WORLD.tsa_root_key)), no_proof()),
        case(86, "a unit of the signers' CA", with_unit(stamping(by_ca(unit_spec())).sign(&WORLD.ca_key)), no_proof()),
        case(87, "a unit that had expired", with_unit(expired), no_proof()),
        case(87, "a unit that had been revoked", unit_revoked(-60), no_proof()),
        case(87, "a unit revoked afterwards", unit_revoked(60), Passed),
        case(88, "the attribute names another certificate", misnamed_unit(), no_proof()),
        case(89, "another content type", stamped(&|spec| spec.content_type = data), no_proof()),
        case(90, "two SignatureTimeStamps", honest.clone().replace(&element, &format!("{element}{second}")).bytes(), form()),
        case(90, "two EncapsulatedTimeStamps", honest.clone().replace(&value, &value.repeat(2)).bytes(), form()),
        case(90, "an unknown canonicalization", honest.clone().replace("S0-T0\"><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"", "S0-T0\"><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"").bytes(), form()),
        case(93, "from the future", stamped(&|spec| spec.info.gen_time = noon() + seconds(9000)), no_proof()),
        case(94, "a SHA-1 imprint", stamped(&|spec| spec.info.imprint = MessageImprint::of(Digest::Sha1, &Forgery::new().time_stamped())), weak()),
        case(94, "a SHA-512 imprint", stamped_512(), Passed),
        case(95, "an unknown critical extension", stamped(&|spec| spec.info.extensions = vec![extension.clone()]), no_proof()),
    ]
}

/// ESSCertIDv2 is that of the usual unit, and only another certificate of the same key is there.
fn misnamed_unit() -> Vec<u8> {
    let forged = Forgery::new();
    let spec = TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1));
    let other =
        CertificateSpec::new(&authority_name("TEST TSU"), 302, &WORLD.tsu_key, WORLD.tsa_root.subject())
            .usage(KeyUsage::DIGITAL_SIGNATURE)
            .purpose(oid::KP_TIME_STAMPING, true)
            .sign(&WORLD.tsa_root_key);
    let content = spec.info.to_der().unwrap();
    let inside = [other.as_der()];
    let token =
        countersign_pki::cms::sign(spec.content_type, &content, spec.key, &WORLD.tsu, &inside, None).unwrap();
    let response = OcspSpec::new(&WORLD.signer, noon() + seconds(2)).sign();
    forged.lt_with(&token, &[response]).bytes()
}

/// The time-stamping authority itself answers for its unit.
fn unit_revoked(at: i64) -> Vec<u8> {
    let forged = Forgery::new();
    let token = TimeStampSpec::new(&forged.time_stamped(), noon() + seconds(1)).sign();
    let mut spec = OcspSpec::new(&WORLD.tsu, noon() + seconds(90));
    spec.issuer = WORLD.tsa_root.clone();
    (spec.key, spec.responder) = (&WORLD.tsa_root_key, WORLD.tsa_root.clone());
    spec.status = CertStatus::revoked(noon() + seconds(at), Reason::Superseded).unwrap();
    let good = OcspSpec::new(&WORLD.signer, noon() + seconds(2)).sign();
    forged.lt_with(&token, &[good, spec.sign()]).bytes()
}

/// The imprint has to be over this very signature: values differ with every run of RSASSA-PSS.
fn stamped_512() -> Vec<u8> {
    let forged = Forgery::new();
    let octets = forged.time_stamped();
    forged.stamped(|spec| spec.info.imprint = MessageImprint::of(Digest::Sha512, &octets)).bytes()
}

fn algorithm_cases() -> Vec<Case> {
    const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
    let weak = |part| Indeterminate(SubIndication::CryptoConstraintsFailure, part);
    let sealed = |change: &dyn Fn(Forgery) -> Forgery| change(Forgery::new()).seal().lt().bytes();
    let file_digest = |uri: &str, value: &[u8]| {
        let old = format!(
            "Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{}",
            STANDARD.encode(Digest::Sha256.of(FILES[0].2))
        );
        let new = format!("Algorithm=\"{uri}\"></ds:DigestMethod><ds:DigestValue>{}", STANDARD.encode(value));
        sealed(&|forged| forged.replace(&old, &new))
    };
    let method = |uri: &str| {
        sealed(&|forged| forged.replace("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", uri))
    };
    let content = FILES[0].2;
    vec![
        case(
            0,
            "SHA-512 for a file",
            file_digest("http://www.w3.org/2001/04/xmlenc#sha512", &Digest::Sha512.of(content)),
            Passed,
        ),
        case(
            0,
            "SHA3-256 for a file",
            file_digest("http://www.w3.org/2007/05/xmldsig-more#sha3-256", &Digest::Sha3_256.of(content)),
            Passed,
        ),
        case(
            96,
            "SHA-1 for a file",
            file_digest("http://www.w3.org/2000/09/xmldsig#sha1", &Digest::Sha1.of(content)),
            weak(file(FIRST)),
        ),
        case(
            96,
            "MD5 for a file",
            file_digest("http://www.w3.org/2001/04/xmldsig-more#md5", &[0; 16]),
            weak(file(FIRST)),
        ),
        case(
            96,
            "an unknown signature method",
            method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
            weak(Part::SignatureValue),
        ),
        case(96, "DSA", method("http://www.w3.org/2000/09/xmldsig#dsa-sha1"), weak(Part::SignatureValue)),
        case(9, "names that differ in case", similar_names(), Warned("remark")),
    ]
}

/// Two names that are one on many disks, honestly signed.
fn similar_names() -> Vec<u8> {
    const TYPE: &str = "application/vnd.etsi.asic-e+zip";
    let raw = RawZip::new(vec![
        RawEntry::stored("mimetype", TYPE.as_bytes()),
        RawEntry::stored("a.txt", b"1"),
        RawEntry::stored("A.txt", b"2"),
        RawEntry::stored("META-INF/manifest.xml", &manifest(&["a.txt", "A.txt"])),
    ]);
    let mut container = countersign_container::Container::from_bytes(&raw.to_bytes()).unwrap();
    let signature = crate::make::sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    container.to_bytes().unwrap()
}
