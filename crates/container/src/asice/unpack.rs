//! Unpacking with a hand on the purse: what comes out is counted while it comes out, and the moment it is
//! more than declared, allowed, or plausible for what went in, nothing more is unpacked.

use std::io::BufRead;

use flate2::{Decompress, FlushDecompress, Status};

use super::zip_reader::Method;
use crate::error::{Bound, Error, Result, ZipFault};
use crate::limits::Limits;
use crate::name::is_metadata;

/// What is needed to unpack an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packing<'a> {
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) crc32: u32,
    pub(crate) packed_size: u64,
    pub(crate) size: u64,
}

/// Unpacks in pieces of at most 64 KiB, so memory does not grow with what comes out.
pub(crate) fn unpack(
    packing: &Packing<'_>,
    mut packed: impl BufRead,
    limits: &Limits,
    sink: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut progress = Progress { packing, limits, crc: crc32fast::Hasher::new(), out: 0 };
    let mut taken: u64 = 0;
    match packing.method {
        Method::Stored => loop {
            let piece = packed.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let piece_bytes = piece.len().min(1 << 16);
            progress.give(&piece[..piece_bytes], sink)?;
            packed.consume(piece_bytes);
            taken += piece_bytes as u64;
        },
        Method::Deflated => {
            let mut inflater = Decompress::new(false);
            let mut out = vec![0; 1 << 16];
            loop {
                let input = packed.fill_buf()?;
                let (in_before, out_before) = (inflater.total_in(), inflater.total_out());
                let status =
                    inflater.decompress(input, &mut out, FlushDecompress::None).map_err(|error| {
                        Error::zip(ZipFault::Deflate, Some(packing.name), "DEFLATE (RFC 1951)", error)
                    })?;
                let used = (inflater.total_in() - in_before) as usize;
                let made = (inflater.total_out() - out_before) as usize;
                let exhausted = input.is_empty();
                packed.consume(used);
                taken += used as u64;
                progress.give(&out[..made], sink)?;
                match status {
                    Status::StreamEnd => break,
                    Status::Ok | Status::BufError => {
                        if made == 0 && used == 0 && exhausted {
                            return Err(Error::zip(
                                ZipFault::Deflate,
                                Some(packing.name),
                                "a complete stream",
                                "an end in the middle",
                            ));
                        }
                    }
                }
            }
        }
    }
    if taken != packing.packed_size {
        return Err(Error::zip(
            ZipFault::Deflate,
            Some(packing.name),
            format!("{} packed bytes to be used", packing.packed_size),
            taken,
        ));
    }
    progress.finish()
}

struct Progress<'a> {
    packing: &'a Packing<'a>,
    limits: &'a Limits,
    crc: crc32fast::Hasher,
    out: u64,
}

impl Progress<'_> {
    fn give(&mut self, piece: &[u8], sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let Packing { name, packed_size, size, .. } = *self.packing;
        self.out += piece.len() as u64;
        if self.out > size {
            return Err(Error::zip(ZipFault::Size, Some(name), size, format!("at least {}", self.out)));
        }
        check_size(name, self.out, packed_size, self.limits)?;
        self.crc.update(piece);
        sink(piece)
    }

    fn finish(self) -> Result<()> {
        let Packing { name, size, crc32, .. } = *self.packing;
        if self.out != size {
            return Err(Error::zip(ZipFault::Size, Some(name), size, self.out));
        }
        let found = self.crc.finalize();
        if found != crc32 {
            return Err(Error::zip(
                ZipFault::Checksum,
                Some(name),
                format!("{crc32:08x}"),
                format!("{found:08x}"),
            ));
        }
        Ok(())
    }
}

/// Used on the declared size and again on every piece that comes out.
pub(super) fn check_size(name: &str, size: u64, packed_size: u64, limits: &Limits) -> Result<()> {
    let (bound, allowed) = if is_metadata(name) || name == "mimetype" {
        (Bound::MetadataBytes, limits.metadata_bytes)
    } else {
        (Bound::DataFileBytes, limits.data_file_bytes)
    };
    if size > allowed {
        return Err(Error::limit(bound, Some(name), allowed, size));
    }
    if size > 1 << 20 && size > packed_size.saturating_mul(limits.ratio) {
        return Err(Error::limit(Bound::Ratio, Some(name), limits.ratio, size / packed_size.max(1)));
    }
    Ok(())
}
