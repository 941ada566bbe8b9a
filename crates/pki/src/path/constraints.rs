//! Name constraints ([RFC 5280 section 4.2.1.10]), for directory names and DNS names.
//!
//! ```text
//! NameConstraints ::= SEQUENCE {
//!      permittedSubtrees  [0]  GeneralSubtrees OPTIONAL,
//!      excludedSubtrees   [1]  GeneralSubtrees OPTIONAL }
//! GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }
//! ```
//!
//! [RFC 5280 section 4.2.1.10]: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10

use crate::Error;
use crate::asn1::{self, Parser};
use crate::certificate::extension::oid;
use crate::certificate::name::{Attribute, Name};
use crate::certificate::{Certificate, SubjectAltName};

/// Why constraints stop a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A name is excluded or not permitted.
    Violated,
    /// The constraints are on kinds of names that are not implemented, or are broken.
    NotUnderstood,
}

impl From<Error> for Fault {
    fn from(_: Error) -> Self {
        Fault::NotUnderstood
    }
}

/// Checks the names of everything in `below` (leaf first) against the constraints of `issuer`.
pub(super) fn check(issuer: &Certificate, below: &[Certificate]) -> Result<(), Fault> {
    const WHAT: &str = "nameConstraints";
    let Some(extension) = issuer.extension(oid::NAME_CONSTRAINTS) else { return Ok(()) };
    let mut fields = Parser::only(&extension.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let permitted = Subtrees::read(fields.optional(asn1::context_constructed(0))?)?;
    let excluded = Subtrees::read(fields.optional(asn1::context_constructed(1))?)?;
    fields.end()?;

    for (index, certificate) in below.iter().enumerate() {
        // RFC 5280 section 6.1.3: self-issued certificates are exempt unless they are the leaf.
        if index > 0 && certificate.is_self_issued() {
            continue;
        }
        let SubjectAltName { directory_names, dns_names, .. } = certificate.subject_alt_name();
        let subject = Some(certificate.subject()).filter(|s| !s.is_empty());
        for name in subject.into_iter().chain(directory_names) {
            let inside = |base: &Name| is_within(name, base);
            if excluded.directory_names.iter().any(inside)
                || !permitted.directory_names.is_empty() && !permitted.directory_names.iter().any(inside)
            {
                return Err(Fault::Violated);
            }
        }
        for host in dns_names {
            let inside = |base: &String| is_below(host, base);
            if excluded.dns_names.iter().any(inside)
                || !permitted.dns_names.is_empty() && !permitted.dns_names.iter().any(inside)
            {
                return Err(Fault::Violated);
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Subtrees {
    directory_names: Vec<Name>,
    dns_names: Vec<String>,
}

impl Subtrees {
    fn read(list: Option<asn1::Tlv<'_>>) -> Result<Self, Fault> {
        const WHAT: &str = "GeneralSubtrees";
        let mut subtrees = Self::default();
        let Some(list) = list else { return Ok(subtrees) };
        let mut list = list.inside(WHAT);
        while !list.is_empty() {
            let mut subtree = list.sequence()?;
            let base = subtree.any()?;
            // minimum and maximum are never used in PKIX.
            subtree.end()?;
            match base.tag {
                0xA4 => subtrees.directory_names.push(Name::from_der(base.value)?),
                0x82 if base.value.is_ascii() => {
                    subtrees.dns_names.push(base.value.iter().map(|b| char::from(*b)).collect());
                }
                _ => return Err(Fault::NotUnderstood),
            }
        }
        Ok(subtrees)
    }
}

/// True when `name` begins with all RDNs of `base`.
fn is_within(name: &Name, base: &Name) -> bool {
    let same = |a: &[Attribute], b: &[Attribute]| {
        a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| is_same(x, y)))
    };
    name.rdns().len() >= base.rdns().len() && name.rdns().iter().zip(base.rdns()).all(|(a, b)| same(a, b))
}

/// Strings compare without regard to case, encoding and repeated spaces (RFC 5280 section 7.1), so that
/// an excluded name cannot be written a little differently.
fn is_same(a: &Attribute, b: &Attribute) -> bool {
    let folded = |attribute: &Attribute| {
        let text = attribute.text()?.to_lowercase();
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    a.oid == b.oid
        && match (folded(a), folded(b)) {
            (Some(a), Some(b)) => a == b,
            (None, None) | (Some(_), None) | (None, Some(_)) => a.value == b.value,
        }
}

/// True when `host` is `base` or has labels before it; an empty base is every host.
fn is_below(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    let base = base.strip_prefix('.').unwrap_or(&base);
    base.is_empty() || host == base || host.strip_suffix(base).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::name::{COMMON_NAME, COUNTRY, ORGANIZATION};

    #[test]
    fn dns_names_match_by_label() {
        assert!(is_below("a.example.org", "example.org"));
        assert!(is_below("EXAMPLE.org", "example.org"));
        assert!(is_below("a.example.org", ".example.org"));
        assert!(!is_below("badexample.org", "example.org"));
        assert!(is_below("anything", ""));
    }

    #[test]
    fn directory_names_match_by_rdn() {
        let base = Name::of(&[(COUNTRY, "EE"), (ORGANIZATION, "A  Company")]).unwrap();
        let inside = Name::of(&[(COUNTRY, "EE"), (ORGANIZATION, "a company"), (COMMON_NAME, "x")]).unwrap();
        assert!(is_within(&inside, &base));
        assert!(!is_within(&base, &inside));
        let outside = Name::of(&[(COUNTRY, "EE"), (ORGANIZATION, "Another")]).unwrap();
        assert!(!is_within(&outside, &base));
    }
}
