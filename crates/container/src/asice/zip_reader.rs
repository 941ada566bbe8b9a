//! A ZIP reader that takes a container only when every reader would see the same files in it.
//!
//! Two programs that read one archive differently are an attack: one validates, the other shows
//! something else. General readers are lenient (the common ones keep the last of two entries with one
//! name, or trust either of two headers), so this one is our own. It maps every byte of the file to
//! exactly one structure: entries follow each other without gaps from the first byte, the central
//! directory follows the last entry, the end record follows the directory and ends the file.
//!
//! ```text
//! local header · name · extra · data [· data descriptor]     APPNOTE 6.3 §4.3.7–4.3.9
//! …
//! central directory headers                                 §4.3.12
//! [ZIP64 end record · ZIP64 locator]                        §4.3.14, §4.3.15
//! end of central directory record [· comment]               §4.3.16
//! ```
//!
//! ZIP64 is read where a size, an offset or the count needs it, and refused where it does not: a second
//! place for a number is a second opinion.

use std::collections::HashSet;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::unpack::{Packing, check_size, unpack};
use crate::error::{Bound, Error, NameFault, Result, ZipFault};
use crate::limits::Limits;
use crate::name::{check_path, is_metadata};

/// How an entry's bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As they are (method 0).
    Stored,
    /// DEFLATE, RFC 1951 (method 8).
    Deflated,
}

impl Method {
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// One entry, after everything that the two headers say about it was found to agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZipEntry {
    /// The name; a directory's ends with `/`.
    pub name: String,
    /// How the bytes are packed.
    pub method: Method,
    /// CRC-32 of the unpacked bytes, as declared.
    pub crc32: u32,
    /// Packed size in bytes.
    pub packed_size: u64,
    /// Unpacked size in bytes, as declared.
    pub size: u64,
    /// Modification time and date, the two MS-DOS words as they are in the header.
    pub dos_time: (u16, u16),
    /// Bytes of extra fields in the local header.
    pub local_extra_bytes: u16,
    /// Whether sizes follow the data instead of standing before it.
    pub has_descriptor: bool,
    /// Where the packed bytes start.
    pub data_offset: u64,
}

impl ZipEntry {
    /// Whether this is a directory entry, which has no content.
    pub fn is_directory(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// An archive whose structure was checked, with its content still to be read.
#[derive(Debug)]
pub struct ZipReader<R> {
    source: R,
    limits: Limits,
    entries: Vec<ZipEntry>,
    comment: Vec<u8>,
}

impl<R: Read + Seek> ZipReader<R> {
    /// Scans the directory and all local headers.
    ///
    /// # Errors
    ///
    /// [`Error::Zip`], [`Error::Name`] or [`Error::LimitExceeded`]; see the variants of
    /// [`ZipFault`] for everything that is refused.
    pub fn open(mut source: R, limits: &Limits) -> Result<Self> {
        let length = source.seek(SeekFrom::End(0))?;
        let end = EndRecord::find(&mut source, length)?;
        if end.entries > limits.entries as u64 {
            return Err(Error::limit(Bound::Entries, None, limits.entries as u64, end.entries));
        }
        let mut entries = read_directory(&mut source, &end, limits)?;
        check_names(&entries)?;
        // What comes out is counted against the declared sizes later.
        let (mut total, mut metadata) = (0_u64, 0_u64);
        for entry in &entries {
            total = total.saturating_add(entry.header.size);
            if is_metadata(&entry.name) {
                metadata = metadata.saturating_add(entry.header.size);
            }
        }
        for (bound, allowed, found) in [
            (Bound::TotalBytes, limits.total_bytes, total),
            (Bound::AllMetadataBytes, limits.all_metadata_bytes, metadata),
        ] {
            if found > allowed {
                return Err(Error::limit(bound, None, allowed, found));
            }
        }
        // The mimetype has to come first for those who read the directory, too.
        let listed_first = entries.first().map(|entry| entry.offset);
        entries.sort_by_key(|entry| entry.offset);
        if listed_first != entries.first().map(|entry| entry.offset) {
            let name = entries.first().map(|entry| entry.name.as_str());
            return Err(Error::zip(
                ZipFault::HeaderMismatch,
                name,
                "the first entry of the file to be the first of the directory",
                "another order",
            ));
        }
        let mut at = 0;
        let mut checked = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let next = entries.get(index + 1).map_or(end.directory_offset, |next| next.offset);
            if entry.offset != at {
                let fault = if entry.offset > at { ZipFault::StrayBytes } else { ZipFault::Overlap };
                return Err(Error::zip(
                    fault,
                    Some(&entry.name),
                    format!("header at byte {at}"),
                    entry.offset,
                ));
            }
            checked.push(entry.check_local(&mut source, next)?);
            at = next;
        }
        if entries.is_empty() && end.directory_offset != 0 {
            return Err(Error::zip(
                ZipFault::StrayBytes,
                None,
                "an empty archive",
                format!("{} bytes", end.directory_offset),
            ));
        }
        Ok(Self { source, limits: *limits, entries: checked, comment: end.comment })
    }

    /// The entries in the order in which they lie in the file.
    pub fn entries(&self) -> &[ZipEntry] {
        &self.entries
    }

    /// The archive comment; empty when there is none.
    pub fn comment(&self) -> &[u8] {
        &self.comment
    }

    /// Unpacks an entry, and checks what comes out against size and checksum. The unpacked bytes pass
    /// through `sink` in pieces; nothing is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Zip`] when the bytes do not unpack to what the headers declare,
    /// [`Error::LimitExceeded`] as soon as they unpack to too much, [`Error::Io`], and what `sink`
    /// returns.
    pub fn unpack(&mut self, entry: &ZipEntry, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.source.seek(SeekFrom::Start(entry.data_offset))?;
        let packed = BufReader::with_capacity(READ_BYTES, (&mut self.source).take(entry.packed_size));
        unpack(&entry.packing(), packed, &self.limits, sink)
    }

    /// The source, and the entries with the comment.
    pub(super) fn into_parts(self) -> (R, Vec<ZipEntry>, Vec<u8>) {
        (self.source, self.entries, self.comment)
    }
}

impl ZipEntry {
    pub(crate) fn packing(&self) -> Packing<'_> {
        Packing {
            name: &self.name,
            method: self.method,
            crc32: self.crc32,
            packed_size: self.packed_size,
            size: self.size,
        }
    }
}

/// How much is read from the source at a time.
pub(super) const READ_BYTES: usize = 1 << 17;
const END_SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const END_BYTES: u64 = 22;
const END64_SIGNATURE: u32 = 0x0606_4b50;
const END64_BYTES: u64 = 56;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
const LOCATOR_BYTES: u64 = 20;
/// What a 32-bit field says when the number is elsewhere.
pub(super) const MARKER: u64 = u32::MAX as u64;
const DIRECTORY_SIGNATURE: u32 = 0x0201_4b50;
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const LOCAL_BYTES: u64 = 30;
const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;
const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;
/// Bits 1 and 2 tell how hard the packer tried.
const FLAGS_ACCEPTED: u16 = (1 << 1) | (1 << 2) | FLAG_DESCRIPTOR | FLAG_UTF8;
pub(super) const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

struct EndRecord {
    entries: u64,
    directory_offset: u64,
    directory_bytes: u64,
    comment: Vec<u8>,
}

impl EndRecord {
    fn find(source: &mut (impl Read + Seek), length: u64) -> Result<Self> {
        let not_an_archive = || {
            Error::zip(
                ZipFault::NotAnArchive,
                None,
                "a ZIP end record that ends the file",
                format!("{length} bytes without one"),
            )
        };
        if length < END_BYTES {
            return Err(not_an_archive());
        }
        let tail_bytes = length.min(END_BYTES + u64::from(u16::MAX));
        let tail_offset = length - tail_bytes;
        let tail = read_at(source, tail_offset, tail_bytes as usize)?;
        // From the end: with no comment the record is the last 22 bytes, and that reading wins.
        let mut at = tail.len() - END_BYTES as usize;
        let record = loop {
            let record = &tail[at..];
            let comment_bytes = usize::from(u16_at(record, 20));
            if record[..4] == END_SIGNATURE && record.len() == END_BYTES as usize + comment_bytes {
                break record;
            }
            at = at.checked_sub(1).ok_or_else(not_an_archive)?;
        };
        let disks = [u16_at(record, 4), u16_at(record, 6)];
        let entries = u16_at(record, 10);
        if disks != [0, 0] || u16_at(record, 8) != entries {
            return Err(Error::zip(ZipFault::MultiDisk, None, "one disk", format!("disks {disks:?}")));
        }
        let short = Self {
            entries: entries.into(),
            directory_bytes: u32_at(record, 12).into(),
            directory_offset: u32_at(record, 16).into(),
            comment: record[END_BYTES as usize..].to_vec(),
        };
        let mut end_offset = tail_offset + at as u64;
        let marked = entries == u16::MAX || [short.directory_bytes, short.directory_offset].contains(&MARKER);
        let end = if marked { short.find_zip64(source, &mut end_offset)? } else { short };
        let expected = end.directory_offset.saturating_add(end.directory_bytes);
        if expected != end_offset {
            let fault = if expected < end_offset { ZipFault::StrayBytes } else { ZipFault::Overlap };
            return Err(Error::zip(
                fault,
                None,
                format!("the central directory to end at byte {end_offset}"),
                expected,
            ));
        }
        Ok(end)
    }

    /// The numbers from the ZIP64 record, which stands right before its locator and this record; each
    /// is there only because it does not fit here. `end_offset` becomes where it starts.
    fn find_zip64(self, source: &mut (impl Read + Seek), end_offset: &mut u64) -> Result<Self> {
        let fault = |expected: &str, found: &str| Error::zip(ZipFault::Zip64, None, expected, found);
        let expected = "a ZIP64 end record and its locator before the end record";
        let start = end_offset.checked_sub(LOCATOR_BYTES + END64_BYTES);
        let start = start.ok_or_else(|| fault(expected, "no room for them"))?;
        let bytes = read_at(source, start, (LOCATOR_BYTES + END64_BYTES) as usize)?;
        let (record, locator) = bytes.split_at(END64_BYTES as usize);
        if u32_at(record, 0) != END64_SIGNATURE || u32_at(locator, 0) != LOCATOR_SIGNATURE {
            return Err(fault(expected, "other magic numbers"));
        }
        if u64_at(locator, 8) != start || u64_at(record, 4) != END64_BYTES - 12 {
            return Err(fault(expected, "an offset or a size that leads elsewhere"));
        }
        let disks = [u32_at(locator, 4), u32_at(record, 16), u32_at(record, 20)];
        if disks != [0, 0, 0] || u32_at(locator, 16) != 1 || u64_at(record, 24) != u64_at(record, 32) {
            return Err(Error::zip(ZipFault::MultiDisk, None, "one disk", format!("disks {disks:?}")));
        }
        let long = |short: u64, marker: u64, long: u64| match short == marker {
            true if long >= marker => Ok(long),
            true => Err(fault("ZIP64 only where a number needs it", "a number that fits into its field")),
            false if short == long => Ok(short),
            false => Err(fault("the same number in both end records", "two numbers")),
        };
        *end_offset = start;
        Ok(Self {
            entries: long(self.entries, u16::MAX.into(), u64_at(record, 32))?,
            directory_bytes: long(self.directory_bytes, MARKER, u64_at(record, 40))?,
            directory_offset: long(self.directory_offset, MARKER, u64_at(record, 48))?,
            comment: self.comment,
        })
    }
}

/// The fields that both headers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    flags: u16,
    method: u16,
    dos_time: (u16, u16),
    crc32: u32,
    packed_size: u64,
    size: u64,
}

impl Header {
    /// With markers where they are; [`Self::resolve`] puts the numbers in their place.
    fn parse(bytes: &[u8]) -> Self {
        Self {
            flags: u16_at(bytes, 0),
            method: u16_at(bytes, 2),
            dos_time: (u16_at(bytes, 4), u16_at(bytes, 6)),
            crc32: u32_at(bytes, 8),
            packed_size: u32_at(bytes, 12).into(),
            size: u32_at(bytes, 16).into(),
        }
    }

    /// Whether one of the sizes does not fit into 32 bits. Then both may stand in the ZIP64 field.
    fn is_long(&self) -> bool {
        self.size >= MARKER || self.packed_size >= MARKER
    }

    /// Takes the sizes from a ZIP64 field, which has one for each marker: size, packed size, offset
    /// (APPNOTE §4.5.3). A field that nothing asks for, or a number that fits where the marker is, is refused.
    fn resolve(&mut self, offset: Option<&mut u64>, zip64: Option<&[u8]>, name: &str) -> Result<()> {
        let fault = |found: &str| {
            Error::zip(
                ZipFault::Zip64,
                Some(name),
                "a ZIP64 field with exactly the numbers it stands for",
                found,
            )
        };
        let mut rest = zip64.unwrap_or_default();
        let mut next = |field: &mut u64| -> Result<()> {
            if *field != MARKER {
                return Ok(());
            }
            let (number, after) = rest.split_at_checked(8).ok_or_else(|| fault("too few"))?;
            *field = u64_at(number, 0);
            rest = after;
            Ok(())
        };
        let marked = self.size == MARKER || self.packed_size == MARKER;
        next(&mut self.size)?;
        next(&mut self.packed_size)?;
        if marked && !self.is_long() {
            return Err(fault("sizes that fit into their fields"));
        }
        if let Some(offset) = offset
            && *offset == MARKER
        {
            next(offset)?;
            if *offset < MARKER {
                return Err(fault("an offset that fits into its field"));
            }
        }
        if !rest.is_empty() || (zip64.is_some_and(<[u8]>::is_empty)) {
            return Err(fault("more than that"));
        }
        Ok(())
    }
}

struct DirectoryEntry {
    name: String,
    header: Header,
    method: Method,
    offset: u64,
}

fn read_directory(
    source: &mut (impl Read + Seek),
    end: &EndRecord,
    limits: &Limits,
) -> Result<Vec<DirectoryEntry>> {
    const FIXED: usize = 46;
    // At most 64 KiB of name, extra field and comment each; real ones have under a hundred bytes.
    let allowed = end.entries * (FIXED as u64 + 4096);
    if end.directory_bytes > allowed {
        return Err(Error::zip(
            ZipFault::BrokenHeader,
            None,
            format!("a central directory of at most {allowed} bytes"),
            end.directory_bytes,
        ));
    }
    let directory = read_at(source, end.directory_offset, end.directory_bytes as usize)?;
    let mut rest = &directory[..];
    let mut entries = Vec::with_capacity(end.entries as usize);
    let broken =
        |found: &str| Error::zip(ZipFault::BrokenHeader, None, "a complete central directory header", found);
    for _ in 0..end.entries {
        if rest.len() < FIXED || u32_at(rest, 0) != DIRECTORY_SIGNATURE {
            return Err(broken("another magic number, or the end"));
        }
        let (made_by, mut header) = (u16_at(rest, 4), Header::parse(&rest[8..]));
        let [name_bytes, extra_bytes, comment_bytes] = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
        let (disk, attributes, mut offset) =
            (u16_at(rest, 34), u32_at(rest, 38), u64::from(u32_at(rest, 42)));
        let total = FIXED + name_bytes + extra_bytes + comment_bytes;
        if rest.len() < total {
            return Err(broken("the end in the middle of one"));
        }
        let raw_name = &rest[FIXED..FIXED + name_bytes];
        let name = entry_name(raw_name)?;
        let extra = &rest[FIXED + name_bytes..FIXED + name_bytes + extra_bytes];
        let zip64 = check_extra(extra, &name, raw_name)?;
        header.resolve(Some(&mut offset), zip64, &name)?;
        rest = &rest[total..];
        if disk != 0 {
            return Err(Error::zip(ZipFault::MultiDisk, Some(&name), "disk 0", disk));
        }
        let entry = DirectoryEntry { method: check_header(&name, &header)?, name, header, offset };
        check_kind(&entry, made_by, attributes)?;
        check_size(&entry.name, header.size, header.packed_size, limits)?;
        entries.push(entry);
    }
    if !rest.is_empty() {
        return Err(Error::zip(
            ZipFault::StrayBytes,
            None,
            "the end record after the last directory header",
            format!("{} more bytes", rest.len()),
        ));
    }
    Ok(entries)
}

fn entry_name(raw: &[u8]) -> Result<String> {
    // Without the UTF-8 flag the name is formally code page 437. Writers that forget the flag are
    // common and write UTF-8 all the same; anything else is ambiguous and refused.
    let name = std::str::from_utf8(raw).map_err(|_| Error::Name {
        name: String::from_utf8_lossy(raw).into_owned(),
        fault: NameFault::NotUtf8,
    })?;
    check_path(name.strip_suffix('/').unwrap_or(name))?;
    Ok(name.to_owned())
}

fn check_header(name: &str, header: &Header) -> Result<Method> {
    if header.flags & !FLAGS_ACCEPTED != 0 {
        let found = if header.flags & 1 != 0 {
            "an encrypted entry".to_owned()
        } else {
            format!("{:#06x}", header.flags)
        };
        return Err(Error::zip(ZipFault::Flags, Some(name), "a plain entry", found));
    }
    match header.method {
        0 if header.packed_size != header.size => {
            Err(Error::zip(ZipFault::Size, Some(name), header.packed_size, header.size))
        }
        0 => Ok(Method::Stored),
        8 => Ok(Method::Deflated),
        other => Err(Error::zip(ZipFault::Method, Some(name), "stored (0) or deflated (8)", other)),
    }
}

/// Only plain files and empty directories; the file type is in the upper half of the attributes when
/// the archive was made on Unix (host 3) or macOS (host 19).
fn check_kind(entry: &DirectoryEntry, made_by: u16, attributes: u32) -> Result<()> {
    let directory = entry.name.ends_with('/');
    let kind = if matches!(made_by >> 8, 3 | 19) { (attributes >> 16) & 0xf000 } else { 0 };
    let plain = match kind {
        0 => true,
        0x8000 => !directory,
        0x4000 => directory,
        _ => false,
    };
    if !plain {
        return Err(Error::zip(
            ZipFault::NotAFile,
            Some(&entry.name),
            "a plain file",
            format!("file type {kind:#06x}"),
        ));
    }
    if directory && entry.header.size != 0 {
        return Err(Error::zip(
            ZipFault::NotAFile,
            Some(&entry.name),
            "an empty directory",
            entry.header.size,
        ));
    }
    Ok(())
}

/// Walks through the extra fields and returns the content of the ZIP64 one, if there is one.
fn check_extra<'a>(mut extra: &'a [u8], name: &str, raw_name: &[u8]) -> Result<Option<&'a [u8]>> {
    let mut zip64 = None;
    let fault = |fault, found: &str| Error::zip(fault, Some(name), "sound extra fields", found);
    while !extra.is_empty() {
        if extra.len() < 4 || extra.len() < 4 + usize::from(u16_at(extra, 2)) {
            return Err(fault(ZipFault::ExtraField, "a truncated one"));
        }
        let (tag, bytes) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
        let value = &extra[4..4 + bytes];
        match tag {
            EXTRA_ZIP64 if zip64.is_some() => {
                return Err(Error::zip(ZipFault::Zip64, Some(name), "one ZIP64 field", "two"));
            }
            EXTRA_ZIP64 => zip64 = Some(value),
            // version, CRC of the header's name, then a name that some readers prefer
            EXTRA_UNICODE_PATH if value.get(5..) != Some(raw_name) => {
                return Err(fault(ZipFault::ExtraField, "a second name for the entry"));
            }
            _ => {}
        }
        extra = &extra[4 + bytes..];
    }
    Ok(zip64)
}

fn check_names(entries: &[DirectoryEntry]) -> Result<()> {
    let mut names = HashSet::new();
    for entry in entries {
        if !names.insert(entry.name.trim_end_matches('/')) {
            return Err(Error::zip(
                ZipFault::DuplicateName,
                Some(&entry.name),
                "every name once",
                "the same name again",
            ));
        }
    }
    Ok(())
}

impl DirectoryEntry {
    /// Reads the local header and the data descriptor, and sees that they fill the room up to `next`.
    fn check_local(&self, source: &mut (impl Read + Seek), next: u64) -> Result<ZipEntry> {
        let name = Some(self.name.as_str());
        let overlap =
            || Error::zip(ZipFault::Overlap, name, format!("to end at byte {next}"), "a longer entry");
        if self.offset + LOCAL_BYTES > next {
            return Err(overlap());
        }
        let fixed = read_at(source, self.offset, LOCAL_BYTES as usize)?;
        if u32_at(&fixed, 0) != LOCAL_SIGNATURE {
            return Err(Error::zip(ZipFault::BrokenHeader, name, "a local header", "another magic number"));
        }
        let mut local = Header::parse(&fixed[6..]);
        let (name_bytes, extra_bytes) = (u16_at(&fixed, 26), u16_at(&fixed, 28));
        let data_offset = self.offset + LOCAL_BYTES + u64::from(name_bytes) + u64::from(extra_bytes);
        let data_end = data_offset.saturating_add(self.header.packed_size);
        if data_end > next {
            return Err(overlap());
        }
        let variable =
            read_at(source, self.offset + LOCAL_BYTES, usize::from(name_bytes) + usize::from(extra_bytes))?;
        let (local_name, extra) = variable.split_at(name_bytes.into());
        if local_name != self.name.as_bytes() {
            return Err(Error::zip(
                ZipFault::HeaderMismatch,
                name,
                "the same name in both headers",
                String::from_utf8_lossy(local_name),
            ));
        }
        // Here the field has both sizes or is not there.
        local.resolve(None, check_extra(extra, &self.name, local_name)?, &self.name)?;
        let has_descriptor = self.header.flags & FLAG_DESCRIPTOR != 0;
        // With a descriptor the local header may leave the three numbers empty, and nothing else.
        let expected = Header { dos_time: local.dos_time, ..self.header };
        let left_empty = Header { crc32: 0, packed_size: 0, size: 0, ..expected };
        if local != expected && !(has_descriptor && local == left_empty) {
            return Err(Error::zip(ZipFault::HeaderMismatch, name, expected.describe(), local.describe()));
        }
        self.check_descriptor(source, data_end, next, has_descriptor)?;
        Ok(ZipEntry {
            name: self.name.clone(),
            method: self.method,
            crc32: self.header.crc32,
            packed_size: self.header.packed_size,
            size: self.header.size,
            dos_time: self.header.dos_time,
            local_extra_bytes: extra_bytes,
            has_descriptor,
            data_offset,
        })
    }

    fn check_descriptor(
        &self,
        source: &mut (impl Read + Seek),
        data_end: u64,
        next: u64,
        has_descriptor: bool,
    ) -> Result<()> {
        let room = next - data_end;
        let name = Some(self.name.as_str());
        if !has_descriptor {
            return if room == 0 {
                Ok(())
            } else {
                Err(Error::zip(
                    ZipFault::StrayBytes,
                    name,
                    "the next header",
                    format!("{room} bytes before it"),
                ))
            };
        }
        // Sizes are longer here when they need it (APPNOTE §4.3.9.2).
        let (sizes, magic): (usize, usize) = match (room, self.header.is_long()) {
            (12, false) => (4, 0),
            (16, false) => (4, 4),
            (20, true) => (8, 0),
            (24, true) => (8, 4),
            (other, long) => {
                let expected = if long { "20 or 24 bytes" } else { "12 or 16 bytes" };
                return Err(Error::zip(ZipFault::Descriptor, name, expected, format!("{other} bytes")));
            }
        };
        let whole = read_at(source, data_end, room as usize)?;
        if magic > 0 && u32_at(&whole, 0) != DESCRIPTOR_SIGNATURE {
            return Err(Error::zip(ZipFault::Descriptor, name, "its magic number", "another"));
        }
        let fields = &whole[magic..];
        let size_at = |at: usize| if sizes == 8 { u64_at(fields, at) } else { u32_at(fields, at).into() };
        let found = Header {
            crc32: u32_at(fields, 0),
            packed_size: size_at(4),
            size: size_at(4 + sizes),
            ..self.header
        };
        if found != self.header {
            return Err(Error::zip(ZipFault::Descriptor, name, self.header.describe(), found.describe()));
        }
        Ok(())
    }
}

impl Header {
    fn describe(&self) -> String {
        format!(
            "method {}, flags {:#06x}, CRC {:08x}, {} bytes packed, {} unpacked",
            self.method, self.flags, self.crc32, self.packed_size, self.size
        )
    }
}

fn read_at(source: &mut (impl Read + Seek), offset: u64, bytes: usize) -> Result<Vec<u8>> {
    source.seek(SeekFrom::Start(offset))?;
    let mut read = vec![0; bytes];
    match source.read_exact(&mut read) {
        Ok(()) => Ok(read),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(Error::zip(ZipFault::BrokenHeader, None, format!("{bytes} bytes at {offset}"), "the end"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Callers have checked the length.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Callers have checked the length.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | (u64::from(u32_at(bytes, at + 4)) << 32)
}

/// Callers have checked the length.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
