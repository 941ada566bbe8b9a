//! Certification paths: from a certificate through intermediates to a trust anchor.
//!
//! The part of [RFC 5280 section 6] that European signature PKI uses. Checked on every certificate:
//! signature, validity at the given time, names that chain, key identifiers that match, no weak
//! algorithm, no critical extension that is not understood; on every issuer: basicConstraints, path
//! length, keyCertSign, name constraints; on the leaf: that its usage fits the purpose. Not done here:
//! revocation, policy mapping and policy constraints (critical ones are refused as not understood).
//!
//! Names alone decide nothing: several CAs may bear one name, so every candidate is tried, within a
//! budget, and the fault reported is that of the candidate that came furthest. Name constraints are
//! understood for directory and DNS names; a constraint on anything else refuses the path.
//!
//! [RFC 5280 section 6]: https://www.rfc-editor.org/rfc/rfc5280#section-6

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::algorithm::SignatureAlgorithm;
use crate::certificate::extension::oid;
use crate::certificate::{Certificate, KeyUsage, SerialNumber};

mod constraints;

/// A path has at most this many certificates, leaf and anchor included.
pub const MAX_DEPTH: usize = 6;
/// At most this many signatures are checked in the search for one path.
pub const MAX_SIGNATURE_CHECKS: usize = 64;

/// What the leaf is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A person authenticates: digitalSignature and an authentication extKeyUsage.
    Authentication,
    /// A person or organization signs: nonRepudiation.
    Signature,
    /// The leaf signs OCSP responses.
    OcspSigning,
    /// The leaf signs time-stamps: extKeyUsage critical and alone.
    TimeStamping,
    /// The leaf is a TLS server.
    TlsServer,
    /// The leaf signs trusted lists.
    TrustedListSigning,
    /// The leaf is itself a CA.
    Issuing,
    /// The caller checks the usage.
    Any,
}

/// A validated path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    certificates: Vec<Certificate>,
}

impl Path {
    /// Leaf first, anchor last; one certificate when the leaf is itself an anchor.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate that was validated.
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// The anchor it leads to.
    pub fn anchor(&self) -> &Certificate {
        &self.certificates[self.certificates.len() - 1]
    }

    /// The certificate that issued the leaf, unless the leaf is the anchor.
    pub fn issuer(&self) -> Option<&Certificate> {
        self.certificates.get(1)
    }
}

/// A certificate's place in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Position {
    /// The certificate to validate.
    Leaf,
    /// An intermediate; 1 issued the leaf.
    Intermediate(usize),
    /// A trust anchor.
    Anchor,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Position::Leaf => f.write_str("leaf"),
            Position::Intermediate(depth) => write!(f, "intermediate {depth}"),
            Position::Anchor => f.write_str("anchor"),
        }
    }
}

/// Which certificate a fault is about: its place and serial number, nothing about its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// Its place in the path.
    pub position: Position,
    /// Its serial number.
    pub serial: SerialNumber,
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} certificate (serial {})", self.position, self.serial)
    }
}

/// Why there is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Neither an anchor nor an intermediate bears the issuer's name.
    #[error("{at}: no certificate of its issuer is at hand")]
    NoIssuer {
        /// The certificate whose issuer is missing.
        at: At,
    },
    /// Certificates bear the issuer's name, but none has the key that authorityKeyIdentifier names.
    #[error("{at}: the certificates with its issuer's name have other keys")]
    KeyIdentifierMismatch {
        /// The certificate whose issuer is missing.
        at: At,
    },
    /// The signature was not made with the issuer's key.
    #[error("{at}: its signature does not verify")]
    SignatureInvalid {
        /// The certificate with the signature.
        at: At,
    },
    /// The signature algorithm is not implemented, or its parameters are not accepted.
    #[error("{at}: its signature algorithm is not accepted: {fault}")]
    UnsupportedAlgorithm {
        /// The certificate with the signature.
        at: At,
        /// What is wrong with it.
        fault: crate::Error,
    },
    /// The signature algorithm can be forged.
    #[error("{at}: signed with {algorithm}, which is too weak")]
    WeakAlgorithm {
        /// The certificate with the signature.
        at: At,
        /// Its algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// The time is before notBefore.
    #[error("{at}: not valid before {not_before}")]
    NotYetValid {
        /// The certificate.
        at: At,
        /// When validity begins.
        not_before: Timestamp,
    },
    /// The time is after notAfter.
    #[error("{at}: expired {not_after}")]
    Expired {
        /// The certificate.
        at: At,
        /// When validity ended.
        not_after: Timestamp,
    },
    /// An issuer whose basicConstraints do not say CA.
    #[error("{at}: issues certificates but is not a CA")]
    NotACa {
        /// The issuer.
        at: At,
    },
    /// More intermediates follow than an issuer allows.
    #[error("{at}: allows {limit} intermediates below it, {found} follow")]
    PathLengthExceeded {
        /// The issuer.
        at: At,
        /// Its pathLenConstraint.
        limit: u32,
        /// How many follow.
        found: u32,
    },
    /// An issuer whose keyUsage has no keyCertSign.
    #[error("{at}: its key may not sign certificates")]
    MayNotSignCertificates {
        /// The issuer.
        at: At,
    },
    /// A critical extension that this crate does not understand.
    #[error("{at}: critical extension {extension} is not understood")]
    UnknownCriticalExtension {
        /// The certificate.
        at: At,
        /// The extension.
        extension: ObjectIdentifier,
    },
    /// A name below an issuer is outside its name constraints.
    #[error("{at}: a name below it breaks its name constraints")]
    NameConstraintsViolated {
        /// The issuer with the constraints.
        at: At,
    },
    /// Name constraints of a kind that is not implemented.
    #[error("{at}: its name constraints are not understood")]
    NameConstraintsNotUnderstood {
        /// The issuer with the constraints.
        at: At,
    },
    /// The leaf's keyUsage or extKeyUsage does not allow the purpose.
    #[error("{at}: its key usage does not allow {purpose:?}")]
    WrongUsage {
        /// The leaf.
        at: At,
        /// What it was to be used for.
        purpose: Purpose,
    },
    /// The path would have more than [`MAX_DEPTH`] certificates.
    #[error("no path of at most {MAX_DEPTH} certificates")]
    TooDeep,
    /// The search would check more than [`MAX_SIGNATURE_CHECKS`] signatures.
    #[error("no path within {MAX_SIGNATURE_CHECKS} signature checks")]
    TooManySignatureChecks,
}

/// Finds a path from `leaf` to one of `anchors` that is valid at `now`.
///
/// Intermediates and anchors may come in any order and may be of no use. An anchor must itself be valid
/// at `now` and fit to issue; a leaf that is byte for byte an anchor is trusted as it is.
///
/// # Errors
/// [`PathError`]: the fault of the attempt that came furthest.
pub fn validate(
    leaf: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    now: Timestamp,
    purpose: Purpose,
) -> Result<Path, PathError> {
    let leaf_is_anchor = anchors.contains(leaf);
    let position = if leaf_is_anchor { Position::Anchor } else { Position::Leaf };
    check_one(leaf, position, now)?;
    if !fits(leaf, purpose) {
        return Err(PathError::WrongUsage { at: at(leaf, position), purpose });
    }
    if leaf_is_anchor {
        return Ok(Path { certificates: vec![leaf.clone()] });
    }
    let mut search = Search { intermediates, anchors, now, checks_left: MAX_SIGNATURE_CHECKS };
    let mut path = vec![leaf.clone()];
    search.extend(&mut path).map(|()| Path { certificates: path }).map_err(|fault| fault.error)
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    anchors: &'a [Certificate],
    now: Timestamp,
    checks_left: usize,
}

/// A fault with how far the attempt had come: depth, then how late in the checks of one issuer.
struct Fault {
    progress: (usize, u8),
    error: PathError,
}

impl Search<'_> {
    /// Lengthens `path`, whose last certificate is checked but for its issuer, up to an anchor.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> Result<(), Fault> {
        let depth = path.len();
        let child = path[depth - 1].clone();
        let child_at = at(&child, position_of(depth - 1));
        let mut worst = Fault { progress: (depth, 0), error: PathError::NoIssuer { at: child_at.clone() } };
        if depth == MAX_DEPTH {
            return Err(Fault { progress: (depth, 0), error: PathError::TooDeep });
        }
        let (anchors, intermediates) = (self.anchors, self.intermediates);
        let candidates = anchors.iter().map(|c| (c, true)).chain(intermediates.iter().map(|c| (c, false)));
        for (candidate, is_anchor) in candidates {
            // The same key under the same name again would be a loop.
            let seen = |c: &Certificate| {
                c.subject() == candidate.subject() && c.public_key() == candidate.public_key()
            };
            if candidate.subject() != child.issuer() || path.iter().any(seen) {
                continue;
            }
            let fault = match self.try_issuer(path, &child, candidate, is_anchor) {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            if matches!(fault.error, PathError::TooManySignatureChecks) {
                return Err(fault);
            }
            if fault.progress > worst.progress {
                worst = fault;
            }
        }
        Err(worst)
    }

    fn try_issuer(
        &mut self,
        path: &mut Vec<Certificate>,
        child: &Certificate,
        issuer: &Certificate,
        is_anchor: bool,
    ) -> Result<(), Fault> {
        let depth = path.len();
        let child_at = || at(child, position_of(depth - 1));
        let issuer_position = if is_anchor { Position::Anchor } else { position_of(depth) };
        let issuer_at = || at(issuer, issuer_position);
        let fault = |step: u8, error: PathError| Fault { progress: (depth, step), error };

        if let (Some(named), Some(own)) = (child.authority_key_identifier(), issuer.subject_key_identifier())
            && named != own
        {
            return Err(fault(1, PathError::KeyIdentifierMismatch { at: child_at() }));
        }
        let algorithm = child
            .signature_algorithm()
            .map_err(|e| fault(2, PathError::UnsupportedAlgorithm { at: child_at(), fault: e }))?;
        if algorithm.digest().is_weak() {
            return Err(fault(2, PathError::WeakAlgorithm { at: child_at(), algorithm }));
        }
        if self.checks_left == 0 {
            return Err(fault(u8::MAX, PathError::TooManySignatureChecks));
        }
        self.checks_left -= 1;
        child.is_signed_by(issuer).map_err(|_| fault(3, PathError::SignatureInvalid { at: child_at() }))?;

        check_one(issuer, issuer_position, self.now).map_err(|e| fault(4, e))?;
        if !issuer.is_ca() {
            return Err(fault(5, PathError::NotACa { at: issuer_at() }));
        }
        if !issuer.may_sign_certificates() {
            return Err(fault(6, PathError::MayNotSignCertificates { at: issuer_at() }));
        }
        // RFC 5280 section 4.2.1.9: self-issued intermediates do not count, nor does the leaf.
        let below = path[1..].iter().filter(|c| !c.is_self_issued()).count();
        // At most MAX_DEPTH certificates are in the path.
        let found = below as u32;
        if let Some(limit) = issuer.path_len().filter(|limit| found > *limit) {
            return Err(fault(7, PathError::PathLengthExceeded { at: issuer_at(), limit, found }));
        }
        constraints::check(issuer, path).map_err(|e| {
            let error = match e {
                constraints::Fault::Violated => PathError::NameConstraintsViolated { at: issuer_at() },
                constraints::Fault::NotUnderstood => {
                    PathError::NameConstraintsNotUnderstood { at: issuer_at() }
                }
            };
            fault(8, error)
        })?;

        path.push(issuer.clone());
        if is_anchor {
            return Ok(());
        }
        let outcome = self.extend(path);
        if outcome.is_err() {
            path.pop();
        }
        outcome
    }
}

/// What every certificate must pass, whatever its place.
fn check_one(certificate: &Certificate, position: Position, now: Timestamp) -> Result<(), PathError> {
    let at = || at(certificate, position);
    if !certificate.is_valid_at(now) {
        return Err(if now < certificate.not_before() {
            PathError::NotYetValid { at: at(), not_before: certificate.not_before() }
        } else {
            PathError::Expired { at: at(), not_after: certificate.not_after() }
        });
    }
    match certificate.unknown_critical_extensions().first() {
        Some(&extension) => Err(PathError::UnknownCriticalExtension { at: at(), extension }),
        None => Ok(()),
    }
}

fn fits(leaf: &Certificate, purpose: Purpose) -> bool {
    let usage = leaf.key_usage();
    let has = |bit| usage.is_some_and(|u| u.contains(bit));
    // Where RFC 5280 lets keyUsage be absent, absent allows.
    let may_sign =
        usage.is_none_or(|u| u.intersects(KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::NON_REPUDIATION)));
    let purposes = leaf.extended_key_usages();
    match purpose {
        Purpose::Authentication => {
            let known = [oid::KP_SMART_ID_AUTHENTICATION, oid::KP_CLIENT_AUTH];
            has(KeyUsage::DIGITAL_SIGNATURE) && purposes.iter().any(|p| known.contains(p))
        }
        Purpose::Signature => has(KeyUsage::NON_REPUDIATION),
        Purpose::OcspSigning => may_sign && purposes.contains(&oid::KP_OCSP_SIGNING),
        Purpose::TimeStamping => {
            let critical = leaf.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|e| e.critical);
            let only_signs =
                usage.is_none_or(|u| KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::NON_REPUDIATION).contains(u));
            may_sign && only_signs && critical && purposes == [oid::KP_TIME_STAMPING]
        }
        Purpose::TlsServer => may_sign && purposes.contains(&oid::KP_SERVER_AUTH),
        Purpose::TrustedListSigning => may_sign && purposes.contains(&oid::KP_TSL_SIGNING),
        Purpose::Issuing => leaf.may_sign_certificates(),
        Purpose::Any => true,
    }
}

fn position_of(index: usize) -> Position {
    if index == 0 { Position::Leaf } else { Position::Intermediate(index) }
}

fn at(certificate: &Certificate, position: Position) -> At {
    At { position, serial: certificate.serial().clone() }
}
