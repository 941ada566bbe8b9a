//! Trust anchors in the forms relying parties load: PEM, JKS and PKCS#12.
//!
//! A relying party of this authority must trust its roots and issuing CAs, and the trust stores of
//! common client libraries are Java's. What is written here holds certificates only. They are public, so
//! nothing is encrypted; the password protects against change, as far as each format can:
//!
//! * JKS, the format of Java before 9: magic `FEEDFEED`, version 2, entries, then SHA-1 over the
//!   password, the words "Mighty Aphrodite" and everything before. It stops accidents, not attackers.
//! * PKCS#12 ([RFC 7292]): certificate bags with a friendly name and the trustedKeyUsage attribute
//!   without which Java does not see an anchor, under HMAC-SHA-256 with a key derived from the password.
//!
//! [RFC 7292]: https://www.rfc-editor.org/rfc/rfc7292

use aws_lc_rs::hmac;
use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::Error;
use crate::algorithm::Digest;
use crate::asn1;
use crate::certificate::Certificate;

/// A trust anchor and what it is called in a store.
#[derive(Debug, Clone, Copy)]
pub struct Anchor<'a> {
    /// Its alias: 1 to 64 characters of ASCII letters, digits, `-`, `_` and `.`. Java looks it up in lower
    /// case, so that is how it is written.
    pub alias: &'a str,
    /// The certificate.
    pub certificate: &'a Certificate,
}

/// Java refuses shorter ones when it writes a store.
const MIN_PASSWORD: usize = 6;
/// What OpenSSL 3 and Java 17 take or exceed; checking happens once per start of a program.
const ITERATIONS: u32 = 10_000;

/// The certificates as PEM blocks, one after another.
pub fn pem(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|c| c.to_pem()).collect()
}

/// The certificates as a Java KeyStore. `now` is the entries' creation date.
///
/// # Errors
/// [`Error::Malformed`] for an unfit alias or password, two equal aliases, or a time before 1970.
pub fn jks(anchors: &[Anchor<'_>], password: &str, now: Timestamp) -> Result<Vec<u8>, Error> {
    let aliases = checked_aliases(anchors)?;
    let password = bmp(checked_password(password)?);
    let created = u64::try_from(now.as_millisecond())
        .map_err(|_| Error::malformed("JKS entry", "its creation date is before 1970"))?;
    let mut out = Vec::new();
    out.extend(0xFEED_FEED_u32.to_be_bytes());
    out.extend(2u32.to_be_bytes());
    out.extend((anchors.len() as u32).to_be_bytes());
    for (anchor, alias) in anchors.iter().zip(&aliases) {
        const TRUSTED_CERTIFICATE: u32 = 2;
        out.extend(TRUSTED_CERTIFICATE.to_be_bytes());
        java_string(&mut out, alias);
        out.extend(created.to_be_bytes());
        java_string(&mut out, "X.509");
        let der = anchor.certificate.as_der();
        // A Certificate is at most 64 KiB.
        out.extend((der.len() as u32).to_be_bytes());
        out.extend(der);
    }
    let mut hasher = Digest::Sha1.hasher();
    hasher.update(&password);
    hasher.update(b"Mighty Aphrodite");
    hasher.update(&out);
    out.extend(hasher.finish());
    Ok(out)
}

/// The certificates as PKCS#12.
///
/// ```text
/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }
/// MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
/// SafeBag ::= SEQUENCE { bagId, bagValue [0], bagAttributes SET OF PKCS12Attribute OPTIONAL }
/// CertBag ::= SEQUENCE { certId, certValue [0] }
/// ```
///
/// # Errors
/// [`Error::Malformed`] for an unfit alias or password, or two equal aliases.
pub fn pkcs12(anchors: &[Anchor<'_>], password: &str, random: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
    let aliases = checked_aliases(anchors)?;
    let mut password = bmp(checked_password(password)?);
    // RFC 7292 appendix B.1: the password ends with a zero character.
    password.extend([0, 0]);

    let mut bags = Vec::new();
    for (anchor, alias) in anchors.iter().zip(&aliases) {
        let explicit = |content: &[u8]| asn1::tlv(asn1::context_constructed(0), content);
        let certificate = asn1::octet_string(anchor.certificate.as_der());
        let cert_bag = asn1::sequence(&[asn1::oid(&X509_CERTIFICATE), explicit(&certificate)]);
        let name = asn1::tlv(asn1::BMP_STRING, &bmp(alias));
        let attributes = asn1::set_of(vec![
            attribute(&FRIENDLY_NAME, name),
            attribute(&TRUSTED_KEY_USAGE, asn1::oid(&ANY_EXTENDED_KEY_USAGE)),
        ]);
        bags.push(asn1::sequence(&[asn1::oid(&CERT_BAG), explicit(&cert_bag), attributes]));
    }
    let authenticated_safe = asn1::sequence(&[data(&asn1::sequence(&bags))]);

    let mut salt = [0; 16];
    random.fill_bytes(&mut salt);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &mac_key(&password, &salt, ITERATIONS));
    let mac = hmac::sign(&key, &authenticated_safe);
    let identifier = asn1::sequence(&[asn1::oid(&Digest::Sha256.oid()), asn1::null()]);
    let digest_info = asn1::sequence(&[identifier, asn1::octet_string(mac.as_ref())]);
    let mac_data =
        asn1::sequence(&[digest_info, asn1::octet_string(&salt), asn1::integer(ITERATIONS.into())]);
    Ok(asn1::sequence(&[asn1::integer(3), data(&authenticated_safe), mac_data]))
}

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
const FRIENDLY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
/// Oracle's mark of a trust anchor.
const TRUSTED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113894.746875.1.1");
const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// `ContentInfo` of type data.
fn data(content: &[u8]) -> Vec<u8> {
    let explicit = asn1::tlv(asn1::context_constructed(0), &asn1::octet_string(content));
    asn1::sequence(&[asn1::oid(&DATA), explicit])
}

fn attribute(oid: &ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(oid), asn1::set_of(vec![value])])
}

/// The key derivation of RFC 7292 appendix B.2 with SHA-256, for the 32 bytes of a MAC key. As many
/// bytes are wanted as the hash gives, so one round does and the step between rounds is not needed.
fn mac_key(password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<Vec<u8>> {
    const BLOCK: usize = 64;
    const MAC_KEY: u8 = 3;
    let filled = |bytes: &[u8]| -> Zeroizing<Vec<u8>> {
        let length = bytes.len().div_ceil(BLOCK) * BLOCK;
        Zeroizing::new(bytes.iter().copied().cycle().take(length).collect())
    };
    let mut hasher = Digest::Sha256.hasher();
    hasher.update(&[MAC_KEY; BLOCK]);
    hasher.update(&filled(salt));
    hasher.update(&filled(password));
    let mut key = Zeroizing::new(hasher.finish());
    for _ in 1..iterations {
        key = Zeroizing::new(Digest::Sha256.of(&key));
    }
    key
}

/// UTF-16, big-endian, without an end.
fn bmp(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

/// A string as `DataOutput.writeUTF` writes it; ours are ASCII.
fn java_string(out: &mut Vec<u8>, ascii: &str) {
    // Aliases are at most 64 characters.
    out.extend((ascii.len() as u16).to_be_bytes());
    out.extend(ascii.as_bytes());
}

fn checked_password(password: &str) -> Result<&str, Error> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(Error::malformed("trust store password", "it is shorter than six characters"));
    }
    Ok(password)
}

fn checked_aliases(anchors: &[Anchor<'_>]) -> Result<Vec<String>, Error> {
    let mut aliases: Vec<String> = Vec::with_capacity(anchors.len());
    for anchor in anchors {
        let alias = anchor.alias.to_ascii_lowercase();
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if alias.is_empty() || alias.len() > 64 || !alias.bytes().all(fits) {
            return Err(Error::malformed("alias", "it is not 1 to 64 letters, digits, '-', '_' or '.'"));
        }
        if aliases.contains(&alias) {
            return Err(Error::malformed("alias", "two anchors have the same one"));
        }
        aliases.push(alias);
    }
    Ok(aliases)
}
