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
use bergshamra_c14n::{C14nMode, C14nSink, canonicalize_doc_to};
use bergshamra_xml::NodeSet;
use uppsala::{Attribute, NodeKind, Parser};
pub(crate) use uppsala::{Document, NodeId};

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

    /// The canonical octets of one element and everything in it; `None` when they would be far more than its text.
    pub(crate) fn element(self, document: &Document<'_>, element: NodeId) -> Option<Vec<u8>> {
        self.subtree(document, element, NodeSet::tree_with_comments)
    }

    /// The same for an element reached through a same-document reference: comments are not part of its
    /// node set, whatever the method says (XML-DSig §4.4.3.3).
    pub(crate) fn referenced_element(self, document: &Document<'_>, element: NodeId) -> Option<Vec<u8>> {
        self.subtree(document, element, NodeSet::tree_without_comments)
    }

    /// The library walks through the whole document, however small the part is that is wanted. So a part is cut out and
    /// stands in a document of its own, and many parts cost no more than their text.
    fn subtree(
        self,
        document: &Document<'_>,
        element: NodeId,
        nodes: fn(NodeId, &Document<'_>) -> NodeSet,
    ) -> Option<Vec<u8>> {
        let source = document.node_source(element)?;
        let most = GROWTH * source.len() + ROOM;
        if document.document_element() == Some(element) {
            return self.octets(document, &nodes(element, document), most);
        }
        let (start, end, depth) = scope(document, element);
        let text = [&start, source, &end].concat();
        let alone = Parser::new().with_forbid_dtd(true).parse(&text).ok()?;
        let mut inner = alone.document_element()?;
        for _ in 0..depth {
            inner = alone.first_child(inner)?;
        }
        self.octets(&alone, &nodes(inner, &alone), most)
    }

    fn octets(self, document: &Document<'_>, nodes: &NodeSet, most: usize) -> Option<Vec<u8>> {
        const NO_PREFIXES: &[&str] = &[];
        let mut octets = Octets { written: Vec::new(), most, is_full: false };
        // The library fails only on documents it could not parse, which ours are not.
        canonicalize_doc_to(document, self.0, Some(nodes), NO_PREFIXES, &mut octets).ok()?;
        (!octets.is_full).then_some(octets.written)
    }
}

/// A canonical form is about as long as the text. It may be this many times as long, and longer by this many bytes, for what it
/// has from around it; but where short elements use a long namespace, each says it again, and thousands of them gigabytes.
const GROWTH: usize = 2;
const ROOM: usize = 64 << 10;

/// Takes no more than so many octets.
struct Octets {
    written: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl C14nSink for Octets {
    fn write(&mut self, bytes: &[u8]) {
        self.is_full |= self.written.len() + bytes.len() > self.most;
        if !self.is_full {
            self.written.extend_from_slice(bytes);
        }
    }
}

/// Tags to stand around an element that is cut out, one for each element around it, with what it has from them: namespaces, and
/// attributes such as `xml:lang`. And how many they are.
fn scope(document: &Document<'_>, element: NodeId) -> (String, String, usize) {
    let mut around = document.ancestors(element);
    around.retain(|ancestor| document.element(*ancestor).is_some());
    let mut start = String::new();
    for ancestor in around.iter().rev().filter_map(|ancestor| document.element(*ancestor)) {
        start.push_str("<a");
        let mut write = |name: &str, value: &str| {
            start.push_str(&format!(" {name}=\""));
            escape_attribute(value, &mut start);
            start.push('"');
        };
        for (prefix, uri) in &ancestor.namespace_declarations {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            write(&name, uri);
        }
        for attribute in ancestor.attributes.iter().filter(|attribute| is_inherited(attribute)) {
            write(&attribute.name.prefixed_name(), &attribute.value);
        }
        start.push('>');
    }
    (start, "</a>".repeat(around.len()), around.len())
}

fn is_inherited(attribute: &Attribute<'_>) -> bool {
    attribute.name.prefix.as_deref() == Some("xml")
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
    check_scopes(file, &document, limits)?;
    Ok(document)
}

/// Canonicalization looks at the declarations in scope for every element and may write each of them, and nesting adds them up:
/// without bounds a megabyte of them costs minutes.
fn check_scopes(file: &str, document: &Document<'_>, limits: &Limits) -> Result<()> {
    let refuse = |bound: Bound, allowed: usize, found: usize| {
        Err(Error::limit(bound, Some(file), allowed as u64, found as u64))
    };
    let mut in_scope: HashMap<usize, (usize, usize)> = HashMap::new();
    let mut looked_at = 0;
    for node in document.descendants(document.root()) {
        let Some(element) = document.element(node) else { continue };
        let above = document.parent(node).and_then(|parent| in_scope.get(&parent.index()).copied());
        let (mut count, mut bytes) = above.unwrap_or_default();
        count += element.namespace_declarations.len();
        bytes += element
            .namespace_declarations
            .iter()
            .map(|(prefix, uri)| prefix.len() + uri.len())
            .sum::<usize>();
        let inherited = element.attributes.iter().filter(|attribute| is_inherited(attribute));
        bytes += inherited.map(|attribute| attribute.value.len()).sum::<usize>();
        looked_at += count;
        if count > limits.xml_attributes {
            return refuse(Bound::XmlAttributes, limits.xml_attributes, count);
        }
        if bytes > limits.xml_scope_bytes {
            return refuse(Bound::XmlScopeBytes, limits.xml_scope_bytes, bytes);
        }
        if bytes > 0 {
            in_scope.insert(node.index(), (count, bytes));
        }
    }
    let allowed = limits.xml_items * NAMESPACES_EACH;
    if looked_at > allowed { refuse(Bound::XmlScopes, allowed, looked_at) } else { Ok(()) }
}

/// Namespaces in scope for an element, on average, in a file with as many elements as may be.
const NAMESPACES_EACH: usize = 8;

fn problem(file: &str, problem: &str) -> Error {
    // Parsers quote what they stumble over; the size of a report is not for the file to decide.
    let problem = problem.chars().filter(|c| !c.is_control()).take(200).collect();
    Error::Xml { file: file.to_owned(), problem }
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
    fn what_reaches_many_elements_is_bounded() {
        let bound = |xml: &str| match refused(xml) {
            Error::LimitExceeded { bound, .. } => bound,
            other => panic!("{other:?}"),
        };
        let long = "a".repeat(5_000);
        assert_eq!(bound(&format!("<a xmlns:b='{long}'/>")), Bound::XmlScopeBytes);
        assert_eq!(bound(&format!("<a xml:base='{long}'/>")), Bound::XmlScopeBytes);
        assert_eq!(
            bound(&format!("<a xmlns:b='{0}'><a xmlns:c='{0}'/></a>", &long[..2_500])),
            Bound::XmlScopeBytes
        );
        let many: String = (0..100).map(|n| format!(" xmlns:a{n}='a'")).collect();
        assert_eq!(bound(&format!("<a{many}>{}</a>", "<b/>".repeat(5_000))), Bound::XmlScopes);
        // Beside each other they do not add up.
        let limits = Limits::default();
        let beside = format!("<a>{}</a>", format!("<b xmlns:c='{}'/>", &long[..4_000]).repeat(100));
        assert!(parse("t.xml", text("t.xml", beside.as_bytes(), &limits).unwrap(), &limits).is_ok());
    }

    const METHODS: [C14nMode; 6] = [
        C14nMode::Inclusive,
        C14nMode::InclusiveWithComments,
        C14nMode::Inclusive11,
        C14nMode::Inclusive11WithComments,
        C14nMode::Exclusive,
        C14nMode::ExclusiveWithComments,
    ];

    /// An element that is cut out has the canonical form that it has in its document.
    #[test]
    fn parts_keep_what_they_have_from_around_them() {
        let xml = "<?xml version='1.0'?><!-- before --><r xmlns='urn:d' xmlns:p='urn:&lt;&quot;p' xml:lang='et' xml:base='http://a/b/c' Id='1'>\r\n\
            <p:a q='1'><b xmlns='' xml:space='preserve'>x &amp; y<!-- c --><c><![CDATA[<z>]]></c></b></p:a>\
            <b xmlns:p='urn:other' xml:base='d/e' xml:lang=''><p:c p:x='&#9;1' xml:id='i'><?pi data?><d/></p:c></b>\
            <c xmlns:unused='urn:u' xmlns='urn:e'><d xml:base='../f'/>\u{20ac}</c></r><!-- behind -->";
        let document = uppsala::parse(xml).unwrap();
        let elements: Vec<NodeId> = document.descendants(document.root());
        let elements: Vec<NodeId> =
            elements.into_iter().filter(|node| document.element(*node).is_some()).collect();
        assert_eq!(elements.len(), 9);
        let whole = |mode, nodes: NodeSet| {
            bergshamra_c14n::canonicalize_doc::<&str>(&document, mode, Some(&nodes), &[]).unwrap()
        };
        for mode in METHODS {
            for element in &elements {
                let at = shown_name(&document, *element);
                let found = Canonicalization(mode).element(&document, *element).unwrap();
                assert_eq!(
                    found,
                    whole(mode, NodeSet::tree_with_comments(*element, &document)),
                    "{mode} {at}"
                );
                let found = Canonicalization(mode).referenced_element(&document, *element).unwrap();
                assert_eq!(
                    found,
                    whole(mode, NodeSet::tree_without_comments(*element, &document)),
                    "{mode} {at}"
                );
            }
        }
    }

    #[test]
    fn a_canonical_form_that_is_far_longer_than_its_text_is_not_made() {
        let uri = "a".repeat(4_000);
        let xml = |count| format!("<r xmlns:p='{uri}'><a>{}</a></r>", "<p:b/>".repeat(count));
        let octets = |count| {
            let xml = xml(count);
            let document = uppsala::parse(&xml).unwrap();
            let a = document.first_child(document.document_element().unwrap()).unwrap();
            Canonicalization::EXCLUSIVE.element(&document, a)
        };
        assert!(octets(10).unwrap().len() > 40_000);
        assert_eq!(octets(10_000), None);
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
            let canonical = Canonicalization::EXCLUSIVE.element(&document, root).unwrap();
            prop_assert_eq!(String::from_utf8(canonical).unwrap(), written.clone());
            prop_assert_eq!(attribute(&document, root, "b").unwrap(), value.as_str());
        }
    }
}
