//! Memory, measured: a container larger than four gigabytes is signed, written, opened and validated, and the
//! process stays small. In a binary of its own, because the peak belongs to the whole process.
//!
//! `cargo test --release -p countersign-container --test large -- --ignored --nocapture` runs the large one.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr, dead_code, unreachable_pub)]

#[path = "container/make.rs"]
mod make;
#[path = "container/world.rs"]
mod world;

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Instant;

use countersign_container::{
    Container, ContainerWriter, FileName, Level, Limits, Method, Need, Policy, SignatureRequest,
    SignatureTemplate, validate,
};
use countersign_pki::algorithm::Digest;

use self::make::{authorities, request, time_stamp, unsigned};
use self::world::{WORLD, noon, seconds, xml_signature};

const PAGE: u64 = 1 << 16;

/// A file with holes: pages of zeros take no room.
#[derive(Default)]
struct Sparse {
    pages: HashMap<u64, Vec<u8>>,
    length: u64,
    at: u64,
}

impl Write for Sparse {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let (page, offset) = (self.at / PAGE, (self.at % PAGE) as usize);
        let count = buffer.len().min(PAGE as usize - offset);
        let piece = &buffer[..count];
        if let Some(known) = self.pages.get_mut(&page) {
            known[offset..offset + count].copy_from_slice(piece);
        } else if piece.iter().any(|byte| *byte != 0) {
            let mut fresh = vec![0; PAGE as usize];
            fresh[offset..offset + count].copy_from_slice(piece);
            self.pages.insert(page, fresh);
        }
        self.at += count as u64;
        self.length = self.length.max(self.at);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Read for Sparse {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (page, offset) = (self.at / PAGE, (self.at % PAGE) as usize);
        let left = self.length.saturating_sub(self.at);
        let count = buffer.len().min(PAGE as usize - offset).min(usize::try_from(left).unwrap_or(usize::MAX));
        match self.pages.get(&page) {
            Some(known) => buffer[..count].copy_from_slice(&known[offset..offset + count]),
            None => buffer[..count].fill(0),
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(by) => self.length.saturating_add_signed(by),
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

/// The most memory that this process had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

/// Signs two data files, one of this size, to level LTA; writes, opens and validates the container.
fn round(size: u64) {
    let start = Instant::now();
    let mut writer = ContainerWriter::new(Sparse::default(), &[Digest::Sha256], noon())
        .unwrap()
        .with_archive_digest(Digest::Sha512);
    let name = |name: &str| FileName::parse(name).unwrap();
    let zeros = std::io::repeat(0).take(size);
    writer
        .add_data_file(name("large.bin"), "application/octet-stream", size, zeros, Method::Deflated, noon())
        .unwrap();
    writer
        .add_data_file(name("after.txt"), "text/plain", 5, &b"after"[..], Method::Deflated, noon())
        .unwrap();
    let request = SignatureRequest {
        data_files: writer.data_file_digests(Digest::Sha256).unwrap(),
        ..request(&unsigned(), &WORLD.signer, &WORLD.signer_key)
    };
    let template = SignatureTemplate::new(&request).unwrap();
    let mut signature = template.finish(&xml_signature(&WORLD.signer_key, template.dtbs())).unwrap();
    make::extend(&unsigned(), &mut signature, Level::Lt);
    let [Need::ArchiveTimeStamp { digest, input }] = &signature.needs(Level::Lta, &authorities())[..] else {
        panic!()
    };
    let imprint = writer.archive_imprint(input, *digest).unwrap();
    let token = time_stamp(*digest, &imprint, noon() + seconds(4));
    signature.add_archive_timestamp(&token, input, &imprint).unwrap();
    writer.add_signature(&signature, noon()).unwrap();
    let written = writer.finish(noon()).unwrap();
    let signed = start.elapsed();

    let start = Instant::now();
    let container = Container::open_with(written, &Limits::streaming()).unwrap();
    let policy = Policy { required_level: Level::Lta, ..Policy::default() };
    let report = validate(&container, &WORLD.anchors(), noon() + seconds(3600), &policy);
    assert!(report.is_valid(), "{report}");
    let validated = start.elapsed();
    assert_eq!(container.data_files().iter().map(|file| file.size()).collect::<Vec<_>>(), [size, 5]);
    eprintln!(
        "{} MB: signed to LTA in {signed:.1?}, opened and validated in {validated:.1?}, peak {} MB",
        size >> 20,
        peak() >> 20
    );
}

#[test]
fn memory_does_not_grow_with_the_data() {
    round(1 << 20);
    let before = peak();
    round(300 << 20);
    let grown = peak() - before;
    assert!(grown < 8 << 20, "{} MB more", grown >> 20);
}

#[test]
#[ignore = "hashes more than four gigabytes several times"]
fn more_than_four_gigabytes_fit_into_80_megabytes() {
    round((4 << 30) + (100 << 20));
    assert!(peak() < 80 << 20, "{} MB", peak() >> 20);
}
