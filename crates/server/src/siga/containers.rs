//! Containers as the gateway has them.

use std::io::Read as _;
use std::io::Write as _;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_container::asice::Form as AsiceForm;
use countersign_container::validate::validate_bytes;
use countersign_container::{
    ArchiveInput, Container as Asice, FileName, Level, Limits, Method, Policy, Report, media_type,
};
use countersign_pki::Digest;
use countersign_wire::base64::b64;
use countersign_wire::siga::{AddFiles, Content, Create, Family, Sent};
use countersign_wire::signing::Digests;
use serde_json::{Value, json};

use super::error::{Code, Error};
use super::request::Authorized;
use crate::App;
use crate::signing::fault::Fault;
use crate::signing::kept::{Container, DataFile, file_name};

/// What a container is called that was sent without a name.
const UNNAMED: &str = "container.asice";

fn add(container: &mut Asice, files: Vec<Content>, now: jiff::Timestamp) -> Result<(), Fault> {
    for file in files {
        match file {
            Content::Digests(Digests { name, media_type, bytes, sha256, sha512 }) => {
                let media_type = media_type.unwrap_or_else(|| media_type::of(&name).to_owned());
                container.add_hashcode(FileName::parse(&name)?, &media_type, bytes, sha256, sha512, now)?;
            }
            Content::Bytes { name, bytes } => {
                let kind = media_type::of(&name);
                container.add_data_file(FileName::parse(&name)?, kind, &bytes, Method::Deflated, now)?;
            }
        }
    }
    Ok(())
}

impl App {
    async fn keep_for_gateway(&self, container: Container) -> Result<Response, Error> {
        let id = container.id.clone();
        match self.try_insert_signing(container).await? {
            Some(_) => Ok(Json(json!({ "containerId": id })).into_response()),
            None => Err(Error::new(Code::ConnectionLimit, "the service keeps as many containers as it may")),
        }
    }
}

pub(super) async fn create(State(app): State<App>, asked: Authorized) -> Result<Response, Error> {
    let (name, files) = asked.json::<Create>()?.read(asked.family)?;
    let name = name.unwrap_or_else(|| UNNAMED.to_owned());
    let form = match asked.family {
        Family::Hashcode => AsiceForm::Hashcode,
        Family::DataFile => AsiceForm::AsicE,
    };
    let (making, now, owner) = (app.clone(), app.now(), asked.owner);
    let make = move || {
        let mut made = Asice::of_form(form);
        add(&mut made, files, now)?;
        let mut draft = making.signing().files.draft()?;
        draft.write_all(&made.to_bytes()?)?;
        making.adopt_file(owner, draft, name, now)
    };
    let container = app.signing().compute(make).await?;
    app.keep_for_gateway(container).await
}

pub(super) async fn upload(State(app): State<App>, asked: Authorized) -> Result<Response, Error> {
    let (name, bytes) = asked.json::<Sent>()?.read()?;
    let name = name.unwrap_or_else(|| UNNAMED.to_owned());
    let (making, now, owner, family) = (app.clone(), app.now(), asked.owner, asked.family);
    let make = move || {
        let mut draft = making.signing().files.draft()?;
        draft.write_all(&bytes)?;
        making.adopt_file(owner, draft, name, now)
    };
    let container = app.signing().compute(make).await?;
    let expected = match family {
        Family::Hashcode => crate::signing::kept::Form::Hashcode,
        Family::DataFile => crate::signing::kept::Form::Asice,
    };
    if container.form != expected {
        app.signing().files.remove(&container.file);
        return Err(Error::new(Code::InvalidContainer, "the container is not of this kind"));
    }
    app.keep_for_gateway(container).await
}

pub(super) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let name = container.name.clone();
    let (_, mut file) = app.opened_signing(container).await?;
    let read = move || {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(b64(&bytes))
    };
    let container = app.signing().compute(read).await?;
    let shown = match asked.family {
        Family::Hashcode => json!({ "container": container }),
        Family::DataFile => json!({ "container": container, "containerName": name }),
    };
    Ok(Json(shown).into_response())
}

fn ok() -> Response {
    Json(json!({ "result": "OK" })).into_response()
}

pub(super) async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    app.delete_signing(&container.id).await?;
    Ok(ok())
}

pub(super) async fn data_files(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let family = asked.family;
    let (_, opened) = app.open_container(&container).await?;
    let read = move || {
        let mut files = Vec::new();
        for file in opened.data_files() {
            let name = file.name().as_str();
            files.push(match family {
                Family::Hashcode => {
                    let hash = |digest| opened.digest_data_file(name, digest).map(|value| b64(&value));
                    json!({
                        "fileName": name, "fileSize": file.size(),
                        "fileHashSha256": hash(Digest::Sha256)?,
                        // Lists of others may lack it.
                        "fileHashSha512": hash(Digest::Sha512).ok(),
                    })
                }
                Family::DataFile => {
                    json!({ "fileName": name, "fileContent": b64(&opened.read_data_file(name)?) })
                }
            });
        }
        Ok(files)
    };
    let files = app.signing().compute(read).await?;
    Ok(Json(json!({ "dataFiles": files })).into_response())
}

impl App {
    /// Puts another set of data files into a container that nobody has signed or is signing.
    async fn change_data_files(
        &self,
        container: Container,
        change: impl FnOnce(&Asice, jiff::Timestamp) -> Result<Asice, Fault> + Send + 'static,
    ) -> Result<(), Error> {
        let refused = |container: &Container| {
            if container.done().next().is_some() {
                Err(Error::new(Code::SignatureExists, "data files cannot change once they are signed"))
            } else if container.open_signatures().next().is_some() {
                let message = "data files cannot change while somebody signs them";
                Err(Error::new(Code::InvalidSessionData, message))
            } else {
                Ok(())
            }
        };
        refused(&container)?;
        let next = file_name(&container.id, &self.randomness());
        let (app, now, kept) = (self.clone(), self.now(), next.clone());
        let (container, opened) = self.open_container(&container).await?;
        refused(&container)?;
        let work = move || {
            let made = change(&opened, now)?;
            let bytes = made.to_bytes()?;
            let mut draft = app.signing().files.draft()?;
            draft.write_all(&bytes)?;
            app.signing().files.keep(draft, &kept)?;
            let files = made.data_files().iter().map(|file| DataFile {
                name: file.name().to_string(),
                media_type: file.media_type().to_owned(),
                bytes: file.size(),
            });
            Ok((files.collect::<Vec<_>>(), bytes.len() as u64))
        };
        let (files, bytes) = self.signing().compute(work).await?;
        let (last, put) = (container.file.clone(), next.clone());
        let change = move |kept: &mut Container| {
            let fits = kept.file == last && kept.done().next().is_none();
            let fits = fits && kept.open_signatures().next().is_none();
            if fits {
                kept.files = files;
                kept.bytes = bytes;
                kept.file = put;
            }
            Ok(fits)
        };
        let changed = self.change_signing(&container.id, None, change).await;
        let took = matches!(changed, Ok((_, true)));
        self.signing().files.remove(if took { &container.file } else { &next });
        match changed? {
            (_, true) => Ok(()),
            (container, false) => {
                refused(&container)?;
                Err(Error::new(Code::InvalidSessionData, "the container has changed meanwhile"))
            }
        }
    }
}

pub(super) async fn add_data_files(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let files = asked.json::<AddFiles>()?.read(asked.family)?;
    let change = move |opened: &Asice, now| {
        let mut made = opened.clone();
        add(&mut made, files, now)?;
        Ok(made)
    };
    app.change_data_files(container, change).await?;
    Ok(ok())
}

pub(super) async fn delete_data_file(
    State(app): State<App>,
    Path((id, name)): Path<(String, String)>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    if !container.files.iter().any(|file| file.name == name) {
        return Err(Error::not_found());
    }
    if container.files.len() == 1 {
        return Err(Error::new(Code::InvalidContainer, "a container has one data file at least"));
    }
    let change = move |opened: &Asice, now| {
        let mut made = Asice::of_form(opened.form());
        for file in opened.data_files().iter().filter(|file| file.name().as_str() != name) {
            let (kept, kind) = (file.name().clone(), file.media_type());
            if file.is_here() {
                let content = opened.read_data_file(kept.as_str())?;
                made.add_data_file(kept, kind, &content, Method::Deflated, now)?;
            } else {
                let lengths = || Fault::Damaged("a digest of a data file");
                let sha256 = opened.digest_data_file(kept.as_str(), Digest::Sha256)?;
                let sha256 = sha256.try_into().map_err(|_| lengths())?;
                let sha512 = opened.digest_data_file(kept.as_str(), Digest::Sha512).ok();
                let sha512 = sha512.map(TryInto::try_into).transpose().map_err(|_| lengths())?;
                made.add_hashcode(kept, kind, file.size(), sha256, sha512, now)?;
            }
        }
        Ok(made)
    };
    app.change_data_files(container, change).await?;
    Ok(ok())
}

pub(super) async fn time_stamps(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    asked.container(&app, &id).await?;
    // Only ASiC-S has time-stamps of its own.
    Ok(Json(json!({ "timestamps": [] })).into_response())
}

/// Every signature gets an archive time-stamp, and another one if it has one already.
pub(super) async fn augment(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    if container.open_signatures().next().is_some() {
        return Err(Error::new(Code::InvalidSessionData, "a signature is being made"));
    }
    if container.done().next().is_none() {
        return Err(Error::new(Code::InvalidSessionData, "there is no signature to augment"));
    }
    app.augment_signing(&container).await?;
    Ok(ok())
}

impl App {
    async fn augment_signing(&self, container: &Container) -> Result<(), Fault> {
        let (_, opened) = self.open_container(container).await?;
        let (opened, signatures) = self
            .signing()
            .compute(move || {
                let signatures = opened.signatures()?;
                Ok((opened, signatures))
            })
            .await?;
        let long_term = self.long_term(self.now())?;
        let mut next = opened.clone();
        for (file, mut signature) in signatures {
            let imprint = |input: ArchiveInput, digest| {
                let opened = opened.clone();
                async move {
                    let work = move || Ok(opened.archive_imprint(&input, digest)?);
                    self.signing().compute(work).await.map_err(|fault| match fault {
                        Fault::Container(error) => error,
                        other => std::io::Error::other(other.to_string()).into(),
                    })
                }
            };
            let (now, rng) = (|| self.now(), &mut self.randomness());
            if signature.archive_times().next().is_some() {
                long_term.renew(&mut signature, imprint, now, rng, |_| {}).await?;
            } else {
                long_term.complete(&mut signature, Level::Lta, imprint, now, rng, |_| {}).await?;
            }
            next.replace_signature(&file, &signature, self.now())?;
        }
        let name = file_name(&container.id, &self.randomness());
        let (app, kept) = (self.clone(), name.clone());
        let write = move || {
            let bytes = next.to_bytes()?;
            let mut draft = app.signing().files.draft()?;
            draft.write_all(&bytes)?;
            app.signing().files.keep(draft, &kept)?;
            Ok(bytes.len() as u64)
        };
        let bytes = self.signing().compute(write).await?;
        let (last, put) = (container.file.clone(), name.clone());
        let change = move |kept: &mut Container| {
            let fits = kept.file == last;
            if fits {
                kept.file = put;
                kept.bytes = bytes;
                for signature in &mut kept.signatures {
                    signature.reached(Level::Lta);
                }
            }
            Ok(fits)
        };
        let changed = self.change_signing(&container.id, None, change).await;
        let took = matches!(changed, Ok((_, true)));
        self.signing().files.remove(if took { &container.file } else { &name });
        match changed? {
            (_, true) => Ok(()),
            (_, false) => Err(Fault::Damaged("the container, which has changed meanwhile")),
        }
    }
}

pub(super) async fn report(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let report = app.signing_report(container).await?;
    Ok(Json(conclusion(&report)).into_response())
}

pub(super) async fn validate(State(app): State<App>, asked: Authorized) -> Result<Response, Error> {
    let (name, bytes) = asked.json::<Sent>()?.read()?;
    let now = app.now();
    let anchors = app.signing_anchors(now)?;
    let check = move || {
        let policy = Policy::named(crate::validation::DEFAULT_POLICY).unwrap_or_default();
        Ok(validate_bytes(&bytes, name.as_deref(), &Limits::default(), &anchors, now, &policy))
    };
    let report = app.signing().compute(check).await?;
    Ok(Json(conclusion(&report)).into_response())
}

/// `validationConclusion` (13.2).
fn conclusion(report: &Report) -> Value {
    let list = |findings: &[countersign_container::Finding]| -> Vec<Value> {
        let text = |finding: &countersign_container::Finding| {
            let (rule, expected, found) = (&finding.rule, &finding.expected, &finding.found);
            json!({ "content": format!("{rule}: expected {expected}, found {found}") })
        };
        findings.iter().map(text).collect()
    };
    let signatures: Vec<Value> = report
        .signatures
        .iter()
        .map(|signature| {
            let name = signature.subject_distinguished_name.as_ref();
            let scopes = signature.signature_scopes.iter().map(|scope| {
                json!({ "name": scope.name, "scope": scope.scope, "content": scope.content })
            });
            let archive = signature.info.archive_time_stamps.iter();
            json!({
                "id": signature.id,
                "signatureFormat": signature.signature_format,
                "signatureLevel": signature.qualification.as_ref().map(|known| &known.signature_level),
                "signedBy": signature.signed_by,
                "subjectDistinguishedName": {
                    "serialNumber": name.and_then(|name| name.serial_number.as_ref()),
                    "commonName": name.and_then(|name| name.common_name.as_ref()),
                },
                "indication": signature.indication,
                "subIndication": signature.sub_indication,
                "errors": list(&signature.errors),
                "signatureScopes": scopes.collect::<Vec<_>>(),
                "claimedSigningTime": signature.claimed_signing_time,
                "warnings": list(&signature.warnings),
                "info": {
                    "bestSignatureTime": signature.info.best_signature_time,
                    "archiveTimeStamps": archive.map(|time| json!({ "signedTime": time })).collect::<Vec<_>>(),
                },
            })
        })
        .collect();
    json!({ "validationConclusion": {
        "policy": {
            "policyName": report.policy.policy_name,
            "policyDescription": report.policy.policy_description,
            "policyUrl": "",
        },
        "validationTime": report.validation_time,
        "validatedDocument": report.validated_document,
        "validationLevel": "ARCHIVAL_DATA",
        "validationWarnings": list(&report.errors).into_iter().chain(list(&report.warnings)).collect::<Vec<_>>(),
        "signatureForm": report.signature_form,
        "signatures": signatures,
        "timeStampTokens": [],
        "validSignaturesCount": report.valid_signatures_count,
        "signaturesCount": report.signatures_count,
    } })
}
