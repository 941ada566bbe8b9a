//! A document before and after its signature value exists [EN 319 142-1 §5, §6.3].
//!
//! [`prepare`] writes the revision with everything but the value: the field, its appearance, the dictionary with a
//! place for the value. What is covered is fixed by that, so the digest for the signer is too. The value may come
//! minutes and a restart later: [`PreparedSignature`] can be stored.

use std::collections::HashSet;
use std::ops::Range;

use countersign_pki::cms::{self, SignedAttributes};
use countersign_pki::verify::{KeyKind, ecdsa_der_from_fixed};
use countersign_pki::{Certificate, SignatureAlgorithm};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::appearance::Appearance;
use super::date;
use super::document::{self, Document, Permission};
use super::extend::SignedPdf;
use super::fields::{Field, fields, form};
use super::modification;
use super::pdf::{
    Dictionary, Id, Object, Pdf, PdfError, PdfFault, PdfLimits, Update, View, byte_range_text, hex,
    text_string,
};
use crate::error::{Error, Result};
use crate::xades::build::check_certificate;

/// What shall be signed, by whom and how.
#[derive(Debug, Clone)]
pub struct PdfSignatureRequest {
    /// The signer's certificate. It is part of what is signed, so it has to be known before.
    pub certificate: Certificate,
    /// Certificates above it, to be sent along.
    pub authorities: Vec<Certificate>,
    /// The signature algorithm; its digest is over the document, too.
    pub algorithm: SignatureAlgorithm,
    /// The claimed signing time; written with whole seconds.
    pub signing_time: Timestamp,
    /// The signature field: an empty one of the document, or a new one with this name. None: a new one.
    pub field: Option<String>,
    /// The signer's name beside the signature.
    pub name: Option<String>,
    /// Why the signer says to sign.
    pub reason: Option<String>,
    /// Where the signer says to be.
    pub location: Option<String>,
    /// How to reach the signer.
    pub contact: Option<String>,
    /// Makes it a certification: what may be changed afterwards. Only for the first signature of a document.
    pub certification: Option<Permission>,
    /// What is seen on a page; none for an invisible signature.
    pub appearance: Option<Appearance>,
    /// Bytes to keep free for the value, with what will be added to it; none for enough.
    pub reserve: Option<usize>,
}

impl PdfSignatureRequest {
    /// An invisible signature in a new field, with no statements but the time.
    pub fn new(certificate: Certificate, algorithm: SignatureAlgorithm, signing_time: Timestamp) -> Self {
        Self {
            certificate,
            authorities: Vec::new(),
            algorithm,
            signing_time,
            field: None,
            name: None,
            reason: None,
            location: None,
            contact: None,
            certification: None,
            appearance: None,
            reserve: None,
        }
    }
}

/// For the value, the time-stamp in it, and what else may come.
const RESERVE: usize = 16 << 10;
/// More than this is a mistake, or a chain that nobody can read.
const MAX_RESERVE: usize = 1 << 20;

/// A document that lacks only the signature value. [`Self::to_bytes`] stores it.
#[derive(Debug, Clone)]
pub struct PreparedSignature {
    file: Vec<u8>,
    /// `<0000…>`
    contents: Range<usize>,
    certificate: Certificate,
    authorities: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    attributes: SignedAttributes,
}

/// Finds out before anybody is asked for anything whether a signature can be added, and what is there already.
///
/// # Errors
/// [`Error::Pdf`] when the bytes are no document that is read here, or an object in it cannot be read;
/// [`Error::Unsignable`] when it takes no signature.
pub fn check_signable(file: &[u8], limits: &PdfLimits) -> Result<Document> {
    let pdf = Pdf::open(file, limits)?;
    let document = document::open(file, limits)?;
    let view = pdf.latest();
    check_takes_signatures(&view, &document)?;
    // What cannot be read could not be validated afterwards.
    modification::read_everything(&view)?;
    Ok(document)
}

/// Writes a revision with a signature that lacks its value.
///
/// # Errors
/// [`Error::Pdf`] when the bytes are no document that is read here, or an object in it cannot be read; [`Error::Unsignable`] when it may not be
/// signed so; [`Error::WrongCertificate`] and [`Error::UnsupportedAlgorithm`] when certificate and algorithm do not
/// make a signature; [`Error::Appearance`] when something cannot be shown.
pub fn prepare(file: &[u8], request: &PdfSignatureRequest, limits: &PdfLimits) -> Result<PreparedSignature> {
    check_certificate(&request.certificate, request.algorithm)?;
    if request.algorithm.digest().is_weak() {
        let algorithm = request.algorithm.to_string();
        return Err(Error::UnsupportedAlgorithm { what: "the signature algorithm", algorithm });
    }
    let pdf = Pdf::open(file, limits)?;
    let view = pdf.latest();
    let document = document::open(file, limits)?;
    check_document(&view, &document, request)?;
    let reserve = request.reserve.unwrap_or_else(|| {
        let chain = request.authorities.iter().chain([&request.certificate]);
        RESERVE + chain.map(|certificate| certificate.as_der().len()).sum::<usize>()
    });
    if reserve > MAX_RESERVE {
        return Err(unsignable(
            "reserve",
            format!("{reserve} bytes for the value; at most {MAX_RESERVE} are kept free"),
        ));
    }

    let mut update = Update::new(view)?;
    let value = update.new_id();
    let field = Place::find(&view, &document, request)?;
    let locks = match &field {
        Place::Existing(field) => lock_reference(&view, field)?,
        Place::New(_) => None,
    };
    field.write(&mut update, value, request)?;
    let dictionary = signature_dictionary(request, locks);
    let (byte_range, contents) = update.put_with_gap(value, &dictionary, reserve);
    let mut file = update.finish()?;
    fill_byte_range(&mut file, &byte_range, &contents);
    // What cannot be validated later is found out now, and not when somebody has signed.
    document::open(&file, limits)?;
    modification::read_everything(&Pdf::open(&file, limits)?.latest())?;

    PreparedSignature::new(
        file,
        contents,
        request.certificate.clone(),
        request.authorities.clone(),
        request.algorithm,
    )
}

impl PreparedSignature {
    fn new(
        file: Vec<u8>,
        contents: Range<usize>,
        certificate: Certificate,
        authorities: Vec<Certificate>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self> {
        let mut hasher = algorithm.digest().hasher();
        hasher.update(&file[..contents.start]);
        hasher.update(&file[contents.end..]);
        // EN 319 142-1 §6.3: the time is in the dictionary's M; the attribute signing-time is not to be there.
        let attributes = SignedAttributes::new(cms::ID_DATA, &hasher.finish(), &certificate, None)
            .map_err(|error| Error::DamagedTemplate { problem: error.to_string() })?;
        Ok(Self { file, contents, certificate, authorities, algorithm, attributes })
    }

    /// The data to be signed: the signed attributes as DER of a SET OF [RFC 5652 §5.4].
    pub fn dtbs(&self) -> &[u8] {
        self.attributes.to_be_signed()
    }

    /// The digest of [`Self::dtbs`], which is what a remote signer gets. It must not be hashed again.
    pub fn digest_to_sign(&self) -> Vec<u8> {
        self.algorithm.digest().of(self.dtbs())
    }

    /// The algorithm by which the value has to be made.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The certificate whose key has to make it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Puts in the signature value: as long as the modulus for RSA; for ECDSA in DER, or `r ‖ s` of fixed length.
    ///
    /// # Errors
    /// [`Error::WrongSignatureValue`] when it does not verify with the certificate. The prepared document can be
    /// used again. [`Error::Unsignable`] when the value does not fit into its place.
    pub fn finish(&self, value: &[u8]) -> Result<SignedPdf> {
        let value = self.checked_value(value).ok_or(Error::WrongSignatureValue)?;
        let chain: Vec<&[u8]> =
            [&self.certificate].into_iter().chain(&self.authorities).map(Certificate::as_der).collect();
        let signed =
            cms::assemble(&self.attributes, None, &self.certificate, &chain, self.algorithm, &value, &[]);
        let mut file = self.file.clone();
        fill_contents(&mut file, &self.contents, &signed)?;
        SignedPdf::open(file, &PdfLimits::default())
    }

    /// The value in the form of CMS, if it is one of the certificate's key over the digest.
    fn checked_value(&self, value: &[u8]) -> Option<Vec<u8>> {
        let key = self.certificate.public_key();
        let digest = self.digest_to_sign();
        let verifies = |value: &[u8]| key.verify_digest(self.algorithm, &digest, value).is_ok();
        if verifies(value) {
            return Some(value.to_vec());
        }
        match key.kind() {
            KeyKind::Ec(curve) => ecdsa_der_from_fixed(curve, value).ok().filter(|der| verifies(der)),
            KeyKind::Rsa { .. } => None,
        }
    }

    /// Bytes that [`Self::from_bytes`] reads back. They hold the document, and no secret.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Stored {
            contents: self.contents.clone(),
            certificate: self.certificate.to_pem(),
            authorities: self.authorities.iter().map(Certificate::to_pem).collect(),
            algorithm: self.algorithm.algorithm_identifier_der(),
        };
        // Numbers and strings; there is nothing in them that JSON could refuse.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.file);
        bytes
    }

    /// Reads a stored one.
    ///
    /// # Errors
    /// [`Error::DamagedTemplate`] when the bytes are none, or its parts do not fit each other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |problem: String| Error::DamagedTemplate { problem };
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| damaged("it has no head".to_owned()))?;
        let head: Stored =
            serde_json::from_slice(&bytes[..end]).map_err(|error| damaged(error.to_string()))?;
        let file = bytes[end + 1..].to_vec();
        let algorithm = SignatureAlgorithm::from_algorithm_identifier_der(&head.algorithm)
            .map_err(|error| damaged(error.to_string()))?;
        let gap = file.get(head.contents.clone()).and_then(|gap| gap.strip_prefix(b"<")?.strip_suffix(b">"));
        if !gap.is_some_and(|digits| digits.iter().all(|digit| *digit == b'0')) {
            return Err(damaged("there is no place for the value".to_owned()));
        }
        let read = |pem: &String| Certificate::from_pem(pem).map_err(|error| damaged(error.to_string()));
        let authorities = head.authorities.iter().map(read).collect::<Result<Vec<_>>>()?;
        Self::new(file, head.contents, read(&head.certificate)?, authorities, algorithm)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    contents: Range<usize>,
    /// PEM
    certificate: String,
    /// PEM
    authorities: Vec<String>,
    /// DER of the AlgorithmIdentifier.
    algorithm: Vec<u8>,
}

pub(super) fn unsignable(rule: &'static str, problem: impl Into<String>) -> Error {
    Error::Unsignable { rule, problem: problem.into() }
}

fn check_document(view: &View<'_, '_>, document: &Document, request: &PdfSignatureRequest) -> Result<()> {
    check_takes_signatures(view, document)?;
    if request.certification.is_some() && !document.signatures.is_empty() {
        return Err(unsignable("certification", "a certification has to be the first signature"));
    }
    Ok(())
}

fn check_takes_signatures(view: &View<'_, '_>, document: &Document) -> Result<()> {
    if form(view)?.is_some_and(|form| form.get("XFA").is_some()) {
        return Err(unsignable("xfa", "it has an XFA form, which programs show in their own ways"));
    }
    if let Some((field, Permission::NoChanges)) = &document.certification {
        return Err(unsignable(
            "certification",
            format!("the certification in field {field:?} forbids further signatures"),
        ));
    }
    if let Some(broken) = document.broken.first() {
        let problem = format!("field {:?} has a broken signature: {}", broken.field, broken.found);
        return Err(unsignable("broken-signature", problem));
    }
    Ok(())
}

fn signature_dictionary(request: &PdfSignatureRequest, lock: Option<Dictionary>) -> Dictionary {
    let mut dictionary = Dictionary::of([
        ("Type", Object::name("Sig")),
        ("Filter", Object::name("Adobe.PPKLite")),
        ("SubFilter", Object::name("ETSI.CAdES.detached")),
        ("M", Object::String(date::write(request.signing_time).into_bytes())),
    ]);
    for (key, text) in [
        ("Name", &request.name),
        ("Reason", &request.reason),
        ("Location", &request.location),
        ("ContactInfo", &request.contact),
    ] {
        if let Some(text) = text {
            dictionary.set(key, text_string(text));
        }
    }
    let certification = request.certification.map(|permission| {
        let parameters = Dictionary::of([
            ("Type", Object::name("TransformParams")),
            ("P", Object::Integer(permission.code())),
            ("V", Object::name("1.2")),
        ]);
        transform("DocMDP", parameters)
    });
    let lock = lock.map(|parameters| transform("FieldMDP", parameters));
    let references: Vec<Object> = certification.into_iter().chain(lock).collect();
    if !references.is_empty() {
        dictionary.set("Reference", Object::Array(references));
    }
    dictionary
}

fn transform(method: &str, parameters: Dictionary) -> Object {
    Object::Dictionary(Dictionary::of([
        ("Type", Object::name("SigRef")),
        ("TransformMethod", Object::name(method)),
        ("TransformParams", Object::Dictionary(parameters)),
    ]))
}

/// A field may say what its signature locks; the signature then has to say the same [ISO 32000-1 table 233].
fn lock_reference(view: &View<'_, '_>, field: &Field) -> Result<Option<Dictionary>> {
    let Some(lock) = view.dictionary(&field.dictionary, "Lock")? else { return Ok(None) };
    let mut parameters =
        Dictionary::of([("Type", Object::name("TransformParams")), ("V", Object::name("1.2"))]);
    for key in ["Action", "Fields"] {
        let value = view.value(&lock, key)?;
        if value != Object::Null {
            parameters.set(key, value);
        }
    }
    Ok(Some(parameters))
}

/// The field of a signature.
enum Place {
    Existing(Box<Field>),
    New(String),
}

impl Place {
    fn find(view: &View<'_, '_>, document: &Document, request: &PdfSignatureRequest) -> Result<Self> {
        let known = fields(view)?;
        let names: HashSet<&str> = known.iter().map(|field| field.name.as_str()).collect();
        let Some(wanted) = &request.field else {
            return Ok(Self::New(free_name(&names, "Signature")));
        };
        let locked = document
            .signatures
            .iter()
            .find(|signature| signature.lock.as_ref().is_some_and(|lock| lock.locks(wanted)));
        if let Some(signature) = locked {
            return Err(unsignable(
                "field-locked",
                format!("the signature in {:?} locks field {wanted:?}", signature.field),
            ));
        }
        match known.iter().find(|field| field.name == *wanted) {
            Some(field) if !field.is_signature() => {
                Err(unsignable("field-kind", format!("field {wanted:?} is not for signatures")))
            }
            Some(field) if field.dictionary.get("V").is_some_and(|value| *value != Object::Null) => {
                Err(unsignable("field-taken", format!("field {wanted:?} has a signature already")))
            }
            Some(field) => Ok(Self::Existing(Box::new(field.clone()))),
            None if wanted.is_empty() || wanted.contains('.') => {
                Err(unsignable("field-name", format!("{wanted:?} can't be the name of a new field")))
            }
            None => Ok(Self::New(wanted.clone())),
        }
    }

    fn write(self, update: &mut Update<'_, '_>, value: Id, request: &PdfSignatureRequest) -> Result<()> {
        let view = update.base();
        match self {
            Self::Existing(field) => {
                let mut dictionary = field.dictionary.clone();
                dictionary.set("V", Object::Reference(value));
                if let Some(appearance) = &request.appearance {
                    // The place is the one that the document has for it.
                    let widget = field.widgets.first().copied().unwrap_or(field.id);
                    let mut own = if widget == field.id {
                        dictionary.clone()
                    } else {
                        view.get(widget)?.as_dictionary().cloned().unwrap_or_default()
                    };
                    let rectangle: Vec<f64> =
                        view.array(&own, "Rect")?.iter().filter_map(Object::as_number).collect();
                    let [a, b, c, d] = rectangle[..] else {
                        return Err(unsignable(
                            "field-place",
                            format!("field {:?} has no place on a page", field.name),
                        ));
                    };
                    let stream = appearance.draw(update, (c - a).abs(), (d - b).abs(), 0)?;
                    let streams = Dictionary::of([("N", Object::Reference(stream))]);
                    own.set("AP", Object::Dictionary(streams));
                    if widget == field.id {
                        dictionary = own;
                    } else {
                        update.put(widget, &Object::Dictionary(own));
                    }
                }
                update.put(field.id, &Object::Dictionary(dictionary));
                let mut changes = FormChanges::read(&view)?;
                changes.write(update, None, request.certification.map(|_| value), |_, _| Ok(()))
            }
            Self::New(name) => {
                let field = update.new_id();
                let page =
                    request.appearance.as_ref().map_or(Ok(0), |appearance| appearance.page_index(&view))?;
                let page = add_widget(update, field, page)?;
                let mut dictionary = field_dictionary(&name, value, page);
                if let Some(appearance) = &request.appearance {
                    appearance.place(update, page, &mut dictionary)?;
                }
                update.put(field, &Object::Dictionary(dictionary));
                let mut changes = FormChanges::read(&view)?;
                changes.write(update, Some(field), request.certification.map(|_| value), |_, _| Ok(()))
            }
        }
    }
}

/// `Signature1`, or the next that is free.
pub(super) fn free_name(taken: &HashSet<&str>, kind: &str) -> String {
    (1..)
        .map(|number| format!("{kind}{number}"))
        .find(|name| !taken.contains(name.as_str()))
        .unwrap_or_default()
}

/// A field that is its own widget, without a place on the page.
pub(super) fn field_dictionary(name: &str, value: Id, page: Id) -> Dictionary {
    Dictionary::of([
        ("Type", Object::name("Annot")),
        ("Subtype", Object::name("Widget")),
        ("FT", Object::name("Sig")),
        ("T", text_string(name)),
        ("V", Object::Reference(value)),
        // Printed, and not to be moved.
        ("F", Object::Integer(132)),
        ("Rect", Object::Array(vec![Object::Integer(0); 4])),
        ("P", Object::Reference(page)),
    ])
}

/// Adds a widget to the annotations of a page (0 is the first), and gives the page.
pub(super) fn add_widget(update: &mut Update<'_, '_>, widget: Id, page: usize) -> Result<Id> {
    let view = update.base();
    let pages = view.pages()?;
    let page = *pages.get(page).ok_or_else(|| {
        unsignable("page", format!("there is no page {}; the document has {}", page + 1, pages.len()))
    })?;
    let Object::Dictionary(mut dictionary) = view.get(page)? else {
        return Err(PdfError::anywhere(PdfFault::Structure, "a page that is no dictionary").into());
    };
    let mut annotations = view.array(&dictionary, "Annots")?;
    annotations.push(Object::Reference(widget));
    match dictionary.reference("Annots") {
        Some(list) if view.has(list) => update.put(list, &Object::Array(annotations)),
        _ => {
            dictionary.set("Annots", Object::Array(annotations));
            update.put(page, &Object::Dictionary(dictionary));
        }
    }
    Ok(page)
}

/// The catalog and the form in it, of which each may be changed.
pub(super) struct FormChanges {
    catalog: Dictionary,
    form: Dictionary,
    form_id: Option<Id>,
}

impl FormChanges {
    pub(super) fn read(view: &View<'_, '_>) -> Result<Self> {
        let catalog = view.catalog()?;
        let form = form(view)?.unwrap_or_default();
        let form_id = catalog.reference("AcroForm").filter(|id| view.has(*id));
        Ok(Self { catalog, form, form_id })
    }

    /// Writes the form with one more field, and the catalog where it changes. `more` may change the catalog
    /// further.
    pub(super) fn write(
        &mut self,
        update: &mut Update<'_, '_>,
        field: Option<Id>,
        certification: Option<Id>,
        more: impl FnOnce(&mut Update<'_, '_>, &mut Dictionary) -> Result<()>,
    ) -> Result<()> {
        let view = update.base();
        let before = self.catalog.clone();
        let old_form = self.form.clone();
        if let Some(field) = field {
            let mut list = view.array(&self.form, "Fields")?;
            list.push(Object::Reference(field));
            match self.form.reference("Fields") {
                Some(id) if view.has(id) => update.put(id, &Object::Array(list)),
                _ => self.form.set("Fields", Object::Array(list)),
            }
        }
        // Signatures exist, and only appending keeps them.
        self.form.set("SigFlags", Object::Integer(self.form.integer("SigFlags").unwrap_or(0) | 3));
        if self.form != old_form {
            match self.form_id {
                Some(id) => update.put(id, &Object::Dictionary(self.form.clone())),
                None => self.catalog.set("AcroForm", Object::Dictionary(self.form.clone())),
            }
        }
        if let Some(value) = certification {
            let mut permissions = view.dictionary(&self.catalog, "Perms")?.unwrap_or_default();
            permissions.set("DocMDP", Object::Reference(value));
            self.catalog.set("Perms", Object::Dictionary(permissions));
        }
        more(update, &mut self.catalog)?;
        if self.catalog != before {
            let root = view.root()?;
            update.put(root, &Object::Dictionary(self.catalog.clone()));
        }
        Ok(())
    }
}

pub(super) fn fill_byte_range(file: &mut [u8], place: &Range<usize>, contents: &Range<usize>) {
    let text = byte_range_text([0, contents.start, contents.end, file.len() - contents.end]);
    // The text has one width, whatever the numbers.
    file[place.clone()].copy_from_slice(text.as_bytes());
}

/// Writes a value into its place, zeros behind it.
pub(super) fn fill_contents(file: &mut [u8], contents: &Range<usize>, value: &[u8]) -> Result<()> {
    let place = &mut file[contents.start + 1..contents.end - 1];
    let digits = hex(value);
    if digits.len() > place.len() {
        let problem = format!("a value of {} bytes where {} were kept free", value.len(), place.len() / 2);
        return Err(unsignable("reserve", problem));
    }
    let (used, rest) = place.split_at_mut(digits.len());
    used.copy_from_slice(digits.as_bytes());
    rest.fill(b'0');
    Ok(())
}
