//! Making a container while its data files pass by: each is read once, hashed and written through, so that
//! a file of any size costs the same memory.
//!
//! The order in the archive is the order of work: data files, then the manifest, then signatures. Between
//! the second and the third the digests are known and the signer can be asked.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, Write};

use countersign_pki::algorithm::{Digest, Hasher};
use jiff::Timestamp;

use super::manifest::{MANIFEST_NAME, Manifest};
use super::zip_writer::{PackedFile, ZipWriter};
use super::{Form, Method, check_coverage, check_new_name, free_signature_name};
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;
use crate::name::{FileName, folded};
use crate::xades::{ArchiveDigests, ArchiveInput, ArchivePart, DataFileDigest, SignedSignature};

/// An ASiC-E container that is being written to a sink.
///
/// ```
/// use countersign_container::{ContainerWriter, Error, FileName, Method};
/// use countersign_pki::Digest;
/// # fn main() -> Result<(), Error> {
/// let now = "2026-11-22T12:00:00Z".parse().unwrap();
/// let mut writer = ContainerWriter::new(std::io::Cursor::new(Vec::new()), &[Digest::Sha256], now)?;
/// let content = b"any reader: a file, a pipe, a socket";
/// let name = FileName::parse("leping.txt")?;
/// writer.add_data_file(name, "text/plain", content.len() as u64, &content[..], Method::Stored, now)?;
/// let digests = writer.data_file_digests(Digest::Sha256)?;
/// assert_eq!(digests[0].value, Digest::Sha256.of(content));
/// // Here a signature over `digests` is made and added.
/// let written = writer.finish(now)?.into_inner();
/// assert_eq!(&written[30..38], b"mimetype");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ContainerWriter<W> {
    zip: ZipWriter<W>,
    limits: Limits,
    wanted: Vec<Digest>,
    files: Vec<(FileName, String)>,
    digests: HashMap<(String, Digest), Vec<u8>>,
    /// Over all data files one after the other: the beginning of every archive time-stamp.
    archive: Option<(Digest, Hasher)>,
    signature_names: HashSet<String>,
    has_manifest: bool,
}

/// Files up to this size are deflated in memory when asked for; larger ones are stored as they are.
const DEFLATED_BYTES: u64 = 4 << 20;

impl<W: Write + Seek> ContainerWriter<W> {
    /// Begins a container. `digests` are those that signatures will need.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the sink fails.
    pub fn new(sink: W, digests: &[Digest], modified: Timestamp) -> Result<Self> {
        let mut zip = ZipWriter::new(sink);
        let mimetype = Form::AsicE.mimetype();
        zip.add(&PackedFile::pack("mimetype", mimetype.as_bytes(), Method::Stored, modified)?)?;
        Ok(Self {
            zip,
            limits: Limits::streaming(),
            wanted: digests.to_vec(),
            files: Vec::new(),
            digests: HashMap::new(),
            archive: None,
            signature_names: HashSet::new(),
            has_manifest: false,
        })
    }

    /// The same, for signatures of level LTA: also computes what their archive time-stamps begin with.
    /// To be called before the first data file.
    #[must_use]
    pub fn with_archive_digest(self, digest: Digest) -> Self {
        Self { archive: Some((digest, digest.hasher())), ..self }
    }

    /// Other bounds than [`Limits::streaming`].
    #[must_use]
    pub fn with_limits(self, limits: &Limits) -> Self {
        Self { limits: *limits, ..self }
    }

    /// Adds a data file of exactly `size` bytes. Small ones are deflated if `method` says so.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySigned`] after the first signature; [`Error::Name`], [`Error::LimitExceeded`] as
    /// for [`super::Container::add_data_file`]; [`Error::SizeChanged`] when `content` has another length;
    /// [`Error::Io`]. After the last two, what was written is no container and has to be thrown away.
    pub fn add_data_file(
        &mut self,
        name: FileName,
        media_type: &str,
        size: u64,
        mut content: impl Read,
        method: Method,
        modified: Timestamp,
    ) -> Result<()> {
        if self.has_manifest {
            return Err(Error::AlreadySigned { signatures: self.signature_names.len() });
        }
        check_new_name(self.files.iter().map(|(name, _)| name), &name, media_type)?;
        if size > self.limits.data_file_bytes {
            let allowed = self.limits.data_file_bytes;
            return Err(Error::limit(Bound::DataFileBytes, Some(name.as_str()), allowed, size));
        }
        if self.files.len() + 3 >= self.limits.entries {
            let count = self.files.len() as u64 + 1;
            return Err(Error::limit(Bound::Entries, None, self.limits.entries as u64 - 3, count));
        }
        let mut hashers: Vec<(Digest, Hasher)> =
            self.wanted.iter().map(|digest| (*digest, digest.hasher())).collect();
        let archive = &mut self.archive;
        let mut take = |piece: &[u8]| {
            hashers.iter_mut().for_each(|(_, hasher)| hasher.update(piece));
            if let Some((_, hasher)) = archive {
                hasher.update(piece);
            }
        };
        if method == Method::Deflated && size <= DEFLATED_BYTES {
            let mut whole = Vec::with_capacity(size as usize);
            content.by_ref().take(size + 1).read_to_end(&mut whole)?;
            if whole.len() as u64 != size {
                let (name, found) = (name.to_string(), whole.len() as u64);
                return Err(Error::SizeChanged { name, expected: size, found });
            }
            take(&whole);
            self.zip.add(&PackedFile::pack(name.as_str(), &whole, method, modified)?)?;
        } else {
            self.zip.store(name.as_str(), size, content, modified, &mut take)?;
        }
        for (digest, hasher) in hashers {
            self.digests.insert((name.to_string(), digest), hasher.finish());
        }
        self.files.push((name, media_type.to_owned()));
        Ok(())
    }

    /// Name, media type and digest of every data file: what a signature is made over.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`]; [`Error::DataNotHere`] for a digest that was not asked for at the beginning.
    pub fn data_file_digests(&self, digest: Digest) -> Result<Vec<DataFileDigest>> {
        if self.files.is_empty() {
            return Err(Error::NoDataFiles);
        }
        let of = |(name, media_type): &(FileName, String)| {
            let value = self.digest(name.as_str(), digest)?;
            Ok(DataFileDigest { name: name.clone(), media_type: media_type.clone(), digest, value })
        };
        self.files.iter().map(of).collect()
    }

    /// The imprint of an archive time-stamp, as [`super::Container::archive_imprint`] makes it.
    ///
    /// # Errors
    ///
    /// [`Error::DataNotHere`] when [`Self::with_archive_digest`] was not called for this digest, or the
    /// signature refers to the files in another order than they were added in.
    pub fn archive_imprint(&self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>> {
        let not_here = |name: &str| Error::DataNotHere { name: name.to_owned() };
        let files: Vec<ArchivePart> =
            self.files.iter().map(|(name, _)| ArchivePart::DataFile(name.to_string())).collect();
        match &self.archive {
            Some((known, hasher)) if *known == digest && input.parts().starts_with(&files) => {
                let mut digests = ArchiveDigests::begun(digest, files, hasher.clone());
                digests.digest(input, digest, &mut |name, _| Err(not_here(name)))
            }
            _ => Err(not_here(self.files.first().map_or("", |(name, _)| name.as_str()))),
        }
    }

    /// Adds a signature in a file of its own, and returns the file's name.
    ///
    /// # Errors
    ///
    /// [`Error::DoesNotCover`] when it is not one over exactly the data files; [`Error::NoDataFiles`],
    /// [`Error::LimitExceeded`], [`Error::Io`].
    pub fn add_signature(&mut self, signature: &SignedSignature, modified: Timestamp) -> Result<String> {
        let files = self.files.iter().map(|(name, media_type)| (name, &**media_type));
        check_coverage(signature, files, |name, digest| self.digest(name, digest))?;
        if self.files.len() + self.signature_names.len() + 3 > self.limits.entries {
            let (allowed, found) = (self.limits.entries as u64, self.limits.entries as u64 + 1);
            return Err(Error::limit(Bound::Entries, None, allowed, found));
        }
        self.write_manifest(modified)?;
        let name = free_signature_name(&self.signature_names);
        self.zip.add(&PackedFile::pack(&name, signature.to_xml().as_bytes(), Method::Deflated, modified)?)?;
        self.signature_names.insert(folded(&name));
        Ok(name)
    }

    /// Ends the container and gives the sink back.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`]; [`Error::Io`].
    pub fn finish(mut self, modified: Timestamp) -> Result<W> {
        if self.files.is_empty() {
            return Err(Error::NoDataFiles);
        }
        self.write_manifest(modified)?;
        self.zip.finish()
    }

    fn write_manifest(&mut self, modified: Timestamp) -> Result<()> {
        if self.has_manifest {
            return Ok(());
        }
        let manifest = Manifest::write(self.files.iter().map(|(name, media_type)| (name, &**media_type)));
        self.zip.add(&PackedFile::pack(MANIFEST_NAME, manifest.as_bytes(), Method::Deflated, modified)?)?;
        self.has_manifest = true;
        Ok(())
    }

    fn digest(&self, name: &str, digest: Digest) -> Result<Vec<u8>> {
        let known = self.digests.get(&(name.to_owned(), digest)).cloned();
        known.ok_or_else(|| Error::DataNotHere { name: name.to_owned() })
    }
}
