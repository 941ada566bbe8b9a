//! DER by hand: tag, length, value, in the order the caller says (X.690 sections 8 and 10).
//!
//! Derived encoders decide the order and the defaults for us. A certificate that must match a
//! published profile byte for byte, and a parser that must keep the exact signed bytes, want neither,
//! so writing is a handful of functions that return bytes and reading is [`Parser`], which hands out
//! slices of its input. Both know only what PKIX uses: tags of one byte and definite lengths.

use const_oid::ObjectIdentifier;

use crate::Error;

/// `BOOLEAN`
pub const BOOLEAN: u8 = 0x01;
/// `INTEGER`
pub const INTEGER: u8 = 0x02;
/// `BIT STRING`
pub const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`
pub const OCTET_STRING: u8 = 0x04;
/// `NULL`
pub const NULL: u8 = 0x05;
/// `OBJECT IDENTIFIER`
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// `ENUMERATED`
pub const ENUMERATED: u8 = 0x0A;
/// `UTF8String`
pub const UTF8_STRING: u8 = 0x0C;
/// `PrintableString`
pub const PRINTABLE_STRING: u8 = 0x13;
/// `TeletexString`
pub const TELETEX_STRING: u8 = 0x14;
/// `IA5String`
pub const IA5_STRING: u8 = 0x16;
/// `UTCTime`
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`
pub const GENERALIZED_TIME: u8 = 0x18;
/// `BMPString`
pub const BMP_STRING: u8 = 0x1E;
/// `SEQUENCE`
pub const SEQUENCE: u8 = 0x30;
/// `SET`
pub const SET: u8 = 0x31;

/// The tag of `[number]` holding a primitive value (`IMPLICIT` string types). `number` is below 31.
pub const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag of `[number]` holding other values. `number` is below 31.
pub const fn context_constructed(number: u8) -> u8 {
    0xA0 | number
}

/// One value: `tag`, the length of `content`, `content`.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let (head, from) = head(tag, content.len());
    let mut out = Vec::with_capacity(head.len() + content.len());
    out.extend_from_slice(&head[from..]);
    out.extend_from_slice(content);
    out
}

/// The most octets of tag and length.
const HEAD_MAX: usize = 2 + size_of::<usize>();

/// Tag and length, at the end of an array, and where they begin in it.
fn head(tag: u8, length: usize) -> ([u8; HEAD_MAX], usize) {
    let mut head = [0; HEAD_MAX];
    head[2..].copy_from_slice(&length.to_be_bytes());
    if length < 0x80 {
        head[HEAD_MAX - 2] = tag;
        return (head, HEAD_MAX - 2);
    }
    let first = 2 + length.leading_zeros() as usize / 8;
    head[first - 1] = 0x80 | (HEAD_MAX - first) as u8;
    head[first - 2] = tag;
    (head, first - 2)
}

/// Writes DER from its end to its beginning: what is around a value is written after it, when its length is known, so that
/// nothing is measured twice or copied from one value into the next. Those who write thousands of answers a second use it;
/// elsewhere the functions of this module read better.
///
/// The parts of a value are written in the opposite order, the last one first:
///
/// ```
/// use countersign_pki::asn1::{self, Backwards};
///
/// let mut der = Backwards::with_room(16);
/// der.around(asn1::SEQUENCE, |der| {
///     der.value(asn1::OCTET_STRING, b"second");
///     der.value(asn1::INTEGER, &[1]);
/// });
/// assert_eq!(der.finish(), asn1::sequence(&[asn1::integer(1), asn1::octet_string(b"second")]));
/// ```
#[derive(Debug)]
pub struct Backwards {
    octets: Vec<u8>,
    /// Where what is written begins.
    start: usize,
}

impl Backwards {
    /// Nothing yet, with room for this many octets; it grows when more come.
    pub fn with_room(octets: usize) -> Self {
        Self { octets: vec![0; octets], start: octets }
    }

    /// Octets that were written.
    #[allow(clippy::len_without_is_empty)] // how far it has come, not how much a collection holds
    pub fn len(&self) -> usize {
        self.octets.len() - self.start
    }

    /// Octets that are DER already, before everything that is there.
    pub fn put(&mut self, der: &[u8]) {
        if self.start < der.len() {
            let (written, longer) = (self.len(), 2 * (self.octets.len() + der.len()));
            let mut octets = vec![0; longer];
            octets[longer - written..].copy_from_slice(&self.octets[self.start..]);
            (self.octets, self.start) = (octets, longer - written);
        }
        let end = self.start;
        self.start -= der.len();
        self.octets[self.start..end].copy_from_slice(der);
    }

    /// One value, before everything that is there.
    pub fn value(&mut self, tag: u8, content: &[u8]) {
        self.around(tag, |der| der.put(content));
    }

    /// `INTEGER` from an unsigned big-endian number, before everything that is there.
    pub fn unsigned(&mut self, big_endian: &[u8]) {
        self.around(INTEGER, |der| der.put_unsigned(big_endian));
    }

    /// The content of such an `INTEGER`: leading zeros are dropped and a sign byte added.
    pub fn put_unsigned(&mut self, big_endian: &[u8]) {
        let digits = without_leading_zeros(big_endian);
        self.put(digits);
        if needs_sign_byte(digits) {
            self.put(&[0]);
        }
    }

    /// `tag` around all that `inside` writes.
    pub fn around<T>(&mut self, tag: u8, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.len();
        let given = inside(self);
        let (head, from) = head(tag, self.len() - before);
        self.put(&head[from..]);
        given
    }

    /// Everything.
    pub fn finish(mut self) -> Vec<u8> {
        self.octets.drain(..self.start);
        self.octets
    }
}

/// A constructed value: `tag` around `parts`, in the order given.
pub fn constructed<P: AsRef<[u8]>>(tag: u8, parts: &[P]) -> Vec<u8> {
    let mut content = Vec::with_capacity(parts.iter().map(|p| p.as_ref().len()).sum());
    for part in parts {
        content.extend_from_slice(part.as_ref());
    }
    tlv(tag, &content)
}

/// `SEQUENCE` of `parts`, in the order given.
pub fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    constructed(SEQUENCE, parts)
}

/// `SET OF` `parts`, sorted as DER demands (X.690 section 11.6).
pub fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    constructed(SET, &parts)
}

/// `OBJECT IDENTIFIER`
pub fn oid(value: &ObjectIdentifier) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, value.as_bytes())
}

/// `INTEGER` from an unsigned big-endian number; leading zeros are dropped and a sign byte added.
pub fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let digits = without_leading_zeros(big_endian);
    let mut content = Vec::with_capacity(digits.len() + 1);
    if needs_sign_byte(digits) {
        content.push(0);
    }
    content.extend_from_slice(digits);
    tlv(INTEGER, &content)
}

fn without_leading_zeros(big_endian: &[u8]) -> &[u8] {
    &big_endian[big_endian.iter().take_while(|octet| **octet == 0).count()..]
}

/// Zero, too, has one octet.
fn needs_sign_byte(digits: &[u8]) -> bool {
    digits.first().is_none_or(|first| first & 0x80 != 0)
}

/// `INTEGER` from a small number.
pub fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// `BOOLEAN TRUE`; FALSE is always a default in PKIX and so never written.
pub fn boolean_true() -> Vec<u8> {
    vec![BOOLEAN, 1, 0xFF]
}

/// `NULL`
pub fn null() -> Vec<u8> {
    vec![NULL, 0]
}

/// `OCTET STRING`
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, content)
}

/// `BIT STRING` of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(bytes.len() + 1);
    content.push(0);
    content.extend_from_slice(bytes);
    tlv(BIT_STRING, &content)
}

/// `BIT STRING` of named bits, bit 0 first, without trailing zero bits (X.690 section 11.2.2).
pub fn named_bits(bits: u16) -> Vec<u8> {
    if bits == 0 {
        return vec![BIT_STRING, 1, 0];
    }
    // Bit 0 of the ASN.1 string is the most significant bit of the first byte.
    let reversed = bits.reverse_bits();
    let [first, second] = reversed.to_be_bytes();
    if second == 0 {
        vec![BIT_STRING, 2, first.trailing_zeros() as u8, first]
    } else {
        vec![BIT_STRING, 3, second.trailing_zeros() as u8, first, second]
    }
}

/// `UTF8String`
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(UTF8_STRING, text.as_bytes())
}

/// True when every character of `text` is one `PrintableString` has (X.680 section 41.4).
pub fn is_printable(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b))
}

/// `PrintableString`.
///
/// # Errors
/// [`Error::Malformed`] when the text has a character outside that alphabet.
pub fn printable_string(text: &str) -> Result<Vec<u8>, Error> {
    if is_printable(text) {
        Ok(tlv(PRINTABLE_STRING, text.as_bytes()))
    } else {
        Err(Error::malformed("PrintableString", "it has a character outside its alphabet"))
    }
}

/// `IA5String`.
///
/// # Errors
/// [`Error::Malformed`] when the text is not ASCII.
pub fn ia5_string(text: &str) -> Result<Vec<u8>, Error> {
    if text.is_ascii() {
        Ok(tlv(IA5_STRING, text.as_bytes()))
    } else {
        Err(Error::malformed("IA5String", "it has a character outside ASCII"))
    }
}

/// One value as it lies in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag byte, class and constructed bit included.
    pub tag: u8,
    /// The content.
    pub value: &'a [u8],
    /// Tag, length and content.
    pub raw: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A parser over the content.
    pub fn inside(&self, what: &'static str) -> Parser<'a> {
        Parser { rest: self.value, what }
    }

    /// The content as an object identifier.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the tag or the arcs are wrong.
    pub fn to_oid(&self, what: &'static str) -> Result<ObjectIdentifier, Error> {
        if self.tag != OBJECT_IDENTIFIER {
            return Err(Error::malformed(what, "an OBJECT IDENTIFIER was expected"));
        }
        ObjectIdentifier::from_bytes(self.value)
            .map_err(|_| Error::malformed(what, "an OBJECT IDENTIFIER is broken or too long"))
    }

    /// The content as a character string of whatever type PKIX allows (DirectoryString and IA5String).
    ///
    /// # Errors
    /// [`Error::Malformed`] when the tag is not a string's or the bytes are not of its alphabet.
    pub fn to_text(&self, what: &'static str) -> Result<String, Error> {
        let broken = Error::malformed(what, "a character string is broken");
        match self.tag {
            UTF8_STRING => String::from_utf8(self.value.to_vec()).map_err(|_| broken),
            // Old issuers put '@', '_' or '*' into PrintableString; any ASCII is read, never written.
            PRINTABLE_STRING | IA5_STRING if self.value.is_ascii() => {
                Ok(self.value.iter().map(|b| char::from(*b)).collect())
            }
            // T.61 in name, Latin-1 in practice.
            TELETEX_STRING => Ok(self.value.iter().map(|b| char::from(*b)).collect()),
            BMP_STRING if self.value.len().is_multiple_of(2) => {
                let units = self.value.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
                char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| broken)
            }
            _ => Err(broken),
        }
    }
}

/// Reads DER values one after another and refuses what is not DER: indefinite or padded lengths,
/// high tag numbers, lengths beyond the input.
#[derive(Debug, Clone)]
pub struct Parser<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Parser<'a> {
    /// A parser over `input`; `what` names the structure in errors.
    pub fn new(input: &'a [u8], what: &'static str) -> Self {
        Self { rest: input, what }
    }

    /// The content of the one value of type `tag` that `input` consists of.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another tag, broken DER or bytes after the value.
    pub fn only(input: &'a [u8], tag: u8, what: &'static str) -> Result<Tlv<'a>, Error> {
        let mut parser = Self::new(input, what);
        let tlv = parser.expect(tag)?;
        parser.end()?;
        Ok(tlv)
    }

    /// True when nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next value, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever its tag.
    ///
    /// # Errors
    /// [`Error::Malformed`] at the end of the input or for broken DER.
    pub fn any(&mut self) -> Result<Tlv<'a>, Error> {
        let what = self.what;
        let fault = |why| Error::malformed(what, why);
        let (&tag, after_tag) = self.rest.split_first().ok_or_else(|| fault("it ends too early"))?;
        if tag & 0x1F == 0x1F {
            return Err(fault("it has a tag of several bytes"));
        }
        let (&first, after_first) =
            after_tag.split_first().ok_or_else(|| fault("it ends inside a length"))?;
        let (length, content) = match first {
            0..=0x7F => (usize::from(first), after_first),
            0x80 => return Err(fault("it has an indefinite length, which is BER")),
            // Four length bytes are 4 GiB, more than any input here.
            0x81..=0x84 => {
                let count = usize::from(first & 0x7F);
                if after_first.len() < count {
                    return Err(fault("it ends inside a length"));
                }
                let (digits, content) = after_first.split_at(count);
                let length = digits.iter().fold(0u64, |n, d| n << 8 | u64::from(*d));
                if digits[0] == 0 || length < 0x80 {
                    return Err(fault("it has a padded length, which is BER"));
                }
                (usize::try_from(length).map_err(|_| fault("a length is beyond the input"))?, content)
            }
            0x85.. => return Err(fault("a length is beyond the input")),
        };
        if content.len() < length {
            return Err(fault("a length is beyond the input"));
        }
        let raw = &self.rest[..self.rest.len() - content.len() + length];
        let (value, rest) = content.split_at(length);
        self.rest = rest;
        Ok(Tlv { tag, value, raw })
    }

    /// The next value, which must have `tag`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another tag or broken DER.
    pub fn expect(&mut self, tag: u8) -> Result<Tlv<'a>, Error> {
        if self.peek().is_some_and(|found| found != tag) {
            return Err(Error::malformed(self.what, "a value has another type than it must"));
        }
        self.any()
    }

    /// The next value if it has `tag`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for broken DER.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, Error> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// A parser inside the next value, which must be a `SEQUENCE`.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another tag or broken DER.
    pub fn sequence(&mut self) -> Result<Parser<'a>, Error> {
        let what = self.what;
        self.expect(SEQUENCE).map(|tlv| tlv.inside(what))
    }

    /// The next value as an object identifier.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not one.
    pub fn oid(&mut self) -> Result<ObjectIdentifier, Error> {
        let what = self.what;
        self.expect(OBJECT_IDENTIFIER)?.to_oid(what)
    }

    /// The content bytes of the next value, an `INTEGER` in its shortest form, negative ones included.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not one.
    pub fn integer_bytes(&mut self) -> Result<&'a [u8], Error> {
        let value = self.expect(INTEGER)?.value;
        match value {
            [] => Err(Error::malformed(self.what, "an INTEGER is empty")),
            [0x00, next, ..] if next & 0x80 == 0 => {
                Err(Error::malformed(self.what, "an INTEGER is padded, which is BER"))
            }
            [0xFF, next, ..] if next & 0x80 != 0 => {
                Err(Error::malformed(self.what, "an INTEGER is padded, which is BER"))
            }
            _ => Ok(value),
        }
    }

    /// The next value, a non-negative `INTEGER`, as big-endian bytes without a sign byte (zero is empty).
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is negative or not an integer.
    pub fn unsigned_bytes(&mut self) -> Result<&'a [u8], Error> {
        match self.integer_bytes()? {
            [first, ..] if first & 0x80 != 0 => Err(Error::malformed(self.what, "an INTEGER is negative")),
            [0, rest @ ..] => Ok(rest),
            bytes => Ok(bytes),
        }
    }

    /// The next value, an `INTEGER` from 0 to 2^64-1.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is out of that range or not an integer.
    pub fn small_integer(&mut self) -> Result<u64, Error> {
        let bytes = self.unsigned_bytes()?;
        if bytes.len() > 8 {
            return Err(Error::malformed(self.what, "an INTEGER is too large"));
        }
        Ok(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// The next value, a `BOOLEAN`.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not one in DER.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        match self.expect(BOOLEAN)?.value {
            [0x00] => Ok(false),
            [0xFF] => Ok(true),
            _ => Err(Error::malformed(self.what, "a BOOLEAN is neither 00 nor FF")),
        }
    }

    /// The next value if it is a `BOOLEAN`, else `default`. An explicit default is let through: real
    /// issuers write it, and it changes nothing about the meaning.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is a broken one.
    pub fn boolean_or(&mut self, default: bool) -> Result<bool, Error> {
        if self.peek() == Some(BOOLEAN) { self.boolean() } else { Ok(default) }
    }

    /// The bytes of the next value, a `BIT STRING` of whole bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not one.
    pub fn whole_bits(&mut self) -> Result<&'a [u8], Error> {
        match self.expect(BIT_STRING)?.value {
            [0, bytes @ ..] => Ok(bytes),
            _ => Err(Error::malformed(self.what, "a BIT STRING is not of whole bytes")),
        }
    }

    /// Everything not read yet; the parser is then empty.
    pub fn remaining(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Says that nothing may be left.
    ///
    /// # Errors
    /// [`Error::Malformed`] when something is.
    pub fn end(&self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::malformed(self.what, "bytes follow its end")) }
    }
}

/// Bit 0 first: the named bits of a `BIT STRING` value, at most 16 of them.
pub(crate) fn read_named_bits(value: &[u8], what: &'static str) -> Result<u16, Error> {
    let fault = Error::malformed(what, "its named bits are not in DER");
    let (unused, bytes) = match value {
        [0] => return Ok(0),
        [unused @ 0..=7, bytes @ ..] if !bytes.is_empty() => (u32::from(*unused), bytes),
        _ => return Err(fault),
    };
    if bytes.len() > 2 {
        return Err(Error::malformed(what, "it has more bits than are named"));
    }
    // The last byte must end in exactly the announced zero bits, with a one before them.
    if bytes[bytes.len() - 1].trailing_zeros() != unused {
        return Err(fault);
    }
    let wide = u16::from_be_bytes([bytes[0], bytes.get(1).copied().unwrap_or(0)]);
    Ok(wide.reverse_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_backwards_is_the_same_however_little_room_there_was() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x1_0000] {
            let content = vec![7; length];
            for room in [0, 1, 300, 100_000] {
                let mut der = Backwards::with_room(room);
                der.around(SEQUENCE, |der| {
                    der.value(OCTET_STRING, &content);
                    der.put(&integer(5));
                });
                assert_eq!(der.finish(), sequence(&[integer(5), octet_string(&content)]), "{length} {room}");
            }
        }
    }

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(tlv(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(tlv(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(tlv(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
        for n in [0, 127, 128, 255, 256, 65536] {
            let der = tlv(OCTET_STRING, &vec![1; n]);
            assert_eq!(Parser::only(&der, OCTET_STRING, "x").unwrap().value.len(), n);
        }
    }

    #[test]
    fn ber_lengths_and_tags_are_refused() {
        for bytes in
            [&[0x30, 0x80, 0, 0][..], &[4, 0x81, 1, 0], &[4, 0x82, 0, 1, 0], &[0x1F, 1, 0], &[4, 2, 0], &[4]]
        {
            assert!(Parser::new(bytes, "x").any().is_err(), "{bytes:02x?}");
        }
        assert!(Parser::only(&[5, 0, 0], NULL, "x").is_err());
    }

    #[test]
    fn integers_have_one_encoding() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(&[0, 0, 1]), [2, 1, 1]);
        assert!(Parser::new(&[2, 2, 0, 1], "x").integer_bytes().is_err());
        assert!(Parser::new(&[2, 2, 0xFF, 0x80], "x").integer_bytes().is_err());
        assert!(Parser::new(&[2, 1, 0x80], "x").unsigned_bytes().is_err());
        assert_eq!(Parser::new(&integer(u64::MAX), "x").small_integer().unwrap(), u64::MAX);
    }

    #[test]
    fn named_bits_go_both_ways() {
        assert_eq!(named_bits(0b1), [3, 2, 7, 0x80]);
        assert_eq!(named_bits(0b10), [3, 2, 6, 0x40]);
        assert_eq!(named_bits(0b110_0000), [3, 2, 1, 0x06]);
        assert_eq!(named_bits(1 << 8), [3, 3, 7, 0, 0x80]);
        for bits in 0..0x200 {
            assert_eq!(read_named_bits(&named_bits(bits)[2..], "x").unwrap(), bits);
        }
        assert!(read_named_bits(&[6, 0x80], "x").is_err());
        assert!(read_named_bits(&[1, 0], "x").is_err());
    }
}
