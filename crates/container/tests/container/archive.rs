//! The archive and its manifest: rows 1 to 19 of the list of attacks in the reference, as far as they
//! concern the container and not a signature.

use std::time::Instant;

use countersign_container::{
    Bound, Container, Error, FileName, Limits, ManifestFault, Method, NameFault, Remark, ZipFault,
};
use jiff::Timestamp;

use crate::raw_zip::{RawEntry, RawZip};

const TYPE: &str = "application/vnd.etsi.asic-e+zip";

pub(crate) fn manifest(files: &[&str]) -> Vec<u8> {
    manifest_of(&files.iter().map(|file| (*file, "text/plain")).collect::<Vec<_>>())
}

pub(crate) fn manifest_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest:manifest \
        xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\" manifest:version=\"1.2\">"
        .to_owned();
    for (path, media_type) in std::iter::once(("/", TYPE)).chain(files.iter().copied()) {
        xml += &format!(
            "<manifest:file-entry manifest:full-path=\"{path}\" manifest:media-type=\"{media_type}\"/>"
        );
    }
    (xml + "</manifest:manifest>").into_bytes()
}

/// A sound container with `a.txt` and no signature.
fn sound() -> RawZip {
    RawZip::new(vec![
        RawEntry::stored("mimetype", TYPE.as_bytes()),
        RawEntry::deflated("a.txt", b"hello hello hello hello"),
        RawEntry::deflated("META-INF/manifest.xml", &manifest(&["a.txt"])),
    ])
}

fn with_file(name: &str, listed: &str) -> RawZip {
    let mut zip = sound();
    zip.entries.insert(2, RawEntry::stored(name, b"x"));
    zip.entries[3] = RawEntry::deflated("META-INF/manifest.xml", &manifest(&["a.txt", listed]));
    zip
}

#[track_caller]
fn refused(zip: &RawZip) -> Error {
    Container::from_bytes(&zip.to_bytes()).map(|_| ()).expect_err("the container was opened")
}

#[track_caller]
fn assert_zip_fault(zip: &RawZip, expected: ZipFault) {
    match refused(zip) {
        Error::Zip { fault, .. } => assert_eq!(fault, expected),
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}

#[track_caller]
fn assert_manifest_fault(zip: &RawZip, expected: ManifestFault) {
    match refused(zip) {
        Error::Manifest { fault, .. } => assert_eq!(fault, expected),
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}

#[track_caller]
fn assert_name_fault(zip: &RawZip, expected: NameFault) {
    match refused(zip) {
        Error::Name { fault, .. } => assert_eq!(fault, expected),
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}

fn change(change: impl FnOnce(&mut RawZip)) -> RawZip {
    let mut zip = sound();
    change(&mut zip);
    zip
}

#[test]
fn a_sound_container_is_opened() {
    let container = Container::from_bytes(&sound().to_bytes()).unwrap();
    assert_eq!(container.data_files().len(), 1);
    assert_eq!(container.read_data_file("a.txt").unwrap(), b"hello hello hello hello");
    assert!(container.remarks().is_empty());
    assert!(matches!(container.read_data_file("b.txt"), Err(Error::NoSuchDataFile { .. })));
}

#[test]
fn harmless_variants_are_opened() {
    let mut variants = vec![
        ("comment", change(|zip| zip.comment = format!("mimetype={TYPE}").into_bytes())),
        ("descriptor", change(|zip| zip.entries[1] = zip.entries[1].clone().with_descriptor())),
        (
            "descriptor without magic",
            change(|zip| {
                zip.entries[1] = zip.entries[1].clone().with_descriptor();
                zip.entries[1].after.drain(..4);
            }),
        ),
        (
            "time fields",
            change(|zip| {
                zip.entries[1].local_extra = vec![0x55, 0x54, 5, 0, 1, 0, 0, 0, 0];
                zip.entries[1].extra = vec![0x55, 0x54, 5, 0, 1, 0, 0, 0, 0];
            }),
        ),
        ("no UTF-8 flag", {
            let mut zip = with_file("õ.txt", "õ.txt");
            zip.entries[2].flags = 0;
            zip
        }),
        ("a folder", change(|zip| zip.entries.push(RawEntry::stored("META-INF/", b"")))),
        (
            "a plain Unix file",
            change(|zip| (zip.entries[1].made_by, zip.entries[1].attributes) = (0x0314, 0o100644 << 16)),
        ),
        ("other order", change(|zip| zip.directory_order = Some(vec![0, 2, 1]))),
    ];
    variants.push(("manifest with a byte order mark", {
        let with_mark = [b"\xef\xbb\xbf".to_vec(), manifest(&["a.txt"])].concat();
        change(|zip| zip.entries[2] = RawEntry::deflated("META-INF/manifest.xml", &with_mark))
    }));
    for (what, zip) in variants {
        if let Err(error) = Container::from_bytes(&zip.to_bytes()) {
            panic!("{what}: {error}");
        }
    }
}

#[test]
fn a_line_of_text_as_comment_is_remarked() {
    let zip =
        change(|zip| zip.comment = b"LIB DigiDoc4j/6.1.0 format: application/vnd.etsi.asic-e+zip".to_vec());
    let container = Container::from_bytes(&zip.to_bytes()).unwrap();
    assert!(matches!(container.remarks(), [Remark::Comment { text }] if text.starts_with("LIB DigiDoc4j")));
    for comment in ["mimetype=application/vnd.etsi.asic-s+zip", "a\nb", "PK\u{5}\u{6}", "õ", &"a".repeat(201)]
    {
        assert_zip_fault(&change(|zip| zip.comment = comment.as_bytes().to_vec()), ZipFault::Comment);
    }
}

#[test]
fn the_mimetype_is_first_stored_bare_and_exact() {
    let with = |entry: RawEntry| change(|zip| zip.entries[0] = entry);
    let right = || RawEntry::stored("mimetype", TYPE.as_bytes());
    let wrong = [
        ("not first", change(|zip| zip.entries.swap(0, 1))),
        ("absent", change(|zip| drop(zip.entries.remove(0)))),
        ("deflated", with(RawEntry::deflated("mimetype", TYPE.as_bytes()))),
        ("extra field", with(RawEntry { local_extra: vec![0x55, 0x54, 1, 0, 0], ..right() })),
        ("descriptor", with(right().with_descriptor())),
        ("newline", with(RawEntry::stored("mimetype", format!("{TYPE}\n").as_bytes()))),
        ("byte order mark", with(RawEntry::stored("mimetype", format!("\u{feff}{TYPE}").as_bytes()))),
        ("other type", with(RawEntry::stored("mimetype", b"application/vnd.etsi.asic-x+zip"))),
        ("empty archive", RawZip::default()),
    ];
    for (what, zip) in wrong {
        let error = refused(&zip);
        assert!(matches!(error, Error::Mimetype { .. }), "{what}: {error:?}");
    }
    let bytes = sound().to_bytes();
    assert_eq!((&bytes[30..38], &bytes[38..69]), (&b"mimetype"[..], TYPE.as_bytes()));
}

#[test]
fn the_mimetype_has_to_be_first_in_the_directory_too() {
    let zip = change(|zip| zip.directory_order = Some(vec![1, 0, 2]));
    assert_zip_fault(&zip, ZipFault::HeaderMismatch);
}

#[test]
fn a_manifest_has_to_describe_exactly_the_files_that_are_there() {
    let manifest_of =
        |xml: Vec<u8>| change(|zip| zip.entries[2] = RawEntry::stored("META-INF/manifest.xml", &xml));
    let of_type_s = String::from_utf8(manifest(&["a.txt"])).unwrap().replace("asic-e", "asic-s");
    assert_manifest_fault(&manifest_of(of_type_s.into_bytes()), ManifestFault::RootType);
    assert_manifest_fault(&change(|zip| drop(zip.entries.pop())), ManifestFault::Missing);
    assert_manifest_fault(&manifest_of(manifest(&["a.txt", "b.txt"])), ManifestFault::FileMissing);
    assert_manifest_fault(&manifest_of(manifest(&[])), ManifestFault::NotListed);
    assert_manifest_fault(&manifest_of(manifest(&["a.txt", "a.txt"])), ManifestFault::Duplicate);
    assert!(matches!(
        refused(&manifest_of(b"<a/>".to_vec())),
        Error::Manifest { fault: ManifestFault::Root, .. }
    ));
    assert!(matches!(refused(&manifest_of(b"no XML".to_vec())), Error::Xml { .. }));
    assert!(matches!(refused(&manifest_of(vec![0xff; 10])), Error::Xml { .. }));
}

#[test]
fn one_name_stands_for_one_entry() {
    let zip = change(|zip| zip.entries.push(RawEntry::stored("a.txt", b"another")));
    assert_zip_fault(&zip, ZipFault::DuplicateName);
    let zip = change(|zip| zip.entries.push(RawEntry::stored("a.txt/", b"")));
    assert_zip_fault(&zip, ZipFault::DuplicateName);
    let zip = change(|zip| {
        let field = [&[0x75, 0x70, 11, 0, 1, 0, 0, 0, 0][..], b"b.text"].concat();
        zip.entries[1].extra = field;
    });
    assert_zip_fault(&zip, ZipFault::ExtraField);
}

#[test]
fn names_that_collide_on_a_disk_are_refused_when_writing_and_remarked_when_reading() {
    for (first, second) in [("a.txt", "A.TXT"), ("\u{f5}.txt", "o\u{303}.txt"), ("ÕUN", "õun")] {
        let mut container = Container::new();
        let now = Timestamp::UNIX_EPOCH;
        let add = |container: &mut Container, name| {
            container.add_data_file(FileName::parse(name).unwrap(), "text/plain", b"x", Method::Stored, now)
        };
        add(&mut container, first).unwrap();
        match add(&mut container, second) {
            Err(Error::Name { fault: NameFault::TooSimilar, .. }) => {}
            other => panic!("{first} and {second}: {other:?}"),
        }
        let mut zip = sound();
        zip.entries.truncate(1);
        zip.entries.push(RawEntry::stored(first, b"1"));
        zip.entries.push(RawEntry::stored(second, b"2"));
        zip.entries.push(RawEntry::stored("META-INF/manifest.xml", &manifest(&[first, second])));
        let opened = Container::from_bytes(&zip.to_bytes()).unwrap();
        assert!(matches!(opened.remarks(), [Remark::SimilarNames { .. }]), "{first} and {second}");
    }
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for (name, fault) in [
        ("../evil.txt", NameFault::Segment),
        ("a/../../evil.txt", NameFault::Segment),
        ("/evil.txt", NameFault::Absolute),
        ("C:/evil.txt", NameFault::Absolute),
        ("..\\evil.txt", NameFault::Backslash),
        ("a//b", NameFault::Segment),
        ("a\0b", NameFault::ControlCharacter),
        ("a\rb", NameFault::ControlCharacter),
        ("", NameFault::Length),
        ("//", NameFault::Absolute),
    ] {
        assert_name_fault(&with_file(name, "b.txt"), fault);
    }
    assert_name_fault(&with_file("Mimetype", "Mimetype"), NameFault::Reserved);
    let mut zip = with_file("b.txt", "b.txt");
    zip.entries[2].name = b"\xff\xfe".to_vec();
    assert_name_fault(&zip, NameFault::NotUtf8);
}

#[test]
fn headers_that_differ_are_refused() {
    let first = |change: fn(&mut RawEntry)| {
        let mut zip = sound();
        change(&mut zip.entries[1]);
        zip
    };
    let cases = [
        first(|entry| entry.local_name = Some(b"b.txt".to_vec())),
        first(|entry| entry.local_method = Some(0)),
        first(|entry| entry.local_crc32 = Some(1)),
        first(|entry| entry.local_size = Some(1)),
        first(|entry| entry.local_flags = Some(0)),
    ];
    for zip in cases {
        assert_zip_fault(&zip, ZipFault::HeaderMismatch);
    }
    let mut zip = sound();
    zip.entries[1] = zip.entries[1].clone().with_descriptor();
    zip.entries[1].after[5] ^= 1;
    assert_zip_fault(&zip, ZipFault::Descriptor);
}

#[test]
fn bytes_that_belong_to_no_entry_are_refused() {
    let shell = b"#!/bin/sh\n".to_vec();
    assert_zip_fault(&change(|zip| zip.prefix = shell.clone()), ZipFault::StrayBytes);
    assert_zip_fault(&change(|zip| zip.entries[1].after = shell.clone()), ZipFault::StrayBytes);
    assert_zip_fault(&change(|zip| zip.before_directory = shell.clone()), ZipFault::StrayBytes);
    assert_zip_fault(&change(|zip| zip.suffix = shell.clone()), ZipFault::NotAnArchive);
    assert_zip_fault(&change(|zip| zip.comment = shell.clone()), ZipFault::Comment);
    let two = [sound().to_bytes(), sound().to_bytes()].concat();
    assert!(matches!(Container::from_bytes(&two), Err(Error::Zip { fault: ZipFault::StrayBytes, .. })));
    // A whole archive as the comment of another: readers that search from the front see the other one.
    let inner = sound().to_bytes();
    let outer = change(|zip| zip.comment = inner.clone()).to_bytes();
    assert!(Container::from_bytes(&outer).is_err());
    for bytes in [&b""[..], b"PK", b"not an archive, but longer than an end record is"] {
        assert!(matches!(
            Container::from_bytes(bytes),
            Err(Error::Zip { fault: ZipFault::NotAnArchive, .. })
        ));
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = sound().to_bytes();
    for length in 0..bytes.len() {
        assert!(Container::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn odd_entries_are_refused() {
    let first = |change: &dyn Fn(&mut RawEntry)| {
        let mut zip = sound();
        change(&mut zip.entries[1]);
        zip
    };
    assert_zip_fault(&first(&|entry| entry.flags |= 1), ZipFault::Flags);
    assert_zip_fault(&first(&|entry| entry.flags |= 1 << 6), ZipFault::Flags);
    assert_zip_fault(&first(&|entry| entry.flags |= 1 << 13), ZipFault::Flags);
    for method in [1, 9, 12, 14, 93, 98, 99] {
        assert_zip_fault(&first(&|entry| entry.method = method), ZipFault::Method);
    }
    assert_zip_fault(&change(|zip| zip.disk = 1), ZipFault::MultiDisk);
    let symlink = |entry: &mut RawEntry| (entry.made_by, entry.attributes) = (0x0314, 0o120777 << 16);
    assert_zip_fault(&first(&symlink), ZipFault::NotAFile);
    let device = |entry: &mut RawEntry| (entry.made_by, entry.attributes) = (0x0314, 0o020666 << 16);
    assert_zip_fault(&first(&device), ZipFault::NotAFile);
    assert_zip_fault(&first(&|entry| entry.name = b"a.txt/".to_vec()), ZipFault::NotAFile);
    assert_zip_fault(&first(&|entry| entry.size = u32::MAX), ZipFault::Zip64);
    assert_zip_fault(
        &first(&|entry| entry.extra = vec![1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ZipFault::Zip64,
    );
    assert_zip_fault(&first(&|entry| entry.extra = vec![1, 0, 8]), ZipFault::ExtraField);
    assert_zip_fault(&change(|zip| zip.count = Some(2)), ZipFault::StrayBytes);
    assert_zip_fault(&change(|zip| zip.count = Some(4)), ZipFault::BrokenHeader);
}

#[test]
fn content_has_to_be_what_the_headers_say() {
    let first = |change: &dyn Fn(&mut RawEntry)| {
        let mut zip = sound();
        change(&mut zip.entries[1]);
        zip
    };
    assert_zip_fault(&first(&|entry| entry.crc32 ^= 1), ZipFault::Checksum);
    assert_zip_fault(&first(&|entry| entry.size -= 1), ZipFault::Size);
    assert_zip_fault(&first(&|entry| entry.size += 1), ZipFault::Size);
    assert_zip_fault(&first(&|entry| entry.packed.push(0)), ZipFault::Deflate);
    assert_zip_fault(&first(&|entry| entry.packed.truncate(entry.packed.len() - 1)), ZipFault::Deflate);
    assert_zip_fault(&first(&|entry| entry.packed[0] = 0xff), ZipFault::Deflate);
    let stored = change(|zip| {
        zip.entries[1] = RawEntry::stored("a.txt", b"hello");
        zip.entries[1].size = 4;
    });
    assert_zip_fault(&stored, ZipFault::Size);
}

#[test]
fn bombs_cost_little() {
    let start = Instant::now();
    let zeros = vec![0; 20 << 20];
    // Deflated zeros: a thousandth of their size.
    let bomb = change(|zip| zip.entries[1] = RawEntry::deflated("a.txt", &zeros));
    assert!(matches!(refused(&bomb), Error::LimitExceeded { bound: Bound::Ratio, .. }));
    // The same with a lie about the size.
    let liar = change(|zip| {
        zip.entries[1] = RawEntry::deflated("a.txt", &zeros);
        zip.entries[1].size = 100;
    });
    assert_zip_fault(&liar, ZipFault::Size);
    // As the manifest.
    let manifest = change(|zip| zip.entries[2] = RawEntry::deflated("META-INF/manifest.xml", &zeros));
    assert!(matches!(refused(&manifest), Error::LimitExceeded { bound: Bound::MetadataBytes, .. }));
    // Many entries.
    let many = change(|zip| {
        zip.entries.extend((0..300).map(|n| RawEntry::stored(&format!("{n}"), b"x")));
    });
    assert!(matches!(refused(&many), Error::LimitExceeded { bound: Bound::Entries, .. }));
    // Entries that share their bytes.
    let overlap = change(|zip| {
        zip.entries.extend((0..100).map(|n| RawEntry::deflated(&format!("{n}"), &zeros[..1 << 20])));
        for entry in &mut zip.entries[3..] {
            entry.offset = Some(38 + 31);
        }
    });
    assert_zip_fault(&overlap, ZipFault::Overlap);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn limits_are_the_callers_to_set() {
    let bytes = sound().to_bytes();
    let open = |limits: Limits| Container::from_bytes_with(&bytes, &limits);
    let bound = |limits: Limits| match open(limits) {
        Err(Error::LimitExceeded { bound, .. }) => bound,
        other => panic!("{other:?}"),
    };
    assert!(open(Limits::default()).is_ok());
    assert_eq!(bound(Limits { entries: 2, ..Limits::default() }), Bound::Entries);
    assert_eq!(bound(Limits { data_file_bytes: 10, ..Limits::default() }), Bound::DataFileBytes);
    assert_eq!(bound(Limits { metadata_bytes: 100, ..Limits::default() }), Bound::MetadataBytes);
    assert_eq!(bound(Limits { all_metadata_bytes: 100, ..Limits::default() }), Bound::AllMetadataBytes);
    assert_eq!(bound(Limits { total_bytes: 100, ..Limits::default() }), Bound::TotalBytes);
    assert_eq!(bound(Limits { xml_items: 3, ..Limits::default() }), Bound::XmlItems);
}

#[test]
fn extra_files_in_meta_inf_are_shown_as_unsigned() {
    let zip = change(|zip| zip.entries.push(RawEntry::stored("META-INF/evil.bin", b"x")));
    let container = Container::from_bytes(&zip.to_bytes()).unwrap();
    assert_eq!(container.remarks(), [Remark::UnsignedMetadata { name: "META-INF/evil.bin".to_owned() }]);
    assert_eq!(container.data_files().len(), 1);
}

#[test]
fn hostile_xml_in_a_signatures_file_refuses_the_container() {
    let entity_bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><a>&b;</a>";
    let external = "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>";
    let deep = "<a>".repeat(100) + &"</a>".repeat(100);
    let attributes = format!("<a{}/>", (0..300_000).map(|n| format!(" a{n}=''")).collect::<String>());
    for xml in [entity_bomb, external, &deep, &attributes, "<a>", "", "text"] {
        let zip = change(|zip| {
            zip.entries.push(RawEntry::stored("META-INF/signatures0.xml", xml.as_bytes()));
        });
        let error = refused(&zip);
        assert!(matches!(error, Error::Xml { .. } | Error::LimitExceeded { .. }), "{error:?}");
    }
}

#[test]
fn what_is_written_reads_back_and_is_the_same_everywhere() {
    let mut container = Container::new();
    let time: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    assert!(matches!(container.to_bytes(), Err(Error::NoDataFiles)));
    let files = [
        ("Leping õäöüšž.txt", "text/plain", b"tere tere tere tere tere".to_vec()),
        ("договор/приложение №1.bin", "application/octet-stream", (0..=255).collect()),
        ("📄 ✍️.txt", "text/plain", Vec::new()),
        ("zeros", "application/octet-stream", vec![0; 2 << 20]),
    ];
    for (name, media_type, content) in &files {
        let name = FileName::parse(name).unwrap();
        container.add_data_file(name, media_type, content, Method::Deflated, time).unwrap();
    }
    let bytes = container.to_bytes().unwrap();
    assert_eq!(bytes, container.to_bytes().unwrap());
    assert_eq!(&bytes[26..69], format!("\u{8}\0\0\0mimetype{TYPE}").as_bytes());
    let opened = Container::from_bytes(&bytes).unwrap();
    assert_eq!(opened.data_files().len(), files.len());
    for (file, (name, media_type, content)) in opened.data_files().iter().zip(&files) {
        assert_eq!((file.name().as_str(), file.media_type()), (*name, *media_type));
        assert_eq!(&opened.read_data_file(name).unwrap(), content);
    }
    assert_eq!(opened.to_bytes().unwrap(), bytes, "an opened container is written as it was");
}

#[test]
fn any_flipped_byte_of_the_archive_is_refused_or_changes_no_content() {
    let bytes = sound().to_bytes();
    let content = b"hello hello hello hello";
    for at in 0..bytes.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            if let Ok(container) = Container::from_bytes(&changed) {
                // Times, version numbers and attributes say nothing about content.
                assert_eq!(container.data_files().len(), 1, "byte {at}");
                assert_eq!(container.read_data_file("a.txt").unwrap(), content, "byte {at}");
            }
        }
    }
}
