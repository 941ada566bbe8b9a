//! The phone on an origin of its own: nothing else is there, and it is nowhere else (split-key 3.3). What the browser
//! keeps for the phone is then out of reach of every other page of this service.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_wire::problem::ProblemType;

use super::PHONE;
use crate::problem::Problem;
use crate::{App, Origin};

/// What a phone needs under its own name.
const PHONE_PATHS: [&str; 5] = [PHONE, "/device-link", "/device/v1", "/assets/page.css", "/livez"];

/// Where the phone is for whoever asked under this name, without a slash at the end.
pub(crate) fn phone_base(app: &App, origin: &Origin) -> String {
    app.config().web.phone_origin().unwrap_or_else(|| origin.base.clone())
}

/// Serves the phone under its own name alone, where it has one.
pub(crate) async fn keep_apart(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(phone) = app.config().web.phone_origin() else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let below =
        |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if Origin::of(&app, &parts).base == phone {
        if path == "/" {
            return Redirect::temporary("/phone/").into_response();
        }
        if !PHONE_PATHS.into_iter().any(below) {
            return Problem::of(ProblemType::NotFound, "under this name there is the phone alone")
                .into_response();
        }
    } else if below(PHONE) || path == "/device-link" {
        let rest = parts.uri.path_and_query().map_or(path, |rest| rest.as_str());
        return Redirect::temporary(&format!("{phone}{rest}")).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}
