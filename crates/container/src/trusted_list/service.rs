//! Trust services as a trusted list describes them, with their history (TS 119 612 §5.5 and §5.6).

use std::fmt;

use const_oid::ObjectIdentifier;
use countersign_pki::certificate::{Certificate, KeyUsage};
use jiff::Timestamp;

macro_rules! uris {
    ($($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $uri:expr;)* })*) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$inner])* $variant,)*
            /// Another one, which decides nothing here.
            Other(String),
        }

        impl $name {
            /// From the identifier in a list.
            pub fn from_uri(uri: &str) -> Self {
                match uri {
                    $($uri => Self::$variant,)*
                    other => Self::Other(other.chars().take(200).collect()),
                }
            }

            /// The identifier in a list.
            pub fn uri(&self) -> &str {
                match self { $(Self::$variant => $uri,)* Self::Other(uri) => uri }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.uri().rsplit("/").next().unwrap_or_default())
            }
        }
    )*};
}

uris! {
    /// What a service does, TS 119 612 §5.5.1.
    ServiceType {
        /// Issues qualified certificates.
        CaQc = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC";
        /// Answers for qualified certificates by OCSP.
        OcspQc = "http://uri.etsi.org/TrstSvc/Svctype/Certstatus/OCSP/QC";
        /// Makes qualified time-stamps.
        TsaQtst = "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST";
        /// Issues certificates that are not qualified.
        CaPkc = "http://uri.etsi.org/TrstSvc/Svctype/CA/PKC";
        /// Makes time-stamps that are not qualified.
        Tsa = "http://uri.etsi.org/TrstSvc/Svctype/TSA";
    }
    /// Whether a service may be relied on, TS 119 612 §5.5.4.
    ServiceStatus {
        /// It may.
        Granted = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted";
        /// It no longer may.
        Withdrawn = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/withdrawn";
        /// Recognised by national law.
        RecognisedNationally = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/recognisedatnationallevel";
        /// The same as granted, before July 2016.
        UnderSupervision = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/undersupervision";
        /// Ceasing, and still watched, before July 2016.
        SupervisionInCessation = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/supervisionincessation";
        /// Accredited, before July 2016.
        Accredited = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/accredited";
    }
    /// What a list adds to or takes from a certificate, TS 119 612 §5.5.9.2.3.
    Qualifier {
        /// It is qualified whatever it says.
        QcStatement = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCStatement";
        /// It is not, whatever it says.
        NotQualified = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/NotQualified";
        /// Its key is in a qualified device.
        QcWithQscd = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCWithQSCD";
        /// Its key is in none.
        QcNoQscd = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCNoQSCD";
        /// The certificate says whether it is.
        QcQscdStatusAsInCert = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCQSCDStatusAsInCert";
        /// The provider keeps the device.
        QcQscdManagedOnBehalf = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCQSCDManagedOnBehalf";
        /// `QcWithQscd`, before July 2016.
        QcWithSscd = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCWithSSCD";
        /// `QcNoQscd`, before July 2016.
        QcNoSscd = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCNoSSCD";
        /// `QcQscdStatusAsInCert`, before July 2016.
        QcSscdStatusAsInCert = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCSSCDStatusAsInCert";
        /// For signatures of persons.
        QcForESig = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCForESig";
        /// For seals of organisations.
        QcForESeal = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCForESeal";
        /// For web sites.
        QcForWsa = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCForWSA";
        /// Issued to organisations; the older word.
        QcForLegalPerson = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/QCForLegalPerson";
    }
    /// For what a service's certificates are, TS 119 612 §5.5.9.4.
    ServiceScope {
        /// Signatures.
        ForeSignatures = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSignatures";
        /// Seals.
        ForeSeals = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSeals";
        /// Web sites.
        ForWebSiteAuthentication = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForWebSiteAuthentication";
    }
}

impl ServiceStatus {
    /// Whether what the service does counts, in the words of now or of before July 2016.
    pub fn is_granted(&self) -> bool {
        match self {
            Self::Granted | Self::UnderSupervision | Self::SupervisionInCessation | Self::Accredited => true,
            Self::Withdrawn | Self::RecognisedNationally | Self::Other(_) => false,
        }
    }
}

/// A service with everything the list says about it, now and before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustService {
    /// Whose list says so: the scheme's territory, such as `EE`.
    pub territory: String,
    /// The provider's name.
    pub provider: String,
    /// The service's name.
    pub name: String,
    /// What it does.
    pub kind: ServiceType,
    /// Its digital identity: certificates with its keys.
    pub certificates: Vec<Certificate>,
    /// Its status over time, the latest first.
    pub periods: Vec<ServicePeriod>,
}

/// A service from one time to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePeriod {
    /// The status.
    pub status: ServiceStatus,
    /// Since when.
    pub from: Timestamp,
    /// For what its certificates are; empty when the list doesn't say.
    pub scopes: Vec<ServiceScope>,
    /// Exceptions for certificates of some kinds.
    pub qualifications: Vec<Qualification>,
}

impl TrustService {
    /// What held at `time`; none before the service was listed.
    pub fn period_at(&self, time: Timestamp) -> Option<&ServicePeriod> {
        self.periods.iter().find(|period| period.from <= time)
    }

    /// Whether the service was granted at `time`.
    pub fn is_granted_at(&self, time: Timestamp) -> bool {
        self.period_at(time).is_some_and(|period| period.status.is_granted())
    }

    /// Whether `certificate` is one of the service's own: the same, or the same key under the same name.
    pub fn is_identified_by(&self, certificate: &Certificate) -> bool {
        self.certificates.iter().any(|own| {
            own == certificate
                || (own.subject_der() == certificate.subject_der()
                    && own.spki_der() == certificate.spki_der())
        })
    }
}

/// Qualifiers for the certificates that meet the criteria.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qualification {
    /// What holds for them.
    pub qualifiers: Vec<Qualifier>,
    /// For which.
    pub criteria: Criteria,
}

/// A tree of conditions, TS 119 612 §5.5.9.2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criteria {
    /// How the conditions go together.
    pub assertion: Assertion,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// How conditions go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Assertion {
    /// Each has to hold.
    All,
    /// One has to.
    AtLeastOne,
    /// None may.
    None,
}

/// A condition on a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The key usage bits, each with the value that it has to have.
    KeyUsage(Vec<(KeyUsage, bool)>),
    /// All these policies are there.
    Policies(Vec<ObjectIdentifier>),
    /// All these extended key usages are there.
    ExtendedKeyUsage(Vec<ObjectIdentifier>),
    /// The subject has these attributes.
    SubjectAttributes(Vec<ObjectIdentifier>),
    /// A tree below.
    Nested(Criteria),
    /// Something that is not known here. It is never met.
    Unknown,
}

impl Criteria {
    /// Whether `certificate` meets them. A tree with a condition that isn't understood is never met.
    pub fn are_met_by(&self, certificate: &Certificate) -> bool {
        if self.has_unknown() {
            return false;
        }
        let mut met = self.conditions.iter().map(|condition| condition.is_met_by(certificate));
        match self.assertion {
            Assertion::All => met.all(|met| met),
            Assertion::AtLeastOne => met.any(|met| met),
            Assertion::None => !met.any(|met| met),
        }
    }

    fn has_unknown(&self) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Condition::Unknown => true,
            Condition::Nested(criteria) => criteria.has_unknown(),
            Condition::KeyUsage(_)
            | Condition::Policies(_)
            | Condition::ExtendedKeyUsage(_)
            | Condition::SubjectAttributes(_) => false,
        })
    }
}

impl Condition {
    fn is_met_by(&self, certificate: &Certificate) -> bool {
        match self {
            Self::KeyUsage(bits) => bits.iter().all(|(bit, wanted)| {
                certificate.key_usage().is_some_and(|usage| usage.contains(*bit)) == *wanted
            }),
            Self::Policies(policies) => policies.iter().all(|policy| certificate.has_policy(*policy)),
            Self::ExtendedKeyUsage(purposes) => {
                purposes.iter().all(|purpose| certificate.extended_key_usages().contains(purpose))
            }
            Self::SubjectAttributes(attributes) => {
                attributes.iter().all(|attribute| certificate.subject().find(*attribute).is_some())
            }
            Self::Nested(criteria) => criteria.are_met_by(certificate),
            Self::Unknown => false,
        }
    }
}
