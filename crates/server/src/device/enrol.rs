//! From an activation code to a phone with two certified keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::account::{Account, AccountState};
use countersign_domain::answer::Answer;
use countersign_domain::device::{Device, NextToken};
use countersign_domain::enrolment::{
    Activated, ActivationCode, BegunProof, FinishProof, KeyMaking, ProofWork, activate as rule, attach,
    begin_proof, device_id, finish_proof, make_key as make,
};
use countersign_domain::issuance::{self, Authority};
use countersign_domain::key::Key;
use countersign_domain::{KeyUse, Refusal};
use countersign_store::Tx;
use countersign_wire::base64::{B64u, b64};
use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{
    self as wire, ActivationAnswer, ActivationRequest, DeviceCertificate, DeviceErrorCode, Empty, Kdf,
    KeyAnswer, KeyParameters, KeyProofRequest, KeyRequest, KeyShare, PartialSignature, PinLength,
    RegistrationAnswer,
};
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId};
use countersign_wire::words::{CertificateLevel, HashAlgorithm};

use super::SURFACE;
use super::answer::respond;
use super::counted::{Computed, compute, freeze, note_clone, open_part, save};
use super::proof::{Introduced, Proven, json};
use crate::App;
use crate::authority::Ca;
use crate::command::{Command, Failure};
use crate::operations::record::Logged;
use crate::problem::Problem;
use crate::registration::grounds;

/// The longest name that a device or app gives itself, in octets.
const NAME_MAX: usize = 64;
/// Digits of PIN1 and PIN2.
const PINS: (PinLength, PinLength) = (PinLength { min: 4, max: 12 }, PinLength { min: 5, max: 12 });

/// `POST /activations`
pub(super) async fn activate(State(app): State<App>, introduced: Introduced) -> Result<Response, Problem> {
    let request: ActivationRequest = json(&introduced.body)?;
    introduced.verify(&app, &request.dk)?;
    for name in [&request.platform, &request.app_version] {
        if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
            let expected = format!("platform, appVersion: expected 1 to {NAME_MAX} printable bytes");
            return Err(Problem::device(DeviceErrorCode::BadRequest, expected));
        }
    }
    let invalid = || Problem::refused(SURFACE, &Refusal::ActivationInvalid);
    let code = ActivationCode::parse(&request.activation_code).ok_or_else(invalid)?;
    // Most wrong codes are none at all: they cost a look, and no place among those who write.
    let locator = code.locator().clone();
    let known = app.read("find a code", move |tx| Ok(tx.activations().find(&locator)?.is_some())).await;
    if !known.map_err(|failure| app.problem(SURFACE, failure))? {
        return Err(invalid());
    }
    let id = device_id(&request.dk);
    let first = NextToken::make(&id, &request.ek, &mut app.randomness())
        .map_err(|error| Problem::internal(SURFACE, error))?;
    let token = first.sealed().clone();
    let device = id.clone();
    let document = app
        .execute("activate a device", move |tx, context| enrol(tx, context, &code, request, &device, first))
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?
        .ok_or_else(invalid)?;
    Ok(told(
        ActivationAnswer {
            device_id: id,
            document_number: document,
            core_keys: app.core_keys().public(),
            parameters: parameters(&app),
            token,
        },
        "activate",
    ))
}

/// `None`: a wrong code, which has a try less now.
fn enrol(
    tx: &Tx<'_>,
    context: &mut Command,
    code: &ActivationCode,
    request: ActivationRequest,
    device: &DeviceId,
    first: NextToken,
) -> Result<Option<DocumentNumber>, Failure> {
    let activation = tx.activations().find(code.locator())?.ok_or(Refusal::ActivationInvalid)?;
    let earlier = tx.devices().find(device)?;
    match rule(activation, code, request, earlier, first, context.now) {
        Activated::Enrolled { activation, account, device, events } => {
            context.record(events);
            tx.activations().update(&activation)?;
            tx.accounts().insert(&account)?;
            tx.devices().insert(&device)?;
            Ok(Some(account.document))
        }
        Activated::Again { device } => {
            tx.devices().update(&device)?;
            Ok(Some(device.account().clone()))
        }
        Activated::WrongCode { activation, events } => {
            context.record(events);
            tx.activations().update(&activation)?;
            Ok(None)
        }
        Activated::Refused(refusal) => Err(refusal.into()),
    }
}

fn parameters(app: &App) -> KeyParameters {
    let sizes = app.door().parameters();
    KeyParameters {
        half_bits: sizes.half_bits(),
        share_bits: sizes.share_bits(),
        composite: sizes.is_composite(),
        hash: HashAlgorithm::Sha256,
        kdf: Kdf {
            name: "PBKDF2-HMAC-SHA256".to_owned(),
            iterations: app.config().device_api.kdf_iterations,
        },
        pin1: PINS.0,
        pin2: PINS.1,
    }
}

/// `POST /keys`
pub(super) async fn make_key(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    proven.active()?;
    let KeyRequest { key_use, sealed } = proven.json()?;
    let share = open_share(&app, &sealed, key_use).map_err(|refusal| Problem::refused(SURFACE, &refusal))?;
    let document = proven.device.account().clone();
    let work = put_together(app.clone(), document, key_use, share);
    let answer = app.door().carry_out(work).await.map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(told(answer, "make-key"))
}

fn open_share(app: &App, sealed: &wire::Sealed, key_use: KeyUse) -> Result<KeyShare, Refusal> {
    let not_possible = Refusal::NotPossible { expected: "a key share, sealed to this service" };
    let key = app.core_keys().find(&sealed.id).ok_or(not_possible.clone())?;
    let plaintext = key.open(sealed, SealedFor::KeyShare { key_use }).map_err(|_| not_possible.clone())?;
    KeyShare::from_plaintext(&plaintext).map_err(|_| not_possible)
}

async fn put_together(
    app: App,
    document: DocumentNumber,
    usage: KeyUse,
    share: KeyShare,
) -> Result<KeyAnswer, Failure> {
    let account = find_account(&app, document.clone()).await?;
    if account.state != AccountState::Registering {
        // Before the arithmetic; the transaction below asks again.
        return Err(Refusal::KeyRefused { reason: "the account has its keys" }.into());
    }
    let (inner, now) = (app.clone(), app.now());
    let made = app
        .compute()
        .run(move || {
            let making = KeyMaking {
                account: &account,
                usage,
                share: &share,
                parameters: inner.door().parameters(),
                custody: inner.custody(),
            };
            let outer = |n1: &countersign_split_key::PhoneModulus| inner.door().outer_keys().take(n1);
            make(making, outer, now, &mut inner.randomness())
        })
        .await?
        .map_err(failed)?;
    app.execute("attach a key", move |tx, context| {
        let account = tx.accounts().get(&document)?;
        let earlier = account.key(usage).map(|kid| tx.keys().get(kid)).transpose()?;
        let (account, replaced, events) = attach(account, &made.key, earlier)?;
        context.record(events);
        if let Some(replaced) = replaced {
            tx.keys().update(&replaced)?;
        }
        tx.keys().insert(&made.key).map_err(|error| match error {
            // Ids are random: it is the modulus that is there already.
            countersign_store::Error::Duplicate { .. } => {
                Failure::Refused(Refusal::KeyRefused { reason: "another key has this modulus" })
            }
            error => Failure::Store(error),
        })?;
        tx.accounts().update(&account)?;
        Ok(KeyAnswer { kid: made.key.id().clone(), n: B64u(made.key.modulus().to_vec()), csr: made.task })
    })
    .await
}

/// `POST /keys/{kid}/proof`
pub(super) async fn prove_key(
    State(app): State<App>,
    Path(kid): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let device = proven.active()?;
    let kid = KeyId::parse(&kid).map_err(|_| Problem::refused(SURFACE, &Refusal::NotFound))?;
    let request: KeyProofRequest = proven.json()?;
    let work = prove(app.clone(), kid, device, request);
    let logged = Logged { operation: Some("prove-key"), ..Logged::default() };
    match app.door().carry_out(work).await.map_err(|failure| app.problem(SURFACE, failure))? {
        Ok(answer) => Ok(respond(answer, logged)),
        Err(refusal) => {
            let mut response = Problem::refused(SURFACE, &refusal).into_response();
            response.extensions_mut().insert(logged);
            Ok(response)
        }
    }
}

/// What transaction 1 of a proof left to do.
enum Next {
    Tell(Result<Answer, Refusal>),
    Compute { device: Device, work: ProofWork, part: PartialSignature },
}

async fn prove(
    app: App,
    kid: KeyId,
    device: DeviceId,
    request: KeyProofRequest,
) -> Result<Result<Answer, Refusal>, Failure> {
    let place = app.compute().admit()?;
    let part = open_part(&app, &request.sealed, SealedFor::Proof { kid: &kid });
    let (inner, id, key) = (app.clone(), device.clone(), kid.clone());
    let next = app
        .execute("begin a proof of possession", move |tx, context| {
            let device = tx.devices().get(&device)?;
            let key = tx.keys().find(&kid)?.filter(|key| key.account() == device.account());
            let key = key.ok_or(Refusal::NotFound)?;
            Ok(match begin_proof(device.clone(), key, &request, inner.settings(), context.now) {
                BegunProof::Work { key, work } => {
                    // Refused before the key is taken: this transaction is undone.
                    let part = part?;
                    tx.keys().update(&key)?;
                    Next::Compute { device, work, part }
                }
                BegunProof::Resend(answer) => Next::Tell(Ok(answer)),
                BegunProof::Clone { device, events } => {
                    context.record(events);
                    freeze(tx, context, &device)?;
                    Next::Tell(Err(Refusal::CloneSuspect))
                }
                BegunProof::Refused(refusal) => Next::Tell(Err(refusal)),
            })
        })
        .await?;
    let (device, work, part) = match next {
        Next::Compute { device, work, part } => (device, work, part),
        Next::Tell(told) => {
            if matches!(told, Err(Refusal::CloneSuspect)) {
                note_clone(&id);
            }
            return Ok(told);
        }
    };
    let request = work.request().clone();
    let Computed { result, next } =
        compute(&app, place, device, move |custody, _| work.run(custody, &part)).await?;
    app.execute("finish a proof of possession", move |tx, context| {
        let (device, key) = (tx.devices().get(&id)?, tx.keys().get(&key)?);
        let finish = FinishProof { device, key, request, result, next };
        let finished = finish_proof(finish).map_err(|_| Refusal::InProgress)?;
        context.record(finished.events);
        save(tx, context, &finished.device, &finished.key, &finished.answer)?;
        Ok(finished.answer)
    })
    .await
}

/// `POST /registration/complete`. A repeated request gets the same certificates.
pub(super) async fn complete(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    proven.active()?;
    let Empty {} = proven.json()?;
    let work = certify(app.clone(), proven.device.account().clone());
    let answer = app.door().carry_out(work).await.map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(told(answer, "complete-registration"))
}

async fn certify(app: App, document: DocumentNumber) -> Result<RegistrationAnswer, Failure> {
    let (account, auth, sign) = find_keys(&app, document.clone()).await?;
    if account.state == AccountState::Active {
        return Ok(certified([&auth, &sign]));
    }
    let (inner, now) = (app.clone(), app.now());
    let whose = account.clone();
    let until = app.read("find what an account stands on", move |tx| grounds::until(tx, &whose, now)).await?;
    let certificates = app
        .compute()
        .run(move || {
            let authorities =
                inner.authorities().ok_or_else(|| Failure::Fault("there is no authority".to_owned()))?;
            let [qualified, advanced] = [CertificateLevel::Qualified, CertificateLevel::Advanced];
            let cas = [authorities.issuing(qualified), authorities.issuing(advanced)];
            let issuers = issuers(&cas)?;
            issuance::issue(&account, &auth, &sign, issuers, until, now, &mut inner.randomness())
                .map_err(failed)
        })
        .await??;
    let completed = app
        .execute("complete a registration", {
            let document = document.clone();
            move |tx, context| {
                let (account, auth, sign) = read_keys(tx, &document)?;
                // Refused when the evidence has ended meanwhile.
                grounds::until(tx, &account, context.now)?;
                let completed = match issuance::complete(account, auth, sign, &certificates) {
                    Ok(completed) => completed,
                    // The same request was faster elsewhere; its certificates count.
                    Err(Refusal::AlreadyDone) => return Ok(None),
                    Err(refusal) => return Err(refusal.into()),
                };
                context.record(completed.events);
                tx.certificates().insert(&certificates.auth)?;
                tx.certificates().insert(&certificates.sign)?;
                tx.keys().update(&completed.auth)?;
                tx.keys().update(&completed.sign)?;
                tx.accounts().update(&completed.account)?;
                grounds::issued(tx, &completed.account)?;
                Ok(Some(certified([&completed.auth, &completed.sign])))
            }
        })
        .await?;
    match completed {
        Some(answer) => Ok(answer),
        None => {
            let (_, auth, sign) = find_keys(&app, document).await?;
            Ok(certified([&auth, &sign]))
        }
    }
}

fn issuers([qualified, non_qualified]: &[Arc<Ca>; 2]) -> Result<issuance::Authorities<'_>, Failure> {
    fn of(ca: &Ca) -> Result<Authority<'_>, Failure> {
        let profile = ca.profile().ok_or_else(|| Failure::Fault("this CA issues to no people".to_owned()))?;
        let issuer = ca.issuer().map_err(|error| Failure::Fault(error.to_string()))?;
        Ok(Authority { id: ca.name(), issuer, profile })
    }
    Ok(issuance::Authorities { qualified: of(qualified)?, non_qualified: of(non_qualified)? })
}

fn certified(keys: [&Key; 2]) -> RegistrationAnswer {
    let certificates = keys
        .into_iter()
        .filter_map(|key| {
            let certificate = key.certificate()?;
            Some(DeviceCertificate { key_use: key.usage(), value: b64(&certificate.der) })
        })
        .collect();
    RegistrationAnswer { state: wire::AccountState::Certified, certificates }
}

async fn find_account(app: &App, document: DocumentNumber) -> Result<Account, Failure> {
    app.read("find an account", move |tx| Ok(tx.accounts().get(&document)?)).await
}

async fn find_keys(app: &App, document: DocumentNumber) -> Result<(Account, Key, Key), Failure> {
    app.read("find the keys of an account", move |tx| read_keys(tx, &document)).await
}

/// An account with both its keys; refused while one is missing.
fn read_keys(tx: &Tx<'_>, document: &DocumentNumber) -> Result<(Account, Key, Key), Failure> {
    let account = tx.accounts().get(document)?;
    match (&account.keys.auth, &account.keys.sign) {
        (Some(auth), Some(sign)) => {
            let (auth, sign) = (tx.keys().get(auth)?, tx.keys().get(sign)?);
            Ok((account, auth, sign))
        }
        (None, _) | (_, None) => Err(Refusal::KeyNotActive.into()),
    }
}

fn failed(failure: countersign_domain::Failure) -> Failure {
    match failure {
        countersign_domain::Failure::Refused(refusal) => Failure::Refused(refusal),
        countersign_domain::Failure::Fault(fault) => Failure::Fault(fault.to_string()),
    }
}

fn told(answer: impl serde::Serialize, operation: &'static str) -> Response {
    let mut response = Json(answer).into_response();
    response.extensions_mut().insert(Logged { operation: Some(operation), ..Logged::default() });
    response
}
