//! The only door through which XML enters, and the escaper through which it leaves.
//!
//! Reading: UTF-8 only, no DTD, no entities beyond the five of XML itself, bounded depth and size. Two
//! numbers are taken from the raw bytes before the parser sees them, because a tree costs far more
//! memory than the text it is made from.
//!
//! Writing: signed XML is written once, as text, directly in its canonical form (Exclusive XML
//! Canonicalization 1.0), so what is hashed and what is stored are the same bytes.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
pub(crate) use uppsala::{Document, NodeId};
use uppsala::{NodeKind, Parser};

use crate::error::{Bound, Error, Result};
use crate::limits::Limits;

/// `xmlns:ds`
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// `xmlns:xades`, the schema of EN 319 132-1 v1.3.2
pub(crate) const XADES: &str = "http://uri.etsi.org/01903/v1.3.2#";
/// `xmlns:xades141`, its additions of v1.4.1
pub(crate) const XADES141: &str = "http://uri.etsi.org/01903/v1.4.1#";
/// `xmlns:asic`, EN 319 162-1
pub(crate) const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";

/// A canonicalization method that may stand in a signature: the six of XML-DSig 1.1 §6.5 and
/// Exclusive XML Canonicalization, and nothing else. In particular no XPath and no XSLT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canonicalization(C14nMode);

impl Canonicalization {
    /// The one that this crate writes.
    pub(crate) const EXCLUSIVE: Self = Self(C14nMode::Exclusive);
    /// Canonical XML 1.0: what applies where a signature names no method (XML-DSig §4.4.3.2).
    pub(crate) const INCLUSIVE: Self = Self(C14nMode::Inclusive);

    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        C14nMode::from_uri(uri).map(Self)
    }

    pub(crate) fn uri(self) -> &'static str {
        self.0.uri()
    }

    /// The canonical octets of one element and everything in it.
    pub(crate) fn element(self, document: &Document<'_>, element: NodeId) -> Vec<u8> {
        self.subtree(document, &NodeSet::tree_with_comments(element, document))
    }

    /// The same for an element reached through a same-document reference: comments are not part of its
    /// node set, whatever the method says (XML-DSig §4.4.3.3).
    pub(crate) fn referenced_element(self, document: &Document<'_>, element: NodeId) -> Vec<u8> {
        self.subtree(document, &NodeSet::tree_without_comments(element, document))
    }

    fn subtree(self, document: &Document<'_>, nodes: &NodeSet) -> Vec<u8> {
        const NO_PREFIXES: &[&str] = &[];
        // The library fails only on documents it could not parse, which ours are not. An empty octet
        // stream matches no digest, so even then nothing is accepted.
        canonicalize_doc(document, self.0, Some(nodes), NO_PREFIXES).unwrap_or_default()
    }
}

/// Checks the bytes of an XML file up to the point where the parser can take over.
///
/// # Errors
///
/// [`Error::Xml`] when the bytes are not UTF-8 or declare another encoding, [`Error::LimitExceeded`]
/// when there may be more elements and attributes than allowed.
pub(crate) fn text<'a>(file: &str, bytes: &'a [u8], limits: &Limits) -> Result<&'a str> {
    let found = bytes.len() as u64;
    if found > limits.metadata_bytes {
        return Err(Error::limit(Bound::MetadataBytes, Some(file), limits.metadata_bytes, found));
    }
    check_items(file, bytes, limits)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| problem(file, "the file is not UTF-8"))
}

/// Every element has a `<`, twice as a rule, every attribute a `=` and every reference a `&`; base64 padding counts too,
/// which is harmless. A `<` can stand nowhere inside a tag, so what is between two of them belongs to one
/// element. Parsers compare the attributes of an element with each other, each with each.
fn check_items(file: &str, bytes: &[u8], limits: &Limits) -> Result<()> {
    let mut items = 0;
    for element in bytes.split(|byte| *byte == b'<') {
        let attributes = element.iter().filter(|byte| **byte == b'=').count();
        let references = element.iter().filter(|byte| **byte == b'&').count();
        if attributes > limits.xml_attributes && !element.starts_with(b"!") {
            let (allowed, found) = (limits.xml_attributes as u64, attributes as u64);
            return Err(Error::limit(Bound::XmlAttributes, Some(file), allowed, found));
        }
        items += 1 + attributes + references;
    }
    if items > limits.xml_items {
        return Err(Error::limit(Bound::XmlItems, Some(file), limits.xml_items as u64, items as u64));
    }
    Ok(())
}

/// Parses a file that [`text`] let through.
pub(crate) fn parse<'a>(file: &str, text: &'a str, limits: &Limits) -> Result<Document<'a>> {
    let parser =
        Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(limits.xml_depth);
    let document = parser.parse(text).map_err(|error| problem(file, &error.to_string()))?;
    if let Some(encoding) = document.xml_declaration.as_ref().and_then(|xml| xml.encoding.as_deref())
        && !encoding.eq_ignore_ascii_case("UTF-8")
        && !encoding.eq_ignore_ascii_case("US-ASCII")
    {
        return Err(problem(file, "only UTF-8 is accepted as encoding"));
    }
    check_namespaces(file, &document, limits)?;
    Ok(document)
}

/// Inclusive canonicalization looks at all declarations in scope for every element, and nesting adds them
/// up: without a bound a megabyte of them costs minutes.
fn check_namespaces(file: &str, document: &Document<'_>, limits: &Limits) -> Result<()> {
    let mut in_scope: HashMap<usize, usize> = HashMap::new();
    for node in document.descendants(document.root()) {
        let Some(element) = document.element(node) else { continue };
        let above = document.parent(node).and_then(|parent| in_scope.get(&parent.index()).copied());
        let count = above.unwrap_or_default() + element.namespace_declarations.len();
        if count > limits.xml_attributes {
            let (allowed, found) = (limits.xml_attributes as u64, count as u64);
            return Err(Error::limit(Bound::XmlAttributes, Some(file), allowed, found));
        }
        if count > 0 {
            in_scope.insert(node.index(), count);
        }
    }
    Ok(())
}

fn problem(file: &str, problem: &str) -> Error {
    // Parsers quote what they stumble over; the size of a report is not for the file to decide.
    let problem = problem.chars().filter(|c| !c.is_control()).take(200).collect();
    Error::Xml { file: file.to_owned(), problem }
}

/// The start tag of an element with every declaration and attribute it has, written anew: what an element
/// cut out of its document has to stand in to keep its meaning.
pub(crate) fn start_tag(document: &Document<'_>, node: NodeId) -> Option<(String, String)> {
    let element = document.element(node)?;
    let name = element.name.prefixed_name().into_owned();
    let mut tag = format!("<{name}");
    let mut write = |name: &str, value: &str| {
        tag.push_str(&format!(" {name}=\""));
        escape_attribute(value, &mut tag);
        tag.push('"');
    };
    for (prefix, uri) in &element.namespace_declarations {
        let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
        write(&name, uri);
    }
    for attribute in &element.attributes {
        write(&attribute.name.prefixed_name(), &attribute.value);
    }
    tag.push('>');
    Some((tag, format!("</{name}>")))
}

/// The element's name as namespace and local name.
pub(crate) fn is(document: &Document<'_>, node: NodeId, namespace: &str, local: &str) -> bool {
    document.element(node).is_some_and(|element| element.matches_name_ns(namespace, local))
}

/// An element's name for a report: `ds:Reference`, or with its namespace when that is none of ours.
pub(crate) fn shown_name(document: &Document<'_>, node: NodeId) -> String {
    let Some(element) = document.element(node) else { return "text".to_owned() };
    let local = &element.name.local_name;
    let namespace = element.name.namespace_uri.as_deref().unwrap_or_default();
    let name = match namespace {
        DS => format!("ds:{local}"),
        XADES => format!("xades:{local}"),
        XADES141 => format!("xades141:{local}"),
        ASIC => format!("asic:{local}"),
        other => format!("{{{other}}}{local}"),
    };
    name.chars().take(120).collect()
}

/// The element children; `None` when there is text between them.
pub(crate) fn child_elements(document: &Document<'_>, node: NodeId) -> Option<Vec<NodeId>> {
    let mut elements = Vec::new();
    for child in document.children_iter(node) {
        match document.node_kind(child)? {
            NodeKind::Element(_) => elements.push(child),
            NodeKind::Text(text) | NodeKind::CData(text) => {
                if !text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
                    return None;
                }
            }
            NodeKind::Comment(_) | NodeKind::ProcessingInstruction(_) => {}
            NodeKind::Document | NodeKind::Attribute(..) => return None,
        }
    }
    Some(elements)
}

/// The text of an element that holds only text, put together across comments and CDATA sections: a
/// comment in the middle of a name must not cut the name short. `None` when there are elements in it.
pub(crate) fn text_of(document: &Document<'_>, node: NodeId) -> Option<String> {
    let mut joined = String::new();
    for child in document.children_iter(node) {
        match document.node_kind(child)? {
            NodeKind::Text(text) | NodeKind::CData(text) => joined.push_str(text),
            NodeKind::Comment(_) | NodeKind::ProcessingInstruction(_) => {}
            NodeKind::Element(_) | NodeKind::Document | NodeKind::Attribute(..) => return None,
        }
    }
    Some(joined)
}

/// An attribute without namespace.
pub(crate) fn attribute<'d>(document: &'d Document<'_>, node: NodeId, name: &str) -> Option<&'d str> {
    let element = document.element(node)?;
    let found = element.attributes.iter().find(|attribute| attribute.name.matches(None, name))?;
    Some(&found.value)
}

/// Base64 as XML Schema allows it: whitespace anywhere, padding required.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).collect();
    STANDARD.decode(packed).ok()
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// XML text in canonical form, built element by element.
#[derive(Debug, Default)]
pub(crate) struct CanonicalText {
    text: String,
    open: Vec<&'static str>,
}

impl CanonicalText {
    /// Opens an element. Namespace declarations go first and then attributes in alphabetical order; the
    /// caller gives them so.
    pub(crate) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> &mut Self {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push(' ');
            self.text.push_str(attribute);
            self.text.push_str("=\"");
            escape_attribute(value, &mut self.text);
            self.text.push('"');
        }
        self.text.push('>');
        self.open.push(name);
        self
    }

    /// Closes the element opened last.
    pub(crate) fn close(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        self
    }

    /// Character data.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        escape_text(text, &mut self.text);
        self
    }

    /// Text that is canonical already.
    pub(crate) fn raw(&mut self, canonical: &str) -> &mut Self {
        self.text.push_str(canonical);
        self
    }

    /// An element that holds only text.
    pub(crate) fn leaf(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) -> &mut Self {
        self.open(name, attributes).text(text).close()
    }

    /// The text, with everything closed that is still open.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }
}

/// Canonical XML 1.0 §2.3, text nodes.
fn escape_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// Canonical XML 1.0 §2.3, attribute nodes.
fn escape_attribute(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
}

/// Whether every character may stand in XML 1.0 (production 2 `Char`); a name that holds another can't
/// be written down at all.
pub(crate) fn is_xml_text(text: &str) -> bool {
    text.chars().all(
        |c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(xml: &str) -> Error {
        let limits = Limits::default();
        match text("t.xml", xml.as_bytes(), &limits)
            .and_then(|text| parse("t.xml", text, &limits).map(|_| ()))
        {
            Ok(()) => panic!("accepted: {}", &xml[..xml.len().min(200)]),
            Err(error) => error,
        }
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let lol = "<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY z \"&x;&x;\">]><a>&z;</a>";
        for xml in [
            lol,
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
            "<!DOCTYPE a [<!ENTITY e SYSTEM \"http://127.0.0.1/\">]><a>&e;</a>",
            "<a>&unknown;</a>",
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
            "<a><b></a>",
            "<p:a/>",
            "<a x='1' x='2'/>",
            "",
        ] {
            assert!(matches!(refused(xml), Error::Xml { .. }), "{xml}");
        }
    }

    #[test]
    fn deep_and_wide_trees_are_refused() {
        let deep = "<a>".repeat(65) + &"</a>".repeat(65);
        refused(&deep);
        let wide = format!("<a>{}</a>", "<b/>".repeat(200_000));
        assert!(matches!(refused(&wide), Error::LimitExceeded { bound: Bound::XmlItems, .. }));
        let attributes = (0..200_001).map(|n| format!(" a{n}=''")).collect::<String>();
        let error = refused(&format!("<a{attributes}/>"));
        assert!(matches!(error, Error::LimitExceeded { bound: Bound::XmlAttributes, .. }));
        let nested = (0..50).map(|n| format!("<a xmlns:a{n}='a' xmlns:b{n}='a' xmlns:c{n}='a'>"));
        let nested = nested.collect::<String>() + &"</a>".repeat(50);
        let error = refused(&nested);
        assert!(matches!(error, Error::LimitExceeded { bound: Bound::XmlAttributes, .. }));
        // A '>' is allowed in an attribute's value.
        let hidden = (0..200).map(|n| format!(" a{n}='>'")).collect::<String>();
        let error = refused(&format!("<a{hidden}/>"));
        assert!(matches!(error, Error::LimitExceeded { bound: Bound::XmlAttributes, .. }));
    }

    #[test]
    fn text_is_joined_across_comments_and_cdata() {
        let document = uppsala::parse("<a>ab<!-- x -->cd<![CDATA[<e>]]>f</a>").unwrap();
        let root = document.document_element().unwrap();
        assert_eq!(text_of(&document, root).unwrap(), "abcd<e>f");
        let document = uppsala::parse("<a>ab<b/>cd</a>").unwrap();
        assert_eq!(text_of(&document, document.document_element().unwrap()), None);
    }

    proptest! {
        #[test]
        fn what_the_escaper_writes_is_canonical(value in "[\\x09\\x0a\\x0d\\x20-\\x{d7ff}\\x{e000}-\\x{fffd}]{0,40}") {
            let mut written = CanonicalText::default();
            written.open("a", &[("b", &value)]).text(&value).leaf("c", &[], "");
            let written = written.finish();
            let document = uppsala::parse(&written).unwrap();
            let root = document.document_element().unwrap();
            let canonical = Canonicalization::EXCLUSIVE.element(&document, root);
            prop_assert_eq!(String::from_utf8(canonical).unwrap(), written.clone());
            prop_assert_eq!(attribute(&document, root, "b").unwrap(), value.as_str());
        }
    }
}
