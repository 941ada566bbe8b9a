//! A PDF file as a chain of revisions [ISO 32000-1 §7.5.6], and the document that each of them shows.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::error::{PdfError, PdfFault, Result};
use super::filter;
use super::limits::PdfLimits;
use super::object::{Dictionary, Id, Object, Stream};
use super::parser::{Parser, Places, is_space};
use super::xref::{Budget, Entry, Section, read_body, read_section};

/// Where the last `startxref` has to be, from the file's end: 1024 bytes, as readers have always done.
const TAIL: usize = 1024;
/// Indirections before an object, or before the length of a stream.
const MAX_INDIRECTIONS: usize = 8;

/// A PDF file, with its cross-reference sections read. Objects are read when they are asked for.
pub struct Pdf<'a> {
    data: &'a [u8],
    limits: PdfLimits,
    /// Newest first.
    sections: Vec<Section>,
    /// Oldest first.
    revisions: Vec<Revision>,
    budget: Budget,
    /// By the offset of the stream.
    object_streams: RefCell<HashMap<u32, Rc<ObjectStream>>>,
}

/// One revision of the document: what was in the file when it ended there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its cross-reference sections among those of the file, newest first; two in a linearized file.
    sections: Range<usize>,
    /// The first byte after `%%EOF`.
    pub eof: usize,
    /// The first byte after the end of line behind it.
    pub end: usize,
}

struct ObjectStream {
    data: Vec<u8>,
    /// Number and place of each object.
    objects: Vec<(u32, usize)>,
}

impl<'a> Pdf<'a> {
    /// Reads the structure of a file.
    ///
    /// # Errors
    /// [`PdfError`] for anything that is not a whole PDF file, that is encrypted or hybrid, or beyond the limits.
    pub fn open(data: &'a [u8], limits: &PdfLimits) -> Result<Self> {
        if data.len() > limits.file_bytes || u32::try_from(data.len()).is_err() {
            return Err(PdfError::anywhere(PdfFault::TooLarge, format!("a file of {} bytes", data.len())));
        }
        if !data.starts_with(b"%PDF-") {
            return Err(PdfError::new(PdfFault::NotAPdf, 0, "no %PDF- in its first bytes"));
        }
        let budget = Budget::new(limits);
        let (start, eof) = find_end(data)?;
        let sections = read_chain(data, start, limits, &budget)?;
        let revisions = find_revisions(data, &sections, eof, limits, &budget)?;
        Ok(Self {
            data,
            limits: *limits,
            sections,
            revisions,
            budget,
            object_streams: RefCell::new(HashMap::new()),
        })
    }

    /// The whole file.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The bounds it was opened with.
    pub fn limits(&self) -> &PdfLimits {
        &self.limits
    }

    /// The revisions, oldest first; there is at least one.
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// What stands behind the last `%%EOF` and its end of line, unless it is white space.
    pub fn trailing(&self) -> Option<Range<usize>> {
        let end = self.revisions.last().map_or(0, |last| last.end);
        self.data[end..].iter().any(|byte| !is_space(*byte)).then_some(end..self.data.len())
    }

    /// The document as it is now.
    pub fn latest(&self) -> View<'_, 'a> {
        self.view(self.revisions.len() - 1)
    }

    /// The document as it was in this revision (0 is the oldest).
    pub fn view(&self, revision: usize) -> View<'_, 'a> {
        let revision = &self.revisions[revision.min(self.revisions.len() - 1)];
        View { pdf: self, first: revision.sections.start, end: revision.eof }
    }

    /// The version in the header: `1.7`.
    pub fn header_version(&self) -> &str {
        let rest = &self.data[5..];
        let length = rest.iter().take(8).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        std::str::from_utf8(&rest[..length]).unwrap_or_default()
    }

    pub(crate) fn sections_of(&self, revision: usize) -> &[Section] {
        &self.sections[self.revisions[revision].sections.clone()]
    }

    /// Reads the indirect object at an offset: its id, the object, and where it ends.
    pub(crate) fn object_at(&self, view: &View<'_, 'a>, offset: usize) -> Result<(Id, Object, usize)> {
        let mut parser = Parser::new(self.data, offset, self.limits.depth, &self.budget.values);
        let head = parser.head()?;
        let length_of = |id: Id| view.length(id, 0);
        let object = read_body(self.data, &mut parser, &length_of)?;
        Ok((head.id, object, parser.position()))
    }

    /// The dictionary of the indirect object at an offset, with the place of each value in the file.
    pub(crate) fn dictionary_at(&self, offset: usize) -> Result<(Dictionary, Places)> {
        let mut parser = Parser::new(self.data, offset, self.limits.depth, &self.budget.values);
        parser.head()?;
        parser.dictionary_with_places()
    }

    pub(crate) fn skip_space(&self, at: usize) -> usize {
        let mut parser = Parser::new(self.data, at, self.limits.depth, &self.budget.values);
        parser.skip_space();
        parser.position()
    }
}

/// The document of one revision.
#[derive(Clone, Copy)]
pub struct View<'p, 'a> {
    pdf: &'p Pdf<'a>,
    first: usize,
    end: usize,
}

impl<'p, 'a> View<'p, 'a> {
    /// The file.
    pub fn pdf(&self) -> &'p Pdf<'a> {
        self.pdf
    }

    /// The trailer.
    pub fn trailer(&self) -> &'p Dictionary {
        &self.pdf.sections[self.first].trailer
    }

    /// Where the newest cross-reference section begins.
    pub fn start_xref(&self) -> usize {
        self.pdf.sections[self.first].offset
    }

    /// Whether the newest cross-reference section is a stream.
    pub fn has_xref_stream(&self) -> bool {
        self.pdf.sections[self.first].stream.is_some()
    }

    /// The first object number that was never used.
    pub fn next_number(&self) -> u32 {
        let sections = &self.pdf.sections[self.first..];
        let used =
            sections.iter().filter_map(|section| section.entries.last().map(|(last, _)| last + 1)).max();
        let size = self.trailer().integer("Size").and_then(|size| u32::try_from(size).ok());
        used.unwrap_or(1).max(size.unwrap_or(1)).max(1)
    }

    pub(crate) fn entry(&self, number: u32) -> Option<Entry> {
        self.pdf.sections[self.first..].iter().find_map(|section| section.find(number))
    }

    /// Where the object lies in the file, if it lies there by itself.
    pub(crate) fn offset_of(&self, id: Id) -> Option<usize> {
        match self.entry(id.number) {
            Some(Entry::InUse { offset, generation }) if generation == id.generation => Some(offset as usize),
            _ => None,
        }
    }

    /// Whether there is an object with this id.
    pub fn has(&self, id: Id) -> bool {
        match self.entry(id.number) {
            Some(Entry::InUse { generation, .. }) => generation == id.generation,
            Some(Entry::Compressed { .. }) => id.generation == 0,
            Some(Entry::Free) | None => false,
        }
    }

    /// The object with this id, which is `Null` if there is none.
    ///
    /// # Errors
    /// [`PdfError`] when something else lies where it should be.
    pub fn get(&self, id: Id) -> Result<Object> {
        self.read(id, 0)
    }

    /// The object itself, or the one that it refers to.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn resolve(&self, object: &Object) -> Result<Object> {
        let mut found = match object {
            Object::Reference(id) => self.get(*id)?,
            direct => return Ok(direct.clone()),
        };
        for _ in 0..MAX_INDIRECTIONS {
            match found {
                Object::Reference(id) => found = self.get(id)?,
                object => return Ok(object),
            }
        }
        Err(PdfError::anywhere(PdfFault::ReferenceLoop, "a reference to itself"))
    }

    /// The value of a key, resolved; `Null` if there is none.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object> {
        dictionary.get(key).map_or(Ok(Object::Null), |object| self.resolve(object))
    }

    /// The value of a key as a dictionary.
    ///
    /// # Errors
    /// As [`Self::get`], and when it is there and something else.
    pub fn dictionary(&self, dictionary: &Dictionary, key: &str) -> Result<Option<Dictionary>> {
        match self.value(dictionary, key)? {
            Object::Null => Ok(None),
            Object::Dictionary(found) => Ok(Some(found)),
            _ => Err(PdfError::anywhere(PdfFault::Structure, format!("/{key} is no dictionary"))),
        }
    }

    /// The value of a key as an array; empty if there is none.
    ///
    /// # Errors
    /// As [`Self::get`], and when it is there and something else.
    pub fn array(&self, dictionary: &Dictionary, key: &str) -> Result<Vec<Object>> {
        match self.value(dictionary, key)? {
            Object::Null => Ok(Vec::new()),
            Object::Array(found) => Ok(found),
            _ => Err(PdfError::anywhere(PdfFault::Structure, format!("/{key} is no array"))),
        }
    }

    /// The id of the catalog.
    ///
    /// # Errors
    /// When the trailer names none.
    pub fn root(&self) -> Result<Id> {
        self.trailer()
            .reference("Root")
            .ok_or_else(|| PdfError::anywhere(PdfFault::Structure, "no Root in the trailer"))
    }

    /// The catalog.
    ///
    /// # Errors
    /// When there is none.
    pub fn catalog(&self) -> Result<Dictionary> {
        match self.get(self.root()?)? {
            Object::Dictionary(catalog) if catalog.is("Type", "Catalog") => Ok(catalog),
            _ => Err(PdfError::anywhere(PdfFault::Structure, "no catalog")),
        }
    }

    /// The bytes of a stream, decoded if they are deflated.
    ///
    /// # Errors
    /// For other filters, and when there are too many.
    pub fn decoded(&self, stream: &Stream) -> Result<Vec<u8>> {
        filter::decode(&stream.dictionary, self.raw(stream), &self.pdf.budget.inflated)
    }

    /// The bytes of a stream as they lie in the file.
    pub fn raw(&self, stream: &Stream) -> &'a [u8] {
        &self.pdf.data[stream.range.clone()]
    }

    /// The leaves of the page tree, in order.
    ///
    /// # Errors
    /// When the tree is broken, or has a loop.
    pub fn pages(&self) -> Result<Vec<Id>> {
        let fault = |found: &str| PdfError::anywhere(PdfFault::Structure, found);
        let root = self.catalog()?.reference("Pages").ok_or_else(|| fault("no Pages in the catalog"))?;
        let mut seen = HashSet::new();
        let mut pages = Vec::new();
        let mut stack = vec![(root, 0)];
        while let Some((id, depth)) = stack.pop() {
            if !seen.insert(id.number) || depth > self.pdf.limits.depth {
                return Err(PdfError::anywhere(PdfFault::ReferenceLoop, format!("the page tree, at {id}")));
            }
            let Object::Dictionary(node) = self.get(id)? else {
                return Err(fault("something else than a page in the page tree"));
            };
            match self.value(&node, "Kids")? {
                Object::Array(kids) => {
                    for kid in kids.iter().rev() {
                        let kid = kid.as_reference().ok_or_else(|| fault("a page that is not indirect"))?;
                        stack.push((kid, depth + 1));
                    }
                }
                _ => pages.push(id),
            }
        }
        Ok(pages)
    }

    fn read(&self, id: Id, depth: usize) -> Result<Object> {
        if depth > MAX_INDIRECTIONS {
            return Err(PdfError::anywhere(PdfFault::ReferenceLoop, format!("{id}")));
        }
        match self.entry(id.number) {
            Some(Entry::InUse { offset, generation }) if generation == id.generation => {
                let offset = offset as usize;
                if offset >= self.end {
                    return Err(PdfError::new(
                        PdfFault::XrefChain,
                        offset,
                        format!("{id} lies in a later revision"),
                    ));
                }
                let pdf = self.pdf;
                let mut parser = Parser::new(pdf.data, offset, pdf.limits.depth, &pdf.budget.values);
                let head = parser.head()?;
                if head.id != id {
                    let found = format!("{} where {id} has to be", head.id);
                    return Err(PdfError::new(PdfFault::BrokenObject, offset, found));
                }
                read_body(pdf.data, &mut parser, &|length| self.length(length, depth))
            }
            Some(Entry::Compressed { stream, index }) if id.generation == 0 => {
                let stream = self.object_stream(stream, depth)?;
                let (number, start) = stream.objects.get(index as usize).copied().unwrap_or((u32::MAX, 0));
                if number != id.number {
                    let found = format!("{id} is not in its object stream");
                    return Err(PdfError::anywhere(PdfFault::BrokenObject, found));
                }
                let pdf = self.pdf;
                Parser::new(&stream.data, start, pdf.limits.depth, &pdf.budget.values).object()
            }
            _ => Ok(Object::Null),
        }
    }

    fn length(&self, id: Id, depth: usize) -> Result<usize> {
        match self.read(id, depth + 1)? {
            Object::Integer(length) => usize::try_from(length).ok(),
            _ => None,
        }
        .ok_or_else(|| PdfError::anywhere(PdfFault::BrokenStream, format!("{id} is no length")))
    }

    fn object_stream(&self, number: u32, depth: usize) -> Result<Rc<ObjectStream>> {
        let fault = |found: String| PdfError::anywhere(PdfFault::BrokenStream, found);
        let id = Id::new(number);
        let Some(Entry::InUse { offset, generation: 0 }) = self.entry(number) else {
            return Err(fault(format!("the object stream {id} is not in the file by itself")));
        };
        if let Some(known) = self.pdf.object_streams.borrow().get(&offset) {
            return Ok(Rc::clone(known));
        }
        let Object::Stream(stream) = self.read(id, depth + 1)? else {
            return Err(fault(format!("{id} is no object stream")));
        };
        let dictionary = &stream.dictionary;
        let value = |key| dictionary.integer(key).and_then(|value| usize::try_from(value).ok());
        let (true, Some(count), Some(first)) = (dictionary.is("Type", "ObjStm"), value("N"), value("First"))
        else {
            return Err(fault(format!("{id} is no object stream")));
        };
        let data = self.decoded(&stream)?;
        if count > self.pdf.limits.entries || count > data.len() {
            return Err(fault(format!("{id} is said to have {count} objects")));
        }
        let values = &self.pdf.budget.values;
        let mut parser = Parser::new(&data, 0, 0, values);
        let mut objects = Vec::with_capacity(count);
        for _ in 0..count {
            parser.skip_space();
            let number = parser.unsigned()?;
            parser.skip_space();
            let at = parser.unsigned()?;
            let number = u32::try_from(number).map_err(|_| fault(format!("{id} is broken")))?;
            let at = usize::try_from(at).ok().and_then(|at| at.checked_add(first));
            objects.push((
                number,
                at.filter(|at| *at <= data.len()).ok_or_else(|| fault(format!("{id} is broken")))?,
            ));
        }
        let stream = Rc::new(ObjectStream { data, objects });
        self.pdf.object_streams.borrow_mut().insert(offset, Rc::clone(&stream));
        Ok(stream)
    }
}

/// The value of the last `startxref`, and the end of the `%%EOF` behind it.
fn find_end(data: &[u8]) -> Result<(usize, usize)> {
    let from = data.len().saturating_sub(TAIL);
    let word = b"startxref";
    let last = data[from..].windows(word.len()).rposition(|window| window == word);
    let at = from
        + last.ok_or_else(|| PdfError::new(PdfFault::NoEnd, from, "no startxref in the last 1024 bytes"))?;
    let (start, eof) =
        read_end(data, at).ok_or_else(|| PdfError::new(PdfFault::NoEnd, at, "a broken startxref"))?;
    if start >= at {
        return Err(PdfError::new(PdfFault::XrefChain, at, "startxref leads outside the file"));
    }
    Ok((start, eof))
}

/// `startxref`, a number, `%%EOF`.
fn read_end(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let values = std::cell::Cell::new(0);
    let mut parser = Parser::new(data, at, 0, &values);
    if !parser.take("startxref") {
        return None;
    }
    parser.skip_blanks();
    let start = usize::try_from(parser.unsigned().ok()?).ok()?;
    parser.skip_blanks();
    let eof = parser.position();
    data[eof..].starts_with(b"%%EOF").then_some((start, eof + 5))
}

fn read_chain(data: &[u8], start: usize, limits: &PdfLimits, budget: &Budget) -> Result<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    let mut next = Some(start);
    let mut seen = HashSet::new();
    while let Some(offset) = next {
        if !seen.insert(offset) {
            return Err(PdfError::new(PdfFault::XrefChain, offset, "a section that leads to itself"));
        }
        if sections.len() == limits.sections {
            let found = format!("more than {} revisions", limits.sections);
            return Err(PdfError::new(PdfFault::TooLarge, offset, found));
        }
        let section = read_section(data, offset, limits, budget)?;
        next = match section.trailer.get("Prev") {
            None => None,
            Some(Object::Integer(previous)) => {
                let previous = usize::try_from(*previous).ok().filter(|previous| *previous < data.len());
                Some(
                    previous
                        .ok_or_else(|| PdfError::new(PdfFault::XrefChain, offset, "Prev outside the file"))?,
                )
            }
            Some(_) => return Err(PdfError::new(PdfFault::XrefChain, offset, "Prev that is no number")),
        };
        sections.push(section);
    }
    Ok(sections)
}

/// Finds where each revision ends: behind the `startxref` that leads to its section. In a linearized file that
/// one stands behind the second section, and leads to the first.
fn find_revisions(
    data: &[u8],
    sections: &[Section],
    last_eof: usize,
    limits: &PdfLimits,
    budget: &Budget,
) -> Result<Vec<Revision>> {
    let tail = |section: &Section| {
        let mut parser = Parser::new(data, section.end, limits.depth, &budget.values);
        parser.skip_space();
        read_end(data, parser.position())
    };
    let mut revisions: Vec<Revision> = Vec::new();
    let mut first = 0;
    while let Some(section) = sections.get(first) {
        let mut found = None;
        for count in 1..=2 {
            let Some(last) = sections.get(first + count - 1) else { break };
            if let Some((start, eof)) = tail(last)
                && start == section.offset
            {
                found = Some((first..first + count, eof));
                break;
            }
        }
        let Some((range, eof)) = found else {
            let found = "a section without a startxref behind it that leads to it";
            return Err(PdfError::new(PdfFault::XrefChain, section.offset, found));
        };
        let eol = match &data[eof..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        first = range.end;
        revisions.push(Revision { sections: range, eof, end: eof + eol });
    }
    revisions.reverse();
    if revisions.last().is_none_or(|last| last.eof != last_eof) {
        return Err(PdfError::new(
            PdfFault::NoEnd,
            last_eof,
            "the last %%EOF does not end the last revision",
        ));
    }
    for pair in revisions.windows(2) {
        let [older, newer] = pair else { continue };
        if sections[newer.sections.clone()].iter().any(|section| section.offset < older.eof) {
            let found = "a newer section that lies in an older revision";
            return Err(PdfError::new(PdfFault::XrefChain, older.eof, found));
        }
    }
    Ok(revisions)
}
