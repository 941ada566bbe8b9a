//! A document as a validator sees it: its signatures, what each of them covers, and what was changed afterwards.
//!
//! A signature covers the file up to the end of one revision, all of it but its own value [ISO 32000-1
//! §12.8.1]. Everything here serves that sentence. The numbers in `ByteRange` are not believed: the gap has to be
//! the very string `Contents` of the very dictionary that the field refers to, the covered part has to end where
//! a revision ends, and what later revisions changed is looked at object by object ([`Modification`]).

use std::collections::HashMap;
use std::ops::Range;

use countersign_pki::asn1::{self, Parser};
use jiff::Timestamp;

use super::date;
use super::dss::SecurityStore;
use super::fields::{Field, fields};
use super::modification::{self, Analysis, Modification};
use super::pdf::{
    Dictionary, Id, Name, Object, Pdf, PdfError, PdfFault, PdfLimits, Result, View, is_space,
    read_text_string,
};

/// A document with its signatures.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where each revision ends, the oldest first: the first byte behind it.
    pub revisions: Vec<usize>,
    /// The signatures and document time-stamps whose form is right, in the order in which they were made.
    pub signatures: Vec<PdfSignature>,
    /// Signature fields with a value that is no signature of the accepted form.
    pub broken: Vec<BrokenSignature>,
    /// Signature fields without a value.
    pub empty_fields: Vec<String>,
    /// The certification, if there is one: its signature's field, and what it permits.
    pub certification: Option<(String, Permission)>,
    /// What validation material each revision added.
    pub stores: Vec<SecurityStore>,
    /// Something else than white space behind the last `%%EOF`.
    pub trailing: Option<Range<usize>>,
    /// What could be read only in part, or was odd.
    pub remarks: Vec<String>,
}

/// A signature or document time-stamp in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfSignature {
    /// The full name of its field.
    pub field: String,
    /// Its dictionary.
    pub object: Id,
    /// What its value is.
    pub sub_filter: SubFilter,
    /// The covered parts: two offsets, each with a length.
    pub byte_range: [usize; 4],
    /// The value: DER without the padding behind it.
    pub contents: Vec<u8>,
    /// How many bytes of DER fit into the place.
    pub reserved: usize,
    /// The revision that it ends (0 is the oldest).
    pub revision: usize,
    /// Whether nothing at all follows what it covers.
    pub covers_whole_file: bool,
    /// What later revisions changed.
    pub modifications: Vec<Modification>,
    /// When the signer says to have signed.
    pub signing_time: Option<Timestamp>,
    /// The signer's name, as stated beside the signature.
    pub name: Option<String>,
    /// The reason given.
    pub reason: Option<String>,
    /// The place given.
    pub location: Option<String>,
    /// How to reach the signer.
    pub contact: Option<String>,
    /// What it permits to change as a certification.
    pub permission: Option<Permission>,
    /// Fields that it locks.
    pub lock: Option<FieldLock>,
}

/// What the value of a signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubFilter {
    /// `ETSI.CAdES.detached`: PAdES.
    CadesDetached,
    /// `adbe.pkcs7.detached`: CMS as before PAdES.
    Pkcs7Detached,
    /// `ETSI.RFC3161`: a document time-stamp.
    Rfc3161,
}

impl SubFilter {
    /// Every kind that is read.
    pub const ALL: [Self; 3] = [Self::CadesDetached, Self::Pkcs7Detached, Self::Rfc3161];

    /// The name in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CadesDetached => "ETSI.CAdES.detached",
            Self::Pkcs7Detached => "adbe.pkcs7.detached",
            Self::Rfc3161 => "ETSI.RFC3161",
        }
    }
}

/// What a certification permits [ISO 32000-1 table 254].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Nothing. (Validation data and document time-stamps change nothing that is shown.)
    NoChanges,
    /// Filling in forms, and signing.
    FormFilling,
    /// That, and annotations.
    Annotations,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 3] = [Self::NoChanges, Self::FormFilling, Self::Annotations];

    /// `P` of the transform parameters.
    pub const fn code(self) -> i64 {
        match self {
            Self::NoChanges => 1,
            Self::FormFilling => 2,
            Self::Annotations => 3,
        }
    }
}

/// Which fields a signature locks [ISO 32000-1 table 256].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldLock {
    /// All of them.
    All,
    /// These.
    Include(Vec<String>),
    /// All but these.
    Exclude(Vec<String>),
}

impl FieldLock {
    /// Whether a field of this full name is locked.
    pub fn locks(&self, field: &str) -> bool {
        let named = |names: &[String]| {
            names.iter().any(|name| {
                field == name || field.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Include(names) => named(names),
            Self::Exclude(names) => !named(names),
        }
    }
}

/// A signature field with a value that is no signature of the accepted form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSignature {
    /// The full name of its field.
    pub field: String,
    /// The stable name of the rule.
    pub rule: &'static str,
    /// What has to be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

/// Reads a document and everything about its signatures.
///
/// # Errors
/// [`PdfError`] when the bytes are no PDF file as [`super::pdf`] reads them. A broken signature is none.
pub fn open(bytes: &[u8], limits: &PdfLimits) -> Result<Document> {
    let pdf = Pdf::open(bytes, limits)?;
    Reader { pdf: &pdf, view: pdf.latest() }.read()
}

/// What a signature says about later changes.
type Transforms = (Option<Permission>, Option<FieldLock>);

struct Reader<'p, 'a> {
    pdf: &'p Pdf<'a>,
    view: View<'p, 'a>,
}

/// A fault in a signature's form, before its field is known.
struct Fault {
    rule: &'static str,
    expected: String,
    found: String,
}

fn fault<T>(
    rule: &'static str,
    expected: &str,
    found: impl std::fmt::Display,
) -> std::result::Result<T, Fault> {
    Err(Fault { rule, expected: expected.to_owned(), found: found.to_string() })
}

impl Reader<'_, '_> {
    fn read(&self) -> Result<Document> {
        let fields = fields(&self.view)?;
        let signature_fields: Vec<&Field> = fields.iter().filter(|field| field.is_signature()).collect();
        let limit = self.pdf.limits().signatures;
        if signature_fields.len() > limit {
            return Err(PdfError::anywhere(
                PdfFault::TooLarge,
                format!("more than {limit} signature fields"),
            ));
        }
        let mut document = Document {
            revisions: self.pdf.revisions().iter().map(|revision| revision.end).collect(),
            signatures: Vec::new(),
            broken: Vec::new(),
            empty_fields: Vec::new(),
            certification: None,
            stores: Vec::new(),
            trailing: self.pdf.trailing(),
            remarks: Vec::new(),
        };
        // How many fields have this value, and how many have this name.
        let mut values: HashMap<Id, usize> = HashMap::new();
        let mut names: HashMap<&str, usize> = HashMap::new();
        for field in &signature_fields {
            if let Some(id) = field.dictionary.reference("V") {
                *values.entry(id).or_default() += 1;
            }
            *names.entry(&field.name).or_default() += 1;
        }
        for field in &signature_fields {
            match field.dictionary.get("V") {
                None | Some(Object::Null) => document.empty_fields.push(field.name.clone()),
                Some(value) => {
                    let shared = value.as_reference().is_some_and(|id| values.get(&id) > Some(&1))
                        || names.get(field.name.as_str()) > Some(&1);
                    match self.read_signature(field, value, shared) {
                        Ok(signature) => document.signatures.push(signature),
                        Err(Fault { rule, expected, found }) => {
                            let field = field.name.clone();
                            document.broken.push(BrokenSignature { field, rule, expected, found });
                        }
                    }
                }
            }
        }
        document.signatures.sort_by_key(|signature| signature.revision);
        self.find_certification(&mut document)?;
        self.find_modifications(&mut document)?;
        self.find_active_content(&mut document);
        self.read_stores(&mut document);
        Ok(document)
    }

    fn read_signature(
        &self,
        field: &Field,
        value: &Object,
        shared: bool,
    ) -> std::result::Result<PdfSignature, Fault> {
        if shared {
            return fault(
                "field-shared",
                "a field of its own for each signature",
                "two fields of one name or value",
            );
        }
        let Some(object) = value.as_reference() else {
            return fault(
                "signature-object",
                "a signature dictionary that is an object by itself",
                "a direct one",
            );
        };
        let Some(offset) = self.view.offset_of(object) else {
            let found = "none, or one in an object stream";
            return fault("signature-object", "a signature dictionary that is an object by itself", found);
        };
        let (dictionary, places) = match self.pdf.dictionary_at(offset) {
            Ok(read) => read,
            Err(error) => return fault("signature-object", "a signature dictionary", error),
        };
        // Reading it as an object sees that it is the object asked for, and ends.
        if let Err(error) = self.view.get(object) {
            return fault("signature-object", "a signature dictionary", error);
        }
        let sub_filter = self.sub_filter(&dictionary)?;
        let byte_range = byte_range(&dictionary)?;
        let contents_at = places.iter().find(|(key, _)| *key == "Contents").map(|(_, place)| place.clone());
        let contents_at = match contents_at {
            Some(place) => place,
            None => return fault("contents", "Contents", "nothing of the kind"),
        };
        let covered = [0, contents_at.start, contents_at.end];
        if byte_range[..3] != covered {
            let expected = format!("ByteRange [0 {} {} …], the gap being Contents", covered[1], covered[2]);
            return fault("byte-range", &expected, format!("{byte_range:?}"));
        }
        let end = byte_range[2].checked_add(byte_range[3]).filter(|end| *end <= self.pdf.data().len());
        let Some(end) = end else {
            return fault("byte-range", "ByteRange inside the file", format!("{byte_range:?}"));
        };
        let revision =
            self.pdf.revisions().iter().position(|revision| (revision.eof..=revision.end).contains(&end));
        let Some(revision) = revision else {
            let found = format!("byte {end}, where none ends");
            return fault("byte-range", "ByteRange up to the end of a revision", found);
        };
        let is_new =
            self.pdf.sections_of(revision).iter().any(|section| section.find(object.number).is_some());
        if !is_new {
            return fault(
                "byte-range",
                "a signature over the revision that it came with",
                format!("revision {}", revision + 1),
            );
        }
        let (contents, reserved) = contents(&self.pdf.data()[contents_at])?;
        let text = |key: &str| match dictionary.get(key).map(|value| self.view.resolve(value)) {
            Some(Ok(Object::String(text))) => Some(read_text_string(&text)),
            _ => None,
        };
        let (permission, lock) = self.transforms(&dictionary)?;
        Ok(PdfSignature {
            field: field.name.clone(),
            object,
            sub_filter,
            byte_range,
            contents,
            reserved,
            revision,
            covers_whole_file: self.pdf.data()[end..].iter().all(|byte| is_space(*byte))
                && revision + 1 == self.pdf.revisions().len(),
            modifications: Vec::new(),
            signing_time: text("M").and_then(|text| date::read(&text)),
            name: text("Name"),
            reason: text("Reason"),
            location: text("Location"),
            contact: text("ContactInfo"),
            permission,
            lock,
        })
    }

    fn sub_filter(&self, dictionary: &Dictionary) -> std::result::Result<SubFilter, Fault> {
        let named = dictionary.name("SubFilter").map(Name::text);
        let known = SubFilter::ALL.into_iter().find(|known| Some(known.as_str()) == named.as_deref());
        let Some(known) = known else {
            let expected = "ETSI.CAdES.detached, adbe.pkcs7.detached or ETSI.RFC3161";
            return fault("sub-filter", expected, named.unwrap_or_else(|| "none".to_owned()));
        };
        // A time-stamp that calls itself a signature, or the reverse, is shown as something else than it is.
        let expected = if known == SubFilter::Rfc3161 { "DocTimeStamp" } else { "Sig" };
        match dictionary.get("Type") {
            None if known != SubFilter::Rfc3161 => Ok(known),
            Some(Object::Name(found)) if *found == expected => Ok(known),
            found => fault("type", &format!("Type {expected}"), format!("{found:?}")),
        }
    }

    /// The transform parameters of DocMDP and FieldMDP.
    fn transforms(&self, dictionary: &Dictionary) -> std::result::Result<Transforms, Fault> {
        let (mut permission, mut lock) = (None, None);
        let unreadable = |error: PdfError| Fault {
            rule: "reference",
            expected: "transform parameters that can be read".to_owned(),
            found: error.to_string(),
        };
        for reference in self.view.array(dictionary, "Reference").map_err(unreadable)? {
            let Object::Dictionary(reference) = self.view.resolve(&reference).map_err(unreadable)? else {
                continue;
            };
            let parameters =
                self.view.dictionary(&reference, "TransformParams").map_err(unreadable)?.unwrap_or_default();
            match reference.name("TransformMethod").map(Name::text).as_deref() {
                Some("DocMDP") => {
                    let code = parameters.integer("P").unwrap_or(2);
                    let known = Permission::ALL.into_iter().find(|permission| permission.code() == code);
                    permission = match known {
                        Some(known) => Some(known),
                        None => return fault("reference", "DocMDP with P from 1 to 3", format!("P {code}")),
                    };
                }
                Some("FieldMDP") => {
                    let names = self.view.array(&parameters, "Fields").map_err(unreadable)?;
                    let names = names
                        .iter()
                        .filter_map(|name| match name {
                            Object::String(name) => Some(read_text_string(name)),
                            _ => None,
                        })
                        .collect();
                    lock = match parameters.name("Action").map(Name::text).as_deref() {
                        Some("All") => Some(FieldLock::All),
                        Some("Include") => Some(FieldLock::Include(names)),
                        Some("Exclude") => Some(FieldLock::Exclude(names)),
                        found => {
                            return fault("reference", "FieldMDP with a known action", format!("{found:?}"));
                        }
                    };
                }
                _ => {}
            }
        }
        Ok((permission, lock))
    }

    fn find_certification(&self, document: &mut Document) -> Result<()> {
        let permissions = self.view.dictionary(&self.view.catalog()?, "Perms")?.unwrap_or_default();
        let named = permissions.reference("DocMDP");
        for signature in &document.signatures {
            let Some(permission) = signature.permission else { continue };
            if named != Some(signature.object) {
                document.remarks.push(format!(
                    "the signature in field {:?} says it certifies, and the catalog does not",
                    signature.field
                ));
            } else {
                document.certification = Some((signature.field.clone(), permission));
            }
        }
        if named.is_some() && document.certification.is_none() {
            document.remarks.push("the catalog names a certification that is none".to_owned());
        }
        Ok(())
    }

    fn find_modifications(&self, document: &mut Document) -> Result<()> {
        let Some(first) = document.signatures.iter().map(|signature| signature.revision).min() else {
            return Ok(());
        };
        let mut steps: HashMap<usize, Vec<Modification>> = HashMap::new();
        let mut analysis = Analysis::new(self.pdf, first)?;
        for revision in first + 1..self.pdf.revisions().len() {
            steps.insert(revision, analysis.step(revision)?);
        }
        let revisions = self.pdf.revisions().len();
        // What a certification, or a lock, forbids counts for it and for every signature before.
        let certifications: Vec<(usize, Option<Permission>, Option<FieldLock>)> = document
            .signatures
            .iter()
            .map(|signature| (signature.revision, signature.permission, signature.lock.clone()))
            .collect();
        for signature in &mut document.signatures {
            for revision in signature.revision + 1..revisions {
                let in_force = || certifications.iter().filter(|(certified, ..)| *certified < revision);
                let permission = in_force().filter_map(|(_, permission, _)| *permission).min();
                let locks: Vec<&FieldLock> = in_force().filter_map(|(.., lock)| lock.as_ref()).collect();
                let found = steps.get(&revision).into_iter().flatten();
                signature.modifications.extend(found.map(|found| found.judged(permission, &locks)));
            }
        }
        Ok(())
    }

    /// What may show something else on another day or in another program, without a byte being changed: scripts, programs that
    /// are started, forms in a language of their own. It is signed like everything else, so it is only said to be there.
    fn find_active_content(&self, document: &mut Document) {
        // What cannot be read does nothing either.
        let dictionary = |above: &Dictionary, key: &str| {
            self.view.dictionary(above, key).ok().flatten().unwrap_or_default()
        };
        let catalog = self.view.catalog().unwrap_or_default();
        if dictionary(&catalog, "AcroForm").get("XFA").is_some() {
            document.remarks.push("it has an XFA form, which programs show in their own ways".to_owned());
        }
        let when_opened = catalog.get("OpenAction");
        let later = dictionary(&catalog, "AA");
        let actions: Vec<Object> = when_opened
            .into_iter()
            .chain(later.iter().map(|(_, action)| action))
            .filter_map(|action| self.view.resolve(action).ok())
            .collect();
        let does =
            |what: &str| actions.iter().filter_map(Object::as_dictionary).any(|action| action.is("S", what));
        if does("JavaScript") || dictionary(&catalog, "Names").get("JavaScript").is_some() {
            document.remarks.push("it runs scripts, which may change what is shown".to_owned());
        }
        if does("Launch") {
            document.remarks.push("it starts another program".to_owned());
        }
    }

    fn read_stores(&self, document: &mut Document) {
        let mut known = SecurityStore::default();
        let mut last = None;
        for revision in 0..self.pdf.revisions().len() {
            let view = self.pdf.view(revision);
            // Most revisions have the store of the one before.
            let changed = revision == 0 || modification::touches_store(self.pdf, revision, last.as_ref());
            let store = if changed { SecurityStore::read(&view) } else { Ok(None) };
            let store = match store {
                Ok(store) => store.unwrap_or_default(),
                Err(error) => {
                    document.remarks.push(format!("the document security store can't be read: {error}"));
                    SecurityStore::default()
                }
            };
            if changed {
                last = super::dss::objects(&view).ok();
            }
            let fresh = store.without(&known);
            for (all, new) in [
                (&mut known.certificates, &fresh.certificates),
                (&mut known.ocsp_responses, &fresh.ocsp_responses),
                (&mut known.crls, &fresh.crls),
            ] {
                all.extend(new.iter().cloned());
            }
            document.stores.push(fresh);
        }
    }
}

impl PdfSignature {
    /// The end of what it covers.
    pub fn end(&self) -> usize {
        self.byte_range[2] + self.byte_range[3]
    }

    /// The covered bytes of the file that it was read from, in two parts.
    pub fn covered<'f>(&self, file: &'f [u8]) -> [&'f [u8]; 2] {
        let [_, first, second, length] = self.byte_range;
        [file.get(..first).unwrap_or_default(), file.get(second..second + length).unwrap_or_default()]
    }

    /// The digest of the covered bytes.
    pub fn digest(&self, file: &[u8], digest: countersign_pki::Digest) -> Vec<u8> {
        let mut hasher = digest.hasher();
        for part in self.covered(file) {
            hasher.update(part);
        }
        hasher.finish()
    }

    /// Whether it is a document time-stamp.
    pub fn is_time_stamp(&self) -> bool {
        self.sub_filter == SubFilter::Rfc3161
    }
}

fn byte_range(dictionary: &Dictionary) -> std::result::Result<[usize; 4], Fault> {
    const EXPECTED: &str = "ByteRange with four numbers";
    let Some(Object::Array(array)) = dictionary.get("ByteRange") else {
        let found = if dictionary.get("ByteRange").is_some() { "something else" } else { "none" };
        return fault("byte-range", EXPECTED, found);
    };
    let numbers: Option<Vec<usize>> = array
        .iter()
        .map(|object| match object {
            Object::Integer(value) => usize::try_from(*value).ok(),
            _ => None,
        })
        .collect();
    match numbers.as_deref() {
        Some([a, b, c, d]) => Ok([*a, *b, *c, *d]),
        _ => fault("byte-range", EXPECTED, format!("{array:?}")),
    }
}

/// The DER in `<…>`, and for how much of it there is place. Behind the DER there are zeros and nothing else:
/// the gap is the one part of the file that no signature covers.
fn contents(text: &[u8]) -> std::result::Result<(Vec<u8>, usize), Fault> {
    const EXPECTED: &str = "Contents with DER, and only zeros behind it";
    let [b'<', digits @ .., b'>'] = text else {
        return fault("contents", "Contents in hexadecimal", "another form of string");
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    if digits.is_empty()
        || !digits.len().is_multiple_of(2)
        || !digits.iter().all(|byte| digit(byte).is_some())
    {
        return fault(
            "contents",
            "Contents in hexadecimal, without gaps",
            "something else between the digits, or nothing",
        );
    }
    let value: Vec<u8> = digits
        .chunks_exact(2)
        // Two hexadecimal digits fit a byte.
        .map(|pair| (digit(&pair[0]).unwrap_or(0) * 16 + digit(&pair[1]).unwrap_or(0)) as u8)
        .collect();
    let mut parser = Parser::new(&value, "Contents");
    let length = match parser.expect(asn1::SEQUENCE) {
        Ok(tlv) => tlv.raw.len(),
        Err(error) => return fault("contents", EXPECTED, error),
    };
    if value[length..].iter().any(|byte| *byte != 0) {
        return fault("contents", EXPECTED, "bytes that are not zero behind the DER");
    }
    Ok((value[..length].to_vec(), value.len()))
}
