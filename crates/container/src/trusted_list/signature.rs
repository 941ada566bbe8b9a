//! The enveloped signature of a trusted list (TS 119 612 §5.7.1): XAdES baseline B over the whole document.
//!
//! One shape is accepted: the signature is the last child of the root; one reference to the document
//! (`URI=""`, or the root's own Id) with the enveloped-signature transform and canonicalization; at most one
//! reference to the signature's own signed properties. The signer's certificate is the one in `KeyInfo`, and it
//! has to be among those that the caller pins.

use countersign_pki::certificate::Certificate;

use super::ListError;
use crate::limits::Limits;
use crate::xades::build::verify_value;
use crate::xades::parse::{DigestMethod, SIGNED_PROPERTIES_TYPE, SignatureMethod};
use crate::xml::{self, Canonicalization, DS, Document, NodeId, XADES};

/// The transform of XML-DSig §6.6.4.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

fn broken(problem: impl Into<String>) -> ListError {
    let problem: String = problem.into();
    ListError::Signature(problem.chars().filter(|c| !c.is_control()).take(300).collect())
}

fn grows() -> ListError {
    broken("the canonical form of a part is much longer than its text")
}

/// Checks the signature and returns the certificate that made it.
pub(super) fn check(
    text: &str,
    document: &Document<'_>,
    root: NodeId,
    signers: &[Certificate],
    limits: &Limits,
) -> Result<Certificate, ListError> {
    let elements: Vec<NodeId> =
        document.children_iter(root).filter(|child| document.element(*child).is_some()).collect();
    let signatures = elements.iter().filter(|child| xml::is(document, **child, DS, "Signature"));
    if signatures.count() != 1 {
        return Err(broken("there must be one signature"));
    }
    let signature = match elements.last() {
        Some(last) if xml::is(document, *last, DS, "Signature") => *last,
        _ => return Err(broken("the signature must come last")),
    };
    Check { text, document, root, signature, limits }.run(signers)
}

struct Check<'d> {
    text: &'d str,
    document: &'d Document<'d>,
    root: NodeId,
    signature: NodeId,
    limits: &'d Limits,
}

impl Check<'_> {
    fn run(&self, signers: &[Certificate]) -> Result<Certificate, ListError> {
        let parts = self.elements(self.signature)?;
        let [signed_info, value, key_info, objects @ ..] = &parts[..] else {
            return Err(broken("SignedInfo, SignatureValue and KeyInfo are not all there"));
        };
        self.expect(*signed_info, DS, "SignedInfo")?;
        self.expect(*value, DS, "SignatureValue")?;
        self.expect(*key_info, DS, "KeyInfo")?;
        let signer = self.signer(*key_info, signers)?;
        let children = self.elements(*signed_info)?;
        let [canonicalization, method, references @ ..] = &children[..] else {
            return Err(broken("SignedInfo is not complete"));
        };
        self.expect(*canonicalization, DS, "CanonicalizationMethod")?;
        self.expect(*method, DS, "SignatureMethod")?;
        if !self.elements(*method)?.is_empty() {
            return Err(broken("SignatureMethod has parameters"));
        }
        let method = SignatureMethod::from_uri(self.algorithm(*method)?);
        let algorithm = method.known().filter(|algorithm| !algorithm.digest().is_weak());
        let algorithm = algorithm.ok_or_else(|| broken("the signature method is unknown or too weak"))?;
        let mut covers_document = false;
        for reference in references {
            self.expect(*reference, DS, "Reference")?;
            if self.reference(*reference, objects)? && std::mem::replace(&mut covers_document, true) {
                return Err(broken("the document is referenced twice"));
            }
        }
        if !covers_document {
            return Err(broken("the document is not referenced"));
        }
        let octets = self.canonicalization(*canonicalization)?.element(self.document, *signed_info);
        let octets = octets.ok_or_else(grows)?;
        let value = self.base64(*value)?;
        verify_value(signer.public_key(), algorithm, &algorithm.digest().of(&octets), &value)
            .map_err(|error| broken(error.to_string()))?;
        Ok(signer)
    }

    /// Whether the reference is one to the document; the other kind is the one to the properties.
    fn reference(&self, node: NodeId, objects: &[NodeId]) -> Result<bool, ListError> {
        let uri =
            xml::attribute(self.document, node, "URI").ok_or_else(|| broken("a reference without URI"))?;
        let children = self.elements(node)?;
        let (transforms, digest, value) = match children[..] {
            [digest, value] => (Vec::new(), digest, value),
            [transforms, digest, value] => {
                self.expect(transforms, DS, "Transforms")?;
                (self.elements(transforms)?, digest, value)
            }
            _ => return Err(broken("a reference of another form")),
        };
        self.expect(digest, DS, "DigestMethod")?;
        self.expect(value, DS, "DigestValue")?;
        let digest = DigestMethod::from_uri(self.algorithm(digest)?);
        let digest = digest.known().filter(|digest| !digest.is_weak());
        let digest = digest.ok_or_else(|| broken("a digest is unknown or too weak"))?;
        let expected = self.base64(value)?;
        let is_properties = xml::attribute(self.document, node, "Type") == Some(SIGNED_PROPERTIES_TYPE);
        let octets = if is_properties {
            self.properties(uri, &transforms, objects)?
        } else {
            let own_id =
                ["Id", "ID", "id"].iter().find_map(|name| xml::attribute(self.document, self.root, name));
            let names_root = uri.strip_prefix('#').is_some_and(|id| !id.is_empty() && own_id == Some(id));
            if !uri.is_empty() && !names_root {
                return Err(broken("a reference to something else than the list"));
            }
            self.document_octets(&transforms)?
        };
        if digest.of(&octets) != expected {
            return Err(broken(if is_properties {
                "the signed properties were changed"
            } else {
                "the list was changed"
            }));
        }
        Ok(!is_properties)
    }

    fn properties(&self, uri: &str, transforms: &[NodeId], objects: &[NodeId]) -> Result<Vec<u8>, ListError> {
        let [object] = objects else { return Err(broken("there must be one Object")) };
        let qualifying = match self.elements(*object)?[..] {
            [only] if xml::is(self.document, only, XADES, "QualifyingProperties") => only,
            _ => return Err(broken("the Object holds something else than QualifyingProperties")),
        };
        let signed = self.elements(qualifying)?.first().copied();
        let signed = signed.filter(|node| xml::is(self.document, *node, XADES, "SignedProperties"));
        let signed = signed.ok_or_else(|| broken("there are no SignedProperties"))?;
        let id = xml::attribute(self.document, signed, "Id").unwrap_or_default();
        if id.is_empty() || uri.strip_prefix('#') != Some(id) {
            return Err(broken("the reference leads to other properties"));
        }
        let canonicalization = match transforms {
            [] => Canonicalization::INCLUSIVE,
            [only] => self.canonicalization(*only)?,
            _ => return Err(broken("too many transforms")),
        };
        canonicalization.referenced_element(self.document, signed).ok_or_else(grows)
    }

    /// The document without its signature. What is cut out of the text and parsed again is what the
    /// enveloped-signature transform takes out of the tree.
    fn document_octets(&self, transforms: &[NodeId]) -> Result<Vec<u8>, ListError> {
        let (enveloped, canonicalization) = match transforms {
            [enveloped] => (*enveloped, Canonicalization::INCLUSIVE),
            [enveloped, canonicalization] => (*enveloped, self.canonicalization(*canonicalization)?),
            _ => return Err(broken("the transforms of the list are others than the standard's")),
        };
        if self.algorithm(enveloped)? != ENVELOPED || !self.elements(enveloped)?.is_empty() {
            return Err(broken("the first transform is not enveloped-signature"));
        }
        let range = self.document.node_range(self.signature);
        let rest = range.and_then(|range| Some((self.text.get(..range.start)?, self.text.get(range.end..)?)));
        let (before, after) = rest.ok_or_else(|| broken("the signature has no place"))?;
        let without = [before, after].concat();
        let document =
            xml::parse("the list", &without, self.limits).map_err(|error| broken(error.to_string()))?;
        let root = document.document_element().ok_or_else(|| broken("there is no list"))?;
        canonicalization.referenced_element(&document, root).ok_or_else(grows)
    }

    fn signer(&self, key_info: NodeId, signers: &[Certificate]) -> Result<Certificate, ListError> {
        let mut found = Vec::new();
        for data in self.elements(key_info)? {
            if !xml::is(self.document, data, DS, "X509Data") {
                continue;
            }
            for value in self.elements(data)? {
                if xml::is(self.document, value, DS, "X509Certificate") {
                    found.push(self.base64(value)?);
                }
            }
        }
        let pinned = signers.iter().find(|signer| found.iter().any(|der| der == signer.as_der()));
        pinned.cloned().ok_or(ListError::UnknownSigner)
    }

    fn canonicalization(&self, node: NodeId) -> Result<Canonicalization, ListError> {
        if !self.elements(node)?.is_empty() {
            return Err(broken("a canonicalization with parameters"));
        }
        Canonicalization::from_uri(self.algorithm(node)?).ok_or_else(|| broken("an unknown canonicalization"))
    }

    fn algorithm(&self, node: NodeId) -> Result<&str, ListError> {
        xml::attribute(self.document, node, "Algorithm").ok_or_else(|| broken("an algorithm without a name"))
    }

    fn base64(&self, node: NodeId) -> Result<Vec<u8>, ListError> {
        let text = xml::text_of(self.document, node).ok_or_else(|| broken("elements in a value"))?;
        xml::from_base64(&text).ok_or_else(|| broken("a value that is not base64"))
    }

    fn elements(&self, node: NodeId) -> Result<Vec<NodeId>, ListError> {
        xml::child_elements(self.document, node).ok_or_else(|| broken("text between elements"))
    }

    fn expect(&self, node: NodeId, namespace: &str, local: &str) -> Result<(), ListError> {
        match xml::is(self.document, node, namespace, local) {
            true => Ok(()),
            false => {
                Err(broken(format!("{} where {local} was expected", xml::shown_name(self.document, node))))
            }
        }
    }
}
