//! The container itself: a ZIP archive with data files, a manifest and signature files (EN 319 162-1).
//!
//! Three forms are read and made: ASiC-E with XAdES signatures; the same without its data files, which stay
//! elsewhere and are represented by their digests ([`hashcode`]); and ASiC-S, one data file with a time-stamp
//! or a XAdES signature.

mod evidence;
mod hashcode;
mod manifest;
mod unpack;
mod writer;
pub mod zip_reader;
mod zip_writer;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::io::{Cursor, Read, Seek, Write};

use countersign_pki::algorithm::Digest;
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use jiff::Timestamp;

use self::evidence::{ArchiveManifest, is_archive_manifest, is_token};
pub use self::evidence::{Evidence, Renewal};
use self::hashcode::HashcodeList;
use self::manifest::{MANIFEST_NAME, Manifest};
pub use self::writer::ContainerWriter;
pub use self::zip_reader::Method;
use self::zip_reader::{ZipEntry, ZipReader};
use self::zip_writer::{Packed, PackedFile, Source};
use crate::error::{Bound, Error, ManifestFault, NameFault, Result};
use crate::limits::Limits;
use crate::name::{FileName, folded, is_metadata};
use crate::xades::parse::{self, ShapeFault, Signature, SignaturesFile};
use crate::xades::{ArchiveDigests, ArchiveInput, DataFileDigest, SignatureId, SignedSignature};
use crate::xml;

/// The media type of an ASiC-E container, and the whole content of its first entry.
pub const MIMETYPE: &str = "application/vnd.etsi.asic-e+zip";
/// The same for ASiC-S.
pub const MIMETYPE_S: &str = "application/vnd.etsi.asic-s+zip";
/// Where ASiC-S has its time-stamp token.
const TIME_STAMP_NAME: &str = "META-INF/timestamp.tst";

/// A container that was opened, or is being made.
///
/// What was opened stays where it is: data files are read from the source when they are asked for, in
/// pieces, so a container takes a small amount of memory whatever its size. Opening checks the whole archive
/// and every byte in it, its manifest, and that every XML file in it can be parsed; whether the signatures
/// hold is the business of [`crate::validate()`].
#[derive(Debug, Clone)]
pub struct Container {
    form: Form,
    /// Everything in the archive, in file order. The first is `mimetype` in an opened container.
    files: Vec<PackedFile>,
    data_files: Vec<DataFile>,
    /// Indexes into `files`.
    signature_files: Vec<usize>,
    remarks: Vec<Remark>,
    limits: Limits,
    /// Digests that were computed in passing, by file name.
    digests: HashMap<(String, Digest), Vec<u8>>,
}

/// The forms of container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Any number of data files, and XAdES signatures (EN 319 162-1 §4.4).
    AsicE,
    /// ASiC-E without the data files: their digests stand for them.
    Hashcode,
    /// One data file, and a time-stamp or XAdES signatures over it (EN 319 162-1 §4.3).
    AsicS,
}

impl Form {
    /// The name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AsicE => "ASiC-E",
            Self::Hashcode => "ASiC-E_hashcode",
            Self::AsicS => "ASiC-S",
        }
    }

    /// The content of `mimetype`.
    pub const fn mimetype(self) -> &'static str {
        match self {
            Self::AsicE | Self::Hashcode => MIMETYPE,
            Self::AsicS => MIMETYPE_S,
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A data file as the manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    name: FileName,
    media_type: String,
    size: u64,
    /// Where it is in `files`; nowhere in a hashcode container.
    index: Option<usize>,
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

    /// Whether its bytes are in the container.
    pub fn is_here(&self) -> bool {
        self.index.is_some()
    }
}

/// An entry of the archive, as it is or will be in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name; a directory's ends with `/`.
    pub name: &'a str,
    /// Unpacked size in bytes.
    pub size: u64,
    /// Packed size in bytes.
    pub packed_size: u64,
    /// How the bytes are packed.
    pub method: Method,
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
    /// The archive has a comment: a writer's name as a rule. No signature covers it.
    Comment {
        /// The text.
        text: String,
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
            Self::Comment { text } => write!(f, "the archive has the comment {text:?}, which is not signed"),
            Self::ListedMetadata { name } => write!(f, "the manifest lists {name:?}"),
        }
    }
}

impl Container {
    /// An empty ASiC-E container to put data files into.
    pub fn new() -> Self {
        Self::of_form(Form::AsicE)
    }

    /// An empty container of another form. ASiC-S takes one data file and then a time-stamp.
    pub fn of_form(form: Form) -> Self {
        Self {
            form,
            files: Vec::new(),
            data_files: Vec::new(),
            signature_files: Vec::new(),
            remarks: Vec::new(),
            limits: Limits::default(),
            digests: HashMap::new(),
        }
    }

    /// Opens a container with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// See [`Self::open_with`].
    pub fn open(source: impl Read + Seek + Send + 'static) -> Result<Self> {
        Self::open_with(source, &Limits::default())
    }

    /// Opens a container that is in memory, with the default [`Limits`].
    ///
    /// # Errors
    ///
    /// See [`Self::open_with`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_with(bytes, &Limits::default())
    }

    /// Opens a container that is in memory.
    ///
    /// # Errors
    ///
    /// See [`Self::open_with`].
    pub fn from_bytes_with(bytes: &[u8], limits: &Limits) -> Result<Self> {
        Self::open_with(Cursor::new(bytes.to_vec()), limits)
    }

    /// Opens a container: reads its structure and then each entry once, from the first byte to the last.
    /// While the data files pass by, the digests that signatures name are computed.
    ///
    /// # Errors
    ///
    /// [`Error::Zip`], [`Error::Name`], [`Error::Mimetype`], [`Error::Manifest`], [`Error::Xml`],
    /// [`Error::Hashcodes`], [`Error::NotAsicS`] when this is no sound container;
    /// [`Error::LimitExceeded`] when it asks for too much; [`Error::Io`].
    pub fn open_with(source: impl Read + Seek + Send + 'static, limits: &Limits) -> Result<Self> {
        let mut archive = ZipReader::open(source, limits)?;
        let form = check_mimetype(&mut archive)?;
        let mut container = Self { limits: *limits, ..Self::of_form(form) };
        let mut metadata = Metadata::default();
        for entry in &archive.entries().to_vec() {
            if entry.name != "mimetype" && is_metadata(&entry.name) && !entry.is_directory() {
                let mut content = Vec::new();
                archive.unpack(entry, &mut |piece| {
                    content.extend_from_slice(piece);
                    Ok(())
                })?;
                metadata.take(&entry.name, &content, form, limits)?;
            }
        }
        for entry in &archive.entries().to_vec() {
            if is_metadata(&entry.name) || entry.name == "mimetype" {
                continue;
            }
            let mut hashers: Vec<_> =
                metadata.digests.iter().map(|digest| (*digest, digest.hasher())).collect();
            archive.unpack(entry, &mut |piece| {
                hashers.iter_mut().for_each(|(_, hasher)| hasher.update(piece));
                Ok(())
            })?;
            for (digest, hasher) in hashers {
                container.digests.insert((entry.name.clone(), digest), hasher.finish());
            }
        }
        let (source, entries, comment) = archive.into_parts();
        if !comment.is_empty() && !comment.starts_with(b"mimetype") {
            let text = String::from_utf8_lossy(&comment).into_owned();
            container.remarks.push(Remark::Comment { text });
        }
        let source = Source::new(source);
        for entry in entries {
            if is_signature_file(&entry.name) {
                container.signature_files.push(container.files.len());
            }
            container.files.push(PackedFile {
                name: entry.name,
                method: entry.method,
                crc32: entry.crc32,
                size: entry.size,
                dos_time: entry.dos_time,
                packed: Packed::Source {
                    source: source.clone(),
                    offset: entry.data_offset,
                    size: entry.packed_size,
                },
            });
        }
        container.take_metadata(metadata)?;
        Ok(container)
    }

    /// The form of the container.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Everything in the archive, in file order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.files.iter().map(|file| Entry {
            name: &file.name,
            size: file.size,
            packed_size: file.packed.len(),
            method: file.method,
        })
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
    /// [`Error::NoSuchDataFile`]; [`Error::DataNotHere`] in a hashcode container that does not give this
    /// digest.
    pub fn digest_data_file(&self, name: &str, digest: Digest) -> Result<Vec<u8>> {
        if let Some(known) = self.digests.get(&(name.to_owned(), digest)) {
            return Ok(known.clone());
        }
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
    /// [`Error::NoSuchDataFile`]; [`Error::DataNotHere`]: it needs the bytes themselves.
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
        if self.form == Form::Hashcode {
            return Err(Error::DataNotHere { name: name.to_string() });
        }
        let size = content.len() as u64;
        self.check_new_file(&name, media_type, size)?;
        let file = PackedFile::pack(name.as_str(), content, method, modified)?;
        self.files.push(file);
        self.data_files.push(DataFile { name, media_type: media_type.to_owned(), size, index: None });
        self.write_own_files(modified)
    }

    /// Writes `mimetype`, manifest and lists of digests anew: the first before the data files, the others
    /// after them, and then everything else that is there.
    fn write_own_files(&mut self, modified: Timestamp) -> Result<()> {
        let mimetype = self.form.mimetype();
        let mut files = vec![PackedFile::pack("mimetype", mimetype.as_bytes(), Method::Stored, modified)?];
        let is_own = |name: &str| {
            name == "mimetype" || name == MANIFEST_NAME || HashcodeList::digest_by_name(name).is_some()
        };
        let (rest, data): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files)
            .into_iter()
            .filter(|file| !is_own(&file.name))
            .partition(|file| is_metadata(&file.name));
        files.extend(data);
        if self.form != Form::AsicS {
            let described = self.data_files.iter().map(|file| (&file.name, &*file.media_type));
            let manifest = Manifest::write(described);
            files.push(PackedFile::pack(MANIFEST_NAME, manifest.as_bytes(), Method::Deflated, modified)?);
        }
        if self.form == Form::Hashcode {
            for digest in HashcodeList::DIGESTS {
                if let Some(list) = self.hashcode_list(digest) {
                    let (name, list) = (HashcodeList::name(digest), list.write());
                    files.push(PackedFile::pack(name, list.as_bytes(), Method::Deflated, modified)?);
                }
            }
        }
        files.extend(rest);
        self.files = files;
        self.index_files();
        Ok(())
    }

    fn check_new_file(&self, name: &FileName, media_type: &str, size: u64) -> Result<()> {
        if !self.signature_files.is_empty() || self.has_time_stamp() {
            let signatures = self.signature_files.len() + usize::from(self.has_time_stamp());
            return Err(Error::AlreadySigned { signatures });
        }
        if self.form == Form::AsicS && (!self.data_files.is_empty() || name.as_str().contains('/')) {
            let problem = "it holds one data file, and that in no folder".to_owned();
            return Err(Error::NotAsicS { problem });
        }
        let files = self.data_files.iter().map(|file| &file.name);
        check_new_name(files, name, media_type)?;
        if size > self.limits.data_file_bytes {
            let allowed = self.limits.data_file_bytes;
            return Err(Error::limit(Bound::DataFileBytes, Some(name.as_str()), allowed, size));
        }
        // mimetype, manifest and one signature have to fit, too.
        if self.data_files.len() + 3 >= self.limits.entries {
            let count = self.data_files.len() as u64 + 1;
            return Err(Error::limit(Bound::Entries, None, self.limits.entries as u64 - 3, count));
        }
        Ok(())
    }

    /// Gives an ASiC-S container its time-stamp, over the bytes of the one data file
    /// ([`Self::digest_data_file`] makes the imprint). The token is not checked further here.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsicS`], [`Error::NoDataFiles`], [`Error::AlreadySigned`];
    /// [`Error::WrongTimeStamp`] when it is for other data or its imprint proves nothing.
    pub fn add_time_stamp_token(&mut self, token: &TimeStampToken, modified: Timestamp) -> Result<()> {
        if self.form != Form::AsicS {
            let problem = "only ASiC-S has a time-stamp of its own".to_owned();
            return Err(Error::NotAsicS { problem });
        }
        if self.has_time_stamp() || !self.signature_files.is_empty() {
            return Err(Error::AlreadySigned { signatures: 1 });
        }
        let wrong = |problem: &str| Err(Error::WrongTimeStamp { problem: problem.to_owned() });
        let file = self.data_files.first().ok_or(Error::NoDataFiles)?;
        let Some(digest) = token.imprint().digest().filter(|digest| !digest.is_weak()) else {
            return wrong("its imprint is made with a digest that proves nothing");
        };
        let imprint = MessageImprint::new(digest, &self.digest_data_file(file.name.as_str(), digest)?);
        if !imprint.is_ok_and(|imprint| token.imprint().same_as(&imprint)) {
            return wrong("it is for other data than the data file");
        }
        self.files.push(PackedFile::pack(TIME_STAMP_NAME, token.as_der(), Method::Deflated, modified)?);
        Ok(())
    }

    /// The DER of the time-stamp token of an ASiC-S container: the first one, which [`Self::evidence`] has with its renewals.
    ///
    /// # Errors
    ///
    /// None for a container that was opened; the type allows for sources that are read late.
    pub fn time_stamp_token(&self) -> Result<Option<Vec<u8>>> {
        let index = self.files.iter().position(|file| file.name == TIME_STAMP_NAME);
        index.map(|index| self.unpack_to_memory(index)).transpose()
    }

    fn has_time_stamp(&self) -> bool {
        self.form == Form::AsicS && self.files.iter().any(|file| file.name == TIME_STAMP_NAME)
    }

    /// Adds a signature in a file of its own and returns the file's name: the lowest
    /// `META-INF/signaturesN.xml` that is free. Every other entry keeps its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::DoesNotCover`] when the signature is not one over exactly the data files that are
    /// here; [`Error::LimitExceeded`].
    pub fn add_signature(&mut self, signature: &SignedSignature, modified: Timestamp) -> Result<String> {
        if self.form == Form::AsicS {
            let problem = "signatures are added to ASiC-E only".to_owned();
            return Err(Error::NotAsicS { problem });
        }
        let files = self.data_files.iter().map(|file| (&file.name, &*file.media_type));
        check_coverage(signature, files, |name, digest| self.digest_data_file(name, digest))?;
        if self.files.len() >= self.limits.entries {
            let allowed = self.limits.entries as u64;
            return Err(Error::limit(Bound::Entries, None, allowed, self.files.len() as u64 + 1));
        }
        let taken: HashSet<String> = self.files.iter().map(|file| folded(&file.name)).collect();
        let name = free_signature_name(&taken);
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
                self.index_files();
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
        if self.form == Form::Hashcode
            && let Some(file) = self.data_files.iter().find(|file| file.is_here())
        {
            let problem = format!("the data file {:?} is attached, and others are not", file.name);
            return Err(Error::Hashcodes { file: HashcodeList::name(Digest::Sha256), problem });
        }
        zip_writer::write(&self.files, sink).map(|_| ())
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
        let index = file.index.ok_or_else(|| Error::DataNotHere { name: name.to_owned() })?;
        self.files[index].unpack(&self.limits, sink)
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

    fn take_metadata(&mut self, metadata: Metadata) -> Result<()> {
        self.remarks.extend(metadata.remarks);
        if !metadata.hashcodes.is_empty() {
            if self.form == Form::AsicS {
                return Err(Error::NotAsicS { problem: "it has lists of digests".to_owned() });
            }
            self.form = Form::Hashcode;
        }
        match (metadata.manifest, self.form) {
            (Some(manifest), _) => self.take_data_files(manifest, &metadata.hashcodes)?,
            (None, Form::AsicS) => self.take_lone_file(metadata.media_type)?,
            (None, Form::AsicE | Form::Hashcode) => {
                let subject = MANIFEST_NAME.to_owned();
                return Err(Error::Manifest { fault: ManifestFault::Missing, subject });
            }
        }
        let mixed = self.has_time_stamp() && !self.signature_files.is_empty();
        if self.form == Form::AsicS && (self.data_files.len() != 1 || mixed) {
            let problem = "it has one data file, with either a time-stamp or signatures".to_owned();
            return Err(Error::NotAsicS { problem });
        }
        self.index_files();
        self.evidence().map(|_| ())
    }

    /// ASiC-S needs no manifest; the media type is then the one that is signed, if any.
    fn take_lone_file(&mut self, media_type: Option<String>) -> Result<()> {
        let data = self
            .files
            .iter()
            .filter(|file| !is_metadata(&file.name) && file.name != "mimetype" && !file.name.ends_with('/'));
        for file in data {
            self.data_files.push(DataFile {
                name: FileName::parse(&file.name)?,
                media_type: media_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
                size: file.size,
                index: None,
            });
        }
        Ok(())
    }

    fn take_data_files(&mut self, manifest: Manifest, hashcodes: &[HashcodeList]) -> Result<()> {
        let data = |file: &&PackedFile| {
            !is_metadata(&file.name) && file.name != "mimetype" && !file.name.ends_with('/')
        };
        let mut present: BTreeMap<&str, u64> =
            self.files.iter().filter(data).map(|file| (file.name.as_str(), file.size)).collect();
        if self.form == Form::Hashcode {
            if let Some(name) = present.keys().next() {
                let problem = format!("the data file {name:?} beside lists of digests");
                return Err(Error::Hashcodes { file: HashcodeList::name(Digest::Sha256), problem });
            }
            present = hashcode::agreed_sizes(hashcodes)?;
            for list in hashcodes {
                for (name, digest) in list.digests() {
                    self.digests.insert((name.to_owned(), list.digest()), digest.to_vec());
                }
            }
        }
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
            self.data_files.push(DataFile { name, media_type, size, index: None });
        }
        if let Some(name) = present.keys().next() {
            let fault = ManifestFault::NotListed;
            return Err(Error::Manifest { fault, subject: (*name).to_owned() });
        }
        let listed = manifest.listed_metadata.into_iter().map(|name| Remark::ListedMetadata { name });
        self.remarks.extend(listed.chain(remarks));
        Ok(())
    }

    /// Positions move when files come and go, so they are looked up by name again.
    fn index_files(&mut self) {
        let positions: HashMap<&str, usize> =
            self.files.iter().enumerate().map(|(index, file)| (file.name.as_str(), index)).collect();
        for file in &mut self.data_files {
            file.index = positions.get(file.name.as_str()).copied();
        }
        let signatures = self.files.iter().enumerate().filter(|(_, file)| is_signature_file(&file.name));
        self.signature_files = signatures.map(|(index, _)| index).collect();
    }
}

/// What the files in `META-INF/` say.
#[derive(Default)]
struct Metadata {
    manifest: Option<Manifest>,
    hashcodes: Vec<HashcodeList>,
    /// The digests that signatures refer to files by.
    digests: BTreeSet<Digest>,
    /// The media type of the first file that a signature refers to; looked for in ASiC-S only.
    media_type: Option<String>,
    remarks: Vec<Remark>,
}

impl Metadata {
    fn take(&mut self, name: &str, content: &[u8], form: Form, limits: &Limits) -> Result<()> {
        if name == MANIFEST_NAME {
            self.manifest = Some(Manifest::parse(content, form.mimetype(), limits)?);
        } else if is_signature_file(name) {
            let text = xml::text(name, content, limits)?;
            self.digests.extend(parse::reference_digests(&xml::parse(name, text, limits)?));
            if form == Form::AsicS
                && let Ok(read) = SignaturesFile::parse(name, content, limits)
            {
                let files = read.signatures().iter().flatten().flat_map(|signature| &signature.files);
                self.media_type = files.filter_map(|file| file.media_type.clone()).next();
            }
        } else if let Some(digest) = HashcodeList::digest_by_name(name) {
            self.hashcodes.push(HashcodeList::parse(digest, content, limits)?);
        } else if form == Form::AsicS && is_archive_manifest(name) {
            self.digests.extend(ArchiveManifest::parse(name, content, limits)?.digests());
        } else if form == Form::AsicS && is_token(name) {
            let imprint = TimeStampToken::from_der(content).ok().and_then(|token| token.imprint().digest());
            self.digests.extend(imprint);
        } else {
            self.remarks.push(Remark::UnsignedMetadata { name: name.to_owned() });
        }
        Ok(())
    }
}

/// Whether a signature is one over exactly these files. `digest_of` gives their digests.
fn check_coverage<'a>(
    signature: &SignedSignature,
    files: impl IntoIterator<Item = (&'a FileName, &'a str)>,
    digest_of: impl Fn(&str, Digest) -> Result<Vec<u8>>,
) -> Result<()> {
    let uncovered = |name: &str, problem: &str| {
        Err(Error::DoesNotCover { name: name.to_owned(), problem: problem.to_owned() })
    };
    let mut signed: HashMap<&str, &parse::FileReference> =
        signature.signature().files.iter().map(|reference| (&*reference.name, reference)).collect();
    let mut count = 0;
    for (name, media_type) in files {
        count += 1;
        let Some(reference) = signed.remove(name.as_str()) else {
            return uncovered(name.as_str(), "it is not referenced");
        };
        if reference.media_type.as_deref() != Some(media_type) {
            return uncovered(name.as_str(), "the media type is another one");
        }
        let digest = reference.digest.known().ok_or_else(|| Error::UnsupportedAlgorithm {
            what: "this digest",
            algorithm: reference.digest.uri().to_owned(),
        })?;
        if digest_of(name.as_str(), digest)? != reference.value {
            return uncovered(name.as_str(), "the digest is another one");
        }
    }
    if count == 0 {
        return Err(Error::NoDataFiles);
    }
    match signed.keys().next() {
        Some(name) => uncovered(name, "it is not in the container"),
        None => Ok(()),
    }
}

/// Whether a file of this name and type can stand beside the others.
fn check_new_name<'a>(
    others: impl IntoIterator<Item = &'a FileName>,
    name: &FileName,
    media_type: &str,
) -> Result<()> {
    let unwritable = !xml::is_xml_text(name.as_str()) || !xml::is_xml_text(media_type);
    if unwritable {
        return Err(Error::Name { name: name.to_string(), fault: NameFault::ControlCharacter });
    }
    let folded = name.folded();
    if others.into_iter().any(|other| other.folded() == folded) {
        return Err(Error::Name { name: name.to_string(), fault: NameFault::TooSimilar });
    }
    Ok(())
}

/// The lowest `META-INF/signaturesN.xml` that no reader could take for one of the names that are there.
fn free_signature_name(taken: &HashSet<String>) -> String {
    let names = (0..).map(|number| format!("META-INF/signatures{number}.xml"));
    names.into_iter().find(|name| !taken.contains(&folded(name))).unwrap_or_default()
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
fn check_mimetype(archive: &mut ZipReader<impl Read + Seek>) -> Result<Form> {
    let fault = |expected: &str, found: String| Err(Error::Mimetype { expected: expected.to_owned(), found });
    let Some(first) = archive.entries().first().cloned() else {
        return fault("the first entry to be 'mimetype'", "no entries".to_owned());
    };
    check_mimetype_entry(&first)?;
    let mut content = Vec::new();
    archive.unpack(&first, &mut |piece| {
        content.extend_from_slice(piece);
        Ok(())
    })?;
    let Some(form) =
        [Form::AsicE, Form::AsicS].into_iter().find(|form| content == form.mimetype().as_bytes())
    else {
        let found = String::from_utf8_lossy(&content).chars().take(80).collect::<String>();
        return fault(MIMETYPE, format!("{found:?}"));
    };
    check_comment(archive.comment(), form)?;
    Ok(form)
}

/// `mimetype=…` may stand in the archive comment (EN 319 162-1 A.1), and some writers leave their name there. Nothing
/// that another reader could take for the end of the archive, or for another type.
fn check_comment(comment: &[u8], form: Form) -> Result<()> {
    let expected = [b"mimetype=", form.mimetype().as_bytes()].concat();
    let is_text = comment.len() <= 200 && comment.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if comment == expected || (is_text && !comment.starts_with(b"mimetype")) {
        return Ok(());
    }
    Err(Error::zip(
        crate::error::ZipFault::Comment,
        None,
        format!("none, 'mimetype={}', or a line of text", form.mimetype()),
        format!("{:?}", String::from_utf8_lossy(comment).chars().take(80).collect::<String>()),
    ))
}

fn check_mimetype_entry(first: &ZipEntry) -> Result<()> {
    let fault = |expected: &str, found: String| Err(Error::Mimetype { expected: expected.to_owned(), found });
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
    Ok(())
}

/// `META-INF/*signatures*.xml`, EN 319 162-1 A.5; case is folded so that no spelling hides one.
fn is_signature_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("meta-inf/").is_some_and(|rest| rest.contains("signatures") && rest.ends_with(".xml"))
}
