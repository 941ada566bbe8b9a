//! Files that no honest program writes. Each is refused for its own reason, and at once.

use super::*;

/// A file of these objects with a table; `trailer` is added to the trailer.
fn file(objects: &[&str], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file.extend_from_slice(format!("{} 0 obj\n{object}\nendobj\n", index + 1).as_bytes());
    }
    let start = file.len();
    let tail = format!(
        "{table}trailer\n<</Size {}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    file.extend_from_slice(tail.as_bytes());
    file
}

const CATALOG: &str = "<</Type/Catalog/Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>";

fn fault(file: &[u8]) -> PdfFault {
    let read = |file: &[u8]| -> Result<()> {
        let pdf = Pdf::open(file, &PdfLimits::default())?;
        pdf.latest().pages()?;
        crate::pades::open(file, &PdfLimits::default())?;
        Ok(())
    };
    match read(file) {
        Ok(()) => panic!("{}", String::from_utf8_lossy(file)),
        Err(error) => error.fault,
    }
}

#[test]
fn a_sound_file_is_read() {
    let file = file(&[CATALOG, PAGES, PAGE], "");
    let pdf = Pdf::open(&file, &PdfLimits::default()).unwrap();
    assert_eq!(pdf.latest().pages().unwrap(), [Id::new(3)]);
    assert_eq!(pdf.revisions().len(), 1);
    assert_eq!(pdf.revisions()[0].end, file.len());
    assert_eq!(pdf.header_version(), "1.7");
    assert_eq!(pdf.latest().get(Id::new(99)).unwrap(), Object::Null);
    assert_eq!(pdf.latest().get(Id { number: 3, generation: 1 }).unwrap(), Object::Null);
}

#[test]
fn what_is_cut_or_moved_is_refused() {
    let sound = file(&[CATALOG, PAGES, PAGE], "");
    assert_eq!(fault(b""), PdfFault::NotAPdf);
    assert_eq!(fault(&[b"\n", &sound[..]].concat()), PdfFault::NotAPdf);
    assert_eq!(fault(&sound[..sound.len() - 3]), PdfFault::NoEnd);
    assert_eq!(fault(&[&sound[..], &[b'x'; 2000]].concat()), PdfFault::NoEnd);
    let replace = |from: &str, to: &str| {
        let text = String::from_utf8(sound.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        text.replace(from, to).into_bytes()
    };
    let startxref =
        |to: &str| replace(&format!("startxref\n{}", start_of(&sound)), &format!("startxref\n{to}"));
    assert_eq!(fault(&startxref("9999999")), PdfFault::XrefChain);
    assert_eq!(fault(&startxref("20")), PdfFault::BrokenXref);
    assert_eq!(fault(&startxref("x")), PdfFault::NoEnd);
    assert_eq!(fault(&replace("0 4\n", "0 5\n")), PdfFault::BrokenXref);
    assert_eq!(fault(&replace("0 4\n", "0 4000000000\n")), PdfFault::TooLarge);
    assert_eq!(fault(&replace("0000000009", "0000000010")), PdfFault::BrokenObject);
    assert_eq!(fault(&replace("1 0 obj", "5 0 obj")), PdfFault::BrokenObject);
    assert_eq!(fault(&replace("0 4\n", "0 1\n0000000000 65535 f \n0 4\n")), PdfFault::DuplicateEntry);
    assert_eq!(fault(&replace("trailer\n<<", "trailer\n[<<")), PdfFault::BrokenObject);
}

fn start_of(file: &[u8]) -> usize {
    file.windows(6).position(|window| window == b"xref\n0").unwrap()
}

#[test]
fn chains_and_loops_are_refused() {
    let sound = file(&[CATALOG, PAGES, PAGE], "");
    let own = start_of(&sound);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], &format!("/Prev {own}"))), PdfFault::XrefChain);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], "/Prev 99999")), PdfFault::XrefChain);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], "/Prev -1")), PdfFault::XrefChain);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], "/Prev (x)")), PdfFault::XrefChain);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], "/XRefStm 9")), PdfFault::Hybrid);
    assert_eq!(fault(&file(&[CATALOG, PAGES, PAGE], "/Encrypt 3 0 R")), PdfFault::Encrypted);
    let loops = [
        file(&[CATALOG, "<</Type/Pages/Kids[2 0 R]>>"], ""),
        file(&[CATALOG, "<</Type/Pages/Kids[3 0 R]>>", "<</Kids[2 0 R]>>"], ""),
        file(&["<</Type/Catalog/Pages 2 0 R/AcroForm 2 0 R>>", "2 0 R", PAGE], ""),
        file(
            &[
                "<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>",
                PAGES,
                PAGE,
                "<</Fields 5 0 R>>",
                "6 0 R",
                "5 0 R",
            ],
            "",
        ),
        file(
            &[
                "<</Type/Catalog/Pages 2 0 R/AcroForm 4 0 R>>",
                PAGES,
                PAGE,
                "<</Fields[5 0 R]>>",
                "<</T(a)/Kids[5 0 R]>>",
            ],
            "",
        ),
    ];
    for (index, looped) in loops.iter().enumerate() {
        let found = fault(looped);
        assert!(matches!(found, PdfFault::ReferenceLoop | PdfFault::Structure), "{index}: {found:?}");
    }
    // A stream whose length is the stream, and two that are each other's.
    let own_length = file(
        &["<</Type/Catalog/Pages 2 0 R/DSS 4 0 R>>", PAGES, PAGE, "<</Length 4 0 R>>\nstream\nx\nendstream"],
        "",
    );
    let pdf = Pdf::open(&own_length, &PdfLimits::default()).unwrap();
    assert_eq!(pdf.latest().get(Id::new(4)).unwrap_err().fault, PdfFault::ReferenceLoop);
}

#[test]
fn broken_objects_are_refused() {
    for object in [
        "<</Type/Pages/Kids[3 0 R]/Kids[3 0 R]>>",
        "<</Type/Pages/Kids[3 0 R]",
        "<</Type/Pages/Kids[3 0 R]/Length 99999999999>>\nstream\nx\nendstream",
        "<</Type/Pages/Kids[3 0 R]/Length -1>>\nstream\nx\nendstream",
        "<</Type/Pages/Kids[3 0 R]/Length 2>>\nstream\nx\nendstream",
        "<</Type/Pages/Kids[3 0 R]>>\nstream\nx\nendstream",
        "(no page)",
        "null",
    ] {
        let found = fault(&file(&[CATALOG, object, PAGE], ""));
        assert!(
            matches!(
                found,
                PdfFault::BrokenObject
                    | PdfFault::BrokenStream
                    | PdfFault::DuplicateKey
                    | PdfFault::Structure
            ),
            "{object}: {found:?}"
        );
    }
}

#[test]
fn what_is_deep_or_large_is_refused() {
    let deep = "[".repeat(1 << 20);
    assert_eq!(fault(&file(&[CATALOG, &deep, PAGE], "")), PdfFault::TooLarge);
    let deep = "<</A".repeat(1 << 18);
    assert_eq!(fault(&file(&[CATALOG, &deep, PAGE], "")), PdfFault::TooLarge);
    let long = format!("[{}]", "0 ".repeat(1 << 20));
    assert_eq!(fault(&file(&[CATALOG, &long, PAGE], "")), PdfFault::TooLarge);
    let many: String = (0..20_000).map(|key| format!("/K{key} 0")).collect();
    assert_eq!(fault(&file(&[CATALOG, &format!("<<{many}>>"), PAGE], "")), PdfFault::TooLarge);
    let mut open_string = file(&[CATALOG, PAGES, PAGE], "");
    let at = open_string.windows(7).position(|window| window == b"2 0 obj").unwrap() + 8;
    open_string.splice(at..at + 2, *b"((");
    assert_eq!(fault(&open_string), PdfFault::BrokenObject);
}

/// Sections that each lead to the one before are many revisions; reading them is bounded.
#[test]
fn too_many_revisions_are_refused() {
    let mut file = file(&[CATALOG, PAGES, PAGE], "");
    let mut previous = start_of(&file);
    for _ in 0..600 {
        let start = file.len();
        let section = format!(
            "xref\n0 0\ntrailer\n<</Size 4/Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n"
        );
        file.extend_from_slice(section.as_bytes());
        previous = start;
    }
    assert_eq!(fault(&file), PdfFault::TooLarge);
}

#[test]
fn bombs_are_refused() {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..48 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let mut file = b"%PDF-1.7\n".to_vec();
    let start = file.len();
    let head = format!(
        "1 0 obj\n<</Type/XRef/W[1 4 2]/Size 4/Root 1 0 R/Filter/FlateDecode/Length {}>>\nstream\n",
        bomb.len()
    );
    file.extend_from_slice(head.as_bytes());
    file.extend_from_slice(&bomb);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    assert_eq!(fault(&file), PdfFault::TooLarge);
}

#[test]
fn an_update_leaves_what_is_there() {
    let before = file(&[CATALOG, PAGES, PAGE], "/ID[<01><02>]");
    let pdf = Pdf::open(&before, &PdfLimits::default()).unwrap();
    let mut update = Update::new(pdf.latest()).unwrap();
    let added = update.add_stream(Dictionary::default(), b"content");
    update.put(Id::new(3), &Object::Dictionary(Dictionary::of([("Type", Object::name("Page"))])));
    let after = update.finish().unwrap();
    assert!(after.starts_with(&before));
    let pdf = Pdf::open(&after, &PdfLimits::default()).unwrap();
    assert_eq!(pdf.revisions().len(), 2);
    let Object::Stream(stream) = pdf.latest().get(added).unwrap() else { panic!("no stream") };
    assert_eq!(pdf.latest().decoded(&stream).unwrap(), b"content");
    assert_eq!(pdf.latest().trailer().integer("Size"), Some(5));
    assert_eq!(pdf.view(0).get(added).unwrap(), Object::Null);
    let Some(Object::Array(id)) = pdf.latest().trailer().get("ID") else { panic!("no ID") };
    assert_eq!(id[0], Object::String(vec![1]));
    assert_ne!(id[1], Object::String(vec![2]));
}
