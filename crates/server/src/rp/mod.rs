//! The relying party API, version 3: the table of `wire::endpoint`, under both of its prefixes.
//!
//! The order of checks is that of rp-api 12, row 9: maintenance and old clients; form of the request (400); who asks
//! (403, 401, 403, 403); whom for (404). Nothing before the last reads the database.

mod body;
mod certificate;
mod link_page;
mod start;
mod status;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_wire::endpoint::{ALIASES, BASES, CERTIFICATE_PATH, SESSION_PATH, STARTS, Start};
use http::StatusCode;
use http::header::USER_AGENT;

use crate::App;
use crate::problem::{Problem, Surface};

pub(crate) fn routes(app: &App) -> Router<App> {
    let mut table = Router::new()
        .route(CERTIFICATE_PATH, post(certificate::signing_certificate))
        .route(SESSION_PATH, get(status::session_status));
    for row in STARTS.iter().chain(&ALIASES) {
        let handler = move |State(app): State<App>, request: Request| start::start_session(row, app, request);
        table = table.route(row.path, post(handler));
    }
    let table = table.layer(from_fn_with_state(app.clone(), open));
    let page = Router::new().route(link_page::PATH, get(link_page::link_page));
    BASES.iter().fold(page, |all, base| match *base {
        "" => all.merge(table.clone()),
        base => all.nest(base, table.clone()),
    })
}

/// Turns everyone away during maintenance (580), and clients that are too old (480).
async fn open(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.switches().maintenance() {
        return Problem::status(Surface::RelyingParty, status(580)).into_response();
    }
    let refused = &app.config().rp_api.refused_clients;
    if let Some(agent) = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok())
        && refused.iter().any(|beginning| agent.starts_with(beginning.as_str()))
    {
        return Problem::status(Surface::RelyingParty, status(480)).into_response();
    }
    next.run(request).await
}

/// The statuses that only this interface has.
fn status(code: u16) -> StatusCode {
    // Between 100 and 999.
    StatusCode::from_u16(code).expect("a status code")
}

/// The last segment of the path, as it is in the table.
fn addressee<'a>(row: &Start, segments: &'a [(String, String)]) -> Option<&'a str> {
    row.path.contains("{addressee}").then(|| {
        segments
            .iter()
            .find(|(name, _)| name == "addressee")
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    })
}
