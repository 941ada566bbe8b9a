//! The walk through a signature: each method stands for one element and says what may be in it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    ArchiveInput, ArchivePart, ArchiveTimeStamp, CertificateReference, DigestMethod, Editable, Fault,
    FileReference, Insertion, IssuerSerial, MAX_ARCHIVE_METHODS, MAX_ARCHIVE_TIME_STAMPS,
    MAX_UNSIGNED_PROPERTIES, MAX_VALUES, PropertiesReference, SIGNED_PROPERTIES_TYPE, ShapeFault, Signature,
    SignatureMethod, SignaturePolicy, SignatureTimeStamp, SignedProperties, SigningCertificate,
    UnsignedProperties,
};
use crate::name::name_from_uri;
use crate::xml::{self, Canonicalization, DS, Document, NodeId, XADES};

/// Reads one signature of a document.
pub(super) struct Reader<'d> {
    pub(super) document: &'d Document<'d>,
}

impl<'d> Reader<'d> {
    /// Reads a `ds:Signature`.
    pub(super) fn signature(&self, node: NodeId) -> Fault<Signature> {
        self.signature_and_parts(node).map(|(signature, _)| signature)
    }

    /// The same, for adding unsigned properties to it.
    pub(super) fn editable(&self, node: NodeId) -> Fault<Editable> {
        let (signature, parts) = self.signature_and_parts(node)?;
        let exclusive = Canonicalization::EXCLUSIVE;
        let archive_input =
            ArchiveInputs::new(self, &parts).at_end_of(&self.unsigned_property_nodes(&parts)?, exclusive)?;
        let has_certificate_values = self
            .unsigned_property_nodes(&parts)?
            .iter()
            .any(|property| xml::is(self.document, *property, XADES, "CertificateValues"));
        Ok(Editable {
            insertion: self.insertion(&parts)?,
            value_octets: self.canonical(exclusive, parts.value)?,
            archive_input,
            has_certificate_values,
            signature,
        })
    }

    fn signature_and_parts(&self, node: NodeId) -> Fault<(Signature, Parts)> {
        let id = self.required_attribute(node, "ds:Signature", "Id")?;
        let parts = self.sequence(
            node,
            "ds:Signature",
            &[(DS, "SignedInfo"), (DS, "SignatureValue"), (DS, "KeyInfo"), (DS, "Object")],
        )?;
        let [signed_info, value, key_info_node, object] = parts[..] else {
            return Err(ShapeFault::new("ds:Signature", "four parts", "fewer"));
        };
        let qualifying = self.only_child(object, "ds:Object", XADES, "QualifyingProperties")?;
        let target = xml::attribute(self.document, qualifying, "Target").unwrap_or("no Target");
        if target.strip_prefix('#') != Some(id) {
            let expected = format!("Target=\"#{id}\"");
            return Err(ShapeFault::new("xades:QualifyingProperties", expected, target));
        }
        let children = self.elements(qualifying, "xades:QualifyingProperties")?;
        let (signed_node, unsigned_node) = match children[..] {
            [signed] => (signed, None),
            [signed, unsigned] => (signed, Some(unsigned)),
            _ => {
                return Err(ShapeFault::new(
                    "xades:QualifyingProperties",
                    "SignedProperties and UnsignedProperties",
                    format!("{} elements", children.len()),
                ));
            }
        };
        self.expect(signed_node, XADES, "SignedProperties")?;
        let mut ignored = Vec::new();
        let (method, references) = self.signed_info(signed_info, signed_node)?;
        let canonicalization = self.canonicalization(self.elements(signed_info, "ds:SignedInfo")?[0])?;
        let (signed, formats) = self.signed_properties(signed_node, &mut ignored)?;
        let mut files = references.files;
        apply_formats(&mut files, formats)?;
        let parts = Parts {
            signed_info,
            value,
            key_info: key_info_node,
            qualifying,
            signed_properties: signed_node,
            unsigned_properties: unsigned_node,
            references: references.order,
        };
        let unsigned = match unsigned_node {
            None => UnsignedProperties::default(),
            Some(unsigned) => {
                self.expect(unsigned, XADES, "UnsignedProperties")?;
                self.unsigned_properties(unsigned, &parts, &mut ignored)?
            }
        };
        let signature = Signature {
            id: id.to_owned(),
            method,
            signed_info: self.canonical(canonicalization, signed_info)?,
            files: files.into_iter().map(|(_, file)| file).collect(),
            properties_reference: references.properties,
            value: self.base64(value, "ds:SignatureValue")?,
            key_info: self.key_info(key_info_node)?,
            signed,
            unsigned,
            ignored,
        };
        Ok((signature, parts))
    }

    fn signed_info(&self, node: NodeId, signed_properties: NodeId) -> Fault<(SignatureMethod, References)> {
        const AT: &str = "ds:SignedInfo";
        let children = self.elements(node, AT)?;
        let [canonicalization, method, references @ ..] = &children[..] else {
            return Err(ShapeFault::new(AT, "CanonicalizationMethod, SignatureMethod, Reference", "fewer"));
        };
        self.expect(*canonicalization, DS, "CanonicalizationMethod")?;
        self.expect(*method, DS, "SignatureMethod")?;
        // HMACOutputLength would shorten what is compared; RSAPSSParams belongs to a method we refuse.
        self.no_children(*method, "ds:SignatureMethod")?;
        let method =
            SignatureMethod::from_uri(self.required_attribute(*method, "ds:SignatureMethod", "Algorithm")?);
        let own_properties = self.required_attribute(signed_properties, "xades:SignedProperties", "Id")?;
        let mut read = References::default();
        let mut names = HashSet::new();
        for reference in references {
            self.expect(*reference, DS, "Reference")?;
            self.reference(*reference, signed_properties, own_properties, &mut read)?;
            if let Some((_, file)) = read.files.last()
                && names.len() < read.files.len()
                && !names.insert(file.name.clone())
            {
                return Err(ShapeFault::new("ds:Reference", "one reference for each file", &file.name));
            }
        }
        if read.files.is_empty() {
            return Err(ShapeFault::new(AT, "a reference to a data file", "none"));
        }
        Ok((method, read))
    }

    fn reference(
        &self,
        node: NodeId,
        signed_properties: NodeId,
        own_properties: &str,
        read: &mut References,
    ) -> Fault<()> {
        const AT: &str = "ds:Reference";
        let uri =
            xml::attribute(self.document, node, "URI").ok_or_else(|| ShapeFault::new(AT, "a URI", "none"))?;
        let kind = xml::attribute(self.document, node, "Type");
        let children = self.elements(node, AT)?;
        let (transforms, method, value) = match children[..] {
            [method, value] => (None, method, value),
            [transforms, method, value] => (Some(transforms), method, value),
            _ => return Err(ShapeFault::new(AT, "Transforms, DigestMethod, DigestValue", "other parts")),
        };
        if let Some(transforms) = transforms {
            self.expect(transforms, DS, "Transforms")?;
        }
        let (digest, value) = self.digest(method, value)?;
        match kind {
            Some(SIGNED_PROPERTIES_TYPE) => {
                if uri.strip_prefix('#') != Some(own_properties) {
                    let expected = format!("URI=\"#{own_properties}\", the signature's own SignedProperties");
                    return Err(ShapeFault::new(AT, expected, uri));
                }
                let canonicalization = self.properties_transform(transforms)?;
                let octets = canonicalization
                    .unwrap_or(Canonicalization::INCLUSIVE)
                    .referenced_element(self.document, signed_properties)
                    .ok_or_else(|| self.grows(signed_properties))?;
                read.order.push(ReferenceKind::Properties(canonicalization));
                let reference = PropertiesReference { digest, value, octets };
                if read.properties.replace(reference).is_some() {
                    return Err(ShapeFault::new(AT, "one reference to SignedProperties", "two"));
                }
            }
            Some(other) => return Err(ShapeFault::new(AT, "no Type but SignedProperties", other)),
            None => {
                let name = name_from_uri(uri).map_err(|problem| {
                    ShapeFault::new(AT, "the URI of a file in the container", format!("{problem}: {uri}"))
                })?;
                if transforms.is_some() {
                    return Err(ShapeFault::new(AT, "no Transforms on a file", "Transforms"));
                }
                let id = self.required_attribute(node, AT, "Id")?;
                read.order.push(ReferenceKind::DataFile(name.clone()));
                read.files.push((id.to_owned(), FileReference { name, digest, value, media_type: None }));
            }
        }
        Ok(())
    }

    /// None without a transform: then the reference leads to a node set, which becomes octets by Canonical
    /// XML 1.0 (XML-DSig §4.4.3.2), and in an archive time-stamp by that one's method.
    fn properties_transform(&self, transforms: Option<NodeId>) -> Fault<Option<Canonicalization>> {
        const AT: &str = "ds:Transforms";
        let Some(transforms) = transforms else { return Ok(None) };
        match self.elements(transforms, AT)?[..] {
            [transform] => {
                self.expect(transform, DS, "Transform")?;
                self.canonicalization(transform).map(Some)
            }
            _ => Err(ShapeFault::new(AT, "one Transform", "another number")),
        }
    }

    /// `CanonicalizationMethod` or `Transform`: one of six identifiers, and no parameters.
    fn canonicalization(&self, node: NodeId) -> Fault<Canonicalization> {
        let at = xml::shown_name(self.document, node);
        self.no_children(node, &at)?;
        let uri = self.required_attribute(node, &at, "Algorithm")?;
        Canonicalization::from_uri(uri).ok_or_else(|| ShapeFault::new(&at, "a canonicalization method", uri))
    }

    fn canonical(&self, method: Canonicalization, node: NodeId) -> Fault<Vec<u8>> {
        method.element(self.document, node).ok_or_else(|| self.grows(node))
    }

    fn grows(&self, node: NodeId) -> ShapeFault {
        let at = xml::shown_name(self.document, node);
        ShapeFault::new(&at, "a canonical form about as long as its text", "a much longer one")
    }

    fn key_info(&self, node: NodeId) -> Fault<Vec<Vec<u8>>> {
        let mut certificates = Vec::new();
        for data in self.elements(node, "ds:KeyInfo")? {
            if !xml::is(self.document, data, DS, "X509Data") {
                continue;
            }
            for child in self.elements(data, "ds:X509Data")? {
                if xml::is(self.document, child, DS, "X509Certificate") {
                    self.push_value(&mut certificates, child, "ds:X509Certificate")?;
                }
            }
        }
        Ok(certificates)
    }

    fn signed_properties(
        &self,
        node: NodeId,
        ignored: &mut Vec<String>,
    ) -> Fault<(SignedProperties, Vec<Format>)> {
        const AT: &str = "xades:SignedProperties";
        let children = self.elements(node, AT)?;
        let (signature, objects) = match children[..] {
            [signature] => (signature, None),
            [signature, objects] => (signature, Some(objects)),
            _ => return Err(ShapeFault::new(AT, "one or two parts", children.len().to_string())),
        };
        self.expect(signature, XADES, "SignedSignatureProperties")?;
        let mut properties = SignedProperties::default();
        let mut last_rank = 0;
        for child in self.elements(signature, "xades:SignedSignatureProperties")? {
            let rank = self.signature_property(child, &mut properties, ignored)?;
            if rank <= last_rank && rank < RANK_OTHER {
                let found = xml::shown_name(self.document, child);
                return Err(ShapeFault::new(
                    "xades:SignedSignatureProperties",
                    "each property once, in the schema's order",
                    found,
                ));
            }
            last_rank = rank;
        }
        let mut formats = Vec::new();
        if let Some(objects) = objects {
            self.expect(objects, XADES, "SignedDataObjectProperties")?;
            for child in self.elements(objects, "xades:SignedDataObjectProperties")? {
                if xml::is(self.document, child, XADES, "DataObjectFormat") {
                    formats.push(self.data_object_format(child)?);
                } else {
                    ignored.push(xml::shown_name(self.document, child));
                }
            }
        }
        Ok((properties, formats))
    }

    /// Reads one property and returns its place in the schema's sequence.
    fn signature_property(
        &self,
        node: NodeId,
        properties: &mut SignedProperties,
        ignored: &mut Vec<String>,
    ) -> Fault<u8> {
        let name = xml::shown_name(self.document, node);
        Ok(match name.as_str() {
            "xades:SigningTime" => {
                let text = self.text(node, &name)?;
                let time = text.trim().parse::<Timestamp>().map_err(|_| {
                    ShapeFault::new(&name, "a date and time with zone, such as 2026-11-22T09:00:00Z", &text)
                })?;
                properties.signing_time = Some(time);
                1
            }
            "xades:SigningCertificate" => {
                properties.signing_certificate = Some(self.signing_certificate(node, &name)?);
                2
            }
            "xades:SigningCertificateV2" => {
                if properties.signing_certificate.is_some() {
                    return Err(ShapeFault::new(&name, "one version of SigningCertificate", "both"));
                }
                properties.signing_certificate = Some(self.signing_certificate(node, &name)?);
                3
            }
            "xades:SignaturePolicyIdentifier" => {
                properties.policy = Some(self.policy(node)?);
                4
            }
            "xades:SignatureProductionPlace" | "xades:SignatureProductionPlaceV2" => {
                if !properties.production_place.is_empty() {
                    return Err(ShapeFault::new(&name, "one production place", "two"));
                }
                for part in self.elements(node, &name)? {
                    properties.production_place.push(self.text(part, &name)?);
                }
                5
            }
            "xades:SignerRole" | "xades:SignerRoleV2" => {
                self.roles(node, properties, ignored)?;
                6
            }
            other if other.starts_with("xades:") => {
                return Err(ShapeFault::new("xades:SignedSignatureProperties", "a known property", other));
            }
            other => {
                ignored.push(other.to_owned());
                RANK_OTHER
            }
        })
    }

    fn signing_certificate(&self, node: NodeId, at: &str) -> Fault<SigningCertificate> {
        let mut certificates = Vec::new();
        for cert in self.elements(node, at)? {
            self.expect(cert, XADES, "Cert")?;
            let children = self.elements(cert, "xades:Cert")?;
            let (digest, issuer_serial) = match children[..] {
                [digest] => (digest, None),
                [digest, issuer_serial] => (digest, Some(self.issuer_serial(issuer_serial)?)),
                _ => return Err(ShapeFault::new("xades:Cert", "CertDigest and issuer", "other parts")),
            };
            self.expect(digest, XADES, "CertDigest")?;
            let [method, value] = self.elements(digest, "xades:CertDigest")?[..] else {
                return Err(ShapeFault::new("xades:CertDigest", "DigestMethod, DigestValue", "other parts"));
            };
            let (digest, value) = self.digest(method, value)?;
            certificates.push(CertificateReference { digest, value, issuer_serial });
        }
        if certificates.is_empty() || certificates.len() > MAX_VALUES {
            return Err(ShapeFault::new(at, "1 to 256 Cert elements", certificates.len().to_string()));
        }
        Ok(SigningCertificate { certificates })
    }

    fn issuer_serial(&self, node: NodeId) -> Fault<IssuerSerial> {
        if xml::is(self.document, node, XADES, "IssuerSerialV2") {
            return Ok(IssuerSerial::Der(self.base64(node, "xades:IssuerSerialV2")?));
        }
        const AT: &str = "xades:IssuerSerial";
        self.expect(node, XADES, "IssuerSerial")?;
        let parts = self.sequence(node, AT, &[(DS, "X509IssuerName"), (DS, "X509SerialNumber")])?;
        let [issuer, serial] = parts[..] else {
            return Err(ShapeFault::new(AT, "issuer and serial number", "other parts"));
        };
        Ok(IssuerSerial::Names {
            issuer: self.text(issuer, AT)?.trim().to_owned(),
            serial: self.text(serial, AT)?.trim().to_owned(),
        })
    }

    fn policy(&self, node: NodeId) -> Fault<SignaturePolicy> {
        const AT: &str = "xades:SignaturePolicyIdentifier";
        let [choice] = self.elements(node, AT)?[..] else {
            return Err(ShapeFault::new(AT, "one choice", "another number"));
        };
        if xml::is(self.document, choice, XADES, "SignaturePolicyImplied") {
            return Ok(SignaturePolicy::Implied);
        }
        self.expect(choice, XADES, "SignaturePolicyId")?;
        let identifier: String = self.document.text_content_deep(choice).trim().chars().take(200).collect();
        Ok(SignaturePolicy::Explicit(identifier))
    }

    fn roles(&self, node: NodeId, properties: &mut SignedProperties, ignored: &mut Vec<String>) -> Fault<()> {
        for group in self.elements(node, "xades:SignerRole")? {
            if xml::is(self.document, group, XADES, "ClaimedRoles") {
                for role in self.elements(group, "xades:ClaimedRoles")? {
                    properties.claimed_roles.push(self.text(role, "xades:ClaimedRole")?);
                }
            } else {
                ignored.push(xml::shown_name(self.document, group));
            }
        }
        Ok(())
    }

    fn data_object_format(&self, node: NodeId) -> Fault<Format> {
        const AT: &str = "xades:DataObjectFormat";
        let reference = self.required_attribute(node, AT, "ObjectReference")?;
        let target = reference
            .strip_prefix('#')
            .ok_or_else(|| ShapeFault::new(AT, "ObjectReference=\"#…\"", reference))?;
        let mut media_type = None;
        for child in self.elements(node, AT)? {
            if xml::is(self.document, child, XADES, "MimeType") {
                let text = self.text(child, "xades:MimeType")?;
                if media_type.replace(text).is_some() {
                    return Err(ShapeFault::new(AT, "one MimeType", "two"));
                }
            }
        }
        Ok(Format { target: target.to_owned(), media_type })
    }

    fn unsigned_properties(
        &self,
        node: NodeId,
        parts: &Parts,
        ignored: &mut Vec<String>,
    ) -> Fault<UnsignedProperties> {
        let mut unsigned = UnsignedProperties::default();
        let mut before = Vec::new();
        let mut inputs = ArchiveInputs::new(self, parts);
        for group in self.elements(node, "xades:UnsignedProperties")? {
            if !xml::is(self.document, group, XADES, "UnsignedSignatureProperties") {
                ignored.push(xml::shown_name(self.document, group));
                continue;
            }
            for property in self.elements(group, "xades:UnsignedSignatureProperties")? {
                let name = xml::shown_name(self.document, property);
                match name.as_str() {
                    "xades:SignatureTimeStamp" => {
                        let time_stamp = self.time_stamp(property, parts.value)?;
                        if unsigned.time_stamp.replace(time_stamp).is_some() {
                            return Err(ShapeFault::new(&name, "one", "two"));
                        }
                    }
                    "xades:CertificateValues" => self.certificate_values(property, &mut unsigned)?,
                    "xades:RevocationValues" => {
                        unsigned.has_revocation_values = true;
                        self.revocation_values(property, &mut unsigned, ignored)?;
                    }
                    "xades141:TimeStampValidationData" => {
                        for values in self.elements(property, &name)? {
                            if xml::is(self.document, values, XADES, "CertificateValues") {
                                self.certificate_values(values, &mut unsigned)?;
                            } else if xml::is(self.document, values, XADES, "RevocationValues") {
                                self.revocation_values(values, &mut unsigned, ignored)?;
                            }
                        }
                    }
                    "xades141:ArchiveTimeStamp" => {
                        let (canonicalization, token) = self.token(property, &name)?;
                        if unsigned.archive_time_stamps.len() >= MAX_ARCHIVE_TIME_STAMPS {
                            let expected = format!("at most {MAX_ARCHIVE_TIME_STAMPS}");
                            return Err(ShapeFault::new(&name, expected, "more"));
                        }
                        let time_stamp = ArchiveTimeStamp {
                            token,
                            input: inputs.at_end_of(&before, canonicalization)?,
                            certificates: unsigned.certificates.len(),
                            ocsp_responses: unsigned.ocsp_responses.len(),
                            crls: unsigned.crls.len(),
                        };
                        unsigned.archive_time_stamps.push(time_stamp);
                    }
                    _ => ignored.push(name),
                }
                if before.len() >= MAX_UNSIGNED_PROPERTIES {
                    let expected = format!("at most {MAX_UNSIGNED_PROPERTIES} properties");
                    return Err(ShapeFault::new("xades:UnsignedSignatureProperties", expected, "more"));
                }
                before.push(property);
            }
        }
        Ok(unsigned)
    }

    fn time_stamp(&self, node: NodeId, signature_value: NodeId) -> Fault<SignatureTimeStamp> {
        let (canonicalization, token) = self.token(node, "xades:SignatureTimeStamp")?;
        let octets = self.canonical(canonicalization, signature_value)?;
        Ok(SignatureTimeStamp { token, octets })
    }

    /// `XAdESTimeStampType`: the canonicalization method, and the DER of the one token.
    fn token(&self, node: NodeId, at: &str) -> Fault<(Canonicalization, Vec<u8>)> {
        let children = self.elements(node, at)?;
        let (canonicalization, token) = match children[..] {
            [token] => (Canonicalization::INCLUSIVE, token),
            [method, token] => {
                self.expect(method, DS, "CanonicalizationMethod")?;
                (self.canonicalization(method)?, token)
            }
            _ => {
                let expected = "CanonicalizationMethod and one EncapsulatedTimeStamp";
                return Err(ShapeFault::new(at, expected, format!("{} elements", children.len())));
            }
        };
        self.expect(token, XADES, "EncapsulatedTimeStamp")?;
        Ok((canonicalization, self.base64(token, "xades:EncapsulatedTimeStamp")?))
    }

    fn unsigned_signature_properties(&self, parts: &Parts) -> Fault<Option<NodeId>> {
        let Some(unsigned) = parts.unsigned_properties else { return Ok(None) };
        let groups = self.elements(unsigned, "xades:UnsignedProperties")?;
        let is_group =
            |group: &&NodeId| xml::is(self.document, **group, XADES, "UnsignedSignatureProperties");
        let mut found = groups.iter().filter(is_group);
        match (found.next(), found.next()) {
            (first, None) => Ok(first.copied()),
            _ => {
                let expected = "one UnsignedSignatureProperties";
                Err(ShapeFault::new("xades:UnsignedProperties", expected, "two"))
            }
        }
    }

    fn unsigned_property_nodes(&self, parts: &Parts) -> Fault<Vec<NodeId>> {
        match self.unsigned_signature_properties(parts)? {
            Some(group) => self.elements(group, "xades:UnsignedSignatureProperties"),
            None => Ok(Vec::new()),
        }
    }

    /// At the end of the innermost of the three elements that is there; the others are written around.
    fn insertion(&self, parts: &Parts) -> Fault<Insertion> {
        const GROUP: &str = "xades:UnsignedSignatureProperties";
        const UNSIGNED: &str = "xades:UnsignedProperties";
        let group = (format!("<{GROUP} xmlns:xades=\"{XADES}\">"), format!("</{GROUP}>"));
        let unsigned = (format!("<{UNSIGNED} xmlns:xades=\"{XADES}\">"), format!("</{UNSIGNED}>"));
        if let Some(element) = self.unsigned_signature_properties(parts)? {
            return self.at_end_of(element, String::new(), String::new());
        }
        match parts.unsigned_properties {
            Some(element) => match self.elements(element, UNSIGNED)?.first() {
                // UnsignedSignatureProperties comes first in the schema's sequence.
                Some(other) => {
                    let at = self.document.node_range(*other).map(|range| range.start);
                    let at = at.ok_or_else(|| ShapeFault::new(UNSIGNED, "its source text", "none"))?;
                    Ok(Insertion { range: at..at, before: group.0, after: group.1 })
                }
                None => self.at_end_of(element, group.0, group.1),
            },
            None => {
                let (before, after) = (unsigned.0 + &group.0, group.1 + &unsigned.1);
                self.at_end_of(parts.qualifying, before, after)
            }
        }
    }

    fn at_end_of(&self, element: NodeId, before: String, after: String) -> Fault<Insertion> {
        let no_source = || ShapeFault::new("xades:UnsignedProperties", "its source text", "none");
        let range = self.document.node_range(element).ok_or_else(no_source)?;
        let source = self.document.node_source(element).ok_or_else(no_source)?;
        if source.ends_with("/>") {
            let name =
                self.document.element(element).ok_or_else(no_source)?.name.prefixed_name().into_owned();
            let (before, after) = (format!(">{before}"), format!("{after}</{name}>"));
            return Ok(Insertion { range: range.end - 2..range.end, before, after });
        }
        // The end tag has no '<' but its own.
        let at = range.start + source.rfind("</").ok_or_else(no_source)?;
        Ok(Insertion { range: at..at, before, after })
    }

    fn certificate_values(&self, node: NodeId, unsigned: &mut UnsignedProperties) -> Fault<()> {
        for value in self.elements(node, "xades:CertificateValues")? {
            if xml::is(self.document, value, XADES, "EncapsulatedX509Certificate") {
                self.push_value(&mut unsigned.certificates, value, "xades:EncapsulatedX509Certificate")?;
            }
        }
        Ok(())
    }

    fn revocation_values(
        &self,
        node: NodeId,
        unsigned: &mut UnsignedProperties,
        ignored: &mut Vec<String>,
    ) -> Fault<()> {
        for group in self.elements(node, "xades:RevocationValues")? {
            let name = xml::shown_name(self.document, group);
            let (into, element) = match name.as_str() {
                "xades:OCSPValues" => (&mut unsigned.ocsp_responses, "EncapsulatedOCSPValue"),
                "xades:CRLValues" => (&mut unsigned.crls, "EncapsulatedCRLValue"),
                _ => {
                    ignored.push(name);
                    continue;
                }
            };
            for value in self.elements(group, &name)? {
                self.expect(value, XADES, element)?;
                self.push_value(into, value, element)?;
            }
        }
        Ok(())
    }

    fn push_value(&self, into: &mut Vec<Vec<u8>>, node: NodeId, at: &str) -> Fault<()> {
        if into.len() >= MAX_VALUES {
            return Err(ShapeFault::new(at, format!("at most {MAX_VALUES}"), "more"));
        }
        into.push(self.base64(node, at)?);
        Ok(())
    }

    fn digest(&self, method: NodeId, value: NodeId) -> Fault<(DigestMethod, Vec<u8>)> {
        self.expect(method, DS, "DigestMethod")?;
        self.expect(value, DS, "DigestValue")?;
        self.no_children(method, "ds:DigestMethod")?;
        let method =
            DigestMethod::from_uri(self.required_attribute(method, "ds:DigestMethod", "Algorithm")?);
        Ok((method, self.base64(value, "ds:DigestValue")?))
    }

    fn elements(&self, node: NodeId, at: &str) -> Fault<Vec<NodeId>> {
        xml::child_elements(self.document, node)
            .ok_or_else(|| ShapeFault::new(at, "only elements", "text between them"))
    }

    fn no_children(&self, node: NodeId, at: &str) -> Fault<()> {
        match self.elements(node, at)?.first() {
            None => Ok(()),
            Some(child) => Err(ShapeFault::new(at, "no parameters", xml::shown_name(self.document, *child))),
        }
    }

    fn only_child(&self, node: NodeId, at: &str, namespace: &str, local: &str) -> Fault<NodeId> {
        let children = self.sequence(node, at, &[(namespace, local)])?;
        Ok(children[0])
    }

    /// Exactly these elements, in this order; as many come back as were asked for.
    fn sequence(&self, node: NodeId, at: &str, names: &[(&str, &str)]) -> Fault<Vec<NodeId>> {
        let children = self.elements(node, at)?;
        for (child, (namespace, local)) in children.iter().zip(names) {
            self.expect(*child, namespace, local)?;
        }
        if children.len() != names.len() {
            let expected = names.iter().map(|(_, local)| *local).collect::<Vec<_>>().join(", ");
            let found = children.iter().map(|child| xml::shown_name(self.document, *child));
            let found = found.take(8).collect::<Vec<_>>().join(", ");
            return Err(ShapeFault::new(at, format!("exactly {expected}"), found));
        }
        Ok(children)
    }

    fn expect(&self, node: NodeId, namespace: &str, local: &str) -> Fault<()> {
        if xml::is(self.document, node, namespace, local) {
            return Ok(());
        }
        let found = xml::shown_name(self.document, node);
        Err(ShapeFault::new(local, format!("{local} of {namespace}"), found))
    }

    fn required_attribute(&self, node: NodeId, at: &str, name: &str) -> Fault<&'d str> {
        match xml::attribute(self.document, node, name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ShapeFault::new(at, format!("the attribute {name}"), "none")),
        }
    }

    fn text(&self, node: NodeId, at: &str) -> Fault<String> {
        xml::text_of(self.document, node).ok_or_else(|| ShapeFault::new(at, "only text", "elements"))
    }

    fn base64(&self, node: NodeId, at: &str) -> Fault<Vec<u8>> {
        xml::from_base64(&self.text(node, at)?).ok_or_else(|| ShapeFault::new(at, "base64", "something else"))
    }
}

/// Elements of foreign namespaces may follow the schema's own, any number of times.
const RANK_OTHER: u8 = 7;

#[derive(Default)]
struct References {
    /// With the `Id` that a `DataObjectFormat` names.
    files: Vec<(String, FileReference)>,
    properties: Option<PropertiesReference>,
    order: Vec<ReferenceKind>,
}

enum ReferenceKind {
    DataFile(String),
    /// With its transform.
    Properties(Option<Canonicalization>),
}

/// The elements of a signature that is being read.
struct Parts {
    signed_info: NodeId,
    value: NodeId,
    key_info: NodeId,
    qualifying: NodeId,
    signed_properties: NodeId,
    unsigned_properties: Option<NodeId>,
    references: Vec<ReferenceKind>,
}

/// Inputs of archive time-stamps. Each part is canonicalised once for each method, however many
/// time-stamps cover it.
struct ArchiveInputs<'r, 'd> {
    reader: &'r Reader<'d>,
    parts: &'r Parts,
    octets: HashMap<(usize, &'static str), Arc<[u8]>>,
    methods: HashSet<&'static str>,
}

impl<'r, 'd> ArchiveInputs<'r, 'd> {
    fn new(reader: &'r Reader<'d>, parts: &'r Parts) -> Self {
        Self { reader, parts, octets: HashMap::new(), methods: HashSet::new() }
    }

    /// What a time-stamp with this method covers when it stands after these properties.
    fn at_end_of(&mut self, before: &[NodeId], canonicalization: Canonicalization) -> Fault<ArchiveInput> {
        self.methods.insert(canonicalization.uri());
        if self.methods.len() > MAX_ARCHIVE_METHODS {
            let expected = format!("at most {MAX_ARCHIVE_METHODS} canonicalization methods");
            return Err(ShapeFault::new("xades141:ArchiveTimeStamp", expected, "more"));
        }
        let parts = self.parts;
        let mut input = Vec::with_capacity(parts.references.len() + 3 + before.len());
        for reference in &parts.references {
            input.push(match reference {
                ReferenceKind::DataFile(name) => ArchivePart::DataFile(name.clone()),
                ReferenceKind::Properties(transform) => {
                    let method = transform.unwrap_or(canonicalization);
                    self.octets(parts.signed_properties, method, true)?
                }
            });
        }
        for node in [parts.signed_info, parts.value, parts.key_info].iter().chain(before) {
            input.push(self.octets(*node, canonicalization, false)?);
        }
        Ok(ArchiveInput::new(input))
    }

    fn octets(&mut self, node: NodeId, method: Canonicalization, referenced: bool) -> Fault<ArchivePart> {
        let document = self.reader.document;
        let octets = match self.octets.entry((node.index(), method.uri())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let octets = match referenced {
                    true => method.referenced_element(document, node),
                    false => method.element(document, node),
                };
                place.insert(octets.ok_or_else(|| self.reader.grows(node))?.into())
            }
        };
        Ok(ArchivePart::Octets(Arc::clone(octets)))
    }
}

struct Format {
    target: String,
    media_type: Option<String>,
}

/// Every file has one format and every format its file. EN 319 132-1 §5.2.4 asks for the element,
/// baseline B for one with a `MimeType` for every reference.
fn apply_formats(files: &mut [(String, FileReference)], formats: Vec<Format>) -> Fault<()> {
    const AT: &str = "xades:DataObjectFormat";
    let mut used = HashSet::new();
    for format in formats {
        if !used.insert(format.target.clone()) {
            return Err(ShapeFault::new(AT, "one for each file reference", format.target));
        }
        match files.iter_mut().find(|(id, _)| *id == format.target) {
            Some((_, file)) => file.media_type = format.media_type,
            None => return Err(ShapeFault::new(AT, "the Id of a file reference", format.target)),
        }
    }
    match files.iter().find(|(id, _)| !used.contains(id)) {
        Some((id, _)) => Err(ShapeFault::new(AT, format!("one for #{id}"), "none")),
        None => Ok(()),
    }
}
