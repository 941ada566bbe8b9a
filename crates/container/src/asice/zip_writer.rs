//! A ZIP writer that writes one form: sizes and checksum in the local header, no extra fields but ZIP64 where
//! a number needs it, no data descriptors, no comment, times as given. The same input makes the same bytes on
//! every machine.

use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::bufread::DeflateEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::unpack::{Packing, unpack};
use super::zip_reader::{EXTRA_ZIP64, MARKER, Method, READ_BYTES};
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;

/// A file with its name, packed and ready to be copied into an archive unchanged.
#[derive(Debug, Clone)]
pub(crate) struct PackedFile {
    pub(crate) name: String,
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    pub(crate) size: u64,
    pub(crate) dos_time: (u16, u16),
    pub(crate) packed: Packed,
}

/// Where a file's packed bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Packed {
    Memory(Arc<[u8]>),
    /// In the archive that was opened.
    Source {
        source: Source,
        offset: u64,
        size: u64,
    },
}

/// What can be read and sought: a file, or bytes in memory.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A source that the files of a container share.
#[derive(Clone)]
pub(crate) struct Source(Arc<Mutex<dyn ReadSeek>>);

impl Source {
    pub(crate) fn new(source: impl Read + Seek + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(source)))
    }

    /// Passes everything through `sink` and returns how many bytes there were.
    pub(crate) fn read_all(&self, sink: &mut dyn FnMut(&[u8])) -> Result<u64> {
        let mut slice = Slice { source: self, at: 0, left: u64::MAX };
        let mut buffer = vec![0; READ_BYTES];
        let mut total = 0;
        loop {
            match slice.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(read) => {
                    total += read as u64;
                    sink(&buffer[..read]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn with<T>(&self, read: impl FnOnce(&mut dyn ReadSeek) -> T) -> T {
        // Every reader seeks first, so nothing depends on what a panicking one left behind.
        read(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// A piece of a source. The source is free for others between two reads.
struct Slice<'s> {
    source: &'s Source,
    at: u64,
    left: u64,
}

impl Read for Slice<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.source.with(|source| {
            source.seek(SeekFrom::Start(self.at))?;
            source.read(&mut buffer[..wanted])
        })?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

impl Packed {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Source { size, .. } => *size,
        }
    }
}

impl PackedFile {
    /// Packs a file. It is stored as it is when deflating would not make it smaller.
    pub(crate) fn pack(name: &str, content: &[u8], method: Method, modified: Timestamp) -> Result<Self> {
        let file = |method, packed: Vec<u8>| Self {
            name: name.to_owned(),
            method,
            crc32: crc32fast::hash(content),
            size: content.len() as u64,
            dos_time: dos_time(modified),
            packed: Packed::Memory(packed.into()),
        };
        if method == Method::Deflated {
            let mut packed = Vec::new();
            DeflateEncoder::new(content, Compression::default()).read_to_end(&mut packed)?;
            // Above this ratio our own reader would take it for a bomb.
            let too_good = content.len() / 50 > packed.len();
            if packed.len() < content.len() && !too_good {
                return Ok(file(Method::Deflated, packed));
            }
        }
        Ok(file(Method::Stored, content.to_vec()))
    }

    /// The content, in pieces.
    pub(crate) fn unpack(&self, limits: &Limits, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let packing = Packing {
            name: &self.name,
            method: self.method,
            crc32: self.crc32,
            packed_size: self.packed.len(),
            size: self.size,
        };
        match &self.packed {
            Packed::Memory(bytes) => unpack(&packing, &bytes[..], limits, sink),
            Packed::Source { source, offset, size } => {
                let slice = Slice { source, at: *offset, left: *size };
                unpack(&packing, BufReader::with_capacity(READ_BYTES, slice), limits, sink)
            }
        }
    }

    fn header(&self) -> Header {
        Header {
            method: self.method,
            dos_time: self.dos_time,
            crc32: self.crc32,
            packed_size: self.packed.len(),
            size: self.size,
        }
    }
}

/// What both headers of an entry say.
#[derive(Debug, Clone, Copy)]
struct Header {
    method: Method,
    dos_time: (u16, u16),
    crc32: u32,
    packed_size: u64,
    size: u64,
}

impl Header {
    fn is_long(&self) -> bool {
        self.packed_size >= MARKER || self.size >= MARKER
    }

    /// Version needed, flags, method, time, date, checksum and sizes: 24 bytes alike in both headers.
    fn fields(&self, name: &str, offset: u64) -> [u8; 24] {
        // 2.0: the first version with DEFLATE and folders; 4.5: with ZIP64.
        let version: u16 = if self.is_long() || offset >= MARKER { 45 } else { 20 };
        let utf8_flag: u16 = if name.is_ascii() { 0 } else { 1 << 11 };
        let short = |number: u64| if self.is_long() { MARKER as u32 } else { number as u32 };
        let mut fields = [0; 24];
        fields[0..2].copy_from_slice(&version.to_le_bytes());
        fields[2..4].copy_from_slice(&utf8_flag.to_le_bytes());
        fields[4..6].copy_from_slice(&self.method.code().to_le_bytes());
        fields[6..8].copy_from_slice(&self.dos_time.0.to_le_bytes());
        fields[8..10].copy_from_slice(&self.dos_time.1.to_le_bytes());
        fields[10..14].copy_from_slice(&self.crc32.to_le_bytes());
        fields[14..18].copy_from_slice(&short(self.packed_size).to_le_bytes());
        fields[18..22].copy_from_slice(&short(self.size).to_le_bytes());
        fields[22..24].copy_from_slice(&(name.len() as u16).to_le_bytes());
        fields
    }

    /// The ZIP64 field, where there is something that does not fit; empty otherwise.
    fn extra(&self, offset: u64) -> Vec<u8> {
        let mut numbers = Vec::new();
        if self.is_long() {
            numbers.extend_from_slice(&self.size.to_le_bytes());
            numbers.extend_from_slice(&self.packed_size.to_le_bytes());
        }
        if offset >= MARKER {
            numbers.extend_from_slice(&offset.to_le_bytes());
        }
        if numbers.is_empty() {
            return numbers;
        }
        [&EXTRA_ZIP64.to_le_bytes()[..], &(numbers.len() as u16).to_le_bytes(), &numbers].concat()
    }
}

/// Where the checksum is in a local header.
const CRC_OFFSET: u64 = 14;

/// Writes an archive from front to back. Names are the caller's business: they have to be checked and
/// different from each other.
#[derive(Debug)]
pub(crate) struct ZipWriter<W> {
    sink: W,
    directory: Vec<u8>,
    offset: u64,
    count: u64,
}

impl<W: Write> ZipWriter<W> {
    pub(crate) fn new(sink: W) -> Self {
        Self { sink, directory: Vec::new(), offset: 0, count: 0 }
    }

    /// Copies a packed file.
    pub(crate) fn add(&mut self, file: &PackedFile) -> Result<()> {
        let header = file.header();
        self.local_header(&file.name, &header)?;
        match &file.packed {
            Packed::Memory(bytes) => self.sink.write_all(bytes)?,
            Packed::Source { source, offset, size } => {
                let slice = Slice { source, at: *offset, left: *size };
                let copied = io::copy(&mut BufReader::with_capacity(READ_BYTES, slice), &mut self.sink)?;
                if copied != *size {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
            }
        }
        self.directory_header(&file.name, &header);
        Ok(())
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> Result<W> {
        let directory_bytes = self.directory.len() as u64;
        self.sink.write_all(&self.directory)?;
        let count = u16::try_from(self.count).unwrap_or(u16::MAX);
        if count == u16::MAX || directory_bytes >= MARKER {
            return Err(Error::limit(Bound::Entries, None, (u16::MAX - 1).into(), self.count));
        }
        if self.offset >= MARKER {
            let end = self.offset + directory_bytes;
            self.sink.write_all(b"PK\x06\x06")?;
            self.sink.write_all(&44_u64.to_le_bytes())?;
            self.sink.write_all(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
            for number in [self.count, self.count, directory_bytes, self.offset] {
                self.sink.write_all(&number.to_le_bytes())?;
            }
            self.sink.write_all(b"PK\x06\x07\0\0\0\0")?;
            self.sink.write_all(&end.to_le_bytes())?;
            self.sink.write_all(&[1, 0, 0, 0])?;
        }
        self.sink.write_all(b"PK\x05\x06\0\0\0\0")?;
        self.sink.write_all(&count.to_le_bytes())?;
        self.sink.write_all(&count.to_le_bytes())?;
        self.sink.write_all(&(directory_bytes as u32).to_le_bytes())?;
        self.sink.write_all(&(self.offset.min(MARKER) as u32).to_le_bytes())?;
        self.sink.write_all(&[0, 0])?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn local_header(&mut self, name: &str, header: &Header) -> Result<()> {
        let extra = header.extra(0);
        self.sink.write_all(b"PK\x03\x04")?;
        self.sink.write_all(&header.fields(name, 0))?;
        self.sink.write_all(&(extra.len() as u16).to_le_bytes())?;
        self.sink.write_all(name.as_bytes())?;
        self.sink.write_all(&extra)?;
        Ok(())
    }

    fn directory_header(&mut self, name: &str, header: &Header) {
        let extra = header.extra(self.offset);
        let fields = header.fields(name, self.offset);
        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&fields[..2]);
        self.directory.extend_from_slice(&fields);
        self.directory.extend_from_slice(&(extra.len() as u16).to_le_bytes());
        // no comment, disk, internal or external attributes
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&(self.offset.min(MARKER) as u32).to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.directory.extend_from_slice(&extra);
        self.offset += 30 + name.len() as u64 + header.extra(0).len() as u64 + header.packed_size;
        self.count += 1;
    }
}

impl<W: Write + Seek> ZipWriter<W> {
    /// Stores a file while it is read, once and in pieces, which pass through `sink`, too. Its size has to be
    /// known, so that the header can stand before it; the checksum is put there afterwards.
    pub(crate) fn store(
        &mut self,
        name: &str,
        size: u64,
        mut content: impl Read,
        modified: Timestamp,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<()> {
        let dos_time = dos_time(modified);
        let mut header = Header { method: Method::Stored, dos_time, crc32: 0, packed_size: size, size };
        let start = self.sink.stream_position()?;
        self.local_header(name, &header)?;
        let mut crc32 = crc32fast::Hasher::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut done: u64 = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            done += read as u64;
            if done > size {
                break;
            }
            let piece = &buffer[..read];
            crc32.update(piece);
            sink(piece);
            self.sink.write_all(piece)?;
        }
        if done != size {
            return Err(Error::SizeChanged { name: name.to_owned(), expected: size, found: done });
        }
        header.crc32 = crc32.finalize();
        let end = self.sink.stream_position()?;
        self.sink.seek(SeekFrom::Start(start + CRC_OFFSET))?;
        self.sink.write_all(&header.crc32.to_le_bytes())?;
        self.sink.seek(SeekFrom::Start(end))?;
        self.directory_header(name, &header);
        Ok(())
    }
}

/// Writes the files in the order given.
pub(crate) fn write<'a, W: Write>(files: impl IntoIterator<Item = &'a PackedFile>, sink: W) -> Result<W> {
    let mut zip = ZipWriter::new(sink);
    for file in files {
        zip.add(file)?;
    }
    zip.finish()
}

/// The two MS-DOS words, in UTC. Times before 1980 and after 2107 can't be written; they become the
/// nearest that can.
pub(super) fn dos_time(time: Timestamp) -> (u16, u16) {
    let time = time.to_zoned(TimeZone::UTC);
    if time.year() < 1980 {
        return (0, (1 << 5) | 1);
    }
    if time.year() > 2107 {
        return (0xbf7d, 0xff9f);
    }
    // All of these are small and not negative after the two checks.
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| part as u16);
    let [year, month, day] =
        [time.year() - 1980, time.month().into(), time.day().into()].map(|part| part as u16);
    ((hour << 11) | (minute << 5) | (second / 2), (year << 9) | (month << 5) | day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_times_are_clamped_to_what_the_format_knows() {
        let time = |text: &str| dos_time(text.parse().unwrap());
        assert_eq!(time("1970-01-01T00:00:00Z"), (0, 0x21));
        assert_eq!(time("1980-01-01T00:00:02Z"), (1, 0x21));
        assert_eq!(time("2026-11-22T09:10:11Z"), (9 << 11 | 10 << 5 | 5, 46 << 9 | 11 << 5 | 22));
        assert_eq!(time("2200-01-01T00:00:00Z"), (0xbf7d, 0xff9f));
    }

    #[test]
    fn highly_repetitive_content_is_stored_so_that_it_can_be_read_back() {
        let now = Timestamp::UNIX_EPOCH;
        let zeros = vec![0; 3 << 20];
        let file = PackedFile::pack("zeros.bin", &zeros, Method::Deflated, now).unwrap();
        assert_eq!(file.method, Method::Stored);
        let text = "Leping nr 1\n".repeat(4).into_bytes();
        assert_eq!(PackedFile::pack("a.txt", &text, Method::Deflated, now).unwrap().method, Method::Deflated);
        assert_eq!(PackedFile::pack("a.txt", b"", Method::Deflated, now).unwrap().method, Method::Stored);
    }
}
