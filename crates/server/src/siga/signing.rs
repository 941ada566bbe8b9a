//! Signatures as the gateway has them.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_client::wire::id::DocumentNumber;
use countersign_client::wire::session::TIMEOUT_MIN;
use countersign_client::wire::words::{HashAlgorithm, RequestedLevel};
use countersign_client::{CertificateChoiceVerifier, request};
use countersign_container::Level;
use countersign_container::report::CertificateRole;
use countersign_pki::Certificate;
use countersign_wire::base64::b64;
use countersign_wire::siga::{CertificateChoice, Family, ProductionPlace, Remote, SignatureValue, SmartId};
use countersign_wire::words;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{Code, Error};
use super::request::Authorized;
use crate::App;
use crate::signing::fault::Fault;
use crate::signing::kept::{
    Choice, Container, KeptSession, Person, Place, Signature, State as Kept, Statements, Wanted, Way, new_id,
};
use crate::signing::service::Work;

words! {
    /// How a transaction with a person stands.
    enum SidStatus {
        /// The account is chosen.
        Certificate = "CERTIFICATE",
        /// The signature is in the container.
        Signature = "SIGNATURE",
        /// The person is asked.
        Outstanding = "OUTSTANDING_TRANSACTION",
        /// They refused.
        UserCancel = "USER_CANCEL",
        /// They chose another code.
        WrongVc = "USER_SELECTED_WRONG_VC",
        /// They did not react.
        Expired = "EXPIRED_TRANSACTION",
        /// Their account cannot be used.
        DocumentUnusable = "DOCUMENT_UNUSABLE",
        /// Their app cannot show what was asked.
        NotSupported = "NOT_SUPPORTED_BY_APP",
        /// There is no such account.
        NotFound = "USER_ACCOUNT_NOT_FOUND",
        /// Something failed.
        Internal = "INTERNAL_ERROR",
    }
}

impl SidStatus {
    /// What the gateway calls this end.
    fn of_code(code: &str) -> Self {
        match code {
            "USER_REFUSED" | "USER_REFUSED_INTERACTION" | "USER_REFUSED_CERT_CHOICE" | "CANCELLED" => {
                Self::UserCancel
            }
            "WRONG_VC" => Self::WrongVc,
            "TIMEOUT" | "SESSION_NOT_FOUND" => Self::Expired,
            "DOCUMENT_UNUSABLE" | "ACCOUNT_UNUSABLE" => Self::DocumentUnusable,
            "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP" => Self::NotSupported,
            "ACCOUNT_NOT_FOUND" | "NO_SUITABLE_ACCOUNT_FOUND" => Self::NotFound,
            _ => Self::Internal,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusShown {
    sid_status: SidStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_number: Option<String>,
}

fn wanted(
    asked: &Authorized,
    (way, person): (Way, Person),
    profile: &str,
    text: String,
    roles: Vec<String>,
    place: Option<ProductionPlace>,
) -> Result<Wanted, Error> {
    let level = match (asked.family, profile) {
        (_, "LT") => Level::Lt,
        (Family::DataFile, "LTA") => Level::Lta,
        (Family::Hashcode, _) => return Err(Error::invalid("signatureProfile is not LT")),
        (Family::DataFile, _) => return Err(Error::invalid("signatureProfile is neither LT nor LTA")),
    };
    let place = place.map(|place| Place {
        city: place.city,
        state_or_province: place.state_or_province,
        postal_code: place.postal_code,
        country: place.country_name,
    });
    Ok(Wanted {
        way,
        person,
        level: level.word().to_owned(),
        hash: HashAlgorithm::Sha512,
        certificate_level: RequestedLevel::default(),
        text,
        callback_url: None,
        pkcs1: way == Way::Remote,
        statements: Statements { roles, place, pdf: None },
    })
}

/// The certificate of a request, if it is valid now.
fn certificate_of(asked: &Remote, now: jiff::Timestamp) -> Result<Certificate, Error> {
    let certificate = asked.certificates().iter().find_map(|der| Certificate::from_der(der).ok());
    let certificate =
        certificate.ok_or_else(|| Error::invalid("signingCertificate is no certificate in base64 or hex"))?;
    if now < certificate.not_before() || now > certificate.not_after() {
        return Err(Error::new(Code::InvalidCertificate, "the certificate is not valid now"));
    }
    Ok(certificate)
}

pub(super) async fn begin_remote(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let body: Remote = asked.json()?;
    let certificate = certificate_of(&body, app.now())?;
    let (whom, roles) = ((Way::Remote, Person::Anybody), body.roles()?);
    let place = body.signature_production_place;
    let wanted = wanted(&asked, whom, &body.signature_profile, String::new(), roles, place)?;
    let signature = app
        .try_new_signature(&container, wanted, Some(&certificate), &asked.origin.base)
        .await?
        .map_err(|why| Error::new(Code::InvalidSessionData, why))?;
    let (algorithm, data) = app.to_be_signed(&container, &signature).await?;
    Ok(Json(json!({
        "generatedSignatureId": signature.id,
        "dataToSign": b64(&data),
        "digestAlgorithm": algorithm.digest().name().replace('-', ""),
    }))
    .into_response())
}

pub(super) async fn finish_remote(
    State(app): State<App>,
    Path((id, signature)): Path<(String, String)>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let signature = container.find(&signature).ok_or_else(Error::not_found)?;
    if signature.wanted.as_ref().is_none_or(|wanted| wanted.way != Way::Remote) {
        return Err(Error::not_found());
    }
    let value = asked.json::<SignatureValue>()?.read()?;
    let given = app.try_give_value(&container, signature, &value).await?;
    let ended = given.map_err(|why| Error::new(Code::InvalidSessionData, why))?;
    match &ended.state {
        Kept::Complete(_) => Ok(Json(json!({ "result": "OK" })).into_response()),
        Kept::Failed(failure) => Err(Error::new(Code::SignatureCreation, failure.detail.clone())),
        _ => Err(Error::new(Code::SignatureCreation, "time-stamp and status take too long; ask again")),
    }
}

pub(super) async fn begin(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let body: SmartId = asked.json()?;
    let roles = body.roles()?;
    let document = DocumentNumber::parse(&body.document_number)
        .map_err(|_| Error::invalid("documentNumber is no document number"))?;
    let names = container.files.iter().map(|file| file.name.as_str());
    let text = body.message_to_display.unwrap_or_else(|| request::text_for_files(names));
    if text.is_empty() || text.chars().count() > request::PIN_TEXT_MAX {
        let max = request::PIN_TEXT_MAX;
        return Err(Error::invalid(format!("messageToDisplay has 1 to {max} characters")));
    }
    let whom = (Way::Notification, Person::Document(document));
    let place = body.signature_production_place;
    let wanted = wanted(&asked, whom, &body.signature_profile, text, roles, place)?;
    let signature = app
        .try_new_signature(&container, wanted, None, &asked.origin.base)
        .await?
        .map_err(|why| Error::new(Code::InvalidSessionData, why))?;
    let code = match &signature.state {
        Kept::Asking { session, .. } => session.open().and_then(|session| session.verification_code()),
        _ => None,
    };
    Ok(Json(json!({
        "generatedSignatureId": signature.id,
        "challengeId": code.map(|code| code.to_string()),
    }))
    .into_response())
}

pub(super) async fn status(
    State(app): State<App>,
    Path((id, signature)): Path<(String, String)>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let signature = container.find(&signature).ok_or_else(Error::not_found)?;
    let sid_status = match &signature.state {
        Kept::Complete(_) => SidStatus::Signature,
        Kept::Failed(failure) => SidStatus::of_code(&failure.code),
        Kept::Cancelled { .. } => SidStatus::UserCancel,
        Kept::Choosing { .. } | Kept::Asking { .. } | Kept::AwaitingValue | Kept::Completing { .. } => {
            // Clients ask again at once; a second of patience spares both sides.
            let work = Work { container: container.id.clone(), signature: signature.id.clone() };
            match app.until_over(&work, PATIENCE).await?.state {
                Kept::Complete(_) => SidStatus::Signature,
                Kept::Failed(failure) => SidStatus::of_code(&failure.code),
                Kept::Cancelled { .. } => SidStatus::UserCancel,
                _ => SidStatus::Outstanding,
            }
        }
    };
    Ok(Json(StatusShown { sid_status, document_number: None }).into_response())
}

/// How long an answer about somebody who is asked waits for them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Choices of one container that are remembered.
const CHOICES_MAX: usize = 16;

pub(super) async fn choose(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let person = asked.json::<CertificateChoice>()?.person()?;
    let client = &app.signing_provider()?.client;
    let level = RequestedLevel::default();
    let session = client.choose_certificate_by_notification(&person, level, app.now()).await;
    let session = KeptSession::of(&session.map_err(Fault::Client)?);
    let choice = Choice { id: new_id(&app.randomness()), session };
    let generated = choice.id.clone();
    let change = move |container: &mut Container| {
        container.choices.truncate(CHOICES_MAX - 1);
        container.choices.insert(0, choice);
        Ok(())
    };
    app.change_signing(&container.id, None, change).await?;
    Ok(Json(json!({ "generatedCertificateId": generated })).into_response())
}

pub(super) async fn choice_status(
    State(app): State<App>,
    Path((id, choice)): Path<(String, String)>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let choice = container.choices.iter().find(|known| known.id == choice).ok_or_else(Error::not_found)?;
    let shown = match app.chosen_account(&choice.session).await {
        Ok(Some(document)) => {
            StatusShown { sid_status: SidStatus::Certificate, document_number: Some(document) }
        }
        Ok(None) => StatusShown { sid_status: SidStatus::Outstanding, document_number: None },
        Err(fault) => StatusShown { sid_status: SidStatus::of_code(fault.code()), document_number: None },
    };
    Ok(Json(shown).into_response())
}

impl App {
    /// The account that a person has chosen, once they have.
    async fn chosen_account(&self, kept: &KeptSession) -> Result<Option<String>, Fault> {
        let session = kept.open().ok_or(Fault::Damaged("the session"))?;
        let client = &self.signing_provider()?.client;
        let status = client.poll(session.session_id, TIMEOUT_MIN).await?;
        if !status.is_complete() {
            return Ok(None);
        }
        let verifier = CertificateChoiceVerifier::new(self.signing_rules(self.now())?);
        let (now, rng) = (self.now(), &mut self.randomness());
        let chosen = client.verify_certificate_choice(&verifier, &session, &status, now, rng).await?;
        Ok(Some(chosen.document.as_str().to_owned()))
    }
}

/// Signatures as they stand in the file: id in it, id here, signer, level.
async fn in_file(app: &App, container: &Container) -> Result<Vec<(Signature, Value)>, Fault> {
    let (_, opened) = app.open_container(container).await?;
    let found = app.signing().compute(move || Ok(opened.signatures()?)).await?;
    let done: Vec<_> = container.done().map(|(signature, done)| (signature.clone(), done.clone())).collect();
    let listed = done.into_iter().filter_map(|(signature, done)| {
        let (_, signed) =
            found.iter().find(|(file, signed)| *file == done.file && signed.id() == done.signature)?;
        let shown = json!({
            "id": done.signature,
            "generatedSignatureId": signature.id,
            "signerInfo": signed.certificate().subject().readable(),
            "signatureProfile": signed.level().word(),
        });
        Some((signature, shown))
    });
    Ok(listed.collect())
}

pub(super) async fn list(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let signatures: Vec<Value> =
        in_file(&app, &container).await?.into_iter().map(|(_, shown)| shown).collect();
    Ok(Json(json!({ "signatures": signatures })).into_response())
}

pub(super) async fn details(
    State(app): State<App>,
    Path((id, signature)): Path<(String, String)>,
    asked: Authorized,
) -> Result<Response, Error> {
    let container = asked.container(&app, &id).await?;
    let listed = in_file(&app, &container).await?;
    let found = listed.into_iter().find(|(known, shown)| known.id == signature || shown["id"] == signature);
    let (kept, shown) = found.ok_or_else(Error::not_found)?;
    let Kept::Complete(done) = &kept.state else { return Err(Error::not_found()) };
    let (wanted, file) = (done.signature.clone(), done.file.clone());
    let report = app.signing_report(container).await?;
    let signature = report
        .signatures
        .iter()
        .find(|signature| signature.id == wanted && signature.file == file)
        .ok_or_else(Error::not_found)?;
    let certificate = |role: CertificateRole| {
        let of_role = signature.certificates.iter().find(|certificate| certificate.role == role);
        of_role.map(|certificate| certificate.content.clone())
    };
    let info = &signature.info;
    let mut details = shown;
    let more = json!({
        "ocspCertificate": certificate(CertificateRole::Revocation),
        "timeStampTokenCertificate": certificate(CertificateRole::SignatureTimestamp),
        "ocspResponseCreationTime": info.ocsp_response_creation_time,
        "timeStampCreationTime": info.timestamp_creation_time,
        "trustedSigningTime": info.best_signature_time,
        "signingCertificate": certificate(CertificateRole::Signing),
        "claimedSigningTime": signature.claimed_signing_time,
        "roles": info.signer_role,
        "signatureProductionPlace": place_of(&kept),
    });
    if let (Value::Object(details), Value::Object(more)) = (&mut details, more) {
        details.extend(more);
        details.remove("generatedSignatureId");
    }
    Ok(Json(details).into_response())
}

/// As it was stated here; of signatures that came with the container the parts are not told apart.
fn place_of(signature: &Signature) -> Option<Value> {
    let place = signature.wanted.as_ref()?.statements.place.as_ref()?;
    Some(json!({
        "countryName": place.country,
        "city": place.city,
        "stateOrProvince": place.state_or_province,
        "postalCode": place.postal_code,
    }))
}
