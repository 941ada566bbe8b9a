//! A ZIP writer that writes one form: sizes and checksum in the local header, no extra fields, no data
//! descriptors, no comment, times as given. The same input makes the same bytes on every machine.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::DeflateEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::unpack::{Packing, unpack};
use super::zip_reader::Method;
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;

/// A file with its name, packed and ready to be copied into an archive unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackedFile {
    pub(crate) name: String,
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    pub(crate) size: u64,
    pub(crate) dos_time: (u16, u16),
    pub(crate) packed: Vec<u8>,
}

impl PackedFile {
    /// Packs a file. It is stored as it is when deflating would not make it smaller.
    pub(crate) fn pack(name: &str, content: &[u8], method: Method, modified: Timestamp) -> Result<Self> {
        let mut file = Self {
            name: name.to_owned(),
            method: Method::Stored,
            crc32: crc32fast::hash(content),
            size: content.len() as u64,
            dos_time: dos_time(modified),
            packed: Vec::new(),
        };
        if method == Method::Deflated {
            DeflateEncoder::new(content, Compression::default()).read_to_end(&mut file.packed)?;
            // Above this ratio our own reader would take it for a bomb.
            let too_good = file.size / 50 > file.packed.len() as u64;
            if file.packed.len() < content.len() && !too_good {
                file.method = Method::Deflated;
                return Ok(file);
            }
        }
        file.packed = content.to_vec();
        Ok(file)
    }

    /// The content, in pieces.
    pub(crate) fn unpack(&self, limits: &Limits, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let packing = Packing {
            name: &self.name,
            method: self.method,
            crc32: self.crc32,
            packed_size: self.packed.len() as u64,
            size: self.size,
        };
        unpack(&packing, &self.packed[..], limits, sink)
    }
}

/// Writes the files in the order given. Names are the caller's business: they have to be checked and
/// different from each other.
pub(crate) fn write<'a>(files: impl IntoIterator<Item = &'a PackedFile>, mut sink: impl Write) -> Result<()> {
    let mut directory = Vec::new();
    let mut offset: u64 = 0;
    let mut count: u64 = 0;
    for file in files {
        let fields = shared_fields(file)?;
        let name = file.name.as_bytes();
        let name_bytes = (name.len() as u16).to_le_bytes();
        let offset_field = field32(offset)?;

        sink.write_all(b"PK\x03\x04")?;
        sink.write_all(&fields)?;
        sink.write_all(&name_bytes)?;
        sink.write_all(&[0, 0])?;
        sink.write_all(name)?;
        sink.write_all(&file.packed)?;

        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION);
        directory.extend_from_slice(&fields);
        directory.extend_from_slice(&name_bytes);
        // no extra field, comment, disk, internal or external attributes
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&offset_field);
        directory.extend_from_slice(name);

        offset += 30 + name.len() as u64 + file.packed.len() as u64;
        count += 1;
    }
    let count = u16::try_from(count)
        .ok()
        .filter(|count| *count < u16::MAX)
        .ok_or_else(|| Error::limit(Bound::Entries, None, (u16::MAX - 1).into(), count))?
        .to_le_bytes();
    sink.write_all(&directory)?;
    sink.write_all(b"PK\x05\x06\0\0\0\0")?;
    sink.write_all(&count)?;
    sink.write_all(&count)?;
    sink.write_all(&field32(directory.len() as u64)?)?;
    sink.write_all(&field32(offset)?)?;
    sink.write_all(&[0, 0])?;
    sink.flush()?;
    Ok(())
}

/// 2.0: the first version with DEFLATE and folders.
const VERSION: [u8; 2] = [20, 0];

/// Version needed, flags, method, time, date, checksum and sizes: 24 bytes alike in both headers.
fn shared_fields(file: &PackedFile) -> Result<Vec<u8>> {
    let utf8_flag: u16 = if file.name.is_ascii() { 0 } else { 1 << 11 };
    let mut fields = Vec::with_capacity(24);
    fields.extend_from_slice(&VERSION);
    fields.extend_from_slice(&utf8_flag.to_le_bytes());
    fields.extend_from_slice(&file.method.code().to_le_bytes());
    fields.extend_from_slice(&file.dos_time.0.to_le_bytes());
    fields.extend_from_slice(&file.dos_time.1.to_le_bytes());
    fields.extend_from_slice(&file.crc32.to_le_bytes());
    fields.extend_from_slice(&field32(file.packed.len() as u64)?);
    fields.extend_from_slice(&field32(file.size)?);
    Ok(fields)
}

fn field32(value: u64) -> Result<[u8; 4]> {
    let largest = u64::from(u32::MAX) - 1;
    if value > largest {
        return Err(Error::limit(Bound::TotalBytes, None, largest, value));
    }
    Ok((value as u32).to_le_bytes())
}

/// The two MS-DOS words, in UTC. Times before 1980 and after 2107 can't be written; they become the
/// nearest that can.
fn dos_time(time: Timestamp) -> (u16, u16) {
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
