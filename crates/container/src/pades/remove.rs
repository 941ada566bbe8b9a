//! A signature taken back: the document as it was before it.

use super::document;
use super::pdf::PdfLimits;
use crate::error::{Error, Result};

/// The document up to the revision before the signature in `field`. Only the last signature can go: later ones cover it. The
/// validation data and document time-stamps that came after it go with it; anything else that came after it stays in the way.
///
/// # Errors
/// [`Error::Pdf`] when the bytes are no document that is read here; [`Error::NoSuchSignature`]; [`Error::NotRemovable`].
pub fn without_last_signature<'f>(file: &'f [u8], field: &str, limits: &PdfLimits) -> Result<&'f [u8]> {
    let document = document::open(file, limits)?;
    let wanted = document.signatures.iter().find(|signature| signature.field == field);
    let Some(signature) = wanted else {
        return Err(Error::NoSuchSignature { file: "the document".to_owned(), id: field.to_owned() });
    };
    let in_the_way = |problem: String| Err(Error::NotRemovable { problem });
    let later = document
        .signatures
        .iter()
        .find(|other| !other.is_time_stamp() && other.revision > signature.revision);
    if let Some(later) = later {
        return in_the_way(format!("the signature in field {:?} covers it", later.field));
    }
    if document.trailing.is_some() || !document.broken.is_empty() {
        return in_the_way("there is more in the document than can be read".to_owned());
    }
    if let Some(change) = signature.modifications.iter().find(|change| !change.kind.is_validation_material())
    {
        return in_the_way(format!("the document was changed after it: {change}"));
    }
    match signature.revision.checked_sub(1).and_then(|before| document.revisions.get(before)) {
        Some(end) => Ok(&file[..*end]),
        None => in_the_way("the document came with it".to_owned()),
    }
}
