//! A new revision at the end of a file [ISO 32000-1 §7.5.6].
//!
//! Whatever the file holds stays, byte for byte. New and changed objects follow it, then a cross-reference
//! section of the kind that the last revision has, so that the readers that could read the file still can.

use std::io::Write as _;
use std::ops::Range;

use super::error::{PdfError, PdfFault, Result};
use super::file::View;
use super::object::{Dictionary, Id, Object, write_dictionary};

/// A revision being written.
pub struct Update<'p, 'a> {
    base: View<'p, 'a>,
    /// Everything behind the file's bytes.
    tail: Vec<u8>,
    /// What the new section lists.
    entries: Vec<(Id, usize)>,
    next: u32,
}

impl<'p, 'a> Update<'p, 'a> {
    /// Begins a revision behind the last one.
    ///
    /// # Errors
    /// When bytes follow the file's last `%%EOF`: readers differ in what they make of them.
    pub fn new(base: View<'p, 'a>) -> Result<Self> {
        if let Some(range) = base.pdf().trailing() {
            return Err(PdfError::new(
                PdfFault::NoEnd,
                range.start,
                format!("{} bytes behind the end", range.len()),
            ));
        }
        let mut tail = Vec::new();
        if !base.pdf().data().ends_with(b"\n") {
            tail.push(b'\n');
        }
        Ok(Self { next: base.next_number(), base, tail, entries: Vec::new() })
    }

    /// The document that is changed.
    pub fn base(&self) -> View<'p, 'a> {
        self.base
    }

    /// An id that no object has.
    pub fn new_id(&mut self) -> Id {
        self.next += 1;
        Id::new(self.next - 1)
    }

    /// Whether this revision has the object already.
    pub fn has(&self, id: Id) -> bool {
        self.entries.iter().any(|(known, _)| *known == id)
    }

    fn begin(&mut self, id: Id) {
        let offset = self.base.pdf().data().len() + self.tail.len();
        self.entries.retain(|(known, _)| *known != id);
        self.entries.push((id, offset));
        self.tail.extend_from_slice(format!("{} {} obj\n", id.number, id.generation).as_bytes());
    }

    /// Writes an object, new or instead of the one with this id.
    pub fn put(&mut self, id: Id, object: &Object) {
        self.begin(id);
        object.write(&mut self.tail);
        self.tail.extend_from_slice(b"\nendobj\n");
    }

    /// Writes a new object and gives its id.
    pub fn add(&mut self, object: &Object) -> Id {
        let id = self.new_id();
        self.put(id, object);
        id
    }

    /// Writes a stream of these bytes, deflated, unless `dictionary` names a filter already.
    pub fn add_stream(&mut self, mut dictionary: Dictionary, bytes: &[u8]) -> Id {
        let id = self.new_id();
        let deflated;
        let bytes = if dictionary.get("Filter").is_none() {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            // Writing to a vector cannot fail.
            deflated = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
            dictionary.set("Filter", Object::name("FlateDecode"));
            deflated.as_slice()
        } else {
            bytes
        };
        dictionary.set("Length", Object::Integer(bytes.len() as i64));
        self.begin(id);
        write_dictionary(&dictionary, &mut self.tail);
        self.tail.extend_from_slice(b"\nstream\n");
        self.tail.extend_from_slice(bytes);
        self.tail.extend_from_slice(b"\nendstream\nendobj\n");
        id
    }

    /// Writes a dictionary whose `ByteRange` and `Contents` are filled in later, and gives the places of both in
    /// the whole file: of the array with its brackets, and of the string with its angle brackets.
    pub fn put_with_gap(
        &mut self,
        id: Id,
        dictionary: &Dictionary,
        reserved: usize,
    ) -> (Range<usize>, Range<usize>) {
        self.begin(id);
        let at = |tail: &Vec<u8>| self.base.pdf().data().len() + tail.len();
        let mut tail = std::mem::take(&mut self.tail);
        write_dictionary(dictionary, &mut tail);
        tail.truncate(tail.len() - 2);
        tail.extend_from_slice(b"/ByteRange ");
        let start = at(&tail);
        tail.extend_from_slice(byte_range_text([0; 4]).as_bytes());
        let byte_range = start..at(&tail);
        tail.extend_from_slice(b"\n/Contents ");
        let start = at(&tail);
        tail.push(b'<');
        tail.resize(tail.len() + reserved * 2, b'0');
        tail.push(b'>');
        let contents = start..at(&tail);
        tail.extend_from_slice(b"\n>>\nendobj\n");
        self.tail = tail;
        (byte_range, contents)
    }

    /// Writes the cross-reference section and gives the whole file.
    ///
    /// # Errors
    /// When it would be larger than the limits.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let data = self.base.pdf().data();
        let mut trailer = Dictionary::default();
        let old = self.base.trailer();
        for key in ["Root", "Info"] {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        trailer.set("Prev", Object::Integer(self.base.start_xref() as i64));
        if let Some(id) = self.file_identifier()? {
            trailer.set("ID", id);
        }
        if self.base.has_xref_stream() {
            self.write_xref_stream(trailer);
        } else {
            self.write_xref_table(trailer);
        }
        let size = data.len() + self.tail.len();
        if size > self.base.pdf().limits().file_bytes {
            return Err(PdfError::anywhere(PdfFault::TooLarge, format!("a file of {size} bytes")));
        }
        let mut file = Vec::with_capacity(size);
        file.extend_from_slice(data);
        file.extend_from_slice(&self.tail);
        Ok(file)
    }

    /// The first part of the identifier stays; the second is another one for each revision [ISO 32000-1 §14.4].
    fn file_identifier(&self) -> Result<Option<Object>> {
        let array = self.base.array(self.base.trailer(), "ID")?;
        let [Object::String(first), _] = array.as_slice() else { return Ok(None) };
        let mut hasher = countersign_pki::Digest::Sha256.hasher();
        hasher.update(first);
        hasher.update(&self.base.pdf().data().len().to_be_bytes());
        hasher.update(&self.tail);
        let second = hasher.finish()[..16].to_vec();
        Ok(Some(Object::Array(vec![Object::String(first.clone()), Object::String(second)])))
    }

    /// Runs of consecutive object numbers.
    fn runs(&self) -> Vec<Vec<(Id, usize)>> {
        let mut entries = self.entries.clone();
        entries.sort();
        let mut runs: Vec<Vec<(Id, usize)>> = Vec::new();
        for entry in entries {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|(last, _)| last.number + 1 == entry.0.number) => {
                    run.push(entry)
                }
                _ => runs.push(vec![entry]),
            }
        }
        runs
    }

    fn write_xref_table(&mut self, mut trailer: Dictionary) {
        let start = self.base.pdf().data().len() + self.tail.len();
        self.tail.extend_from_slice(b"xref\n");
        for run in self.runs() {
            self.tail.extend_from_slice(format!("{} {}\n", run[0].0.number, run.len()).as_bytes());
            for (id, offset) in run {
                self.tail.extend_from_slice(format!("{offset:010} {:05} n \n", id.generation).as_bytes());
            }
        }
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        self.tail.extend_from_slice(b"trailer\n");
        write_dictionary(&trailer, &mut self.tail);
        self.write_end(start);
    }

    fn write_xref_stream(&mut self, mut trailer: Dictionary) {
        let id = self.new_id();
        let start = self.base.pdf().data().len() + self.tail.len();
        self.entries.push((id, start));
        let (mut index, mut rows) = (Vec::new(), Vec::new());
        for run in self.runs() {
            index.push(Object::Integer(i64::from(run[0].0.number)));
            index.push(Object::Integer(run.len() as i64));
            for (id, offset) in run {
                rows.push(1);
                // Files are smaller than 4 GB.
                rows.extend_from_slice(&(offset as u32).to_be_bytes());
                rows.extend_from_slice(&id.generation.to_be_bytes());
            }
        }
        trailer.set("Type", Object::name("XRef"));
        trailer.set("Size", Object::Integer(i64::from(self.next)));
        trailer.set("W", Object::Array([1, 4, 2].map(Object::Integer).to_vec()));
        trailer.set("Index", Object::Array(index));
        trailer.set("Length", Object::Integer(rows.len() as i64));
        self.tail.extend_from_slice(format!("{} 0 obj\n", id.number).as_bytes());
        write_dictionary(&trailer, &mut self.tail);
        self.tail.extend_from_slice(b"\nstream\n");
        self.tail.extend_from_slice(&rows);
        self.tail.extend_from_slice(b"\nendstream\nendobj");
        self.write_end(start);
    }

    fn write_end(&mut self, start: usize) {
        self.tail.extend_from_slice(format!("\nstartxref\n{start}\n%%EOF\n").as_bytes());
    }
}

/// `ByteRange` in the width that every file fits into.
pub(crate) fn byte_range_text(range: [usize; 4]) -> String {
    format!("[{:<10} {:<10} {:<10} {:<10}]", range[0], range[1], range[2], range[3])
}
