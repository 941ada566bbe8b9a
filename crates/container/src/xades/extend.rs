//! A signature that has its value, and what is added to it afterwards: time-stamp (level T), certificates
//! and OCSP responses (level LT), archive time-stamps (level LTA), EN 319 132-1 §5.3 to §5.5.
//!
//! Nothing is fetched here. [`SignedSignature::needs`] says what is missing, as values that can be sent
//! to a time-stamping authority or OCSP responder; the caller brings the answers back. New properties
//! are inserted into the text of the signatures file, whoever wrote it; what is there already never changes
//! a byte.

use std::collections::HashSet;

use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::Certificate;
use countersign_pki::ocsp::{
    self, BasicOcspResponse, CertificateStatus, IssuerHashes, OcspError, ResponseSigner,
};
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Level;
use super::archive::ArchiveInput;
use super::build::SignatureId;
use super::parse::{self, Editable, Signature, SignaturesFile};
use crate::error::{Error, Result};
use crate::issuers::{MAX_PATH, find_issuer};
use crate::limits::Limits;
use crate::xml::{self, ASIC, CanonicalText, Canonicalization, DS, XADES, XADES141};

/// A signature as it stands in its signatures file, with everything else that is in that file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SignedSignature {
    xml: String,
    number: usize,
    editable: Editable,
    certificate: Certificate,
    /// Each token with what it serves, in document order: the signature time-stamp, archive time-stamps.
    time_stamp: Option<TimeStampToken>,
    archive_time_stamps: Vec<TimeStampToken>,
    /// Certificates whose status the caller could not get.
    passed_over: Vec<Certificate>,
}

/// What has to be fetched before a signature can reach a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A time-stamp token, for [`SignedSignature::add_timestamp`].
    TimeStamp {
        /// The imprint's algorithm.
        digest: Digest,
        /// The imprint.
        imprint: Vec<u8>,
    },
    /// The certificate of the CA that issued `certificate`; it was not among those given.
    Issuer {
        /// Whose issuer is missing.
        certificate: Certificate,
    },
    /// An OCSP response, for [`SignedSignature::add_validation_data`].
    Ocsp {
        /// Whose status is asked for.
        certificate: Certificate,
        /// Its issuer.
        issuer: Certificate,
        /// `producedAt` must not be in an earlier second than this: the time-stamp's time.
        produced_from: Timestamp,
        /// Whether the level can't be reached without it. That is so for the signer; the status of an
        /// authority or a time-stamping unit makes the signature complete for validators that ask for it,
        /// and [`SignedSignature::pass_over`] goes on without.
        required: bool,
    },
    /// A time-stamp token over everything so far, for [`SignedSignature::add_archive_timestamp`].
    ArchiveTimeStamp {
        /// The imprint's algorithm.
        digest: Digest,
        /// What the imprint is made of; [`crate::Container::archive_imprint`] makes it.
        input: ArchiveInput,
    },
}

/// The digest of archive time-stamps: they have to last longest.
pub const ARCHIVE_DIGEST: Digest = Digest::Sha512;

impl PartialEq for SignedSignature {
    fn eq(&self, other: &Self) -> bool {
        // Everything else is read from these two.
        self.xml == other.xml && self.number == other.number
    }
}

impl Eq for SignedSignature {}

impl SignedSignature {
    /// The signature's `Id`.
    pub fn id(&self) -> &str {
        &self.editable.signature.id
    }

    /// The signer's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The signature as data.
    pub fn signature(&self) -> &Signature {
        &self.editable.signature
    }

    /// The level reached by what is there; whether all of it holds is for [`crate::validate()`].
    pub fn level(&self) -> Level {
        let unsigned = &self.editable.signature.unsigned;
        match (&self.time_stamp, unsigned.has_revocation_values, self.archive_time_stamps.is_empty()) {
            (None, ..) => Level::B,
            (Some(_), false, _) => Level::T,
            (Some(_), true, true) => Level::Lt,
            (Some(_), true, false) => Level::Lta,
        }
    }

    /// The signature time-stamp's time.
    pub fn time_stamp_time(&self) -> Option<Timestamp> {
        self.time_stamp.as_ref().map(TimeStampToken::gen_time)
    }

    /// The times of the archive time-stamps, in the order in which they were added.
    pub fn archive_times(&self) -> impl Iterator<Item = Timestamp> {
        self.archive_time_stamps.iter().map(TimeStampToken::gen_time)
    }

    /// What is missing next on the way to `target`; empty when it is reached. `authorities` are
    /// certificates of CAs, from which the paths of signer and time-stamping units are made. An OCSP response
    /// is asked for only when the time-stamp is there, because it has to be made after it, and an archive
    /// time-stamp only when nothing else is to be had.
    pub fn needs(&self, target: Level, authorities: &[Certificate]) -> Vec<Need> {
        let level = self.level();
        if level >= target {
            return Vec::new();
        }
        if self.time_stamp.is_none() {
            let digest = self.imprint_digest();
            let imprint = digest.of(&self.editable.value_octets);
            return vec![Need::TimeStamp { digest, imprint }];
        }
        if level < Level::Lt && find_issuer(&self.certificate, &self.pool(authorities)).is_none() {
            return vec![Need::Issuer { certificate: self.certificate.clone() }];
        }
        let missing = self.missing_statuses(authorities);
        if level < Level::Lt || !missing.is_empty() {
            return missing;
        }
        vec![self.archive_need()]
    }

    /// What is missing next for one more archive time-stamp on a signature that has level LTA: the
    /// statuses behind the last one, then the time-stamp. To be made before the last one's certificate
    /// expires or its algorithms weaken (EN 319 132-1 §5.5.2.3). Empty below level LT.
    pub fn renewal_needs(&self, authorities: &[Certificate]) -> Vec<Need> {
        if self.level() < Level::Lt {
            return Vec::new();
        }
        let missing = self.missing_statuses(authorities);
        if missing.is_empty() { vec![self.archive_need()] } else { missing }
    }

    /// The status of this certificate can't be had: it is not asked for again. The signer's is needed for
    /// level LT all the same. Not stored with the signature.
    pub fn pass_over(&mut self, certificate: &Certificate) {
        self.passed_over.push(certificate.clone());
    }

    /// Adds the signature time-stamp. Its signature and certificate are not checked here; who asked
    /// for it did that with [`countersign_pki::tsp::check_response`], and the validator does it again.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] when it is for other data, has a weak imprint, or there is one already.
    pub fn add_timestamp(&mut self, token: &TimeStampToken) -> Result<()> {
        if self.time_stamp.is_some() {
            return wrong_time_stamp("the signature has one already");
        }
        let digest = strong_imprint(token)?;
        if !token.imprint().same_as(&MessageImprint::of(digest, &self.editable.value_octets)) {
            return wrong_time_stamp("it is for other data than this signature");
        }
        let id = self.free_id("T");
        self.insert(&time_stamp_element("xades:SignatureTimeStamp", ("xmlns:xades", XADES), &id, token))
    }

    /// Adds an archive time-stamp. `input` is the one that was asked for, and `imprint` what
    /// [`crate::Container::archive_imprint`] made of it.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] below level LT, when something was added since the input was asked for,
    /// when the token is for another imprint or older than an earlier time-stamp.
    pub fn add_archive_timestamp(
        &mut self,
        token: &TimeStampToken,
        input: &ArchiveInput,
        imprint: &[u8],
    ) -> Result<()> {
        if self.level() < Level::Lt {
            return wrong_time_stamp("the signature has no validation data that it could cover");
        }
        if *input != self.editable.archive_input {
            return wrong_time_stamp("the signature is not as it was when the time-stamp was asked for");
        }
        let digest = strong_imprint(token)?;
        if token.imprint().hashed_message() != imprint || imprint.len() != digest.len() {
            return wrong_time_stamp("it is for other data than this signature and its files");
        }
        let earlier = self.time_stamp.iter().chain(&self.archive_time_stamps).map(TimeStampToken::gen_time);
        if earlier.max().is_some_and(|earlier| token.gen_time() < earlier) {
            return wrong_time_stamp("it is older than a time-stamp that it covers");
        }
        let id = self.free_id("A");
        let namespace = ("xmlns:xades141", XADES141);
        self.insert(&time_stamp_element("xades141:ArchiveTimeStamp", namespace, &id, token))
    }

    /// Adds what a later validation needs: OCSP responses in DER, and of `authorities` and of the
    /// certificates in tokens and responses those that the signature does not have and that are on the paths
    /// of the signer, the time-stamping units and the responders. On the way to level LT they go into
    /// `CertificateValues` and `RevocationValues`, later into a `TimeStampValidationData`. `now` is the
    /// time of the call.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] before there is a time-stamp, [`Error::WrongCertificate`] when the
    /// signer's issuer is not among `authorities`, [`Error::WrongOcspResponse`] when a response does not say
    /// of a certificate on those paths that it is good, when none says it of the signer's below level
    /// LT, or when there is nothing new; [`Error::OcspTooEarly`] when one says so of a time before the
    /// time-stamp. The signature is unchanged after an error.
    pub fn add_validation_data(
        &mut self,
        authorities: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<()> {
        let wrong = |problem: String| Err(Error::WrongOcspResponse { problem });
        if self.time_stamp.is_none() {
            return Err(Error::WrongTimeStamp { problem: "there is none yet".to_owned() });
        }
        let pool = self.pool(authorities);
        if find_issuer(&self.certificate, &pool).is_none() {
            return Err(Error::WrongCertificate {
                what: "the certificates for validation",
                problem: "the signer's issuer is not among them".to_owned(),
            });
        }
        let links = self.links(&pool);
        let mut certificates = self.path_certificates(&pool);
        let mut responses: Vec<(bool, &Vec<u8>)> = Vec::new();
        for response in ocsp_responses {
            let (about_signer, responder) = check_response(response, &links, now)?;
            certificates.extend(responder);
            let known = self.editable.signature.unsigned.ocsp_responses.contains(response);
            if !known && !responses.iter().any(|(_, other)| *other == response) {
                responses.push((about_signer, response));
            }
        }
        // Some readers look at the first one only.
        responses.sort_by_key(|(about_signer, _)| !about_signer);
        let level = self.level();
        if level < Level::Lt && !responses.first().is_some_and(|(about_signer, _)| *about_signer) {
            return wrong("none was given about the signer's certificate".to_owned());
        }
        if responses.is_empty() {
            return wrong("there is nothing new".to_owned());
        }
        let mut known: HashSet<Vec<u8>> =
            self.editable.signature.unsigned.certificates.iter().cloned().collect();
        known.insert(self.certificate.as_der().to_vec());
        certificates.retain(|certificate| known.insert(certificate.as_der().to_vec()));
        let responses: Vec<&[u8]> = responses.into_iter().map(|(_, response)| &response[..]).collect();
        let (certificates_id, responses_id) = (self.free_id("CERTS"), self.free_id("REVOCS"));
        if level < Level::Lt {
            let mut text = String::new();
            if !self.editable.has_certificate_values {
                text += &certificate_values(Some(&certificates_id), &certificates);
                certificates.clear();
            }
            text += &revocation_values(Some(&responses_id), &responses);
            if !certificates.is_empty() {
                text += &time_stamp_validation_data(&self.free_id("V"), &certificates, &[]);
            }
            self.insert(&text)
        } else {
            self.insert(&time_stamp_validation_data(&self.free_id("V"), &certificates, &responses))
        }
    }

    /// The whole signatures file.
    pub fn to_xml(&self) -> &str {
        &self.xml
    }

    /// Reads a signatures file that holds one signature, to go on with it. It may have been written by
    /// any program.
    ///
    /// # Errors
    ///
    /// [`Error::Xml`], [`Error::Shape`] or [`Error::DamagedTemplate`] when it is something else.
    pub fn from_xml(xml: &str) -> Result<Self> {
        const FILE: &str = "the signatures file";
        let read = SignaturesFile::parse(FILE, xml.as_bytes(), &Limits::default())?;
        match read.signatures().len() {
            1 => Self::read(FILE, xml.to_owned(), 0, &Limits::default()),
            more => Err(Error::DamagedTemplate { problem: format!("it has {more} signatures and not one") }),
        }
    }

    /// Reads one signature of a file.
    pub(crate) fn read(file: &str, xml: String, number: usize, limits: &Limits) -> Result<Self> {
        let editable = parse::editable(file, &xml, number, limits)?;
        let shape = |element: &str, expected: &str, found: String| Error::Shape {
            file: file.to_owned(),
            element: element.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let token = |der: &[u8]| {
            TimeStampToken::from_der(der)
                .map_err(|error| shape("EncapsulatedTimeStamp", "a time-stamp token", error.to_string()))
        };
        let unsigned = &editable.signature.unsigned;
        let time_stamp = unsigned.time_stamp.as_ref().map(|found| token(&found.token)).transpose()?;
        let archive = unsigned.archive_time_stamps.iter().map(|found| token(&found.token));
        let archive_time_stamps = archive.collect::<Result<Vec<_>>>()?;
        let certificate = editable.signature.signer_certificate().ok_or_else(|| {
            shape(
                "KeyInfo",
                "the certificate that SigningCertificate names",
                "no such certificate".to_owned(),
            )
        })?;
        Ok(Self {
            xml,
            number,
            editable,
            certificate,
            time_stamp,
            archive_time_stamps,
            passed_over: Vec::new(),
        })
    }

    /// Which of the file's signatures this is.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    fn archive_need(&self) -> Need {
        Need::ArchiveTimeStamp { digest: ARCHIVE_DIGEST, input: self.editable.archive_input.clone() }
    }

    /// As strong as the signature, and of the family that every authority takes.
    fn imprint_digest(&self) -> Digest {
        match self.editable.signature.method.known().map(|algorithm| algorithm.digest()) {
            Some(Digest::Sha1 | Digest::Sha256 | Digest::Sha3_256) => Digest::Sha256,
            Some(Digest::Sha384 | Digest::Sha3_384) => Digest::Sha384,
            Some(Digest::Sha512 | Digest::Sha3_512) | None => Digest::Sha512,
        }
    }

    /// An `Id` that no element of the file has.
    fn free_id(&self, kind: &str) -> String {
        let numbered = matches!(kind, "T" | "A" | "V");
        let name = |number: usize| match (numbered, number) {
            (true, number) => format!("{}-{kind}{number}", self.id()),
            (false, 0) => format!("{}-{kind}", self.id()),
            (false, number) => format!("{}-{kind}-{number}", self.id()),
        };
        let taken = |id: &str| {
            [format!("\"{id}\""), format!("'{id}'")].iter().any(|quoted| self.xml.contains(quoted))
        };
        (0..).map(name).find(|id| !taken(id)).unwrap_or_default()
    }

    /// Puts properties behind those that are there, and reads the whole anew: nothing leaves here that
    /// another reader would see differently.
    fn insert(&mut self, properties: &str) -> Result<()> {
        let at = &self.editable.insertion;
        // Positions do not count a byte order mark.
        let mark = if self.xml.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let (start, end) = (mark + at.range.start, mark + at.range.end);
        let (head, tail) = (&self.xml[..start], &self.xml[end..]);
        let xml = [head, &at.before, properties, &at.after, tail].concat();
        let passed_over = std::mem::take(&mut self.passed_over);
        match Self::read("the signatures file", xml, self.number, &Limits::default()) {
            Ok(read) => {
                *self = Self { passed_over, ..read };
                Ok(())
            }
            Err(error) => {
                self.passed_over = passed_over;
                Err(error)
            }
        }
    }

    /// CA certificates from the caller, from the signature, and from its time-stamps.
    fn pool(&self, authorities: &[Certificate]) -> Vec<Certificate> {
        let signature = &self.editable.signature;
        let tokens = self.time_stamp.iter().chain(&self.archive_time_stamps);
        let in_tokens = tokens.flat_map(|token| token.signed_data().certificates());
        let inside = signature.key_info.iter().chain(&signature.unsigned.certificates).chain(in_tokens);
        let mut pool = authorities.to_vec();
        for certificate in inside.filter_map(|der| Certificate::from_der(der).ok()) {
            if !pool.contains(&certificate) {
                pool.push(certificate);
            }
        }
        pool
    }

    /// The signer and the time-stamping units, each with the time from which its status must be known.
    fn leaves(&self, pool: &[Certificate]) -> Vec<(Certificate, Timestamp)> {
        let mut leaves = Vec::new();
        if let Some(time_stamp) = &self.time_stamp {
            leaves.push((self.certificate.clone(), time_stamp.gen_time()));
        }
        for token in self.time_stamp.iter().chain(&self.archive_time_stamps) {
            let named = |certificate: &&Certificate| token.signed_data().names_signer(certificate);
            if let Some(unit) = token.tsu_certificate().or_else(|| pool.iter().find(named).cloned()) {
                leaves.push((unit, token.gen_time()));
            }
        }
        leaves
    }

    /// Each certificate below an anchor, with its issuer.
    fn links(&self, pool: &[Certificate]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (number, (leaf, from)) in self.leaves(pool).into_iter().enumerate() {
            let mut certificate = leaf;
            let mut produced_from = Some(from);
            for _ in 0..MAX_PATH {
                let Some(issuer) = find_issuer(&certificate, pool) else { break };
                if certificate.is_self_issued() {
                    break;
                }
                let kind = if number == 0 && produced_from.is_some() { Kind::Signer } else { Kind::Other };
                let link = Link { certificate, issuer: issuer.clone(), produced_from, kind, since: from };
                certificate = issuer.clone();
                // The status of a CA may be older than what is signed below it.
                produced_from = None;
                match links.iter_mut().find(|known| known.certificate == link.certificate) {
                    // The later of two uses of one unit asks for the later status.
                    Some(known) if known.kind == Kind::Other => {
                        known.produced_from = known.produced_from.max(link.produced_from);
                        known.since = known.since.max(link.since);
                    }
                    Some(_) => {}
                    None => links.push(link),
                }
            }
        }
        links
    }

    /// Time-stamping units, and the authorities above them and above the signer.
    fn path_certificates(&self, pool: &[Certificate]) -> Vec<Certificate> {
        let units = self.leaves(pool).into_iter().map(|(leaf, _)| leaf);
        let mut found: Vec<Certificate> = units.filter(|leaf| *leaf != self.certificate).collect();
        found.extend(self.links(pool).into_iter().map(|link| link.issuer));
        // Authorities first, the nearest to the signer first.
        found.sort_by_key(|certificate| !certificate.is_ca());
        found
    }

    fn missing_statuses(&self, authorities: &[Certificate]) -> Vec<Need> {
        let pool = self.pool(authorities);
        let below_lt = self.level() < Level::Lt;
        let wanted = |link: &Link| {
            let required = link.kind == Kind::Signer && below_lt;
            let excused = link.certificate.has_ocsp_nocheck() || self.passed_over.contains(&link.certificate);
            required || (!excused && !self.has_status(link))
        };
        self.links(&pool)
            .into_iter()
            .filter(wanted)
            .map(|link| Need::Ocsp {
                required: link.kind == Kind::Signer,
                certificate: link.certificate,
                issuer: link.issuer,
                produced_from: link.since,
            })
            .collect()
    }

    /// Whether the signature has data about this certificate: an OCSP response, or a list of its issuer.
    fn has_status(&self, link: &Link) -> bool {
        let unsigned = &self.editable.signature.unsigned;
        let answered = unsigned.ocsp_responses.iter().any(|response| {
            let checked =
                ocsp::check(response, &link.certificate, &link.issuer, None, Timestamp::MAX, &link.policy());
            checked.is_ok()
        });
        let listed = |der: &Vec<u8>| {
            countersign_pki::crl::CertificateList::from_der(der)
                .is_ok_and(|list| list.issuer_der() == link.certificate.issuer_der())
        };
        answered || unsigned.crls.iter().any(listed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signer,
    Other,
}

/// A certificate and who issued it.
#[derive(Debug, Clone)]
struct Link {
    certificate: Certificate,
    issuer: Certificate,
    /// When its status must have been stated, at the earliest.
    produced_from: Option<Timestamp>,
    kind: Kind,
    /// The time-stamp for whose sake it is looked at.
    since: Timestamp,
}

impl Link {
    fn policy(&self) -> ocsp::Policy {
        ocsp::Policy { produced_from: self.produced_from, ..ocsp::Policy::stored(self.since) }
    }
}

/// Whether the response is about the signer, and who signed it.
fn check_response(response: &[u8], links: &[Link], now: Timestamp) -> Result<(bool, Option<Certificate>)> {
    let wrong = |problem: String| Error::WrongOcspResponse { problem };
    let read = match BasicOcspResponse::from_der(response) {
        Ok(Ok(read)) => read,
        Ok(Err(status)) => return Err(wrong(format!("the responder answered {status:?}"))),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let is_about = |link: &&Link| {
        let issuer = IssuerHashes::of(&link.issuer);
        let mut answers = read.data().responses().iter();
        answers.any(|answer| answer.cert_id().names(link.certificate.serial(), &issuer))
    };
    let Some(link) = links.iter().find(is_about) else {
        return Err(wrong("it is about no certificate whose status is needed".to_owned()));
    };
    let of_signer = link.kind == Kind::Signer;
    let whose = if of_signer { "the signer's certificate" } else { "an authority's certificate" };
    match ocsp::check(response, &link.certificate, &link.issuer, None, now, &link.policy()) {
        Ok(checked) => match checked.status {
            CertificateStatus::Good => Ok((of_signer, delegate_of(checked.signer))),
            CertificateStatus::Revoked { at, .. } => Err(wrong(format!("{whose} was revoked at {at}"))),
            CertificateStatus::NotIssued => Err(wrong(format!("{whose} was never issued"))),
        },
        Err(OcspError::ProducedTooEarly { produced_at, earliest }) => {
            Err(Error::OcspTooEarly { produced_at, earliest })
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn delegate_of(signer: ResponseSigner) -> Option<Certificate> {
    match signer {
        ResponseSigner::Issuer => None,
        ResponseSigner::Delegate(responder) => Some(*responder),
    }
}

fn strong_imprint(token: &TimeStampToken) -> Result<Digest> {
    match token.imprint().digest().filter(|digest| !digest.is_weak()) {
        Some(digest) => Ok(digest),
        None => wrong_time_stamp("its imprint is made with a digest that proves nothing"),
    }
}

fn wrong_time_stamp<T>(problem: &str) -> Result<T> {
    Err(Error::WrongTimeStamp { problem: problem.to_owned() })
}

/// `XAdESTimeStampType`, EN 319 132-1 §5.1.4.4. Each element declares what it uses, so that the text
/// fits into any file, and is its own canonical form.
fn time_stamp_element(
    element: &'static str,
    namespace: (&str, &str),
    id: &str,
    token: &TimeStampToken,
) -> String {
    let mut text = CanonicalText::default();
    text.open(element, &[namespace, ("Id", id)]);
    let exclusive = Canonicalization::EXCLUSIVE.uri();
    text.leaf("ds:CanonicalizationMethod", &[("xmlns:ds", DS), ("Algorithm", exclusive)], "");
    let inherited = namespace.1 == XADES;
    let declared: &[(&str, &str)] = if inherited { &[] } else { &[("xmlns:xades", XADES)] };
    text.leaf("xades:EncapsulatedTimeStamp", declared, &xml::to_base64(token.as_der()));
    text.finish()
}

fn certificate_values(id: Option<&str>, certificates: &[Certificate]) -> String {
    let mut text = CanonicalText::default();
    text.open("xades:CertificateValues", &with_id(id));
    for certificate in certificates {
        text.leaf("xades:EncapsulatedX509Certificate", &[], &xml::to_base64(certificate.as_der()));
    }
    text.finish()
}

fn revocation_values(id: Option<&str>, responses: &[&[u8]]) -> String {
    let mut text = CanonicalText::default();
    text.open("xades:RevocationValues", &with_id(id)).open("xades:OCSPValues", &[]);
    for response in responses {
        text.leaf("xades:EncapsulatedOCSPValue", &[], &xml::to_base64(response));
    }
    text.finish()
}

/// EN 319 132-1 §5.5.3.
fn time_stamp_validation_data(id: &str, certificates: &[Certificate], responses: &[&[u8]]) -> String {
    let mut text = CanonicalText::default();
    text.open("xades141:TimeStampValidationData", &[("xmlns:xades141", XADES141), ("Id", id)]);
    if !certificates.is_empty() {
        text.raw(&certificate_values(None, certificates));
    }
    if !responses.is_empty() {
        text.raw(&revocation_values(None, responses));
    }
    text.finish()
}

fn with_id(id: Option<&str>) -> Vec<(&'static str, &str)> {
    std::iter::once(("xmlns:xades", XADES)).chain(id.map(|id| ("Id", id))).collect()
}

/// What is stored: the file's text, and which of its signatures.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    xml: String,
    number: usize,
}

impl TryFrom<Stored> for SignedSignature {
    type Error = Error;

    fn try_from(Stored { xml, number }: Stored) -> Result<Self> {
        Self::read("the stored signature", xml, number, &Limits::default())
    }
}

impl From<SignedSignature> for Stored {
    fn from(SignedSignature { xml, number, .. }: SignedSignature) -> Self {
        Self { xml, number }
    }
}

/// Puts a signature together from its canonical parts.
pub(super) fn assemble(
    id: &SignatureId,
    signed_info: &str,
    value: &[u8],
    certificate: &Certificate,
    signed_properties: &str,
) -> String {
    let mut text = CanonicalText::default();
    text.raw("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
    let namespaces = [("xmlns:asic", ASIC), ("xmlns:ds", DS), ("xmlns:xades", XADES)];
    text.open("asic:XAdESSignatures", &namespaces);
    text.open("ds:Signature", &[("Id", id.as_str())]).raw(signed_info);
    let own_id = format!("{}-SIG", id.as_str());
    text.leaf("ds:SignatureValue", &[("xmlns:ds", DS), ("Id", &own_id)], &xml::to_base64(value));
    text.open("ds:KeyInfo", &[]).open("ds:X509Data", &[]);
    text.leaf("ds:X509Certificate", &[], &xml::to_base64(certificate.as_der())).close().close();
    let target = format!("#{}", id.as_str());
    text.open("ds:Object", &[]).open("xades:QualifyingProperties", &[("Target", &target)]);
    text.raw(signed_properties);
    text.finish()
}
