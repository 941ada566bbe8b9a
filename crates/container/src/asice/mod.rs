//! The ASiC-E container itself: a ZIP archive with data files, a manifest and signature files
//! (EN 319 162-1, XAdES variant).

mod manifest;
mod unpack;
pub mod zip_reader;
mod zip_writer;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io::{Cursor, Read, Seek, Write};

use countersign_pki::algorithm::Digest;
use jiff::Timestamp;

use self::manifest::{MANIFEST_NAME, Manifest};
pub use self::zip_reader::Method;
use self::zip_reader::{ZipEntry, ZipReader};
use self::zip_writer::PackedFile;
use crate::error::{Bound, Error, ManifestFault, NameFault, Result};
use crate::limits::Limits;
use crate::name::{FileName, folded, is_metadata};
use crate::xades::parse::{self, ShapeFault, Signature, SignaturesFile};
use crate::xades::{ArchiveDigests, ArchiveInput, DataFileDigest, SignatureId, SignedSignature};
use crate::xml;

/// The media type of an ASiC-E container, and the whole content of its first entry.
pub const MIMETYPE: &str = "application/vnd.etsi.asic-e+zip";

/// A container that was opened, or is being made.
///
/// Files are kept packed, so a container takes about as much memory as its file. Opening checks the whole
/// archive, its manifest and that every XML file in it can be parsed; whether the signatures hold is the
/// business of [`crate::validate()`].
#[derive(Debug, Clone)]
pub struct Container {
    /// Everything in the archive, in file order. The first is `mimetype` in an opened container.
    files: Vec<PackedFile>,
    data_files: Vec<DataFile>,
    /// Indexes into `files`.
    signature_files: Vec<usize>,
    remarks: Vec<Remark>,
    limits: Limits,
}

/// A data file as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    name: FileName,
    media_type: String,
    size: u64,
    index: usize,
}

impl DataFile {
    /// The name, a relative path.
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// The media type in the manifest.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Something odd in a container that could be opened all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// A file in `META-INF/` that is neither manifest nor signature. No signature covers it.
    UnsignedMetadata {
        /// Its name.
        name: String,
    },
    /// Two names that differ only in case or Unicode form and may overwrite each other on a disk.
    SimilarNames {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// The manifest lists one of the container's own files.
    ListedMetadata {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsignedMetadata { name } => {
                write!(f, "{name:?} is an extra file in META-INF and is not signed")
            }
            Self::SimilarNames { first, second } => {
                write!(f, "{first:?} and {second:?} differ only in case or Unicode form")
            }
            Self::ListedMetadata { name } => write!(f, "the manifest lists {name:?}"),
        }
    }
}

impl Container {
    /// An empty container to put data files into.
    pub fn new() -> Self {
        Self {
            files: Vec::new(),
            data_files: Vec::new(),
            signature_files: Vec::new(),
            remarks: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Opens a container with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// See [`Self::open_with`].
    pub fn open(source: impl Read + Seek) -> Result<Self> {
        Self::open_with(source, &Limits::default())
    }

    /// Opens a container that is in memory, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// See [`Self::open_with`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::open(Cursor::new(bytes))
    }

    /// Opens a container.
    ///
    /// # Errors
    ///
    /// [`Error::Zip`], [`Error::Name`], [`Error::Mimetype`], [`Error::Manifest`], [`Error::Xml`] when
    /// this is no sound container; [`Error::LimitExceeded`] when it asks for too much; [`Error::Io`].
    pub fn open_with(source: impl Read + Seek, limits: &Limits) -> Result<Self> {
        let mut archive = ZipReader::open(source, limits)?;
        check_mimetype(archive.entries().first(), archive.comment())?;
        let mut container = Self { limits: *limits, ..Self::new() };
        let mut manifest = None;
        for entry in archive.entries().to_vec() {
            let mut content = Vec::new();
            let keep = entry.name == "mimetype" || is_metadata(&entry.name);
            let packed = archive.read(&entry, &mut |piece| {
                if keep {
                    content.extend_from_slice(piece);
                }
                Ok(())
            })?;
            if entry.name == "mimetype" {
                if content != MIMETYPE.as_bytes() {
                    let found = String::from_utf8_lossy(&content).chars().take(80).collect::<String>();
                    return Err(Error::Mimetype {
                        expected: MIMETYPE.to_owned(),
                        found: format!("{found:?}"),
                    });
                }
            } else if entry.name == MANIFEST_NAME {
                manifest = Some(Manifest::parse(&content, limits)?);
            } else if is_signature_file(&entry.name) {
                let text = xml::text(&entry.name, &content, limits)?;
                xml::parse(&entry.name, text, limits)?;
                container.signature_files.push(container.files.len());
            } else if is_metadata(&entry.name) && !entry.is_directory() {
                container.remarks.push(Remark::UnsignedMetadata { name: entry.name.clone() });
            }
            container.files.push(PackedFile {
                name: entry.name,
                method: entry.method,
                crc32: entry.crc32,
                size: entry.size,
                dos_time: entry.dos_time,
                packed,
            });
        }
        let manifest = manifest.ok_or_else(|| Error::Manifest {
            fault: ManifestFault::Missing,
            subject: MANIFEST_NAME.to_owned(),
        })?;
        container.take_data_files(manifest)?;
        Ok(container)
    }

    /// The data files in the manifest's order.
    pub fn data_files(&self) -> &[DataFile] {
        &self.data_files
    }

    /// Finds a data file by name, byte for byte.
    pub fn find_data_file(&self, name: &str) -> Option<&DataFile> {
        self.data_files.iter().find(|file| file.name.as_str() == name)
    }

    /// Unpacks a data file.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDataFile`] when `name` is not the name of one.
    pub fn read_data_file(&self, name: &str) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.copy_data_file(name, &mut content)?;
        Ok(content)
    }

    /// Unpacks a data file into `sink`, piece by piece.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDataFile`]; [`Error::Io`] when `sink` fails.
    pub fn copy_data_file(&self, name: &str, mut sink: impl Write) -> Result<()> {
        self.unpack_data_file(name, &mut |piece| Ok(sink.write_all(piece)?))
    }

    /// The digest of a data file's content.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDataFile`].
    pub fn digest_data_file(&self, name: &str, digest: Digest) -> Result<Vec<u8>> {
        let mut hasher = digest.hasher();
        self.unpack_data_file(name, &mut |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        Ok(hasher.finish())
    }

    /// Name, media type and digest of every data file: what a signature is made over.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`] when there are none.
    pub fn data_file_digests(&self, digest: Digest) -> Result<Vec<DataFileDigest>> {
        if self.data_files.is_empty() {
            return Err(Error::NoDataFiles);
        }
        let of = |file: &DataFile| {
            Ok(DataFileDigest {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                digest,
                value: self.digest_data_file(file.name.as_str(), digest)?,
            })
        };
        self.data_files.iter().map(of).collect()
    }

    /// The digest of an archive time-stamp's input: the data files that it names, and the octets of the
    /// signature (EN 319 132-1 §5.5.2.2).
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDataFile`].
    pub fn archive_imprint(&self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>> {
        self.archive_imprint_with(&mut ArchiveDigests::default(), input, digest)
    }

    /// The same for many time-stamps, without reading a file more often than needed.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDataFile`]; [`Error::TooManyArchiveInputs`].
    pub fn archive_imprint_with(
        &self,
        digests: &mut ArchiveDigests,
        input: &ArchiveInput,
        digest: Digest,
    ) -> Result<Vec<u8>> {
        digests.digest(input, digest, &mut |name, sink| {
            self.unpack_data_file(name, &mut |piece| {
                sink(piece);
                Ok(())
            })
        })
    }

    /// The signature files: name and XML, in file order.
    ///
    /// # Errors
    ///
    /// None for a container that was opened; the type allows for sources that are read late.
    pub fn signature_files(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let unpack = |index: &usize| Ok((self.files[*index].name.clone(), self.unpack_to_memory(*index)?));
        self.signature_files.iter().map(unpack).collect()
    }

    /// What was odd when the container was opened.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The bounds the container was opened with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Adds a data file. `modified` is the time written into the archive.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySigned`] once there is a signature, [`Error::Name`] for a name that is already
    /// there or differs from one only in case or Unicode form, [`Error::LimitExceeded`].
    pub fn add_data_file(
        &mut self,
        name: FileName,
        media_type: &str,
        content: &[u8],
        method: Method,
        modified: Timestamp,
    ) -> Result<()> {
        if !self.signature_files.is_empty() {
            return Err(Error::AlreadySigned { signatures: self.signature_files.len() });
        }
        let unwritable = !xml::is_xml_text(name.as_str()) || !xml::is_xml_text(media_type);
        if unwritable {
            return Err(Error::Name { name: name.to_string(), fault: NameFault::ControlCharacter });
        }
        let folded = name.folded();
        if self.data_files.iter().any(|file| file.name.folded() == folded) {
            return Err(Error::Name { name: name.to_string(), fault: NameFault::TooSimilar });
        }
        let size = content.len() as u64;
        if size > self.limits.data_file_bytes {
            let allowed = self.limits.data_file_bytes;
            return Err(Error::limit(Bound::DataFileBytes, Some(name.as_str()), allowed, size));
        }
        // mimetype, manifest and one signature have to fit, too.
        if self.data_files.len() + 3 >= self.limits.entries {
            let count = self.data_files.len() as u64 + 1;
            return Err(Error::limit(Bound::Entries, None, self.limits.entries as u64 - 3, count));
        }
        let file = PackedFile::pack(name.as_str(), content, method, modified)?;
        // The manifest comes after all data files and is made anew from them.
        self.files.retain(|file| file.name != "mimetype" && file.name != MANIFEST_NAME);
        self.files.push(file);
        self.data_files.push(DataFile { name, media_type: media_type.to_owned(), size, index: 0 });
        let manifest = Manifest::write(self.data_files.iter().map(|file| (&file.name, &*file.media_type)));
        let mimetype = PackedFile::pack("mimetype", MIMETYPE.as_bytes(), Method::Stored, modified)?;
        self.files.insert(0, mimetype);
        self.files.push(PackedFile::pack(MANIFEST_NAME, manifest.as_bytes(), Method::Deflated, modified)?);
        self.index_data_files();
        Ok(())
    }

    /// Adds a signature in a file of its own and returns the file's name: the lowest
    /// `META-INF/signaturesN.xml` that is free. Every other entry keeps its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::DoesNotCover`] when the signature is not one over exactly the data files that are
    /// here; [`Error::LimitExceeded`].
    pub fn add_signature(&mut self, signature: &SignedSignature, modified: Timestamp) -> Result<String> {
        self.check_coverage(signature)?;
        if self.files.len() >= self.limits.entries {
            let allowed = self.limits.entries as u64;
            return Err(Error::limit(Bound::Entries, None, allowed, self.files.len() as u64 + 1));
        }
        let taken: HashSet<String> = self.files.iter().map(|file| folded(&file.name)).collect();
        let mut number = 0;
        let name = loop {
            let name = format!("META-INF/signatures{number}.xml");
            if !taken.contains(&folded(&name)) {
                break name;
            }
            number += 1;
        };
        let xml = signature.to_xml().to_owned();
        self.signature_files.push(self.files.len());
        self.files.push(PackedFile::pack(&name, xml.as_bytes(), Method::Deflated, modified)?);
        Ok(name)
    }

    /// Every signature of accepted shape, ready to be extended, with the file it lies in. Those of
    /// other shapes are left out; [`crate::validate()`] says what is wrong with them.
    ///
    /// # Errors
    ///
    /// [`Error::Xml`] or [`Error::Shape`] when a signatures file holds no signatures.
    pub fn signatures(&self) -> Result<Vec<(String, SignedSignature)>> {
        let mut found = Vec::new();
        for (file, bytes) in self.signature_files()? {
            let read = SignaturesFile::parse(&file, &bytes, &self.limits)?;
            let text = String::from_utf8(bytes).map_err(|_| Error::Xml {
                file: file.clone(),
                problem: "the file is not UTF-8".to_owned(),
            })?;
            for (number, signature) in read.signatures().iter().enumerate() {
                if signature.is_ok()
                    && let Ok(signature) = SignedSignature::read(&file, text.clone(), number, &self.limits)
                {
                    found.push((file.clone(), signature));
                }
            }
        }
        Ok(found)
    }

    /// Puts a signature that was extended in the place of what it was before. All other entries keep
    /// their bytes, and in its own file everything that was there before.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchSignature`] when `file` is no signatures file, [`Error::NotAnExtension`] when the
    /// signature is another one than the file holds, or has lost something; [`Error::LimitExceeded`].
    pub fn replace_signature(
        &mut self,
        file: &str,
        signature: &SignedSignature,
        modified: Timestamp,
    ) -> Result<()> {
        let index = self.find_signature_file(file, signature.id())?;
        let old = SignaturesFile::parse(file, &self.unpack_to_memory(index)?, &self.limits)?;
        let new = SignaturesFile::parse(file, signature.to_xml().as_bytes(), &self.limits)?;
        check_extension(old.signatures(), new.signatures(), signature.number())
            .map_err(|problem| Error::NotAnExtension { file: file.to_owned(), problem })?;
        self.files[index] =
            PackedFile::pack(file, signature.to_xml().as_bytes(), Method::Deflated, modified)?;
        Ok(())
    }

    /// Removes the signature with this `Id` from a signatures file, and the file when it holds no other.
    /// Everything else keeps its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchSignature`]; [`Error::Shape`] when the file holds no signatures.
    pub fn remove_signature(&mut self, file: &str, id: &str, modified: Timestamp) -> Result<()> {
        let index = self.find_signature_file(file, id)?;
        let bytes = self.unpack_to_memory(index)?;
        match parse::without_signature(file, &bytes, id, &self.limits)? {
            parse::Removed::NotThere => {
                Err(Error::NoSuchSignature { file: file.to_owned(), id: id.to_owned() })
            }
            parse::Removed::Remaining(text) => {
                self.files[index] = PackedFile::pack(file, text.as_bytes(), Method::Deflated, modified)?;
                Ok(())
            }
            parse::Removed::Last => {
                self.files.remove(index);
                self.signature_files.retain(|known| *known != index);
                for known in &mut self.signature_files {
                    *known -= usize::from(*known > index);
                }
                self.index_data_files();
                Ok(())
            }
        }
    }

    /// The first of `S0`, `S1`, … that no signature in the container has as its `Id`.
    ///
    /// # Errors
    ///
    /// None for a container that was opened; the type allows for sources that are read late.
    pub fn free_signature_id(&self) -> Result<SignatureId> {
        let mut taken = HashSet::new();
        for (file, bytes) in self.signature_files()? {
            if let Ok(read) = SignaturesFile::parse(&file, &bytes, &self.limits) {
                taken.extend(read.signatures().iter().filter_map(|signature| match signature {
                    Ok(signature) => Some(signature.id.clone()),
                    Err(fault) => fault.id.clone(),
                }));
            }
        }
        let free = (0..).map(|number| format!("S{number}")).find(|id| !taken.contains(id));
        SignatureId::parse(&free.unwrap_or_default())
    }

    /// Writes the archive.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`] for an empty container; [`Error::Io`] when `sink` fails.
    pub fn write(&self, sink: impl Write) -> Result<()> {
        if self.data_files.is_empty() {
            return Err(Error::NoDataFiles);
        }
        zip_writer::write(&self.files, sink)
    }

    /// Writes the archive into memory.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`].
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut bytes)?;
        Ok(bytes)
    }

    fn unpack_data_file(&self, name: &str, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let file =
            self.find_data_file(name).ok_or_else(|| Error::NoSuchDataFile { name: name.to_owned() })?;
        self.files[file.index].unpack(&self.limits, sink)
    }

    fn find_signature_file(&self, file: &str, id: &str) -> Result<usize> {
        let found = self.signature_files.iter().copied().find(|index| self.files[*index].name == file);
        found.ok_or_else(|| Error::NoSuchSignature { file: file.to_owned(), id: id.to_owned() })
    }

    fn unpack_to_memory(&self, index: usize) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.files[index].unpack(&self.limits, &mut |piece| {
            content.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(content)
    }

    fn take_data_files(&mut self, manifest: Manifest) -> Result<()> {
        let mut present: BTreeMap<&str, u64> = self
            .files
            .iter()
            .filter(|file| !is_metadata(&file.name) && file.name != "mimetype" && !file.name.ends_with('/'))
            .map(|file| (file.name.as_str(), file.size))
            .collect();
        let mut folded_names: HashMap<String, &FileName> = HashMap::new();
        let mut remarks = Vec::new();
        for (name, media_type) in &manifest.files {
            let Some(size) = present.remove(name.as_str()) else {
                let fault = ManifestFault::FileMissing;
                return Err(Error::Manifest { fault, subject: name.to_string() });
            };
            if let Some(other) = folded_names.insert(name.folded(), name) {
                remarks.push(Remark::SimilarNames { first: other.to_string(), second: name.to_string() });
            }
            let (name, media_type) = (name.clone(), media_type.clone());
            self.data_files.push(DataFile { name, media_type, size, index: 0 });
        }
        if let Some(name) = present.keys().next() {
            let fault = ManifestFault::NotListed;
            return Err(Error::Manifest { fault, subject: (*name).to_owned() });
        }
        let listed = manifest.listed_metadata.into_iter().map(|name| Remark::ListedMetadata { name });
        self.remarks.extend(listed.chain(remarks));
        self.index_data_files();
        Ok(())
    }

    /// Positions move when the manifest is rewritten, so they are looked up by name again.
    fn index_data_files(&mut self) {
        let positions: HashMap<&str, usize> =
            self.files.iter().enumerate().map(|(index, file)| (file.name.as_str(), index)).collect();
        for file in &mut self.data_files {
            if let Some(index) = positions.get(file.name.as_str()) {
                file.index = *index;
            }
        }
    }

    fn check_coverage(&self, signature: &SignedSignature) -> Result<()> {
        if self.data_files.is_empty() {
            return Err(Error::NoDataFiles);
        }
        let xml = signature.to_xml();
        let parsed = SignaturesFile::parse("the new signature", xml.as_bytes(), &self.limits)?;
        let uncovered = |name: &str, problem: &str| {
            Err(Error::DoesNotCover { name: name.to_owned(), problem: problem.to_owned() })
        };
        let mut signed = HashMap::new();
        for signature in parsed.signatures() {
            let signature =
                signature.as_ref().map_err(|fault| fault.clone().into_error("the new signature"))?;
            for reference in &signature.files {
                signed.insert(reference.name.clone(), reference.clone());
            }
        }
        for file in &self.data_files {
            let Some(reference) = signed.remove(file.name.as_str()) else {
                return uncovered(file.name.as_str(), "it is not referenced");
            };
            if reference.media_type.as_deref() != Some(file.media_type()) {
                return uncovered(file.name.as_str(), "the media type is another one");
            }
            let digest = reference.digest.known().ok_or_else(|| Error::UnsupportedAlgorithm {
                what: "this digest",
                algorithm: reference.digest.uri().to_owned(),
            })?;
            if self.digest_data_file(file.name.as_str(), digest)? != reference.value {
                return uncovered(file.name.as_str(), "the digest is another one");
            }
        }
        match signed.keys().next() {
            Some(name) => uncovered(name, "it is not in the container"),
            None => Ok(()),
        }
    }
}

impl Default for Container {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether `new` is `old` with more unsigned properties in the signature of this number, and nothing else.
fn check_extension(
    old: &[Result<Signature, ShapeFault>],
    new: &[Result<Signature, ShapeFault>],
    number: usize,
) -> Result<(), &'static str> {
    if old.len() != new.len() {
        return Err("the number of signatures in the file is another one");
    }
    for (index, (old, new)) in old.iter().zip(new).enumerate() {
        if index != number {
            if old != new {
                return Err("another signature of the file changed");
            }
            continue;
        }
        let (Ok(old), Ok(new)) = (old, new) else { return Err("it has not the accepted shape") };
        let (before, after) = (&old.unsigned, &new.unsigned);
        let same = Signature { unsigned: before.clone(), ..new.clone() } == *old;
        if !same {
            return Err("something other than its unsigned properties changed");
        }
        let kept = (before.time_stamp.is_none() || before.time_stamp == after.time_stamp)
            && after.certificates.starts_with(&before.certificates)
            && after.ocsp_responses.starts_with(&before.ocsp_responses)
            && after.crls.starts_with(&before.crls)
            && after.archive_time_stamps.starts_with(&before.archive_time_stamps);
        if !kept {
            return Err("an unsigned property was changed or lost");
        }
    }
    Ok(())
}

/// EN 319 162-1 A.1, in its strict reading: anyone who looks at the first bytes of the file sees
/// `mimetype` at offset 30 and the type at offset 38.
fn check_mimetype(first: Option<&ZipEntry>, comment: &[u8]) -> Result<()> {
    let fault = |expected: &str, found: String| Err(Error::Mimetype { expected: expected.to_owned(), found });
    let Some(first) = first else {
        return fault("the first entry to be 'mimetype'", "no entries".to_owned());
    };
    if first.name != "mimetype" {
        return fault("the first entry to be 'mimetype'", format!("{:?}", first.name));
    }
    if first.method != Method::Stored {
        return fault("it to be stored", "it is deflated".to_owned());
    }
    if first.has_descriptor {
        return fault("its size before its content", "a data descriptor".to_owned());
    }
    if first.local_extra_bytes != 0 {
        return fault("no extra field", format!("{} bytes", first.local_extra_bytes));
    }
    let allowed_comment = [b"mimetype=", MIMETYPE.as_bytes()].concat();
    if !comment.is_empty() && comment != allowed_comment {
        return Err(Error::zip(
            crate::error::ZipFault::Comment,
            None,
            format!("none, or 'mimetype={MIMETYPE}'"),
            format!("{:?}", String::from_utf8_lossy(comment).chars().take(80).collect::<String>()),
        ));
    }
    Ok(())
}

/// `META-INF/*signatures*.xml`, EN 319 162-1 A.5; case is folded so that no spelling hides one.
fn is_signature_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("meta-inf/").is_some_and(|rest| rest.contains("signatures") && rest.ends_with(".xml"))
}
