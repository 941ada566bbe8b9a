//! `GET /api/public/settings`: what the operator has set for the client, for the pages that ask in its name.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use countersign_wire::registration::settings::Settings;

use super::caller::Admitted;
use super::logged;
use crate::App;

/// `GET /api/public/settings`. Nothing in it is about a person.
pub(super) async fn settings(State(app): State<App>, admitted: Admitted) -> Response {
    let registration = &app.config().registration;
    let known = app.registration().clients.iter().find(|known| known.client.id == admitted.client.id);
    let settings = Settings {
        methods: admitted.client.methods.iter().map(|kind| kind.as_str().to_owned()).collect(),
        asks_for_terms: admitted.client.asks_for_terms,
        code_seconds: registration.code_seconds,
        code_pause_seconds: registration.code_pause_seconds,
        identify_url: known.and_then(|known| known.identify_url.as_ref()).map(ToString::to_string),
        sandbox: app.test_world().is_some(),
    };
    logged(Json(settings), "client-settings", None)
}
