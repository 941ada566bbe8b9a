//! Certificate extensions, read.
//!
//! ```text
//! Extension  ::=  SEQUENCE  {
//!      extnID      OBJECT IDENTIFIER,
//!      critical    BOOLEAN DEFAULT FALSE,
//!      extnValue   OCTET STRING }
//! ```
//!
//! [RFC 5280 section 4.2]; QCStatements from RFC 3739 and EN 319 412-5. Every extension this file knows
//! is parsed when the certificate is, and one that is broken breaks the certificate.
//!
//! [RFC 5280 section 4.2]: https://www.rfc-editor.org/rfc/rfc5280#section-4.2

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use const_oid::ObjectIdentifier;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::name::Name;
use crate::Error;
use crate::asn1::{self, Parser};
use crate::time;

/// Object identifiers of extensions and of what they contain.
pub mod oid {
    use const_oid::ObjectIdentifier;

    macro_rules! oids {
        ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
            $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);)*
        };
    }

    oids! {
        /// id-ce-subjectDirectoryAttributes
        SUBJECT_DIRECTORY_ATTRIBUTES = "2.5.29.9";
        /// id-ce-subjectKeyIdentifier
        SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
        /// id-ce-keyUsage
        KEY_USAGE = "2.5.29.15";
        /// id-ce-privateKeyUsagePeriod
        PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
        /// id-ce-subjectAltName
        SUBJECT_ALT_NAME = "2.5.29.17";
        /// id-ce-basicConstraints
        BASIC_CONSTRAINTS = "2.5.29.19";
        /// id-ce-nameConstraints
        NAME_CONSTRAINTS = "2.5.29.30";
        /// id-ce-cRLDistributionPoints
        CRL_DISTRIBUTION_POINTS = "2.5.29.31";
        /// id-ce-certificatePolicies
        CERTIFICATE_POLICIES = "2.5.29.32";
        /// anyPolicy
        ANY_POLICY = "2.5.29.32.0";
        /// id-ce-authorityKeyIdentifier
        AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
        /// id-ce-extKeyUsage
        EXTENDED_KEY_USAGE = "2.5.29.37";
        /// id-ce-noRevAvail
        NO_REV_AVAIL = "2.5.29.56";
        /// id-pe-authorityInfoAccess
        AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
        /// id-pe-qcStatements
        QC_STATEMENTS = "1.3.6.1.5.5.7.1.3";
        /// id-pkix-ocsp-nocheck
        OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
        /// id-etsi-ext-valassured-ST-certs
        VALIDITY_ASSURED_SHORT_TERM = "0.4.0.194121.2.1";
        /// id-ad-ocsp
        AD_OCSP = "1.3.6.1.5.5.7.48.1";
        /// id-ad-caIssuers
        AD_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
        /// id-qt-cps
        QT_CPS = "1.3.6.1.5.5.7.2.1";
        /// id-pda-dateOfBirth
        DATE_OF_BIRTH = "1.3.6.1.5.5.7.9.1";
        /// id-kp-serverAuth
        KP_SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
        /// id-kp-clientAuth
        KP_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
        /// id-kp-timeStamping
        KP_TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
        /// id-kp-OCSPSigning
        KP_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
        /// The authentication purpose Smart-ID compatible clients look for.
        KP_SMART_ID_AUTHENTICATION = "1.3.6.1.4.1.62306.5.7.0";
        /// id-tsl-kp-tslSigning: trusted list signing (TS 119 612 section 5.7.1)
        KP_TSL_SIGNING = "0.4.0.2231.3.0";
        /// id-qcs-pkixQCSyntax-v2
        QCS_SYNTAX_V2 = "1.3.6.1.5.5.7.11.2";
        /// id-etsi-qcs-semanticsId-Natural
        SEMANTICS_NATURAL = "0.4.0.194121.1.1";
        /// id-etsi-qcs-semanticsId-Legal
        SEMANTICS_LEGAL = "0.4.0.194121.1.2";
        /// id-etsi-qcs-QcCompliance
        QC_COMPLIANCE = "0.4.0.1862.1.1";
        /// id-etsi-qcs-QcSSCD
        QC_SSCD = "0.4.0.1862.1.4";
        /// id-etsi-qcs-QcPDS
        QC_PDS = "0.4.0.1862.1.5";
        /// id-etsi-qcs-QcType
        QC_TYPE = "0.4.0.1862.1.6";
        /// id-etsi-qct-esign
        QC_TYPE_ESIGN = "0.4.0.1862.1.6.1";
        /// id-etsi-qct-eseal
        QC_TYPE_ESEAL = "0.4.0.1862.1.6.2";
    }
}

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// extnID
    pub oid: ObjectIdentifier,
    /// critical
    pub critical: bool,
    /// The content of extnValue.
    pub value: Vec<u8>,
}

/// The named bits of keyUsage (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature (0)
    pub const DIGITAL_SIGNATURE: KeyUsage = KeyUsage(1);
    /// nonRepudiation (1), called contentCommitment in X.509
    pub const NON_REPUDIATION: KeyUsage = KeyUsage(1 << 1);
    /// keyEncipherment (2)
    pub const KEY_ENCIPHERMENT: KeyUsage = KeyUsage(1 << 2);
    /// dataEncipherment (3)
    pub const DATA_ENCIPHERMENT: KeyUsage = KeyUsage(1 << 3);
    /// keyAgreement (4)
    pub const KEY_AGREEMENT: KeyUsage = KeyUsage(1 << 4);
    /// keyCertSign (5)
    pub const KEY_CERT_SIGN: KeyUsage = KeyUsage(1 << 5);
    /// cRLSign (6)
    pub const CRL_SIGN: KeyUsage = KeyUsage(1 << 6);

    /// True when every bit of `other` is set.
    pub const fn contains(self, other: KeyUsage) -> bool {
        self.0 & other.0 == other.0
    }

    /// True when any bit of `other` is set.
    pub const fn intersects(self, other: KeyUsage) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets.
    pub const fn with(self, other: KeyUsage) -> KeyUsage {
        KeyUsage(self.0 | other.0)
    }
}

/// basicConstraints (RFC 5280 section 4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// cA
    pub ca: bool,
    /// pathLenConstraint: how many intermediates may follow, the leaf not counted.
    pub path_len: Option<u32>,
}

/// One `PolicyInformation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// policyIdentifier
    pub oid: ObjectIdentifier,
    /// The CPS URI qualifier.
    pub cps: Option<String>,
}

/// One `PdsLocation` of QcPDS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdsLocation {
    /// Where the disclosure statement is.
    pub url: String,
    /// Its language, two letters (ISO 639-1).
    pub language: String,
}

/// qcStatements (RFC 3739 section 3.2.6, EN 319 412-5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QcStatements {
    /// QcCompliance: claims to be an EU qualified certificate.
    pub compliance: bool,
    /// QcSSCD: the key is claimed to be in a qualified device.
    pub sscd: bool,
    /// QcType: esign, eseal or web.
    pub types: Vec<ObjectIdentifier>,
    /// QcPDS
    pub pds: Vec<PdsLocation>,
    /// The semantics identifier of id-qcs-pkixQCSyntax-v2.
    pub semantics: Option<ObjectIdentifier>,
    /// Statements of other kinds.
    pub others: Vec<ObjectIdentifier>,
}

/// The names of a subjectAltName this crate reads; other kinds are skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectAltName {
    /// directoryName
    pub directory_names: Vec<Name>,
    /// dNSName
    pub dns_names: Vec<String>,
    /// iPAddress
    pub ip_addresses: Vec<IpAddr>,
    /// rfc822Name
    pub email_addresses: Vec<String>,
    /// True when there were names of other kinds.
    pub has_other: bool,
}

/// Every extension of one certificate.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) all: Vec<Extension>,
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usages: Vec<ObjectIdentifier>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) qc_statements: Option<QcStatements>,
    pub(crate) subject_alt_name: SubjectAltName,
    pub(crate) date_of_birth: Option<Date>,
    pub(crate) ocsp_urls: Vec<String>,
    pub(crate) ca_issuer_urls: Vec<String>,
    pub(crate) crl_urls: Vec<String>,
    pub(crate) subject_key_identifier: Option<Vec<u8>>,
    pub(crate) authority_key_identifier: Option<Vec<u8>>,
    pub(crate) ocsp_nocheck: bool,
}

/// More extensions than any certificate has.
const MAX_EXTENSIONS: usize = 64;

impl Extensions {
    /// Reads `Extensions`, the content of `[3]`.
    pub(crate) fn read(der: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "Extensions";
        let mut list = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut extensions = Self::default();
        if list.is_empty() {
            return Err(Error::malformed(WHAT, "the sequence is empty"));
        }
        while !list.is_empty() {
            let mut fields = list.sequence()?;
            let extension = Extension {
                oid: fields.oid()?,
                critical: fields.boolean_or(false)?,
                value: fields.expect(asn1::OCTET_STRING)?.value.to_vec(),
            };
            fields.end()?;
            if extensions.all.iter().any(|e| e.oid == extension.oid) {
                return Err(Error::malformed(WHAT, "an extension is there twice"));
            }
            extensions.understand(extension.oid, &extension.value)?;
            extensions.all.push(extension);
            if extensions.all.len() > MAX_EXTENSIONS {
                let found = extensions.all.len();
                return Err(Error::TooLarge { what: WHAT, limit: MAX_EXTENSIONS, found });
            }
        }
        Ok(extensions)
    }

    fn understand(&mut self, extension: ObjectIdentifier, value: &[u8]) -> Result<(), Error> {
        match extension {
            oid::BASIC_CONSTRAINTS => self.basic_constraints = Some(basic_constraints(value)?),
            oid::KEY_USAGE => {
                let bits = Parser::only(value, asn1::BIT_STRING, "keyUsage")?;
                self.key_usage = Some(KeyUsage(asn1::read_named_bits(bits.value, "keyUsage")?));
            }
            oid::EXTENDED_KEY_USAGE => {
                self.extended_key_usages = nonempty(value, "extKeyUsage", Parser::oid)?;
            }
            oid::CERTIFICATE_POLICIES => self.policies = policies(value)?,
            oid::QC_STATEMENTS => self.qc_statements = Some(qc_statements(value)?),
            oid::SUBJECT_ALT_NAME => self.subject_alt_name = subject_alt_name(value)?,
            oid::SUBJECT_DIRECTORY_ATTRIBUTES => self.date_of_birth = date_of_birth(value)?,
            oid::AUTHORITY_INFO_ACCESS => {
                for (method, url) in access_descriptions(value)? {
                    match method {
                        oid::AD_OCSP => self.ocsp_urls.push(url),
                        oid::AD_CA_ISSUERS => self.ca_issuer_urls.push(url),
                        _ => {}
                    }
                }
            }
            oid::CRL_DISTRIBUTION_POINTS => self.crl_urls = crl_urls(value)?,
            oid::SUBJECT_KEY_IDENTIFIER => {
                let id = Parser::only(value, asn1::OCTET_STRING, "subjectKeyIdentifier")?;
                self.subject_key_identifier = Some(id.value.to_vec());
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                const WHAT: &str = "authorityKeyIdentifier";
                let mut fields = Parser::only(value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
                self.authority_key_identifier =
                    fields.optional(asn1::context(0))?.map(|id| id.value.to_vec());
            }
            oid::OCSP_NOCHECK => {
                if !Parser::only(value, asn1::NULL, "ocsp-nocheck")?.value.is_empty() {
                    return Err(Error::malformed("ocsp-nocheck", "a NULL has content"));
                }
                self.ocsp_nocheck = true;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads `SEQUENCE SIZE (1..MAX) OF` something.
fn nonempty<'a, T>(
    value: &'a [u8],
    what: &'static str,
    mut one: impl FnMut(&mut Parser<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut list = Parser::only(value, asn1::SEQUENCE, what)?.inside(what);
    let mut out = vec![one(&mut list)?];
    while !list.is_empty() {
        out.push(one(&mut list)?);
    }
    Ok(out)
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, Error> {
    const WHAT: &str = "basicConstraints";
    let mut fields = Parser::only(value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let ca = fields.boolean_or(false)?;
    let path_len = if fields.is_empty() {
        None
    } else {
        let length = fields.small_integer()?;
        Some(u32::try_from(length).map_err(|_| Error::malformed(WHAT, "the path length is absurd"))?)
    };
    fields.end()?;
    if path_len.is_some() && !ca {
        return Err(Error::malformed(WHAT, "a path length is given for what is no CA"));
    }
    Ok(BasicConstraints { ca, path_len })
}

fn policies(value: &[u8]) -> Result<Vec<Policy>, Error> {
    const WHAT: &str = "certificatePolicies";
    let policies = nonempty(value, WHAT, |list| {
        let mut fields = list.sequence()?;
        let mut policy = Policy { oid: fields.oid()?, cps: None };
        if !fields.is_empty() {
            let mut qualifiers = fields.sequence()?;
            while !qualifiers.is_empty() {
                let mut qualifier = qualifiers.sequence()?;
                let kind = qualifier.oid()?;
                let content = qualifier.any()?;
                qualifier.end()?;
                if kind == oid::QT_CPS && policy.cps.is_none() {
                    policy.cps = Some(content.to_text(WHAT)?);
                }
            }
        }
        fields.end()?;
        Ok(policy)
    })?;
    for (i, policy) in policies.iter().enumerate() {
        if policies[..i].iter().any(|p| p.oid == policy.oid) {
            return Err(Error::malformed(WHAT, "a policy is there twice"));
        }
    }
    Ok(policies)
}

/// `QCStatement ::= SEQUENCE { statementId OBJECT IDENTIFIER, statementInfo ANY OPTIONAL }`
fn qc_statements(value: &[u8]) -> Result<QcStatements, Error> {
    const WHAT: &str = "qcStatements";
    let mut statements = QcStatements::default();
    nonempty(value, WHAT, |list| {
        let mut fields = list.sequence()?;
        match fields.oid()? {
            oid::QC_COMPLIANCE => statements.compliance = true,
            oid::QC_SSCD => statements.sscd = true,
            oid::QC_TYPE => {
                let info = fields.expect(asn1::SEQUENCE)?;
                statements.types = nonempty(info.raw, WHAT, Parser::oid)?;
            }
            oid::QC_PDS => {
                let info = fields.expect(asn1::SEQUENCE)?;
                statements.pds = nonempty(info.raw, WHAT, |locations| {
                    let mut location = locations.sequence()?;
                    let url = location.any()?.to_text(WHAT)?;
                    let language = location.any()?.to_text(WHAT)?;
                    location.end()?;
                    Ok(PdsLocation { url, language })
                })?;
            }
            oid::QCS_SYNTAX_V2 => {
                if let Some(info) = fields.optional(asn1::SEQUENCE)? {
                    let mut semantics = info.inside(WHAT);
                    if semantics.peek() == Some(asn1::OBJECT_IDENTIFIER) {
                        statements.semantics = Some(semantics.oid()?);
                    }
                }
            }
            other => {
                statements.others.push(other);
                fields.remaining();
            }
        }
        fields.end()
    })?;
    Ok(statements)
}

fn subject_alt_name(value: &[u8]) -> Result<SubjectAltName, Error> {
    const WHAT: &str = "subjectAltName";
    let mut names = SubjectAltName::default();
    nonempty(value, WHAT, |list| {
        let name = list.any()?;
        let ascii = || match std::str::from_utf8(name.value) {
            Ok(text) if text.is_ascii() => Ok(text.to_owned()),
            _ => Err(Error::malformed(WHAT, "a name is not ASCII")),
        };
        match name.tag {
            0x81 => names.email_addresses.push(ascii()?),
            0x82 => names.dns_names.push(ascii()?),
            0xA4 => names.directory_names.push(Name::from_der(name.value)?),
            0x87 => names.ip_addresses.push(match *name.value {
                [a, b, c, d] => Ipv4Addr::new(a, b, c, d).into(),
                ref bytes => match <[u8; 16]>::try_from(bytes) {
                    Ok(bytes) => Ipv6Addr::from(bytes).into(),
                    Err(_) => return Err(Error::malformed(WHAT, "an address is neither 4 nor 16 bytes")),
                },
            }),
            _ => names.has_other = true,
        }
        Ok(())
    })?;
    Ok(names)
}

/// `SubjectDirectoryAttributes ::= SEQUENCE SIZE (1..MAX) OF Attribute`
fn date_of_birth(value: &[u8]) -> Result<Option<Date>, Error> {
    const WHAT: &str = "subjectDirectoryAttributes";
    let mut found = None;
    nonempty(value, WHAT, |list| {
        let mut attribute = list.sequence()?;
        let kind = attribute.oid()?;
        let mut values = attribute.expect(asn1::SET)?.inside(WHAT);
        attribute.end()?;
        if kind == oid::DATE_OF_BIRTH {
            let at = time::read_generalized_time(values.any()?)?;
            values.end()?;
            found = Some(TimeZone::UTC.to_datetime(at).date());
        }
        Ok(())
    })?;
    Ok(found)
}

fn access_descriptions(value: &[u8]) -> Result<Vec<(ObjectIdentifier, String)>, Error> {
    const WHAT: &str = "authorityInfoAccess";
    let all = nonempty(value, WHAT, |list| {
        let mut fields = list.sequence()?;
        let method = fields.oid()?;
        let location = fields.any()?;
        fields.end()?;
        Ok((method, uri(location, WHAT)?))
    })?;
    Ok(all.into_iter().filter_map(|(method, url)| url.map(|url| (method, url))).collect())
}

/// `DistributionPoint ::= SEQUENCE { distributionPoint [0] DistributionPointName OPTIONAL, ... }`,
/// of which the URIs of `fullName [0]` are kept.
fn crl_urls(value: &[u8]) -> Result<Vec<String>, Error> {
    const WHAT: &str = "cRLDistributionPoints";
    let mut urls = Vec::new();
    nonempty(value, WHAT, |list| {
        let mut point = list.sequence()?;
        if let Some(name) = point.optional(asn1::context_constructed(0))? {
            let mut choice = name.inside(WHAT);
            if let Some(full) = choice.optional(asn1::context_constructed(0))? {
                let mut names = full.inside(WHAT);
                while !names.is_empty() {
                    urls.extend(uri(names.any()?, WHAT)?);
                }
            }
        }
        Ok(())
    })?;
    Ok(urls)
}

/// The text of a `uniformResourceIdentifier [6]`; `None` for another kind of GeneralName.
fn uri(name: asn1::Tlv<'_>, what: &'static str) -> Result<Option<String>, Error> {
    if name.tag != asn1::context(6) {
        return Ok(None);
    }
    match std::str::from_utf8(name.value) {
        Ok(text) if text.is_ascii() => Ok(Some(text.to_owned())),
        _ => Err(Error::malformed(what, "a URI is not ASCII")),
    }
}
