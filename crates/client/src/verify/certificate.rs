//! Whose certificates are trusted, and for what.

use const_oid::ObjectIdentifier;
use countersign_pki::Certificate;
use countersign_pki::certificate::KeyUsage;
use countersign_pki::certificate::extension::oid;
use countersign_pki::path::{self, Path, Purpose};
use countersign_wire::words::{CertificateLevel, RequestedLevel};
use jiff::Timestamp;

use crate::Error;

/// Trust anchors, and intermediates that may lead to them. Services send the leaf alone, so the intermediates must
/// be at hand.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
}

impl TrustStore {
    /// These anchors and intermediates.
    pub fn new(anchors: Vec<Certificate>, intermediates: Vec<Certificate>) -> Self {
        Self { anchors, intermediates }
    }

    /// A PEM file with everything in it: certificates that signed themselves become anchors, the others intermediates.
    /// Whoever writes the file decides whom to trust.
    ///
    /// # Errors
    /// [`Error::Certificate`] when one cannot be read or there is none; [`Error::Setting`] when there is no anchor.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let all = Certificate::pem_bundle(pem).map_err(Error::Certificate)?;
        let (anchors, intermediates): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|certificate| certificate.is_signed_by(certificate).is_ok());
        if anchors.is_empty() {
            let why = "no certificate in it signed itself".to_owned();
            return Err(Error::Setting { setting: "trust store", why });
        }
        Ok(Self { anchors, intermediates })
    }

    /// The anchors.
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// The intermediates.
    pub fn intermediates(&self) -> &[Certificate] {
        &self.intermediates
    }

    /// A path from this certificate to an anchor, valid at `now`. Whether it is revoked is another question.
    ///
    /// # Errors
    /// [`Error::Untrusted`].
    pub fn path(&self, leaf: &Certificate, now: Timestamp) -> Result<Path, Error> {
        // The purpose is checked by level, more closely than a path check can.
        Ok(path::validate(leaf, &self.intermediates, &self.anchors, now, Purpose::Any)?)
    }
}

/// The policies of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelPolicies {
    /// The service's own policy, in all its certificates of this level.
    pub own: ObjectIdentifier,
    /// The ETSI policy of authentication certificates.
    pub authentication: ObjectIdentifier,
    /// The ETSI policy of signing certificates.
    pub signature: ObjectIdentifier,
}

/// The policies that certificates must have, by level. Without them a certificate of another product of the same
/// authority would pass for one of this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// Of level `QUALIFIED`.
    pub qualified: LevelPolicies,
    /// Of level `ADVANCED`.
    pub advanced: LevelPolicies,
}

/// ETSI EN 319 411-1 §5.3: NCP.
const NCP: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2042.1.1");
/// ETSI EN 319 411-1 §5.3: NCP+.
const NCP_PLUS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.2042.1.2");
/// ETSI EN 319 411-2 §5.3: QCP-n-qscd.
const QCP_N_QSCD: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1.2");

/// Those of Smart-ID compatible services (5.7, check 16).
impl Default for Policies {
    fn default() -> Self {
        Self {
            qualified: LevelPolicies {
                own: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.17.2"),
                authentication: NCP_PLUS,
                signature: QCP_N_QSCD,
            },
            advanced: LevelPolicies {
                own: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.17.1"),
                authentication: NCP,
                signature: NCP,
            },
        }
    }
}

/// What a certificate is checked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Authentication,
    /// With the level that was asked for.
    Signature(RequestedLevel),
}

impl Policies {
    /// Checks policies, key usage and statements.
    pub(crate) fn check(
        &self,
        certificate: &Certificate,
        level: CertificateLevel,
        purpose: Use,
    ) -> Result<(), Error> {
        let policies = match level {
            CertificateLevel::Qualified => self.qualified,
            CertificateLevel::Advanced => self.advanced,
        };
        let second = match purpose {
            Use::Authentication => policies.authentication,
            Use::Signature(_) => policies.signature,
        };
        for policy in [policies.own, second] {
            if !certificate.has_policy(policy) {
                return Err(Error::MissingPolicy { level, policy: policy.to_string() });
            }
        }
        match purpose {
            Use::Authentication if is_for_authentication(certificate) => Ok(()),
            Use::Authentication => Err(Error::NotForAuthentication),
            Use::Signature(requested) => check_signing(certificate, level, requested),
        }
    }
}

fn is_for_authentication(certificate: &Certificate) -> bool {
    let has = |bits| certificate.key_usage().is_some_and(|usage| usage.contains(bits));
    let purposes = certificate.extended_key_usages();
    let present = purposes.contains(&oid::KP_SMART_ID_AUTHENTICATION) && has(KeyUsage::DIGITAL_SIGNATURE);
    // Certificates from before that purpose existed (9.2).
    let older =
        KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::KEY_ENCIPHERMENT).with(KeyUsage::DATA_ENCIPHERMENT);
    present || (purposes.contains(&oid::KP_CLIENT_AUTH) && has(older))
}

fn check_signing(
    certificate: &Certificate,
    level: CertificateLevel,
    requested: RequestedLevel,
) -> Result<(), Error> {
    if !certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::NON_REPUDIATION)) {
        return Err(Error::NotForSignatures);
    }
    let statements = certificate.qc_statements();
    match level {
        CertificateLevel::Qualified => {
            if !statements.is_some_and(|statements| statements.types.contains(&oid::QC_TYPE_ESIGN)) {
                return Err(Error::NotForQualifiedSignatures);
            }
        }
        CertificateLevel::Advanced => {}
    }
    match requested {
        RequestedLevel::Qscd if !statements.is_some_and(|statements| statements.sscd) => {
            Err(Error::NoQualifiedDevice)
        }
        RequestedLevel::Qscd | RequestedLevel::Qualified | RequestedLevel::Advanced => Ok(()),
    }
}
