//! What is made is found valid, at each level, in each kind of file, by each kind of key.

#![allow(clippy::print_stderr)]

use countersign_container::pades::{
    self, PdfLimits, PdfSignatureRequest, Permission, PreparedSignature, SignedPdf, prepare,
    without_last_signature,
};
use countersign_container::{Error, Level, Need};
use countersign_pki::Signer as _;

use countersign_container::pades::{Appearance, Font, Picture};

use super::make::{answer, check, extend, request, sign, signed};
use super::matrix::KEYS;
use super::sample::Sample;
use crate::world::{WORLD, noon, seconds};

fn limits() -> PdfLimits {
    PdfLimits::default()
}

#[test]
fn every_level_in_both_kinds_of_file() {
    let samples = [Sample::new(), Sample::with_form()];
    for file in samples.iter().flat_map(|sample| [sample.with_table(), sample.with_stream()]) {
        for level in Level::ALL {
            let signed = signed(&file, level);
            assert!(signed.starts_with(&file), "the bytes before stay");
            assert_eq!(SignedPdf::open(signed.clone(), &limits()).unwrap().level(), level);
            let report = check(&signed, level.min(Level::Lt));
            assert!(report.is_valid(), "{level:?}\n{report}");
            let format = report.signatures[0].signature_format.as_deref().unwrap();
            assert!(
                format.starts_with(&format!("PAdES_BASELINE_{}", level.min(Level::Lt).word())),
                "{format}"
            );
        }
    }
}

#[test]
fn every_kind_of_key_signs() {
    for (name, key) in KEYS.iter() {
        let request = request(&key.certificate, &key.key, noon());
        let file = sign(&Sample::new().with_stream(), &request, &key.key, Level::Lt);
        let report = check(&file, Level::Lt);
        assert!(report.is_valid(), "{name}\n{report}");
    }
}

#[test]
fn signers_follow_each_other() {
    let mut file = Sample::with_form().with_table();
    for (index, (_, key)) in KEYS.iter().enumerate().take(3) {
        let at = noon() + seconds(10 * index as i64);
        let request = PdfSignatureRequest {
            field: (index == 1).then(|| "seller".to_owned()),
            reason: Some("I agree, õige".to_owned()),
            location: Some("Tallinn".to_owned()),
            ..request(&key.certificate, &key.key, at)
        };
        let before = file.clone();
        file = sign(&file, &request, &key.key, Level::Lt);
        assert!(file.starts_with(&before));
    }
    let report = check(&file, Level::Lt);
    assert!(report.is_valid(), "{report}");
    assert_eq!(report.signatures.len(), 3);
    assert_eq!(report.signatures[1].id, "seller");
    let scopes: Vec<&str> =
        report.signatures.iter().map(|signature| signature.signature_scopes[0].scope.as_str()).collect();
    assert_eq!(scopes, ["PartialSignatureScope"; 3], "validation data follows the last one, too");
    let document = pades::open(&file, &limits()).unwrap();
    assert_eq!(document.signatures[1].reason.as_deref(), Some("I agree, õige"));
    assert_eq!(document.signatures[1].location.as_deref(), Some("Tallinn"));
    assert!(
        document
            .signatures
            .iter()
            .flat_map(|signature| &signature.modifications)
            .all(|change| change.permitted)
    );
}

#[test]
fn a_prepared_signature_survives_a_restart() {
    let request = request(&WORLD.ec_signer, &WORLD.ec_signer_key, noon());
    let prepared = prepare(&Sample::new().with_table(), &request, &limits()).unwrap();
    let stored = prepared.to_bytes();
    let again = PreparedSignature::from_bytes(&stored).unwrap();
    assert_eq!(again.digest_to_sign(), prepared.digest_to_sign());
    let value = WORLD.ec_signer_key.sign(prepared.dtbs()).unwrap();
    let der = again.finish(&value).unwrap();
    // A value as XML signatures and cards have it is taken, too.
    let fixed =
        countersign_pki::verify::ecdsa_fixed_from_der(countersign_pki::verify::Curve::P256, &value).unwrap();
    assert_eq!(again.finish(&fixed).unwrap().as_bytes(), der.as_bytes());
    assert!(check(der.as_bytes(), Level::B).is_valid());
    assert!(matches!(again.finish(&value[1..]), Err(Error::WrongSignatureValue)));
    for broken in [&stored[..10], b"{}\n%PDF", &[b"x", &stored[..]].concat()] {
        assert!(matches!(PreparedSignature::from_bytes(broken), Err(Error::DamagedTemplate { .. })));
    }
}

#[test]
fn a_certification_rules_what_follows() {
    let certify = |permission| PdfSignatureRequest {
        certification: Some(permission),
        ..request(&WORLD.signer, &WORLD.signer_key, noon())
    };
    let second = request(&WORLD.ec_signer, &WORLD.ec_signer_key, noon() + seconds(60));
    let file = Sample::with_form().with_stream();
    let certified = sign(&file, &certify(Permission::FormFilling), &WORLD.signer_key, Level::Lta);
    let (field, permission) = pades::open(&certified, &limits()).unwrap().certification.unwrap();
    assert_eq!((field.as_str(), permission), ("Signature1", Permission::FormFilling));
    let both = sign(&certified, &second, &WORLD.ec_signer_key, Level::Lt);
    let report = check(&both, Level::Lt);
    assert!(report.is_valid(), "{report}");

    let closed = sign(&file, &certify(Permission::NoChanges), &WORLD.signer_key, Level::Lta);
    assert!(check(&closed, Level::Lt).is_valid(), "time-stamps and validation data are no changes");
    let refused = prepare(&closed, &second, &limits()).unwrap_err();
    assert!(matches!(refused, Error::Unsignable { rule: "certification", .. }), "{refused}");
    let signed = signed(&file, Level::B);
    let refused = prepare(&signed, &certify(Permission::NoChanges), &limits()).unwrap_err();
    assert!(matches!(refused, Error::Unsignable { rule: "certification", .. }), "{refused}");
}

#[test]
fn the_last_signature_can_be_taken_back_and_no_other() {
    let original = Sample::with_form().with_table();
    let once = signed(&original, Level::Lta);
    let field = |file: &[u8], index: usize| {
        let document = pades::open(file, &limits()).unwrap();
        let of_persons = document.signatures.iter().filter(|signature| !signature.is_time_stamp());
        of_persons.map(|signature| signature.field.clone()).nth(index).unwrap()
    };
    let first = field(&once, 0);
    assert_eq!(without_last_signature(&once, &first, &limits()).unwrap(), original);
    let request = request(&WORLD.ec_signer, &WORLD.ec_signer_key, noon() + seconds(100));
    let twice = sign(&once, &request, &WORLD.ec_signer_key, Level::Lt);
    let second = field(&twice, 1);
    assert_eq!(without_last_signature(&twice, &second, &limits()).unwrap(), once);
    let rule = |file: &[u8], field: &str| without_last_signature(file, field, &limits()).unwrap_err().rule();
    assert_eq!(rule(&twice, &first), "not-removable");
    assert_eq!(rule(&twice, "nobody"), "no-such-signature");
    assert_eq!(rule(b"no document", &first), "pdf-header");
}

#[test]
fn archive_time_stamps_are_renewed() {
    let file = signed(&Sample::new().with_stream(), Level::Lta);
    let mut document = SignedPdf::open(file.clone(), &limits()).unwrap();
    loop {
        let needs = document.renewal_needs(std::slice::from_ref(&WORLD.ca)).unwrap();
        let is_last = needs.iter().any(|need| matches!(need, Need::TimeStamp { .. }));
        answer(&mut document, needs, noon() + seconds(1000));
        if is_last {
            break;
        }
    }
    let renewed = document.into_bytes();
    assert!(renewed.starts_with(&file));
    let time_stamps = pades::open(&renewed, &limits()).unwrap();
    assert_eq!(time_stamps.signatures.iter().filter(|signature| signature.is_time_stamp()).count(), 2);
    assert!(check(&renewed, Level::Lt).is_valid());
}

#[test]
fn a_signature_that_others_follow_is_time_stamped_by_the_document() {
    let file = signed(&Sample::new().with_table(), Level::B);
    let second = request(&WORLD.ec_signer, &WORLD.ec_signer_key, noon() + seconds(1));
    let file = sign(&file, &second, &WORLD.ec_signer_key, Level::B);
    let mut document = SignedPdf::open(file, &limits()).unwrap();
    extend(&mut document, Level::Lt, noon() + seconds(10));
    let file = document.into_bytes();
    let report = check(&file, Level::B);
    assert!(report.is_valid(), "{report}");
    let document = pades::open(&file, &limits()).unwrap();
    assert!(document.signatures.iter().any(|signature| signature.is_time_stamp()));
}

#[test]
fn what_should_not_be_signed_is_refused() {
    let rule = |sample: &Sample, field: Option<&str>| {
        let request = PdfSignatureRequest {
            field: field.map(str::to_owned),
            ..request(&WORLD.signer, &WORLD.signer_key, noon())
        };
        match prepare(&sample.with_table(), &request, &limits()) {
            Ok(_) => "signed",
            Err(error) => error.rule(),
        }
    };
    let form = Sample::with_form();
    assert_eq!(rule(&form, None), "signed");
    assert_eq!(rule(&form, Some("seller")), "signed");
    assert_eq!(rule(&form, Some("another")), "signed");
    assert_eq!(rule(&form, Some("amount")), "field-kind");
    assert_eq!(rule(&form, Some("a.b")), "field-name");
    let mut xfa = form.clone();
    xfa.set(10, "<</Fields[11 0 R 12 0 R]/XFA[]>>");
    assert_eq!(rule(&xfa, None), "xfa");
    let request = request(&WORLD.signer, &WORLD.signer_key, noon());
    let junk = [&form.with_table()[..], b"junk"].concat();
    assert_eq!(prepare(&junk, &request, &limits()).unwrap_err().rule(), "pdf-end");
    // A page whose content ends elsewhere than it says: nobody reads it when signing, and everybody does when validating.
    let mut cut = Sample::new();
    cut.set(5, "<</Length 1000>>\nstream\nA\nendstream");
    assert_eq!(prepare(&cut.with_table(), &request, &limits()).unwrap_err().rule(), "pdf-stream");

    let mut encrypted = form.with_table();
    let at = encrypted.windows(5).rposition(|window| window == b"/Root").unwrap();
    encrypted.splice(at..at, b"/Encrypt 9 0 R".iter().copied());
    assert_eq!(prepare(&encrypted, &request, &limits()).unwrap_err().rule(), "pdf-encrypted");
    let tight = PdfSignatureRequest { reserve: Some(100), ..request.clone() };
    let prepared = prepare(&form.with_table(), &tight, &limits()).unwrap();
    let value = WORLD.signer_key.sign(prepared.dtbs()).unwrap();
    assert_eq!(prepared.finish(&value).unwrap_err().rule(), "reserve");
    let huge = PdfSignatureRequest { reserve: Some(100 << 20), ..request };
    assert_eq!(prepare(&form.with_table(), &huge, &limits()).unwrap_err().rule(), "reserve");
}

#[test]
fn a_signature_is_seen_upright_on_turned_pages() {
    let lines = vec!["Allkirjastanud Õie Šmid".to_owned(), "22.11.2026 (a\\b)".to_owned()];
    let visible = |page, rectangle, lines: &[String]| PdfSignatureRequest {
        appearance: Some(Appearance { page, rectangle, lines: lines.to_vec(), font: None, picture: None }),
        ..request(&WORLD.signer, &WORLD.signer_key, noon())
    };
    let place = [300.0, 20.0, 200.0, 40.0];
    for file in [Sample::with_form().with_table(), Sample::with_form().with_stream()] {
        for page in [1, 2, -1] {
            let file = sign(&file, &visible(page, place, &lines), &WORLD.signer_key, Level::Lt);
            assert!(check(&file, Level::Lt).is_valid());
            let text = String::from_utf8_lossy(&file).into_owned();
            // The second page is turned by 90 degrees: seen from 300 to 500 is its own height.
            let expected = if page == 1 { "/Rect [300 20 500 60]" } else { "/Rect [535 300 575 500]" };
            assert!(text.contains(expected), "{page}");
        }
    }
    let file = Sample::with_form().with_table();
    let refused = |request: &PdfSignatureRequest| match prepare(&file, request, &limits()) {
        Err(Error::Appearance { problem }) => problem,
        other => panic!("{other:?}"),
    };
    let one = |text: &str| vec![text.to_owned()];
    assert!(refused(&visible(3, place, &lines)).contains("no page 3"));
    assert!(refused(&visible(0, place, &lines)).contains("no page 0"));
    assert!(refused(&visible(1, [500.0, 0.0, 200.0, 40.0], &lines)).contains("does not lie on the page"));
    assert!(refused(&visible(1, [60.0, 590.0, 50.0, 20.0], &lines)).contains("over another field"));
    assert!(refused(&visible(1, [0.0, 0.0, 20.0, 10.0], &lines)).contains("does not fit"));
    assert!(refused(&visible(1, place, &one("Договор"))).contains("'Д'"));
    assert!(refused(&visible(1, place, &[])).contains("0 lines"));
}

#[test]
fn other_scripts_and_pictures_are_shown() {
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, 2, 2);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(&[200; 16]).unwrap();
    let picture = Picture::from_bytes(&picture).unwrap();
    let visible = |lines: &[&str], font: Option<Font>| PdfSignatureRequest {
        appearance: Some(Appearance {
            page: 1,
            rectangle: [300.0, 20.0, 200.0, 60.0],
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            font,
            picture: Some(picture.clone()),
        }),
        ..request(&WORLD.signer, &WORLD.signer_key, noon())
    };
    let file = Sample::with_form().with_table();
    let signed = sign(&file, &visible(&[], None), &WORLD.signer_key, Level::B);
    assert!(check(&signed, Level::B).is_valid());
    let Some(font) =
        ["dejavu/DejaVuSans.ttf", "noto/NotoSans-Regular.ttf", "liberation/LiberationSans-Regular.ttf"]
            .iter()
            .find_map(|path| std::fs::read(format!("/usr/share/fonts/truetype/{path}")).ok())
    else {
        return eprintln!("SKIP fonts: no TrueType font is installed");
    };
    let font = Font::from_bytes(font).unwrap();
    let signed =
        sign(&file, &visible(&["Подписал Õie", "Ελλάδα"], Some(font.clone())), &WORLD.signer_key, Level::Lt);
    assert!(check(&signed, Level::Lt).is_valid());
    assert!(signed.len() - file.len() < 100_000, "the font is cut down: {}", signed.len() - file.len());
    if let Ok(folder) = std::env::var("COUNTERSIGN_KEEP") {
        std::fs::write(format!("{folder}/visible.pdf"), &signed).unwrap();
    }
    // From the right, joined, and both directions in one line: drawn from left to right as it is seen. The text can be copied.
    let lines = ["שלום 2026", "مرحبا بالعالم", "Õie وافقت 7 Шмид"];
    let signed = sign(&file, &visible(&lines, Some(font.clone())), &WORLD.signer_key, Level::B);
    assert!(check(&signed, Level::B).is_valid());
    if let Ok(folder) = std::env::var("COUNTERSIGN_KEEP") {
        std::fs::write(format!("{folder}/scripts.pdf"), &signed).unwrap();
    }
    copied_letters_are_those_that_are_shown(&|lines: &[&str]| {
        sign(&file, &visible(lines, Some(font.clone())), &WORLD.signer_key, Level::B)
    });
    for text in ["turned \u{202e}back", "漢字 and \u{10FFFF}"] {
        let refused = prepare(&file, &visible(&[text], Some(font.clone())), &limits());
        assert!(matches!(refused, Err(Error::Appearance { .. })), "{text}");
    }
}

/// Poppler as the reader: each letter and each mark once, whether its glyph is also a part of others or not.
fn copied_letters_are_those_that_are_shown(signed: &dyn Fn(&[&str]) -> Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signed.pdf");
    let copied = |lines: &[&str]| -> Option<String> {
        std::fs::write(&path, signed(lines)).unwrap();
        let output = std::process::Command::new("pdftotext").arg(&path).arg("-").output().ok()?;
        Some(String::from_utf8(output.stdout).unwrap())
    };
    let letters = |text: &str| {
        let is_letter = |c: &char| !c.is_whitespace() && !matches!(c, '\u{202a}'..='\u{202e}');
        let mut letters: Vec<char> = text.chars().filter(is_letter).collect();
        letters.sort_unstable();
        letters
    };
    // What the document itself says.
    let Some(around) = copied(&[]) else { return eprintln!("SKIP pdftotext: it is not installed") };
    for line in [
        "مرحبا بالعالم",
        "\u{645}\u{64f}\u{62d}\u{64e}\u{645}\u{651}\u{64e}\u{62f}\u{64c} محمد",
        "שָׁלוֹם שלום",
        "é\u{331} é q\u{303} q",
    ] {
        let copied = copied(&[line]).unwrap();
        assert_eq!(letters(&copied), letters(&format!("{around}{line}")), "{copied:?}");
    }
}
