//! One byte changed, anywhere: the container is refused, or nothing that it says has changed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_container::validate::validate_bytes;
use countersign_container::{Level, Limits, Part, Report};

use crate::forge::{Forgery, between, zip_of};
use crate::make::{FILES, signed};
use crate::raw_zip::RawEntry;
use crate::world::{WORLD, lt, noon, seconds};

fn check(bytes: &[u8]) -> Report {
    validate_bytes(bytes, None, &Limits::default(), &WORLD.anchors(), noon() + seconds(3600), &lt())
}

/// The report without what differs for every file: the digest of the whole.
fn meaning(bytes: &[u8]) -> Report {
    Report { validated_document: None, ..check(bytes) }
}

#[track_caller]
fn assert_blames(bytes: &[u8], part: &Part, what: &str) {
    let report = check(bytes);
    assert!(!report.is_valid(), "{what}: accepted");
    let blamed = report.signatures.iter().flat_map(|signature| &signature.errors);
    assert!(blamed.clone().any(|finding| finding.part == *part), "{what}: {report}");
}

#[test]
fn a_changed_part_is_refused_and_named() {
    let honest = Forgery::new().lt();
    let expected = meaning(&honest.bytes());
    assert!(expected.is_valid());
    for (index, (name, _, content)) in FILES.iter().enumerate() {
        for at in 0..content.len() {
            let mut changed = content.to_vec();
            changed[at] ^= 1;
            let mut zip = honest.zip();
            zip.entries[index + 1] = RawEntry::stored(name, &changed);
            assert_blames(&zip.to_bytes(), &Part::DataFile((*name).to_owned()), "data file");
        }
    }
    // Binary values: decoded, changed, and encoded again. Every seventh byte of each.
    let parts = [
        (
            "<ds:SignatureValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"S0-SIG\">",
            Part::SignatureValue,
        ),
        ("<ds:X509Certificate>", Part::SigningCertificate),
        ("<xades:EncapsulatedTimeStamp>", Part::TimeStamp),
        ("<xades:EncapsulatedOCSPValue>", Part::RevocationData),
        ("<xades:EncapsulatedX509Certificate>", Part::Chain),
    ];
    for (start, part) in parts {
        let base64 = between(&honest.xml, start, "<");
        let value = STANDARD.decode(&base64).unwrap();
        for at in (0..value.len()).step_by(7).chain([value.len() - 1]) {
            let mut changed = value.clone();
            changed[at] ^= 1;
            let xml = honest.xml.replacen(&base64, &STANDARD.encode(&changed), 1);
            // `version` and `digestAlgorithms` of CMS are not signed, and nothing is read from them.
            if part == Part::TimeStamp && at < 45 && check(&zip_of(&xml).to_bytes()).is_valid() {
                assert_eq!(meaning(&zip_of(&xml).to_bytes()), expected, "byte {at} of {part:?}");
                continue;
            }
            assert_blames(&zip_of(&xml).to_bytes(), &part, &format!("byte {at} of {part:?}"));
        }
    }
}

#[test]
fn changed_signed_text_is_refused_and_named() {
    let honest = Forgery::new().lt();
    let signed = honest.part("<xades:SignedProperties", "</xades:SignedProperties>");
    let expected = meaning(&honest.bytes());
    let mut named = 0;
    for (at, c) in signed.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
        let other = if c == 'Q' { 'R' } else { 'Q' };
        let mut changed = signed.clone();
        changed.replace_range(at..=at, &other.to_string());
        let report = meaning(&zip_of(&honest.xml.replace(&signed, &changed)).to_bytes());
        if report.is_valid() {
            // A namespace declared once more than needed, under a name that nothing uses.
            let declared = changed[..at].rsplit_once(" xmlns:").is_some_and(|(_, name)| !name.contains('='));
            assert!(declared, "{at}: {changed}");
            assert_eq!(report, expected, "{at}: {changed}");
            continue;
        }
        let mut blamed = report.signatures.iter().flat_map(|signature| &signature.errors);
        named += usize::from(blamed.any(|finding| finding.part == Part::SignedProperties));
    }
    // The others break the form before anything can be said about content.
    assert!(named > 80, "{named}");
}

#[test]
fn any_flipped_byte_of_a_signature_file_is_refused_or_changes_nothing() {
    let honest = Forgery::new().lt();
    let expected = meaning(&honest.bytes());
    let mut refused = 0;
    let places = (0..honest.xml.len()).step_by(5);
    for at in places.clone() {
        let mut changed = honest.xml.clone().into_bytes();
        changed[at] ^= [0x01, 0x02, 0x04, 0x08, 0x10, 0x20][at % 6];
        let mut zip = honest.zip();
        let last = zip.entries.last_mut().unwrap();
        *last = RawEntry::stored(std::str::from_utf8(&last.name).unwrap(), &changed);
        let found = meaning(&zip.to_bytes());
        if found.is_valid() {
            assert_eq!(found, expected, "byte {at}: {}", &honest.xml[at.saturating_sub(40)..at]);
        } else {
            refused += 1;
        }
    }
    // Harmless are the Id of the time-stamp, which nothing refers to, and certificates that the caller
    // has, too.
    assert!(refused * 10 > places.len() * 8, "{refused} of {}", places.len());
}

#[test]
fn any_flipped_byte_of_a_container_is_refused_or_changes_nothing() {
    let honest = Forgery::new().lt().bytes();
    let expected = meaning(&honest);
    for at in (0..honest.len()).step_by(3) {
        let mut changed = honest.clone();
        changed[at] ^= 0x10;
        let found = meaning(&changed);
        if found.is_valid() {
            assert_eq!(found, expected, "byte {at}");
        }
    }
}

/// Level LTA is asked for, so what breaks the archive time-stamp alone counts, too.
#[test]
fn any_flipped_byte_of_an_lta_container_is_refused_or_changes_nothing() {
    let policy = countersign_container::Policy { required_level: Level::Lta, ..lt() };
    let meaning = |bytes: &[u8]| {
        let now = noon() + seconds(3600);
        let report = validate_bytes(bytes, None, &Limits::default(), &WORLD.anchors(), now, &policy);
        Report { validated_document: None, ..report }
    };
    let container = signed(Level::Lta);
    let honest = container.to_bytes().unwrap();
    let expected = meaning(&honest);
    assert!(expected.is_valid(), "{expected}");
    for at in (0..honest.len()).step_by(11) {
        let mut changed = honest.clone();
        changed[at] ^= [0x01, 0x80, 0x10][at % 3];
        let found = meaning(&changed);
        if found.is_valid() {
            assert_eq!(found, expected, "byte {at}");
        }
    }
    // The same inside the signatures file, where no checksum of the archive helps.
    let (_, signature) = container.signatures().unwrap().remove(0);
    let xml = signature.to_xml();
    let mut refused = 0;
    let places = (0..xml.len()).step_by(17);
    for at in places.clone() {
        let mut changed = xml.to_owned().into_bytes();
        changed[at] ^= [0x01, 0x02, 0x04, 0x08, 0x10, 0x20][at % 6];
        let mut zip = zip_of(xml);
        *zip.entries.last_mut().unwrap() = RawEntry::stored("META-INF/signatures0.xml", &changed);
        let found = meaning(&zip.to_bytes());
        if found.is_valid() {
            assert_eq!(found, expected, "byte {at}: {}", &xml[at.saturating_sub(40)..at]);
        } else {
            refused += 1;
        }
    }
    // Harmless are the Id of the last time-stamp, declarations around the signature, and unused bits of base64.
    assert!(refused * 100 > places.len() * 95, "{refused} of {}", places.len());
}
