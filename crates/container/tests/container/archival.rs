//! Level LTA, and signatures taken up again: archive time-stamps, renewal, files that others wrote.

use countersign_container::validate::{Policy, validate};
use countersign_container::xades::ArchivePart;
use countersign_container::{Container, Error, Level, Need, SignedSignature};
use countersign_pki::algorithm::Digest;

use crate::forge::{Forgery, canonical_nth};
use crate::make::{FILES, authorities, extend, renew, sign, signed, time_stamp, unsigned};
use crate::world::{WORLD, noon, seconds};

fn is_valid_at(container: &Container, level: Level) -> bool {
    let policy = Policy { required_level: level, ..Policy::default() };
    let later = noon() + seconds(365 * 86_400);
    validate(container, &WORLD.anchors(), later, &policy).is_valid()
}

fn only_signature(container: &Container) -> (String, SignedSignature) {
    let mut signatures = container.signatures().unwrap();
    assert_eq!(signatures.len(), 1);
    signatures.remove(0)
}

/// The octets by the letter of EN 319 132-1 §5.5.2.2, put together with another canonicalizer call for each
/// element and no code of the crate.
#[test]
fn an_archive_time_stamp_covers_files_references_and_what_stands_before_it() {
    let container = unsigned();
    let mut signature = sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    for round in 0..2 {
        let needs = signature.renewal_needs(&authorities());
        let [Need::ArchiveTimeStamp { digest, input }] = &needs[..] else { panic!("{needs:?}") };
        let xml = signature.to_xml();
        let mut octets = Vec::new();
        for (_, _, content) in FILES {
            octets.extend_from_slice(content);
        }
        let elements = ["SignedProperties", "SignedInfo", "SignatureValue", "KeyInfo", "SignatureTimeStamp"];
        let more: &[&str] = if round == 0 {
            &["CertificateValues", "RevocationValues"]
        } else {
            &["CertificateValues", "RevocationValues", "ArchiveTimeStamp", "TimeStampValidationData"]
        };
        for element in elements.iter().chain(more) {
            octets.extend(canonical_nth(xml, element, 0));
        }
        let imprint = container.archive_imprint(input, *digest).unwrap();
        assert_eq!(imprint, digest.of(&octets), "round {round}");
        assert_eq!(input.leading_files(), FILES.len());
        assert!(matches!(&input.parts()[0], ArchivePart::DataFile(name) if name == FILES[0].0));
        let token = time_stamp(*digest, &imprint, noon() + seconds(10 + round));
        signature.add_archive_timestamp(&token, input, &imprint).unwrap();
        let response = WORLD.status(&WORLD.tsu, &WORLD.tsa_root, noon() + seconds(20 + round)).unwrap();
        signature.add_validation_data(&authorities(), &[response], noon() + seconds(30)).unwrap();
    }
    assert_eq!(signature.level(), Level::Lta);
    assert_eq!(signature.archive_times().count(), 2);
}

#[test]
fn every_level_is_extended_to_the_next_and_renewed() {
    let mut container = signed(Level::B);
    let before = container.to_bytes().unwrap();
    for level in [Level::T, Level::Lt, Level::Lta] {
        let (file, mut signature) = only_signature(&container);
        let old = signature.to_xml().to_owned();
        extend(&container, &mut signature, level);
        assert_eq!(signature.level(), level);
        let at = signature.to_xml().bytes().zip(old.bytes()).take_while(|(new, old)| new == old).count();
        assert!(signature.to_xml().ends_with(&old[at..]), "{level}: only insertions");
        container.replace_signature(&file, &signature, noon()).unwrap();
        if level >= Level::Lt {
            assert!(is_valid_at(&container, level), "{level}");
        }
    }
    for round in 1..4 {
        let (file, mut signature) = only_signature(&container);
        renew(&container, &mut signature, noon() + seconds(1000 * round));
        container.replace_signature(&file, &signature, noon()).unwrap();
        assert_eq!(signature.archive_times().count() as i64, 1 + round);
        assert!(is_valid_at(&container, Level::Lta), "round {round}");
    }
    let reopened = Container::from_bytes(&container.to_bytes().unwrap()).unwrap();
    assert!(is_valid_at(&reopened, Level::Lta));
    // The files and the manifest are where they were, byte for byte.
    let after = reopened.to_bytes().unwrap();
    let start =
        before.windows(24).position(|bytes| bytes.ends_with(b"META-INF/signatures0.xml")).unwrap() - 30;
    assert_eq!(before[..start], after[..start]);
}

#[test]
fn an_archive_time_stamp_for_something_else_is_not_taken() {
    let container = unsigned();
    let sound = sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    let [Need::ArchiveTimeStamp { digest, input }] = &sound.needs(Level::Lta, &authorities())[..] else {
        panic!()
    };
    let imprint = container.archive_imprint(input, *digest).unwrap();
    let at = noon() + seconds(60);
    let refused = |signature: &SignedSignature, token, imprint: &[u8]| {
        let mut signature = signature.clone();
        let before = signature.clone();
        let result = signature.add_archive_timestamp(&token, input, imprint);
        assert!(matches!(result, Err(Error::WrongTimeStamp { .. })), "{result:?}");
        assert_eq!(signature, before);
    };
    let other = Digest::Sha512.of(b"other");
    refused(&sound, time_stamp(*digest, &other, at), &imprint);
    refused(&sound, time_stamp(Digest::Sha1, &[0; 20], at), &[0; 20]);
    refused(&sound, time_stamp(*digest, &imprint, noon()), &imprint);
    let basic = sign(&container, &WORLD.signer, &WORLD.signer_key, Level::T);
    refused(&basic, time_stamp(*digest, &imprint, at), &imprint);
    let mut extended = sound.clone();
    let token = time_stamp(*digest, &imprint, at);
    extended.add_archive_timestamp(&token, input, &imprint).unwrap();
    refused(&extended, token, &imprint);
}

#[test]
fn what_others_wrote_is_extended_where_it_stands() {
    let honest = Forgery::new().lt().xml;
    let spaced = |xml: &str| {
        xml.replace("</ds:Signature>", "\n</ds:Signature>\n").replace("<ds:Object>", "\n <ds:Object>")
    };
    let empty = |element: &str| {
        let signature = Forgery::new()
            .replace("</xades:QualifyingProperties>", &format!("{element}</xades:QualifyingProperties>"));
        signature.xml
    };
    let group = "xades:UnsignedSignatureProperties";
    let other_prefix = honest.replace("xades:", "x:").replace("xmlns:xades", "xmlns:x");
    let variants = [
        ("spaces", spaced(&honest)),
        ("a byte order mark", format!("\u{feff}{honest}")),
        ("another prefix", Forgery { xml: other_prefix, ..Forgery::new() }.reseal().xml),
        ("spaces in the end tag", honest.replace(&format!("</{group}>"), &format!("\n</{group} >"))),
        ("an empty UnsignedProperties", empty("<xades:UnsignedProperties/>")),
        (
            "an empty UnsignedProperties with two tags",
            empty("<xades:UnsignedProperties></xades:UnsignedProperties>"),
        ),
        (
            "an empty group",
            empty(&format!("<xades:UnsignedProperties><{group}/></xades:UnsignedProperties>")),
        ),
        (
            "properties of data objects",
            empty(
                "<xades:UnsignedProperties> <xades:UnsignedDataObjectProperties Id=\"x\"/></xades:UnsignedProperties>",
            ),
        ),
        ("an Id of ours", honest.replace("Id=\"S0-T0\"", "Id=\"S0-A0\"")),
    ];
    for (what, xml) in variants {
        let mut raw = crate::forge::zip_of(&xml);
        raw.comment.clear();
        let mut container = Container::from_bytes(&raw.to_bytes()).unwrap();
        let (file, mut signature) = only_signature(&container);
        extend(&container, &mut signature, Level::Lta);
        container.replace_signature(&file, &signature, noon()).unwrap();
        let bytes = container.to_bytes().unwrap();
        assert!(
            is_valid_at(&Container::from_bytes(&bytes).unwrap(), Level::Lta),
            "{what}: {}",
            signature.to_xml()
        );
    }
}

#[test]
fn one_of_several_signatures_in_a_file_is_extended_and_removed() {
    let honest = Forgery::new();
    let element = honest.part("<ds:Signature Id", "</ds:Signature>");
    let ec = Forgery::ec()
        .part("<ds:Signature Id", "</ds:Signature>")
        .replace("\"S0", "\"S1")
        .replace("#S0", "#S1");
    let ec = Forgery { xml: honest.xml.replace(&element, &ec), ..Forgery::ec() };
    let ec = ec.reseal_as("S1").part("<ds:Signature Id", "</ds:Signature>");
    let both = honest.xml.replace(&element, &format!("{element}\n{ec}"));
    let mut container = Container::from_bytes(&crate::forge::zip_of(&both).to_bytes()).unwrap();
    for number in [1, 0] {
        let (file, mut signature) = container.signatures().unwrap().swap_remove(number);
        extend(&container, &mut signature, Level::Lta);
        container.replace_signature(&file, &signature, noon()).unwrap();
    }
    assert!(is_valid_at(&container, Level::Lta));
    assert_eq!(container.free_signature_id().unwrap().as_str(), "S2");

    let file = container.signatures().unwrap()[0].0.clone();
    assert!(matches!(container.remove_signature(&file, "S7", noon()), Err(Error::NoSuchSignature { .. })));
    assert!(matches!(
        container.remove_signature("META-INF/x", "S0", noon()),
        Err(Error::NoSuchSignature { .. })
    ));
    container.remove_signature(&file, "S0", noon()).unwrap();
    let (_, left) = only_signature(&container);
    assert_eq!(left.id(), "S1");
    assert!(is_valid_at(&Container::from_bytes(&container.to_bytes().unwrap()).unwrap(), Level::Lta));
    container.remove_signature(&file, "S1", noon()).unwrap();
    assert!(container.signature_files().unwrap().is_empty());
    let name = countersign_container::FileName::parse("third").unwrap();
    let method = countersign_container::Method::Stored;
    container.add_data_file(name, "a/b", b"", method, noon()).unwrap();
}

#[test]
fn only_an_extension_takes_the_place_of_a_signature() {
    let mut container = signed(Level::Lt);
    let (file, signature) = only_signature(&container);
    let other = sign(&unsigned(), &WORLD.ec_signer, &WORLD.ec_signer_key, Level::Lt);
    let shorter = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::T);
    for wrong in [&other, &shorter] {
        let result = container.replace_signature(&file, wrong, noon());
        assert!(matches!(result, Err(Error::NotAnExtension { .. })), "{result:?}");
    }
    container.replace_signature(&file, &signature, noon()).unwrap();
}

#[test]
fn a_changed_archive_time_stamp_or_what_it_covers_is_no_lta() {
    let container = signed(Level::Lta);
    let (file, signature) = only_signature(&container);
    assert!(is_valid_at(&container, Level::Lta));
    let xml = signature.to_xml();
    let changed = [
        ("the time-stamp", xml.replace("S0-A0", "S0-A1"), true),
        (
            "an uncovered comment",
            xml.replace(
                "</xades:UnsignedSignatureProperties>",
                "<!-- --></xades:UnsignedSignatureProperties>",
            ),
            true,
        ),
        ("a covered Id", xml.replace("S0-T0", "S0-T1"), false),
        ("a covered attribute", xml.replace("<ds:X509Data>", "<ds:X509Data Id=\"q\">"), false),
        (
            "an inserted property",
            xml.replace(
                "<xades:CertificateValues",
                "<xades:CompleteCertificateRefs/><xades:CertificateValues",
            ),
            false,
        ),
    ];
    for (what, changed, holds) in changed {
        assert_ne!(changed, xml, "{what}");
        let zip = crate::forge::zip_of(&changed);
        let container = Container::from_bytes(&zip.to_bytes()).unwrap();
        assert_eq!(is_valid_at(&container, Level::Lta), holds, "{what}");
        assert!(is_valid_at(&container, Level::Lt), "{what}");
    }
    assert_eq!(file, "META-INF/signatures0.xml");
}
