//! What hostile files cost: each case is written to a file and validated in a process of its own, as `countersign verify` does it.
//! Printed are the processor time until the file is refused and the most memory that the process had, the program itself included.
//! The goal is 100 ms and 64 MB for each.
//!
//! `cargo bench -p countersign-container --bench hostile [-- NAME]` runs all cases, or those with NAME in their names.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, dead_code, unreachable_pub)]

#[path = "../tests/container/make.rs"]
mod make;
#[path = "../tests/container/raw_zip.rs"]
mod raw_zip;
#[path = "../tests/container/pdf/sample.rs"]
mod sample;
#[path = "../tests/container/world.rs"]
mod world;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use countersign_container::validate::validate_source;
use countersign_container::{Level, Limits, Policy, TrustAnchors};

use crate::make::{FILES, sign, unsigned};
use crate::raw_zip::{RawEntry, RawZip};
use crate::sample::{Sample, deflate};
use crate::world::{WORLD, noon, seconds};

const GOAL_MILLISECONDS: f64 = 100.0;
const GOAL_MEGABYTES: f64 = 64.0;

/// Elements that are let through, besides those of a signature.
const ITEMS: usize = 29_000;

/// A name, and what makes the file; most are larger than what one would like to hold at once.
type Case = (&'static str, fn() -> Vec<u8>);

const CASES: &[Case] = &[
    ("zip: a bomb of zeros, 1 GB from 1 MB", || bomb(1_000)),
    ("zip: a bomb below the allowed ratio", bomb_below_the_ratio),
    ("zip: a bomb that lies about its size", lying_bomb),
    ("zip: entries over one another", overlapping),
    ("zip: a million entries", || million(None)),
    ("zip: a million entries that are said to be 5", || million(Some(5))),
    ("zip: 65 535 entries", || million(Some(u16::MAX - 1))),
    ("zip: 250 files of metadata, 10 MB each", || metadata(250, 10 << 20)),
    ("zip: a comment full of end records", end_records),
    ("zip: one end record after another", || b"PK\x05\x06\0\0\0\0\0\0\0\0".repeat(1 << 20)),
    ("xml: a million levels", || xml(&"<a>".repeat(1_000_000))),
    ("xml: a million levels, closed", || xml(&["<a>".repeat(1_000_000), "</a>".repeat(1_000_000)].concat())),
    ("xml: a million elements", || in_signature(&"<b/>".repeat(1_000_000))),
    ("xml: as many elements as may be", || in_signature(&"<b/>".repeat(ITEMS))),
    ("xml: as many elements in lines", || in_signature(&format!("<b/>{}", "\n".repeat(250)).repeat(ITEMS))),
    ("xml: as many comments", || in_signature(&"<!---->".repeat(ITEMS))),
    ("xml: 1 800 000 references", || in_signature(&"&amp;&#x41;".repeat(900_000))),
    ("xml: as many references as may be", || in_signature(&"&amp;&#x41;".repeat(ITEMS / 2))),
    ("xml: attributes", || xml(&format!("<a {}/>", numbered(190_000, |n| format!("a{n}='' "))))),
    ("xml: namespaces", || xml(&format!("<a {}/>", numbered(90_000, |n| format!("xmlns:a{n}='a' "))))),
    ("xml: namespaces that add up", nested_namespaces),
    ("xml: as many namespaces over as many elements", namespaces_over_elements),
    ("xml: a long namespace over many signatures", long_namespace_over_signatures),
    ("xml: a long namespace, again and again", long_namespace_again),
    ("xml: a long attribute over many signatures", || {
        let long = format!("<asic:XAdESSignatures Id=\"{}\"", "a".repeat(4 << 20));
        with_signature_file(&signatures(100).replacen("<asic:XAdESSignatures", &long, 1))
    }),
    ("xml: properties below archive time-stamps", properties_below_archive_time_stamps),
    ("xml: ten megabytes of base64", || in_signature(&"QUJD".repeat(2_500_000))),
    ("xml: entities that grow", || {
        let entities = numbered(30, |n| format!("<!ENTITY e{} \"&e{n};&e{n};\">", n + 1));
        xml(&format!("<!DOCTYPE a [<!ENTITY e0 \"a\">{entities}]><a>&e30;</a>"))
    }),
    ("xml: 900 signatures", || many_signatures(900)),
    ("xml: as many signatures as may be", || many_signatures(ITEMS / items(&one_signature()))),
    ("pdf: nested arrays", || with(10, &"[".repeat(4 << 20))),
    ("pdf: nested dictionaries", || with(10, &"<</A".repeat(1 << 20))),
    ("pdf: a long array of numbers", || with(10, &format!("[{}]", "0 ".repeat(4 << 20)))),
    ("pdf: a long array of names", || with(10, &format!("[{}]", "/A ".repeat(4 << 20)))),
    ("pdf: a long array of arrays", || with(10, &format!("[{}]", "[] ".repeat(4 << 20)))),
    ("pdf: a long array of strings", || with(10, &format!("[{}]", "()".repeat(4 << 20)))),
    ("pdf: a long name", || with(10, &format!("/{}", "#41".repeat(1 << 20)))),
    ("pdf: a string without end", || with(10, &"(".repeat(4 << 20))),
    ("pdf: a dictionary of many keys", || {
        with(10, &format!("<<{}>>", numbered(4_000, |n| format!("/K{n} 0"))))
    }),
    ("pdf: references that lead to each other", || with(10, "11 0 R")),
    ("pdf: a form that is its own field", || with(10, "<</Fields[10 0 R]/T(a)>>")),
    ("pdf: a field as its own kids", || {
        with(11, &format!("<</T(a)/FT/Sig/Kids[{}]>>", "11 0 R ".repeat(100_000)))
    }),
    ("pdf: pages that are their own kids", || {
        with(2, &format!("<</Type/Pages/Kids[{}]/Count 2>>", "2 0 R ".repeat(100_000)))
    }),
    ("pdf: a deep tree of fields", deep_fields),
    ("pdf: thousands of signature fields", many_fields),
    ("pdf: a section that is its own predecessor", || previous("9")),
    ("pdf: 5 000 sections", many_sections),
    ("pdf: a table of a million entries", || {
        packed("/Type/XRef/W[1 4 2]/Size 1000000/Root 1 0 R", &vec![1; 7_000_000])
    }),
    ("pdf: a table of a hundred million", || {
        packed("/Type/XRef/W[1 1 0]/Size 100000000/Root 1 0 R", &[1; 1000])
    }),
    ("pdf: a table that inflates to 1 GB", || {
        packed("/Type/XRef/W[1 4 2]/Size 4/Root 1 0 R", &vec![0; 1 << 30])
    }),
    ("pdf: entries that all lead to one object", || {
        packed("/Type/XRef/W[0 1 0]/Size 900000/Root 1 0 R", &vec![9; 900_000])
    }),
    ("pdf: object streams that inflate to 1 GB", object_stream_bomb),
    ("pdf: a stream whose length is its own length", || with(5, "<</Length 5 0 R>>\nstream\nA\nendstream")),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match &arguments[..] {
        [flag, file] if flag == "--child" => child(Path::new(file)),
        [] => parent(""),
        [name, ..] => parent(name),
    }
}

fn parent(wanted: &str) {
    let folder = tempfile::tempdir().unwrap();
    println!("{:<48} {:>10} {:>10} {:>8}", "hostile file", "bytes", "refused in", "memory");
    let mut over = 0;
    for (name, make) in CASES.iter().filter(|(name, _)| name.contains(wanted)) {
        let file = folder.path().join("file");
        let bytes = make();
        fs::write(&file, &bytes).unwrap();
        let length = bytes.len();
        drop(bytes);
        let done = Command::new(std::env::current_exe().unwrap()).arg("--child").arg(&file).output().unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [milliseconds, megabytes] = numbers[..] else {
            println!("{name:<48} {length:>10} not refused: {text}{}", String::from_utf8_lossy(&done.stderr));
            over += 1;
            continue;
        };
        let is_over = milliseconds > GOAL_MILLISECONDS || megabytes > GOAL_MEGABYTES;
        over += usize::from(is_over);
        let mark = if is_over { "  OVER" } else { "" };
        println!("{name:<48} {length:>10} {milliseconds:>7.1} ms {megabytes:>5.0} MB{mark}");
    }
    println!("hostile: {over} over {GOAL_MILLISECONDS} ms or {GOAL_MEGABYTES} MB");
}

/// Validates the file, and says how long it took and how large it made the process.
fn child(file: &Path) {
    let source = File::open(file).unwrap();
    let policy = Policy::default();
    let start = processor_time();
    let report = validate_source(
        source,
        None,
        &Limits::default(),
        &TrustAnchors::default(),
        noon() + seconds(100),
        &policy,
    );
    let elapsed = processor_time() - start;
    if report.is_valid() {
        println!("valid");
        return;
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: f64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{} {}", elapsed * 1000.0, kilobytes / 1024.0);
    if std::env::var_os("HOSTILE_REPORT").is_some() {
        println!("{report}");
    }
}

/// Seconds that this thread, the only one, has had a processor: others on the machine do not count.
fn processor_time() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

// ---- archives

fn manifest() -> String {
    let entries: String = FILES
        .iter()
        .map(|(name, media_type, _)| {
            format!(
                "<manifest:file-entry manifest:full-path=\"{name}\" manifest:media-type=\"{media_type}\"/>"
            )
        })
        .collect();
    format!(
        "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.2\">\
         <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"application/vnd.etsi.asic-e+zip\"/>{entries}\
         </manifest:manifest>"
    )
}

/// A sound container, to which a case adds something.
fn sound(entries: impl IntoIterator<Item = RawEntry>) -> RawZip {
    let mut all = vec![RawEntry::stored("mimetype", b"application/vnd.etsi.asic-e+zip")];
    all.extend(FILES.iter().map(|(name, _, content)| RawEntry::deflated(name, content)));
    all.push(RawEntry::deflated("META-INF/manifest.xml", manifest().as_bytes()));
    all.extend(entries);
    RawZip::new(all)
}

/// Zeros, packed: about a thousandth of it.
fn zeros(megabytes: usize) -> RawEntry {
    let content = vec![0; megabytes << 20];
    RawEntry::deflated("zeros.bin", &content)
}

fn bomb(megabytes: usize) -> Vec<u8> {
    sound([zeros(megabytes)]).to_bytes()
}

/// Many entries, each as large as one may be that was packed a hundred to one.
fn bomb_below_the_ratio() -> Vec<u8> {
    let mut content = vec![0; 99 << 20];
    // What does not pack, so that the whole stays just below.
    for (index, byte) in content[..1 << 20].iter_mut().enumerate() {
        *byte = (index.wrapping_mul(2_654_435_761) >> 13) as u8;
    }
    let one = RawEntry::deflated("0", &content);
    let all = (0..6).map(|number| RawEntry { name: format!("{number}.bin").into_bytes(), ..one.clone() });
    sound(all).to_bytes()
}

fn lying_bomb() -> Vec<u8> {
    let entry = RawEntry { size: 1000, ..zeros(1_000) };
    sound([entry]).to_bytes()
}

/// As in the bombs that need no nesting: every entry of the directory leads to the same bytes.
fn overlapping() -> Vec<u8> {
    let mut zip = sound([zeros(90)]);
    for number in 0..200 {
        let offset = Some(40 + number % 7);
        zip.entries.push(RawEntry {
            offset,
            packed: Vec::new(),
            ..RawEntry::stored(&format!("{number}"), b"")
        });
    }
    zip.to_bytes()
}

/// Entries without content; `said` is the number in the end record, or it stands in a ZIP64 record.
fn million(said: Option<u16>) -> Vec<u8> {
    let count: u32 = if said == Some(u16::MAX - 1) { 65_534 } else { 1_000_000 };
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for number in 0..count {
        let name = format!("{number:07}");
        let offset = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0");
        out.extend([0; 12]);
        out.extend([7, 0, 0, 0]);
        out.extend(name.as_bytes());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\x21\0");
        directory.extend([0; 12]);
        directory.extend([7, 0]);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = out.len() as u64;
    out.extend(&directory);
    let length = directory.len() as u64;
    if said.is_none() {
        let end = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(44_u64.to_le_bytes());
        out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [u64::from(count), u64::from(count), length, start] {
            out.extend(number.to_le_bytes());
        }
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend(end.to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06\0\0\0\0");
    let said = said.unwrap_or(u16::MAX).to_le_bytes();
    out.extend([said, said].concat());
    out.extend((length as u32).to_le_bytes());
    out.extend((start as u32).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Signature files, as large as allowed each, packed as tightly as allowed.
fn metadata(count: usize, bytes: usize) -> Vec<u8> {
    let mut content = b"<asic:XAdESSignatures xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\">".to_vec();
    let end = b"</asic:XAdESSignatures>";
    let mut state = 1_u64;
    // A tenth of a megabyte that does not pack.
    for _ in 0..150_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        content.push(b'a' + (state >> 59) as u8 % 26);
    }
    content.resize(bytes - end.len(), b' ');
    content.extend(end);
    let one = RawEntry::deflated("0", &content);
    let name = |number: usize| format!("META-INF/signatures{number}.xml").into_bytes();
    sound((0..count).map(|number| RawEntry { name: name(number), ..one.clone() })).to_bytes()
}

fn end_records() -> Vec<u8> {
    let mut zip = sound([]);
    zip.comment = b"PK\x05\x06".repeat(16_000);
    zip.to_bytes()
}

// ---- signature files

/// Stored, so that the limit on compression does not get there first.
fn with_signature_file(xml: &str) -> Vec<u8> {
    sound([RawEntry::stored("META-INF/signatures0.xml", xml.as_bytes())]).to_bytes()
}

fn xml(content: &str) -> Vec<u8> {
    with_signature_file(content)
}

fn honest() -> String {
    sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::Lt).to_xml().to_owned()
}

fn in_signature(text: &str) -> Vec<u8> {
    with_signature_file(&honest().replace("<ds:KeyInfo>", &format!("<ds:KeyInfo>{text}")))
}

fn nested_namespaces() -> Vec<u8> {
    let open = numbered(50, |d| {
        format!("<d{d} xmlns='urn:d'{}>", numbered(120, |n| format!(" xmlns:a{d}x{n}='a'")))
    });
    let close = numbered(50, |d| format!("</d{}>", 49 - d));
    let inner = format!("</xades:SigningCertificateV2>{open}{}{close}", "<b/>".repeat(ITEMS - 6_500));
    let text = honest().replacen("</xades:SigningCertificateV2>", &inner, 1);
    with_signature_file(&text.replace(EXCLUSIVE, INCLUSIVE))
}

const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// In the properties that are signed, where elements of others may follow.
fn in_properties(signatures: &str, text: &str) -> String {
    let end = "</xades:SigningCertificateV2>";
    signatures.replacen(end, &format!("{end}{text}"), 1)
}

/// Inclusive canonicalization looks at each namespace for each element.
fn namespaces_over_elements() -> Vec<u8> {
    let namespaces = numbered(110, |n| format!(" xmlns:n{n}='a'"));
    let text =
        in_properties(&honest(), &format!("<d xmlns='urn:d'{namespaces}>{}</d>", "<b/>".repeat(ITEMS - 500)));
    with_signature_file(&text.replace(EXCLUSIVE, INCLUSIVE))
}

fn long_namespace_over_signatures() -> Vec<u8> {
    let root = format!("<asic:XAdESSignatures xmlns:n=\"{}\"", "a".repeat(4 << 20));
    let text = signatures(100).replacen("<asic:XAdESSignatures", &root, 1);
    with_signature_file(&text.replace(EXCLUSIVE, INCLUSIVE))
}

/// Exclusive canonicalization declares a namespace wherever it is used below an element that does not use it.
fn long_namespace_again() -> Vec<u8> {
    let root = format!("<asic:XAdESSignatures xmlns:n=\"{}\"", "a".repeat(1 << 20));
    let text = in_properties(&honest(), &"<n:b/>".repeat(ITEMS - 500));
    with_signature_file(&text.replacen("<asic:XAdESSignatures", &root, 1))
}

/// Each archive time-stamp covers all properties before it, by the method that it names.
fn properties_below_archive_time_stamps() -> Vec<u8> {
    let time_stamp = |method: &str| {
        format!(
            "<xades141:ArchiveTimeStamp xmlns:xades141=\"http://uri.etsi.org/01903/v1.4.1#\">\
             <ds:CanonicalizationMethod Algorithm=\"{method}\"/>\
             <xades:EncapsulatedTimeStamp>AA==</xades:EncapsulatedTimeStamp></xades141:ArchiveTimeStamp>"
        )
    };
    let properties = "<n:b xmlns:n='urn:n'/>".repeat((ITEMS - 600) / 2);
    let end = "</xades:UnsignedSignatureProperties>";
    let archive = [INCLUSIVE, EXCLUSIVE].map(time_stamp).concat();
    with_signature_file(&honest().replacen(end, &format!("{properties}{archive}{end}"), 1))
}

/// One signature out of an honest file, with what stands before and behind it.
fn cut_out() -> (String, String, String) {
    let honest = honest();
    let start = honest.find("<ds:Signature Id").or_else(|| honest.find("<ds:Signature ")).unwrap();
    let end = honest.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    (honest[..start].to_owned(), honest[start..end].to_owned(), honest[end..].to_owned())
}

fn one_signature() -> String {
    cut_out().1
}

/// What the bound on elements and attributes counts.
fn items(xml: &str) -> usize {
    xml.matches(['<', '=']).count()
}

fn many_signatures(count: usize) -> Vec<u8> {
    with_signature_file(&signatures(count))
}

fn signatures(count: usize) -> String {
    let (before, signature, behind) = cut_out();
    let all =
        numbered(count, |n| signature.replace("\"S0", &format!("\"S{n}")).replace("#S0", &format!("#S{n}")));
    [before, all, behind].concat()
}

// ---- documents

fn with(number: u32, object: &str) -> Vec<u8> {
    let mut sample = Sample::with_form();
    sample.set(number, object);
    sample.with_table()
}

fn packed(head: &str, content: &[u8]) -> Vec<u8> {
    let content = deflate(content);
    let mut file =
        format!("%PDF-1.7\n1 0 obj\n<<{head}/Filter/FlateDecode/Length {}>>\nstream\n", content.len())
            .into_bytes();
    file.extend_from_slice(&content);
    file.extend_from_slice(b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n");
    file
}

fn deep_fields() -> Vec<u8> {
    let mut chain = Sample::with_form();
    for number in 20..5_000 {
        chain.set(number, &format!("<</T(a)/FT/Sig/Kids[{} 0 R]>>", number + 1));
    }
    chain.set(10, "<</Fields[20 0 R]>>");
    chain.with_table()
}

fn many_fields() -> Vec<u8> {
    let mut many = Sample::with_form();
    let list: String = (20..3_000).map(|number| format!("{number} 0 R ")).collect();
    for number in 20..3_000 {
        many.set(number, &format!("<</T(a{number})/FT/Sig/V 9 0 R>>"));
    }
    many.set(10, &format!("<</Fields[{list}]>>"));
    many.with_table()
}

fn previous(offset: &str) -> Vec<u8> {
    format!("%PDF-1.7\nxref\n0 0\ntrailer\n<</Size 1/Root 1 0 R/Prev {offset}>>\nstartxref\n9\n%%EOF\n")
        .into_bytes()
}

fn many_sections() -> Vec<u8> {
    let mut file = Sample::new().with_table();
    let text = String::from_utf8_lossy(&file).into_owned();
    let mut last: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    for _ in 0..5_000 {
        let start = file.len();
        file.extend_from_slice(
            format!("xref\n0 0\ntrailer\n<</Size 10/Root 1 0 R/Prev {last}>>\nstartxref\n{start}\n%%EOF\n")
                .as_bytes(),
        );
        last = start;
    }
    file
}

/// The catalog lies in an object stream that is a bomb.
fn object_stream_bomb() -> Vec<u8> {
    let mut inner = b"1 0 <</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R>>".to_vec();
    inner.resize(1 << 30, b' ');
    let content = deflate(&inner);
    drop(inner);
    let mut file = b"%PDF-1.7\n".to_vec();
    let stream = file.len() as u8;
    file.extend_from_slice(
        format!(
            "2 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>\nstream\n",
            content.len()
        )
        .as_bytes(),
    );
    file.extend_from_slice(&content);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let start = file.len();
    let offset = u32::try_from(start).unwrap().to_be_bytes();
    let mut rows = vec![0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0, 0, 0, stream, 0];
    rows.extend([&[1][..], &offset, &[0]].concat());
    file.extend_from_slice(
        format!("3 0 obj\n<</Type/XRef/W[1 4 1]/Size 4/Root 1 0 R/Length {}>>\nstream\n", rows.len())
            .as_bytes(),
    );
    file.extend_from_slice(&rows);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}
