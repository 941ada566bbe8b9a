//! The description of the whole API as an OpenAPI 3.1 document, and the page that shows it.
//!
//! Nothing is listed twice: paths come from [`STARTS`](countersign_wire::endpoint::STARTS), words from the `WORDS`
//! of their lists, limits from the constants that the parsers use. A test compares the paths with the router.

mod admin;
mod ca;
mod desk;
mod device;
mod operations;
mod parts;
mod passwords;
mod problems;
mod registrant;
mod registration;
mod responders;
mod rp;
mod schemas;
mod signing;
mod validation;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::HeaderMap;
use serde_json::{Map, Value, json};

use crate::App;
use crate::web::Asset;

pub use self::rp::example;

pub(crate) const OPENAPI: &str = "/openapi.json";
pub(crate) const DOCS: &str = "/docs";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(OPENAPI, get(openapi))
        .route(DOCS, get(async |headers: HeaderMap| PAGE.respond(&headers)))
        .route("/assets/docs.js", get(async |headers: HeaderMap| SCRIPT.respond(&headers)))
        .route("/assets/docs.css", get(async |headers: HeaderMap| STYLE.respond(&headers)))
}

static PAGE: LazyLock<Asset> = LazyLock::new(|| Asset::html(include_str!("../../assets/docs.html")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::script(include_str!("../../assets/docs.js")));
static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::style(include_str!("../../assets/docs.css")));
static DOCUMENT: LazyLock<Asset> = LazyLock::new(|| {
    // A JSON value can always be written as JSON.
    Asset::json(serde_json::to_string_pretty(&document()).expect("a JSON value"))
});

async fn openapi(State(_): State<App>, headers: HeaderMap) -> Response {
    DOCUMENT.respond(&headers).into_response()
}

/// The description as a JSON value. The same for every configuration.
pub fn document() -> Value {
    let mut paths = Map::new();
    let parts = [
        rp::paths(),
        device::paths(),
        responders::paths(),
        validation::paths(),
        signing::paths(),
        admin::paths(),
        desk::paths(),
        passwords::paths(),
        registrant::paths(),
        ca::paths(),
        registration::paths(),
        operations::paths(),
    ];
    for part in parts {
        for (path, item) in part {
            // Two methods of one path may be listed apart.
            match (paths.get_mut(&path), item) {
                (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
                (_, item) => drop(paths.insert(path, item)),
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Countersign API",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A self-hosted trust service: authentication and signatures with a phone.",
            "description": "The relying party API is compatible with version 3 of the Smart-ID relying party API and \
                is served under `/v3` and `/smart-id-rp/v3`. No header authenticates a relying party: its source \
                address and the `relyingPartyUUID` in the body must belong together.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "responses": problems::responses(),
            "parameters": rp::parameters(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn security_schemes() -> Value {
    let all = registrant::security().into_iter().chain([admin::security(), registration::security()]);
    Value::Object(all.map(|(name, scheme)| (name.to_owned(), scheme)).collect())
}

fn tags() -> Value {
    json!([
        { "name": rp::AUTHENTICATION, "description": "Prove who a person is, with PIN1." },
        { "name": rp::SIGNATURE, "description": "Sign a digest, with PIN2." },
        { "name": rp::CERTIFICATE, "description": "Learn with which certificate a person will sign." },
        { "name": rp::SESSION, "description": "Wait for what was started, and read its result." },
        { "name": device::TAG, "description": "What the phone and the service say to each other. Every request carries a proof of the device." },
        { "name": responders::TAG, "description": "Whether certificates are valid, and when something existed." },
        { "name": validation::TAG, "description": "Whether signed files hold, with a report that says why." },
        { "name": registrant::TAG, "description": "Carry a log-in into an API with a bearer token, nothing of which is stored." },
        { "name": signing::TAG, "description": "Containers that people sign. Each e-service has a bearer key, unless the service is open." },
        { "name": registration::TAG, "description": "Whether the holder of a phone number may sign, and what there is to do first." },
        { "name": admin::TAG, "description": "The operator: activation codes, people's phones, evidence, certificates, CAs, the ceremony log." },
        { "name": operations::TAG, "description": "For those who run the service." },
    ])
}
