//! Writing certificates: extensions one by one, and the draft that a profile fills and an issuer signs.
//!
//! Extensions keep the order they are pushed in. A [`Draft`] becomes a [`Certificate`] only through
//! [`Draft::sign`], which asks [`crate::lint`] first.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::extension::oid;
use super::{BasicConstraints, Certificate, Extension, KeyUsage, Name, Policy, QcStatements, SerialNumber};
use crate::Error;
use crate::algorithm::SignatureAlgorithm;
use crate::asn1;
use crate::lint::{self, Role};
use crate::signer::Signer;
use crate::time;
use crate::verify::PublicKey;

/// The time a certificate is valid, both ends included, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// notBefore
    pub not_before: Timestamp,
    /// notAfter
    pub not_after: Timestamp,
}

impl Validity {
    /// `years` years minus one second, from the second of `from`.
    ///
    /// # Errors
    /// [`Error::TimeOutOfRange`] beyond the year 9999.
    pub fn years(from: Timestamp, years: u8) -> Result<Self, Error> {
        Self::after(from, i64::from(years).years())
    }

    /// `days` days minus one second, from the second of `from`.
    ///
    /// # Errors
    /// [`Error::TimeOutOfRange`] beyond the year 9999.
    pub fn days(from: Timestamp, days: u16) -> Result<Self, Error> {
        Self::after(from, i64::from(days).days())
    }

    /// The same, but for what lies after `last`.
    #[must_use]
    pub fn until(self, last: Timestamp) -> Self {
        Self { not_after: self.not_after.min(last), ..self }
    }

    fn after(from: Timestamp, span: jiff::Span) -> Result<Self, Error> {
        let out_of_range = || Error::TimeOutOfRange { what: "validity", first: 0, last: 9999 };
        let not_before = Timestamp::from_second(from.as_second()).map_err(|_| out_of_range())?;
        let end = not_before.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| out_of_range())?;
        let not_after = end.timestamp().checked_sub(1.second()).map_err(|_| out_of_range())?;
        Ok(Self { not_before, not_after })
    }
}

/// A certificate before it is signed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is for; decides which rules it must pass.
    pub role: Role,
    /// serialNumber
    pub serial: SerialNumber,
    /// issuer
    pub issuer: Name,
    /// validity
    pub validity: Validity,
    /// subject
    pub subject: Name,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// extensions, in this order
    pub extensions: Vec<Extension>,
}

impl Draft {
    /// The `TBSCertificate` in DER.
    ///
    /// # Errors
    /// [`Error::TimeOutOfRange`]
    pub fn tbs_der(&self, algorithm: SignatureAlgorithm) -> Result<Vec<u8>, Error> {
        let validity = [time::time(self.validity.not_before)?, time::time(self.validity.not_after)?];
        let extensions: Vec<Vec<u8>> = self.extensions.iter().map(Extension::to_der).collect();
        Ok(asn1::sequence(&[
            asn1::tlv(asn1::context_constructed(0), &asn1::integer(2)),
            self.serial.to_der(),
            algorithm.algorithm_identifier_der(),
            self.issuer.as_der().to_vec(),
            asn1::sequence(&validity),
            self.subject.as_der().to_vec(),
            self.public_key.spki_der().to_vec(),
            asn1::tlv(asn1::context_constructed(3), &asn1::sequence(&extensions)),
        ]))
    }

    /// Checks the draft against every rule of [`crate::lint`], signs it, and verifies what came out.
    /// `issuer` is the certificate `signer` belongs to; `None` when the draft is to sign itself.
    ///
    /// # Errors
    /// [`Error::Lint`] with every broken rule; [`Error::PrivateKey`]; [`Error::SignatureInvalid`] when
    /// the signer does not hold the issuer's key.
    pub fn sign(&self, issuer: Option<&Certificate>, signer: &dyn Signer) -> Result<Certificate, Error> {
        let algorithm = signer.algorithm();
        let tbs = self.tbs_der(algorithm)?;
        let assemble = |signature: &[u8]| {
            let parts = [tbs.clone(), algorithm.algorithm_identifier_der(), asn1::bit_string(signature)];
            Certificate::from_der(&asn1::sequence(&parts))
        };
        // The rules read the bytes as a stranger will, only the signature is still empty.
        let findings = lint::check(&assemble(&[])?, self.role, issuer);
        if !findings.is_empty() {
            return Err(Error::Lint { findings });
        }
        let certificate = assemble(&signer.sign(&tbs)?)?;
        certificate.is_signed_with(issuer.map_or(&self.public_key, Certificate::public_key))?;
        Ok(certificate)
    }
}

impl Extension {
    /// The extension in DER; `critical` is left out when it is FALSE, its default.
    pub fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical { asn1::boolean_true() } else { Vec::new() };
        asn1::sequence(&[asn1::oid(&self.oid), critical, asn1::octet_string(&self.value)])
    }

    /// The same extension, critical.
    #[must_use]
    pub fn critical(self) -> Self {
        Self { critical: true, ..self }
    }

    fn plain(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { oid, critical: false, value }
    }

    /// basicConstraints; `cA FALSE` is the default, so the sequence is then empty.
    pub fn basic_constraints(constraints: BasicConstraints) -> Self {
        let mut parts = Vec::new();
        if constraints.ca {
            parts.push(asn1::boolean_true());
            parts.extend(constraints.path_len.map(|n| asn1::integer(n.into())));
        }
        Self::plain(oid::BASIC_CONSTRAINTS, asn1::sequence(&parts))
    }

    /// keyUsage, critical.
    pub fn key_usage(usage: KeyUsage) -> Self {
        Self::plain(oid::KEY_USAGE, asn1::named_bits(usage.0)).critical()
    }

    /// extKeyUsage
    pub fn extended_key_usage(purposes: &[ObjectIdentifier]) -> Self {
        let parts: Vec<_> = purposes.iter().map(asn1::oid).collect();
        Self::plain(oid::EXTENDED_KEY_USAGE, asn1::sequence(&parts))
    }

    /// subjectKeyIdentifier of a key (RFC 5280 section 4.2.1.2 method 1).
    pub fn subject_key_identifier(key: &PublicKey) -> Self {
        Self::plain(oid::SUBJECT_KEY_IDENTIFIER, asn1::octet_string(&key.key_identifier()))
    }

    /// authorityKeyIdentifier with a key identifier only.
    pub fn authority_key_identifier(identifier: &[u8]) -> Self {
        let id = asn1::tlv(asn1::context(0), identifier);
        Self::plain(oid::AUTHORITY_KEY_IDENTIFIER, asn1::sequence(&[id]))
    }

    /// authorityInfoAccess: the issuer's certificate, then its OCSP responder.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a URL is not ASCII.
    pub fn authority_info_access(ca_issuers: Option<&str>, ocsp: Option<&str>) -> Result<Self, Error> {
        let mut parts = Vec::new();
        for (method, url) in [(oid::AD_CA_ISSUERS, ca_issuers), (oid::AD_OCSP, ocsp)] {
            if let Some(url) = url {
                parts.push(asn1::sequence(&[asn1::oid(&method), uri(url)?]));
            }
        }
        Ok(Self::plain(oid::AUTHORITY_INFO_ACCESS, asn1::sequence(&parts)))
    }

    /// cRLDistributionPoints with one full name.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the URL is not ASCII.
    pub fn crl_distribution_point(url: &str) -> Result<Self, Error> {
        let full_name = asn1::tlv(asn1::context_constructed(0), &uri(url)?);
        let point = asn1::sequence(&[asn1::tlv(asn1::context_constructed(0), &full_name)]);
        Ok(Self::plain(oid::CRL_DISTRIBUTION_POINTS, asn1::sequence(&[point])))
    }

    /// certificatePolicies, in the order given.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a CPS URL is not ASCII.
    pub fn certificate_policies(policies: &[Policy]) -> Result<Self, Error> {
        let mut parts = Vec::new();
        for policy in policies {
            let mut information = vec![asn1::oid(&policy.oid)];
            if let Some(cps) = &policy.cps {
                let qualifier = asn1::sequence(&[asn1::oid(&oid::QT_CPS), asn1::ia5_string(cps)?]);
                information.push(asn1::sequence(&[qualifier]));
            }
            parts.push(asn1::sequence(&information));
        }
        Ok(Self::plain(oid::CERTIFICATE_POLICIES, asn1::sequence(&parts)))
    }

    /// subjectAltName with one directoryName.
    pub fn subject_alt_directory_name(name: &Name) -> Self {
        let name = asn1::tlv(asn1::context_constructed(4), name.as_der());
        Self::plain(oid::SUBJECT_ALT_NAME, asn1::sequence(&[name]))
    }

    /// subjectAltName with the names and addresses of a host.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a name is not ASCII.
    pub fn subject_alt_hosts(dns_names: &[String], addresses: &[IpAddr]) -> Result<Self, Error> {
        let mut parts = Vec::new();
        for name in dns_names {
            if !name.is_ascii() || name.is_empty() {
                return Err(Error::malformed("dNSName", "it is empty or not ASCII"));
            }
            parts.push(asn1::tlv(asn1::context(2), name.as_bytes()));
        }
        for address in addresses {
            parts.push(match address {
                IpAddr::V4(v4) => asn1::tlv(asn1::context(7), &v4.octets()),
                IpAddr::V6(v6) => asn1::tlv(asn1::context(7), &v6.octets()),
            });
        }
        Ok(Self::plain(oid::SUBJECT_ALT_NAME, asn1::sequence(&parts)))
    }

    /// subjectDirectoryAttributes with a date of birth, at noon (RFC 3739 section 3.2.2).
    ///
    /// # Errors
    /// [`Error::TimeOutOfRange`] for a year below 0.
    pub fn date_of_birth(date: Date) -> Result<Self, Error> {
        let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map_err(|_| Error::TimeOutOfRange {
            what: "dateOfBirth",
            first: 0,
            last: 9999,
        })?;
        let value = asn1::set_of(vec![time::generalized_time(noon.timestamp())?]);
        let attribute = asn1::sequence(&[asn1::oid(&oid::DATE_OF_BIRTH), value]);
        Ok(Self::plain(oid::SUBJECT_DIRECTORY_ATTRIBUTES, asn1::sequence(&[attribute])))
    }

    /// qcStatements in the order semantics, QcCompliance, QcSSCD, QcType, QcPDS.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a URL is not ASCII, a language not printable, or a statement of
    /// another kind is asked for.
    pub fn qc_statements(statements: &QcStatements) -> Result<Self, Error> {
        if !statements.others.is_empty() {
            return Err(Error::malformed("qcStatements", "a statement has no known form"));
        }
        let mut parts = Vec::new();
        if let Some(semantics) = &statements.semantics {
            let info = asn1::sequence(&[asn1::oid(semantics)]);
            parts.push(asn1::sequence(&[asn1::oid(&oid::QCS_SYNTAX_V2), info]));
        }
        if statements.compliance {
            parts.push(asn1::sequence(&[asn1::oid(&oid::QC_COMPLIANCE)]));
        }
        if statements.sscd {
            parts.push(asn1::sequence(&[asn1::oid(&oid::QC_SSCD)]));
        }
        if !statements.types.is_empty() {
            let types: Vec<_> = statements.types.iter().map(asn1::oid).collect();
            parts.push(asn1::sequence(&[asn1::oid(&oid::QC_TYPE), asn1::sequence(&types)]));
        }
        if !statements.pds.is_empty() {
            let mut locations = Vec::new();
            for pds in &statements.pds {
                let language = asn1::printable_string(&pds.language)?;
                locations.push(asn1::sequence(&[asn1::ia5_string(&pds.url)?, language]));
            }
            parts.push(asn1::sequence(&[asn1::oid(&oid::QC_PDS), asn1::sequence(&locations)]));
        }
        Ok(Self::plain(oid::QC_STATEMENTS, asn1::sequence(&parts)))
    }

    /// privateKeyUsagePeriod: until when the key may sign, long before the certificate ends.
    ///
    /// # Errors
    /// [`Error::TimeOutOfRange`]
    pub fn private_key_usage_period(not_before: Timestamp, not_after: Timestamp) -> Result<Self, Error> {
        let implicit = |number, at| -> Result<Vec<u8>, Error> {
            let time = time::generalized_time(at)?;
            // IMPLICIT: the context tag takes the place of GeneralizedTime's; both forms are short.
            Ok(asn1::tlv(asn1::context(number), &time[2..]))
        };
        let period = asn1::sequence(&[implicit(0, not_before)?, implicit(1, not_after)?]);
        Ok(Self::plain(oid::PRIVATE_KEY_USAGE_PERIOD, period))
    }

    /// ocsp-nocheck (RFC 6960 section 4.2.2.2.1).
    pub fn ocsp_nocheck() -> Self {
        Self::plain(oid::OCSP_NOCHECK, asn1::null())
    }
}

fn uri(url: &str) -> Result<Vec<u8>, Error> {
    if url.is_ascii() && !url.is_empty() {
        Ok(asn1::tlv(asn1::context(6), url.as_bytes()))
    } else {
        Err(Error::malformed("uniformResourceIdentifier", "it is empty or not ASCII"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_years_end_a_second_early() {
        let at = |t: &str| t.parse::<Timestamp>().unwrap();
        let validity = Validity::years(at("2026-11-22T09:38:00.7Z"), 3).unwrap();
        assert_eq!(validity.not_before, at("2026-11-22T09:38:00Z"));
        assert_eq!(validity.not_after, at("2029-11-22T09:37:59Z"));
        let leap = Validity::years(at("2028-02-29T00:00:00Z"), 1).unwrap();
        assert_eq!(leap.not_after, at("2029-02-27T23:59:59Z"));
        assert_eq!(
            Validity::days(at("2026-01-01T00:00:00Z"), 1).unwrap().not_after,
            at("2026-01-01T23:59:59Z")
        );
    }
}
