//! ASiC-S with time-stamps: one over the data file, and further ones that renew it (EN 319 162-1 §4.3.3.2, §A.7).
//!
//! A renewal is a manifest that lists everything there is with its digest, and a time-stamp over the manifest:
//!
//! ```text
//! META-INF/timestamp.tst                  over the data file
//! META-INF/ASiCArchiveManifest001.xml     lists the data file and timestamp.tst
//! META-INF/timestamp001.tst               over it
//! META-INF/ASiCArchiveManifest.xml        lists those, and the manifest before it as rootfile
//! META-INF/timestamp002.tst               over it
//! ```
//!
//! The newest manifest has no number, and gets one when the next comes.

use std::collections::HashMap;

use countersign_pki::Digest;
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use jiff::Timestamp;

use super::zip_writer::PackedFile;
use super::{Container, Form, Method, TIME_STAMP_NAME};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::name::{name_from_uri, to_uri};
use crate::xades::algorithm::digest_uri;
use crate::xml::{self, ASIC, DS};

const NEWEST: &str = "META-INF/ASiCArchiveManifest.xml";
const TOKEN_TYPE: &str = "application/vnd.etsi.timestamp-token";
/// Renewals of one container; one in some years is what certificates ask for.
const MAX_RENEWALS: usize = 64;

/// Whether an entry is an archive manifest; case is folded so that no spelling hides one.
pub(super) fn is_archive_manifest(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("meta-inf/asicarchivemanifest") && name.ends_with(".xml")
}

/// Whether an entry is a time-stamp of ASiC-S.
pub(super) fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("meta-inf/timestamp") && name.ends_with(".tst")
}

/// A time-stamp of an ASiC-S container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The entry it lies in.
    pub file: String,
    /// The token in DER.
    pub token: Vec<u8>,
    /// The entries that it covers, the data file among them.
    pub covers: Vec<String>,
    /// What its imprint has to be, by the hash function that it names; none where the token cannot be read. Or why there is
    /// nothing that it could be: something that it lists is gone or changed.
    imprint: std::result::Result<Option<(Digest, Vec<u8>)>, String>,
}

impl Evidence {
    /// What the imprint has to be, by the hash function of the token.
    pub(crate) fn imprint(&self, digest: Digest) -> std::result::Result<Vec<u8>, String> {
        let found = self.imprint.clone()?.filter(|(known, _)| *known == digest);
        found.map(|(_, value)| value).ok_or_else(|| format!("its imprint is made with {digest}"))
    }
}

/// The hash function of a token's imprint.
fn digest_of_imprint(token: &[u8]) -> Option<Digest> {
    TimeStampToken::from_der(token).ok().and_then(|token| token.imprint().digest())
}

/// A renewal that lacks its time-stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    manifest: String,
    token_name: String,
    digest: Digest,
}

impl Renewal {
    /// The hash function of the imprint.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What has to be time-stamped.
    pub fn imprint(&self) -> Vec<u8> {
        self.digest.of(self.manifest.as_bytes())
    }
}

/// A manifest as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ArchiveManifest {
    /// The entry of the time-stamp over it.
    token: String,
    references: Vec<Reference>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Reference {
    name: String,
    digest: Option<Digest>,
    value: Vec<u8>,
}

impl ArchiveManifest {
    pub(super) fn parse(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self> {
        let text = xml::text(name, bytes, limits)?;
        let document = xml::parse(name, text, limits)?;
        let broken = |problem: &str| Error::NotAsicS { problem: format!("{name}: {problem}") };
        let root = document.document_element().filter(|root| xml::is(&document, *root, ASIC, "ASiCManifest"));
        let root = root.ok_or_else(|| broken("asic:ASiCManifest is expected"))?;
        let children =
            xml::child_elements(&document, root).ok_or_else(|| broken("text between its elements"))?;
        let [first, rest @ ..] = &children[..] else { return Err(broken("it is empty")) };
        let uri = |node| -> Result<String> {
            let uri =
                xml::attribute(&document, node, "URI").ok_or_else(|| broken("a reference without URI"))?;
            name_from_uri(uri).map_err(broken)
        };
        if !xml::is(&document, *first, ASIC, "SigReference") {
            return Err(broken("it does not begin with asic:SigReference"));
        }
        let mut references = Vec::new();
        for node in rest {
            if !xml::is(&document, *node, ASIC, "DataObjectReference") {
                return Err(broken("something else than asic:DataObjectReference"));
            }
            let parts = xml::child_elements(&document, *node).unwrap_or_default();
            let [method, value, ..] = &parts[..] else { return Err(broken("a reference without digest")) };
            if !xml::is(&document, *method, DS, "DigestMethod")
                || !xml::is(&document, *value, DS, "DigestValue")
            {
                return Err(broken("a reference without digest"));
            }
            let algorithm = xml::attribute(&document, *method, "Algorithm").unwrap_or_default();
            let value = xml::text_of(&document, *value).and_then(|text| xml::from_base64(&text));
            references.push(Reference {
                name: uri(*node)?,
                digest: Digest::ALL.into_iter().find(|digest| digest_uri(*digest) == Some(algorithm)),
                value: value.ok_or_else(|| broken("a digest that is not base64"))?,
            });
        }
        if references.is_empty() {
            return Err(broken("it lists nothing"));
        }
        Ok(Self { token: uri(*first)?, references })
    }

    /// The hash functions that it refers by.
    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> {
        self.references.iter().filter_map(|reference| reference.digest)
    }
}

impl Container {
    /// The time-stamps of an ASiC-S container, the first one first. Whether they hold is for [`crate::validate()`] to say.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsicS`] when manifests and time-stamps do not make one chain.
    pub fn evidence(&self) -> Result<Vec<Evidence>> {
        if self.form != Form::AsicS {
            return Ok(Vec::new());
        }
        let mut tokens: HashMap<String, Vec<u8>> = HashMap::new();
        for (index, file) in self.files.iter().enumerate().filter(|(_, file)| is_token(&file.name)) {
            tokens.insert(file.name.clone(), self.unpack_to_memory(index)?);
        }
        let Some(first) = tokens.remove(TIME_STAMP_NAME) else {
            let problem =
                |what: &str| Err(Error::NotAsicS { problem: format!("{what} without {TIME_STAMP_NAME}") });
            return if tokens.is_empty() { Ok(Vec::new()) } else { problem("time-stamps") };
        };
        let data = self.data_files.first().ok_or(Error::NoDataFiles)?.name.as_str();
        let imprint = |digest: Digest| -> Result<_> { Ok((digest, self.digest_data_file(data, digest)?)) };
        let expected = Ok(digest_of_imprint(&first).map(imprint).transpose()?);
        let mut evidence = vec![Evidence {
            file: TIME_STAMP_NAME.to_owned(),
            token: first,
            covers: vec![data.to_owned()],
            imprint: expected,
        }];
        for (name, bytes) in self.archive_manifests()? {
            let manifest = ArchiveManifest::parse(&name, &bytes, &self.limits)?;
            let Some(token) = tokens.remove(&manifest.token) else {
                return Err(Error::NotAsicS {
                    problem: format!("{name}: there is no time-stamp {:?} of its own", manifest.token),
                });
            };
            let expected = self
                .check_references(&manifest, &evidence)?
                .map(|()| digest_of_imprint(&token).map(|digest| (digest, digest.of(&bytes))));
            evidence.push(Evidence {
                file: manifest.token.clone(),
                token,
                imprint: expected,
                covers: manifest.references.into_iter().map(|reference| reference.name).collect(),
            });
        }
        match tokens.keys().next() {
            Some(name) => Err(Error::NotAsicS { problem: format!("no manifest leads to {name}") }),
            None => Ok(evidence),
        }
    }

    /// The archive manifests in the order in which they were made: by number, and then the one without.
    fn archive_manifests(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut found = Vec::new();
        for (index, file) in self.files.iter().enumerate().filter(|(_, file)| is_archive_manifest(&file.name))
        {
            found.push((file.name.clone(), self.unpack_to_memory(index)?));
        }
        if found.len() > MAX_RENEWALS {
            return Err(Error::NotAsicS { problem: format!("more than {MAX_RENEWALS} archive manifests") });
        }
        found.sort_by_key(|(name, _)| {
            (name.eq_ignore_ascii_case(NEWEST), name.len(), name.to_ascii_lowercase())
        });
        Ok(found)
    }

    /// Whether everything that a manifest lists is there as it says, and nothing is left out that came before.
    fn check_references(
        &self,
        manifest: &ArchiveManifest,
        before: &[Evidence],
    ) -> Result<std::result::Result<(), String>> {
        for reference in &manifest.references {
            let Some(digest) = reference.digest.filter(|digest| !digest.is_weak()) else {
                return Ok(Err(format!("{:?} is listed by a digest that proves nothing", reference.name)));
            };
            let Some(index) = self.files.iter().position(|file| file.name == reference.name) else {
                return Ok(Err(format!("{:?} is listed, and is not there", reference.name)));
            };
            let found = match self.digests.get(&(reference.name.clone(), digest)) {
                Some(known) => known.clone(),
                None => self.digest_of_entry(index, digest)?,
            };
            if found != reference.value {
                return Ok(Err(format!("{:?} is not what was listed", reference.name)));
            }
        }
        let data = self.data_files.iter().map(|file| file.name.as_str());
        let left_out = data
            .chain(before.iter().map(|evidence| evidence.file.as_str()))
            .find(|name| !manifest.references.iter().any(|reference| reference.name == *name));
        Ok(match left_out {
            Some(name) => Err(format!("{name:?} is not listed")),
            None => Ok(()),
        })
    }

    fn digest_of_entry(&self, index: usize, digest: Digest) -> Result<Vec<u8>> {
        let mut hasher = digest.hasher();
        self.files[index].unpack(&self.limits, &mut |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        Ok(hasher.finish())
    }

    /// Begins a renewal: the manifest of everything that the container holds. A time-stamp over [`Renewal::imprint`] completes it.
    /// To be done before the certificate of the last time-stamp expires, or a hash function becomes weak.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsicS`] when there is no time-stamp to renew.
    pub fn renew_evidence(&self, digest: Digest) -> Result<Renewal> {
        let evidence = self.evidence()?;
        if evidence.is_empty() {
            return Err(Error::NotAsicS { problem: "there is no time-stamp to renew".to_owned() });
        }
        let uri = digest_uri(digest).filter(|_| !digest.is_weak());
        let uri = uri.ok_or_else(|| Error::UnsupportedAlgorithm {
            what: "this digest",
            algorithm: digest.to_string(),
        })?;
        let taken = |name: &str| self.files.iter().any(|file| file.name.eq_ignore_ascii_case(name));
        let token_name =
            (1..).map(|number| format!("META-INF/timestamp{number:03}.tst")).find(|name| !taken(name));
        let token_name = token_name.unwrap_or_default();
        let mut text = xml::CanonicalText::default();
        text.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        text.open("asic:ASiCManifest", &[("xmlns:asic", ASIC), ("xmlns:ds", DS)]);
        text.leaf("asic:SigReference", &[("MimeType", TOKEN_TYPE), ("URI", token_name.as_str())], "");
        let number = self.numbered_name();
        let data = self.data_files.iter().map(|file| file.name.as_str());
        let all = data.chain(
            self.files
                .iter()
                .map(|file| file.name.as_str())
                .filter(|name| is_token(name) || is_archive_manifest(name)),
        );
        for name in all {
            let index = self.files.iter().position(|file| file.name == name);
            let index = index.ok_or_else(|| Error::NoSuchDataFile { name: name.to_owned() })?;
            // Its name from now on.
            let is_newest = name.eq_ignore_ascii_case(NEWEST);
            let shown = to_uri(if is_newest { &number } else { name });
            let mut attributes = vec![("URI", shown.as_str())];
            if is_newest {
                attributes.insert(0, ("Rootfile", "true"));
            }
            text.open("asic:DataObjectReference", &attributes);
            text.leaf("ds:DigestMethod", &[("Algorithm", uri)], "");
            text.leaf("ds:DigestValue", &[], &xml::to_base64(&self.digest_of_entry(index, digest)?)).close();
        }
        Ok(Renewal { manifest: text.finish(), token_name, digest })
    }

    /// Completes a renewal of this container as it is.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] when the token is for something else, or the container changed in between.
    pub fn add_renewal(
        &mut self,
        renewal: &Renewal,
        token: &TimeStampToken,
        modified: Timestamp,
    ) -> Result<()> {
        let wrong = |problem: &str| Err(Error::WrongTimeStamp { problem: problem.to_owned() });
        if self.renew_evidence(renewal.digest)? != *renewal {
            return wrong("the container changed since the renewal was begun");
        }
        let imprint = MessageImprint::new(renewal.digest, &renewal.imprint());
        if !imprint.is_ok_and(|imprint| token.imprint().same_as(&imprint)) {
            return wrong("it is not over the manifest of the renewal");
        }
        let number = self.numbered_name();
        for file in &mut self.files {
            if file.name.eq_ignore_ascii_case(NEWEST) {
                file.name.clone_from(&number);
            }
        }
        for (name, content) in
            [(NEWEST, renewal.manifest.as_bytes()), (renewal.token_name.as_str(), token.as_der())]
        {
            self.files.push(PackedFile::pack(name, content, Method::Deflated, modified)?);
        }
        self.index_files();
        Ok(())
    }

    /// What the newest manifest is called once there is a newer one.
    fn numbered_name(&self) -> String {
        let taken = |name: &str| self.files.iter().any(|file| file.name.eq_ignore_ascii_case(name));
        let names = (1..).map(|number| format!("META-INF/ASiCArchiveManifest{number:03}.xml"));
        names.into_iter().find(|name| !taken(name)).unwrap_or_default()
    }
}
