//! The rules that findings name, each with the clause that it comes from: one list for reports and
//! documentation.

/// A rule and where it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable name in findings. One that ends in `-` stands for all that begin so.
    pub name: &'static str,
    /// Standard and clause.
    pub clause: &'static str,
    /// What it asks for.
    pub text: &'static str,
}

const fn rule(name: &'static str, clause: &'static str, text: &'static str) -> Rule {
    Rule { name, clause, text }
}

/// Every rule.
pub const RULES: &[Rule] = &[
    // The archive and the document.
    rule("zip-", "EN 319 162-1 A.1, APPNOTE.TXT 6.3", "every byte of the archive belongs to one plain entry"),
    rule("limit-", "signing limits of this validator", "sizes, depths and counts are bounded"),
    rule("name-", "EN 319 162-1 A.1", "names are relative paths that escape from nowhere"),
    rule("name", "EN 319 162-1 A.1", "names are relative paths that escape from nowhere"),
    rule("mimetype", "EN 319 162-1 A.1", "the first entry is the plain container type"),
    rule(
        "manifest",
        "EN 319 162-1 A.5, OpenDocument 1.2 part 3 §3.2",
        "the manifest lists exactly the files",
    ),
    rule("xml", "XML 1.0", "XML is well-formed and has no document type"),
    rule("remark", "EN 319 162-1 A.5", "nothing lies in the container that no signature covers"),
    rule("pdf-", "ISO 32000-1 §7", "the document is a sound PDF that leaves no room for two readings"),
    rule("trailing-bytes", "ISO 32000-1 §7.5.5", "nothing follows the end of the document"),
    rule(
        "changed-after-signing",
        "ISO 32000-1 §12.8.2, EN 319 142-1 §5.5",
        "nothing was changed after signing",
    ),
    rule(
        "byte-range",
        "ISO 32000-1 §12.8.1, EN 319 142-1 §5.3",
        "the signature covers all but its own value",
    ),
    rule("contents", "ISO 32000-1 §12.8.1", "the signature's value is one DER object"),
    rule("signature-object", "ISO 32000-1 §12.8.1", "the signature is a dictionary of its own"),
    rule("type", "ISO 32000-1 §12.8.1", "the signature says what it is"),
    rule("reference", "ISO 32000-1 §12.8.2", "the signature's references can be understood"),
    // Format checking.
    rule("cms", "EN 319 142-1 §6.3, RFC 5652 §5", "the signature is CMS in DER with one signer"),
    rule("cms-", "EN 319 142-1 §6.3, RFC 5652 §5", "the CMS has the form of a PDF signature"),
    rule(
        "sub-filter",
        "EN 319 142-1 §6.3, ISO 32000-1 §12.8.3",
        "the signature says that it is a PAdES signature",
    ),
    rule("structure", "EN 319 102-1 §5.2.2, EN 319 132-1 §4", "the signature has the form of the standard"),
    rule("not-evaluated", "EN 319 102-1 §5.2.2", "parts that do not change the outcome are named"),
    // Identification of the signing certificate.
    rule(
        "signing-certificate",
        "EN 319 102-1 §5.2.3, EN 319 132-1 §5.2.2",
        "the signed digest names the signer",
    ),
    rule("issuer-serial", "EN 319 102-1 §5.2.3", "issuer and serial number agree with the certificate"),
    rule("signer-identifier", "RFC 5652 §5.3, RFC 5035 §5", "all places name the same certificate"),
    rule("certificate", "RFC 5280 §4", "certificates are DER of the right form"),
    // Validation context.
    rule("signature-policy", "EN 319 102-1 §5.2.4", "a policy that the signer names has to be known"),
    // X.509 validation.
    rule("path", "EN 319 102-1 §5.2.6, RFC 5280 §6", "a path leads to a trust anchor"),
    rule("validity", "EN 319 102-1 §5.2.6 and §5.6.2", "certificates were valid when they were used"),
    rule("extensions", "RFC 5280 §4.2", "critical extensions are understood and the usage fits"),
    rule("constraints", "RFC 5280 §6.1", "authorities issue what they may"),
    rule("key-usage", "EN 319 412-2 §4.3.2", "the certificate is for signatures"),
    rule("service-status", "TS 119 615 §4.4", "the service was granted when it was used"),
    // Revocation.
    rule("revocation", "EN 319 102-1 §5.2.6.4, RFC 6960, RFC 5280 §6.3", "no certificate had been revoked"),
    rule("ocsp", "EN 319 102-1 §5.2.5, RFC 6960 §3.2", "the status comes from who may state it, and in time"),
    rule("crl", "EN 319 102-1 §5.2.5, RFC 5280 §6.3", "the list is the issuer's, whole and in force"),
    rule("ocsp-delay", "EN 319 102-1 §5.2.5", "the status was established soon after the signature"),
    rule("freshness", "EN 319 102-1 §5.2.5", "the status is fresh enough"),
    // Cryptographic verification.
    rule("file-present", "EN 319 102-1 §5.2.7", "what was signed is there"),
    rule("digest", "EN 319 102-1 §5.2.7", "what was signed is unchanged"),
    rule("signature-value", "EN 319 102-1 §5.2.7", "the value was made with the signer's key"),
    rule("signature-method", "EN 319 102-1 §5.2.8, TS 119 312", "the method proves something"),
    rule("digest-method", "EN 319 102-1 §5.2.8, TS 119 312", "the digest proves something"),
    rule("algorithm", "EN 319 102-1 §5.2.8, TS 119 312", "algorithms and keys were strong enough when used"),
    // Signature acceptance.
    rule("signed-properties", "EN 319 102-1 §5.2.8, EN 319 132-1 §4.4.2", "the properties are signed, too"),
    rule(
        "signing-time",
        "EN 319 102-1 §5.2.8, EN 319 132-1 §5.2.1",
        "a signing time is claimed and possible",
    ),
    rule("media-type", "EN 319 132-1 §5.2.4", "the signed media type is the file's"),
    rule("covered", "EN 319 162-1 §4.4", "the signature covers every file"),
    rule("level", "EN 319 132-1 §6, EN 319 142-1 §6", "the signature reaches the level that is asked for"),
    // Time-stamps and long-term validation.
    rule("time-stamp", "EN 319 102-1 §5.4, RFC 3161 §2.4", "the time-stamp is sound and over the right data"),
    rule("time-stamp-form", "RFC 3161 §2.4.2", "the time-stamp can be read"),
    rule("time-stamp-order", "EN 319 102-1 §5.5.4", "later time-stamps are later"),
    rule("proof-of-existence", "EN 319 102-1 §5.6.2", "a proof is older than what would spoil it"),
    // Trusted lists.
    rule("qualification", "TS 119 615 §4", "the certificate is qualified by a trusted list"),
];

/// The rule of this name, or the family it belongs to.
pub fn find(name: &str) -> Option<&'static Rule> {
    let exact = RULES.iter().find(|rule| rule.name == name);
    exact.or_else(|| RULES.iter().find(|rule| rule.name.ends_with('-') && name.starts_with(rule.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_families_are_found() {
        for (index, rule) in RULES.iter().enumerate() {
            assert!(!RULES[..index].iter().any(|other| other.name == rule.name), "{}", rule.name);
        }
        assert_eq!(find("zip-overlap").map(|rule| rule.name), Some("zip-"));
        assert_eq!(find("name").map(|rule| rule.name), Some("name"));
        assert_eq!(find("nothing"), None);
    }
}
