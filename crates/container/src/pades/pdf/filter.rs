//! Decoding of structural streams: FlateDecode with the predictors that cross-reference streams use
//! [ISO 32000-1 §7.4.4]. Everything else is refused.

use std::cell::Cell;
use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::error::{PdfError, PdfFault, Result};
use super::object::{Dictionary, Object};

/// Decodes `data`; what comes out is taken from the `budget`.
pub(super) fn decode(dictionary: &Dictionary, data: &[u8], budget: &Cell<usize>) -> Result<Vec<u8>> {
    let unknown = |found: String| Err(PdfError::anywhere(PdfFault::UnknownFilter, found));
    let filter = match dictionary.get("Filter") {
        None | Some(Object::Null) => None,
        Some(Object::Name(name)) => Some(name),
        Some(Object::Array(array)) => match array.as_slice() {
            [] => None,
            [Object::Name(name)] => Some(name),
            _ => return unknown("several filters".to_owned()),
        },
        Some(other) => return unknown(format!("{other:?}")),
    };
    let parameters = match dictionary.get("DecodeParms") {
        Some(Object::Array(array)) => array.first().and_then(Object::as_dictionary),
        Some(other) => other.as_dictionary(),
        None => None,
    };
    let Some(filter) = filter else {
        spend(budget, data.len())?;
        return Ok(data.to_vec());
    };
    if *filter != "FlateDecode" && *filter != "Fl" {
        return unknown(format!("/{}", filter.text()));
    }
    let allowed = budget.get();
    let mut inflated = Vec::new();
    let read = ZlibDecoder::new(data).take(allowed as u64 + 1).read_to_end(&mut inflated);
    if inflated.len() > allowed {
        return Err(too_large());
    }
    spend(budget, inflated.len())?;
    read.map_err(|error| PdfError::anywhere(PdfFault::BrokenStream, error))?;
    match parameters {
        Some(parameters) => undo_predictor(parameters, inflated),
        None => Ok(inflated),
    }
}

fn too_large() -> PdfError {
    PdfError::anywhere(PdfFault::TooLarge, "streams that inflate to too many bytes")
}

fn spend(budget: &Cell<usize>, bytes: usize) -> Result<()> {
    let left = budget.get().checked_sub(bytes).ok_or_else(too_large)?;
    budget.set(left);
    Ok(())
}

/// PNG predictors: each row begins with a byte that says how it was predicted.
fn undo_predictor(parameters: &Dictionary, data: Vec<u8>) -> Result<Vec<u8>> {
    let broken = |found: String| PdfError::anywhere(PdfFault::UnknownFilter, found);
    let value = |key, default| match parameters.get(key) {
        None => Some(default),
        Some(Object::Integer(value)) => usize::try_from(*value).ok(),
        Some(_) => None,
    };
    let wrong = || broken("DecodeParms that are not understood".to_owned());
    let predictor = value("Predictor", 1).ok_or_else(wrong)?;
    if predictor == 1 {
        return Ok(data);
    }
    let (colors, bits) =
        (value("Colors", 1).ok_or_else(wrong)?, value("BitsPerComponent", 8).ok_or_else(wrong)?);
    let columns = value("Columns", 1).filter(|columns| (1..=1 << 16).contains(columns)).ok_or_else(wrong)?;
    if !(10..=15).contains(&predictor) || colors != 1 || bits != 8 {
        return Err(broken(format!("predictor {predictor} with {colors} colors of {bits} bits")));
    }
    if !data.len().is_multiple_of(columns + 1) {
        return Err(PdfError::anywhere(PdfFault::BrokenStream, "a last row that is cut"));
    }
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0; columns];
    for row in data.chunks_exact(columns + 1) {
        let (kind, row) = (row[0], &row[1..]);
        let mut line: Vec<u8> = Vec::with_capacity(columns);
        for (index, &byte) in row.iter().enumerate() {
            let left = if index == 0 { 0 } else { line[index - 1] };
            let corner = if index == 0 { 0 } else { above[index - 1] };
            let up = above[index];
            line.push(byte.wrapping_add(match kind {
                0 => 0,
                1 => left,
                2 => up,
                // The mean of two bytes is a byte.
                3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
                4 => paeth(left, up, corner),
                _ => return Err(PdfError::anywhere(PdfFault::BrokenStream, "an unknown row predictor")),
            }));
        }
        out.extend_from_slice(&line);
        above = line;
    }
    Ok(out)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (from_a, from_b, from_c) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if from_a <= from_b && from_a <= from_c {
        left
    } else if from_b <= from_c {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn deflated(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn flate() -> Dictionary {
        Dictionary::of([("Filter", Object::name("FlateDecode"))])
    }

    #[test]
    fn what_inflates_to_more_than_the_budget_is_refused() {
        let bomb = deflated(&vec![0; 1 << 20]);
        let budget = Cell::new(1 << 16);
        assert_eq!(decode(&flate(), &bomb, &budget).unwrap_err().fault, PdfFault::TooLarge);
        let budget = Cell::new(1 << 20);
        assert_eq!(decode(&flate(), &bomb, &budget).unwrap().len(), 1 << 20);
        assert_eq!(budget.get(), 0);
    }

    #[test]
    fn predictors_are_undone() {
        let mut dictionary = flate();
        let parameters =
            Dictionary::of([("Predictor", Object::Integer(12)), ("Columns", Object::Integer(3))]);
        dictionary.set("DecodeParms", Object::Dictionary(parameters));
        let rows = [[0, 1, 2, 3], [2, 1, 1, 1], [1, 5, 1, 1], [4, 1, 1, 1], [3, 2, 2, 2]].concat();
        let out = decode(&dictionary, &deflated(&rows), &Cell::new(1000)).unwrap();
        assert_eq!(out, [1, 2, 3, 2, 3, 4, 5, 6, 7, 6, 7, 8, 5, 8, 10]);
        assert!(decode(&dictionary, &deflated(&rows[1..]), &Cell::new(1000)).is_err());
    }

    #[test]
    fn other_filters_are_refused() {
        let dictionary = Dictionary::of([("Filter", Object::name("LZWDecode"))]);
        assert_eq!(decode(&dictionary, b"", &Cell::new(10)).unwrap_err().fault, PdfFault::UnknownFilter);
        assert!(decode(&flate(), b"no zlib", &Cell::new(10)).is_err());
    }
}
