//! Whom to trust, and for what.

use std::borrow::Cow;
use std::sync::Arc;

use countersign_pki::certificate::Certificate;
use countersign_pki::certificate::extension::oid;
use countersign_pki::path::Path;
use countersign_pki::tsp::TimeStampToken;
use jiff::Timestamp;

use crate::trusted_list::{ServiceType, TrustService};

/// Whom to trust, and for what. A certificate that is an anchor for time-stamps is none for signers.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors {
    /// Authorities that issue signers' certificates, or stand above those that do.
    pub ca: Vec<Certificate>,
    /// Certificates that may link a certificate to an anchor. They are not trusted by themselves.
    pub intermediates: Vec<Certificate>,
    /// Authorities that issue the certificates of time-stamping units, or those certificates themselves.
    pub tsa: Vec<Certificate>,
    /// Services of trusted lists. Each is an anchor for its own purpose while it is granted, and says
    /// what is qualified.
    pub services: Vec<Arc<TrustService>>,
}

/// For what an anchor was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServiceUse {
    /// To issue a signer's certificate.
    Signing,
    /// To make a time-stamp.
    TimeStamping,
}

impl ServiceUse {
    fn fits(self, kind: &ServiceType) -> bool {
        match self {
            Self::Signing => matches!(kind, ServiceType::CaQc | ServiceType::CaPkc),
            Self::TimeStamping => matches!(kind, ServiceType::TsaQtst | ServiceType::Tsa),
        }
    }
}

/// A certificate that somebody trusts, without saying for what.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// The certificate.
    pub certificate: Certificate,
    /// Whether it is for time-stamps alone.
    pub of_time_stamping: bool,
}

impl TrustAnchors {
    /// Finds out what each certificate is for: a CA whose issuer is not among them is an anchor for signers
    /// and time-stamps, one whose issuer is there may link others to it, a time-stamping unit is an anchor for
    /// time-stamps, and any other has no role: signers and OCSP responders bring their own.
    pub fn sorted(trusted: &[Trusted]) -> Self {
        let mut anchors = Self::default();
        let add = |list: &mut Vec<Certificate>, certificate: &Certificate| {
            if !list.contains(certificate) {
                list.push(certificate.clone());
            }
        };
        for Trusted { certificate, of_time_stamping } in trusted {
            if certificate.is_ca() {
                let has_issuer_here = !certificate.is_self_issued()
                    && trusted.iter().any(|other| {
                        other.certificate.is_ca()
                            && other.certificate.subject_der() == certificate.issuer_der()
                    });
                if has_issuer_here {
                    add(&mut anchors.intermediates, certificate);
                } else {
                    add(&mut anchors.tsa, certificate);
                    if !of_time_stamping {
                        add(&mut anchors.ca, certificate);
                    }
                }
            } else if certificate.extended_key_usages().contains(&oid::KP_TIME_STAMPING) {
                add(&mut anchors.tsa, certificate);
            }
        }
        anchors
    }

    /// Anchors for a signer whose chain is made of `pool`.
    pub(super) fn for_signers(&self, signer: &Certificate, pool: &[Certificate]) -> Cow<'_, [Certificate]> {
        let issued = pool.iter().chain(std::iter::once(signer));
        self.with_services(&self.ca, ServiceUse::Signing, issued.map(Clone::clone).collect())
    }

    /// Anchors for the unit that made a token.
    pub(super) fn for_time_stamps(
        &self,
        pool: &[Certificate],
        token: &TimeStampToken,
    ) -> Cow<'_, [Certificate]> {
        if self.services.is_empty() {
            return Cow::Borrowed(&self.tsa);
        }
        let inside = token.signed_data().certificates().iter();
        let inside = inside.filter_map(|der| Certificate::from_der(der).ok());
        self.with_services(&self.tsa, ServiceUse::TimeStamping, inside.chain(pool.iter().cloned()).collect())
    }

    /// There may be thousands of services: only those whose name somebody bears or names as issuer come
    /// into question.
    fn with_services<'a>(
        &'a self,
        plain: &'a [Certificate],
        usage: ServiceUse,
        candidates: Vec<Certificate>,
    ) -> Cow<'a, [Certificate]> {
        if self.services.is_empty() {
            return Cow::Borrowed(plain);
        }
        let mut anchors = plain.to_vec();
        for service in self.services.iter().filter(|service| usage.fits(&service.kind)) {
            for own in &service.certificates {
                let concerned = candidates.iter().any(|certificate| {
                    certificate.issuer_der() == own.subject_der()
                        || certificate.subject_der() == own.subject_der()
                });
                if concerned && !anchors.contains(own) {
                    anchors.push(own.clone());
                }
            }
        }
        Cow::Owned(anchors)
    }

    /// Services of this use that the path leads to, with the place in the path where it meets them.
    fn services_in<'a>(
        &'a self,
        path: &'a Path,
        usage: ServiceUse,
    ) -> impl Iterator<Item = &'a Arc<TrustService>> {
        self.services.iter().filter(move |service| {
            usage.fits(&service.kind)
                && path.certificates().iter().any(|certificate| service.is_identified_by(certificate))
        })
    }

    /// An anchor that comes from a list only counts while its service was granted.
    pub(super) fn check_service(&self, path: &Path, at: Timestamp, usage: ServiceUse) -> Result<(), String> {
        let plain = match usage {
            ServiceUse::Signing => &self.ca,
            ServiceUse::TimeStamping => &self.tsa,
        };
        if self.services.is_empty() || plain.contains(path.anchor()) {
            return Ok(());
        }
        let mut found = None;
        for service in self.services_in(path, usage) {
            if service.is_granted_at(at) {
                return Ok(());
            }
            found = Some(service);
        }
        Err(match found {
            None => "no service of a trusted list stands behind it".to_owned(),
            Some(service) => match service.period_at(at) {
                Some(period) => {
                    format!("{} ({}) was {} at {at}", service.name, service.provider, period.status)
                }
                None => format!("{} ({}) was not listed at {at}", service.name, service.provider),
            },
        })
    }

    /// The granted CA/QC services behind a signer's path at `time`.
    pub(super) fn qualified_services<'a>(&'a self, path: &'a Path, time: Timestamp) -> Vec<&'a TrustService> {
        let services = self.services_in(path, ServiceUse::Signing);
        let granted =
            services.filter(|service| service.kind == ServiceType::CaQc && service.is_granted_at(time));
        granted.map(|service| &**service).collect()
    }

    /// Whether a time-stamp made by this path's unit is a qualified one.
    pub(super) fn is_qualified_time_stamp(&self, path: &Path, time: Timestamp) -> bool {
        let mut services = self.services_in(path, ServiceUse::TimeStamping);
        services.any(|service| service.kind == ServiceType::TsaQtst && service.is_granted_at(time))
    }
}
