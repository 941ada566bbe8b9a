//! What is seen of a signature on a page: lines of text in a rectangle.

use unicode_normalization::UnicodeNormalization as _;

use super::pdf::{Dictionary, Id, Object, Update, View};
use crate::error::{Error, Result};

/// A visible signature: where, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct Appearance {
    /// The page, counted from 1; negative ones count from the last page, which is −1.
    pub page: i32,
    /// Left, bottom, width and height in points, as the page is seen; its bottom left corner is 0, 0.
    pub rectangle: [f64; 4],
    /// Lines of text.
    pub lines: Vec<String>,
}

/// Around the text, in points.
const MARGIN: f64 = 3.0;
/// Sizes of text, in points: what fits, between these.
const SMALLEST: f64 = 4.0;
const LARGEST: f64 = 12.0;
/// From line to line, in sizes of the text.
const LEADING: f64 = 1.2;
/// Lines of one signature.
const MAX_LINES: usize = 32;

fn refuse<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::Appearance { problem: problem.into() })
}

impl Appearance {
    pub(super) fn page_index(&self, view: &View<'_, '_>) -> Result<usize> {
        let count = view.pages()?.len();
        let wanted = i64::from(self.page);
        let index = match wanted {
            1.. => usize::try_from(wanted - 1).ok(),
            _ => usize::try_from(-wanted)
                .ok()
                .filter(|back| *back > 0)
                .and_then(|back| count.checked_sub(back)),
        };
        match index.filter(|index| *index < count) {
            Some(index) => Ok(index),
            None => refuse(format!("there is no page {wanted}; the document has {count}")),
        }
    }

    /// Draws it and gives the widget of a new field its place and its look.
    pub(super) fn place(&self, update: &mut Update<'_, '_>, page: Id, field: &mut Dictionary) -> Result<()> {
        let page = PageArea::read(&update.base(), page)?;
        let rectangle = page.to_user_space(self.rectangle)?;
        if let Some(other) = page.covered_by(&update.base(), rectangle)? {
            return refuse(format!("it would lie over another field or annotation, at {other:?}"));
        }
        let [_, _, width, height] = self.rectangle;
        let stream = self.draw(update, width, height, page.rotation)?;
        field.set("Rect", Object::Array(rectangle.map(number).to_vec()));
        field.set("AP", Object::Dictionary(Dictionary::of([("N", Object::Reference(stream))])));
        Ok(())
    }

    /// Draws it as a form of this size, upright on a page that is shown with this rotation.
    pub(super) fn draw(
        &self,
        update: &mut Update<'_, '_>,
        width: f64,
        height: f64,
        rotation: i64,
    ) -> Result<Id> {
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            return refuse(format!("{} lines of text; 1 to {MAX_LINES} can be shown", self.lines.len()));
        }
        let lines = self.lines.iter().map(|line| encode(line)).collect::<Result<Vec<_>>>()?;
        let widest = lines.iter().map(|line| line.width).fold(0.0, f64::max);
        let (inner_width, inner_height) = (width - 2.0 * MARGIN, height - 2.0 * MARGIN);
        let by_width = if widest > 0.0 { inner_width / widest } else { LARGEST };
        // There are at most MAX_LINES.
        let by_height = inner_height / (lines.len() as f64 * LEADING);
        let size = by_width.min(by_height).min(LARGEST);
        if size.is_nan() || size < SMALLEST {
            return refuse(format!("the text does not fit into {width} by {height} points"));
        }
        let mut content = format!(
            "q BT /F1 {} Tf {} TL {MARGIN} {} Td\n",
            short(size),
            short(size * LEADING),
            short(height - MARGIN - size)
        );
        for line in &lines {
            content.push_str(&line.operator);
            content.push_str(" Tj T*\n");
        }
        content.push_str("ET Q\n");
        let font = update.add(&Object::Dictionary(Dictionary::of([
            ("Type", Object::name("Font")),
            ("Subtype", Object::name("Type1")),
            ("BaseFont", Object::name("Helvetica")),
            ("Encoding", Object::name("WinAnsiEncoding")),
        ])));
        let fonts = Dictionary::of([("F1", Object::Reference(font))]);
        let matrix = match rotation {
            90 => [0.0, 1.0, -1.0, 0.0, height, 0.0],
            180 => [-1.0, 0.0, 0.0, -1.0, width, height],
            270 => [0.0, -1.0, 1.0, 0.0, 0.0, width],
            _ => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        };
        let dictionary = Dictionary::of([
            ("Type", Object::name("XObject")),
            ("Subtype", Object::name("Form")),
            ("BBox", Object::Array([0.0, 0.0, width, height].map(number).to_vec())),
            ("Matrix", Object::Array(matrix.map(number).to_vec())),
            ("Resources", Object::Dictionary(Dictionary::of([("Font", Object::Dictionary(fonts))]))),
        ]);
        Ok(update.add_stream(dictionary, content.as_bytes()))
    }
}

/// A line as it is written into the content.
struct Line {
    /// The string.
    operator: String,
    /// In sizes of the text.
    width: f64,
}

fn encode(line: &str) -> Result<Line> {
    let mut text = Vec::new();
    let mut width = 0;
    for character in line.nfc() {
        let Some(byte) = win_ansi(character) else {
            return refuse(format!("the character {character:?} is not in the built-in font"));
        };
        text.push(byte);
        width += helvetica_width(character);
    }
    let mut operator = Vec::new();
    Object::String(text).write(&mut operator);
    Ok(Line { operator: String::from_utf8_lossy(&operator).into_owned(), width: f64::from(width) / 1000.0 })
}

/// WinAnsiEncoding [ISO 32000-1 annex D.2]: Latin-1, and these between.
const BETWEEN: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8A),
    ('‹', 0x8B),
    ('Œ', 0x8C),
    ('Ž', 0x8E),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9A),
    ('›', 0x9B),
    ('œ', 0x9C),
    ('ž', 0x9E),
    ('Ÿ', 0x9F),
];

fn win_ansi(character: char) -> Option<u8> {
    match character {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(character)).ok(),
        _ => BETWEEN.iter().find(|(known, _)| *known == character).map(|(_, byte)| *byte),
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

/// A page's visible part, and how it is turned when shown.
struct PageArea {
    /// Left, bottom, right, top.
    area: [f64; 4],
    /// 0, 90, 180 or 270, clockwise.
    rotation: i64,
    annotations: Vec<Object>,
}

impl PageArea {
    fn read(view: &View<'_, '_>, page: Id) -> Result<Self> {
        let (mut media, mut crop, mut rotation, mut annotations) = (None, None, None, Vec::new());
        let mut next = Some(page);
        // Boxes and rotation are inherited; `pages` has seen that the tree has no loop and is not deep.
        for level in 0..view.pdf().limits().depth {
            let Some(id) = next else { break };
            let Object::Dictionary(node) = view.get(id)? else { break };
            if level == 0 {
                annotations = view.array(&node, "Annots")?;
            }
            media = media.or(rectangle(view, &node, "MediaBox")?);
            crop = crop.or(rectangle(view, &node, "CropBox")?);
            rotation = rotation.or(match view.value(&node, "Rotate")? {
                Object::Integer(rotation) => Some(rotation),
                _ => None,
            });
            next = node.reference("Parent");
        }
        let Some(media) = media else { return refuse("the page has no size") };
        let crop = crop.unwrap_or(media);
        let area =
            [media[0].max(crop[0]), media[1].max(crop[1]), media[2].min(crop[2]), media[3].min(crop[3])];
        Ok(Self { area, rotation: rotation.unwrap_or(0).rem_euclid(360), annotations })
    }

    /// From the page as it is seen to its own coordinates: left, bottom, right, top.
    fn to_user_space(&self, [x, y, width, height]: [f64; 4]) -> Result<[f64; 4]> {
        let [left, bottom, right, top] = self.area;
        let (seen_width, seen_height) = match self.rotation {
            90 | 270 => (top - bottom, right - left),
            _ => (right - left, top - bottom),
        };
        let fits = x >= 0.0 && y >= 0.0 && width > 0.0 && height > 0.0;
        if !(fits && x + width <= seen_width && y + height <= seen_height) {
            return refuse(format!(
                "it does not lie on the page, which has {seen_width} by {seen_height} points"
            ));
        }
        Ok(match self.rotation {
            90 => [right - y - height, bottom + x, right - y, bottom + x + width],
            180 => [right - x - width, top - y - height, right - x, top - y],
            270 => [left + y, top - x - width, left + y + height, top - x],
            _ => [left + x, bottom + y, left + x + width, bottom + y + height],
        })
    }

    /// Another annotation that the rectangle would lie over.
    fn covered_by(&self, view: &View<'_, '_>, own: [f64; 4]) -> Result<Option<[f64; 4]>> {
        for annotation in &self.annotations {
            let annotation = view.resolve(annotation)?;
            let Some(annotation) = annotation.as_dictionary() else { continue };
            let Some(other) = rectangle(view, annotation, "Rect")? else { continue };
            if own[0] < other[2] && other[0] < own[2] && own[1] < other[3] && other[1] < own[3] {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }
}

/// Four numbers, the smaller ones first.
pub(super) fn rectangle(view: &View<'_, '_>, dictionary: &Dictionary, key: &str) -> Result<Option<[f64; 4]>> {
    let numbers: Vec<f64> = view.array(dictionary, key)?.iter().filter_map(Object::as_number).collect();
    Ok(match numbers[..] {
        [a, b, c, d] => Some([a.min(c), b.min(d), a.max(c), b.max(d)]),
        _ => None,
    })
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn number(value: f64) -> Object {
    let text = short(value);
    text.parse().map_or(Object::Real(text), Object::Integer)
}
