//! What is sent to begin a container: files as parts of a form, written to the disk as they come; or digests as JSON.

use std::io::{BufWriter, Seek as _, Write as _};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use countersign_container::asice::Form as AsiceForm;
use countersign_container::pades::PdfLimits;
use countersign_container::{
    Container as Asice, ContainerWriter, FileName, Limits, Method, SignedSignature, media_type, pades,
};
use countersign_wire::problem::{InvalidMember, ProblemType};
use countersign_wire::signing::{Digests, DigestsBody};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode};
use jiff::Timestamp;
use tempfile::NamedTempFile;

use super::fault::Fault;
use super::kept::{Container, DataFile, Done, Form, Owner, Signature, State, file_name, new_id};
use crate::App;
use crate::problem::{Problem, Surface};

/// What belongs to a form beside its files: boundaries and part headers.
const FORM_OVERHEAD: u64 = 256 * 1024;
/// The longest field of a form that is no file.
const FIELD_MAX: usize = 256;
/// The longest name of a container, in characters.
const NAME_MAX: usize = 260;
/// Files up to this size are deflated; see `ContainerWriter`.
const METHOD: Method = Method::Deflated;

/// A file that was sent.
struct Sent {
    name: String,
    media_type: Option<String>,
    bytes: u64,
    draft: NamedTempFile,
}

/// What was sent as a form.
#[derive(Default)]
struct SentForm {
    files: Vec<Sent>,
    container: Option<Sent>,
    form: Option<String>,
    name: Option<String>,
}

impl App {
    /// Reads a form, and makes a container of it.
    pub(crate) async fn container_of_form(
        &self,
        owner: Owner,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Container, Problem> {
        let max = self.signing().config.max_bytes;
        let announced =
            headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > max.saturating_add(FORM_OVERHEAD)) {
            return Err(too_large(max));
        }
        let sent = tokio::time::timeout(self.upload_time(), self.read_form(headers, body)).await;
        let sent = sent.map_err(|_| {
            Problem::status(Surface::Own, StatusCode::REQUEST_TIMEOUT)
                .detail("the files did not arrive in time")
        })??;
        let wanted = match sent.form.as_deref() {
            None => None,
            Some(word) => Some(word.parse::<Form>().map_err(|error| invalid("format", error.to_string()))?),
        };
        let (app, now) = (self.clone(), self.now());
        let made = match (sent.container, sent.files, wanted) {
            (Some(_), files, _) if !files.is_empty() => {
                return Err(invalid("container", "a container has its files already"));
            }
            (Some(container), _, None) => {
                self.signing().compute(move || app.adopt(owner, container, sent.name, now)).await
            }
            (Some(_), _, Some(_)) => {
                return Err(invalid("format", "a container that is sent has its format"));
            }
            (None, files, _) if files.is_empty() => {
                return Err(invalid("file", "the form has no part `file` and no part `container`"));
            }
            (None, files, None | Some(Form::Asice)) => {
                self.signing().compute(move || app.pack(owner, files, sent.name, now)).await
            }
            (None, mut files, Some(Form::Pdf)) => match (files.pop(), files.is_empty()) {
                (Some(document), true) => {
                    self.signing().compute(move || app.adopt(owner, document, sent.name, now)).await
                }
                _ => return Err(invalid("file", "a document is signed alone")),
            },
            (None, _, Some(Form::Hashcode)) => {
                return Err(invalid("format", "send digests as application/json, not the files"));
            }
        };
        let container = made?;
        if wanted == Some(Form::Pdf) && container.form != Form::Pdf {
            self.signing().files.remove(&container.file);
            return Err(Problem::of(ProblemType::InvalidContainer, "the file is no PDF document"));
        }
        Ok(container)
    }

    /// How long a whole upload may take: files are larger than other bodies.
    fn upload_time(&self) -> Duration {
        const TIMES: u32 = 60;
        Duration::from_secs(u64::from(self.config().listen.head_seconds.saturating_mul(TIMES)))
    }

    async fn read_form(&self, headers: &HeaderMap, body: Body) -> Result<SentForm, Problem> {
        let config = &self.signing().config;
        let max = config.max_bytes;
        let limit = usize::try_from(max.saturating_add(FORM_OVERHEAD)).unwrap_or(usize::MAX);
        let mut request = Request::new(Body::new(http_body_util::Limited::new(body, limit)));
        *request.headers_mut() = headers.clone();
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|_| invalid("body", "the form has no boundary"))?;
        let mut sent = SentForm::default();
        let mut left = max;
        while let Some(mut field) = form.next_field().await.map_err(|error| form_error(&error, max))? {
            let part = field.name().unwrap_or_default().to_owned();
            match part.as_str() {
                "file" | "container" => {
                    if part == "container" && sent.container.is_some() {
                        return Err(invalid("container", "there is more than one"));
                    }
                    if sent.files.len() >= config.max_files as usize {
                        let detail = format!("more than {} files", config.max_files);
                        return Err(invalid("file", detail));
                    }
                    let name = field.file_name().map(last_part).unwrap_or_default();
                    let media_type = field.content_type().map(str::to_owned);
                    let draft = self.signing().files.draft().map_err(Fault::Io)?;
                    let copy = draft.reopen().map_err(Fault::Io)?;
                    let mut sink = tokio::fs::File::from_std(copy);
                    let mut bytes = 0_u64;
                    while let Some(piece) = field.chunk().await.map_err(|error| form_error(&error, max))? {
                        left = left.checked_sub(piece.len() as u64).ok_or_else(|| too_large(max))?;
                        bytes += piece.len() as u64;
                        tokio::io::AsyncWriteExt::write_all(&mut sink, &piece).await.map_err(Fault::Io)?;
                    }
                    tokio::io::AsyncWriteExt::flush(&mut sink).await.map_err(Fault::Io)?;
                    let file = Sent { name, media_type, bytes, draft };
                    if part == "file" {
                        sent.files.push(file);
                    } else {
                        sent.container = Some(file);
                    }
                }
                "format" | "name" => {
                    let mut text = Vec::new();
                    while let Some(piece) = field.chunk().await.map_err(|error| form_error(&error, max))? {
                        if text.len() + piece.len() > FIELD_MAX * 4 {
                            return Err(invalid("form", "a field is too long"));
                        }
                        text.extend_from_slice(&piece);
                    }
                    let text = String::from_utf8(text).map_err(|_| invalid("form", "a field is no text"))?;
                    let place = if part == "name" { &mut sent.name } else { &mut sent.form };
                    if place.replace(text).is_some() {
                        return Err(invalid("form", "a field occurs twice"));
                    }
                }
                _ => {
                    let detail = "a part is none of file, container, format, name";
                    return Err(invalid("form", detail));
                }
            }
        }
        Ok(sent)
    }

    /// A new container of files.
    fn pack(
        &self,
        owner: Owner,
        files: Vec<Sent>,
        name: Option<String>,
        now: Timestamp,
    ) -> Result<Container, Fault> {
        let name = match name {
            Some(name) => name,
            None => container_name(files.first().map_or("", |file| &file.name), files.len()),
        };
        let draft = self.signing().files.draft()?;
        let mut kept = Vec::new();
        let sink = BufWriter::new(draft.reopen()?);
        let mut writer = ContainerWriter::new(sink, &[], now)?;
        for file in files {
            let media_type = match file.media_type.as_deref() {
                Some(given) if given != "application/octet-stream" => given,
                _ => media_type::of(&file.name),
            }
            .to_owned();
            let content = file.draft.reopen()?;
            let parsed = FileName::parse(&file.name)?;
            writer.add_data_file(parsed, &media_type, file.bytes, content, METHOD, now)?;
            kept.push(DataFile { name: file.name, media_type, bytes: file.bytes });
        }
        writer.finish(now)?.into_inner().map_err(|error| error.into_error())?;
        self.keep_new(owner, Form::Asice, checked_name(&name)?, kept, Vec::new(), draft, now)
    }

    /// A container of digests: their files stay where they are.
    pub(crate) fn pack_digests(
        &self,
        owner: Owner,
        files: Vec<Digests>,
        name: String,
        now: Timestamp,
    ) -> Result<Container, Fault> {
        let mut made = Asice::of_form(AsiceForm::Hashcode);
        let mut kept = Vec::new();
        for file in files {
            let Digests { name, media_type, bytes, sha256, sha512 } = file;
            let media_type = media_type.unwrap_or_else(|| media_type::of(&name).to_owned());
            made.add_hashcode(FileName::parse(&name)?, &media_type, bytes, sha256, sha512, now)?;
            kept.push(DataFile { name, media_type, bytes });
        }
        let mut draft = self.signing().files.draft()?;
        draft.write_all(&made.to_bytes()?)?;
        self.keep_new(owner, Form::Hashcode, checked_name(&name)?, kept, Vec::new(), draft, now)
    }

    /// A container or a document that somebody made already, signed or not.
    fn adopt(
        &self,
        owner: Owner,
        sent: Sent,
        name: Option<String>,
        now: Timestamp,
    ) -> Result<Container, Fault> {
        let name = name.unwrap_or(sent.name);
        self.adopt_file(owner, sent.draft, name, now)
    }

    /// The same from a file.
    pub(crate) fn adopt_file(
        &self,
        owner: Owner,
        draft: NamedTempFile,
        name: String,
        now: Timestamp,
    ) -> Result<Container, Fault> {
        use std::io::Read as _;
        let mut head = Vec::new();
        let mut file = draft.reopen()?;
        std::io::Read::by_ref(&mut file).take(5).read_to_end(&mut head)?;
        file.rewind()?;
        if head == b"%PDF-" {
            let mut bytes = Vec::new();
            file.take(PdfLimits::default().file_bytes as u64 + 1).read_to_end(&mut bytes)?;
            let document =
                pades::open(&bytes, &PdfLimits::default()).map_err(countersign_container::Error::from)?;
            let signatures = document.signatures.iter().filter(|signature| !signature.is_time_stamp());
            let signatures = signatures
                .map(|signature| {
                    let done = Done {
                        at: now,
                        signature: signature.field.clone(),
                        file: signature.field.clone(),
                        format: String::new(),
                        signed_by: signature.name.clone(),
                        time_stamp: None,
                    };
                    self.brought(done, now)
                })
                .collect();
            let name = if name.is_empty() { "document.pdf".to_owned() } else { name };
            let files = vec![DataFile {
                name: name.clone(),
                media_type: Form::Pdf.media_type().to_owned(),
                bytes: bytes.len() as u64,
            }];
            return self.keep_new(owner, Form::Pdf, checked_name(&name)?, files, signatures, draft, now);
        }
        let opened = Asice::open_with(file, &Limits::streaming())?;
        let form = match opened.form() {
            AsiceForm::AsicE => Form::Asice,
            AsiceForm::Hashcode => Form::Hashcode,
            AsiceForm::AsicS => {
                let problem = "signatures are added to ASiC-E only".to_owned();
                return Err(countersign_container::Error::NotAsicS { problem }.into());
            }
        };
        let signatures = opened.signatures()?.into_iter();
        let signatures = signatures.map(|(file, signed)| self.brought(done_of(&file, &signed, now), now));
        let signatures = signatures.collect();
        let files = opened.data_files().iter().map(|file| DataFile {
            name: file.name().to_string(),
            media_type: file.media_type().to_owned(),
            bytes: file.size(),
        });
        let files = files.collect();
        let name = if name.is_empty() { "container.asice".to_owned() } else { name };
        self.keep_new(owner, form, checked_name(&name)?, files, signatures, draft, now)
    }

    /// A signature that came with its container.
    fn brought(&self, done: Done, now: Timestamp) -> Signature {
        Signature {
            id: new_id(&self.randomness()),
            created_at: now,
            wanted: None,
            chosen: None,
            template: None,
            has_returned: false,
            state: State::Complete(done),
        }
    }

    fn keep_new(
        &self,
        owner: Owner,
        form: Form,
        name: String,
        files: Vec<DataFile>,
        signatures: Vec<Signature>,
        draft: NamedTempFile,
        now: Timestamp,
    ) -> Result<Container, Fault> {
        let id = new_id(&self.randomness());
        let file = file_name(&id, &self.randomness());
        let bytes = draft.as_file().metadata()?.len();
        self.signing().files.keep(draft, &file)?;
        let mut container = Container {
            id,
            owner,
            form,
            name,
            files,
            bytes,
            file,
            created_at: now,
            expires_at: now,
            signatures,
            choices: Vec::new(),
        };
        container.touch(now, self.signing().config.keep_seconds);
        Ok(container)
    }
}

fn done_of(file: &str, signed: &SignedSignature, now: Timestamp) -> Done {
    Done {
        at: now,
        signature: signed.id().to_owned(),
        file: file.to_owned(),
        format: signed.level().as_str().to_owned(),
        signed_by: signed.certificate().subject().common_name(),
        time_stamp: signed.time_stamp_time(),
    }
}

/// Name and files of a hashcode container.
pub(crate) fn digests_of(body: DigestsBody, max_files: u32) -> Result<(String, Vec<Digests>), Problem> {
    let (name, files) =
        body.read(max_files as usize).map_err(|member| Problem::invalid(Surface::Own, [member]))?;
    let first = files.first().map_or("", |file| &file.name);
    Ok((name.unwrap_or_else(|| container_name(first, files.len())), files))
}

/// `contract.pdf` becomes `contract.asice`.
pub(crate) fn container_name(first: &str, count: usize) -> String {
    let last = first.rsplit('/').next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    match (stem.is_empty(), count) {
        (_, 2..) => "container.asice".to_owned(),
        (true, _) if last.is_empty() => "container.asice".to_owned(),
        (true, _) => format!("{last}.asice"),
        (false, _) => format!("{stem}.asice"),
    }
}

/// The name of a container: what a file may be called, in no folder.
fn checked_name(name: &str) -> Result<String, Fault> {
    let parsed = FileName::parse(name)?;
    if name.contains('/') || name.chars().count() > NAME_MAX {
        let fault = countersign_container::NameFault::Length;
        return Err(
            countersign_container::Error::Name { name: name.chars().take(40).collect(), fault }.into()
        );
    }
    Ok(parsed.as_str().to_owned())
}

/// The last part of a path: some browsers send the whole.
fn last_part(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// Whether a request is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim();
    kind.eq_ignore_ascii_case("multipart/form-data")
}

pub(crate) fn invalid(member: &'static str, detail: impl Into<String>) -> Problem {
    Problem::invalid(Surface::Own, [InvalidMember::in_path(member, detail)])
}

fn form_error(error: &axum::extract::multipart::MultipartError, max: u64) -> Problem {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return too_large(max);
        }
        source = error.source();
    }
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(max),
        _ => invalid("body", "it ended early, or is no form"),
    }
}

fn too_large(max: u64) -> Problem {
    Problem::of(ProblemType::TooLarge, format!("more than {max} bytes at once"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_named_after_its_file() {
        for (first, count, name) in [
            ("contract.pdf", 1, "contract.asice"),
            ("contract", 1, "contract.asice"),
            (".env", 1, ".env.asice"),
            ("a.b.c", 1, "a.b.asice"),
            ("folder/a.txt", 1, "a.asice"),
            ("a.txt", 2, "container.asice"),
            ("", 1, "container.asice"),
        ] {
            assert_eq!(container_name(first, count), name);
        }
    }

    #[test]
    fn names_of_containers_lead_nowhere() {
        assert!(checked_name("leping.asice").is_ok());
        for wrong in ["", "a/b.asice", "../a", "a\\b", &"a".repeat(300)] {
            assert!(checked_name(wrong).is_err(), "{wrong}");
        }
    }
}
