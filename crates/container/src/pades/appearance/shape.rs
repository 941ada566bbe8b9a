//! From a line of text to glyphs: in the order in which they are seen [UAX #9], and in the forms and places that the font has for
//! their neighbours, script by script.

use std::collections::BTreeMap;

use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::BidiInfo;
use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};

use super::refuse;
use crate::error::Result;
use crate::report::is_direction_control;

/// A glyph in its place. Lengths are in units of the font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) glyph: u16,
    /// What it stands for; empty for others of the glyphs of the same letters.
    pub(super) text: String,
    /// From here to the next one.
    pub(super) advance: i32,
    /// How far it is moved to the right, and up.
    pub(super) offset: (i32, i32),
}

/// The glyphs of a line from left to right, and whether the line begins at the right.
pub(super) fn shape(face: &Face<'_>, line: &str) -> Result<(Vec<Placed>, bool)> {
    let line: String = line.nfc().collect();
    if let Some(control) = line.chars().find(|c| c.is_control() || is_direction_control(*c)) {
        return refuse(format!("the character {control:?} can't be seen"));
    }
    let bidi = BidiInfo::new(&line, None);
    let (mut placed, mut from_right) = (Vec::new(), false);
    for paragraph in &bidi.paragraphs {
        from_right = paragraph.level.is_rtl();
        let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let is_rtl = levels[run.start].is_rtl();
            let mut pieces = by_script(&line[run]);
            if is_rtl {
                pieces.reverse();
            }
            for piece in pieces {
                shape_piece(face, piece, is_rtl, &mut placed)?;
            }
        }
    }
    Ok((placed, from_right))
}

/// Cut where the script changes. Digits, spaces and marks go with what stands before them.
fn by_script(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut current) = (Vec::new(), 0, None);
    for (at, character) in text.char_indices() {
        let script = character.script();
        if matches!(script, Script::Common | Script::Inherited) {
            continue;
        }
        if current.is_some_and(|current| current != script) {
            pieces.push(&text[start..at]);
            start = at;
        }
        current = Some(script);
    }
    pieces.push(&text[start..]);
    pieces
}

fn shape_piece(face: &Face<'_>, text: &str, is_rtl: bool, placed: &mut Vec<Placed>) -> Result<()> {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.set_direction(if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight });
    buffer.guess_segment_properties();
    let glyphs = rustybuzz::shape(face, &[], buffer);
    // By where letters begin in the text; they end where the next ones begin. Of the glyphs that show them, a letter and its marks,
    // the widest stands for all: readers that copy text take it in the order of glyphs, and marks lie above the line.
    let mut widest: BTreeMap<usize, (i32, usize)> = BTreeMap::new();
    for (index, (info, position)) in glyphs.glyph_infos().iter().zip(glyphs.glyph_positions()).enumerate() {
        let known = widest.entry(info.cluster as usize).or_insert((position.x_advance, index));
        if position.x_advance > known.0 {
            *known = (position.x_advance, index);
        }
    }
    for (index, (info, position)) in glyphs.glyph_infos().iter().zip(glyphs.glyph_positions()).enumerate() {
        let start = info.cluster as usize;
        let end = widest.range(start + 1..).next().map_or(text.len(), |(next, _)| *next);
        let letters = text.get(start..end).unwrap_or_default();
        let is_widest = widest.get(&start).is_some_and(|(_, widest)| *widest == index);
        let glyph = u16::try_from(info.glyph_id).ok().filter(|glyph| *glyph != 0);
        let Some(glyph) = glyph else {
            let missing = letters.chars().find(|c| face.glyph_index(*c).is_none());
            let missing = missing.or_else(|| letters.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
            return refuse(format!("the font has no glyph for the character {missing:?}"));
        };
        placed.push(Placed {
            glyph,
            text: if is_widest { letters.to_owned() } else { String::new() },
            advance: position.x_advance,
            offset: (position.x_offset, position.y_offset),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_the_script_changes() {
        assert_eq!(by_script("Õie 1905 Шмид, 2"), ["Õie 1905 ", "Шмид, 2"]);
        assert_eq!(by_script("12 34"), ["12 34"]);
        assert_eq!(by_script(""), [""]);
    }
}
