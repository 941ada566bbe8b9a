//! Accounts: looked at, revoked, unlocked.

use std::str::FromStr as _;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use countersign_domain::account::{Account, account_view};
use countersign_domain::desk::{Act, OperatorAct};
use countersign_domain::device::{Device, DeviceState};
use countersign_domain::revocation::RevocationReason;
use countersign_store::Tx;
use countersign_wire::admin::{
    RegisteredAccount, RegisteredDevice, RegisteredPerson, RevokeAccount, UnlockKey,
};
use countersign_wire::device;
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::problem::InvalidMember;
use jiff::Timestamp;

use super::issue::OnBehalf;
use super::operator::{Operator, Ordered};
use super::{conflict, evidence, failed, invalid, logged, missing, not_found};
use crate::App;
use crate::command::Failure;
use crate::device::end_account;

/// `GET /persons/{person}`
pub(super) async fn person(
    State(app): State<App>,
    _: Operator,
    Path(person): Path<String>,
) -> Result<Response, Response> {
    let Ok(person) = SemanticsIdentifier::parse(&person) else { return Err(not_found(NO_PERSON)) };
    let (inner, now, whose) = (app.clone(), app.now(), person.clone());
    let accounts = app
        .read("look at a person", move |tx| {
            let accounts = tx.accounts().of_person(&whose)?;
            accounts.iter().map(|account| registered(&inner, tx, account, now)).collect::<Result<Vec<_>, _>>()
        })
        .await
        .map_err(|failure| failed(&app, failure))?;
    if accounts.is_empty() {
        return Err(not_found(NO_PERSON));
    }
    Ok(logged(Json(RegisteredPerson { person, accounts }), "show-person"))
}

/// `GET /accounts/{document-number}`
pub(super) async fn account(
    State(app): State<App>,
    _: Operator,
    Path(document): Path<String>,
) -> Result<Response, Response> {
    let Ok(document) = DocumentNumber::parse(&document) else { return Err(not_found(NO_ACCOUNT)) };
    let (inner, now) = (app.clone(), app.now());
    let account = app
        .read("look at an account", move |tx| {
            let account = tx.accounts().find(&document)?;
            account.map(|account| registered(&inner, tx, &account, now)).transpose()
        })
        .await
        .map_err(|failure| failed(&app, failure))?;
    account.map(|account| logged(Json(account), "show-account")).ok_or_else(|| not_found(NO_ACCOUNT))
}

/// `POST /accounts/{document-number}/revoke`. Revoking what is revoked changes nothing and is no error.
pub(super) async fn revoke(
    State(app): State<App>,
    Path(document): Path<String>,
    Ordered(operator, wanted): Ordered<RevokeAccount>,
) -> Result<Response, Response> {
    let Ok(document) = DocumentNumber::parse(&document) else { return Err(not_found(NO_ACCOUNT)) };
    let reason = RevocationReason::from_str(&wanted.reason).map_err(|_| {
        let known: Vec<_> = RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect();
        invalid(InvalidMember::at("/reason", format!("expected one of {}", known.join(", "))))
    })?;
    let evidence = wanted.evidence.as_deref().map(evidence).transpose()?;
    let (inner, by) = (app.clone(), operator.name.clone());
    let account = operator
        .execute(&app, Act::RevokeAccount, "revoke an account for its holder", move |tx, context| {
            let account = tx.accounts().find(&document)?.ok_or_else(|| missing(NO_ACCOUNT))?;
            let on_behalf = OnBehalf { operator: by, evidence };
            context.record([on_behalf.event(OperatorAct::RevokeAccount, &document)]);
            let ended = end_account(tx, context, account, reason)?;
            registered(&inner, tx, &ended, context.now)
        })
        .await?;
    Ok(logged(Json(account), OperatorAct::RevokeAccount.as_str()))
}

/// `POST /accounts/{document-number}/unlock`
pub(super) async fn unlock(
    State(app): State<App>,
    Path(document): Path<String>,
    Ordered(operator, UnlockKey { key_use, evidence: proof }): Ordered<UnlockKey>,
) -> Result<Response, Response> {
    let Ok(document) = DocumentNumber::parse(&document) else { return Err(not_found(NO_ACCOUNT)) };
    let evidence = evidence(&proof)?;
    let (inner, by) = (app.clone(), operator.name.clone());
    let account = operator
        .execute(&app, Act::UnlockKey, "unlock a key", move |tx, context| {
            let account = tx.accounts().find(&document)?.ok_or_else(|| missing(NO_ACCOUNT))?;
            let key = account.key(key_use).map(|kid| tx.keys().get(kid)).transpose()?;
            let key = key.ok_or_else(|| conflict(NOT_LOCKED))?;
            let (key, events) =
                key.unlock(context.now, &inner.settings().pins).map_err(|_| conflict(NOT_LOCKED))?;
            let on_behalf = OnBehalf { operator: by, evidence: Some(evidence) };
            context.record([on_behalf.event(OperatorAct::UnlockKey, &document)]);
            context.record(events);
            tx.keys().update(&key)?;
            registered(&inner, tx, &account, context.now)
        })
        .await?;
    Ok(logged(Json(account), OperatorAct::UnlockKey.as_str()))
}

const NOT_LOCKED: &str = "this key is not locked; a blocked one stays so, and the person registers anew";
const NO_ACCOUNT: &str = "no account has this document number";
const NO_PERSON: &str = "this person has no account";

pub(super) fn registered(
    app: &App,
    tx: &Tx<'_>,
    account: &Account,
    now: Timestamp,
) -> Result<RegisteredAccount, Failure> {
    let devices = tx.devices().of_account(&account.document)?;
    let kids = [&account.keys.auth, &account.keys.sign].into_iter().flatten();
    let keys = kids.map(|kid| tx.keys().get(kid)).collect::<Result<Vec<_>, _>>()?;
    let view = account_view(account, &devices, &keys, Vec::new(), &app.settings().pins, now);
    Ok(RegisteredAccount {
        document_number: view.document_number,
        person: account.person.clone(),
        level: account.level,
        state: view.state,
        created: account.created_at,
        devices: devices.iter().map(registered_device).collect(),
        keys: view.keys,
    })
}

/// A device with the words that its phone shows.
pub(super) fn registered_device(device: &Device) -> RegisteredDevice {
    RegisteredDevice {
        device_id: device.id().clone(),
        words: device.proof_key().thumbprint().words().into(),
        platform: device.platform().to_owned(),
        state: match device.state() {
            DeviceState::Active => device::DeviceState::Active,
            DeviceState::CloneSuspect { .. } => device::DeviceState::CloneSuspect,
            DeviceState::Revoked { .. } => device::DeviceState::Revoked,
        },
    }
}
