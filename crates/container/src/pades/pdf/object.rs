//! What a PDF file consists of: objects [ISO 32000-1 §7.3].

use std::fmt;
use std::ops::Range;

/// An object. Numbers with a fraction keep their text, so that two of them are equal when they are written alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// `null`; also what a reference to nothing stands for.
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// A number without a point.
    Integer(i64),
    /// A number with a point, as it is written.
    Real(String),
    /// A string, decoded.
    String(Vec<u8>),
    /// A name, decoded, without the slash.
    Name(Name),
    /// An array.
    Array(Vec<Object>),
    /// A dictionary.
    Dictionary(Dictionary),
    /// A dictionary with bytes.
    Stream(Stream),
    /// Stands for another object.
    Reference(Id),
}

/// A number and a generation, by which an object is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    /// The object number.
    pub number: u32,
    /// The generation, 0 in nearly all files.
    pub generation: u16,
}

impl Id {
    /// The id of generation 0.
    pub const fn new(number: u32) -> Self {
        Self { number, generation: 0 }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} R", self.number, self.generation)
    }
}

/// A name, decoded, without the slash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub Vec<u8>);

impl Name {
    /// The name with this text.
    pub fn new(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    /// The name as text, for people.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.text())
    }
}

/// A dictionary; every key occurs once, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Dictionary(Vec<(Name, Object)>);

impl Dictionary {
    /// A dictionary of these entries.
    pub fn of<const N: usize>(entries: [(&str, Object); N]) -> Self {
        Self(entries.into_iter().map(|(key, value)| (Name::new(key), value)).collect())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Object> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// The value of a key as a name.
    pub fn name(&self, key: &str) -> Option<&Name> {
        match self.get(key)? {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the value of a key is this name.
    pub fn is(&self, key: &str, name: &str) -> bool {
        self.name(key).is_some_and(|found| *found == name)
    }

    /// The value of a key as an integer.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            Object::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The value of a key as a reference.
    pub fn reference(&self, key: &str) -> Option<Id> {
        match self.get(key)? {
            Object::Reference(id) => Some(*id),
            _ => None,
        }
    }

    /// Puts a value, in the place of the one that is there.
    pub fn set(&mut self, key: &str, value: Object) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, place)) => *place = value,
            None => self.0.push((Name::new(key), value)),
        }
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| *known != key);
    }

    /// Every entry.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Object)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a new entry; false when the key is there already.
    pub(super) fn insert_new(&mut self, key: Name, value: Object) -> bool {
        // Dictionaries are small; only resources of large documents have more than a hundred keys.
        if self.0.iter().any(|(known, _)| *known == key) {
            return false;
        }
        self.0.push((key, value));
        true
    }
}

/// The order of entries means nothing.
impl PartialEq for Dictionary {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().all(|(key, value)| {
                other.0.iter().find(|(known, _)| known == key).is_some_and(|(_, found)| found == value)
            })
    }
}

impl Eq for Dictionary {}

/// A dictionary with bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its dictionary.
    pub dictionary: Dictionary,
    /// Where the bytes, encoded, lie in the file.
    pub range: Range<usize>,
}

impl Object {
    /// The dictionary, of a stream too.
    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The id of a reference.
    pub fn as_reference(&self) -> Option<Id> {
        match self {
            Self::Reference(id) => Some(*id),
            _ => None,
        }
    }

    /// The number, of an integer or a real.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            // Coordinates are far below the 2^53 that a float holds exactly.
            #[allow(clippy::cast_precision_loss)]
            Self::Integer(value) => Some(*value as f64),
            Self::Real(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A name.
    pub fn name(text: &str) -> Self {
        Self::Name(Name::new(text))
    }

    /// Calls `found` with every reference in the object itself.
    pub fn for_each_reference(&self, found: &mut impl FnMut(Id)) {
        match self {
            Self::Reference(id) => found(*id),
            Self::Array(array) => array.iter().for_each(|object| object.for_each_reference(found)),
            Self::Dictionary(dictionary) | Self::Stream(Stream { dictionary, .. }) => {
                dictionary.iter().for_each(|(_, object)| object.for_each_reference(found));
            }
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Real(_)
            | Self::String(_)
            | Self::Name(_) => {}
        }
    }

    /// The object as it stands in a file. Streams are written by [`super::Update`].
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Boolean(true) => out.extend_from_slice(b"true"),
            Self::Boolean(false) => out.extend_from_slice(b"false"),
            Self::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Self::Real(text) => out.extend_from_slice(text.as_bytes()),
            Self::String(bytes) => write_string(bytes, out),
            Self::Name(name) => write_name(name, out),
            Self::Array(array) => {
                out.push(b'[');
                for (index, object) in array.iter().enumerate() {
                    if index > 0 {
                        out.push(b' ');
                    }
                    object.write(out);
                }
                out.push(b']');
            }
            Self::Dictionary(dictionary) | Self::Stream(Stream { dictionary, .. }) => {
                write_dictionary(dictionary, out);
            }
            Self::Reference(id) => out.extend_from_slice(id.to_string().as_bytes()),
        }
    }
}

pub(super) fn write_dictionary(dictionary: &Dictionary, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<<");
    for (key, value) in dictionary.iter() {
        write_name(key, out);
        out.push(b' ');
        value.write(out);
        out.push(b'\n');
    }
    out.extend_from_slice(b">>");
}

fn write_name(name: &Name, out: &mut Vec<u8>) {
    out.push(b'/');
    for &byte in &name.0 {
        if byte.is_ascii_graphic() && !b"#()<>[]{}/%".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("#{byte:02X}").as_bytes());
        }
    }
}

fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        out.push(b'(');
        for &byte in bytes {
            if b"()\\".contains(&byte) {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b')');
    } else {
        out.push(b'<');
        out.extend_from_slice(hex(bytes).as_bytes());
        out.push(b'>');
    }
}

/// Upper-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// A text string [ISO 32000-1 §7.9.2.2]: ASCII as it is, the rest as UTF-16 with a byte order mark.
pub fn text_string(text: &str) -> Object {
    if text.is_ascii() {
        return Object::String(text.as_bytes().to_vec());
    }
    let units = text.encode_utf16().flat_map(u16::to_be_bytes);
    Object::String([0xFE, 0xFF].into_iter().chain(units).collect())
}

/// Reads a text string: UTF-16 or UTF-8 by its mark, otherwise PDFDocEncoding, of which only what it shares
/// with Latin-1 is read exactly.
pub fn read_text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => {
            let units: Vec<u16> =
                rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
