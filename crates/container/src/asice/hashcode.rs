//! Hashcode containers: ASiC-E without its data files, which never leave the service that has them. Two
//! lists of digests stand for them, in the form that the signing gateway in use in Estonia (SiGa) reads and
//! writes.
//!
//! ```text
//! META-INF/hashcodes-sha256.xml, META-INF/hashcodes-sha512.xml
//! <hashcodes><file-entry full-path="a.txt" hash="base64" size="18"/></hashcodes>
//! ```
//!
//! Signatures are made over the digests given. An archive time-stamp needs the bytes themselves.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek};

use countersign_pki::algorithm::Digest;
use jiff::Timestamp;

use super::zip_writer::{Packed, PackedFile, Source, dos_time};
use super::{Container, DataFile, Form, Method};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::name::FileName;
use crate::xml;

const NAMES: [(Digest, &str); 2] =
    [(Digest::Sha256, "META-INF/hashcodes-sha256.xml"), (Digest::Sha512, "META-INF/hashcodes-sha512.xml")];

/// One list: name, digest and size of each data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HashcodeList {
    digest: Digest,
    files: Vec<(FileName, Vec<u8>, u64)>,
}

impl HashcodeList {
    /// The digests that there are lists of.
    pub(crate) const DIGESTS: [Digest; 2] = [Digest::Sha256, Digest::Sha512];

    /// Where the list of a digest lies.
    pub(crate) fn name(digest: Digest) -> &'static str {
        NAMES.iter().find(|(known, _)| *known == digest).map_or("", |(_, name)| name)
    }

    pub(crate) fn digest_by_name(name: &str) -> Option<Digest> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(digest, _)| *digest)
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn digests(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, hash, _)| (name.as_str(), &hash[..]))
    }

    pub(crate) fn parse(digest: Digest, bytes: &[u8], limits: &Limits) -> Result<Self> {
        let file = Self::name(digest);
        let fault = |problem: String| Error::Hashcodes { file, problem: problem.chars().take(200).collect() };
        let text = xml::text(file, bytes, limits)?;
        let document = xml::parse(file, text, limits)?;
        let is = |node, local: &str| {
            let element = document.element(node);
            element.is_some_and(|element| {
                element.name.namespace_uri.is_none() && element.name.local_name == local
            })
        };
        let root = document.document_element().filter(|root| is(*root, "hashcodes"));
        let root = root.ok_or_else(|| fault("the root element is not 'hashcodes'".to_owned()))?;
        let entries = xml::child_elements(&document, root);
        let entries = entries.ok_or_else(|| fault("there is text between the elements".to_owned()))?;
        if entries.len() > limits.entries {
            return Err(fault(format!("there are more than {} entries", limits.entries)));
        }
        let mut names = HashSet::new();
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            if !is(entry, "file-entry") {
                return Err(fault(format!("the element {}", xml::shown_name(&document, entry))));
            }
            let attribute = |name: &str| {
                xml::attribute(&document, entry, name).ok_or_else(|| fault(format!("no attribute {name:?}")))
            };
            let name = FileName::parse(attribute("full-path")?)?;
            let hash = xml::from_base64(attribute("hash")?).filter(|hash| hash.len() == digest.len());
            let hash = hash.ok_or_else(|| fault(format!("the hash of {name} is not one of {digest}")))?;
            let size = attribute("size")?;
            let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit());
            let size = digits.then(|| size.parse().ok()).flatten();
            let size = size.ok_or_else(|| fault(format!("the size of {name} is no number")))?;
            if !names.insert(name.clone()) {
                return Err(fault(format!("{name} is listed twice")));
            }
            files.push((name, hash, size));
        }
        Ok(Self { digest, files })
    }

    pub(crate) fn write(&self) -> String {
        let mut text = xml::CanonicalText::default();
        text.raw("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n").open("hashcodes", &[]);
        for (name, hash, size) in &self.files {
            let (hash, size) = (xml::to_base64(hash), size.to_string());
            let attributes = [("full-path", name.as_str()), ("hash", &*hash), ("size", &*size)];
            text.open("file-entry", &attributes).close();
        }
        text.finish()
    }
}

/// Every list names the same files with the same sizes.
pub(crate) fn agreed_sizes(lists: &[HashcodeList]) -> Result<BTreeMap<&str, u64>> {
    let sizes = |list: &'_ HashcodeList| -> Vec<(String, u64)> {
        let mut sizes: Vec<_> = list.files.iter().map(|(name, _, size)| (name.to_string(), *size)).collect();
        sizes.sort();
        sizes
    };
    if let [first, others @ ..] = lists {
        for other in others {
            if sizes(first) != sizes(other) {
                let problem = "it names other files or sizes than the other list".to_owned();
                return Err(Error::Hashcodes { file: HashcodeList::name(other.digest), problem });
            }
        }
    }
    let files = lists.first().map(|list| &list.files[..]).unwrap_or_default();
    Ok(files.iter().map(|(name, _, size)| (name.as_str(), *size)).collect())
}

impl Container {
    /// Adds a data file by its digests to a [`Form::Hashcode`] container. The SHA-512 list is left out
    /// as soon as one of its digests is unknown.
    ///
    /// # Errors
    ///
    /// [`Error::Hashcodes`] in a container of another form; [`Error::AlreadySigned`], [`Error::Name`],
    /// [`Error::LimitExceeded`] as for other data files.
    pub fn add_hashcode(
        &mut self,
        name: FileName,
        media_type: &str,
        size: u64,
        sha256: [u8; 32],
        sha512: Option<[u8; 64]>,
        modified: Timestamp,
    ) -> Result<()> {
        self.expect_form(Form::Hashcode)?;
        self.check_new_file(&name, media_type, size)?;
        self.digests.insert((name.to_string(), Digest::Sha256), sha256.to_vec());
        if let Some(sha512) = sha512 {
            self.digests.insert((name.to_string(), Digest::Sha512), sha512.to_vec());
        }
        self.data_files.push(DataFile { name, media_type: media_type.to_owned(), size, index: None });
        self.write_own_files(modified)
    }

    /// The hashcode container of this container: the same signatures and manifest, and digests in place of
    /// the data files.
    ///
    /// # Errors
    ///
    /// [`Error::Hashcodes`] when this is no ASiC-E.
    pub fn to_hashcode(&self, modified: Timestamp) -> Result<Self> {
        self.expect_form(Form::AsicE)?;
        let mut made = self.clone();
        for digest in HashcodeList::DIGESTS {
            for file in &self.data_files {
                let value = self.digest_data_file(file.name.as_str(), digest)?;
                made.digests.insert((file.name.to_string(), digest), value);
            }
        }
        made.form = Form::Hashcode;
        made.files.retain(|file| self.find_data_file(&file.name).is_none());
        made.write_own_files(modified)?;
        Ok(made)
    }

    /// Puts the bytes of a data file into a hashcode container, stored as they are. They are read once now,
    /// to compare their digest, and again when the container is written. With the last one it becomes an
    /// ordinary ASiC-E; until then it can't be written.
    ///
    /// # Errors
    ///
    /// [`Error::Hashcodes`] in a container of another form; [`Error::NoSuchDataFile`];
    /// [`Error::DoesNotCover`] when the bytes have another digest or size; [`Error::Io`].
    pub fn attach(
        &mut self,
        name: &str,
        content: impl Read + Seek + Send + 'static,
        modified: Timestamp,
    ) -> Result<()> {
        self.expect_form(Form::Hashcode)?;
        let file =
            self.find_data_file(name).ok_or_else(|| Error::NoSuchDataFile { name: name.to_owned() })?;
        let (name, size) = (file.name.to_string(), file.size);
        let source = Source::new(content);
        let mut hashers = HashcodeList::DIGESTS.map(|digest| (digest, digest.hasher()));
        let mut crc32 = crc32fast::Hasher::new();
        let found = source.read_all(&mut |piece| {
            crc32.update(piece);
            hashers.iter_mut().for_each(|(_, hasher)| hasher.update(piece));
        })?;
        let wrong =
            |problem: &str| Err(Error::DoesNotCover { name: name.clone(), problem: problem.to_owned() });
        if found != size {
            return wrong("the size is another one");
        }
        for (digest, hasher) in hashers {
            let value = hasher.finish();
            if self.digests.get(&(name.clone(), digest)).is_some_and(|expected| *expected != value) {
                return wrong("the digest is another one");
            }
        }
        self.files.retain(|file| file.name != name);
        self.files.push(PackedFile {
            name,
            method: Method::Stored,
            crc32: crc32.finalize(),
            size,
            dos_time: dos_time(modified),
            packed: Packed::Source { source, offset: 0, size },
        });
        self.index_files();
        if self.data_files.iter().all(DataFile::is_here) {
            self.form = Form::AsicE;
        }
        self.write_own_files(modified)
    }

    /// The list of a digest; none when a digest is not known.
    pub(super) fn hashcode_list(&self, digest: Digest) -> Option<HashcodeList> {
        let files = self.data_files.iter().map(|file| {
            let hash = self.digests.get(&(file.name.to_string(), digest))?.clone();
            Some((file.name.clone(), hash, file.size))
        });
        files.collect::<Option<Vec<_>>>().map(|files| HashcodeList { digest, files })
    }

    fn expect_form(&self, form: Form) -> Result<()> {
        if self.form == form {
            return Ok(());
        }
        let problem = format!("the container is {} and not {form}", self.form);
        Err(Error::Hashcodes { file: HashcodeList::name(Digest::Sha256), problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(xml: &str) -> Result<HashcodeList> {
        HashcodeList::parse(Digest::Sha256, xml.as_bytes(), &Limits::default())
    }

    fn entry(name: &str, hash: &[u8], size: &str) -> String {
        format!("<file-entry full-path=\"{name}\" hash=\"{}\" size=\"{size}\"/>", xml::to_base64(hash))
    }

    #[test]
    fn a_list_reads_back_as_written() {
        let files = [("a&b \"<c>\".txt", 0), ("õ/ё/📄.bin", u64::MAX)]
            .map(|(name, size)| (FileName::parse(name).unwrap(), vec![7; 32], size));
        let list = HashcodeList { digest: Digest::Sha256, files: files.to_vec() };
        assert_eq!(parse(&list.write()).unwrap(), list);
    }

    #[test]
    fn each_broken_list_is_refused() {
        let sound = entry("a", &[1; 32], "3");
        assert!(parse(&format!("<hashcodes>\n{sound}\n</hashcodes>")).is_ok());
        for inside in [
            format!("{sound}{sound}"),
            format!("{sound}text"),
            entry("a", &[1; 31], "3"),
            entry("a", &[1; 32], "-3"),
            entry("a", &[1; 32], "+3"),
            entry("a", &[1; 32], ""),
            entry("a", &[1; 32], "18446744073709551616"),
            entry("../a", &[1; 32], "3"),
            "<file-entry full-path=\"a\" size=\"3\"/>".to_owned(),
            "<other/>".to_owned(),
        ] {
            let xml = format!("<hashcodes>{inside}</hashcodes>");
            assert!(parse(&xml).is_err(), "{xml}");
        }
        assert!(parse("<h:hashcodes xmlns:h=\"urn:h\"/>").is_err());
        assert!(parse("<!DOCTYPE hashcodes><hashcodes/>").is_err());
    }
}
