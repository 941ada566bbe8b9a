//! Rules a certificate must keep before this authority signs it.
//!
//! Each rule is one line of [`RULES`]: a name, the clause it comes from, and the condition under which
//! it is broken. The rules read an encoded certificate, so what they judge is what relying parties get.
//! They can also be put to certificates of others.

use const_oid::ObjectIdentifier;
use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::certificate::extension::oid;
use crate::certificate::{Certificate, KeyUsage, name};
use crate::verify::KeyKind;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A self-signed root.
    Root,
    /// A CA below a root.
    IssuingCa,
    /// A person's authentication certificate.
    PersonAuthentication,
    /// A person's signature certificate.
    PersonSignature,
    /// A delegated OCSP responder.
    OcspResponder,
    /// A time-stamping unit.
    TimeStampingUnit,
    /// A TLS server.
    TlsServer,
    /// An organisation's seal.
    Seal,
    /// The signer of a trusted list.
    TrustedListSigner,
}

impl Role {
    /// True for roots and issuing CAs.
    pub const fn is_ca(self) -> bool {
        match self {
            Role::Root | Role::IssuingCa => true,
            Role::PersonAuthentication
            | Role::PersonSignature
            | Role::OcspResponder
            | Role::TimeStampingUnit
            | Role::TlsServer
            | Role::Seal
            | Role::TrustedListSigner => false,
        }
    }

    /// True for certificates of people.
    pub const fn is_person(self) -> bool {
        match self {
            Role::PersonAuthentication | Role::PersonSignature => true,
            Role::Root
            | Role::IssuingCa
            | Role::OcspResponder
            | Role::TimeStampingUnit
            | Role::TlsServer
            | Role::Seal
            | Role::TrustedListSigner => false,
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Role::Root => "root",
            Role::IssuingCa => "issuing CA",
            Role::PersonAuthentication => "authentication",
            Role::PersonSignature => "signature",
            Role::OcspResponder => "OCSP responder",
            Role::TimeStampingUnit => "time-stamping unit",
            Role::TlsServer => "TLS server",
            Role::Seal => "seal",
            Role::TrustedListSigner => "trusted list signer",
        })
    }
}

/// One broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The rule's name, stable.
    pub rule: &'static str,
    /// Where the rule comes from.
    pub clause: &'static str,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.rule, self.clause)
    }
}

/// One rule.
pub struct Rule {
    /// Its name, stable: what must hold.
    pub name: &'static str,
    /// Where it comes from.
    pub clause: &'static str,
    broken: fn(&Candidate<'_>) -> bool,
}

/// Every broken rule, in the order of [`RULES`]. `issuer` is `None` for what signs itself.
pub fn check(certificate: &Certificate, role: Role, issuer: Option<&Certificate>) -> Vec<Finding> {
    let candidate = Candidate { certificate, role, issuer };
    let broken = RULES.iter().filter(|rule| (rule.broken)(&candidate));
    broken.map(|rule| Finding { rule: rule.name, clause: rule.clause }).collect()
}

struct Candidate<'a> {
    certificate: &'a Certificate,
    role: Role,
    issuer: Option<&'a Certificate>,
}

impl std::ops::Deref for Candidate<'_> {
    type Target = Certificate;

    fn deref(&self) -> &Certificate {
        self.certificate
    }
}

/// QCP-n, QCP-l, QCP-n-qscd and QCP-l-qscd (EN 319 411-2 section 5.3).
const QUALIFIED_POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194112.1");
const QSCD_POLICIES: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("0.4.0.194112.1.2"), ObjectIdentifier::new_unwrap("0.4.0.194112.1.3")];

impl Candidate<'_> {
    fn usage(&self) -> KeyUsage {
        self.key_usage().unwrap_or(KeyUsage(0))
    }

    fn is_critical(&self, extension: ObjectIdentifier) -> bool {
        self.extension(extension).is_some_and(|e| e.critical)
    }

    fn lasts_longer_than(&self, span: jiff::Span) -> bool {
        let end = self.not_before().to_zoned(TimeZone::UTC).checked_add(span);
        // A sum beyond the calendar is later than any notAfter.
        end.is_ok_and(|end| self.not_after() > end.timestamp())
    }

    fn required_purposes(&self) -> &'static [ObjectIdentifier] {
        match self.role {
            Role::Root
            | Role::IssuingCa
            | Role::PersonSignature
            | Role::PersonAuthentication
            | Role::Seal => &[],
            Role::OcspResponder => &[oid::KP_OCSP_SIGNING],
            Role::TimeStampingUnit => &[oid::KP_TIME_STAMPING],
            Role::TlsServer => &[oid::KP_SERVER_AUTH],
            Role::TrustedListSigner => &[oid::KP_TSL_SIGNING],
        }
    }

    fn allowed_usages(&self) -> &'static [KeyUsage] {
        const CA: KeyUsage = KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN);
        match self.role {
            Role::Root | Role::IssuingCa => &[CA],
            Role::PersonSignature | Role::Seal => &[KeyUsage::NON_REPUDIATION],
            Role::PersonAuthentication | Role::OcspResponder | Role::TlsServer => {
                &[KeyUsage::DIGITAL_SIGNATURE]
            }
            Role::TimeStampingUnit | Role::TrustedListSigner => {
                &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION]
            }
        }
    }

    fn claims_a_qualified_policy(&self) -> bool {
        self.policies().iter().any(|p| p.oid.parent() == Some(QUALIFIED_POLICIES))
    }

    fn every_url(&self) -> impl Iterator<Item = &String> {
        self.ocsp_urls().iter().chain(self.ca_issuer_urls()).chain(self.crl_urls())
    }
}

/// EN 319 412-1 section 5.1.3: three letters, a country, a hyphen, the identifier.
fn is_semantics_identifier(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 6 && bytes[..5].iter().all(u8::is_ascii_uppercase) && bytes[5] == b'-'
}

/// The rules.
pub static RULES: &[Rule] = &[
    Rule {
        name: "the serial number is positive and not guessable: 8 to 20 octets",
        clause: "RFC 5280 4.1.2.2",
        broken: |c| !(8..=20).contains(&c.serial().magnitude().len()),
    },
    Rule {
        name: "the signature algorithm is known and its digest not weak",
        clause: "TS 119 312",
        broken: |c| {
            c.signature_algorithm().is_ok_and(|a| a.digest().is_weak()) || c.signature_algorithm().is_err()
        },
    },
    Rule {
        name: "the issuer is the subject of the issuing certificate",
        clause: "RFC 5280 4.1.2.4",
        broken: |c| c.issuer() != c.issuer.map_or(c.subject(), Certificate::subject),
    },
    Rule {
        name: "the issuing certificate is a CA that may sign certificates",
        clause: "RFC 5280 4.2.1.9",
        broken: |c| c.issuer.is_some_and(|i| !i.may_sign_certificates()),
    },
    Rule {
        name: "a CA fits into the path length of the issuing certificate",
        clause: "RFC 5280 4.2.1.9",
        broken: |c| {
            let limit = c.issuer.and_then(Certificate::path_len);
            c.role.is_ca() && limit.is_some_and(|limit| c.path_len().is_none_or(|own| own >= limit))
        },
    },
    Rule {
        name: "validity ends after it begins",
        clause: "RFC 5280 4.1.2.5",
        broken: |c| c.not_after() <= c.not_before(),
    },
    Rule {
        name: "validity lies within the issuer's",
        clause: "EN 319 411-1 6.3.3",
        broken: |c| {
            c.issuer.is_some_and(|i| c.not_before() < i.not_before() || c.not_after() > i.not_after())
        },
    },
    Rule {
        name: "a person's certificate lasts at most five years",
        clause: "EN 319 411-1 6.3.3",
        broken: |c| c.role.is_person() && c.lasts_longer_than(5.years()),
    },
    Rule {
        name: "an OCSP responder's certificate lasts at most one year, as it cannot be revoked",
        clause: "RFC 6960 4.2.2.2.1",
        broken: |c| c.role == Role::OcspResponder && c.lasts_longer_than(1.year()),
    },
    Rule {
        name: "a TLS certificate lasts at most 398 days",
        clause: "CA/Browser Forum BR 6.3.2",
        broken: |c| c.role == Role::TlsServer && c.lasts_longer_than(398.days()),
    },
    Rule { name: "the subject is not empty", clause: "RFC 5280 4.1.2.6", broken: |c| c.subject().is_empty() },
    Rule {
        name: "countryName is two capital letters",
        clause: "RFC 5280 appendix A.1",
        broken: |c| {
            let two_letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
            c.subject().country().is_some_and(|country| !two_letters(&country))
        },
    },
    Rule {
        name: "a natural person is named by country, common name, surname, given name and serialNumber",
        clause: "EN 319 412-2 4.2.4",
        broken: |c| {
            let needed =
                [name::COUNTRY, name::COMMON_NAME, name::SURNAME, name::GIVEN_NAME, name::SERIAL_NUMBER];
            c.role.is_person() && needed.into_iter().any(|oid| c.subject().find(oid).is_none())
        },
    },
    Rule {
        name: "a person's serialNumber is a semantics identifier",
        clause: "EN 319 412-1 5.1.3",
        broken: |c| {
            let identifier = c.subject().serial_number();
            c.role.is_person() && identifier.is_some_and(|i| !is_semantics_identifier(&i))
        },
    },
    Rule {
        name: "a CA is named by country, organization and common name, a seal by the identifier of the organization too",
        clause: "EN 319 412-3 4.2.1",
        broken: |c| {
            let needed = [name::COUNTRY, name::ORGANIZATION, name::COMMON_NAME];
            let unidentified = c.subject().find(name::ORGANIZATION_IDENTIFIER).is_none();
            if c.role == Role::Seal && unidentified {
                return true;
            }
            (c.role.is_ca() || c.role == Role::Seal)
                && needed.into_iter().any(|oid| c.subject().find(oid).is_none())
        },
    },
    Rule {
        name: "no attribute of the subject is there twice",
        clause: "EN 319 412-2 4.2.4",
        broken: |c| {
            let all: Vec<_> = c.subject().rdns().iter().flatten().map(|a| a.oid).collect();
            (1..all.len()).any(|i| all[..i].contains(&all[i]))
        },
    },
    Rule {
        name: "basicConstraints says whether it is a CA",
        clause: "RFC 5280 4.2.1.9",
        broken: |c| c.basic_constraints().is_none_or(|b| b.ca != c.role.is_ca()),
    },
    Rule {
        name: "basicConstraints of a CA is critical",
        clause: "RFC 5280 4.2.1.9",
        broken: |c| c.role.is_ca() && !c.is_critical(oid::BASIC_CONSTRAINTS),
    },
    Rule {
        name: "an issuing CA has path length 0",
        clause: "EN 319 411-1 6.6.1",
        broken: |c| c.role == Role::IssuingCa && c.path_len() != Some(0),
    },
    Rule {
        name: "keyUsage is present and critical",
        clause: "RFC 5280 4.2.1.3",
        broken: |c| c.key_usage().is_none() || !c.is_critical(oid::KEY_USAGE),
    },
    Rule {
        name: "only a CA has keyCertSign or cRLSign",
        clause: "RFC 5280 4.2.1.3",
        broken: |c| !c.role.is_ca() && c.usage().intersects(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)),
    },
    Rule {
        name: "nonRepudiation stands alone in a person's certificate",
        clause: "EN 319 412-2 4.3.2",
        broken: |c| {
            let usage = c.usage();
            c.role.is_person()
                && usage.contains(KeyUsage::NON_REPUDIATION)
                && usage != KeyUsage::NON_REPUDIATION
        },
    },
    Rule {
        name: "keyUsage is the role's",
        clause: "EN 319 412-2 4.3.2, RFC 6960 4.2.2.2, EN 319 422 6",
        broken: |c| !c.allowed_usages().contains(&c.usage()),
    },
    Rule {
        name: "extKeyUsage holds the role's purpose and no other",
        clause: "RFC 5280 4.2.1.12",
        broken: |c| match c.role {
            Role::PersonAuthentication => {
                let known = [oid::KP_SMART_ID_AUTHENTICATION, oid::KP_CLIENT_AUTH];
                let purposes = c.extended_key_usages();
                purposes.is_empty() || purposes.iter().any(|p| !known.contains(p))
            }
            Role::Root
            | Role::IssuingCa
            | Role::PersonSignature
            | Role::OcspResponder
            | Role::TimeStampingUnit
            | Role::TlsServer
            | Role::Seal
            | Role::TrustedListSigner => c.extended_key_usages() != c.required_purposes(),
        },
    },
    Rule {
        name: "extKeyUsage of a time-stamping unit is critical",
        clause: "RFC 3161 2.3",
        broken: |c| c.role == Role::TimeStampingUnit && !c.is_critical(oid::EXTENDED_KEY_USAGE),
    },
    Rule {
        name: "a purpose that signs goes with digitalSignature or nonRepudiation",
        clause: "RFC 5280 4.2.1.12",
        broken: |c| {
            let signing = KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::NON_REPUDIATION);
            !c.extended_key_usages().is_empty() && !c.usage().intersects(signing)
        },
    },
    Rule {
        name: "subjectKeyIdentifier is the SHA-1 of the key, and not critical",
        clause: "RFC 5280 4.2.1.2",
        broken: |c| {
            c.subject_key_identifier() != Some(&c.public_key().key_identifier()[..])
                || c.is_critical(oid::SUBJECT_KEY_IDENTIFIER)
        },
    },
    Rule {
        name: "authorityKeyIdentifier is the issuer's key identifier, and not critical",
        clause: "RFC 5280 4.2.1.1",
        broken: |c| {
            let expected = c.issuer.map_or(c.subject_key_identifier(), Certificate::subject_key_identifier);
            // A certificate that signs itself may leave it out.
            let absent = c.issuer.is_none() && c.extension(oid::AUTHORITY_KEY_IDENTIFIER).is_none();
            !absent
                && (c.authority_key_identifier().is_none()
                    || c.authority_key_identifier() != expected
                    || c.is_critical(oid::AUTHORITY_KEY_IDENTIFIER))
        },
    },
    Rule {
        name: "certificatePolicies is present in certificates of people, seals, time-stamping units and issuing CAs",
        clause: "EN 319 412-2 4.3.3",
        broken: |c| {
            let others = [Role::Seal, Role::TimeStampingUnit, Role::IssuingCa];
            let needed = c.role.is_person() || others.contains(&c.role);
            needed && c.policies().is_empty()
        },
    },
    Rule {
        name: "anyPolicy is for CAs",
        clause: "RFC 5280 4.2.1.4",
        broken: |c| !c.role.is_ca() && c.has_policy(oid::ANY_POLICY),
    },
    Rule {
        name: "a person's certificate says where its issuer and its status are",
        clause: "EN 319 412-2 4.4.1",
        broken: |c| c.role.is_person() && (c.ocsp_urls().is_empty() || c.ca_issuer_urls().is_empty()),
    },
    Rule {
        name: "addresses of issuer, status and revocation list are plain http",
        clause: "EN 319 412-2 4.4.1",
        broken: |c| c.every_url().any(|url| !url.starts_with("http://")),
    },
    Rule {
        name: "authorityInfoAccess and cRLDistributionPoints are not critical",
        clause: "RFC 5280 4.2.2.1, 4.2.1.13",
        broken: |c| c.is_critical(oid::AUTHORITY_INFO_ACCESS) || c.is_critical(oid::CRL_DISTRIBUTION_POINTS),
    },
    Rule {
        name: "subjectAltName of a person names the document",
        clause: "Smart-ID compatible profile",
        broken: |c| c.role.is_person() && c.document_number().is_none(),
    },
    Rule {
        name: "subjectAltName of a TLS server names a host",
        clause: "RFC 6125 6.4",
        broken: |c| {
            let names = c.subject_alt_name();
            c.role == Role::TlsServer && names.dns_names.is_empty() && names.ip_addresses.is_empty()
        },
    },
    Rule {
        name: "a birth date is before the certificate, in subjectDirectoryAttributes that are not critical",
        clause: "RFC 3739 3.2.2",
        broken: |c| {
            let issued = TimeZone::UTC.to_datetime(c.not_before()).date();
            c.date_of_birth().is_some_and(|birth| birth > issued)
                || c.is_critical(oid::SUBJECT_DIRECTORY_ATTRIBUTES)
        },
    },
    Rule {
        name: "qcStatements are only in signature certificates, and not critical",
        clause: "EN 319 412-5 4.1",
        broken: |c| {
            c.qc_statements().is_some()
                && (!c.usage().contains(KeyUsage::NON_REPUDIATION) || c.is_critical(oid::QC_STATEMENTS))
        },
    },
    Rule {
        name: "a qualified policy goes with QcCompliance and QcType, and they with it",
        clause: "EN 319 411-2 5.3, EN 319 412-5 4.2.1",
        broken: |c| {
            let stated = c.qc_statements().is_some_and(|q| q.compliance && !q.types.is_empty());
            c.claims_a_qualified_policy() != stated
        },
    },
    Rule {
        name: "a QSCD policy goes with QcSSCD, and it with the policy",
        clause: "EN 319 411-2 5.3, EN 319 412-5 4.2.2",
        broken: |c| {
            let policy = QSCD_POLICIES.into_iter().any(|p| c.has_policy(p));
            policy != c.qc_statements().is_some_and(|q| q.sscd)
        },
    },
    Rule {
        name: "QcCompliance goes with a disclosure statement in English, by https",
        clause: "EN 319 412-5 4.3.4",
        broken: |c| {
            c.qc_statements().is_some_and(|q| {
                let english = q.pds.iter().any(|p| p.language.eq_ignore_ascii_case("en"));
                let https = q.pds.iter().all(|p| p.url.starts_with("https://") && p.language.len() == 2);
                q.compliance && !(english && https)
            })
        },
    },
    Rule {
        name: "ocsp-nocheck is in responder certificates and nowhere else",
        clause: "RFC 6960 4.2.2.2.1",
        broken: |c| c.has_ocsp_nocheck() != (c.role == Role::OcspResponder),
    },
    Rule {
        name: "an issuing CA's key is of at least 3072 bits or on P-384",
        clause: "TS 119 312 8.4",
        broken: |c| {
            c.role.is_ca()
                && match c.public_key().kind() {
                    KeyKind::Rsa { bits } => bits < 3072,
                    KeyKind::Ec(curve) => curve.coordinate_len() < 48,
                }
        },
    },
    Rule {
        name: "every critical extension is one relying parties understand",
        clause: "RFC 5280 4.2",
        broken: |c| !c.unknown_critical_extensions().is_empty(),
    },
];
