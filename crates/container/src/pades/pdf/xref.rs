//! Cross-reference sections: where each object lies [ISO 32000-1 §7.5.4, §7.5.8].

use std::cell::Cell;

use super::error::{PdfError, PdfFault, Result};
use super::filter;
use super::limits::PdfLimits;
use super::object::{Dictionary, Id, Object, Stream};
use super::parser::Parser;

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Nowhere: it was deleted, or never was.
    Free,
    /// At an offset of the file.
    InUse {
        /// From the file's first byte.
        offset: u32,
        /// Its generation.
        generation: u16,
    },
    /// In an object stream.
    Compressed {
        /// The stream's object number.
        stream: u32,
        /// Its place in the stream.
        index: u32,
    },
}

/// One cross-reference section.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Where it begins.
    pub(crate) offset: usize,
    /// The first byte after its trailer, or after the object that it is.
    pub(crate) end: usize,
    /// The object that it is, if it is a stream.
    pub(crate) stream: Option<Id>,
    /// By number, ascending.
    pub(crate) entries: Vec<(u32, Entry)>,
    pub(crate) trailer: Dictionary,
}

impl Section {
    pub(crate) fn find(&self, number: u32) -> Option<Entry> {
        let index = self.entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        Some(self.entries[index].1)
    }
}

/// What reading a file may still cost.
pub(crate) struct Budget {
    pub(crate) values: Cell<usize>,
    pub(crate) inflated: Cell<usize>,
    pub(crate) entries: Cell<usize>,
}

impl Budget {
    pub(crate) fn new(limits: &PdfLimits) -> Self {
        Self {
            values: Cell::new(limits.values),
            inflated: Cell::new(limits.inflated_bytes),
            entries: Cell::new(limits.entries),
        }
    }

    fn take_entries(&self, count: u64) -> Result<()> {
        let left = usize::try_from(count).ok().and_then(|count| self.entries.get().checked_sub(count));
        self.entries.set(
            left.ok_or_else(|| PdfError::anywhere(PdfFault::TooLarge, "too many cross-reference entries"))?,
        );
        Ok(())
    }
}

/// Reads the section at `offset`.
pub(crate) fn read_section(
    data: &[u8],
    offset: usize,
    limits: &PdfLimits,
    budget: &Budget,
) -> Result<Section> {
    let mut parser = Parser::new(data, offset, limits.depth, &budget.values);
    let mut section = if parser.take("xref") {
        read_table(data, offset, parser, budget)?
    } else {
        read_stream(data, offset, parser, budget)?
    };
    section.entries.sort_by_key(|(number, _)| *number);
    if let Some(pair) = section.entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(PdfError::new(PdfFault::DuplicateEntry, offset, format!("object {}", pair[0].0)));
    }
    if let Some((last, _)) = section.entries.last()
        && *last as usize > limits.entries.saturating_mul(8)
    {
        return Err(PdfError::new(PdfFault::TooLarge, offset, format!("object number {last}")));
    }
    if section.trailer.get("Encrypt").is_some_and(|encrypt| *encrypt != Object::Null) {
        return Err(PdfError::new(PdfFault::Encrypted, offset, "Encrypt in the trailer"));
    }
    Ok(section)
}

fn read_table<'a>(data: &'a [u8], offset: usize, mut parser: Parser<'a>, budget: &Budget) -> Result<Section> {
    let fault = |at: usize, found: &str| PdfError::new(PdfFault::BrokenXref, at, found);
    let mut entries = Vec::new();
    loop {
        parser.skip_space();
        if parser.take("trailer") {
            break;
        }
        let at = parser.position();
        let first = parser.unsigned().map_err(|_| fault(at, "neither a subsection nor a trailer"))?;
        parser.skip_blanks();
        let count = parser.unsigned().map_err(|_| fault(at, "a subsection without a count"))?;
        budget.take_entries(count)?;
        for number in first..first + count {
            parser.skip_blanks();
            let at = parser.position();
            let broken = |_| fault(at, "a broken entry");
            let offset = parser.unsigned().map_err(broken)?;
            parser.skip_blanks();
            let generation = parser.unsigned().map_err(broken)?;
            parser.skip_blanks();
            let number = u32::try_from(number).map_err(|_| fault(at, "an object number too large"))?;
            let entry = if parser.take("n") {
                let offset = usize::try_from(offset).ok().filter(|offset| *offset < data.len());
                let offset = offset.ok_or_else(|| fault(at, "an offset outside the file"))?;
                in_use(offset, generation).ok_or_else(|| fault(at, "a generation too large"))?
            } else if parser.take("f") {
                Entry::Free
            } else {
                return Err(fault(at, "an entry that is neither in use nor free"));
            };
            entries.push((number, entry));
        }
    }
    let (trailer, end) = match parser.object()? {
        Object::Dictionary(trailer) => (trailer, parser.position()),
        _ => return Err(fault(parser.position(), "a trailer that is no dictionary")),
    };
    if trailer.get("XRefStm").is_some() {
        return Err(PdfError::new(PdfFault::Hybrid, offset, "XRefStm in the trailer"));
    }
    Ok(Section { offset, end, stream: None, entries, trailer })
}

fn in_use(offset: usize, generation: u64) -> Option<Entry> {
    Some(Entry::InUse { offset: u32::try_from(offset).ok()?, generation: u16::try_from(generation).ok()? })
}

fn read_stream<'a>(
    data: &'a [u8],
    offset: usize,
    mut parser: Parser<'a>,
    budget: &Budget,
) -> Result<Section> {
    let fault = |found: &str| PdfError::new(PdfFault::BrokenXref, offset, found);
    // An indirect Length could be found only with the section that is just being read.
    let direct = |_| Err(fault("a length that is not a number"));
    let head = parser.head().map_err(|_| fault("neither a table nor a stream"))?;
    let object = read_body(data, &mut parser, &direct)?;
    let end = parser.position();
    let Object::Stream(Stream { dictionary, range }) = object else {
        return Err(fault("an object that is no stream"));
    };
    if !dictionary.is("Type", "XRef") {
        return Err(fault("a stream of another type"));
    }
    let table = filter::decode(&dictionary, &data[range], &budget.inflated)?;
    let numbers = |key| -> Option<Option<Vec<u64>>> {
        match dictionary.get(key) {
            None => Some(None),
            Some(Object::Array(array)) => array
                .iter()
                .map(|object| match object {
                    Object::Integer(value) => u64::try_from(*value).ok(),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()
                .map(Some),
            Some(_) => None,
        }
    };
    let widths = numbers("W").flatten().ok_or_else(|| fault("no widths"))?;
    let [kind, second, third] = widths[..] else { return Err(fault("not three widths")) };
    if kind > 1 || second > 8 || third > 8 || second == 0 {
        return Err(fault("widths that no entry has"));
    }
    let size = dictionary.integer("Size").and_then(|size| u64::try_from(size).ok());
    let index = match numbers("Index").ok_or_else(|| fault("a broken Index"))? {
        Some(index) => index,
        None => vec![0, size.ok_or_else(|| fault("no size"))?],
    };
    let mut rows = table.chunks_exact((kind + second + third) as usize);
    let mut entries = Vec::new();
    for pair in index.chunks(2) {
        let [first, count] = pair[..] else { return Err(fault("a broken Index")) };
        budget.take_entries(count)?;
        for number in first..first.saturating_add(count) {
            let row = rows.next().ok_or_else(|| fault("fewer entries than Index says"))?;
            let (kind_field, rest) = row.split_at(kind as usize);
            let (second_field, third_field) = rest.split_at(second as usize);
            let value = |field: &[u8]| field.iter().fold(0, |n: u64, byte| n << 8 | u64::from(*byte));
            let (second, third) = (value(second_field), value(third_field));
            let number = u32::try_from(number).map_err(|_| fault("an object number too large"))?;
            let entry = match if kind == 0 { 1 } else { value(kind_field) } {
                0 => Entry::Free,
                1 => {
                    let offset = usize::try_from(second).ok().filter(|offset| *offset < data.len());
                    in_use(offset.ok_or_else(|| fault("an offset outside the file"))?, third)
                        .ok_or_else(|| fault("a generation too large"))?
                }
                2 => Entry::Compressed {
                    stream: u32::try_from(second).map_err(|_| fault("an object number too large"))?,
                    index: u32::try_from(third).map_err(|_| fault("an index too large"))?,
                },
                _ => return Err(fault("an entry of an unknown type")),
            };
            entries.push((number, entry));
        }
    }
    Ok(Section { offset, end, stream: Some(head.id), entries, trailer: dictionary })
}

/// Reads what stands between `obj` and `endobj`. `length_of` resolves an indirect stream length.
pub(crate) fn read_body(
    data: &[u8],
    parser: &mut Parser<'_>,
    length_of: &dyn Fn(Id) -> Result<usize>,
) -> Result<Object> {
    let object = parser.object()?;
    parser.skip_space();
    let Object::Dictionary(dictionary) = object else {
        parser.expect("endobj")?;
        return Ok(object);
    };
    let start = parser.position();
    if !parser.take("stream") {
        parser.expect("endobj")?;
        return Ok(Object::Dictionary(dictionary));
    }
    let fault = |found: &str| PdfError::new(PdfFault::BrokenStream, start, found);
    let begin = match &data[parser.position()..] {
        [b'\r', b'\n', ..] => parser.position() + 2,
        [b'\n', ..] => parser.position() + 1,
        _ => return Err(fault("no end of line behind the word stream")),
    };
    let length = match dictionary.get("Length") {
        Some(Object::Integer(length)) => usize::try_from(*length).map_err(|_| fault("a negative length"))?,
        Some(Object::Reference(id)) => length_of(*id)?,
        _ => return Err(fault("no length")),
    };
    let end = begin.checked_add(length).filter(|end| *end <= data.len());
    let end = end.ok_or_else(|| fault("a length beyond the file's end"))?;
    parser.jump(end);
    parser.skip_blanks();
    if !parser.take("endstream") {
        return Err(fault("no endstream where the length says"));
    }
    parser.expect("endobj")?;
    Ok(Object::Stream(Stream { dictionary, range: begin..end }))
}
