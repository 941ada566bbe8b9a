//! From bytes to objects [ISO 32000-1 §7.2, §7.3]. No recursion beyond the allowed depth, no value that is
//! larger than its bytes, and nothing is guessed.

use std::cell::Cell;
use std::ops::Range;

use super::error::{PdfError, PdfFault, Result};
use super::object::{Dictionary, Id, Name, Object};

/// Digits of the longest number read; what real files hold has ten.
const MAX_NUMBER_LEN: usize = 32;

/// Reads one object after the other.
pub(crate) struct Parser<'a> {
    data: &'a [u8],
    at: usize,
    depth: usize,
    /// Values that may still be parsed, shared by everything that reads one file.
    values: &'a Cell<usize>,
    /// Values that one object may still have, so that none is much larger in memory than in the file.
    of_one_object: usize,
}

/// Values in one object; a tree of pages or fields that is written flat has tens of thousands.
const MAX_VALUES_OF_ONE_OBJECT: usize = 200_000;

/// Each key of a dictionary with the place of its value: from its first byte to after its last.
pub(crate) type Places = Vec<(Name, Range<usize>)>;

/// What stands at the head of an indirect object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: Id,
}

impl<'a> Parser<'a> {
    /// A parser of `data` from `at` on.
    pub(crate) fn new(data: &'a [u8], at: usize, depth: usize, values: &'a Cell<usize>) -> Self {
        Self { data, at: at.min(data.len()), depth, values, of_one_object: 0 }
    }

    /// Where the parser is.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes on elsewhere.
    pub(crate) fn jump(&mut self, at: usize) {
        self.at = at.min(self.data.len());
    }

    fn fault(&self, found: impl std::fmt::Display) -> PdfError {
        PdfError::new(PdfFault::BrokenObject, self.at, found)
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        &self.data[self.at..]
    }

    /// Skips white space and comments.
    pub(crate) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'%' => {
                    let length = self.rest().iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                    self.at += length.unwrap_or(self.rest().len());
                }
                _ if is_space(byte) => self.at += 1,
                _ => break,
            }
        }
    }

    /// Skips white space; a comment stays.
    pub(crate) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Takes a word if it stands here and ends here.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word.as_bytes())
            && self.rest().get(word.len()).is_none_or(|byte| !is_regular(*byte));
        if found {
            self.at += word.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, word: &str) -> Result<()> {
        self.skip_space();
        if self.take(word) { Ok(()) } else { Err(self.fault(format_args!("no {word:?}"))) }
    }

    /// A non-negative integer of at most 10 digits.
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > 10 || self.rest().get(digits).is_some_and(|byte| is_regular(*byte)) {
            return Err(self.fault("no number"));
        }
        let value = self.rest()[..digits].iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
        self.at += digits;
        Ok(value)
    }

    /// `number generation obj`
    pub(crate) fn head(&mut self) -> Result<Head> {
        self.skip_space();
        let number = u32::try_from(self.unsigned()?).map_err(|_| self.fault("an object number too large"))?;
        self.skip_space();
        let generation = u16::try_from(self.unsigned()?).map_err(|_| self.fault("a generation too large"))?;
        self.expect("obj")?;
        Ok(Head { id: Id { number, generation } })
    }

    /// An object; after a dictionary the word `stream` may follow, which is for the caller.
    pub(crate) fn object(&mut self) -> Result<Object> {
        self.of_one_object = MAX_VALUES_OF_ONE_OBJECT;
        self.value(0, &mut None)
    }

    /// A dictionary with the place of each value in it: from its first byte to after its last.
    pub(crate) fn dictionary_with_places(&mut self) -> Result<(Dictionary, Places)> {
        self.of_one_object = MAX_VALUES_OF_ONE_OBJECT;
        let mut places = Some(Vec::new());
        match self.value(0, &mut places)? {
            Object::Dictionary(dictionary) => Ok((dictionary, places.unwrap_or_default())),
            _ => Err(self.fault("no dictionary")),
        }
    }

    fn value(&mut self, depth: usize, places: &mut Option<Places>) -> Result<Object> {
        self.skip_space();
        if depth > self.depth {
            return Err(PdfError::new(
                PdfFault::TooLarge,
                self.at,
                format!("nested deeper than {}", self.depth),
            ));
        }
        let left = self.values.get();
        if left == 0 || self.of_one_object == 0 {
            return Err(PdfError::new(PdfFault::TooLarge, self.at, "too many values"));
        }
        self.values.set(left - 1);
        self.of_one_object -= 1;
        match self.peek() {
            None => Err(self.fault("the end")),
            Some(b'/') => self.name().map(Object::Name),
            Some(b'(') => self.literal_string().map(Object::String),
            Some(b'<') if self.rest().get(1) == Some(&b'<') => self.dictionary(depth, places),
            Some(b'<') => self.hex_string().map(Object::String),
            Some(b'[') => self.array(depth),
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => self.number_or_reference(),
            Some(_) => self.keyword(),
        }
    }

    fn keyword(&mut self) -> Result<Object> {
        for (word, object) in
            [("true", Object::Boolean(true)), ("false", Object::Boolean(false)), ("null", Object::Null)]
        {
            if self.take(word) {
                return Ok(object);
            }
        }
        let shown = &self.rest()[..self.rest().len().min(12)];
        Err(self.fault(format_args!("{:?}", String::from_utf8_lossy(shown))))
    }

    fn number_or_reference(&mut self) -> Result<Object> {
        let start = self.at;
        let length = self.rest().iter().take_while(|byte| is_regular(**byte)).count();
        let text = &self.data[start..start + length.min(MAX_NUMBER_LEN + 1)];
        if length > MAX_NUMBER_LEN {
            return Err(self.fault("a number of too many digits"));
        }
        let text = std::str::from_utf8(text).map_err(|_| self.fault("no number"))?;
        let digits = text.trim_start_matches(['+', '-']);
        let is_number = text.len() - digits.len() <= 1
            && digits.bytes().any(|byte| byte.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
        if !is_number {
            return Err(self.fault(format_args!("{text:?} instead of a number")));
        }
        self.at += length;
        if digits.contains('.') {
            return Ok(Object::Real(text.to_owned()));
        }
        let value: i64 = text.parse().map_err(|_| self.fault(format_args!("{text:?}, too large")))?;
        if text.len() == digits.len()
            && let Some(id) = self.rest_of_reference(value)
        {
            return Ok(Object::Reference(id));
        }
        Ok(Object::Integer(value))
    }

    /// ` generation R` behind a number.
    fn rest_of_reference(&mut self, number: i64) -> Option<Id> {
        let start = self.at;
        let read = |parser: &mut Self| {
            let number = u32::try_from(number).ok()?;
            // A comment between the parts of a reference is legal and occurs nowhere.
            parser.skip_blanks();
            let generation = u16::try_from(parser.unsigned().ok()?).ok()?;
            parser.skip_blanks();
            parser.take("R").then_some(Id { number, generation })
        };
        let id = read(self);
        if id.is_none() {
            self.at = start;
        }
        id
    }

    fn name(&mut self) -> Result<Name> {
        self.at += 1;
        let length = self.rest().iter().take_while(|byte| is_regular(**byte)).count();
        let text = &self.rest()[..length];
        let mut name = Vec::with_capacity(length);
        let mut index = 0;
        while index < length {
            if text[index] == b'#' {
                let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
                let (Some(high), Some(low)) = (digit(index + 1), digit(index + 2)) else {
                    return Err(self.fault("a name with a # that is no escape"));
                };
                // Two hexadecimal digits fit a byte.
                name.push((high * 16 + low) as u8);
                index += 3;
            } else {
                name.push(text[index]);
                index += 1;
            }
        }
        self.at += length;
        Ok(Name(name))
    }

    fn literal_string(&mut self) -> Result<Vec<u8>> {
        let start = self.at;
        self.at += 1;
        let mut open = 1;
        let mut string = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(string);
                    }
                }
                b'\\' => {
                    self.escape(&mut string);
                    continue;
                }
                // An end of line of any form reads as a line feed.
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.at += 1;
                    }
                    string.push(b'\n');
                    continue;
                }
                _ => {}
            }
            string.push(byte);
        }
        Err(PdfError::new(PdfFault::BrokenObject, start, "a string without end"))
    }

    fn escape(&mut self, string: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.at += 1;
        match byte {
            b'n' => string.push(b'\n'),
            b'r' => string.push(b'\r'),
            b't' => string.push(b'\t'),
            b'b' => string.push(8),
            b'f' => string.push(12),
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
            }
            b'\n' => {}
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                // The standard says to ignore what overflows.
                string.push((value & 0xFF) as u8);
            }
            other => string.push(other),
        }
    }

    fn hex_string(&mut self) -> Result<Vec<u8>> {
        let start = self.at;
        self.at += 1;
        let mut string = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                // A missing last digit is zero.
                string.extend(high.map(|high: u8| high << 4));
                return Ok(string);
            }
            if is_space(byte) {
                continue;
            }
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => byte - b'A' + 10,
                _ => return Err(self.fault("a hexadecimal string with something else in it")),
            };
            high = match high {
                None => Some(digit),
                Some(high) => {
                    string.push(high << 4 | digit);
                    None
                }
            };
        }
        Err(PdfError::new(PdfFault::BrokenObject, start, "a string without end"))
    }

    fn array(&mut self, depth: usize) -> Result<Object> {
        self.at += 1;
        let mut array = Vec::new();
        loop {
            self.skip_space();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Object::Array(array));
            }
            array.push(self.value(depth + 1, &mut None)?);
        }
    }

    fn dictionary(&mut self, depth: usize, places: &mut Option<Places>) -> Result<Object> {
        self.at += 2;
        let mut dictionary = Dictionary::default();
        loop {
            self.skip_space();
            if self.rest().starts_with(b">>") {
                self.at += 2;
                return Ok(Object::Dictionary(dictionary));
            }
            if self.peek() != Some(b'/') {
                return Err(self.fault("a dictionary with a key that is no name"));
            }
            let key = self.name()?;
            self.skip_space();
            let start = self.at;
            let value = self.value(depth + 1, &mut None)?;
            if let Some(places) = places {
                places.push((key.clone(), start..self.at));
            }
            // Looking a key up is linear, so a dictionary of many keys would be quadratic.
            if dictionary.len() > 4_096 {
                return Err(PdfError::new(PdfFault::TooLarge, self.at, "a dictionary of over 4096 keys"));
            }
            let shown = key.text();
            if !dictionary.insert_new(key, value) {
                return Err(PdfError::new(PdfFault::DuplicateKey, start, format!("/{shown}")));
            }
        }
    }
}

/// White space [ISO 32000-1 table 1].
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

/// Neither white space nor a delimiter.
fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !b"()<>[]{}/%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Object> {
        let values = Cell::new(1000);
        let mut parser = Parser::new(text, 0, 8, &values);
        let object = parser.object()?;
        parser.skip_space();
        if parser.position() == text.len() { Ok(object) } else { Err(parser.fault("something behind it")) }
    }

    #[test]
    fn every_kind_of_object_is_read_and_written() {
        for text in [
            "null",
            "true",
            "false",
            "-17",
            "+.5",
            "/A#20B",
            "(a\\(b)",
            "<00FF>",
            "[1 2 R 3 0 R]",
            "<</A 1\n/B [/C]\n>>",
        ] {
            let object = parse(text.as_bytes()).unwrap();
            let mut written = Vec::new();
            object.write(&mut written);
            assert_eq!(parse(&written).unwrap(), object, "{text}");
        }
        assert_eq!(parse(b"[1 2 R 3 0 R]").unwrap().as_array().unwrap().len(), 2);
        assert_eq!(parse(b"[1 2 3]").unwrap().as_array().unwrap().len(), 3);
    }

    #[test]
    fn strings_are_decoded() {
        let string = |text: &[u8]| match parse(text).unwrap() {
            Object::String(string) => string,
            other => panic!("{other:?}"),
        };
        assert_eq!(string(b"(a(b)\\)\\n\\101\\7)"), b"a(b))\nA\x07");
        assert_eq!(string(b"(a\\\r\nb\r\nc)"), b"ab\nc");
        assert_eq!(string(b"<4 1 4>"), b"A@");
    }

    #[test]
    fn what_is_broken_is_refused() {
        let deep = [vec![b'['; 10], vec![b']'; 10]].concat();
        for text in [
            &b""[..],
            b"(a",
            b"<4",
            b"<4g>",
            b"[1",
            b"<</A",
            b"<</A 1",
            b"<<1 2>>",
            b"--1",
            b"1.2.3",
            b"/A#g0",
            b"obj",
            b"<</A 1/A 2>>",
            b"99999999999999999999",
            &deep,
        ] {
            assert!(parse(text).is_err(), "{:?}", String::from_utf8_lossy(text));
        }
        let values = Cell::new(3);
        assert!(Parser::new(b"[1 2 3]", 0, 8, &values).object().is_err());
    }
}
