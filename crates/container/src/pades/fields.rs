//! The interactive form: its fields, and the signature fields among them [ISO 32000-1 §12.7].

use std::collections::HashSet;

use super::pdf::{Dictionary, Id, Object, PdfError, PdfFault, Result, View, read_text_string};

/// Fields of one form; what fills whole books has thousands.
const MAX_FIELDS: usize = 50_000;

/// A field that can have a value, with what it inherits from the fields above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) id: Id,
    /// The full name: the partial names from the root on, with points between.
    pub(crate) name: String,
    /// `FT`, its own or inherited.
    pub(crate) kind: Option<String>,
    pub(crate) dictionary: Dictionary,
    /// The widgets: itself, or its kids.
    pub(crate) widgets: Vec<Id>,
    /// The fields above it.
    pub(crate) parents: Vec<Id>,
}

impl Field {
    pub(crate) fn is_signature(&self) -> bool {
        self.kind.as_deref() == Some("Sig")
    }
}

/// The form's dictionary.
pub(crate) fn form(view: &View<'_, '_>) -> Result<Option<Dictionary>> {
    view.dictionary(&view.catalog()?, "AcroForm")
}

/// Every field that can have a value, in the order of the tree.
pub(crate) fn fields(view: &View<'_, '_>) -> Result<Vec<Field>> {
    let Some(form) = form(view)? else { return Ok(Vec::new()) };
    let mut walk = Walk { view, seen: HashSet::new(), fields: Vec::new() };
    for kid in view.array(&form, "Fields")? {
        walk.visit(&kid, "", None, &[])?;
    }
    Ok(walk.fields)
}

struct Walk<'w, 'p, 'a> {
    view: &'w View<'p, 'a>,
    seen: HashSet<Id>,
    fields: Vec<Field>,
}

impl Walk<'_, '_, '_> {
    fn visit(&mut self, object: &Object, above: &str, inherited: Option<&str>, parents: &[Id]) -> Result<()> {
        let fault = |found: &str| PdfError::anywhere(PdfFault::Structure, found);
        let id = object.as_reference().ok_or_else(|| fault("a form field that is not indirect"))?;
        if !self.seen.insert(id) || parents.len() > self.view.pdf().limits().depth {
            return Err(PdfError::anywhere(PdfFault::ReferenceLoop, format!("the form's fields, at {id}")));
        }
        if self.seen.len() > MAX_FIELDS {
            return Err(PdfError::anywhere(
                PdfFault::TooLarge,
                format!("more than {MAX_FIELDS} form fields"),
            ));
        }
        let dictionary = match self.view.get(id)? {
            Object::Dictionary(dictionary) => dictionary,
            // Programs that delete a field often leave the reference to it behind.
            Object::Null => return Ok(()),
            _ => return Err(fault("a form field that is no dictionary")),
        };
        let partial = match self.view.value(&dictionary, "T")? {
            Object::String(text) => Some(read_text_string(&text)),
            _ => None,
        };
        let name = match (&partial, above) {
            (None, above) => above.to_owned(),
            (Some(partial), "") => partial.clone(),
            (Some(partial), above) => format!("{above}.{partial}"),
        };
        let own_kind = dictionary.name("FT").map(|kind| kind.text());
        let kind = own_kind.or_else(|| inherited.map(str::to_owned));
        let kids = self.view.array(&dictionary, "Kids")?;
        let mut widgets = Vec::new();
        let mut has_fields = false;
        let below: Vec<Id> = parents.iter().copied().chain([id]).collect();
        for kid in &kids {
            if self.is_field(kid)? {
                has_fields = true;
                self.visit(kid, &name, kind.as_deref(), &below)?;
            } else if let Some(kid) = kid.as_reference() {
                widgets.push(kid);
            }
        }
        if has_fields {
            return Ok(());
        }
        if widgets.is_empty() {
            widgets.push(id);
        }
        self.fields.push(Field { id, name, kind, dictionary, widgets, parents: parents.to_vec() });
        Ok(())
    }

    /// A kid with a name is a field, one without is a widget of the field.
    fn is_field(&self, kid: &Object) -> Result<bool> {
        Ok(self.view.resolve(kid)?.as_dictionary().is_some_and(|kid| kid.get("T").is_some()))
    }
}
