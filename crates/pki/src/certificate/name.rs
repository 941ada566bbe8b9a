//! Distinguished names.
//!
//! ```text
//! Name ::= CHOICE { rdnSequence  RDNSequence }
//! RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
//! RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
//! AttributeTypeAndValue ::= SEQUENCE { type AttributeType, value AttributeValue }
//! ```
//!
//! [RFC 5280 section 4.1.2.4], attributes of natural and legal persons from EN 319 412-2 and -3. A name
//! keeps the DER it was read from, because names are compared, hashed and copied as bytes.
//!
//! [RFC 5280 section 4.1.2.4]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.4

use std::fmt::Write;

use const_oid::ObjectIdentifier;

use crate::Error;
use crate::asn1::{self, Parser};

/// commonName
pub const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// surname
pub const SURNAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.4");
/// serialNumber: an identifier of the subject, not of the certificate
pub const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");
/// countryName
pub const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
/// localityName
pub const LOCALITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");
/// stateOrProvinceName
pub const STATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.8");
/// organizationName
pub const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// organizationalUnitName
pub const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
/// givenName
pub const GIVEN_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.42");
/// organizationIdentifier
pub const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

const WHAT: &str = "Name";
/// Names longer than this are not of people or organizations.
const MAX_ATTRIBUTES: usize = 64;

/// A distinguished name.
#[derive(Clone)]
pub struct Name {
    der: Vec<u8>,
    rdns: Vec<Vec<Attribute>>,
}

/// One `AttributeTypeAndValue`.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The attribute's type.
    pub oid: ObjectIdentifier,
    /// The value in DER, tag included.
    pub value: Vec<u8>,
}

impl Attribute {
    /// The value as text, if it is a character string.
    pub fn text(&self) -> Option<String> {
        Parser::new(&self.value, WHAT).any().ok()?.to_text(WHAT).ok()
    }
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// [`Error::Malformed`] for broken DER, [`Error::TooLarge`] beyond 64 attributes.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut sequence = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut rdns = Vec::new();
        let mut count = 0;
        while !sequence.is_empty() {
            let mut set = sequence.expect(asn1::SET)?.inside(WHAT);
            let mut attributes = Vec::new();
            let mut previous: &[u8] = &[];
            while !set.is_empty() {
                let attribute = set.expect(asn1::SEQUENCE)?;
                if attribute.raw < previous {
                    return Err(Error::malformed(WHAT, "a SET is not sorted, which is BER"));
                }
                previous = attribute.raw;
                let mut fields = attribute.inside(WHAT);
                let oid = fields.oid()?;
                let value = fields.any()?.raw.to_vec();
                fields.end()?;
                attributes.push(Attribute { oid, value });
                count += 1;
                if count > MAX_ATTRIBUTES {
                    return Err(Error::TooLarge { what: WHAT, limit: MAX_ATTRIBUTES, found: count });
                }
            }
            if attributes.is_empty() {
                return Err(Error::malformed(WHAT, "a relative distinguished name is empty"));
            }
            rdns.push(attributes);
        }
        Ok(Self { der: der.to_vec(), rdns })
    }

    /// Makes a name of single-valued RDNs, in the order given. countryName and serialNumber become
    /// `PrintableString`, as RFC 5280 demands of them; everything else `UTF8String`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when a value is empty, or does not fit its type.
    pub fn of(attributes: &[(ObjectIdentifier, &str)]) -> Result<Self, Error> {
        let mut parts = Vec::with_capacity(attributes.len());
        for (oid, text) in attributes {
            if text.is_empty() {
                return Err(Error::malformed(WHAT, "an attribute is empty"));
            }
            let value = if [COUNTRY, SERIAL_NUMBER].contains(oid) {
                asn1::printable_string(text)?
            } else {
                asn1::utf8_string(text)
            };
            parts.push(asn1::constructed(asn1::SET, &[asn1::sequence(&[asn1::oid(oid), value])]));
        }
        Self::from_der(&asn1::sequence(&parts))
    }

    /// The name in DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// True for the empty sequence.
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The RDNs in encoded order, each with its attributes.
    pub fn rdns(&self) -> &[Vec<Attribute>] {
        &self.rdns
    }

    /// The first value of this type, as text.
    pub fn find(&self, oid: ObjectIdentifier) -> Option<String> {
        self.rdns.iter().flatten().find(|a| a.oid == oid).and_then(Attribute::text)
    }

    /// commonName
    pub fn common_name(&self) -> Option<String> {
        self.find(COMMON_NAME)
    }

    /// givenName
    pub fn given_name(&self) -> Option<String> {
        self.find(GIVEN_NAME)
    }

    /// surname
    pub fn surname(&self) -> Option<String> {
        self.find(SURNAME)
    }

    /// countryName
    pub fn country(&self) -> Option<String> {
        self.find(COUNTRY)
    }

    /// The subject's serialNumber, a semantics identifier such as `PNOEE-38001085718`.
    pub fn serial_number(&self) -> Option<String> {
        self.find(SERIAL_NUMBER)
    }

    /// organizationName
    pub fn organization(&self) -> Option<String> {
        self.find(ORGANIZATION)
    }

    /// organizationIdentifier such as `NTREE-10747013`.
    pub fn organization_identifier(&self) -> Option<String> {
        self.find(ORGANIZATION_IDENTIFIER)
    }

    /// The string form of [RFC 4514]: last RDN first, only the nine keywords every reader knows, other
    /// types as dotted numbers with the value's DER in hexadecimal. XML signatures name issuers so.
    ///
    /// [RFC 4514]: https://www.rfc-editor.org/rfc/rfc4514
    pub fn rfc4514(&self) -> String {
        self.join(",", |attribute| match keyword(&attribute.oid) {
            Some(keyword) => match attribute.text() {
                Some(text) => format!("{keyword}={}", escape(&text)),
                None => format!("{keyword}=#{}", hex(&attribute.value)),
            },
            None => format!("{}=#{}", attribute.oid, hex(&attribute.value)),
        })
    }

    /// A form for people: as [`rfc4514`](Self::rfc4514), with every known keyword and spaces.
    pub fn readable(&self) -> String {
        self.join(", ", |attribute| {
            let text = attribute.text().map_or_else(|| format!("#{}", hex(&attribute.value)), |t| escape(&t));
            let name = match keyword(&attribute.oid) {
                Some(keyword) => keyword.to_owned(),
                None if attribute.oid == SURNAME => "SN".to_owned(),
                None if attribute.oid == GIVEN_NAME => "GN".to_owned(),
                None if attribute.oid == SERIAL_NUMBER => "serialNumber".to_owned(),
                None if attribute.oid == ORGANIZATION_IDENTIFIER => "organizationIdentifier".to_owned(),
                None => attribute.oid.to_string(),
            };
            format!("{name}={text}")
        })
    }

    fn join(&self, separator: &str, one: impl Fn(&Attribute) -> String) -> String {
        let rdns: Vec<String> =
            self.rdns.iter().rev().map(|rdn| rdn.iter().map(&one).collect::<Vec<_>>().join("+")).collect();
        rdns.join(separator)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

impl std::fmt::Debug for Name {
    /// Without the values: names of people must not reach a log by accident.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name({} RDNs)", self.rdns.len())
    }
}

fn keyword(oid: &ObjectIdentifier) -> Option<&'static str> {
    const DOMAIN_COMPONENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25");
    const USER_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1");
    const STREET: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.9");
    let table = [
        (COMMON_NAME, "CN"),
        (LOCALITY, "L"),
        (STATE, "ST"),
        (ORGANIZATION, "O"),
        (ORGANIZATIONAL_UNIT, "OU"),
        (COUNTRY, "C"),
        (STREET, "STREET"),
        (DOMAIN_COMPONENT, "DC"),
        (USER_ID, "UID"),
    ];
    table.iter().find(|(o, _)| o == oid).map(|(_, k)| *k)
}

/// RFC 4514 section 2.4.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '#' if i == 0 => out.push_str("\\#"),
            ' ' if i == 0 || i == last => out.push_str("\\ "),
            // Control characters are allowed unescaped except NUL, but no reader of a line wants them.
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for b in c.encode_utf8(&mut bytes).bytes() {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\{b:02X}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_order_and_types() {
        let name = Name::of(&[
            (COUNTRY, "EE"),
            (COMMON_NAME, "ÕIE,MARI"),
            (SERIAL_NUMBER, "PNOEE-40504040001"),
            (ORGANIZATION_IDENTIFIER, "NTREE-10747013"),
        ])
        .unwrap();
        assert_eq!(Name::from_der(name.as_der()).unwrap(), name);
        assert_eq!(
            name.rfc4514(),
            "2.5.4.97=#0c0e4e545245452d3130373437303133,\
             2.5.4.5=#1311504e4f45452d3430353034303430303031,CN=ÕIE\\,MARI,C=EE"
        );
        assert_eq!(
            name.readable(),
            "organizationIdentifier=NTREE-10747013, serialNumber=PNOEE-40504040001, CN=ÕIE\\,MARI, C=EE"
        );
        assert_eq!(name.serial_number().as_deref(), Some("PNOEE-40504040001"));
        assert_eq!(name.surname(), None);
        assert!(!format!("{name:?}").contains("MARI"));
    }

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(escape(" #a "), "\\ #a\\ ");
        assert_eq!(escape("#a+b\\\"<>;,="), "\\#a\\+b\\\\\\\"\\<\\>\\;\\,=");
        assert_eq!(escape("a\nb"), "a\\0Ab");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Name::of(&[(COUNTRY, "Õ")]).is_err());
        assert!(Name::of(&[(COMMON_NAME, "")]).is_err());
        assert!(Name::from_der(&asn1::sequence(&[asn1::constructed::<Vec<u8>>(asn1::SET, &[])])).is_err());
        let rdn = Name::of(&[(COMMON_NAME, "x")]).unwrap().as_der()[2..].to_vec();
        assert!(matches!(
            Name::from_der(&asn1::sequence(&vec![rdn; 65])),
            Err(Error::TooLarge { limit: 64, .. })
        ));
    }
}
