//! Reading a trusted list (TS 119 612 §5): XML with one enveloped signature.
//!
//! The signature is checked by our own means and against certificates that the caller pins; a list whose
//! signature does not hold is not read at all. As everywhere here: no document types, no entities, nothing
//! fetched, and one accepted shape of signature.

use std::collections::HashSet;

use const_oid::ObjectIdentifier;
use countersign_pki::certificate::{Certificate, KeyUsage};
use jiff::Timestamp;

use super::service::{
    Assertion, Condition, Criteria, Qualification, Qualifier, ServicePeriod, ServiceScope, ServiceStatus,
    ServiceType, TrustService,
};
use super::{ListError, ListKind, Pointer, TrustedList};
use crate::limits::Limits;
use crate::xml::{self, Document, NodeId};

/// `xmlns` of a trusted list.
pub(super) const TSL: &str = "http://uri.etsi.org/02231/v2#";
/// `xmlns` of its additional types: the media type of a pointer and more.
pub(super) const TSL_MORE: &str = "http://uri.etsi.org/02231/v2/additionaltypes#";
/// `xmlns` of the qualifications.
pub(super) const SIE: &str = "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#";

/// Services in one list.
const MAX_SERVICES: usize = 20_000;
/// Certificates and history entries of one service, and pointers.
const MAX_OF_ONE: usize = 1_000;
/// Depth of nested criteria.
const MAX_CRITERIA_DEPTH: usize = 8;

/// Bounds for the XML of a list: national lists have a few megabytes.
pub(super) fn limits() -> Limits {
    Limits { metadata_bytes: 32 << 20, xml_items: 1_500_000, ..Limits::default() }
}

type Read<T> = Result<T, ListError>;

fn malformed(what: impl Into<String>) -> ListError {
    let what: String = what.into();
    ListError::Malformed(what.chars().filter(|c| !c.is_control()).take(300).collect())
}

/// Reads the content of a list whose signature was found to hold.
pub(super) fn content(document: &Document<'_>, root: NodeId) -> Read<TrustedList> {
    Reader { document }.list(root)
}

struct Reader<'d> {
    document: &'d Document<'d>,
}

impl<'d> Reader<'d> {
    fn list(&self, root: NodeId) -> Read<TrustedList> {
        if !xml::is(self.document, root, TSL, "TrustServiceStatusList") {
            return Err(malformed("the root is not TrustServiceStatusList"));
        }
        let scheme = self.one(root, "SchemeInformation")?;
        let version = self.number(scheme, "TSLVersionIdentifier")?;
        if !(5..=6).contains(&version) {
            return Err(ListError::UnknownVersion(version));
        }
        let kind = ListKind::from_uri(&self.text(self.one(scheme, "TSLType")?)?);
        let territory = self.text(self.one(scheme, "SchemeTerritory")?)?;
        let next_update = match self.find(scheme, "NextUpdate") {
            None => None,
            Some(next) => match self.find(next, "dateTime") {
                Some(time) => Some(self.time(time)?),
                // An empty NextUpdate says that the scheme has ended.
                None => None,
            },
        };
        let mut services = Vec::new();
        if let Some(providers) = self.find(root, "TrustServiceProviderList") {
            for provider in self.children(providers, "TrustServiceProvider") {
                self.provider(provider, &territory, &mut services)?;
            }
        }
        let pointers = match self.find(scheme, "PointersToOtherTSL") {
            None => Vec::new(),
            Some(pointers) => {
                let found = self.children(pointers, "OtherTSLPointer");
                if found.len() > MAX_OF_ONE {
                    return Err(malformed("too many pointers"));
                }
                found.into_iter().map(|pointer| self.pointer(pointer)).collect::<Read<_>>()?
            }
        };
        Ok(TrustedList {
            kind,
            sequence_number: self.number(scheme, "TSLSequenceNumber")?,
            operator: self.name(self.one(scheme, "SchemeOperatorName")?),
            territory,
            issued_at: self.time(self.one(scheme, "ListIssueDateTime")?)?,
            next_update,
            pointers,
            services,
        })
    }

    fn provider(&self, node: NodeId, territory: &str, services: &mut Vec<TrustService>) -> Read<()> {
        let information = self.one(node, "TSPInformation")?;
        let name = self.name(self.one(information, "TSPName")?);
        let list = self.one(node, "TSPServices")?;
        for service in self.children(list, "TSPService") {
            if services.len() >= MAX_SERVICES {
                return Err(malformed("too many services"));
            }
            services.push(self.service(service, territory, &name)?);
        }
        Ok(())
    }

    fn service(&self, node: NodeId, territory: &str, provider: &str) -> Read<TrustService> {
        let information = self.one(node, "ServiceInformation")?;
        let kind = ServiceType::from_uri(&self.text(self.one(information, "ServiceTypeIdentifier")?)?);
        let mut periods = vec![self.period(information)?];
        if let Some(history) = self.find(node, "ServiceHistory") {
            let instances = self.children(history, "ServiceHistoryInstance");
            if instances.len() > MAX_OF_ONE {
                return Err(malformed("too long a history"));
            }
            for instance in instances {
                // A service may have had another type; only what it was as this type counts.
                let earlier =
                    ServiceType::from_uri(&self.text(self.one(instance, "ServiceTypeIdentifier")?)?);
                let mut period = self.period(instance)?;
                if earlier != kind {
                    period.status = ServiceStatus::Other(format!("{earlier}"));
                }
                periods.push(period);
            }
        }
        periods.sort_by_key(|period| std::cmp::Reverse(period.from));
        Ok(TrustService {
            territory: territory.to_owned(),
            provider: provider.to_owned(),
            name: self.name(self.one(information, "ServiceName")?),
            kind,
            certificates: self.identity(information)?,
            periods,
        })
    }

    fn period(&self, information: NodeId) -> Read<ServicePeriod> {
        let (mut scopes, mut qualifications) = (Vec::new(), Vec::new());
        if let Some(extensions) = self.find(information, "ServiceInformationExtensions") {
            for extension in self.children(extensions, "Extension") {
                let critical = xml::attribute(self.document, extension, "Critical");
                let critical = matches!(critical, Some("true" | "1"));
                let mut understood = false;
                for child in self.elements(extension) {
                    if xml::is(self.document, child, TSL, "AdditionalServiceInformation") {
                        let uri = self.one(child, "URI")?;
                        scopes.push(ServiceScope::from_uri(self.text(uri)?.trim()));
                        understood = true;
                    } else if xml::is(self.document, child, SIE, "Qualifications") {
                        for element in self.elements(child) {
                            qualifications.push(self.qualification(element)?);
                        }
                        understood = true;
                    }
                }
                // TS 119 612 §5.5.9: a critical extension that isn't understood makes the service unusable.
                // Expired certificates' revocation information and takeover are known, and change nothing.
                let known = ["ExpiredCertsRevocationInfo", "TakenOverBy"];
                let known = self.elements(extension).into_iter().any(|child| {
                    self.document
                        .element(child)
                        .is_some_and(|element| known.contains(&&*element.name.local_name))
                });
                if critical && !understood && !known {
                    return Ok(ServicePeriod {
                        status: ServiceStatus::Other(
                            "a critical extension that is not understood".to_owned(),
                        ),
                        from: self.time(self.one(information, "StatusStartingTime")?)?,
                        scopes: Vec::new(),
                        qualifications: Vec::new(),
                    });
                }
            }
        }
        Ok(ServicePeriod {
            status: ServiceStatus::from_uri(self.text(self.one(information, "ServiceStatus")?)?.trim()),
            from: self.time(self.one(information, "StatusStartingTime")?)?,
            scopes,
            qualifications,
        })
    }

    fn qualification(&self, node: NodeId) -> Read<Qualification> {
        if !xml::is(self.document, node, SIE, "QualificationElement") {
            return Err(malformed("something else than QualificationElement"));
        }
        let qualifiers = self.find_of(node, SIE, "Qualifiers").ok_or_else(|| malformed("no Qualifiers"))?;
        let uri = |child: NodeId| {
            let uri = xml::attribute(self.document, child, "uri").unwrap_or_default();
            Qualifier::from_uri(uri.trim())
        };
        let criteria = self.find_of(node, SIE, "CriteriaList").ok_or_else(|| malformed("no CriteriaList"))?;
        Ok(Qualification {
            qualifiers: self.elements(qualifiers).into_iter().map(uri).collect(),
            criteria: self.criteria(criteria, 0)?,
        })
    }

    fn criteria(&self, node: NodeId, depth: usize) -> Read<Criteria> {
        if depth > MAX_CRITERIA_DEPTH {
            return Err(malformed("criteria nested too deep"));
        }
        let assertion = match xml::attribute(self.document, node, "assert") {
            Some("all") => Assertion::All,
            Some("atLeastOne") => Assertion::AtLeastOne,
            Some("none") => Assertion::None,
            _ => return Err(malformed("criteria without a known assert")),
        };
        let mut conditions = Vec::new();
        for child in self.elements(node) {
            let Some(element) = self.document.element(child) else { continue };
            conditions.push(match &*element.name.local_name {
                "KeyUsage" => Condition::KeyUsage(self.key_usage(child)?),
                "PolicySet" => Condition::Policies(self.identifiers(child)?),
                "CriteriaList" => Condition::Nested(self.criteria(child, depth + 1)?),
                "Description" => continue,
                "otherCriteriaList" => {
                    for other in self.elements(child) {
                        let local =
                            self.document.element(other).map(|element| element.name.local_name.to_string());
                        conditions.push(match local.as_deref() {
                            Some("ExtendedKeyUsage") => Condition::ExtendedKeyUsage(self.identifiers(other)?),
                            Some("CertSubjectDNAttribute") => {
                                Condition::SubjectAttributes(self.identifiers(other)?)
                            }
                            _ => Condition::Unknown,
                        });
                    }
                    continue;
                }
                _ => Condition::Unknown,
            });
        }
        Ok(Criteria { assertion, conditions })
    }

    fn key_usage(&self, node: NodeId) -> Read<Vec<(KeyUsage, bool)>> {
        let mut bits = Vec::new();
        for bit in self.elements(node) {
            let name = xml::attribute(self.document, bit, "name").unwrap_or_default();
            let usage = match name {
                "digitalSignature" => KeyUsage::DIGITAL_SIGNATURE,
                "nonRepudiation" => KeyUsage::NON_REPUDIATION,
                "keyEncipherment" => KeyUsage::KEY_ENCIPHERMENT,
                "dataEncipherment" => KeyUsage::DATA_ENCIPHERMENT,
                "keyAgreement" => KeyUsage::KEY_AGREEMENT,
                "keyCertSign" => KeyUsage::KEY_CERT_SIGN,
                "crlSign" | "cRLSign" => KeyUsage::CRL_SIGN,
                "encipherOnly" | "decipherOnly" => KeyUsage(0x80),
                _ => return Err(malformed("an unknown key usage bit")),
            };
            bits.push((usage, matches!(self.text(bit)?.trim(), "true" | "1")));
        }
        Ok(bits)
    }

    /// Every object identifier below, each in an `Identifier` of XAdES.
    fn identifiers(&self, node: NodeId) -> Read<Vec<ObjectIdentifier>> {
        let mut found = Vec::new();
        for below in self.document.descendants(node) {
            if xml::is(self.document, below, xml::XADES, "Identifier") {
                let text = self.text(below)?;
                let text = text.trim();
                let number = text.strip_prefix("urn:oid:").unwrap_or(text);
                found.push(
                    ObjectIdentifier::new(number).map_err(|_| malformed("an identifier that is no OID"))?,
                );
            }
        }
        if found.is_empty() { Err(malformed("a set of no identifiers")) } else { Ok(found) }
    }

    fn pointer(&self, node: NodeId) -> Read<Pointer> {
        let location = self.text(self.one(node, "TSLLocation")?)?.trim().to_owned();
        let mut signers = Vec::new();
        if let Some(identities) = self.find(node, "ServiceDigitalIdentities") {
            for identity in self.children(identities, "ServiceDigitalIdentity") {
                signers.extend(self.certificates(identity)?);
            }
        }
        let (mut kind, mut territory, mut is_xml) = (ListKind::Other(String::new()), String::new(), true);
        if let Some(information) = self.find(node, "AdditionalInformation") {
            for other in self.children(information, "OtherInformation") {
                for child in self.elements(other) {
                    if xml::is(self.document, child, TSL, "TSLType") {
                        kind = ListKind::from_uri(self.text(child)?.trim());
                    } else if xml::is(self.document, child, TSL, "SchemeTerritory") {
                        territory = self.text(child)?.trim().to_owned();
                    } else if xml::is(self.document, child, TSL_MORE, "MimeType") {
                        is_xml = self.text(child)?.trim() == "application/vnd.etsi.tsl+xml";
                    }
                }
            }
        }
        Ok(Pointer { location, kind, territory, is_xml, signers })
    }

    fn identity(&self, information: NodeId) -> Read<Vec<Certificate>> {
        match self.find(information, "ServiceDigitalIdentity") {
            Some(identity) => self.certificates(identity),
            None => Ok(Vec::new()),
        }
    }

    /// Certificates that can't be read are passed over: old lists name keys that are too weak for us.
    fn certificates(&self, identity: NodeId) -> Read<Vec<Certificate>> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for id in self.children(identity, "DigitalId") {
            let Some(value) = self.find(id, "X509Certificate") else { continue };
            let der = xml::from_base64(&self.text(value)?)
                .ok_or_else(|| malformed("a certificate that is not base64"))?;
            if found.len() >= MAX_OF_ONE {
                return Err(malformed("too many certificates"));
            }
            if let Ok(certificate) = Certificate::from_der(&der)
                && seen.insert(certificate.sha256())
            {
                found.push(certificate);
            }
        }
        Ok(found)
    }

    /// A multilingual name: the English one, or the first.
    fn name(&self, node: NodeId) -> String {
        let names = self.children(node, "Name");
        let english = |name: &&NodeId| {
            self.document.element(**name).is_some_and(|element| {
                element
                    .attributes
                    .iter()
                    .any(|attribute| &*attribute.name.local_name == "lang" && &*attribute.value == "en")
            })
        };
        let chosen = names.iter().find(english).or(names.first());
        let text = chosen.and_then(|name| xml::text_of(self.document, *name)).unwrap_or_default();
        text.trim().chars().filter(|c| !c.is_control()).take(200).collect()
    }

    fn number(&self, node: NodeId, local: &str) -> Read<u64> {
        let text = self.text(self.one(node, local)?)?;
        text.trim().parse().map_err(|_| malformed(format!("{local} is no number")))
    }

    fn time(&self, node: NodeId) -> Read<Timestamp> {
        let text = self.text(node)?;
        text.trim().parse().map_err(|_| malformed("a time without zone, or none"))
    }

    fn text(&self, node: NodeId) -> Read<String> {
        xml::text_of(self.document, node).ok_or_else(|| malformed("elements where text was expected"))
    }

    fn elements(&self, node: NodeId) -> Vec<NodeId> {
        let children = self.document.children_iter(node);
        children.filter(|child| self.document.element(*child).is_some()).collect()
    }

    fn children(&self, node: NodeId, local: &str) -> Vec<NodeId> {
        let mut children = self.elements(node);
        children.retain(|child| xml::is(self.document, *child, TSL, local));
        children
    }

    fn find(&self, node: NodeId, local: &str) -> Option<NodeId> {
        self.find_of(node, TSL, local)
    }

    fn find_of(&self, node: NodeId, namespace: &str, local: &str) -> Option<NodeId> {
        self.elements(node).into_iter().find(|child| xml::is(self.document, *child, namespace, local))
    }

    /// The one child of this name.
    fn one(&self, node: NodeId, local: &str) -> Read<NodeId> {
        match self.children(node, local)[..] {
            [only] => Ok(only),
            [] => Err(malformed(format!("{local} is missing"))),
            _ => Err(malformed(format!("{local} occurs twice"))),
        }
    }
}
