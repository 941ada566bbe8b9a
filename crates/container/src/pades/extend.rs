//! A signed document, and what is added to it: a time-stamp (level T), validation data (LT), document
//! time-stamps (LTA, and their renewal) [EN 319 142-1 §5.4, §5.5, §6.3].
//!
//! Nothing is fetched here. [`SignedPdf::needs`] says what is missing, as values that can be sent to a time-stamping
//! authority or an OCSP responder; the caller brings the answers back. It does not matter who signed the document.
//! Every step appends a revision; only the time-stamp over a signature goes into the place that was kept free for it,
//! and only while nothing follows that signature.

use std::collections::HashSet;
use std::ops::Range;

use countersign_pki::cms::{self, Attribute, SignedData};
use countersign_pki::crl::CertificateList;
use countersign_pki::ocsp::{
    self, BasicOcspResponse, CertificateStatus, IssuerHashes, OcspError, ResponseSigner,
};
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use countersign_pki::{Certificate, Digest, asn1};
use jiff::Timestamp;

use super::document::{self, Document, PdfSignature};
use super::dss::SecurityStore;
use super::fields::fields;
use super::pdf::{Dictionary, Object, Pdf, PdfLimits, Update};
use super::sign::{
    FormChanges, add_widget, field_dictionary, fill_byte_range, fill_contents, free_name, unsignable,
};
use crate::error::{Error, Result};
use crate::issuers::{MAX_PATH, find_issuer, path_above};
use crate::level::Level;
use crate::xades::Need;

/// Bytes kept free for a document time-stamp; a token has 2 to 8 thousand.
const TOKEN_RESERVE: usize = 16 << 10;
/// Room that has to be left for a time-stamp over a signature; with less, the document is time-stamped.
const TOKEN_ROOM: usize = 6 << 10;
/// Document time-stamps have to last longest.
const ARCHIVE_DIGEST: Digest = Digest::Sha512;

/// A document with at least one signature.
#[derive(Debug, Clone)]
pub struct SignedPdf {
    file: Vec<u8>,
    limits: PdfLimits,
    document: Document,
    /// Every signature but the document time-stamps.
    signatures: Vec<Signature>,
    /// The tokens of the document time-stamps.
    document_time_stamps: Vec<(usize, TimeStampToken)>,
    store: SecurityStore,
    /// Certificates whose status the caller could not get.
    passed_over: Vec<Certificate>,
}

#[derive(Debug, Clone)]
struct Signature {
    /// Its index among those of the document.
    index: usize,
    signed: SignedData,
    signer: Certificate,
    time_stamp: Option<TimeStampToken>,
}

impl SignedPdf {
    /// Reads a signed document, whoever signed it.
    ///
    /// # Errors
    /// [`Error::Pdf`] when it is none that is read here, [`Error::Unsignable`] when it has no signature, or one that
    /// nothing can be added to.
    pub fn open(file: Vec<u8>, limits: &PdfLimits) -> Result<Self> {
        let document = document::open(&file, limits)?;
        if let Some(broken) = document.broken.first() {
            let problem = format!("field {:?} has a broken signature: {}", broken.field, broken.found);
            return Err(unsignable("broken-signature", problem));
        }
        let mut signatures = Vec::new();
        let mut document_time_stamps = Vec::new();
        for (index, signature) in document.signatures.iter().enumerate() {
            let unreadable = |error: &dyn std::fmt::Display| {
                unsignable(
                    "broken-signature",
                    format!("the value in field {:?} can't be read: {error}", signature.field),
                )
            };
            if signature.is_time_stamp() {
                let token =
                    TimeStampToken::from_der(&signature.contents).map_err(|error| unreadable(&error))?;
                document_time_stamps.push((signature.revision, token));
                continue;
            }
            let signed = SignedData::from_der(&signature.contents).map_err(|error| unreadable(&error))?;
            let certificates = signed.certificates().iter().filter_map(|der| Certificate::from_der(der).ok());
            let signer = certificates.into_iter().find(|certificate| signed.names_signer(certificate));
            let signer = signer.ok_or_else(|| unreadable(&"the signer's certificate is not in it"))?;
            let time_stamp = match signature_time_stamps(&signed).as_slice() {
                [] => None,
                [token, ..] => Some(TimeStampToken::from_der(token).map_err(|error| unreadable(&error))?),
            };
            signatures.push(Signature { index, signed, signer, time_stamp });
        }
        if signatures.is_empty() {
            return Err(unsignable("no-signature", "it has no signature"));
        }
        let mut store = SecurityStore::default();
        for added in &document.stores {
            store.certificates.extend(added.certificates.iter().cloned());
            store.ocsp_responses.extend(added.ocsp_responses.iter().cloned());
            store.crls.extend(added.crls.iter().cloned());
        }
        let passed_over = Vec::new();
        Ok(Self { file, limits: *limits, document, signatures, document_time_stamps, store, passed_over })
    }

    /// The whole file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.file
    }

    /// The whole file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.file
    }

    /// The document as it was read.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The level that all signatures reach by what is there; whether all of it holds is for the validator.
    pub fn level(&self) -> Level {
        let level = |signature: &Signature| {
            let data = self.signature(signature);
            let Some(time) = self.proven_time(signature) else { return Level::B };
            if !self.has_status(&signature.signer, None, time) {
                return Level::T;
            }
            // A document time-stamp counts for LTA when it covers validation data, too.
            let stores = self.document.stores.iter().enumerate();
            let first_store = stores
                .filter(|(revision, store)| *revision > data.revision && !store.is_empty())
                .map(|(revision, _)| revision)
                .next();
            let covers =
                |(revision, _): &(usize, TimeStampToken)| first_store.is_some_and(|store| *revision >= store);
            if self.document_time_stamps.iter().any(covers) { Level::Lta } else { Level::Lt }
        };
        self.signatures.iter().map(level).min().unwrap_or(Level::B)
    }

    /// The time of the newest time-stamp in the document.
    pub fn last_time_stamp(&self) -> Option<Timestamp> {
        let own = self.signatures.iter().filter_map(|signature| signature.time_stamp.as_ref());
        own.chain(self.document_time_stamps.iter().map(|(_, token)| token))
            .map(TimeStampToken::gen_time)
            .max()
    }

    /// What is missing next on the way to `target`; empty when it is reached. `authorities` are certificates of
    /// CAs, from which the paths of the signers are made. OCSP responses are asked for when the time-stamps are there,
    /// because they have to be made after them, and a document time-stamp when nothing else is missing.
    ///
    /// # Errors
    /// When the document cannot be extended.
    pub fn needs(&self, target: Level, authorities: &[Certificate]) -> Result<Vec<Need>> {
        if self.level() >= target {
            return Ok(Vec::new());
        }
        if let Some(signature) =
            self.signatures.iter().find(|signature| self.proven_time(signature).is_none())
        {
            return Ok(vec![self.time_stamp_need(signature)?]);
        }
        if target < Level::Lt {
            return Ok(Vec::new());
        }
        let missing = self.missing_statuses(authorities);
        if !missing.is_empty() {
            return Ok(missing);
        }
        if target < Level::Lta {
            return Ok(Vec::new());
        }
        self.document_time_stamp_need(ARCHIVE_DIGEST).map(|need| vec![need])
    }

    /// What is missing next for one more document time-stamp. To be made before the last one's certificate expires
    /// or its algorithms weaken.
    ///
    /// # Errors
    /// When the document cannot be extended, and below level LT.
    pub fn renewal_needs(&self, authorities: &[Certificate]) -> Result<Vec<Need>> {
        if self.level() < Level::Lt {
            return Err(unsignable("level", "a document below level LT has nothing to renew"));
        }
        let missing = self.missing_statuses(authorities);
        if missing.is_empty() {
            Ok(vec![self.document_time_stamp_need(ARCHIVE_DIGEST)?])
        } else {
            Ok(missing)
        }
    }

    /// The status of this certificate can't be had: it is not asked for again. A signer's is needed for level LT all the
    /// same.
    pub fn pass_over(&mut self, certificate: &Certificate) {
        self.passed_over.push(certificate.clone());
    }

    /// Adds the time-stamp that was asked for: over the signature, into its place, or over the document, in a new
    /// revision. Its signature and certificate are not checked here; who asked for it did that with
    /// [`countersign_pki::tsp::check_response`], and the validator does it again.
    ///
    /// # Errors
    /// [`Error::WrongTimeStamp`] when it is for other data, or has a weak imprint.
    pub fn add_timestamp(&mut self, token: &TimeStampToken) -> Result<()> {
        let wrong = |problem: &str| Err(Error::WrongTimeStamp { problem: problem.to_owned() });
        let Some(digest) = token.imprint().digest().filter(|digest| !digest.is_weak()) else {
            return wrong("its imprint is made with a digest that proves nothing");
        };
        let over_signature = self.signatures.iter().find(|signature| {
            signature.time_stamp.is_none()
                && self.has_room(signature)
                && token.imprint().same_as(&MessageImprint::of(digest, signature.signed.signature()))
        });
        let file = match over_signature {
            Some(signature) => self.with_signature_time_stamp(signature, token)?,
            None => {
                let (mut file, contents) = self.with_place_for_time_stamp()?;
                let imprint = digest_around(&file, &contents, digest);
                if token.imprint().hashed_message() != imprint {
                    return wrong("it is for other data than this document");
                }
                fill_contents(&mut file, &contents, token.as_der())?;
                file
            }
        };
        self.replace(file)
    }

    /// Adds what a later validation needs, in a new revision: certificates above those of signers and
    /// time-stamping units, OCSP responses in DER, and CRLs in DER. The certificates of time-stamping units and of OCSP
    /// responders are taken from where they are and need not be given. `now` is the time of the call.
    ///
    /// # Errors
    /// [`Error::WrongTimeStamp`] before there is a time-stamp; [`Error::WrongCertificate`] when a signer's issuer is not
    /// among `certificates` or in the document; [`Error::WrongOcspResponse`] when a response can't be used or says that
    /// a certificate is revoked; [`Error::OcspTooEarly`] when it says so of a time before the time-stamp. The document
    /// is unchanged after an error.
    pub fn add_validation_data(
        &mut self,
        certificates: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        crls: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<()> {
        if let Some(signature) =
            self.signatures.iter().find(|signature| self.proven_time(signature).is_none())
        {
            let field = &self.signature(signature).field;
            return Err(Error::WrongTimeStamp {
                problem: format!("the signature in {field:?} has none yet"),
            });
        }
        let pool = self.pool(certificates);
        let mut values = SecurityStore::default();
        let mut add = |certificate: &Certificate| {
            if !values.certificates.iter().any(|der| der == certificate.as_der()) {
                values.certificates.push(certificate.as_der().to_vec());
            }
        };
        for signature in &self.signatures {
            add(&signature.signer);
            let path = path_above(&signature.signer, &pool);
            if path.is_empty() && !signature.signer.is_self_issued() {
                return Err(Error::WrongCertificate {
                    what: "the certificates for validation",
                    problem: "a signer's issuer is not among them".to_owned(),
                });
            }
            path.iter().for_each(&mut add);
        }
        for unit in self.time_stamping_units() {
            path_above(&unit, &pool).iter().for_each(&mut add);
            add(&unit);
        }
        for response in ocsp_responses {
            if let Some(responder) = self.check_response(response, &pool, now)? {
                add(&responder);
            }
        }
        for der in crls {
            CertificateList::from_der(der)
                .map_err(|error| Error::WrongOcspResponse { problem: format!("a CRL: {error}") })?;
        }
        values.ocsp_responses = ocsp_responses.to_vec();
        values.crls = crls.to_vec();
        let values = values.without(&self.store);
        if values.is_empty() {
            return Ok(());
        }
        let pdf = Pdf::open(&self.file, &self.limits)?;
        let mut update = Update::new(pdf.latest())?;
        let mut catalog = pdf.latest().catalog()?;
        values.write(&mut update, &mut catalog)?;
        name_extension(&pdf, &mut catalog)?;
        update.put(pdf.latest().root()?, &Object::Dictionary(catalog));
        let file = update.finish()?;
        drop(pdf);
        self.replace(file)
    }

    fn replace(&mut self, file: Vec<u8>) -> Result<()> {
        let opened = Self::open(file, &self.limits)?;
        let passed_over = std::mem::take(&mut self.passed_over);
        *self = Self { passed_over, ..opened };
        Ok(())
    }

    fn signature(&self, signature: &Signature) -> &PdfSignature {
        &self.document.signatures[signature.index]
    }

    /// The earliest time at which the signature is stated to have existed.
    fn proven_time(&self, signature: &Signature) -> Option<Timestamp> {
        let revision = self.signature(signature).revision;
        let later = self.document_time_stamps.iter().filter(|(stamped, _)| *stamped > revision);
        let own = signature.time_stamp.iter();
        own.chain(later.map(|(_, token)| token)).map(TimeStampToken::gen_time).min()
    }

    /// Whether a time-stamp may still go into the place of this signature: nothing follows it, and it fits.
    fn has_room(&self, signature: &Signature) -> bool {
        let data = self.signature(signature);
        data.revision + 1 == self.document.revisions.len()
            && data.reserved >= data.contents.len() + TOKEN_ROOM
    }

    fn time_stamp_need(&self, signature: &Signature) -> Result<Need> {
        let digest = match signature.signed.signature_algorithm().digest() {
            Digest::Sha1 | Digest::Sha256 | Digest::Sha3_256 => Digest::Sha256,
            Digest::Sha384 | Digest::Sha3_384 => Digest::Sha384,
            Digest::Sha512 | Digest::Sha3_512 => Digest::Sha512,
        };
        if self.has_room(signature) {
            return Ok(Need::TimeStamp { digest, imprint: digest.of(signature.signed.signature()) });
        }
        self.document_time_stamp_need(digest)
    }

    fn document_time_stamp_need(&self, digest: Digest) -> Result<Need> {
        let (file, contents) = self.with_place_for_time_stamp()?;
        Ok(Need::TimeStamp { digest, imprint: digest_around(&file, &contents, digest) })
    }

    fn with_signature_time_stamp(&self, signature: &Signature, token: &TimeStampToken) -> Result<Vec<u8>> {
        let attribute = Attribute::new(cms::ID_SIGNATURE_TIME_STAMP, token.as_der().to_vec());
        let data = self.signature(signature);
        let value = cms::with_unsigned_attribute(&data.contents, &attribute)
            .map_err(|error| unsignable("broken-signature", error.to_string()))?;
        let mut file = self.file.clone();
        fill_contents(&mut file, &(data.byte_range[1]..data.byte_range[2]), &value)?;
        Ok(file)
    }

    /// The document with one more revision: a document time-stamp without its token. The same each time, so
    /// that the token can be put in later.
    fn with_place_for_time_stamp(&self) -> Result<(Vec<u8>, Range<usize>)> {
        let pdf = Pdf::open(&self.file, &self.limits)?;
        let view = pdf.latest();
        let known = fields(&view)?;
        let names: HashSet<&str> = known.iter().map(|field| field.name.as_str()).collect();
        let name = free_name(&names, "TimeStamp");
        let mut update = Update::new(view)?;
        let (value, field) = (update.new_id(), update.new_id());
        let page = add_widget(&mut update, field, 0)?;
        update.put(field, &Object::Dictionary(field_dictionary(&name, value, page)));
        FormChanges::read(&view)?
            .write(&mut update, Some(field), None, |_, catalog| name_extension(&pdf, catalog))?;
        let dictionary = Dictionary::of([
            ("Type", Object::name("DocTimeStamp")),
            ("Filter", Object::name("Adobe.PPKLite")),
            ("SubFilter", Object::name("ETSI.RFC3161")),
        ]);
        let (byte_range, contents) = update.put_with_gap(value, &dictionary, TOKEN_RESERVE);
        let mut file = update.finish()?;
        fill_byte_range(&mut file, &byte_range, &contents);
        Ok((file, contents))
    }

    fn time_stamping_units(&self) -> Vec<Certificate> {
        let own = self.signatures.iter().filter_map(|signature| signature.time_stamp.as_ref());
        let tokens = own.chain(self.document_time_stamps.iter().map(|(_, token)| token));
        let mut units: Vec<Certificate> = Vec::new();
        for unit in tokens.filter_map(TimeStampToken::tsu_certificate) {
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
        units
    }

    /// Certificates that may lie on a path: those given, and those in the document.
    fn pool(&self, given: &[Certificate]) -> Vec<Certificate> {
        let mut pool = given.to_vec();
        let tokens = self.document_time_stamps.iter().map(|(_, token)| token);
        let tokens =
            tokens.chain(self.signatures.iter().filter_map(|signature| signature.time_stamp.as_ref()));
        let inside = self
            .store
            .certificates
            .iter()
            .chain(self.signatures.iter().flat_map(|signature| signature.signed.certificates()))
            .chain(tokens.flat_map(|token| token.signed_data().certificates()));
        for certificate in inside.filter_map(|der| Certificate::from_der(der).ok()) {
            if !pool.contains(&certificate) {
                pool.push(certificate);
            }
        }
        pool
    }

    /// The statuses that the document lacks. Only those of the signers are required; those of authorities and
    /// time-stamping units make it complete for validators that ask for them.
    fn missing_statuses(&self, authorities: &[Certificate]) -> Vec<Need> {
        let pool = self.pool(authorities);
        let mut needs = Vec::new();
        let mut seen: Vec<Certificate> = Vec::new();
        let signers = self
            .signatures
            .iter()
            .filter_map(|signature| Some((signature.signer.clone(), self.proven_time(signature)?, true)));
        let own = self.signatures.iter().filter_map(|signature| signature.time_stamp.as_ref());
        let tokens = own.chain(self.document_time_stamps.iter().map(|(_, token)| token));
        let units = tokens.filter_map(|token| Some((token.tsu_certificate()?, token.gen_time(), false)));
        for (leaf, since, required) in signers.chain(units) {
            let mut certificate = leaf;
            let mut from = since;
            let mut required = required;
            for _ in 0..MAX_PATH {
                if certificate.is_self_issued() {
                    break;
                }
                let Some(issuer) = find_issuer(&certificate, &pool) else {
                    if required {
                        needs.push(Need::Issuer { certificate: certificate.clone() });
                    }
                    break;
                };
                let excused = certificate.has_ocsp_nocheck() || self.passed_over.contains(&certificate);
                let known = seen.contains(&certificate) || self.has_status(&certificate, Some(issuer), from);
                if !known && (required || !excused) {
                    seen.push(certificate.clone());
                    needs.push(Need::Ocsp {
                        certificate: certificate.clone(),
                        issuer: issuer.clone(),
                        produced_from: since,
                        required,
                    });
                }
                certificate = issuer.clone();
                // The status of an authority may be older than what is signed below it.
                (from, required) = (Timestamp::MIN, false);
            }
        }
        needs
    }

    /// Whether the document has an OCSP response about this certificate from `since` on, or a CRL of its issuer.
    fn has_status(&self, certificate: &Certificate, issuer: Option<&Certificate>, since: Timestamp) -> bool {
        let pool;
        let issuer = match issuer {
            Some(issuer) => issuer,
            None => {
                pool = self.pool(&[]);
                match find_issuer(certificate, &pool) {
                    Some(issuer) => issuer,
                    None => return false,
                }
            }
        };
        let policy = ocsp::Policy::stored(since);
        let answered = self.store.ocsp_responses.iter().any(|response| {
            ocsp::check(response, certificate, issuer, None, Timestamp::MAX, &policy).is_ok()
        });
        answered
            || self.store.crls.iter().any(|der| {
                CertificateList::from_der(der).is_ok_and(|list| {
                    list.issuer_der() == certificate.issuer_der()
                        && list.next_update().is_none_or(|next| next >= since)
                })
            })
    }

    /// Sees that a response says that some certificate of the document is good, and gives the responder's.
    fn check_response(
        &self,
        response: &[u8],
        pool: &[Certificate],
        now: Timestamp,
    ) -> Result<Option<Certificate>> {
        let wrong = |problem: String| Error::WrongOcspResponse { problem };
        let read = match BasicOcspResponse::from_der(response) {
            Ok(Ok(read)) => read,
            Ok(Err(status)) => return Err(wrong(format!("the responder answered {status:?}"))),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let signers = self
            .signatures
            .iter()
            .filter_map(|signature| Some((signature.signer.clone(), self.proven_time(signature)?)));
        let units = self.time_stamping_units().into_iter().map(|unit| (unit, Timestamp::MIN));
        let mut leaves: Vec<(Certificate, Timestamp)> = signers.chain(units).collect();
        for (leaf, _) in leaves.clone() {
            leaves.extend(path_above(&leaf, pool).into_iter().map(|authority| (authority, Timestamp::MIN)));
        }
        for (certificate, since) in leaves {
            let Some(issuer) = find_issuer(&certificate, pool) else { continue };
            // What it says of others is not held against this one.
            let hashes = IssuerHashes::of(issuer);
            let mut singles = read.data().responses().iter();
            if !singles.any(|single| single.cert_id().names(certificate.serial(), &hashes)) {
                continue;
            }
            match ocsp::check(response, &certificate, issuer, None, now, &ocsp::Policy::stored(since)) {
                Ok(checked) => {
                    return match checked.status {
                        CertificateStatus::Good => Ok(match checked.signer {
                            ResponseSigner::Issuer => None,
                            ResponseSigner::Delegate(responder) => Some(*responder),
                        }),
                        CertificateStatus::Revoked { at, .. } => {
                            Err(wrong(format!("a certificate was revoked at {at}")))
                        }
                        CertificateStatus::NotIssued => {
                            Err(wrong("a certificate was never issued".to_owned()))
                        }
                    };
                }
                Err(OcspError::ProducedTooEarly { produced_at, earliest }) => {
                    return Err(Error::OcspTooEarly { produced_at, earliest });
                }
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        Err(wrong("it is about no certificate of the document".to_owned()))
    }
}

/// The values of the attribute signature-time-stamp.
pub(crate) fn signature_time_stamps(signed: &SignedData) -> Vec<Vec<u8>> {
    let attributes = signed.unsigned_attributes().iter();
    attributes
        .filter(|attribute| attribute.attr_type == cms::ID_SIGNATURE_TIME_STAMP)
        .flat_map(|attribute| attribute.values.clone())
        .filter(|value| value.first() == Some(&asn1::SEQUENCE))
        .collect()
}

fn digest_around(file: &[u8], gap: &Range<usize>, digest: Digest) -> Vec<u8> {
    let mut hasher = digest.hasher();
    hasher.update(&file[..gap.start]);
    hasher.update(&file[gap.end..]);
    hasher.finish()
}

/// Says in the catalog of a PDF 1.x document that it uses what ETSI added to the standard.
fn name_extension(pdf: &Pdf<'_>, catalog: &mut Dictionary) -> Result<()> {
    if pdf.header_version().starts_with('2')
        || catalog.name("Version").is_some_and(|version| *version == "2.0")
    {
        return Ok(());
    }
    let mut extensions = pdf.latest().dictionary(catalog, "Extensions")?.unwrap_or_default();
    if extensions.get("ESIC").is_none() {
        let ours =
            Dictionary::of([("BaseVersion", Object::name("1.7")), ("ExtensionLevel", Object::Integer(1))]);
        extensions.set("ESIC", Object::Dictionary(ours));
        catalog.set("Extensions", Object::Dictionary(extensions));
    }
    Ok(())
}
