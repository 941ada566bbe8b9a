//! Who asks, what their key is for, and what waits for a second person: the one place where that is decided.
//!
//! Every route goes through a [`door`], which names its act. The door knows the key by its hash, looks whether its roles
//! allow the act, and only then reads the body. What changes something is carried out by [`Operator::execute`]: when the act
//! takes two, its transaction is undone at the end, so that everything about it was checked and nothing has happened, and
//! the door makes a proposal of the request. When somebody else has approved it, the same request goes through the same
//! door again, and the approval is written in the transaction of the act.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use countersign_domain::desk::{Act, Refusal, Right, Role};
use countersign_store::Tx;
use countersign_wire::id::ProposalId;
use countersign_wire::problem::ProblemType;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::failed;
use super::proposals::propose;
use crate::bearer::{Bearer, bearer};
use crate::command::{Command, Failure};
use crate::problem::Problem;
use crate::{App, Origin};

/// The longest body of a request, in octets.
const BODY_MAX: usize = 16 * 1024;

/// An operator whose key was right.
#[derive(Clone, Debug)]
pub(super) struct Operator {
    /// As the configuration names the key.
    pub(super) name: String,
    pub(super) roles: Vec<Role>,
    approval: Option<Approval>,
}

/// Somebody else's consent. Put into the extensions of a request by this server alone.
#[derive(Clone, Debug)]
pub(super) struct Approval {
    pub(super) proposal: ProposalId,
    /// Whose proposal it is: it is their act.
    pub(super) proposer: String,
    pub(super) proposed_at: Timestamp,
    pub(super) approver: String,
}

/// The body of an operator's request.
pub(super) struct Ordered<T>(pub(super) Operator, pub(super) T);

/// In the extensions of an answer: nothing was done, since the act takes two.
#[derive(Clone, Copy, Debug)]
struct WaitsForSecond(Act);

/// A route: who may use it, by the act that it stands for.
pub(super) fn door(app: &App, act: Act, handler: MethodRouter<App>) -> MethodRouter<App> {
    handler.route_layer(from_fn_with_state((app.clone(), act), guard))
}

async fn guard(State((app, act)): State<(App, Act)>, request: Request, next: Next) -> Response {
    match let_in(&app, act, request, next).await {
        Ok(response) | Err(response) => response,
    }
}

async fn let_in(app: &App, act: Act, request: Request, next: Next) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let operator = match parts.extensions.remove::<Approval>() {
        Some(approval) => Operator::who_proposed(app, approval)?,
        None => Operator::of_key(app, &parts)?,
    };
    // First of all: a stranger's body is not read.
    operator.may(act)?;
    let body = whole(app, body).await?;
    parts.extensions.insert(operator.clone());
    // Inside a nested router the path is the rest alone.
    let whole_uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let (method, path) = (parts.method.clone(), whole_uri.path().to_owned());
    let mut response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    match response.extensions_mut().remove::<WaitsForSecond>() {
        Some(WaitsForSecond(act)) => propose(app, &operator, act, method.as_str(), path, &body).await,
        None => Ok(response),
    }
}

impl Operator {
    fn of_key(app: &App, parts: &Parts) -> Result<Self, Response> {
        let address = Origin::of(app, parts).address;
        let Bearer::Key(key) = bearer(&parts.headers) else {
            return Err(unauthorized(
                "expected one header Authorization: Bearer, with the key of an operator",
            ));
        };
        let hash = digest(&SHA256, key.as_bytes());
        // Every entry is compared, so that nothing is learned from the time it takes.
        let mut found = None;
        for admin in &app.config().admins {
            if admin.has_key(hash.as_ref()) && admin.calls_from(address) {
                found = Some(Self { name: admin.name.clone(), roles: admin.roles.clone(), approval: None });
            }
        }
        found.ok_or_else(|| unauthorized("no operator has this key, or not from this address"))
    }

    /// Whoever proposed something, as the configuration has them now.
    fn who_proposed(app: &App, approval: Approval) -> Result<Self, Response> {
        let admin = app.config().admins.iter().find(|admin| admin.name == approval.proposer);
        let admin = admin.ok_or_else(|| refused(app, Refusal::ProposerGone))?;
        Ok(Self { name: admin.name.clone(), roles: admin.roles.clone(), approval: Some(approval) })
    }

    /// When they asked for it: an approval comes later.
    pub(super) fn asked_at(&self, now: Timestamp) -> Timestamp {
        self.approval.as_ref().map_or(now, |approval| approval.proposed_at)
    }

    /// Whether the key is for this.
    pub(super) fn may(&self, act: Act) -> Result<(), Response> {
        if Right::of(act).allows(&self.roles) {
            return Ok(());
        }
        let refusal = match self.approval {
            Some(_) => Refusal::ProposerGone,
            None => Refusal::NotPermitted { act },
        };
        Err(Problem::desk_refused(&refusal).into_response())
    }

    /// The same before work that no transaction can undo: an act that takes two ends here, unless it is approved.
    pub(super) fn may_begin(&self, app: &App, act: Act) -> Result<(), Response> {
        self.may(act)?;
        if self.approval.is_none() && app.config().desk.four_eyes.contains(&act) {
            return Err(refused(app, Refusal::TakesTwo { act }));
        }
        Ok(())
    }

    /// Carries out an act, whose consequences are all in this transaction.
    pub(super) async fn execute<T, F>(
        &self,
        app: &App,
        act: Act,
        name: &'static str,
        command: F,
    ) -> Result<T, Response>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>, &mut Command) -> Result<T, Failure> + Send + 'static,
    {
        self.may(act)?;
        let approval = self.approval.clone();
        let done = app.execute(name, move |tx, context| {
            let value = command(tx, context)?;
            settle(tx, context, approval, act)?;
            Ok(value)
        });
        done.await.map_err(|failure| failed(app, failure))
    }
}

/// The last step of every act: an approval is used up, or a missing one undoes everything.
fn settle(tx: &Tx<'_>, context: &mut Command, approval: Option<Approval>, act: Act) -> Result<(), Failure> {
    let Some(approval) = approval else {
        let takes_two = context.app.config().desk.four_eyes.contains(&act);
        return if takes_two { Err(wrapped(Refusal::TakesTwo { act })) } else { Ok(()) };
    };
    let proposal =
        tx.proposals().find(&approval.proposal)?.ok_or_else(|| wrapped(Refusal::ProposalExpired))?;
    if proposal.act() != act {
        return Err(Failure::Fault(format!("a proposal of {} led to {act}", proposal.act())));
    }
    let (proposal, events) = proposal.approve(&approval.approver, context.now).map_err(wrapped)?;
    tx.proposals().update(&proposal)?;
    context.record(events.into_iter().map(Into::into));
    Ok(())
}

fn wrapped(refusal: Refusal) -> Failure {
    Failure::Refused(refusal.into())
}

fn refused(app: &App, refusal: Refusal) -> Response {
    failed(app, wrapped(refusal))
}

/// The act that was not done because it takes two, if that is the reason.
pub(super) fn waits(failure: &Failure) -> Option<Act> {
    match failure {
        Failure::Refused(countersign_domain::Refusal::Desk(Refusal::TakesTwo { act })) => Some(*act),
        _ => None,
    }
}

/// Tells the door of it.
pub(super) fn marked(mut response: Response, waits: Option<Act>) -> Response {
    if let Some(act) = waits {
        response.extensions_mut().insert(WaitsForSecond(act));
    }
    response
}

async fn whole(app: &App, body: Body) -> Result<Bytes, Response> {
    let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
    let refused = |kind, detail: String| Err(Problem::of(kind, detail).into_response());
    match tokio::time::timeout(patience, to_bytes(body, BODY_MAX)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            refused(ProblemType::TooLarge, format!("expected a whole body of at most {BODY_MAX} bytes"))
        }
        Err(_) => refused(ProblemType::InvalidRequest, "the body did not arrive in time".to_owned()),
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Response> {
        let operator = parts.extensions.get::<Self>().cloned();
        operator.ok_or_else(|| {
            Problem::internal(super::SURFACE, "a route of the operator's API has no door").into_response()
        })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Ordered<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let operator = Operator::from_request_parts(&mut parts, app).await?;
        let body = whole(app, body).await?;
        // The parser's own text would quote what people are called.
        let ordered = serde_json::from_slice(&body).map_err(|error| {
            let kind = error.classify();
            let detail =
                format!("expected the JSON of this endpoint; {kind:?} error at column {}", error.column());
            Problem::of(ProblemType::InvalidRequest, detail).into_response()
        })?;
        Ok(Self(operator, ordered))
    }
}

fn unauthorized(detail: &str) -> Response {
    let mut response = Problem::of(ProblemType::Unauthorized, detail).into_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"countersign admin\""));
    response
}
