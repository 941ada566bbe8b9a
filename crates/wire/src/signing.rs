//! What e-services send to `/signing/v1` to have files signed, and what is wrong with it. Our own API: `docs/signing-api.md`.
//!
//! Members that are not known are refused: a misspelt wish would otherwise be lost. Certificates and levels are left as text;
//! what they mean is not for this crate to say.

use serde::{Deserialize, Serialize};

use crate::base64::from_b64;
use crate::callback::CallbackUrl;
use crate::id::{DocumentNumber, SemanticsIdentifier};
use crate::problem::InvalidMember;
use crate::words;
use crate::words::{HashAlgorithm, RequestedLevel};

/// The longest text that a signer states, in characters.
const STATEMENT_MAX: usize = 500;
/// Roles, and lines on a page.
const STATEMENTS_MAX: usize = 16;

words! {
    /// What a container is.
    pub enum Form {
        /// ASiC-E with its data files.
        Asice = "asice",
        /// ASiC-E without them: their digests stand for them.
        Hashcode = "hashcode",
        /// A PDF document, signed in itself.
        Pdf = "pdf",
    }

    /// How a person is reached.
    pub enum Way {
        /// They scan a QR code, or open a link on this device.
        DeviceLink = "device-link",
        /// Their phone is told.
        Notification = "notification",
        /// The signature value comes from elsewhere: a card, another session.
        Remote = "remote",
    }

    /// What may be changed in a document after its certification.
    pub enum Certify {
        /// Nothing.
        NoChanges = "no-changes",
        /// Forms may be filled in, and others may sign.
        FormFilling = "form-filling",
        /// That, and annotations may be made.
        Annotations = "annotations",
    }
}

impl Form {
    /// The media type of a whole container.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Asice | Self::Hashcode => "application/vnd.etsi.asic-e+zip",
            Self::Pdf => "application/pdf",
        }
    }
}

/// `SignatureProductionPlaceV2`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Place {
    /// `City`
    pub city: Option<String>,
    /// `StateOrProvince`
    pub state_or_province: Option<String>,
    /// `PostalCode`
    pub postal_code: Option<String>,
    /// `CountryName`
    pub country: Option<String>,
}

/// What belongs to a signature in a document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Pdf {
    /// Why.
    pub reason: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// How to reach the signer.
    pub contact: Option<String>,
    /// The signature field that is to be signed.
    pub field: Option<String>,
    /// What may still be changed; the first signature alone may say so.
    pub certify: Option<Certify>,
    /// How the signature is seen.
    pub visible: Option<Visible>,
}

/// A signature that is seen on a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Visible {
    /// From 1; the last is -1.
    pub page: i32,
    /// Left, bottom, width, height in points (1/72 inch) from the bottom left corner.
    pub rectangle: [f64; 4],
    /// Lines of text; without them: name, time, reason.
    #[serde(default)]
    pub lines: Vec<String>,
    /// A TrueType font in base64, for letters that are not Latin.
    #[serde(default)]
    pub font: Option<String>,
    /// A PNG or JPEG picture in base64.
    #[serde(default)]
    pub picture: Option<String>,
}

/// What the signer says, and what is seen of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Statements {
    /// In which roles; in containers.
    pub roles: Vec<String>,
    /// Where; in containers.
    pub place: Option<Place>,
    /// In documents.
    pub pdf: Option<Pdf>,
}

/// Whom a request names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Person {
    /// Whoever scans the code.
    Anybody,
    /// A person, with any of their accounts.
    Identified(SemanticsIdentifier),
    /// An account.
    Document(DocumentNumber),
}

impl Person {
    /// Whether this account is theirs.
    pub fn has(&self, document: &DocumentNumber) -> bool {
        match self {
            Self::Anybody => true,
            Self::Identified(person) => document.semantics() == person,
            Self::Document(wanted) => wanted == document,
        }
    }
}

/// The body of `POST /signing/v1/containers/{container}/signatures`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignatureBody {
    #[serde(default = "device_link")]
    flow: Way,
    document_number: Option<DocumentNumber>,
    person: Option<SemanticsIdentifier>,
    level: Option<String>,
    hash: Option<HashAlgorithm>,
    certificate_level: Option<RequestedLevel>,
    text: Option<String>,
    callback_url: Option<String>,
    certificate: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    place: Option<Place>,
    pdf: Option<Pdf>,
}

fn device_link() -> Way {
    Way::DeviceLink
}

/// What is asked for, as far as the text alone can tell.
#[derive(Debug)]
pub struct AskedSignature {
    /// How the person is reached.
    pub way: Way,
    /// Who.
    pub person: Person,
    /// `B`, `T`, `LT` or `LTA`, if it is one.
    pub level: Option<String>,
    /// Of what is signed.
    pub hash: HashAlgorithm,
    /// Of the person's certificate.
    pub certificate_level: RequestedLevel,
    /// What the person reads.
    pub text: Option<String>,
    /// Where the browser comes back to.
    pub callback_url: Option<String>,
    /// DER of the certificate of a key elsewhere: with [`Way::Remote`], and only then.
    pub certificate: Option<Vec<u8>>,
    /// What the signer says.
    pub statements: Statements,
}

fn invalid(member: &'static str, detail: impl Into<String>) -> InvalidMember {
    InvalidMember::in_path(member, detail)
}

impl SignatureBody {
    /// What is asked for, of a container of this form.
    ///
    /// # Errors
    /// Members that contradict each other, or the form, or are too long.
    pub fn read(self, form: Form) -> Result<AskedSignature, InvalidMember> {
        let person = match (self.flow, self.document_number, self.person) {
            (_, Some(_), Some(_)) => {
                return Err(invalid("person", "name a person or a document number, not both"));
            }
            (Way::Remote | Way::DeviceLink, None, None) => Person::Anybody,
            (Way::Remote, _, _) => return Err(invalid("person", "the certificate says who signs")),
            (Way::Notification, None, None) => {
                let detail = "a notification goes to a person or to a document number";
                return Err(invalid("documentNumber", detail));
            }
            (_, Some(document), None) => Person::Document(document),
            (_, None, Some(person)) => Person::Identified(person),
        };
        let certificate = match (self.flow, &self.certificate) {
            (Way::Remote, Some(text)) => {
                let der = from_b64(text);
                Some(der.ok_or_else(|| invalid("certificate", "an X.509 certificate, DER in base64"))?)
            }
            (Way::Remote, None) => {
                return Err(invalid("certificate", "the certificate of the key that signs is needed"));
            }
            (_, Some(_)) => return Err(invalid("certificate", "only the flow `remote` brings one")),
            (_, None) => None,
        };
        if let Some(url) = &self.callback_url {
            if self.flow != Way::DeviceLink {
                return Err(invalid("callbackUrl", "only a device link leads back"));
            }
            CallbackUrl::parse(url).map_err(|error| invalid("callbackUrl", error.to_string()))?;
        }
        let statements = Statements { roles: self.roles, place: self.place, pdf: self.pdf };
        statements.check(form)?;
        Ok(AskedSignature {
            way: self.flow,
            person,
            level: self.level,
            hash: self.hash.unwrap_or(HashAlgorithm::Sha512),
            certificate_level: self.certificate_level.unwrap_or_default(),
            text: self.text,
            callback_url: self.callback_url,
            certificate,
            statements,
        })
    }
}

impl Statements {
    /// Statements belong to the form of what is signed, and are of a size that people read.
    fn check(&self, form: Form) -> Result<(), InvalidMember> {
        let Self { roles, place, pdf } = self;
        let short = |text: &String| !text.is_empty() && text.chars().count() <= STATEMENT_MAX;
        let optional = |text: &Option<String>| text.as_ref().is_none_or(short);
        if form == Form::Pdf {
            if !roles.is_empty() || place.is_some() {
                let detail = "a document has `pdf.reason` and `pdf.location` in their place";
                return Err(invalid("roles", detail));
            }
        } else if pdf.is_some() {
            return Err(invalid("pdf", "only a document has that"));
        }
        if roles.len() > STATEMENTS_MAX || !roles.iter().all(short) {
            let detail = format!("at most {STATEMENTS_MAX} of 1 to {STATEMENT_MAX} characters");
            return Err(invalid("roles", detail));
        }
        let fits = |place: &Place| {
            let Place { city, state_or_province, postal_code, country } = place;
            [city, state_or_province, postal_code, country].into_iter().all(optional)
        };
        if !place.as_ref().is_none_or(fits) {
            return Err(invalid("place", format!("texts of 1 to {STATEMENT_MAX} characters")));
        }
        let Some(Pdf { reason, location, contact, field, visible, .. }) = pdf else { return Ok(()) };
        if ![reason, location, contact, field].into_iter().all(optional) {
            return Err(invalid("pdf", format!("texts of 1 to {STATEMENT_MAX} characters")));
        }
        let Some(visible) = visible else { return Ok(()) };
        if visible.page == 0 || !visible.rectangle.iter().all(|number| number.is_finite()) {
            return Err(invalid("visible", "a page from 1, or -1 for the last, and four numbers"));
        }
        if visible.lines.len() > STATEMENTS_MAX || !visible.lines.iter().all(short) {
            let detail = format!("at most {STATEMENTS_MAX} lines of 1 to {STATEMENT_MAX} characters");
            return Err(invalid("lines", detail));
        }
        for (member, text) in [("font", &visible.font), ("picture", &visible.picture)] {
            if text.as_ref().is_some_and(|text| from_b64(text).is_none()) {
                return Err(invalid(member, "base64"));
            }
        }
        Ok(())
    }
}

/// The JSON body that begins a hashcode container.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigestsBody {
    name: Option<String>,
    files: Vec<DigestsOfFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DigestsOfFile {
    name: String,
    media_type: Option<String>,
    bytes: u64,
    sha256: String,
    sha512: Option<String>,
}

/// A data file by its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// What it is called.
    pub name: String,
    /// What it is, if that is said.
    pub media_type: Option<String>,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
    /// SHA-512 of it.
    pub sha512: Option<[u8; 64]>,
}

impl DigestsBody {
    /// Name and files, each with digests of the right length.
    ///
    /// # Errors
    /// No files or too many of them; a digest of another length.
    pub fn read(self, max_files: usize) -> Result<(Option<String>, Vec<Digests>), InvalidMember> {
        if !(1..=max_files).contains(&self.files.len()) {
            return Err(invalid("files", format!("1 to {max_files} files")));
        }
        let files = self.files.into_iter().map(|file| {
            let wrong = |member: &'static str, octets: usize| {
                invalid(member, format!("base64 of the {octets} bytes of the digest"))
            };
            let sha256 = digest(&file.sha256).ok_or_else(|| wrong("sha256", 32))?;
            let sha512 = match &file.sha512 {
                Some(text) => Some(digest(text).ok_or_else(|| wrong("sha512", 64))?),
                None => None,
            };
            Ok(Digests { name: file.name, media_type: file.media_type, bytes: file.bytes, sha256, sha512 })
        });
        Ok((self.name, files.collect::<Result<_, InvalidMember>>()?))
    }
}

/// A digest of this length in base64.
pub(crate) fn digest<const N: usize>(text: &str) -> Option<[u8; N]> {
    from_b64(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, form: Form) -> Result<AskedSignature, String> {
        let body: SignatureBody = serde_json::from_str(body).map_err(|error| error.to_string())?;
        body.read(form).map_err(|invalid| invalid.param_name.into_owned())
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let asked = read("{}", Form::Asice).unwrap();
        assert_eq!((asked.way, asked.person), (Way::DeviceLink, Person::Anybody));
        assert_eq!((asked.hash, asked.level, asked.certificate), (HashAlgorithm::Sha512, None, None));
        assert_eq!(asked.statements, Statements::default());
    }

    #[test]
    fn what_contradicts_itself_or_the_form_is_refused_by_its_member() {
        let document = r#""documentNumber":"PNOEE-40504040001-DEM0-Q""#;
        for (body, form, member) in [
            (format!("{{{document},\"person\":\"PNOEE-40504040001\"}}"), Form::Asice, "person"),
            (r#"{"flow":"notification"}"#.to_owned(), Form::Asice, "documentNumber"),
            (format!("{{\"flow\":\"remote\",{document}}}"), Form::Asice, "person"),
            (r#"{"flow":"remote"}"#.to_owned(), Form::Asice, "certificate"),
            (r#"{"flow":"remote","certificate":"?"}"#.to_owned(), Form::Asice, "certificate"),
            (r#"{"certificate":"AAAA"}"#.to_owned(), Form::Asice, "certificate"),
            (
                format!("{{\"flow\":\"notification\",{document},\"callbackUrl\":\"https://a/\"}}"),
                Form::Asice,
                "callbackUrl",
            ),
            (r#"{"pdf":{}}"#.to_owned(), Form::Asice, "pdf"),
            (r#"{"roles":["a"]}"#.to_owned(), Form::Pdf, "roles"),
            (r#"{"roles":[""]}"#.to_owned(), Form::Asice, "roles"),
            (format!("{{\"place\":{{\"city\":\"{}\"}}}}", "õ".repeat(501)), Form::Asice, "place"),
            (r#"{"pdf":{"visible":{"page":0,"rectangle":[0,0,1,1]}}}"#.to_owned(), Form::Pdf, "visible"),
            (
                r#"{"pdf":{"visible":{"page":1,"rectangle":[0,0,1,1],"font":"?"}}}"#.to_owned(),
                Form::Pdf,
                "font",
            ),
        ] {
            assert_eq!(read(&body, form).map(|_| ()), Err(member.to_owned()), "{body}");
        }
        assert!(read(r#"{"misspelt":1}"#, Form::Asice).is_err());
    }

    #[test]
    fn digests_have_their_length() {
        let file = |sha256: &str| format!(r#"{{"files":[{{"name":"a","bytes":1,"sha256":"{sha256}"}}]}}"#);
        let read = |body: &str| serde_json::from_str::<DigestsBody>(body).unwrap().read(1);
        let (_, files) = read(&file(&crate::base64::b64(&[7; 32]))).unwrap();
        assert_eq!(files[0].sha256, [7; 32]);
        assert_eq!(read(&file("AAAA")).unwrap_err().param_name, "sha256");
        assert_eq!(read(r#"{"files":[]}"#).unwrap_err().param_name, "files");
    }
}
