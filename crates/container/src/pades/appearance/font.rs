//! Fonts for visible signatures: Helvetica, which every viewer has, and TrueType fonts, of which the used glyphs go
//! into the document [ISO 32000-1 §9.6 to §9.9].

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId, Permissions};
use unicode_normalization::UnicodeNormalization as _;

use super::refuse;
use super::shape::{Placed, shape};
use crate::error::Result;
use crate::pades::pdf::{Dictionary, Id, Object, Update, hex};

/// Bytes of a font file; those with all of Chinese have 20 million.
const MAX_FONT_LEN: usize = 32 << 20;

/// A TrueType font, for text that is not Latin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Font {
    data: Vec<u8>,
}

impl Font {
    /// Takes a font file.
    ///
    /// # Errors
    /// [`crate::Error::Appearance`] when it is no TrueType font with outlines, or its maker forbids embedding.
    pub fn from_bytes(data: Vec<u8>) -> Result<Self> {
        if data.len() > MAX_FONT_LEN {
            return refuse(format!("a font of {} bytes; at most {MAX_FONT_LEN} are read", data.len()));
        }
        let face = match Face::parse(&data, 0) {
            Ok(face) => face,
            Err(error) => return refuse(format!("the font can't be read: {error}")),
        };
        if face.tables().glyf.is_none() {
            return refuse("the font has no TrueType outlines");
        }
        if face.permissions() == Some(Permissions::Restricted) || !face.is_subsetting_allowed() {
            return refuse("the font's maker forbids embedding parts of it");
        }
        Ok(Self { data })
    }
}

/// A line as it is written into the content.
pub(super) struct Line {
    pieces: Vec<Piece>,
    /// In sizes of the text.
    pub(super) width: f64,
    /// Whether it begins at the right.
    pub(super) from_right: bool,
}

enum Piece {
    /// Strings, and how far the next one is moved to the left, in thousandths of the size: what `TJ` shows.
    Show(String),
    /// What follows stands this far above the line, in sizes of the text.
    Rise(f64),
}

impl Line {
    /// The operators that show it at a size.
    pub(super) fn operators(&self, size: f64) -> String {
        let operators = self.pieces.iter().map(|piece| match piece {
            Piece::Show(strings) => format!("[{strings}] TJ\n"),
            Piece::Rise(rise) => format!("{} Ts\n", super::short(rise * size)),
        });
        operators.collect()
    }
}

/// What lines are set in.
pub(super) enum Typeface<'f> {
    Helvetica,
    TrueType { data: &'f [u8], face: Box<rustybuzz::Face<'f>>, codes: Codes },
}

/// What text is written in: a code for each glyph and what it stands for. The same glyph may be a letter here and a part of another
/// one there, and who copies the text gets what its code stands for.
pub(super) struct Codes {
    /// From the font to the part of it that goes into the document.
    glyphs: GlyphRemapper,
    known: BTreeMap<(u16, String), u16>,
    /// By code: the font's glyph, and its text. Code 0 is the glyph for what is missing, which is never shown.
    all: Vec<(u16, String)>,
}

impl Codes {
    fn new() -> Self {
        Self { glyphs: GlyphRemapper::new(), known: BTreeMap::new(), all: vec![(0, String::new())] }
    }

    fn code(&mut self, glyph: u16, text: &str) -> Result<u16> {
        let key = (glyph, text.to_owned());
        if let Some(code) = self.known.get(&key) {
            return Ok(*code);
        }
        let Ok(code) = u16::try_from(self.all.len()) else {
            return refuse("the text has more different letters than a font can hold");
        };
        self.glyphs.remap(glyph);
        self.all.push(key.clone());
        self.known.insert(key, code);
        Ok(code)
    }

    /// The glyph of each code in the part of the font that goes into the document, two bytes for each [ISO 32000-1 table 117].
    fn to_glyphs(&self) -> Vec<u8> {
        let own = |(glyph, _): &(u16, String)| self.glyphs.get(*glyph).unwrap_or(0).to_be_bytes();
        self.all.iter().flat_map(own).collect()
    }
}

impl<'f> Typeface<'f> {
    pub(super) fn of(font: Option<&'f Font>) -> Result<Self> {
        let Some(Font { data }) = font else { return Ok(Self::Helvetica) };
        let Some(face) = rustybuzz::Face::from_slice(data, 0) else {
            return refuse("the font can't be read");
        };
        Ok(Self::TrueType { data, face: Box::new(face), codes: Codes::new() })
    }

    /// Sets a line.
    pub(super) fn set(&mut self, line: &str) -> Result<Line> {
        match self {
            Self::Helvetica => set_in_helvetica(line),
            Self::TrueType { face, codes, .. } => {
                let (placed, from_right) = shape(face, line)?;
                set_shaped(face, &placed, from_right, codes)
            }
        }
    }

    /// Writes the font with the glyphs that were set.
    pub(super) fn write(self, update: &mut Update<'_, '_>) -> Result<Id> {
        match self {
            Self::Helvetica => Ok(update.add(&Object::Dictionary(Dictionary::of([
                ("Type", Object::name("Font")),
                ("Subtype", Object::name("Type1")),
                ("BaseFont", Object::name("Helvetica")),
                ("Encoding", Object::name("WinAnsiEncoding")),
            ])))),
            Self::TrueType { data, face, codes } => write_true_type(update, data, &face, &codes),
        }
    }
}

fn set_in_helvetica(line: &str) -> Result<Line> {
    let mut bytes = Vec::new();
    let mut width = 0.0;
    for character in line.nfc() {
        let Some(byte) = win_ansi(character) else {
            return refuse(format!(
                "the character {character:?} is not in the built-in font; a font that has it is needed"
            ));
        };
        bytes.push(byte);
        width += f64::from(helvetica_width(character)) / 1000.0;
    }
    Ok(Line { pieces: vec![Piece::Show(format!("<{}>", hex(&bytes)))], width, from_right: false })
}

fn set_shaped(face: &Face<'_>, placed: &[Placed], from_right: bool, codes: &mut Codes) -> Result<Line> {
    let units = f64::from(face.units_per_em());
    let thousandths = |length: i32| f64::from(length) * 1000.0 / units;
    let (mut pieces, mut show, mut rise, mut width) = (Vec::new(), String::new(), 0, 0);
    for Placed { glyph, text, advance, offset: (across, up) } in placed {
        let code = codes.code(*glyph, text)?;
        if *up != rise {
            if !show.is_empty() {
                pieces.push(Piece::Show(std::mem::take(&mut show)));
            }
            pieces.push(Piece::Rise(f64::from(*up) / units));
            rise = *up;
        }
        if *across != 0 {
            show.push_str(&format!("{} ", super::short(-thousandths(*across))));
        }
        show.push_str(&format!("<{code:04X}>"));
        // The viewer goes on by the glyph's own width; the font may want another one here.
        let wide = i32::from(face.glyph_hor_advance(GlyphId(*glyph)).unwrap_or(0));
        let back = wide + across - advance;
        if back != 0 {
            show.push_str(&format!(" {} ", super::short(thousandths(back))));
        }
        width += advance;
    }
    if !show.is_empty() {
        pieces.push(Piece::Show(show));
    }
    if rise != 0 {
        pieces.push(Piece::Rise(0.0));
    }
    Ok(Line { pieces, width: f64::from(width) / units, from_right })
}

fn write_true_type(update: &mut Update<'_, '_>, data: &[u8], face: &Face<'_>, codes: &Codes) -> Result<Id> {
    let subset = match subsetter::subset(data, 0, &codes.glyphs) {
        Ok(subset) => subset,
        Err(error) => return refuse(format!("the font can't be cut down to what is used: {error}")),
    };
    let units = f64::from(face.units_per_em());
    // Thousandths of the size, as all widths in a PDF; fonts stay far below what an integer holds.
    #[allow(clippy::cast_possible_truncation)]
    let scaled = |value: f64| Object::Integer((value * 1000.0 / units).round() as i64);
    let name = "SIGNED+Signature";
    let file =
        update.add_stream(Dictionary::of([("Length1", Object::Integer(subset.len() as i64))]), &subset);
    let bounds = face.global_bounding_box();
    let corners = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
    let descriptor = update.add(&Object::Dictionary(Dictionary::of([
        ("Type", Object::name("FontDescriptor")),
        ("FontName", Object::name(name)),
        ("Flags", Object::Integer(4)),
        ("FontBBox", Object::Array(corners.map(|corner| scaled(f64::from(corner))).to_vec())),
        ("ItalicAngle", Object::Integer(0)),
        ("Ascent", scaled(f64::from(face.ascender()))),
        ("Descent", scaled(f64::from(face.descender()))),
        ("CapHeight", scaled(f64::from(face.capital_height().unwrap_or(face.ascender())))),
        ("StemV", Object::Integer(80)),
        ("FontFile2", Object::Reference(file)),
    ])));
    let width =
        |(glyph, _): &(u16, String)| scaled(f64::from(face.glyph_hor_advance(GlyphId(*glyph)).unwrap_or(0)));
    let widths = codes.all.iter().map(width).collect();
    let to_glyphs = update.add_stream(Dictionary::default(), &codes.to_glyphs());
    let system = Dictionary::of([
        ("Registry", Object::String(b"Adobe".to_vec())),
        ("Ordering", Object::String(b"Identity".to_vec())),
        ("Supplement", Object::Integer(0)),
    ]);
    let descendant = update.add(&Object::Dictionary(Dictionary::of([
        ("Type", Object::name("Font")),
        ("Subtype", Object::name("CIDFontType2")),
        ("BaseFont", Object::name(name)),
        ("CIDSystemInfo", Object::Dictionary(system)),
        ("FontDescriptor", Object::Reference(descriptor)),
        ("CIDToGIDMap", Object::Reference(to_glyphs)),
        ("W", Object::Array(vec![Object::Integer(0), Object::Array(widths)])),
    ])));
    let to_unicode = update.add_stream(Dictionary::default(), to_unicode(&codes.all).as_bytes());
    Ok(update.add(&Object::Dictionary(Dictionary::of([
        ("Type", Object::name("Font")),
        ("Subtype", Object::name("Type0")),
        ("BaseFont", Object::name(name)),
        ("Encoding", Object::name("Identity-H")),
        ("DescendantFonts", Object::Array(vec![Object::Reference(descendant)])),
        ("ToUnicode", Object::Reference(to_unicode)),
    ]))))
}

/// What each code stands for, so that the text can be searched and copied.
fn to_unicode(codes: &[(u16, String)]) -> String {
    let mut map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
        /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n\
        /CMapName /Adobe-Identity-UCS def /CMapType 2 def\n\
        1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        .to_owned();
    let lines: Vec<String> = codes
        .iter()
        .enumerate()
        .filter(|(_, (_, text))| !text.is_empty())
        .map(|(code, (_, text))| {
            let units = text.encode_utf16().map(|unit| format!("{unit:04X}"));
            format!("<{code:04X}> <{}>\n", units.collect::<String>())
        })
        .collect();
    // A section has at most a hundred lines.
    for lines in lines.chunks(100) {
        map.push_str(&format!("{} beginbfchar\n{}endbfchar\n", lines.len(), lines.concat()));
    }
    map.push_str("endcmap CMapName currentdict /CMap defineresource pop end end\n");
    map
}

/// WinAnsiEncoding [ISO 32000-1 annex D.2]: Latin-1, and these between.
const BETWEEN: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

fn win_ansi(character: char) -> Option<u8> {
    match character {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(character)).ok(),
        '\0' => None,
        _ => u8::try_from(0x80 + BETWEEN.chars().position(|known| known == character)?).ok(),
    }
}

/// Helvetica from space to tilde, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// A letter with a mark is as wide as without; what is left is taken for as wide as anything.
fn helvetica_width(character: char) -> u16 {
    let base = character.nfd().next().unwrap_or(character);
    let index = u32::from(base).checked_sub(32).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| WIDTHS.get(index)).copied().unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_characters_between_have_their_places() {
        for (character, byte) in
            [('€', 0x80), ('Š', 0x8A), ('Ž', 0x8E), ('š', 0x9A), ('ž', 0x9E), ('Ÿ', 0x9F), ('õ', 0xF5)]
        {
            assert_eq!(win_ansi(character), Some(byte), "{character}");
        }
        for character in ['\0', '\n', '\u{81}', 'Д', '漢'] {
            assert_eq!(win_ansi(character), None, "{character:?}");
        }
    }

    #[test]
    fn widths_are_those_of_the_letters_without_marks() {
        assert_eq!(helvetica_width('õ'), helvetica_width('o'));
        assert_eq!(helvetica_width('W'), 944);
        assert_eq!(helvetica_width('~'), 584);
        assert_eq!(helvetica_width('€'), 1000);
    }

    #[test]
    fn what_is_no_font_is_refused() {
        assert!(matches!(Font::from_bytes(b"no font".to_vec()), Err(Error::Appearance { .. })));
    }
}
