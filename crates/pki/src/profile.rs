//! What this authority issues, and how each kind of certificate is laid out.
//!
//! Names, policy identifiers and addresses are data ([`CaProfile`], [`Profile`]), so an operator chooses
//! them; the layout (which extensions, in which order, critical or not) is fixed, because client
//! libraries of the Smart-ID relying party API check it closely. The defaults of [`Profile`] are the
//! values those libraries require.
//!
//! Policies and statements that claim EU qualified status are true only where a supervisory body has
//! said so. Anyone else uses them for testing, or replaces them in the profile.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;

use crate::Error;
use crate::certificate::build::{Draft, Validity};
use crate::certificate::extension::oid;
use crate::certificate::{
    BasicConstraints, Certificate, Extension, KeyUsage, Name, PdsLocation, Policy, QcStatements,
    SerialNumber, name,
};
use crate::lint::Role;
use crate::signer::Signer;
use crate::verify::PublicKey;

/// Who runs the authority: the part of a CA's name that is the same for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// countryName, two letters.
    pub country: String,
    /// organizationName
    pub name: String,
    /// organizationIdentifier such as `NTREE-10747013` (EN 319 412-1 section 5.1.4).
    pub identifier: String,
}

impl Organization {
    /// The name of one of its CAs or services: country, organization, identifier, common name.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a part is empty or the country is not printable.
    pub fn named(&self, common_name: &str) -> Result<Name, Error> {
        Name::of(&[
            (name::COUNTRY, &self.country),
            (name::ORGANIZATION, &self.name),
            (name::ORGANIZATION_IDENTIFIER, &self.identifier),
            (name::COMMON_NAME, common_name),
        ])
    }
}

/// Where relying parties find things about an issuer. Plain http: what is there is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The issuer's certificate in DER.
    pub ca_issuers: Option<String>,
    /// The OCSP responder.
    pub ocsp: Option<String>,
    /// The revocation list.
    pub crl: Option<String>,
}

/// A CA certificate to issue.
#[derive(Debug, Clone)]
pub struct CaProfile {
    /// The CA's name.
    pub subject: Name,
    /// pathLenConstraint
    pub path_len: Option<u32>,
    /// certificatePolicies; none in a root.
    pub policies: Vec<Policy>,
    /// About the CA above; empty in a root.
    pub addresses: Addresses,
}

impl CaProfile {
    /// A root: two tiers may follow, of which the lower one is people.
    ///
    /// The key is best on P-521, which makes the signature ecdsa-with-SHA512.
    pub fn root(subject: Name) -> Self {
        Self { subject, path_len: Some(1), policies: Vec::new(), addresses: Addresses::default() }
    }

    /// A CA that issues to people and services, under any policy.
    ///
    /// The key is best on P-384, which makes its signatures ecdsa-with-SHA384.
    pub fn issuing(subject: Name, cps_url: &str, addresses: Addresses) -> Self {
        let policies = vec![Policy { oid: oid::ANY_POLICY, cps: Some(cps_url.to_owned()) }];
        Self { subject, path_len: Some(0), policies, addresses }
    }
}

/// Which of a person's two certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// To say who is there: digitalSignature.
    Authentication,
    /// To sign: nonRepudiation.
    Signature,
}

/// How certificates of people look under one issuing CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The authority's own policy, named first, with its practice statement.
    pub policy: Policy,
    /// The ETSI policy of authentication certificates.
    pub authentication_policy: ObjectIdentifier,
    /// The ETSI policy of signature certificates.
    pub signature_policy: ObjectIdentifier,
    /// extKeyUsage of authentication certificates.
    pub authentication_purpose: ObjectIdentifier,
    /// qcStatements of signature certificates.
    pub qc_statements: Option<QcStatements>,
    /// Whether the date of birth is written into the certificate.
    pub carries_date_of_birth: bool,
    /// About the issuing CA.
    pub addresses: Addresses,
    /// Days of validity, leap years not regarded; one second is taken off.
    pub days: u16,
}

impl Profile {
    /// Qualified: NCP+ for authentication, QCP-n-qscd with QCStatements for signatures.
    pub fn qualified(cps_url: &str, pds_url: &str, addresses: Addresses) -> Self {
        let pds = vec![PdsLocation { url: pds_url.to_owned(), language: "en".to_owned() }];
        Self {
            policy: Policy { oid: OWN_QUALIFIED_POLICY, cps: Some(cps_url.to_owned()) },
            authentication_policy: NCP_PLUS,
            signature_policy: QCP_N_QSCD,
            authentication_purpose: oid::KP_SMART_ID_AUTHENTICATION,
            qc_statements: Some(QcStatements {
                compliance: true,
                sscd: true,
                types: vec![oid::QC_TYPE_ESIGN],
                pds,
                semantics: Some(oid::SEMANTICS_NATURAL),
                others: Vec::new(),
            }),
            carries_date_of_birth: true,
            addresses,
            days: THREE_YEARS,
        }
    }

    /// Not qualified: NCP for both, no statements.
    pub fn non_qualified(cps_url: &str, addresses: Addresses) -> Self {
        Self {
            policy: Policy { oid: OWN_NON_QUALIFIED_POLICY, cps: Some(cps_url.to_owned()) },
            authentication_policy: NCP,
            signature_policy: NCP,
            authentication_purpose: oid::KP_SMART_ID_AUTHENTICATION,
            qc_statements: None,
            carries_date_of_birth: false,
            addresses,
            days: THREE_YEARS,
        }
    }
}

/// In days, as the certificates clients know count them.
const THREE_YEARS: u16 = 3 * 365;

/// The policies client libraries require of a QUALIFIED and of an ADVANCED certificate.
const OWN_QUALIFIED_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.17.2");
const OWN_NON_QUALIFIED_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.17.1");
/// NCP and NCP+ (EN 319 411-1 section 5.3), QCP-n-qscd (EN 319 411-2 section 5.3).
const NCP: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2042.1.1");
const NCP_PLUS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2042.1.2");
const QCP_N_QSCD: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1.2");

/// A natural person as the certificate names them.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Country of the identifier, two letters.
    pub country: String,
    /// Surnames, as they are written.
    pub surname: String,
    /// Given names, as they are written.
    pub given_name: String,
    /// The semantics identifier: `PNOEE-40504040001`.
    pub identifier: String,
    /// The document number: `PNOEE-40504040001-MOCK-Q`.
    pub document_number: String,
    /// The date of birth, where it is known.
    pub date_of_birth: Option<Date>,
}

impl Person {
    /// Country, `SURNAME,GIVEN`, surname, given name, identifier. Letters keep their case.
    fn subject(&self) -> Result<Name, Error> {
        let common_name = format!("{},{}", self.surname, self.given_name);
        Name::of(&[
            (name::COUNTRY, &self.country),
            (name::COMMON_NAME, &common_name),
            (name::SURNAME, &self.surname),
            (name::GIVEN_NAME, &self.given_name),
            (name::SERIAL_NUMBER, &self.identifier),
        ])
    }
}

impl std::fmt::Debug for Person {
    /// Nothing of the person: this must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person")
    }
}

impl SerialNumber {
    /// 16 random octets, of which the first is 0x40 to 0x7F: positive, always of one length, 126 bits
    /// that nobody can guess.
    pub fn random(random: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 16];
        random.fill_bytes(&mut octets);
        octets[0] = octets[0] & 0x3F | 0x40;
        // Cannot fail: 16 octets are fewer than 20.
        Self::from_unsigned(&octets).expect("16 octets")
    }
}

/// Issues a self-signed root.
///
/// # Errors
/// As [`Draft::sign`].
pub fn issue_root(
    profile: &CaProfile,
    signer: &dyn Signer,
    validity: Validity,
    random: &mut impl CryptoRng,
) -> Result<Certificate, Error> {
    let key = signer.public_key();
    let extensions = vec![
        Extension::basic_constraints(BasicConstraints { ca: true, path_len: profile.path_len }).critical(),
        Extension::authority_key_identifier(&key.key_identifier()),
        Extension::subject_key_identifier(key),
        Extension::key_usage(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)),
    ];
    let draft = Draft {
        role: Role::Root,
        serial: SerialNumber::random(random),
        issuer: profile.subject.clone(),
        validity,
        subject: profile.subject.clone(),
        public_key: key.clone(),
        extensions,
    };
    draft.sign(None, signer)
}

/// Issues the self-signed certificate of a trusted list signer; relying parties are told of it outside
/// any hierarchy (TS 119 612 section 5.7.1).
///
/// # Errors
/// As [`Draft::sign`].
pub fn issue_trusted_list_signer(
    subject: Name,
    signer: &dyn Signer,
    validity: Validity,
    random: &mut impl CryptoRng,
) -> Result<Certificate, Error> {
    let key = signer.public_key();
    let extensions = vec![
        Extension::basic_constraints(END_ENTITY),
        Extension::extended_key_usage(&[oid::KP_TSL_SIGNING]),
        Extension::subject_key_identifier(key),
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
    ];
    let draft = Draft {
        role: Role::TrustedListSigner,
        serial: SerialNumber::random(random),
        issuer: subject.clone(),
        validity,
        subject,
        public_key: key.clone(),
        extensions,
    };
    draft.sign(None, signer)
}

const END_ENTITY: BasicConstraints = BasicConstraints { ca: false, path_len: None };

/// A CA that issues: its certificate, and the key that belongs to it.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    certificate: &'a Certificate,
    signer: &'a dyn Signer,
}

impl<'a> Issuer<'a> {
    /// Puts certificate and key together.
    ///
    /// # Errors
    /// [`Error::Mismatch`] when the key is not the certificate's.
    pub fn new(certificate: &'a Certificate, signer: &'a dyn Signer) -> Result<Self, Error> {
        if certificate.public_key() != signer.public_key() {
            return Err(Error::Mismatch {
                what: "issuer key",
                expected: certificate.public_key().kind().to_string(),
                found: format!("another {}", signer.public_key().kind()),
            });
        }
        Ok(Self { certificate, signer })
    }

    /// The CA's certificate.
    pub fn certificate(&self) -> &'a Certificate {
        self.certificate
    }

    /// Issues a CA certificate.
    ///
    /// # Errors
    /// As [`Draft::sign`].
    pub fn issue_ca(
        &self,
        profile: &CaProfile,
        key: &PublicKey,
        validity: Validity,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let mut extensions = vec![
            Extension::basic_constraints(BasicConstraints { ca: true, path_len: profile.path_len })
                .critical(),
            self.authority_key_identifier(),
        ];
        extensions.extend(access(&profile.addresses)?);
        extensions.push(Extension::certificate_policies(&profile.policies)?);
        extensions.extend(crl(&profile.addresses)?);
        extensions.push(Extension::subject_key_identifier(key));
        extensions.push(Extension::key_usage(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)));
        self.sign(Role::IssuingCa, profile.subject.clone(), key, validity, extensions, random)
    }

    /// Issues one of a person's two certificates, valid from `not_before` for as long as the profile says.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a name does not fit its type; else as [`Draft::sign`].
    pub fn issue_person(
        &self,
        profile: &Profile,
        person: &Person,
        certificate_use: Use,
        key: &PublicKey,
        not_before: Timestamp,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let validity = Validity::days(not_before, profile.days)?;
        self.issue_person_for(profile, person, certificate_use, key, validity, random)
    }

    /// The same with a validity of its own: what a certificate rests on may end before the profile's days do.
    ///
    /// # Errors
    /// As [`Issuer::issue_person`].
    pub fn issue_person_for(
        &self,
        profile: &Profile,
        person: &Person,
        certificate_use: Use,
        key: &PublicKey,
        validity: Validity,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let document = Name::of(&[(name::COMMON_NAME, &person.document_number)])?;
        let (role, policy, usage) = match certificate_use {
            Use::Authentication => {
                (Role::PersonAuthentication, profile.authentication_policy, KeyUsage::DIGITAL_SIGNATURE)
            }
            Use::Signature => (Role::PersonSignature, profile.signature_policy, KeyUsage::NON_REPUDIATION),
        };
        let policies = [profile.policy.clone(), Policy { oid: policy, cps: None }];

        let mut extensions = vec![Extension::basic_constraints(END_ENTITY), self.authority_key_identifier()];
        extensions.extend(access(&profile.addresses)?);
        extensions.push(Extension::subject_alt_directory_name(&document));
        extensions.push(Extension::certificate_policies(&policies)?);
        if profile.carries_date_of_birth {
            extensions.extend(person.date_of_birth.map(Extension::date_of_birth).transpose()?);
        }
        match certificate_use {
            Use::Authentication => {
                extensions.push(Extension::extended_key_usage(&[profile.authentication_purpose]));
            }
            Use::Signature => {
                extensions.extend(profile.qc_statements.as_ref().map(Extension::qc_statements).transpose()?);
            }
        }
        extensions.extend(crl(&profile.addresses)?);
        extensions.push(Extension::subject_key_identifier(key));
        extensions.push(Extension::key_usage(usage));
        self.sign(role, person.subject()?, key, validity, extensions, random)
    }

    /// Issues the certificate of an organisation's seal, for a key that the organisation has made itself: normalised, not
    /// qualified (EN 319 412-3).
    ///
    /// # Errors
    /// [`Error::Malformed`] when a name does not fit its type; else as [`Draft::sign`].
    pub fn issue_seal(
        &self,
        profile: &Profile,
        subject: Name,
        key: &PublicKey,
        validity: Validity,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let policies = [profile.policy.clone(), Policy { oid: NCP, cps: None }];
        let mut extensions = vec![Extension::basic_constraints(END_ENTITY), self.authority_key_identifier()];
        extensions.extend(access(&profile.addresses)?);
        extensions.push(Extension::certificate_policies(&policies)?);
        extensions.extend(crl(&profile.addresses)?);
        extensions.push(Extension::subject_key_identifier(key));
        extensions.push(Extension::key_usage(KeyUsage::NON_REPUDIATION));
        self.sign(Role::Seal, subject, key, validity, extensions, random)
    }

    /// Issues the certificate of an OCSP responder that answers for this CA.
    ///
    /// # Errors
    /// As [`Draft::sign`].
    pub fn issue_ocsp_responder(
        &self,
        subject: Name,
        key: &PublicKey,
        validity: Validity,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let extensions = vec![
            Extension::basic_constraints(END_ENTITY),
            self.authority_key_identifier(),
            Extension::extended_key_usage(&[oid::KP_OCSP_SIGNING]),
            Extension::ocsp_nocheck(),
            Extension::subject_key_identifier(key),
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
        ];
        self.sign(Role::OcspResponder, subject, key, validity, extensions, random)
    }

    /// Issues the certificate of a time-stamping unit (EN 319 422 section 6). `signs_until` ends the
    /// use of the private key, well before the certificate ends.
    ///
    /// # Errors
    /// As [`Draft::sign`].
    pub fn issue_time_stamping_unit(
        &self,
        subject: Name,
        policy: &Policy,
        addresses: &Addresses,
        key: &PublicKey,
        validity: Validity,
        signs_until: Timestamp,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let mut extensions = vec![Extension::basic_constraints(END_ENTITY), self.authority_key_identifier()];
        extensions.extend(access(addresses)?);
        extensions.push(Extension::certificate_policies(std::slice::from_ref(policy))?);
        extensions.push(Extension::private_key_usage_period(validity.not_before, signs_until)?);
        extensions.push(Extension::extended_key_usage(&[oid::KP_TIME_STAMPING]).critical());
        extensions.extend(crl(addresses)?);
        extensions.push(Extension::subject_key_identifier(key));
        extensions.push(Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE));
        self.sign(Role::TimeStampingUnit, subject, key, validity, extensions, random)
    }

    /// Issues the certificate of a TLS server, for development: a public CA is for the rest. The common
    /// name is the first DNS name, or `TLS server`.
    ///
    /// # Errors
    /// As [`Draft::sign`].
    pub fn issue_tls_server(
        &self,
        dns_names: &[String],
        addresses: &[IpAddr],
        key: &PublicKey,
        validity: Validity,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let common_name = dns_names.first().map_or("TLS server", String::as_str);
        let extensions = vec![
            Extension::basic_constraints(END_ENTITY),
            self.authority_key_identifier(),
            Extension::subject_alt_hosts(dns_names, addresses)?,
            Extension::extended_key_usage(&[oid::KP_SERVER_AUTH]),
            Extension::subject_key_identifier(key),
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
        ];
        let subject = Name::of(&[(name::COMMON_NAME, common_name)])?;
        self.sign(Role::TlsServer, subject, key, validity, extensions, random)
    }

    fn authority_key_identifier(&self) -> Extension {
        match self.certificate.subject_key_identifier() {
            Some(identifier) => Extension::authority_key_identifier(identifier),
            None => Extension::authority_key_identifier(&self.certificate.public_key().key_identifier()),
        }
    }

    fn sign(
        &self,
        role: Role,
        subject: Name,
        key: &PublicKey,
        validity: Validity,
        extensions: Vec<Extension>,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, Error> {
        let draft = Draft {
            role,
            serial: SerialNumber::random(random),
            issuer: self.certificate.subject().clone(),
            validity,
            subject,
            public_key: key.clone(),
            extensions,
        };
        draft.sign(Some(self.certificate), self.signer)
    }
}

fn access(addresses: &Addresses) -> Result<Option<Extension>, Error> {
    match (&addresses.ca_issuers, &addresses.ocsp) {
        (None, None) => Ok(None),
        (ca_issuers, ocsp) => {
            Extension::authority_info_access(ca_issuers.as_deref(), ocsp.as_deref()).map(Some)
        }
    }
}

fn crl(addresses: &Addresses) -> Result<Option<Extension>, Error> {
    addresses.crl.as_deref().map(Extension::crl_distribution_point).transpose()
}
