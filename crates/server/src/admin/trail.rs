//! The audit trail for auditors: searched, and compared with its seals.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use countersign_store::{Recorded, TrailFilter};
use countersign_wire::admin::audit::{TrailCheck, TrailEntry, TrailPage};
use jiff::Timestamp;
use serde::Deserialize;

use super::operator::Operator;
use super::{failed, logged};
use crate::App;
use crate::command::Failure;

/// Entries on a page, unless fewer are asked for.
const PAGE_MAX: usize = 200;
/// Seals that one request compares: a day of a busy service.
const SEALS_MAX: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct Wanted {
    operator: Option<String>,
    act: Option<String>,
    reference: Option<String>,
    subject: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    before: Option<u64>,
    limit: Option<usize>,
}

/// `GET /trail`
pub(super) async fn page(
    State(app): State<App>,
    _: Operator,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    let Wanted { operator, act, reference, subject, from, until, before, limit } = wanted;
    let filter = TrailFilter { operator, act, reference, subject, from, until, before };
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let mut found = app
        .read("read the trail", move |tx| Ok(tx.trail().page(&filter, limit + 1)?))
        .await
        .map_err(|failure| failed(&app, failure))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.seq.unsigned_abs());
    let entries =
        found.iter().map(entry).collect::<Result<_, _>>().map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(TrailPage { entries, next }), "read-trail"))
}

#[derive(Deserialize)]
pub(super) struct From {
    after: Option<u64>,
}

/// `GET /trail/check`
pub(super) async fn check(
    State(app): State<App>,
    _: Operator,
    Query(wanted): Query<From>,
) -> Result<Response, Response> {
    let after = wanted.after.unwrap_or(0);
    let (compared, last) = app
        .read("check the trail", move |tx| {
            Ok((tx.trail().compare(after, SEALS_MAX)?, tx.events().last()?.unsigned_abs()))
        })
        .await
        .map_err(|failure| failed(&app, failure))?;
    let sealed = compared.seal.as_ref().map_or(0, |seal| seal.last);
    if let Some(broken) = &compared.broken {
        tracing::error!(sealed, "the audit trail is not what was sealed: {broken}");
    }
    let answer = TrailCheck {
        whole: compared.broken.is_none(),
        broken: compared.broken.map(|broken| broken.to_string()),
        sealed,
        last,
        next: compared.more.then_some(sealed),
        seal: compared.seal,
    };
    Ok(logged(Json(answer), "check-trail"))
}

/// An event as auditors see it.
pub(super) fn entry(recorded: &Recorded) -> Result<TrailEntry, Failure> {
    let event = &recorded.event;
    let acted = event.acted();
    Ok(TrailEntry {
        seq: recorded.seq.unsigned_abs(),
        at: recorded.at,
        kind: event.kind().to_owned(),
        subject: event.subject(),
        operator: acted.map(|acted| acted.operator.to_owned()),
        act: acted.map(|acted| acted.act.to_owned()),
        reference: acted.and_then(|acted| acted.reference.map(str::to_owned)),
        event: serde_json::to_value(event).map_err(|error| Failure::Fault(error.to_string()))?,
    })
}
