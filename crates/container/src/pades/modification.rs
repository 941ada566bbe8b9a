//! What a revision changed in the document before it.
//!
//! A later revision may replace any object, so a signed document can be made to show anything while its
//! signature still verifies. Every object that a revision writes therefore has to be explained: as validation
//! data, a document time-stamp, a further signature, a filled field, an annotation. Only these are recognised, by
//! following the references from the catalog, and what is left is [`ModificationKind::Unknown`], which no signature
//! survives. Two tricks are looked for besides: objects that are reached from a second place, so that an innocent
//! change alters the page too, and references to nothing that a later revision fills.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use super::document::{FieldLock, Permission};
use super::dss;
use super::fields::{Field, fields, form};
use super::pdf::{Dictionary, Entry, Id, Object, Pdf, Result, View};

/// A change that a revision made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modification {
    /// What kind of change.
    pub kind: ModificationKind,
    /// The revision that made it (0 is the oldest).
    pub revision: usize,
    /// The object that was changed, where there is one.
    pub object: Option<Id>,
    /// The form field concerned, by its full name.
    pub field: Option<String>,
    /// The change in words.
    pub what: String,
    /// Whether the signature permits it.
    pub permitted: bool,
}

/// The kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ModificationKind {
    /// Validation data in the document security store.
    SecurityStore,
    /// A document time-stamp.
    DocumentTimeStamp,
    /// A further signature, or a field for one.
    Signature,
    /// Title, author and the like, which no page shows.
    Metadata,
    /// A form field was filled in.
    FormFilling,
    /// An annotation was added.
    Annotation,
    /// Anything else.
    Unknown,
}

impl ModificationKind {
    /// The kind in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecurityStore => "validation data",
            Self::DocumentTimeStamp => "a document time-stamp",
            Self::Signature => "a signature",
            Self::Metadata => "document information",
            Self::FormFilling => "a filled form field",
            Self::Annotation => "an annotation",
            Self::Unknown => "a change of the document",
        }
    }

    /// Whether it only helps to validate what was there before, and changes nothing that anybody is shown.
    pub const fn is_validation_material(self) -> bool {
        // Programs that add such material note the time in the document information.
        matches!(self, Self::SecurityStore | Self::DocumentTimeStamp | Self::Metadata)
    }
}

impl fmt::Display for Modification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision {}: {}: {}", self.revision + 1, self.kind.as_str(), self.what)?;
        match self.object {
            Some(id) => write!(f, " (object {} {})", id.number, id.generation),
            None => Ok(()),
        }
    }
}

impl Modification {
    /// The same, judged by what a certification permits and what signatures lock.
    pub(super) fn judged(&self, permission: Option<Permission>, locks: &[&FieldLock]) -> Self {
        let locked = self.field.as_ref().is_some_and(|field| locks.iter().any(|lock| lock.locks(field)));
        let permitted = match self.kind {
            // ISO 32000-2 §12.8.2.2.2.
            ModificationKind::SecurityStore
            | ModificationKind::DocumentTimeStamp
            | ModificationKind::Metadata => true,
            ModificationKind::Signature => permission != Some(Permission::NoChanges) && !locked,
            // Who signed without saying that the form may be filled in signed it as it was.
            ModificationKind::FormFilling => permission >= Some(Permission::FormFilling) && !locked,
            ModificationKind::Annotation => permission == Some(Permission::Annotations),
            ModificationKind::Unknown => false,
        };
        Self { permitted, ..self.clone() }
    }
}

/// Whether a revision may have changed the security store, whose objects were `known` before.
pub(super) fn touches_store(pdf: &Pdf<'_>, revision: usize, known: Option<&HashSet<Id>>) -> bool {
    let (Some(known), Ok(root)) = (known, pdf.view(revision).root()) else { return true };
    let mut numbers = pdf.sections_of(revision).iter().flat_map(|section| &section.entries);
    numbers.any(|(number, _)| *number == root.number || known.iter().any(|id| id.number == *number))
}

/// The trailer as a place that refers to objects.
const TRAILER: u32 = 0;
/// Findings of one revision; whoever changes a whole document need not be told each object.
const MAX_FINDINGS: usize = 32;

/// Goes through the revisions after the first signed one.
pub(super) struct Analysis<'p, 'a> {
    pdf: &'p Pdf<'a>,
    /// Who refers to each object that a later revision writes: object and key, in the document before.
    referrers: HashMap<u32, BTreeSet<(u32, String)>>,
}

impl<'p, 'a> Analysis<'p, 'a> {
    /// Looks at the document of revision `first`, which is the first that somebody signed.
    pub(super) fn new(pdf: &'p Pdf<'a>, first: usize) -> Result<Self> {
        let mut referrers: HashMap<u32, BTreeSet<(u32, String)>> = HashMap::new();
        for revision in first + 1..pdf.revisions().len() {
            let entries = pdf.sections_of(revision).iter().flat_map(|section| &section.entries);
            referrers.extend(entries.map(|(number, _)| (*number, BTreeSet::new())));
        }
        let mut analysis = Self { pdf, referrers };
        if !analysis.referrers.is_empty() {
            analysis.walk(&pdf.view(first))?;
        }
        Ok(analysis)
    }

    fn walk(&mut self, view: &View<'_, '_>) -> Result<()> {
        walk(view, &mut |from, object, found| self.note(from, object, found))
    }

    fn note(&mut self, from: u32, object: &Object, found: &mut Vec<Id>) {
        let referrers = &mut self.referrers;
        let mut note = |key: &str, value: &Object| {
            value.for_each_reference(&mut |id| {
                if let Some(places) = referrers.get_mut(&id.number) {
                    places.insert((from, key.to_owned()));
                }
                found.push(id);
            });
        };
        match object.as_dictionary() {
            Some(dictionary) => dictionary.iter().for_each(|(key, value)| note(&key.text(), value)),
            None => note("", object),
        }
    }

    /// What `revision` changed. To be called for one revision after the other.
    pub(super) fn step(&mut self, revision: usize) -> Result<Vec<Modification>> {
        let (old, new) = (self.pdf.view(revision - 1), self.pdf.view(revision));
        let mut step = Step {
            analysis: self,
            revision,
            old,
            new,
            changed: BTreeMap::new(),
            explained: HashSet::new(),
            found: Vec::new(),
        };
        step.find_changes();
        step.check_layout();
        if let Err(error) = step.explain() {
            step.unknown(None, format!("what it means can't be read: {error}"));
        }
        step.report_rest();
        let (changed, found) = (step.changed, step.found);
        let mut ignored = Vec::new();
        for (number, change) in changed {
            match change.new {
                // A cross-reference stream is a trailer, and nobody looks at it as an object.
                Some(Object::Stream(stream)) if stream.dictionary.is("Type", "XRef") => {}
                Some(object) => self.note(number, &object, &mut ignored),
                None => {}
            }
        }
        self.note(TRAILER, &Object::Dictionary(new.trailer().clone()), &mut ignored);
        Ok(found)
    }
}

/// Reads every object that is reached from the trailer, as is done again and again once somebody has signed.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn read_everything(view: &View<'_, '_>) -> Result<()> {
    walk(view, &mut |_, object, found| object.for_each_reference(&mut |id| found.push(id)))
}

/// Visits the trailer and every object that is reached from it: its number, the object, and where to put what it refers to.
fn walk(view: &View<'_, '_>, visit: &mut dyn FnMut(u32, &Object, &mut Vec<Id>)) -> Result<()> {
    let mut seen = HashSet::new();
    let mut stack = Vec::new();
    visit(TRAILER, &Object::Dictionary(view.trailer().clone()), &mut stack);
    while let Some(id) = stack.pop() {
        if seen.insert(id) {
            visit(id.number, &view.get(id)?, &mut stack);
        }
    }
    Ok(())
}

/// An object that a revision wrote. One that is none now, or was none before, is `None` there.
struct Change {
    id: Id,
    old: Option<Object>,
    new: Option<Object>,
}

struct Step<'s, 'p, 'a> {
    analysis: &'s Analysis<'p, 'a>,
    revision: usize,
    old: View<'p, 'a>,
    new: View<'p, 'a>,
    /// By number; what was written anew as it was is not among them.
    changed: BTreeMap<u32, Change>,
    explained: HashSet<u32>,
    found: Vec<Modification>,
}

impl Step<'_, '_, '_> {
    fn add(
        &mut self,
        kind: ModificationKind,
        object: Option<Id>,
        field: Option<&str>,
        what: impl Into<String>,
    ) {
        if self.found.len() < MAX_FINDINGS {
            self.found.push(Modification {
                kind,
                revision: self.revision,
                object,
                field: field.map(str::to_owned),
                what: what.into(),
                permitted: false,
            });
        }
    }

    fn unknown(&mut self, object: Option<Id>, what: impl Into<String>) {
        self.add(ModificationKind::Unknown, object, None, what);
    }

    fn find_changes(&mut self) {
        let pdf = self.analysis.pdf;
        let old_end = pdf.revisions()[self.revision - 1].eof;
        let entries: Vec<(u32, Entry)> = pdf
            .sections_of(self.revision)
            .iter()
            .flat_map(|section| section.entries.iter().copied())
            .collect();
        for (number, _) in entries {
            let (before, now) = (self.old.entry(number), self.new.entry(number));
            if before == now || number == 0 {
                continue;
            }
            if let Some(Entry::InUse { offset, .. }) = now
                && (offset as usize) < old_end
            {
                self.unknown(Some(Id::new(number)), "an object is taken from an older part of the file");
            }
            let id = |entry: Option<Entry>| match entry {
                Some(Entry::InUse { generation, .. }) => Some(Id { number, generation }),
                Some(Entry::Compressed { .. }) => Some(Id::new(number)),
                Some(Entry::Free) | None => None,
            };
            let old = id(before).and_then(|id| self.old.get(id).ok());
            let new = match id(now).map(|id| self.new.get(id)) {
                None => None,
                Some(Ok(object)) => Some(object),
                Some(Err(error)) => {
                    self.unknown(Some(Id::new(number)), format!("an object that can't be read: {error}"));
                    continue;
                }
            };
            if id(before).is_some() && id(before) == id(now) && self.same(old.as_ref(), new.as_ref()) {
                continue;
            }
            if let Some(id) = id(now).or(id(before)) {
                self.changed.insert(number, Change { id, old, new });
            }
        }
    }

    fn same(&self, old: Option<&Object>, new: Option<&Object>) -> bool {
        match (old, new) {
            (Some(Object::Stream(old)), Some(Object::Stream(new))) => {
                old.dictionary == new.dictionary && self.old.raw(old) == self.new.raw(new)
            }
            (Some(Object::Stream(_)), _) | (_, Some(Object::Stream(_))) => false,
            (old, new) => old == new,
        }
    }

    /// Whether the new bytes are objects that the cross-reference section lists, and nothing else.
    fn check_layout(&mut self) {
        let pdf = self.analysis.pdf;
        let (start, end) = (pdf.revisions()[self.revision - 1].eof, pdf.revisions()[self.revision].eof);
        let sections = pdf.sections_of(self.revision);
        let mut places: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        for section in sections {
            for (_, entry) in &section.entries {
                if let Entry::InUse { offset, .. } = entry
                    && *offset as usize >= start
                {
                    places.insert(*offset as usize, None);
                }
            }
            places.insert(section.offset, Some(section.end));
        }
        let mut at = start;
        for (place, known_end) in places {
            let next = pdf.skip_space(at);
            if next != place {
                return self.unknown(None, format!("bytes {next} to {place} belong to no object"));
            }
            at = match known_end.map_or_else(|| pdf.object_at(&self.new, place).map(|(.., end)| end), Ok) {
                Ok(end) => end,
                Err(error) => return self.unknown(None, format!("an object that can't be read: {error}")),
            };
        }
        // The rest is `startxref`, the number and `%%EOF`, which reading the revision has seen.
        let next = pdf.skip_space(at);
        let tail = pdf.data().get(next..end).unwrap_or_default();
        if !tail.starts_with(b"startxref") || tail.windows(5).filter(|window| window == b"%%EOF").count() != 1
        {
            self.unknown(None, format!("bytes {next} to {end} belong to no object"));
        }
    }

    fn explain(&mut self) -> Result<()> {
        self.explain_trailer()?;
        self.explain_structure();
        self.explain_catalog()?;
        self.explain_store()?;
        self.explain_fields()?;
        self.explain_annotations()?;
        Ok(())
    }

    fn report_rest(&mut self) {
        let rest: Vec<(Id, bool, bool)> = self
            .changed
            .iter()
            .filter(|(number, _)| !self.explained.contains(number))
            .map(|(_, change)| (change.id, change.old.is_some(), change.new.is_some()))
            .collect();
        for (id, was, is) in rest {
            let what = match (was, is) {
                (true, true) => "an object was replaced",
                (true, false) => "an object was deleted",
                (false, _) => "an object was added that belongs to nothing known",
            };
            self.unknown(Some(id), what);
        }
    }

    /// Whether nothing but these places referred to the object before.
    fn only_from(&self, number: u32, allowed: &dyn Fn(u32, &str) -> bool) -> bool {
        let referrers = self.analysis.referrers.get(&number);
        referrers.is_none_or(|places| places.iter().all(|(from, key)| allowed(*from, key)))
    }

    /// Whether the object is new, and nobody waited for it.
    fn is_new(&self, number: u32) -> bool {
        self.changed.get(&number).is_some_and(|change| change.old.is_none() && change.new.is_some())
            && self.only_from(number, &|_, _| false)
    }

    /// Explains everything new that is reached from `object`, up to what was there before.
    fn explain_new(&mut self, object: &Object) {
        let mut stack = Vec::new();
        object.for_each_reference(&mut |id| stack.push(id));
        while let Some(id) = stack.pop() {
            if self.is_new(id.number)
                && self.explained.insert(id.number)
                && let Some(Change { new: Some(object), .. }) = self.changed.get(&id.number)
            {
                object.for_each_reference(&mut |id| stack.push(id));
            }
        }
    }

    fn explain_trailer(&mut self) -> Result<()> {
        const OWN: [&str; 10] =
            ["Size", "Prev", "ID", "Type", "W", "Index", "Length", "Filter", "DecodeParms", "Info"];
        let (old, new) = (self.old.trailer(), self.new.trailer());
        let keys: BTreeSet<String> = old.iter().chain(new.iter()).map(|(key, _)| key.text()).collect();
        for key in keys.iter().filter(|key| !OWN.contains(&key.as_str())) {
            // Programs leave out of a stream's dictionary what the trailer of a table had, and the reverse.
            if old.get(key) != new.get(key) && new.get(key).is_some() {
                self.unknown(None, format!("the trailer has another /{key}"));
            }
        }
        if self.old.root()? != self.new.root()? {
            self.unknown(None, "the trailer names another catalog");
        }
        // The information about the document, which no page shows.
        for id in [old.reference("Info"), new.reference("Info")].into_iter().flatten() {
            let is_dictionary = |change: &Change| matches!(change.new, Some(Object::Dictionary(_)));
            if self.changed.get(&id.number).is_some_and(is_dictionary)
                && self.only_from(id.number, &|from, key| from == TRAILER && key == "Info")
                && self.explained.insert(id.number)
            {
                self.add(ModificationKind::Metadata, Some(id), None, "the document information");
            }
        }
        Ok(())
    }

    /// New cross-reference and object streams: what is in them is looked at object by object.
    fn explain_structure(&mut self) {
        let is_structure = |change: &Change| match &change.new {
            Some(Object::Stream(stream)) => {
                change.old.is_none()
                    && (stream.dictionary.is("Type", "XRef") || stream.dictionary.is("Type", "ObjStm"))
            }
            _ => false,
        };
        let numbers: Vec<u32> = self
            .changed
            .iter()
            .filter(|(_, change)| is_structure(change))
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            if self.is_new(number) {
                self.explained.insert(number);
            }
        }
    }

    fn explain_catalog(&mut self) -> Result<()> {
        let root = self.new.root()?;
        let (old, new) = (self.old.catalog()?, self.new.catalog()?);
        self.explained.insert(root.number);
        let keys: BTreeSet<String> = old.iter().chain(new.iter()).map(|(key, _)| key.text()).collect();
        for key in keys {
            let (before, now) = (old.get(&key), new.get(&key));
            if before == now && !matches!(key.as_str(), "Metadata" | "Extensions") {
                continue;
            }
            match (key.as_str(), now) {
                // Looked at below.
                ("DSS" | "AcroForm", Some(_)) => {}
                ("Version", Some(Object::Name(_))) => {}
                ("Extensions", Some(now)) => self.explain_extensions(root, before, now)?,
                ("Metadata", Some(Object::Reference(id))) => {
                    let is_metadata = self.changed.get(&id.number).is_some_and(|change| {
                        matches!(&change.new, Some(Object::Stream(stream)) if stream.dictionary.is("Type", "Metadata"))
                    });
                    if is_metadata
                        && self.only_from(id.number, &|from, key| from == root.number && key == "Metadata")
                    {
                        self.explained.insert(id.number);
                        self.add(ModificationKind::Metadata, Some(*id), None, "the document's metadata");
                    } else if before != now {
                        self.unknown(Some(root), "the catalog has other /Metadata");
                    }
                }
                // The dictionary of a certification names its signature; the fields show whether one was added.
                ("Perms", Some(now)) if before.is_none() => {
                    self.explain_new(now);
                    self.unknown(Some(root), "a certification was added to a signed document");
                }
                _ => self.unknown(Some(root), format!("the catalog has another /{key}")),
            }
        }
        Ok(())
    }

    /// Extensions say which additions to the standard a reader meets. Those that were there have to stay.
    fn explain_extensions(&mut self, root: Id, before: Option<&Object>, now: &Object) -> Result<()> {
        let resolved = |view: &View<'_, '_>, object: Option<&Object>| -> Result<Dictionary> {
            let object = object.map_or(Ok(Object::Null), |object| view.resolve(object))?;
            Ok(object.as_dictionary().cloned().unwrap_or_default())
        };
        let (old, new) = (resolved(&self.old, before)?, resolved(&self.new, Some(now))?);
        let kept = old.iter().all(|(key, _)| new.get(&key.text()).is_some());
        if !kept {
            self.unknown(Some(root), "the catalog has other /Extensions");
        }
        if let Object::Reference(id) = now {
            let own = self.only_from(id.number, &|from, key| from == root.number && key == "Extensions");
            if self.changed.contains_key(&id.number) && own && kept {
                self.explained.insert(id.number);
            }
        }
        self.explain_new(now);
        Ok(())
    }

    fn explain_store(&mut self) -> Result<()> {
        let root = self.new.root()?;
        let objects = dss::objects(&self.new)?;
        let before = dss::objects(&self.old)?;
        let (old, new) = (self.old.catalog()?, self.new.catalog()?);
        let mut touched = old.get("DSS") != new.get("DSS");
        for id in &objects {
            let Some(change) = self.changed.get(&id.number) else { continue };
            touched = true;
            let allowed = |from: u32, key: &str| {
                (from == root.number && key == "DSS") || before.iter().any(|id| id.number == from)
            };
            let is_plain = matches!(change.new, Some(Object::Dictionary(_) | Object::Array(_)));
            let was_plain = matches!(change.old, Some(Object::Dictionary(_) | Object::Array(_)));
            let is_ours = self.is_new(id.number)
                || (before.contains(id) && is_plain && was_plain && self.only_from(id.number, &allowed));
            if is_ours {
                self.explained.insert(id.number);
            }
        }
        if touched && new.get("DSS").is_some() {
            let id = new.reference("DSS");
            self.add(ModificationKind::SecurityStore, id, None, "validation data");
        }
        Ok(())
    }

    fn explain_fields(&mut self) -> Result<()> {
        self.explain_form()?;
        let before: HashSet<Id> = fields(&self.old)?.into_iter().map(|field| field.id).collect();
        for field in fields(&self.new)? {
            if before.contains(&field.id) {
                self.explain_old_field(&field);
            } else {
                self.explain_new_field(&field)?;
            }
        }
        Ok(())
    }

    /// The form itself: fields may be added at the end of its list.
    fn explain_form(&mut self) -> Result<()> {
        let root = self.new.root()?;
        let (old_catalog, catalog) = (self.old.catalog()?, self.new.catalog()?);
        let (old, new) = (form(&self.old)?.unwrap_or_default(), form(&self.new)?.unwrap_or_default());
        let form_id = catalog.reference("AcroForm");
        if let Some(id) = form_id
            && (self.is_new(id.number)
                || (old_catalog.reference("AcroForm") == Some(id)
                    && self.only_from(id.number, &|from, key| from == root.number && key == "AcroForm")))
        {
            self.explained.insert(id.number);
        }
        let list_id = new.reference("Fields");
        if let Some(id) = list_id {
            let owner = form_id.map_or((root.number, "AcroForm"), |id| (id.number, "Fields"));
            if self.is_new(id.number)
                || (old.reference("Fields") == Some(id)
                    && self.only_from(id.number, &|from, key| (from, key) == owner))
            {
                self.explained.insert(id.number);
            }
        }
        let keys: BTreeSet<String> = old.iter().chain(new.iter()).map(|(key, _)| key.text()).collect();
        for key in keys {
            let (before, now) = (old.get(&key), new.get(&key));
            let allowed = match key.as_str() {
                "Fields" | "SigFlags" => now.is_some(),
                // For the appearance of fields that are yet to be filled in.
                "DR" | "DA" => before.is_none(),
                _ => false,
            };
            if before != now && !allowed {
                self.unknown(form_id, format!("the form has another /{key}"));
            }
            if before.is_none()
                && let Some(now) = now
                && key == "DR"
            {
                self.explain_new(now);
            }
        }
        let (before, now) = (self.old.array(&old, "Fields")?, self.new.array(&new, "Fields")?);
        if !now.starts_with(&before) {
            self.unknown(form_id, "fields were taken out of the form, or moved");
        }
        Ok(())
    }

    fn explain_old_field(&mut self, new: &Field) {
        let signed = new.is_signature();
        let mut changed = false;
        let own: BTreeSet<Id> = new.widgets.iter().copied().chain([new.id]).collect();
        for id in own {
            let Some(Change { old: Some(before), new: Some(now), .. }) = self.changed.get(&id.number) else {
                continue;
            };
            let (Some(before), Some(now)) = (before.as_dictionary().cloned(), now.as_dictionary().cloned())
            else {
                continue;
            };
            let keys: BTreeSet<String> = before.iter().chain(now.iter()).map(|(key, _)| key.text()).collect();
            let differs = |key: &&String| before.get(key) != now.get(key);
            let allowed: &[&str] =
                if signed { &["V", "AP", "AS", "M", "F"] } else { &["V", "AP", "AS", "M", "I", "RV"] };
            let strange: Vec<&String> =
                keys.iter().filter(differs).filter(|key| !allowed.contains(&key.as_str())).collect();
            if !strange.is_empty() {
                continue;
            }
            if signed
                && before.get("V").is_some_and(|value| *value != Object::Null)
                && differs(&&"V".to_owned())
            {
                self.unknown(Some(id), format!("the signature in field {:?} was replaced", new.name));
                continue;
            }
            changed = true;
            self.explained.insert(id.number);
            if !signed {
                for value in ["V", "RV"].into_iter().filter_map(|key| now.get(key)) {
                    self.explain_new(value);
                }
            }
            if differs(&&"AP".to_owned()) {
                self.explain_appearance(now.get("AP"), id);
            }
        }
        // An appearance can be changed where it is, with the field left alone.
        for id in new.widgets.iter().copied() {
            if let Ok(Object::Dictionary(widget)) = self.new.get(id) {
                changed |= self.explain_appearance(widget.get("AP"), id) && !signed;
            }
        }
        if !changed {
            return;
        }
        let name = Some(new.name.as_str());
        if signed {
            self.explain_value(new);
        } else {
            self.add(
                ModificationKind::FormFilling,
                Some(new.id),
                name,
                format!("the form field {:?}", new.name),
            );
        }
    }

    /// Explains the appearance of a widget: what is new, and what belonged to this widget alone. Says whether
    /// something that was there was changed.
    fn explain_appearance(&mut self, appearance: Option<&Object>, widget: Id) -> bool {
        let Some(appearance) = appearance else { return false };
        self.explain_new(appearance);
        let mut stack = Vec::new();
        appearance.for_each_reference(&mut |id| stack.push(id));
        let mut own: HashSet<u32> = HashSet::from([widget.number]);
        let mut changed = false;
        while let Some(id) = stack.pop() {
            let was = self
                .changed
                .get(&id.number)
                .is_some_and(|change| change.old.is_some() && change.new.is_some());
            if was && own.insert(id.number) && self.only_from(id.number, &|from, _| own.contains(&from)) {
                changed = true;
                self.explained.insert(id.number);
                if let Some(Change { new: Some(object), .. }) = self.changed.get(&id.number) {
                    let object = object.clone();
                    self.explain_new(&object);
                    object.for_each_reference(&mut |id| stack.push(id));
                }
            }
        }
        changed
    }

    fn explain_new_field(&mut self, field: &Field) -> Result<()> {
        if !field.is_signature() {
            return Ok(());
        }
        if !self.is_new(field.id.number) {
            self.unknown(
                Some(field.id),
                format!("the signature field {:?} was made of another object", field.name),
            );
            return Ok(());
        }
        let mut dictionaries = vec![field.dictionary.clone()];
        self.explained.insert(field.id.number);
        for widget in field.widgets.iter().filter(|widget| **widget != field.id) {
            if self.is_new(widget.number)
                && self.explained.insert(widget.number)
                && let Object::Dictionary(dictionary) = self.new.get(*widget)?
            {
                dictionaries.push(dictionary);
            }
        }
        for dictionary in dictionaries {
            if dictionary.get("A").is_some() || dictionary.get("AA").is_some() {
                self.unknown(Some(field.id), format!("the signature field {:?} has an action", field.name));
            }
            for key in ["AP", "MK", "Lock", "SV"] {
                if let Some(value) = dictionary.get(key) {
                    self.explain_new(value);
                }
            }
        }
        self.explain_value(field);
        Ok(())
    }

    /// The value of a signature field that has got one, or of a new field without.
    fn explain_value(&mut self, field: &Field) {
        let name = field.name.as_str();
        let Some(value) = field.dictionary.reference("V") else {
            let what = format!("the empty signature field {name:?}");
            return self.add(ModificationKind::Signature, Some(field.id), Some(name), what);
        };
        let Some(Change { old: None, new: Some(Object::Dictionary(signature)), .. }) =
            self.changed.get(&value.number)
        else {
            return self.unknown(Some(value), format!("the value of field {name:?} is no new signature"));
        };
        let is_time_stamp = signature.is("Type", "DocTimeStamp");
        if is_time_stamp || signature.is("Type", "Sig") || signature.get("ByteRange").is_some() {
            let signature = Object::Dictionary(signature.clone());
            if self.is_new(value.number) {
                self.explained.insert(value.number);
                self.explain_new(&signature);
            }
            let (kind, what) = if is_time_stamp {
                (ModificationKind::DocumentTimeStamp, format!("the document time-stamp {name:?}"))
            } else {
                (ModificationKind::Signature, format!("the signature {name:?}"))
            };
            self.add(kind, Some(field.id), Some(name), what);
        } else {
            self.unknown(Some(value), format!("the value of field {name:?} is no signature"));
        }
    }

    /// Lists of annotations: widgets of new signature fields are added, and perhaps other annotations.
    fn explain_annotations(&mut self) -> Result<()> {
        let signature_widgets: HashSet<Id> = fields(&self.new)?
            .into_iter()
            .filter(|field| field.is_signature() && self.explained.contains(&field.id.number))
            .flat_map(|field| field.widgets)
            .collect();
        let mut pages: Vec<(Id, Dictionary, Dictionary)> = Vec::new();
        for change in self.changed.values() {
            match (&change.old, &change.new) {
                (Some(Object::Dictionary(old)), Some(Object::Dictionary(new))) if old.is("Type", "Page") => {
                    pages.push((change.id, old.clone(), new.clone()));
                }
                // A list that is an object by itself, of one page.
                (Some(Object::Array(_)), Some(Object::Array(_))) => {
                    let places = self.analysis.referrers.get(&change.id.number);
                    let mut places = places.into_iter().flatten();
                    if let (Some((page, key)), None) = (places.next(), places.next())
                        && key == "Annots"
                        && !self.changed.contains_key(page)
                        && let Object::Dictionary(page_dictionary) = self.old.get(Id::new(*page))?
                        && page_dictionary.is("Type", "Page")
                    {
                        pages.push((Id::new(*page), page_dictionary.clone(), page_dictionary));
                    }
                }
                _ => {}
            }
        }
        for (id, old, new) in pages {
            self.explain_page(id, &old, &new, &signature_widgets)?;
        }
        Ok(())
    }

    fn explain_page(
        &mut self,
        page: Id,
        old: &Dictionary,
        new: &Dictionary,
        signatures: &HashSet<Id>,
    ) -> Result<()> {
        let keys: BTreeSet<String> = old.iter().chain(new.iter()).map(|(key, _)| key.text()).collect();
        let strange = keys.iter().find(|key| *key != "Annots" && old.get(key) != new.get(key));
        if let Some(key) = strange {
            self.unknown(Some(page), format!("a page has another /{key}"));
            self.explained.insert(page.number);
            return Ok(());
        }
        let (before, now) = (self.old.array(old, "Annots")?, self.new.array(new, "Annots")?);
        if !now.starts_with(&before) {
            return Ok(());
        }
        self.explained.insert(page.number);
        if let Some(list) = new.reference("Annots") {
            let own = self.only_from(list.number, &|from, key| from == page.number && key == "Annots");
            if self.is_new(list.number) || (old.reference("Annots") == Some(list) && own) {
                self.explained.insert(list.number);
            }
        }
        for added in &now[before.len()..] {
            match added {
                Object::Reference(id) if signatures.contains(id) => self.check_overlap(*id, &before)?,
                Object::Reference(id) => {
                    self.explain_new(added);
                    self.add(ModificationKind::Annotation, Some(*id), None, "an annotation on a page");
                }
                _ => self.add(ModificationKind::Annotation, Some(page), None, "an annotation on a page"),
            }
        }
        Ok(())
    }

    /// A visible signature that lies over another annotation hides it.
    fn check_overlap(&mut self, widget: Id, others: &[Object]) -> Result<()> {
        let rectangle = |view: &View<'_, '_>, object: &Object| -> Result<Option<[f64; 4]>> {
            let object = view.resolve(object)?;
            let Some(dictionary) = object.as_dictionary() else { return Ok(None) };
            let numbers: Vec<f64> =
                view.array(dictionary, "Rect")?.iter().filter_map(Object::as_number).collect();
            Ok(match numbers[..] {
                [a, b, c, d] => Some([a.min(c), b.min(d), a.max(c), b.max(d)]),
                _ => None,
            })
        };
        let Some(own) = rectangle(&self.new, &Object::Reference(widget))? else { return Ok(()) };
        for other in others {
            let Some(other) = rectangle(&self.old, other)? else { continue };
            let overlap = own[0] < other[2] && other[0] < own[2] && own[1] < other[3] && other[1] < own[3];
            if overlap {
                self.unknown(Some(widget), "a visible signature lies over another field or annotation");
                break;
            }
        }
        Ok(())
    }
}
