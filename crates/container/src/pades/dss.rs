//! The document security store: certificates, OCSP responses and CRLs for the signatures of a document
//! [EN 319 142-1 §5.4.2].

use std::collections::HashSet;

use super::pdf::{Dictionary, Id, Object, PdfError, PdfFault, Result, Stream, Update, View};

/// Values of one kind; each is a stream.
const MAX_VALUES: usize = 2_000;
/// Bytes of one value.
const MAX_VALUE_LEN: usize = 16 << 20;

/// What validation needs, in DER.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityStore {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// OCSP responses, whole.
    pub ocsp_responses: Vec<Vec<u8>>,
    /// Revocation lists.
    pub crls: Vec<Vec<u8>>,
}

impl SecurityStore {
    /// The store of a document; none when the catalog has no `DSS`.
    ///
    /// # Errors
    /// When it has one that cannot be read.
    pub fn read(view: &View<'_, '_>) -> Result<Option<Self>> {
        let Some(dss) = view.dictionary(&view.catalog()?, "DSS")? else { return Ok(None) };
        let mut store = Self::default();
        let mut seen = HashSet::new();
        let mut places = vec![(dss.clone(), ["Certs", "OCSPs", "CRLs"])];
        // Programs put everything into the lists of the store, and some repeat it for each signature.
        if let Some(vri) = view.dictionary(&dss, "VRI")? {
            for (_, entry) in vri.iter().take(MAX_VALUES) {
                if let Object::Dictionary(entry) = view.resolve(entry)? {
                    places.push((entry, ["Cert", "OCSP", "CRL"]));
                }
            }
        }
        for (dictionary, [certificates, responses, lists]) in places {
            for (key, values) in [
                (certificates, &mut store.certificates),
                (responses, &mut store.ocsp_responses),
                (lists, &mut store.crls),
            ] {
                for object in view.array(&dictionary, key)? {
                    let fresh = object.as_reference().is_none_or(|id| seen.insert(id));
                    if fresh {
                        let value = read_value(view, &object)?;
                        if !values.contains(&value) {
                            values.push(value);
                        }
                    }
                    if values.len() > MAX_VALUES {
                        return Err(PdfError::anywhere(PdfFault::TooLarge, "the document security store"));
                    }
                }
            }
        }
        Ok(Some(store))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.ocsp_responses.is_empty() && self.crls.is_empty()
    }

    /// What is in this store and not in the other.
    pub fn without(&self, other: &Self) -> Self {
        let rest = |own: &[Vec<u8>], known: &[Vec<u8>]| {
            own.iter().filter(|value| !known.contains(value)).cloned().collect()
        };
        Self {
            certificates: rest(&self.certificates, &other.certificates),
            ocsp_responses: rest(&self.ocsp_responses, &other.ocsp_responses),
            crls: rest(&self.crls, &other.crls),
        }
    }

    /// Writes the values into a new revision, beside those that the document has. No `VRI` is written: what it
    /// is keyed by is computed in two ways by two families of programs, and all of them read the store without.
    pub(crate) fn write(&self, update: &mut Update<'_, '_>, catalog: &mut Dictionary) -> Result<()> {
        let base = update.base();
        let mut dss = base.dictionary(catalog, "DSS")?.unwrap_or_default();
        dss.set("Type", Object::name("DSS"));
        for (key, values) in
            [("Certs", &self.certificates), ("OCSPs", &self.ocsp_responses), ("CRLs", &self.crls)]
        {
            let mut list = base.array(&dss, key)?;
            for value in values {
                let id = update.add_stream(Dictionary::default(), value);
                list.push(Object::Reference(id));
            }
            if !list.is_empty() {
                dss.set(key, Object::Array(list));
            }
        }
        let id = catalog.reference("DSS").unwrap_or_else(|| update.new_id());
        update.put(id, &Object::Dictionary(dss));
        catalog.set("DSS", Object::Reference(id));
        Ok(())
    }
}

fn read_value(view: &View<'_, '_>, object: &Object) -> Result<Vec<u8>> {
    let fault = |found: &str| PdfError::anywhere(PdfFault::Structure, found);
    let Object::Stream(stream) = view.resolve(object)? else {
        return Err(fault("something else than a stream in the document security store"));
    };
    let value = view.decoded(&stream)?;
    if value.len() > MAX_VALUE_LEN {
        return Err(PdfError::anywhere(PdfFault::TooLarge, "a value in the document security store"));
    }
    Ok(value)
}

/// Every object that belongs to the store, by following the references in it: into lists and
/// dictionaries, and to the streams that they name.
pub(crate) fn objects(view: &View<'_, '_>) -> Result<HashSet<Id>> {
    let catalog = view.catalog()?;
    let mut found = HashSet::new();
    let mut stack: Vec<Object> = catalog.get("DSS").cloned().into_iter().collect();
    while let Some(object) = stack.pop() {
        let object = match object {
            Object::Reference(id) => {
                if !found.insert(id) {
                    continue;
                }
                view.get(id)?
            }
            direct => direct,
        };
        match object {
            Object::Array(array) => stack.extend(array),
            Object::Dictionary(dictionary) => stack.extend(dictionary.iter().map(|(_, value)| value.clone())),
            // A stream ends the way, but its length may be an object of its own.
            Object::Stream(Stream { dictionary, .. }) => {
                stack.extend(dictionary.reference("Length").map(Object::Reference));
            }
            _ => {}
        }
        if found.len() > MAX_VALUES * 4 {
            return Err(PdfError::anywhere(PdfFault::TooLarge, "the document security store"));
        }
    }
    Ok(found)
}
