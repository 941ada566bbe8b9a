//! From a line of text to glyphs: in the order in which they are seen [UAX #9], and in the forms and places that the font has for
//! their neighbours, script by script.

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
    /// What it stands for; empty for further glyphs of the same letters.
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
    // Where the letters of each glyph begin in the text; they end where the next ones begin.
    let mut starts: Vec<usize> = glyphs.glyph_infos().iter().map(|info| info.cluster as usize).collect();
    starts.push(text.len());
    starts.sort_unstable();
    starts.dedup();
    let mut last = None;
    for (info, position) in glyphs.glyph_infos().iter().zip(glyphs.glyph_positions()) {
        let start = info.cluster as usize;
        let end = starts.iter().copied().find(|other| *other > start).unwrap_or(text.len());
        let letters = text.get(start..end).unwrap_or_default();
        let glyph = u16::try_from(info.glyph_id).ok().filter(|glyph| *glyph != 0);
        let Some(glyph) = glyph else {
            let missing = letters.chars().find(|c| face.glyph_index(*c).is_none());
            let missing = missing.or_else(|| letters.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
            return refuse(format!("the font has no glyph for the character {missing:?}"));
        };
        placed.push(Placed {
            glyph,
            text: if last == Some(start) { String::new() } else { letters.to_owned() },
            advance: position.x_advance,
            offset: (position.x_offset, position.y_offset),
        });
        last = Some(start);
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
