//! A ZIP writer without any rules, for writing what nobody should.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write as _;

/// An entry with every field free; [`RawEntry::stored`] and [`RawEntry::deflated`] start from sound ones.
#[derive(Clone)]
pub(crate) struct RawEntry {
    pub(crate) name: Vec<u8>,
    /// When it differs from `name`.
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) flags: u16,
    pub(crate) local_flags: Option<u16>,
    pub(crate) method: u16,
    pub(crate) local_method: Option<u16>,
    pub(crate) crc32: u32,
    pub(crate) local_crc32: Option<u32>,
    pub(crate) size: u32,
    pub(crate) local_size: Option<u32>,
    pub(crate) packed: Vec<u8>,
    /// When it differs from the length of `packed`.
    pub(crate) packed_size: Option<u32>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) extra: Vec<u8>,
    pub(crate) made_by: u16,
    pub(crate) attributes: u32,
    /// Bytes after the data.
    pub(crate) after: Vec<u8>,
    /// When it differs from where the header is.
    pub(crate) offset: Option<u32>,
}

impl RawEntry {
    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            local_name: None,
            flags: 1 << 11,
            local_flags: None,
            method: 0,
            local_method: None,
            crc32: crc32fast::hash(content),
            local_crc32: None,
            size: content.len() as u32,
            local_size: None,
            packed: content.to_vec(),
            packed_size: None,
            local_extra: Vec::new(),
            extra: Vec::new(),
            made_by: 20,
            attributes: 0,
            after: Vec::new(),
            offset: None,
        }
    }

    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        Self { method: 8, packed: encoder.finish().unwrap(), ..Self::stored(name, content) }
    }

    /// Moves sizes and checksum behind the data, as streaming writers do.
    pub(crate) fn with_descriptor(mut self) -> Self {
        self.flags |= 1 << 3;
        self.local_crc32 = Some(0);
        self.local_size = Some(0);
        let mut after = b"PK\x07\x08".to_vec();
        after.extend(self.crc32.to_le_bytes());
        after.extend((self.packed.len() as u32).to_le_bytes());
        after.extend(self.size.to_le_bytes());
        self.after = after;
        self
    }
}

/// An archive with every field free.
#[derive(Clone, Default)]
pub(crate) struct RawZip {
    pub(crate) prefix: Vec<u8>,
    pub(crate) entries: Vec<RawEntry>,
    pub(crate) before_directory: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) suffix: Vec<u8>,
    pub(crate) count: Option<u16>,
    pub(crate) disk: u16,
    /// Directory in another order than the entries.
    pub(crate) directory_order: Option<Vec<usize>>,
}

impl RawZip {
    pub(crate) fn new(entries: Vec<RawEntry>) -> Self {
        Self { entries, ..Self::default() }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let mut headers = Vec::new();
        for entry in &self.entries {
            let offset = entry.offset.unwrap_or(out.len() as u32);
            let packed_size = entry.packed_size.unwrap_or(entry.packed.len() as u32);
            let descriptor = entry.flags & 8 != 0;
            let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
            out.extend(b"PK\x03\x04\x14\0");
            out.extend(entry.local_flags.unwrap_or(entry.flags).to_le_bytes());
            out.extend(entry.local_method.unwrap_or(entry.method).to_le_bytes());
            out.extend([0, 0, 0x21, 0]);
            out.extend(entry.local_crc32.unwrap_or(entry.crc32).to_le_bytes());
            out.extend(if descriptor { 0 } else { packed_size }.to_le_bytes());
            out.extend(entry.local_size.unwrap_or(entry.size).to_le_bytes());
            out.extend((local_name.len() as u16).to_le_bytes());
            out.extend((entry.local_extra.len() as u16).to_le_bytes());
            out.extend(local_name);
            out.extend(&entry.local_extra);
            out.extend(&entry.packed);
            out.extend(&entry.after);

            let mut header = b"PK\x01\x02".to_vec();
            header.extend(entry.made_by.to_le_bytes());
            header.extend([20, 0]);
            header.extend(entry.flags.to_le_bytes());
            header.extend(entry.method.to_le_bytes());
            header.extend([0, 0, 0x21, 0]);
            header.extend(entry.crc32.to_le_bytes());
            header.extend(packed_size.to_le_bytes());
            header.extend(entry.size.to_le_bytes());
            header.extend((entry.name.len() as u16).to_le_bytes());
            header.extend((entry.extra.len() as u16).to_le_bytes());
            header.extend([0; 6]);
            header.extend(entry.attributes.to_le_bytes());
            header.extend(offset.to_le_bytes());
            header.extend(&entry.name);
            header.extend(&entry.extra);
            headers.push(header);
        }
        out.extend(&self.before_directory);
        let start = out.len() as u32;
        let order = self.directory_order.clone().unwrap_or_else(|| (0..headers.len()).collect());
        for index in order {
            out.extend(&headers[index]);
        }
        let length = out.len() as u32 - start;
        let count = self.count.unwrap_or(headers.len() as u16).to_le_bytes();
        out.extend(b"PK\x05\x06");
        out.extend(self.disk.to_le_bytes());
        out.extend([0, 0]);
        out.extend(count);
        out.extend(count);
        out.extend(length.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
        out.extend(&self.suffix);
        out
    }
}
