//! What is seen of a signature on a page: lines of text in a rectangle, and a picture at their left.

mod font;
mod picture;
mod shape;

pub use font::Font;
pub use picture::Picture;

use font::Typeface;

use countersign_pki::Certificate;
use jiff::Timestamp;

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
    /// What the text is set in; none for Helvetica, which has the letters of Western European languages. Scripts that join their
    /// letters or run from the right are set as the font says.
    pub font: Option<Font>,
    /// At the left of the text.
    pub picture: Option<Picture>,
}

/// Around the text, in points.
const MARGIN: f64 = 3.0;
/// Sizes of text, in points: what fits, between these.
const SMALLEST: f64 = 4.0;
const LARGEST: f64 = 12.0;
/// From line to line, in sizes of the text.
const LEADING: f64 = 1.2;
/// How much of the width a picture beside text may have.
const PICTURE_SHARE: f64 = 0.4;
/// Lines of one signature.
const MAX_LINES: usize = 32;

fn refuse<T>(problem: impl Into<String>) -> Result<T> {
    Err(Error::Appearance { problem: problem.into() })
}

impl Appearance {
    /// What is shown when nobody says more: the signer's name, the time, and the reason if there is one.
    pub fn usual_lines(certificate: &Certificate, reason: Option<&str>, now: Timestamp) -> Vec<String> {
        let mut lines: Vec<String> = certificate.subject().common_name().into_iter().collect();
        lines.push(now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
        lines.extend(reason.map(str::to_owned));
        lines
    }

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
        if self.lines.len() > MAX_LINES || (self.lines.is_empty() && self.picture.is_none()) {
            return refuse(format!("{} lines of text; 1 to {MAX_LINES} can be shown", self.lines.len()));
        }
        let mut content = String::new();
        let mut resources = Dictionary::default();
        let mut left = MARGIN;
        if let Some(picture) = &self.picture {
            let share = if self.lines.is_empty() { 1.0 } else { PICTURE_SHARE };
            let (room, tall) = ((width - 2.0 * MARGIN) * share, height - 2.0 * MARGIN);
            let (across, up) = if picture.aspect() * tall > room {
                (room, room / picture.aspect())
            } else {
                (picture.aspect() * tall, tall)
            };
            if across < 1.0 || up < 1.0 {
                return refuse(format!("the picture does not fit into {width} by {height} points"));
            }
            let bottom = (height - up) / 2.0;
            let place = [across, up, left, bottom].map(short);
            content.push_str(&format!(
                "q {} 0 0 {} {} {} cm /I1 Do Q\n",
                place[0], place[1], place[2], place[3]
            ));
            let pictures = Dictionary::of([("I1", Object::Reference(picture.write(update)))]);
            resources.set("XObject", Object::Dictionary(pictures));
            left += across + MARGIN;
        }
        if !self.lines.is_empty() {
            let mut typeface = Typeface::of(self.font.as_ref())?;
            let lines = self.lines.iter().map(|line| typeface.set(line)).collect::<Result<Vec<_>>>()?;
            let widest = lines.iter().map(|line| line.width).fold(0.0, f64::max);
            let (inner_width, inner_height) = (width - left - MARGIN, height - 2.0 * MARGIN);
            let by_width = if widest > 0.0 { inner_width / widest } else { LARGEST };
            // There are at most MAX_LINES.
            let by_height = inner_height / (lines.len() as f64 * LEADING);
            let size = by_width.min(by_height).min(LARGEST);
            if size.is_nan() || size < SMALLEST {
                return refuse(format!("the text does not fit into {width} by {height} points"));
            }
            let numbers = [size, size * LEADING, left, height - MARGIN - size].map(short);
            content.push_str(&format!(
                "q BT /F1 {} Tf {} TL {} {} Td\n",
                numbers[0], numbers[1], numbers[2], numbers[3]
            ));
            for line in &lines {
                let indent = if line.from_right { inner_width - line.width * size } else { 0.0 };
                if indent != 0.0 {
                    content.push_str(&format!("{} 0 Td\n", short(indent)));
                }
                content.push_str(&line.operators(size));
                if indent != 0.0 {
                    content.push_str(&format!("{} 0 Td\n", short(-indent)));
                }
                content.push_str("T*\n");
            }
            content.push_str("ET Q\n");
            let fonts = Dictionary::of([("F1", Object::Reference(typeface.write(update)?))]);
            resources.set("Font", Object::Dictionary(fonts));
        }
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
            ("Resources", Object::Dictionary(resources)),
        ]);
        Ok(update.add_stream(dictionary, content.as_bytes()))
    }
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
