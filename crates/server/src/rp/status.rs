//! How a session stands: a long poll.
//!
//! Subscribe first, read second, wait third. The only timer that matters is the session's own end; everything else
//! that can change wakes the subscription.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::RequestExt;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal;
use countersign_domain::session::{Progress, Session, State as SessionState, status};
use countersign_wire::id::SessionId;
use countersign_wire::session::{OutOfRange, SessionStatus, timeout_ms};
use jiff::Timestamp;

use super::start::path_segments;
use crate::App;
use crate::command::Failure;
use crate::operations::record::Logged;
use crate::peer::Origin;
use crate::problem::{Problem, Surface};
use crate::watch::Topic;

const SURFACE: Surface = Surface::RelyingParty;

/// `GET /v3/session/{sessionID}?timeoutMs=`
pub(super) async fn session_status(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    // Most calls wait, many at a time: what was read from the request is all that is kept of it.
    let asked = Asked::read(&app, request).await?;
    asked.answer(app).await
}

/// A question and who asks it.
struct Asked {
    id: SessionId,
    address: IpAddr,
    wait: Duration,
}

impl Asked {
    async fn read(app: &App, mut request: Request) -> Result<Self, Problem> {
        let origin: Origin =
            request.extract_parts_with_state(app).await.unwrap_or_else(|never| match never {});
        let refused = |refusal: Refusal| app.problem(SURFACE, refusal.into());
        let query: Vec<(String, String)> =
            request.extract_parts::<Query<_>>().await.map_or_else(|_| Vec::new(), |Query(pairs)| pairs);
        let given = query.iter().find(|(name, _)| name == "timeoutMs").map(|(_, value)| value.as_str());
        let out_of_range =
            if app.config().rp_api.strict_timeout { OutOfRange::Refuse } else { OutOfRange::Clamp };
        let wait = timeout_ms(given, out_of_range).map_err(|invalid| Problem::invalid(SURFACE, [invalid]))?;
        // The request names no relying party, so at first only the address as such can be checked.
        if !app.relying_parties().knows_address(origin.address) {
            return Err(refused(Refusal::AddressNotAllowed));
        }
        let segments = path_segments(&mut request).await;
        let id = segments.iter().find(|(name, _)| name == "session_id").map_or("", |(_, value)| value);
        // What is no session id is the id of no session.
        let id = SessionId::parse(id).map_err(|_| refused(Refusal::NoSession))?;
        Ok(Self { id, address: origin.address, wait })
    }

    async fn answer(self, app: App) -> Result<Response, Problem> {
        let refused = |refusal: Refusal| app.problem(SURFACE, refusal.into());
        let mut watch = app.watches().subscribe(Topic::Session(self.id));
        let mut patience = app.clock().sleep(self.wait);
        let mut last = false;
        loop {
            // Boxed: a look is short, and while it waits the poll needs no room for one.
            let seen =
                Box::pin(look(&app, self.id)).await.map_err(|failure| app.problem(SURFACE, failure))?;
            let Seen { status, relying_party, until } = seen.ok_or_else(|| refused(Refusal::NoSession))?;
            let permitted =
                app.relying_parties().find(relying_party).is_some_and(|party| party.calls_from(self.address));
            if !permitted {
                return Err(refused(Refusal::AddressNotAllowed));
            }
            let full = app.watches().waiting() > app.config().limits.long_polls as usize;
            if status.is_complete() || last || full || app.is_stopping() {
                return Ok(answer(self.id, status));
            }
            drop(status);
            tokio::select! {
                () = watch.changed() => {}
                () = app.clock().reached(until) => {}
                // The session may end at the same moment: one more look.
                () = &mut patience => last = true,
                () = app.stopping() => last = true,
            }
        }
    }
}

/// What one look at a session shows.
struct Seen {
    status: SessionStatus,
    relying_party: countersign_wire::id::RelyingPartyUuid,
    /// When it ends by itself.
    until: Timestamp,
}

async fn look(app: &App, id: SessionId) -> Result<Option<Seen>, Failure> {
    let now = app.now();
    app.read("look at a session", move |tx| {
        let Some(session) = tx.sessions().find(id)? else { return Ok(None) };
        Ok(status(&session, now).map(|status| Seen {
            status,
            relying_party: session.relying_party(),
            until: ends(&session),
        }))
    })
    .await
}

/// A signature that is being computed may finish after the session's time.
fn ends(session: &Session) -> Timestamp {
    match session.state() {
        SessionState::Addressed { progress: Progress::Confirming { until, .. }, .. } => {
            session.expires_at().max(*until)
        }
        SessionState::Addressed {
            progress: Progress::Created | Progress::Delivered | Progress::Displayed,
            ..
        }
        | SessionState::Offered
        | SessionState::Complete { .. } => session.expires_at(),
    }
}

fn answer(id: SessionId, status: SessionStatus) -> Response {
    let outcome = status.end_result().and_then(|result| result.known()).map(|result| result.as_str());
    let logged = Logged {
        session: Some(id.to_string()),
        outcome: Some(outcome.unwrap_or("RUNNING")),
        ..Logged::default()
    };
    let mut response = Json(status).into_response();
    response.extensions_mut().insert(logged);
    response
}
