//! Documents that were changed after signing, or signed so that two programs see two signatures. Each case with the
//! row of the table of attacks that it stands for, and what has to come out.

use std::path::PathBuf;

use countersign_container::pades::pdf::{Dictionary, Id, Object, Pdf, Stream, Update, View};
use countersign_container::pades::{PdfLimits, PdfSignatureRequest, Permission, prepare};
use countersign_container::{Indication, Level, SubIndication};
use countersign_pki::Signer as _;
use countersign_pki::cms::{self, SignedAttributes};

use super::make::{check, request, sign, signed};
use super::sample::{Sample, TEXT};
use crate::world::{WORLD, noon};

/// What has to come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Valid.
    Valid,
    /// Valid, with a remark on the document.
    Remarked,
    /// The signature fails for this reason.
    Failed(SubIndication),
    /// Refused as a document, for this rule.
    Refused(&'static str),
    /// There is no signature, which is not valid either.
    Unsigned,
}

const CHANGED: Outcome = Outcome::Failed(SubIndication::FormatFailure);

pub(crate) struct Case {
    pub(crate) row: u8,
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: Outcome,
}

fn form() -> Sample {
    Sample::with_form()
}

fn certified(permission: Permission) -> Vec<u8> {
    let request = PdfSignatureRequest {
        certification: Some(permission),
        ..request(&WORLD.signer, &WORLD.signer_key, noon())
    };
    sign(&form().with_table(), &request, &WORLD.signer_key, Level::B)
}

/// One more revision, by somebody who may write what they like.
pub(crate) fn revise(file: &[u8], change: impl FnOnce(&mut Update<'_, '_>)) -> Vec<u8> {
    let pdf = Pdf::open(file, &PdfLimits::default()).unwrap();
    let mut update = Update::new(pdf.latest()).unwrap();
    change(&mut update);
    update.finish().unwrap()
}

fn dictionary(view: &View<'_, '_>, number: u32) -> Dictionary {
    view.get(Id::new(number)).unwrap().as_dictionary().unwrap().clone()
}

/// Changes one entry of a dictionary.
fn set(file: &[u8], number: u32, key: &str, value: Object) -> Vec<u8> {
    revise(file, |update| {
        let mut found = dictionary(&update.base(), number);
        found.set(key, value);
        update.put(Id::new(number), &Object::Dictionary(found));
    })
}

fn reference(number: u32) -> Object {
    Object::Reference(Id::new(number))
}

fn text(text: &str) -> Object {
    Object::String(text.as_bytes().to_vec())
}

fn numbers(numbers: &[i64]) -> Object {
    Object::Array(numbers.iter().copied().map(Object::Integer).collect())
}

/// Text for text of the same length.
fn swap(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).expect(from);
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

fn byte_range(file: &[u8]) -> (usize, [usize; 4]) {
    let document = countersign_container::pades::open(file, &PdfLimits::default()).unwrap();
    let at = file.windows(11).rposition(|window| window == b"/ByteRange ").unwrap() + 11;
    (at, document.signatures.last().unwrap().byte_range)
}

fn with_byte_range(file: &[u8], range: [i64; 4]) -> Vec<u8> {
    let (at, _) = byte_range(file);
    let mut file = file.to_vec();
    let text = format!("[{:<10} {:<10} {:<10} {:<10}]", range[0], range[1], range[2], range[3]);
    file[at..at + text.len()].copy_from_slice(text.as_bytes());
    file
}

/// Replaces the value of the last signature.
fn with_contents(file: &[u8], change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let document = countersign_container::pades::open(file, &PdfLimits::default()).unwrap();
    let signature = document.signatures.last().unwrap();
    let place = signature.byte_range[1] + 1..signature.byte_range[2] - 1;
    let value: String = change(signature.contents.clone()).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = file.to_vec();
    file[place.clone()].fill(b'0');
    file[place.start..place.start + value.len()].copy_from_slice(value.as_bytes());
    file
}

/// A signature whose signed data is put together by `build`, from what an honest one is made of.
fn forged(build: impl FnOnce(&SignedAttributes, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let file = signed(&form().with_table(), Level::B);
    let document = countersign_container::pades::open(&file, &PdfLimits::default()).unwrap();
    let covered = document.signatures[0].covered(&file).concat();
    let digest = WORLD.signer_key.algorithm().digest().of(&covered);
    let attributes = SignedAttributes::new(cms::ID_DATA, &digest, &WORLD.signer, None).unwrap();
    let value = WORLD.signer_key.sign(attributes.to_be_signed()).unwrap();
    with_contents(&file, |_| build(&attributes, &value))
}

fn assemble(attributes: &SignedAttributes, content: Option<&[u8]>, value: &[u8]) -> Vec<u8> {
    let algorithm = WORLD.signer_key.algorithm();
    let certificates = [WORLD.signer.as_der(), WORLD.ca.as_der()];
    cms::assemble(attributes, content, &WORLD.signer, &certificates, algorithm, value, &[])
}

fn annotation() -> Object {
    Object::Dictionary(Dictionary::of([
        ("Type", Object::name("Annot")),
        ("Subtype", Object::name("FreeText")),
        ("Rect", numbers(&[72, 690, 400, 730])),
        ("Contents", text("The price is 1 euro.")),
    ]))
}

fn add_annotation(file: &[u8]) -> Vec<u8> {
    revise(file, |update| {
        let mut page = dictionary(&update.base(), 3);
        let mut list = page.get("Annots").unwrap().as_array().unwrap().to_vec();
        let id = update.add(&annotation());
        list.push(Object::Reference(id));
        page.set("Annots", Object::Array(list));
        update.put(Id::new(3), &Object::Dictionary(page));
    })
}

/// Another field with a value that somebody else made.
fn add_field(file: &[u8], name: &str, value: Object, rectangle: &[i64]) -> Vec<u8> {
    revise(file, |update| {
        let (mut form, mut page) = (dictionary(&update.base(), 10), dictionary(&update.base(), 3));
        let mut field = Dictionary::of([
            ("Type", Object::name("Annot")),
            ("Subtype", Object::name("Widget")),
            ("FT", Object::name("Sig")),
            ("T", text(name)),
            ("F", Object::Integer(132)),
            ("P", reference(3)),
            ("Rect", numbers(rectangle)),
        ]);
        if value != Object::Null {
            field.set("V", value);
        }
        let field = update.add(&Object::Dictionary(field));
        for (dictionary, key) in [(&mut form, "Fields"), (&mut page, "Annots")] {
            let mut list = dictionary.get(key).unwrap().as_array().unwrap().to_vec();
            list.push(Object::Reference(field));
            dictionary.set(key, Object::Array(list));
        }
        update.put(Id::new(10), &Object::Dictionary(form));
        update.put(Id::new(3), &Object::Dictionary(page));
    })
}

fn value_of(file: &[u8]) -> Id {
    countersign_container::pades::open(file, &PdfLimits::default()).unwrap().signatures[0].object
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |row: u8, what: &'static str, bytes: Vec<u8>, expected: Outcome| {
        cases.push(Case { row, what, bytes, expected });
    };
    let file = signed(&form().with_table(), Level::B);
    let compact = signed(&form().with_stream(), Level::B);
    let cheap = TEXT.replace("100", "001");
    add(0, "nothing changed", file.clone(), Outcome::Valid);
    add(0, "nothing changed, with a cross-reference stream", compact.clone(), Outcome::Valid);

    add(
        100,
        "a byte of the page changed",
        swap(&file, TEXT, &cheap),
        Outcome::Failed(SubIndication::HashFailure),
    );
    let key = "/ByteRange [";
    add(101, "no ByteRange", swap(&file, key, "/ByteRangX ["), CHANGED);
    add(101, "a ByteRange of strings", swap(&file, key, "/ByteRange ("), CHANGED);
    add(101, "no Contents", swap(&file, "/Contents <", "/Contentx <"), CHANGED);
    let (_, [a, b, c, d]) = byte_range(&file);
    let range =
        |values: [usize; 4]| with_byte_range(&file, values.map(|value| i64::try_from(value).unwrap()));
    add(101, "a ByteRange of zeros", range([0; 4]), CHANGED);
    add(101, "a negative ByteRange", with_byte_range(&file, [0, -1, -1, 10]), CHANGED);
    add(101, "empty Contents", with_contents(&file, |_| Vec::new()), CHANGED);
    add(102, "a ByteRange that begins later", range([1, b - 1, c, d]), CHANGED);
    add(102, "a gap larger than Contents", range([a, b - 20, c, d]), CHANGED);
    add(102, "a gap that reaches behind Contents", range([a, b, c + 2, d - 2]), CHANGED);
    add(102, "a ByteRange that ends in the middle", range([a, b, c, d - 20]), CHANGED);
    add(102, "a ByteRange beyond the end", range([a, b, c, d + 1]), CHANGED);

    // The dictionary is written again, and Contents are no longer in the gap.
    let moved = revise(&file, |update| {
        let id = value_of(&file);
        let signature = update.base().get(id).unwrap();
        update.put(id, &signature);
    });
    add(103, "the signature dictionary moved to a later revision", moved, CHANGED);
    let content = format!("BT /F1 24 Tf 72 700 Td ({cheap}) Tj ET");
    let replaced = |file: &[u8]| {
        revise(file, |update| {
            let id = update.add_stream(Dictionary::default(), content.as_bytes());
            let Object::Stream(Stream { .. }) = update.base().get(Id::new(5)).unwrap() else {
                panic!("no stream")
            };
            let mut page = dictionary(&update.base(), 3);
            page.set("Contents", Object::Reference(id));
            update.put(Id::new(3), &Object::Dictionary(page));
        })
    };
    add(104, "another content of the page", replaced(&file), CHANGED);
    add(104, "another content of the page, with a cross-reference stream", replaced(&compact), CHANGED);
    add(104, "another font", set(&file, 7, "BaseFont", Object::name("Courier")), CHANGED);
    add(104, "another action when opened", set(&file, 1, "OpenAction", Object::Array(vec![])), CHANGED);
    let other_pages = revise(&file, |update| {
        let pages = update.add(&Object::Dictionary(Dictionary::of([
            ("Type", Object::name("Pages")),
            ("Kids", Object::Array(vec![reference(4)])),
            ("Count", Object::Integer(1)),
        ])));
        let mut catalog = dictionary(&update.base(), 1);
        catalog.set("Pages", Object::Reference(pages));
        update.put(Id::new(1), &Object::Dictionary(catalog));
    });
    add(104, "other pages in the catalog", other_pages, CHANGED);
    let whole_catalog = revise(&file, |update| {
        let catalog = dictionary(&update.base(), 1);
        update.put(Id::new(1), &Object::Dictionary(catalog));
    });
    add(104, "the catalog written again as it was", whole_catalog, Outcome::Valid);

    let object = b"5 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n";
    let tail = |bytes: &[u8]| [&file[..], bytes].concat();
    add(105, "an object behind the end", tail(object), CHANGED);
    add(
        105,
        "an object and an end without a section",
        tail(&[&object[..], b"startxref\n9\n%%EOF\n"].concat()),
        Outcome::Refused("pdf-xref"),
    );
    add(105, "a comment behind the end", tail(b"% and more\n"), CHANGED);

    // Two contents are written before signing, and the cross-reference shows the harmless one.
    let mut prepared = form().with_table();
    prepared = {
        let start = prepared.windows(6).position(|window| window == b"xref\n0").unwrap();
        let evil = format!("5 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n", content.len());
        let mut shifted = prepared[..start].to_vec();
        shifted.extend_from_slice(evil.as_bytes());
        let rest = String::from_utf8_lossy(&prepared[start..]).into_owned();
        let moved =
            rest.replace(&format!("startxref\n{start}\n"), &format!("startxref\n{}\n", start + evil.len()));
        shifted.extend_from_slice(moved.as_bytes());
        shifted
    };
    let evil_at = prepared.windows(7).rposition(|window| window == b"5 0 obj").unwrap();
    let shadow = signed(&prepared, Level::B);
    let last = String::from_utf8_lossy(&shadow[shadow.len() - 40..]).into_owned();
    let previous: usize = last.lines().rev().nth(1).unwrap().parse().unwrap();
    let switched = format!(
        "xref\n5 1\n{evil_at:010} 00000 n \ntrailer\n<</Size 99/Root 1 0 R/Prev {previous}>>\nstartxref\n{}\n%%EOF\n",
        shadow.len()
    );
    let switched = [&shadow[..], switched.as_bytes()].concat();
    add(106, "an object prepared before signing is switched in", switched, CHANGED);
    // Nothing is at 50 when it is signed, and the page waits for it.
    let mut waiting = form();
    waiting.set(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[5 0 R 50 0 R]/Resources 6 0 R/Annots[11 0 R 12 0 R]>>");
    let filled = revise(&signed(&waiting.with_table(), Level::B), |update| {
        while update.new_id().number < 49 {}
        let value = update.add_stream(Dictionary::default(), content.as_bytes());
        assert_eq!(value.number, 50);
        let mut catalog = dictionary(&update.base(), 1);
        let store = Dictionary::of([("Certs", Object::Array(vec![Object::Reference(value)]))]);
        catalog.set("DSS", Object::Dictionary(store));
        update.put(Id::new(1), &Object::Dictionary(catalog));
    });
    add(106, "validation data that the page was waiting for", filled, CHANGED);
    // One list is the page's content and the store's certificates.
    let mut shared = form();
    shared.set(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/DSS<</Certs 13 0 R>>>>");
    shared.set(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 13 0 R/Resources 6 0 R/Annots[11 0 R 12 0 R]>>");
    shared.set(13, "[5 0 R]");
    let appended = revise(&signed(&shared.with_table(), Level::B), |update| {
        let value = update.add_stream(Dictionary::default(), content.as_bytes());
        update.put(Id::new(13), &Object::Array(vec![reference(5), Object::Reference(value)]));
    });
    add(106, "a list that is validation data and page content", appended, CHANGED);
    add(
        106,
        "another default look of the form",
        set(&file, 10, "NeedAppearances", Object::Boolean(true)),
        CHANGED,
    );

    add(107, "an annotation over the text", add_annotation(&file), CHANGED);
    // What is there before it is signed is signed; what may show something else later is said to be there.
    let active = |number: u32, object: &str| {
        let mut sample = form();
        sample.set(number, object);
        signed(&sample.with_table(), Level::B)
    };
    let catalog = |more: &str| format!("<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R{more}>>");
    add(
        117,
        "a script that runs when it is opened",
        active(1, &catalog("/OpenAction<</S/JavaScript/JS(f())>>")),
        Outcome::Remarked,
    );
    add(117, "scripts by name", active(1, &catalog("/Names<</JavaScript<</Names[]>>>>")), Outcome::Remarked);
    add(
        117,
        "a program that is started",
        active(1, &catalog("/AA<</WC<</S/Launch/F(a)>>>>")),
        Outcome::Remarked,
    );
    add(
        117,
        "a script added after signing",
        set(
            &file,
            1,
            "OpenAction",
            Object::Dictionary(Dictionary::of([("S", Object::name("JavaScript")), ("JS", text("f()"))])),
        ),
        CHANGED,
    );
    add(117, "an XFA form added after signing", set(&file, 10, "XFA", Object::Array(vec![])), CHANGED);
    let in_trailer = |word: &str| {
        let at = file.windows(5).rposition(|window| window == b"/Root").unwrap();
        [&file[..at], word.as_bytes(), &file[at..]].concat()
    };
    add(117, "an encrypted document", in_trailer("/Encrypt 9 0 R"), Outcome::Refused("pdf-encrypted"));
    add(
        119,
        "a second cross-reference beside the table",
        in_trailer("/XRefStm 9"),
        Outcome::Refused("pdf-hybrid"),
    );

    add(
        107,
        "an annotation where nothing may change",
        add_annotation(&certified(Permission::NoChanges)),
        CHANGED,
    );
    add(
        107,
        "an annotation where forms may be filled",
        add_annotation(&certified(Permission::FormFilling)),
        CHANGED,
    );
    add(
        107,
        "an annotation where annotations may be made",
        add_annotation(&certified(Permission::Annotations)),
        Outcome::Valid,
    );

    let signature = Object::Dictionary(Dictionary::of([("Type", Object::name("Sig"))]));
    let empty = Object::Null;
    add(
        108,
        "a field for a signature is added",
        add_field(&file, "buyer", empty.clone(), &[0; 4]),
        Outcome::Valid,
    );
    add(
        108,
        "a field for a signature over another field",
        add_field(&file, "buyer", empty, &[72, 590, 300, 620]),
        CHANGED,
    );
    add(108, "a field with a signature that is none", add_field(&file, "buyer", signature, &[0; 4]), CHANGED);
    let id = value_of(&file);
    add(
        101,
        "two fields with one signature",
        add_field(&file, "buyer", Object::Reference(id), &[0; 4]),
        CHANGED,
    );
    add(101, "two fields with one name", add_field(&file, "Signature1", Object::Null, &[0; 4]), CHANGED);
    let taken_out = revise(&file, |update| {
        let mut form = dictionary(&update.base(), 10);
        form.set("Fields", Object::Array(vec![reference(11)]));
        update.put(Id::new(10), &Object::Dictionary(form));
    });
    add(101, "the signature's field taken out of the form", taken_out, Outcome::Unsigned);

    add(109, "a page was removed", set(&file, 2, "Kids", Object::Array(vec![reference(3)])), CHANGED);
    let fill = |file: &[u8]| set(file, 11, "V", text("1"));
    add(110, "a form filled in that nobody permitted", fill(&file), CHANGED);
    add(110, "a form filled in where nothing may change", fill(&certified(Permission::NoChanges)), CHANGED);
    add(110, "a form filled in where it may be", fill(&certified(Permission::FormFilling)), Outcome::Valid);
    let moved_field = set(&certified(Permission::FormFilling), 11, "Rect", numbers(&[0, 0, 9, 9]));
    add(110, "a form field moved where it may be filled in", moved_field, CHANGED);
    let signed_again = add_field(&certified(Permission::NoChanges), "buyer", Object::Null, &[0; 4]);
    add(110, "a field for a signature where nothing may change", signed_again, CHANGED);

    let unlisted = revise(&file, |update| {
        update.put(Id::new(9), &Object::Dictionary(Dictionary::of([("Title", text("Another"))])));
    });
    add(111, "another title", unlisted.clone(), Outcome::Valid);
    let start = unlisted.windows(5).rposition(|window| window == b"xref\n").unwrap();
    let start = if unlisted[..start].ends_with(b"start") {
        unlisted[..start - 5].windows(5).rposition(|window| window == b"xref\n").unwrap()
    } else {
        start
    };
    let mut twice = unlisted[..start].to_vec();
    twice.extend_from_slice(object);
    let rest = String::from_utf8_lossy(&unlisted[start..]).into_owned();
    twice.extend_from_slice(
        rest.replace(&format!("startxref\n{start}\n"), &format!("startxref\n{}\n", start + object.len()))
            .as_bytes(),
    );
    add(111, "an object that no section lists", twice, CHANGED);

    let padded = with_contents(&file, |mut value| {
        value.extend_from_slice(&[0, 0, 0, 1]);
        value
    });
    add(112, "padding that is not zero", padded, CHANGED);
    let twice = with_contents(&file, |value| [value.clone(), value].concat());
    add(112, "a second value behind the first", twice, CHANGED);
    let indefinite = with_contents(&file, |value| [&[0x30, 0x80][..], &value[4..], &[0, 0]].concat());
    add(112, "a value in BER", indefinite, CHANGED);
    let gap = swap(&file, "/Contents <30", "/Contents < 3");
    add(112, "white space in the value", gap, CHANGED);
    add(
        113,
        "another kind of signature",
        swap(&file, "/ETSI.CAdES.detached", "/adbe.x509.rsa_sha1 "),
        CHANGED,
    );
    let document = form().with_table();
    add(
        114,
        "content in the signed data",
        forged(|attributes, value| assemble(attributes, Some(&document), value)),
        CHANGED,
    );
    add(
        114,
        "an honest forgery",
        forged(|attributes, value| assemble(attributes, None, value)),
        Outcome::Valid,
    );
    let two = forged(|attributes, value| {
        let one = assemble(attributes, None, value);
        two_signers(&one)
    });
    add(114, "two signers", two, CHANGED);
    let other = forged(|_, _| {
        let attributes = SignedAttributes::new(cms::ID_DATA, &[7; 32], &WORLD.signer, None).unwrap();
        let value = WORLD.signer_key.sign(attributes.to_be_signed()).unwrap();
        assemble(&attributes, None, &value)
    });
    add(115, "the digest of another document", other, Outcome::Failed(SubIndication::HashFailure));
    let other_type = forged(|attributes, _| {
        let id = cms::ID_SIGNED_DATA;
        let attributes = SignedAttributes::new(id, attributes.message_digest(), &WORLD.signer, None).unwrap();
        let value = WORLD.signer_key.sign(attributes.to_be_signed()).unwrap();
        assemble(&attributes, None, &value)
    });
    add(115, "content of another type", other_type, CHANGED);
    let flipped = forged(|attributes, value| {
        let mut value = value.to_vec();
        value[10] ^= 1;
        assemble(attributes, None, &value)
    });
    add(44, "another signature value", flipped, Outcome::Failed(SubIndication::SigCryptoFailure));

    let long_term = signed(&form().with_table(), Level::Lta);
    let without_store = revise(&long_term, |update| {
        let mut catalog = dictionary(&update.base(), 1);
        catalog.remove("DSS");
        update.put(Id::new(1), &Object::Dictionary(catalog));
    });
    add(116, "the validation data taken out", without_store, CHANGED);
    add(118, "white space behind the end", tail(b"\n  \n"), Outcome::Valid);
    add(118, "junk behind the end", tail(b"junk"), CHANGED);
    cases
}

/// The same signer twice.
fn two_signers(one: &[u8]) -> Vec<u8> {
    use countersign_pki::asn1::{self, Parser};
    let mut info = Parser::only(one, asn1::SEQUENCE, "x").unwrap().inside("x");
    let id = info.any().unwrap().raw.to_vec();
    let explicit = info.any().unwrap();
    let mut fields = Parser::only(explicit.value, asn1::SEQUENCE, "x").unwrap().inside("x");
    let mut parts = Vec::new();
    while !fields.is_empty() {
        parts.push(fields.any().unwrap().raw.to_vec());
    }
    let signers = parts.pop().unwrap();
    let signer = Parser::only(&signers, asn1::SET, "x").unwrap().value.to_vec();
    parts.push(asn1::tlv(asn1::SET, &[signer.clone(), signer].concat()));
    asn1::sequence(&[id, asn1::tlv(asn1::context_constructed(0), &asn1::sequence(&parts))])
}

fn outcome(bytes: &[u8]) -> (Outcome, String) {
    let report = check(bytes, Level::B);
    let shown = report.to_string();
    if let Some(error) = report.errors.first() {
        let known = ["pdf-xref", "pdf-end", "pdf-hybrid", "pdf-encrypted"];
        let rule = known.into_iter().find(|rule| *rule == error.rule).unwrap_or("another rule");
        return (Outcome::Refused(rule), shown);
    }
    let failed = report.signatures.iter().find(|signature| !signature.is_valid());
    match failed {
        Some(signature) if signature.indication == Indication::TotalFailed => {
            (Outcome::Failed(signature.sub_indication.unwrap()), shown)
        }
        Some(signature) => panic!("{:?}\n{shown}", signature.sub_indication),
        None if report.is_valid() && report.warnings.is_empty() => (Outcome::Valid, shown),
        None if report.is_valid() => (Outcome::Remarked, shown),
        None => (Outcome::Unsigned, shown),
    }
}

#[test]
fn every_attack_gets_its_outcome() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pdf-hostile");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut list = serde_json::Map::new();
    let mut wrong = Vec::new();
    let cases = cases();
    for Case { row, what, bytes, expected } in &cases {
        // For other validators: `interop/run.sh` sees that they reject nothing that is accepted here.
        let words: Vec<&str> = what.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let name = format!("{row:03}-{}.pdf", words.join("-").to_lowercase());
        std::fs::write(folder.join(&name), bytes).unwrap();
        let entry = serde_json::json!({ "row": row, "what": what, "valid": matches!(expected, Outcome::Valid | Outcome::Remarked) });
        assert!(list.insert(name, entry).is_none(), "{what} twice");
        let (found, report) = outcome(bytes);
        if found != *expected {
            wrong.push(format!("row {row}: {what}: expected {expected:?}, found {found:?}\n{report}"));
        }
    }
    let list = serde_json::to_string_pretty(&list).unwrap();
    std::fs::write(folder.join("expected.json"), list).unwrap();
    for (name, certificate) in
        [("root.pem", &WORLD.root), ("ca.pem", &WORLD.ca), ("tsa.pem", &WORLD.tsa_root)]
    {
        std::fs::write(folder.join(name), certificate.to_pem()).unwrap();
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() > 50);
}

#[test]
fn a_document_that_was_attacked_is_not_signed_further() {
    let file = signed(&form().with_table(), Level::B);
    let request = request(&WORLD.signer, &WORLD.signer_key, noon());
    for broken in [with_byte_range(&file, [0; 4]), with_contents(&file, |_| Vec::new())] {
        assert_eq!(prepare(&broken, &request, &PdfLimits::default()).unwrap_err().rule(), "broken-signature");
    }
}
