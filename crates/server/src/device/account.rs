//! The account as its holder sees it, and its end.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::account::{Account, account_view};
use countersign_domain::revocation::{Belongings, RevocationReason, revoke_account};
use countersign_store::Tx;
use countersign_wire::device::{Empty, RevocationScope, RevokeRequest};
use countersign_wire::words::EndResult;

use super::SURFACE;
use super::counted::end_open_sessions;
use super::proof::Proven;
use crate::App;
use crate::command::{Command, Failure};
use crate::problem::Problem;

/// `GET /account`. A frozen device may look too: it has to learn that it is frozen.
pub(super) async fn account(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let (id, document) = (proven.device.id().clone(), proven.device.account().clone());
    let (now, inner) = (app.now(), app.clone());
    let answer = app
        .read("look at an account", move |tx| {
            let account = tx.accounts().get(&document)?;
            let devices = tx.devices().of_account(&document)?;
            let kids = [&account.keys.auth, &account.keys.sign].into_iter().flatten();
            let keys = kids.map(|kid| tx.keys().get(kid)).collect::<Result<Vec<_>, _>>()?;
            let open = tx.sessions().pending_for(&document, now)?;
            let open = open
                .iter()
                .filter(|session| session.addressed().is_some_and(|to| to.device == id))
                .filter_map(|session| session.transaction().cloned())
                .collect();
            Ok(account_view(&account, &devices, &keys, open, &inner.settings().pins, now))
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
    let document = proven.device.account().clone();
    app.execute("revoke an account", move |tx, context| {
        let account = tx.accounts().get(&document)?;
        end_account(tx, context, account, reason).map(drop)
    })
    .await
    .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(Json(Empty {}).into_response())
}

/// Ends an account with its device, keys and certificates, and what is open for it.
pub(crate) fn end_account(
    tx: &Tx<'_>,
    context: &mut Command,
    account: Account,
    reason: RevocationReason,
) -> Result<Account, Failure> {
    let belongings = Belongings {
        device: tx.devices().get(&account.device)?,
        keys: tx.keys().of_account(&account.document)?,
        certificates: tx.certificates().of_account(&account.document)?,
        account,
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
    end_open_sessions(tx, context, &belongings.device, EndResult::AccountUnusable)?;
    Ok(belongings.account)
}
