//! The account as its holder sees it, and its end.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::account::{self, Account};
use countersign_domain::device::{self, Device};
use countersign_domain::key::{self, Key};
use countersign_domain::revocation::{Belongings, RevocationReason, revoke_account};
use countersign_domain::settings::PinPolicy;
use countersign_wire::device::{
    AccountAnswer, AccountState, DeviceState, DeviceStatus, Empty, KeyState, KeyStatus, RevocationScope,
    RevokeRequest,
};
use countersign_wire::words::EndResult;
use jiff::Timestamp;

use super::SURFACE;
use super::counted::end_open_sessions;
use super::proof::Proven;
use crate::App;
use crate::problem::Problem;

/// `GET /account`. A frozen device may look too: it has to learn that it is frozen.
pub(super) async fn account(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let (id, document) = (proven.device.id().clone(), proven.device.account().clone());
    let (now, inner) = (app.now(), app.clone());
    let answer = app
        .read("look at an account", move |tx| {
            let account = tx.accounts().get(&document)?;
            let devices = tx.devices().of_account(&document)?;
            let own = devices.iter().find(|device| *device.id() == id);
            let mut keys = Vec::new();
            for kid in [&account.keys.auth, &account.keys.sign].into_iter().flatten() {
                keys.push(key_status(&tx.keys().get(kid)?, own, now, &inner.settings().pins));
            }
            let open = tx.sessions().pending_for(&document, now)?;
            let open_transactions = open
                .iter()
                .filter(|session| session.addressed().is_some_and(|to| to.device == id))
                .filter_map(|session| session.transaction().cloned())
                .collect();
            Ok(AccountAnswer {
                state: account_state(&account, own),
                document_number: account.document,
                keys,
                devices: devices.iter().map(device_status).collect(),
                open_transactions,
            })
        })
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(Json(answer).into_response())
}

/// `POST /account/revoke`. The device's proof is enough: making revocation easy is right. A frozen device may too.
///
/// An account has one device, so either scope ends the account; they differ in the reason that the certificates
/// are revoked for. The person's own words are not kept.
pub(super) async fn revoke(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let RevokeRequest { scope, reason: _ } = proven.json()?;
    let reason = match scope {
        RevocationScope::Account => RevocationReason::CessationOfOperation,
        RevocationScope::Device => RevocationReason::KeyCompromise,
    };
    let (device, document) = (proven.device.id().clone(), proven.device.account().clone());
    app.execute("revoke an account", move |tx, context| {
        let belongings = Belongings {
            account: tx.accounts().get(&document)?,
            device: tx.devices().get(&device)?,
            keys: tx.keys().of_account(&document)?,
            certificates: tx.certificates().of_account(&document)?,
        };
        let (belongings, events) = revoke_account(belongings, reason, context.now);
        context.record(events);
        tx.accounts().update(&belongings.account)?;
        tx.devices().update(&belongings.device)?;
        for key in &belongings.keys {
            tx.keys().update(key)?;
        }
        for certificate in &belongings.certificates {
            tx.certificates().update(certificate)?;
        }
        end_open_sessions(tx, context, &belongings.device, EndResult::AccountUnusable)
    })
    .await
    .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(Json(Empty {}).into_response())
}

fn account_state(account: &Account, own: Option<&Device>) -> AccountState {
    let frozen = own.is_some_and(|own| matches!(own.state(), device::DeviceState::CloneSuspect { .. }));
    match account.state {
        account::AccountState::Revoked { .. } => AccountState::Revoked,
        account::AccountState::Registering | account::AccountState::Active if frozen => {
            AccountState::CloneSuspect
        }
        account::AccountState::Registering => AccountState::Draft,
        account::AccountState::Active => AccountState::Certified,
    }
}

fn device_status(device: &Device) -> DeviceStatus {
    DeviceStatus {
        device_id: device.id().clone(),
        platform: device.platform().to_owned(),
        state: match device.state() {
            device::DeviceState::Active => DeviceState::Active,
            device::DeviceState::CloneSuspect { .. } => DeviceState::CloneSuspect,
            device::DeviceState::Revoked { .. } => DeviceState::Revoked,
        },
    }
}

fn key_status(key: &Key, own: Option<&Device>, now: Timestamp, policy: &PinPolicy) -> KeyStatus {
    let frozen = own.is_some_and(|own| matches!(own.state(), device::DeviceState::CloneSuspect { .. }));
    let (state, locked_until) = match key.state(now, policy) {
        key::KeyState::Revoked => (KeyState::Revoked, None),
        key::KeyState::Blocked => (KeyState::Blocked, None),
        key::KeyState::Pending { .. } | key::KeyState::Active | key::KeyState::Locked { .. } if frozen => {
            (KeyState::CloneSuspect, None)
        }
        key::KeyState::Locked { until } => (KeyState::Locked, Some(until)),
        key::KeyState::Pending { .. } => (KeyState::Pending, None),
        key::KeyState::Active if key.certificate().is_some() && !key.is_certified(now) => {
            (KeyState::Expired, None)
        }
        key::KeyState::Active => (KeyState::Active, None),
    };
    KeyStatus {
        kid: key.id().clone(),
        key_use: key.usage(),
        state,
        tries_left: u32::from(key.tries_left(now, policy)),
        locked_until,
        certificate: key.certificate().map(|certificate| STANDARD.encode(&certificate.der)),
        not_after: key.certificate().map(|certificate| certificate.not_after),
    }
}
