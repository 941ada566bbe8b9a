//! Pages and the files that belong to them, all inside the program.

mod apps;
mod asset;
pub mod config;
mod file_form;
mod origins;
mod start_page;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::header::HeaderMap;

use crate::{App, Origin};

pub use self::apps::WebApps;
pub(crate) use self::apps::phone_page;
pub(crate) use self::asset::Asset;
pub(crate) use self::origins::{keep_apart, phone_base};
pub(crate) use self::start_page::escape;
pub use self::start_page::{ShownPerson, StartPage};

/// What a page may load: what this server has, and nothing else.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the phone app is.
pub(crate) const PHONE: &str = "/phone";

pub(crate) fn routes(app: &App) -> Router<App> {
    let routes = Router::new()
        .route("/", get(front))
        .route("/assets/page.css", get(async |headers: HeaderMap| STYLE.respond(&headers)))
        .route(PHONE, get(apps::phone_folder))
        .route("/phone/", get(apps::phone_index))
        .route("/phone/{*path}", get(apps::phone_file))
        .route("/desk", get(apps::desk_page))
        .route("/desk/assets/{*path}", get(apps::desk_file))
        .route("/signing", get(apps::signing_page))
        .route("/signing/assets/{*path}", get(apps::signing_file))
        .route("/elements/{*path}", get(apps::element_file));
    if app.test_world().is_some() { routes.route("/bank/{*path}", get(apps::bank_file)) } else { routes }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset::style(include_str!("../../assets/page.css")));

/// `GET /`: the sample bank in development, otherwise what this service is.
async fn front(State(app): State<App>, origin: Origin, headers: HeaderMap) -> Response {
    let bank = app.test_world().and_then(|_| apps::bank_page(&app, &headers));
    bank.unwrap_or_else(|| start_page::start_page(&app, &origin))
}

/// The link that opens the phone app with an activation code. The code is behind `#`, which browsers keep to
/// themselves: it reaches no server's log.
pub(crate) fn activation_link(app: &App, origin: &Origin, code: &str) -> String {
    format!("{}{PHONE}/#activate={code}", phone_base(app, origin))
}
