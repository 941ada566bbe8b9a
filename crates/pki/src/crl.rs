//! Certificate revocation lists [RFC 5280 §5]: full lists of one issuer, version 2.
//!
//! Lists that speak for a part only are refused when read: those of a distribution point, those by
//! reason or by kind of certificate, those on behalf of other issuers, and deltas. Absence from such a
//! list proves nothing.
//!
//! [RFC 5280 §5]: https://www.rfc-editor.org/rfc/rfc5280#section-5

use const_oid::ObjectIdentifier;
use der::Enumerated;
use jiff::{SignedDuration, Timestamp};

use crate::asn1::{self, Parser};
use crate::{Certificate, Error, SerialNumber, SignatureAlgorithm, Signer};

/// The largest list read, in bytes.
pub const MAX_CRL_LEN: usize = 32 * 1024 * 1024;

const MAX_EXTENSIONS: usize = 32;

const ID_CE_CRL_REASONS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const ID_CE_INVALIDITY_DATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
const ID_CE_CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const ID_CE_DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const ID_CE_ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const ID_CE_CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
const ID_CE_AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const ID_CE_EXPIRED_CERTS_ON_CRL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.60");

/// Why a certificate was revoked [RFC 5280 §5.3.1].
///
/// ```text
/// CRLReason ::= ENUMERATED {
///      unspecified             (0),
///      keyCompromise           (1),
///      cACompromise            (2),
///      affiliationChanged      (3),
///      superseded              (4),
///      cessationOfOperation    (5),
///      certificateHold         (6),
///           -- value 7 is not used
///      removeFromCRL           (8),
///      privilegeWithdrawn      (9),
///      aACompromise           (10) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enumerated)]
#[repr(u8)]
pub enum Reason {
    /// Nothing is said.
    Unspecified = 0,
    /// The private key is, or may be, in other hands.
    KeyCompromise = 1,
    /// The same, for the key of a CA.
    CaCompromise = 2,
    /// The holder's name or other data no longer holds.
    AffiliationChanged = 3,
    /// There is a newer certificate.
    Superseded = 4,
    /// The certificate is no longer needed.
    CessationOfOperation = 5,
    /// Suspended: may become good again.
    CertificateHold = 6,
    /// No longer suspended; in delta lists only.
    RemoveFromCrl = 8,
    /// A right stated in the certificate was taken away.
    PrivilegeWithdrawn = 9,
    /// The key of an attribute authority is in other hands.
    AaCompromise = 10,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number in the ENUMERATED.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The standard's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }
}

/// One certificate on a list.
///
/// ```text
/// SEQUENCE  {
///      userCertificate         CertificateSerialNumber,
///      revocationDate          Time,
///      crlEntryExtensions      Extensions OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Since when it is revoked.
    pub revoked_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Since when the key was, or may have been, in other hands: before `revoked_at`.
    pub invalidity_date: Option<Timestamp>,
}

impl RevokedCertificate {
    fn to_der(&self) -> Result<Vec<u8>, Error> {
        let mut fields = vec![self.serial.to_der(), crate::time::time(self.revoked_at)?];
        let mut extensions = Vec::new();
        // RFC 5280 §5.3.1: leave the reason out rather than say "unspecified".
        if self.reason != Reason::Unspecified {
            let code = asn1::tlv(asn1::ENUMERATED, &[self.reason.code()]);
            extensions.push(extension(&ID_CE_CRL_REASONS, &code));
        }
        if let Some(date) = self.invalidity_date {
            extensions.push(extension(&ID_CE_INVALIDITY_DATE, &crate::time::generalized_time(date)?));
        }
        if !extensions.is_empty() {
            fields.push(asn1::sequence(&extensions));
        }
        Ok(asn1::sequence(&fields))
    }
}

/// What a new list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCrl {
    /// Greater than that of every earlier list of the issuer.
    pub number: u64,
    /// When the list is made.
    pub this_update: Timestamp,
    /// When the next one will be there at the latest.
    pub next_update: Timestamp,
    /// Since when certificates that expire stay on the list, if they do.
    pub expired_certs_on_crl: Option<Timestamp>,
    /// Every revoked certificate.
    pub revoked: Vec<RevokedCertificate>,
}

impl NewCrl {
    /// Signs the list: the DER of a `CertificateList`.
    ///
    /// # Errors
    /// Those of the signer; [`Error::Malformed`] when its key is not the issuer's, times are out of
    /// order, or an entry cannot be on a full list.
    pub fn sign(&self, issuer: &Certificate, signer: &dyn Signer) -> Result<Vec<u8>, Error> {
        const WHAT: &str = "TBSCertList";
        if signer.public_key() != issuer.public_key() {
            return Err(Error::malformed("signer", "its key is not the issuer's"));
        }
        if self.next_update <= self.this_update {
            return Err(Error::malformed(WHAT, "nextUpdate is not after thisUpdate"));
        }
        if self.revoked.iter().any(|entry| entry.reason == Reason::RemoveFromCrl) {
            return Err(Error::malformed(WHAT, "removeFromCRL is for delta lists"));
        }
        let algorithm = signer.algorithm().algorithm_identifier_der();
        let mut fields = vec![
            asn1::integer(1), // v2
            algorithm.clone(),
            issuer.subject_der().to_vec(),
            crate::time::time(self.this_update)?,
            crate::time::time(self.next_update)?,
        ];
        // An empty list is left out, not written as empty [RFC 5280 §5.1.2.6].
        if !self.revoked.is_empty() {
            let entries =
                self.revoked.iter().map(RevokedCertificate::to_der).collect::<Result<Vec<_>, _>>()?;
            fields.push(asn1::sequence(&entries));
        }
        let mut extensions = Vec::new();
        if let Some(key_identifier) = issuer.subject_key_identifier() {
            let value = asn1::sequence(&[asn1::tlv(asn1::context(0), key_identifier)]);
            extensions.push(extension(&ID_CE_AUTHORITY_KEY_IDENTIFIER, &value));
        }
        extensions.push(extension(&ID_CE_CRL_NUMBER, &asn1::integer(self.number)));
        if let Some(since) = self.expired_certs_on_crl {
            extensions.push(extension(&ID_CE_EXPIRED_CERTS_ON_CRL, &crate::time::generalized_time(since)?));
        }
        fields.push(asn1::tlv(asn1::context_constructed(0), &asn1::sequence(&extensions)));
        let tbs = asn1::sequence(&fields);
        let signature = signer.sign(&tbs)?;
        Ok(asn1::sequence(&[tbs, algorithm, asn1::bit_string(&signature)]))
    }
}

/// Why a list proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CrlError {
    /// The list is another issuer's.
    #[error("the CRL was not issued by the certificate's issuer")]
    WrongIssuer,
    /// The issuer's key identifier differs from the one on the list.
    #[error("the CRL names another key of its issuer")]
    WrongAuthorityKey,
    /// The issuer's certificate does not allow signing lists.
    #[error("the issuer's certificate does not allow signing CRLs")]
    IssuerWithoutCrlSign,
    /// The list speaks for a part of the issuer's certificates only.
    #[error("the CRL covers only a part of the issuer's certificates")]
    PartialScope,
    /// The list is a delta: changes to another list.
    #[error("the CRL is a delta")]
    Delta,
    /// A critical extension is not understood.
    #[error("the CRL has the critical extension {0}, which is not understood")]
    UnknownCriticalExtension(ObjectIdentifier),
    /// The signature uses an algorithm that no longer proves anything.
    #[error("the CRL is signed with {0}, which is too weak")]
    WeakSignature(SignatureAlgorithm),
    /// The signature does not verify, or cannot be verified.
    #[error("the CRL's signature does not verify: {0}")]
    WrongSignature(Error),
    /// thisUpdate lies in the future.
    #[error("the CRL is from {this_update}, and it is {at}")]
    FromTheFuture {
        /// When the list was made.
        this_update: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// nextUpdate is before thisUpdate.
    #[error("the CRL's times are out of order")]
    TimesOutOfOrder,
    /// There should have been a newer list.
    #[error("the CRL was to be replaced by {next_update}, and it is {at}")]
    Expired {
        /// When a newer list was promised.
        next_update: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// There is no nextUpdate, so nobody can tell whether the list is current.
    #[error("the CRL has no nextUpdate")]
    MissingNextUpdate,
    /// The certificate had expired when the list was made, and expired ones are not kept on it.
    #[error("the CRL no longer lists certificates that had expired like this one")]
    CertificateExpired,
}

/// A list that was read. Ask it only after [`check`](Self::check)ing it.
///
/// ```text
/// CertificateList  ::=  SEQUENCE  {
///      tbsCertList          TBSCertList,
///      signatureAlgorithm   AlgorithmIdentifier,
///      signatureValue       BIT STRING  }
/// TBSCertList  ::=  SEQUENCE  {
///      version                 Version OPTIONAL, -- if present, MUST be v2
///      signature               AlgorithmIdentifier,
///      issuer                  Name,
///      thisUpdate              Time,
///      nextUpdate              Time OPTIONAL,
///      revokedCertificates     SEQUENCE OF SEQUENCE  { ... }  OPTIONAL,
///      crlExtensions           [0]  EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateList {
    der: Vec<u8>,
    tbs: std::ops::Range<usize>,
    issuer: Vec<u8>,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    number: Option<Vec<u8>>,
    authority_key: Option<Vec<u8>>,
    expired_certs_on_crl: Option<Timestamp>,
    /// Sorted by serial number.
    revoked: Vec<RevokedCertificate>,
    /// What makes the list unusable, found while reading.
    fault: Option<CrlError>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl CertificateList {
    /// Reads a list.
    ///
    /// # Errors
    /// When the bytes are not one in DER, or too many.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "CertificateList";
        if bytes.len() > MAX_CRL_LEN {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_CRL_LEN, found: bytes.len() });
        }
        let outer = Parser::only(bytes, asn1::SEQUENCE, WHAT)?;
        let mut fields = outer.inside(WHAT);
        let tbs_tlv = fields.expect(asn1::SEQUENCE)?;
        let signature_algorithm = fields.expect(asn1::SEQUENCE)?.raw;
        let signature = fields.whole_bits()?.to_vec();
        fields.end()?;
        let tbs_start = bytes.len() - outer.value.len();

        let mut tbs = tbs_tlv.inside("TBSCertList");
        let is_v2 = tbs.peek() == Some(asn1::INTEGER);
        if is_v2 && tbs.small_integer()? != 1 {
            return Err(Error::malformed("TBSCertList", "its version is unknown"));
        }
        if tbs.expect(asn1::SEQUENCE)?.raw != signature_algorithm {
            return Err(Error::malformed(WHAT, "the two signature algorithms differ"));
        }
        let issuer = tbs.expect(asn1::SEQUENCE)?.raw.to_vec();
        let this_update = crate::time::read_time(tbs.any()?)?;
        let next_update = match tbs.peek() {
            Some(asn1::UTC_TIME | asn1::GENERALIZED_TIME) => Some(crate::time::read_time(tbs.any()?)?),
            _ => None,
        };
        let mut list = Self {
            der: bytes.to_vec(),
            tbs: tbs_start..tbs_start + tbs_tlv.raw.len(),
            issuer,
            this_update,
            next_update,
            number: None,
            authority_key: None,
            expired_certs_on_crl: None,
            revoked: Vec::new(),
            fault: None,
            signature_algorithm: signature_algorithm.to_vec(),
            signature,
        };
        if let Some(entries) = tbs.optional(asn1::SEQUENCE)? {
            let mut entries = entries.inside("revokedCertificates");
            while !entries.is_empty() {
                list.read_entry(entries.sequence()?)?;
            }
        }
        if let Some(extensions) = tbs.optional(asn1::context_constructed(0))? {
            let sequence = Parser::only(extensions.value, asn1::SEQUENCE, "crlExtensions")?;
            list.read_extensions(sequence.inside("crlExtensions"))?;
        }
        tbs.end()?;
        list.revoked.sort_by(|a, b| a.serial.cmp(&b.serial));
        if list.revoked.windows(2).any(|pair| pair[0].serial == pair[1].serial) {
            return Err(Error::malformed("revokedCertificates", "a serial number occurs twice"));
        }
        Ok(list)
    }

    fn read_entry(&mut self, mut entry: Parser<'_>) -> Result<(), Error> {
        let mut found = RevokedCertificate {
            serial: SerialNumber::from_unsigned(entry.unsigned_bytes()?)?,
            revoked_at: crate::time::read_time(entry.any()?)?,
            reason: Reason::Unspecified,
            invalidity_date: None,
        };
        if let Some(extensions) = entry.optional(asn1::SEQUENCE)? {
            for extension in read_extensions(extensions.inside("crlEntryExtensions"))? {
                match extension.id {
                    ID_CE_CRL_REASONS => {
                        let value = Parser::only(extension.value, asn1::ENUMERATED, "CRLReason")?.value;
                        found.reason = match value {
                            [code] => Reason::from_code(*code),
                            _ => None,
                        }
                        .filter(|reason| *reason != Reason::RemoveFromCrl)
                        .ok_or(Error::malformed("CRLReason", "it is none for a full list"))?;
                    }
                    ID_CE_INVALIDITY_DATE => {
                        let value = Parser::only(extension.value, asn1::GENERALIZED_TIME, "invalidityDate")?;
                        found.invalidity_date = Some(crate::time::read_generalized_time(value)?);
                    }
                    ID_CE_CERTIFICATE_ISSUER => self.fault = Some(CrlError::PartialScope),
                    id if extension.critical => self.fault = Some(CrlError::UnknownCriticalExtension(id)),
                    _ => {}
                }
            }
        }
        entry.end()?;
        self.revoked.push(found);
        Ok(())
    }

    fn read_extensions(&mut self, list: Parser<'_>) -> Result<(), Error> {
        for extension in read_extensions(list)? {
            match extension.id {
                ID_CE_CRL_NUMBER => {
                    let mut value = Parser::new(extension.value, "CRLNumber");
                    self.number = Some(value.unsigned_bytes()?.to_vec());
                    value.end()?;
                }
                ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                    const WHAT: &str = "AuthorityKeyIdentifier";
                    let mut value = Parser::only(extension.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
                    self.authority_key = value.optional(asn1::context(0))?.map(|tlv| tlv.value.to_vec());
                }
                ID_CE_EXPIRED_CERTS_ON_CRL => {
                    let value = Parser::only(extension.value, asn1::GENERALIZED_TIME, "expiredCertsOnCRL")?;
                    self.expired_certs_on_crl = Some(crate::time::read_generalized_time(value)?);
                }
                ID_CE_ISSUING_DISTRIBUTION_POINT => self.fault = Some(CrlError::PartialScope),
                ID_CE_DELTA_CRL_INDICATOR => self.fault = Some(CrlError::Delta),
                id if extension.critical => self.fault = Some(CrlError::UnknownCriticalExtension(id)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes sure that the list is `issuer`'s, complete, and in force at `at`. That `issuer` is trusted
    /// is for the caller to establish.
    ///
    /// # Errors
    /// One [`CrlError`] per reason.
    pub fn check(
        &self,
        issuer: &Certificate,
        at: Timestamp,
        clock_skew: SignedDuration,
    ) -> Result<(), CrlError> {
        if self.issuer != issuer.subject_der() {
            return Err(CrlError::WrongIssuer);
        }
        match (&self.authority_key, issuer.subject_key_identifier()) {
            (Some(named), Some(found)) if named.as_slice() != found => {
                return Err(CrlError::WrongAuthorityKey);
            }
            (Some(_) | None, Some(_) | None) => {}
        }
        if !issuer.may_sign_crls() {
            return Err(CrlError::IssuerWithoutCrlSign);
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let algorithm = SignatureAlgorithm::from_algorithm_identifier_der(&self.signature_algorithm)
            .map_err(CrlError::WrongSignature)?;
        if algorithm.digest().is_weak() {
            return Err(CrlError::WeakSignature(algorithm));
        }
        issuer
            .public_key()
            .verify(algorithm, &self.der[self.tbs.clone()], &self.signature)
            .map_err(CrlError::WrongSignature)?;

        if self.this_update.duration_since(at) > clock_skew {
            return Err(CrlError::FromTheFuture { this_update: self.this_update, at });
        }
        let next_update = self.next_update.ok_or(CrlError::MissingNextUpdate)?;
        if next_update < self.this_update {
            return Err(CrlError::TimesOutOfOrder);
        }
        if at.duration_since(next_update) > clock_skew {
            return Err(CrlError::Expired { next_update, at });
        }
        Ok(())
    }

    /// The entry for `certificate`, which the list's issuer issued; none when it is not revoked.
    ///
    /// # Errors
    /// [`CrlError::CertificateExpired`] when it may have been dropped from the list since.
    pub fn find(&self, certificate: &Certificate) -> Result<Option<&RevokedCertificate>, CrlError> {
        let found = self.find_serial(certificate.serial());
        let expired = certificate.not_after() < self.this_update;
        let kept = self.expired_certs_on_crl.is_some_and(|since| since <= certificate.not_after());
        if found.is_none() && expired && !kept {
            return Err(CrlError::CertificateExpired);
        }
        Ok(found)
    }

    /// The entry with this serial number.
    pub fn find_serial(&self, serial: &SerialNumber) -> Option<&RevokedCertificate> {
        let index = self.revoked.binary_search_by(|entry| entry.serial.cmp(serial)).ok()?;
        self.revoked.get(index)
    }

    /// The whole list.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The DER of the issuer's name.
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// When the list was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When the next one was promised.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// The list's number, big-endian without leading zeros.
    pub fn number(&self) -> Option<&[u8]> {
        self.number.as_deref()
    }

    /// Since when certificates that expire stay on the list.
    pub fn expired_certs_on_crl(&self) -> Option<Timestamp> {
        self.expired_certs_on_crl
    }

    /// Every revoked certificate, sorted by serial number.
    pub fn revoked(&self) -> &[RevokedCertificate] {
        &self.revoked
    }
}

struct Extension<'a> {
    id: ObjectIdentifier,
    critical: bool,
    value: &'a [u8],
}

/// An extension that is not critical.
fn extension(id: &ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(id), asn1::octet_string(value)])
}

fn read_extensions(mut list: Parser<'_>) -> Result<Vec<Extension<'_>>, Error> {
    const WHAT: &str = "Extensions";
    let mut found: Vec<Extension<'_>> = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let id = fields.oid()?;
        let critical = fields.boolean_or(false)?;
        let value = fields.expect(asn1::OCTET_STRING)?.value;
        fields.end()?;
        if found.iter().any(|earlier| earlier.id == id) {
            return Err(Error::malformed(WHAT, "an extension occurs twice"));
        }
        if found.len() == MAX_EXTENSIONS {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_EXTENSIONS, found: MAX_EXTENSIONS + 1 });
        }
        found.push(Extension { id, critical, value });
    }
    Ok(found)
}
