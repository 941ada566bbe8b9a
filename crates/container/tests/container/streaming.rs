//! Containers that are written while their files pass by, and read from where they lie.

use std::io::{Cursor, Read, Seek, SeekFrom};

use countersign_container::{
    Bound, Container, ContainerWriter, Error, FileName, Level, Limits, Method, Need, SignatureTemplate,
    ZipFault,
};
use countersign_pki::algorithm::Digest;

use crate::make::{FILES, authorities, time_stamp, unsigned};
use crate::raw_zip::{RawEntry, RawZip};
use crate::world::{WORLD, lt, noon, seconds, xml_signature};

fn writer(digests: &[Digest]) -> ContainerWriter<Cursor<Vec<u8>>> {
    let mut writer = ContainerWriter::new(Cursor::new(Vec::new()), digests, noon())
        .unwrap()
        .with_archive_digest(Digest::Sha512);
    for (number, (name, media_type, content)) in FILES.iter().enumerate() {
        let method = if number == 0 { Method::Deflated } else { Method::Stored };
        let name = FileName::parse(name).unwrap();
        writer.add_data_file(name, media_type, content.len() as u64, *content, method, noon()).unwrap();
    }
    writer
}

#[test]
fn a_container_is_signed_to_lta_while_its_files_pass_by() {
    let mut writer = writer(&[Digest::Sha256]);
    assert_eq!(
        writer.data_file_digests(Digest::Sha256).unwrap(),
        unsigned().data_file_digests(Digest::Sha256).unwrap()
    );
    assert!(matches!(writer.data_file_digests(Digest::Sha384), Err(Error::DataNotHere { .. })));
    let request = countersign_container::SignatureRequest {
        data_files: writer.data_file_digests(Digest::Sha256).unwrap(),
        ..crate::make::request(&unsigned(), &WORLD.signer, &WORLD.signer_key)
    };
    let template = SignatureTemplate::new(&request).unwrap();
    let mut signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    crate::make::extend(&unsigned(), &mut signature, Level::Lt);
    let [Need::ArchiveTimeStamp { digest, input }] = &signature.needs(Level::Lta, &authorities())[..] else {
        panic!()
    };
    let imprint = writer.archive_imprint(input, *digest).unwrap();
    assert_eq!(imprint, unsigned().archive_imprint(input, *digest).unwrap());
    let token = time_stamp(*digest, &imprint, noon() + seconds(4));
    signature.add_archive_timestamp(&token, input, &imprint).unwrap();
    assert_eq!(writer.add_signature(&signature, noon()).unwrap(), "META-INF/signatures0.xml");
    let again =
        writer.add_data_file(FileName::parse("c").unwrap(), "a/b", 0, &b""[..], Method::Stored, noon());
    assert!(matches!(again, Err(Error::AlreadySigned { .. })));
    assert_eq!(writer.add_signature(&signature, noon()).unwrap(), "META-INF/signatures1.xml");
    let bytes = writer.finish(noon()).unwrap().into_inner();
    let opened = Container::from_bytes(&bytes).unwrap();
    for (name, _, content) in FILES {
        assert_eq!(opened.read_data_file(name).unwrap(), content);
    }
    let policy = countersign_container::Policy { required_level: Level::Lta, ..lt() };
    let report = countersign_container::validate(&opened, &WORLD.anchors(), noon() + seconds(3600), &policy);
    assert!(report.is_valid(), "{report}");
    assert_eq!(opened.to_bytes().unwrap(), bytes, "what is opened is written as it was");
}

#[test]
fn a_file_that_is_not_as_long_as_announced_is_an_error() {
    for (size, method) in
        [(2, Method::Stored), (4, Method::Stored), (2, Method::Deflated), (4, Method::Deflated)]
    {
        let mut writer = ContainerWriter::new(Cursor::new(Vec::new()), &[], noon()).unwrap();
        let name = FileName::parse("a").unwrap();
        let result = writer.add_data_file(name, "a/b", size, &b"abc"[..], method, noon());
        assert!(matches!(result, Err(Error::SizeChanged { expected, .. }) if expected == size), "{result:?}");
    }
    let writer = ContainerWriter::new(Cursor::new(Vec::new()), &[], noon()).unwrap();
    assert!(matches!(writer.finish(noon()), Err(Error::NoDataFiles)));
}

#[test]
fn names_and_sizes_are_bounded_in_the_writer_too() {
    let limits = Limits { data_file_bytes: 2, entries: 5, ..Limits::streaming() };
    let mut writer = ContainerWriter::new(Cursor::new(Vec::new()), &[], noon()).unwrap().with_limits(&limits);
    let mut add = |name: &str, size: u64| {
        let content = vec![0; size as usize];
        writer.add_data_file(
            FileName::parse(name).unwrap(),
            "a/b",
            size,
            &content[..],
            Method::Stored,
            noon(),
        )
    };
    add("a", 2).unwrap();
    assert!(matches!(add("A", 1), Err(Error::Name { .. })));
    let large = add("b", 3);
    assert!(matches!(large, Err(Error::LimitExceeded { bound: Bound::DataFileBytes, .. })), "{large:?}");
    add("b", 1).unwrap();
    let many = add("c", 1);
    assert!(matches!(many, Err(Error::LimitExceeded { bound: Bound::Entries, .. })), "{many:?}");
}

/// A source that counts what is read from it.
struct Counting {
    inner: Cursor<Vec<u8>>,
    read: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn a_container_is_validated_in_one_pass_over_its_files() {
    let content: Vec<u8> =
        (0..5_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut container = Container::new();
    let name = FileName::parse("large").unwrap();
    container.add_data_file(name, "a/b", &content, Method::Stored, noon()).unwrap();
    let signature = crate::make::sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt);
    container.add_signature(&signature, noon()).unwrap();
    let bytes = container.to_bytes().unwrap();
    let read = std::sync::Arc::default();
    let source = Counting { inner: Cursor::new(bytes), read: std::sync::Arc::clone(&read) };
    let opened = Container::open(source).unwrap();
    let report = countersign_container::validate(&opened, &WORLD.anchors(), noon() + seconds(3600), &lt());
    assert!(report.is_valid(), "{report}");
    let read = read.load(std::sync::atomic::Ordering::Relaxed);
    assert!(read < 6_000_000, "{read} bytes for 5 million");
}

#[test]
fn zip64_is_refused_where_nothing_needs_it_or_it_contradicts() {
    let sound = || {
        RawZip::new(vec![
            RawEntry::stored("mimetype", b"application/vnd.etsi.asic-e+zip"),
            RawEntry::stored("a.txt", b"x"),
            RawEntry::deflated("META-INF/manifest.xml", &crate::archive::manifest(&["a.txt"])),
        ])
    };
    let field = |numbers: &[u64]| {
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        [&[1, 0][..], &(numbers.len() as u16).to_le_bytes(), &numbers].concat()
    };
    let refused =
        |what: &str, bytes: &[u8], expected: ZipFault| match Container::from_bytes(bytes).map(|_| ()) {
            Err(Error::Zip { fault, .. }) => assert_eq!(fault, expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        };
    let changed = |change: &dyn Fn(&mut RawEntry)| {
        let mut zip = sound();
        change(&mut zip.entries[1]);
        zip.to_bytes()
    };
    refused("a field for nothing", &changed(&|entry| entry.extra = field(&[1])), ZipFault::Zip64);
    refused("an empty field", &changed(&|entry| entry.extra = field(&[])), ZipFault::Zip64);
    refused(
        "a local field for nothing",
        &changed(&|entry| entry.local_extra = field(&[1, 1])),
        ZipFault::Zip64,
    );
    let marked = |numbers: &'static [u64]| {
        changed(&|entry: &mut RawEntry| {
            (entry.size, entry.packed_size) = (u32::MAX, Some(u32::MAX));
            entry.extra = field(numbers);
            entry.local_extra = field(numbers);
        })
    };
    refused("sizes that fit", &marked(&[1, 1]), ZipFault::Zip64);
    refused("one size of two", &marked(&[1 << 32]), ZipFault::Zip64);
    refused("three numbers", &marked(&[1 << 32, 1 << 32, 1]), ZipFault::Zip64);
    refused("no field", &changed(&|entry| entry.size = u32::MAX), ZipFault::Zip64);
    let twice = [field(&[1 << 32, 1 << 32]), field(&[1 << 32, 1 << 32])].concat();
    refused("two fields", &changed(&|entry| entry.extra = twice.clone()), ZipFault::Zip64);

    let plain = sound().to_bytes();
    let end = plain.len() - 22;
    let with_end = |entries: u64, offset: u64, marker: bool, locator: u64| {
        let (head, tail) = plain.split_at(end);
        let directory = u32::from_le_bytes(tail[12..16].try_into().unwrap());
        let mut record = b"PK\x06\x06".to_vec();
        record.extend(44_u64.to_le_bytes());
        record.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [entries, entries, directory.into(), offset] {
            record.extend(number.to_le_bytes());
        }
        record.extend(b"PK\x06\x07\0\0\0\0");
        record.extend(locator.to_le_bytes());
        record.extend([1, 0, 0, 0]);
        let mut tail = tail.to_vec();
        if marker {
            tail[16..20].fill(0xff);
        }
        [head, &record, &tail].concat()
    };
    let offset = u64::from(u32::from_le_bytes(plain[end + 16..end + 20].try_into().unwrap()));
    refused("a record for nothing", &with_end(3, offset, false, end as u64), ZipFault::StrayBytes);
    refused("an offset that fits", &with_end(3, offset, true, end as u64), ZipFault::Zip64);
    refused("another count", &with_end(4, 1 << 32, true, end as u64), ZipFault::Zip64);
    refused("a locator that leads elsewhere", &with_end(3, 1 << 32, true, 0), ZipFault::Zip64);
    refused("a directory that ends elsewhere", &with_end(3, 1 << 32, true, end as u64), ZipFault::Overlap);
}

/// Row 13: what a million entries or an endless directory may cost.
#[test]
fn a_million_entries_are_refused_before_they_are_looked_at() {
    let mut directory = Vec::new();
    for number in 0..1_000_000_u32 {
        let mut header = vec![0; 46];
        header[..4].copy_from_slice(b"PK\x01\x02");
        header[28] = 8;
        directory.extend(header);
        directory.extend(format!("{number:08}").into_bytes());
    }
    let archive = |count: u64| {
        let mut bytes = directory.clone();
        let end = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count, count, end, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
        bytes.extend((end as u32).to_le_bytes());
        bytes.extend([0; 6]);
        bytes
    };
    let honest = archive(1_000_000);
    let start = std::time::Instant::now();
    let result = Container::open(Cursor::new(honest)).map(|_| ());
    assert!(matches!(result, Err(Error::LimitExceeded { bound: Bound::Entries, .. })), "{result:?}");
    assert!(start.elapsed() < std::time::Duration::from_millis(100), "{:?}", start.elapsed());
    let mut lie = directory.clone();
    lie.extend(b"PK\x05\x06\0\0\0\0\x03\0\x03\0");
    lie.extend((directory.len() as u32).to_le_bytes());
    lie.extend([0; 6]);
    let start = std::time::Instant::now();
    let result = Container::open(Cursor::new(lie)).map(|_| ());
    assert!(matches!(result, Err(Error::Zip { fault: ZipFault::BrokenHeader, .. })), "{result:?}");
    assert!(start.elapsed() < std::time::Duration::from_millis(100), "{:?}", start.elapsed());
}
