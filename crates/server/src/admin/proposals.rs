//! What waits for a second person: listed, approved, rejected.

use std::str;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use countersign_domain::desk::{Act, Asked, Proposal, ProposalState, Refusal, Right};
use countersign_store::Tx;
use countersign_wire::admin::right::{
    ApproveProposal, ApprovedProposal, OperatorEntry, OthersAct, ProposalEntry, ProposalList,
    ProposalStanding, ProposedRequest, RejectProposal,
};
use countersign_wire::id::ProposalId;
use countersign_wire::problem::ProblemType;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tower::ServiceExt as _;

use super::operator::{Approval, Operator, Ordered};
use super::{failed, logged, not_found, reference};
use crate::App;
use crate::command::Failure;
use crate::problem::Problem;

/// Entries of a list.
const LIST_MAX: usize = 500;
/// The longest answer of an act that is passed on, in octets.
const ANSWER_MAX: usize = 1024 * 1024;

const NONE: &str = "there is no such proposal, or it is no longer kept";

/// `GET /operator`: whose key this is, and what it is for.
pub(super) async fn who(State(app): State<App>, operator: Operator) -> Response {
    let allows = |act: &Act| Right::of(*act).allows(&operator.roles);
    let (acts, others): (Vec<_>, Vec<_>) = Act::ALL.iter().copied().partition(allows);
    let four_eyes = app.config().desk.four_eyes.iter().copied().filter(|act| acts.contains(act)).collect();
    let others =
        others.into_iter().map(|act| OthersAct { act, roles: Right::of(act).roles.to_vec() }).collect();
    let entry = OperatorEntry { operator: operator.name, roles: operator.roles, acts, four_eyes, others };
    logged(Json(entry), "show-operator")
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    state: Option<String>,
}

/// `GET /proposals`, with `?state=OPEN` those alone that wait
pub(super) async fn list(
    State(app): State<App>,
    _: Operator,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    let now = app.now();
    let open = match wanted.state.as_deref() {
        None => None,
        Some(word) if word == ProposalStanding::Open.as_str() => Some(now),
        Some(_) => {
            let expected = countersign_wire::problem::InvalidMember::in_path("state", "expected OPEN");
            return Err(super::invalid(expected));
        }
    };
    let found = app.read("list proposals", move |tx| Ok(tx.proposals().newest(open, LIST_MAX)?)).await;
    let found = found.map_err(|failure| failed(&app, failure))?;
    let proposals = found.iter().map(|proposal| entry(proposal, now)).collect();
    Ok(logged(Json(ProposalList { proposals }), "list-proposals"))
}

/// `GET /proposals/{proposal}`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let proposal = found(&app, &id).await?;
    Ok(logged(Json(entry(&proposal, app.now())), "show-proposal"))
}

/// `POST /proposals/{proposal}/approve`: does what was proposed, as whoever proposed it.
pub(super) async fn approve(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<ApproveProposal>,
) -> Result<Response, Response> {
    let proposal = found(&app, &id).await?;
    let act = proposal.act();
    if !Right::of(act).allows_second(&operator.roles) {
        return Err(refused(&app, Refusal::NotPermitted { act }));
    }
    let asked = proposal
        .approvable(&operator.name, &wanted.sha256, app.now())
        .map_err(|refusal| refused(&app, refusal))?;
    let mut request = Request::builder()
        .method(asked.method.as_str())
        .uri(asked.path.as_str())
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(asked.body.clone()))
        .map_err(|error| failed(&app, Failure::Fault(error.to_string())))?;
    request.extensions_mut().insert(Approval {
        proposal: proposal.id().clone(),
        proposer: proposal.by().to_owned(),
        proposed_at: proposal.proposed_at(),
        approver: operator.name,
    });
    let done = super::routes(&app).with_state(app.clone()).oneshot(request).await;
    let done = done.unwrap_or_else(|never| match never {});
    if done.status() != StatusCode::OK {
        return Ok(done);
    }
    let answer = to_bytes(done.into_body(), ANSWER_MAX).await.ok();
    let answer = answer.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let answer = answer.ok_or_else(|| failed(&app, Failure::Fault("an act without an answer".to_owned())))?;
    let proposal = found(&app, &id).await?;
    if proposal.is_open() {
        // Every act ends in `Operator::execute`; one that does not would pass by the second person.
        return Err(failed(&app, Failure::Fault(format!("{act} did not use its approval"))));
    }
    let approved = ApprovedProposal { proposal: entry(&proposal, app.now()), answer };
    Ok(logged(Json(approved), "approve-proposal"))
}

/// `POST /proposals/{proposal}/reject`: also by whoever proposed it.
pub(super) async fn reject(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<RejectProposal>,
) -> Result<Response, Response> {
    let proposal = found(&app, &id).await?;
    let own = proposal.by() == operator.name;
    if !own && !Right::of(proposal.act()).allows_second(&operator.roles) {
        return Err(refused(&app, Refusal::NotPermitted { act: proposal.act() }));
    }
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let id = proposal.id().clone();
    let rejected = app.execute("reject a proposal", move |tx, context| {
        let proposal = get(tx, &id)?;
        let (proposal, events) = proposal
            .reject(&operator.name, kept, context.now)
            .map_err(|refusal| Failure::Refused(refusal.into()))?;
        tx.proposals().update(&proposal)?;
        context.record(events.into_iter().map(Into::into));
        Ok(entry(&proposal, context.now))
    });
    let rejected = rejected.await.map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(rejected), "reject-proposal"))
}

/// Makes a proposal of a request that was checked, and undone.
pub(super) async fn propose(
    app: &App,
    operator: &Operator,
    act: Act,
    method: &str,
    path: String,
    body: &[u8],
) -> Result<Response, Response> {
    // What was read as JSON is text.
    let body = str::from_utf8(body).map_err(|error| failed(app, Failure::Fault(error.to_string())))?;
    let asked = Asked { method: method.to_owned(), path, body: body.to_owned() };
    let (by, life) =
        (operator.name.clone(), SignedDuration::from_hours(i64::from(app.config().desk.proposal_hours)));
    let proposed = app.execute("propose", move |tx, context| {
        let (proposal, events) = Proposal::new(act, asked, &by, life, context.now, &mut context.rng);
        tx.proposals().insert(&proposal)?;
        context.record(events.into_iter().map(Into::into));
        Ok::<_, Failure>(entry(&proposal, context.now))
    });
    let proposed = proposed.await.map_err(|failure| failed(app, failure))?;
    Ok(logged((StatusCode::ACCEPTED, Json(proposed)), "propose"))
}

async fn found(app: &App, id: &str) -> Result<Proposal, Response> {
    let id = ProposalId::parse(id).map_err(|_| not_found(NONE))?;
    let found = app.read("look at a proposal", move |tx| get(tx, &id)).await;
    found.map_err(|failure| failed(app, failure))
}

fn get(tx: &Tx<'_>, id: &ProposalId) -> Result<Proposal, Failure> {
    tx.proposals().find(id)?.ok_or_else(|| Failure::said(Problem::of(ProblemType::NotFound, NONE)))
}

fn refused(app: &App, refusal: Refusal) -> Response {
    failed(app, Failure::Refused(refusal.into()))
}

fn entry(proposal: &Proposal, now: Timestamp) -> ProposalEntry {
    let (state, request, decided) = match proposal.state() {
        ProposalState::Open { asked } if now < proposal.expires_at() => {
            let Asked { method, path, body } = asked.clone();
            (ProposalStanding::Open, Some(ProposedRequest { method, path, body }), None)
        }
        ProposalState::Open { .. } | ProposalState::Expired { .. } => (ProposalStanding::Expired, None, None),
        ProposalState::Approved { by, at } => (ProposalStanding::Approved, None, Some((by.clone(), *at))),
        ProposalState::Rejected { by, at } => (ProposalStanding::Rejected, None, Some((by.clone(), *at))),
    };
    let (decided_by, decided) = decided.unzip();
    ProposalEntry {
        proposal: proposal.id().clone(),
        act: proposal.act(),
        state,
        by: proposal.by().to_owned(),
        proposed: proposal.proposed_at(),
        expires: proposal.expires_at(),
        sha256: proposal.sha256().to_owned(),
        request,
        decided_by,
        decided,
    }
}
