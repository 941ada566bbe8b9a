//! The page on which a person without the app confirms with password and one-time code. It is shown in an iframe of the
//! client's page, or in a tab; nothing that is entered here passes through the client.
//!
//! Whoever has the URL can open the page. What counts is only sent by the page itself: a form of another origin is refused.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{Progress, Proof, Refusal, TermsState};
use countersign_wire::registration::{ErrorCode, TermsToken};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, ORIGIN, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use zeroize::Zeroizing;

use super::app_session::save;
use super::caller::whole;
use super::{failed, failure, logged};
use crate::App;
use crate::Origin;
use crate::problem::Problem;
use crate::web::escape;

/// Where the page is.
pub(super) const PATH: &str = "/consent/{token}";
/// What comes before the token.
pub(super) const BASE: &str = "/consent/";
/// The script that tells the page around it that it is done.
pub(super) const SCRIPT_PATH: &str = "/assets/consent.js";
/// The longest form that is read, in octets.
const FORM_MAX: usize = 2048;
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `GET /consent/{token}`
pub(super) async fn show(State(app): State<App>, Path(text): Path<String>) -> Result<Response, Response> {
    let token = TermsToken::parse(&text).map_err(|_| failed(&app, Refusal::UnknownTransaction))?;
    let (now, of) = (app.now(), app.clone());
    let (progress, origins) = app
        .read("show a consent page", move |tx| {
            let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
            let transaction = tx.terms().find(&token)?.ok_or(unknown)?;
            let origins = origins(&of, transaction.client().as_str());
            Ok((transaction.progress(now).map_err(AnyRefusal::from)?, origins))
        })
        .await
        .map_err(|error| failure(&app, error))?;
    Ok(page(progress, false, &origins))
}

/// `POST /consent/{token}`
pub(super) async fn enter(
    State(app): State<App>,
    Path(text): Path<String>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    if !is_own_form(&headers, &origin) {
        let problem = Problem::registration(ErrorCode::OriginNotAllowed, "expected a form of this page");
        return Err(problem.into_response());
    }
    let token = TermsToken::parse(&text).map_err(|_| failed(&app, Refusal::UnknownTransaction))?;
    let body = whole(&app, body, FORM_MAX).await?;
    let field = |name: &str| {
        let found = url::form_urlencoded::parse(&body).find(|(each, _)| each == name);
        Zeroizing::new(found.map(|(_, value)| value.into_owned()).unwrap_or_default())
    };
    let (password, code) = (field("password"), field("code"));
    let of = app.clone();
    let (progress, wrong, origins) = app
        .execute("confirm terms with a password", move |tx, context| {
            let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
            let transaction = tx.terms().find(&token)?.ok_or(unknown)?;
            let origins = origins(&of, transaction.client().as_str());
            let progress = transaction.progress(context.now).map_err(AnyRefusal::from)?;
            let (Progress::Waiting { consent: true }, TermsState::AwaitingConsent { decided, .. }) =
                (progress, transaction.state().clone())
            else {
                return Ok((progress, false, origins));
            };
            let evidence = tx.evidence().get(transaction.evidence())?;
            // There is no password means in this release: only numbers of the sandbox come this far.
            let right = of
                .test_world()
                .is_some_and(|world| world.sandbox().credentials(evidence.number(), &password, &code));
            if !right {
                let (transaction, events) = transaction.wrong_credentials(context.now);
                tx.terms().update(&transaction)?;
                context.record(events.into_iter().map(Into::into));
                return Ok((transaction.progress(context.now).map_err(AnyRefusal::from)?, true, origins));
            }
            let terms = of.registration().terms();
            let accepted =
                transaction.accept(evidence, None, &decided.means, Proof::Simulated, terms, context.now);
            let accepted = accepted.map_err(AnyRefusal::from)?;
            let progress = accepted.transaction.progress(context.now).map_err(AnyRefusal::from)?;
            save(tx, context, accepted)?;
            Ok((progress, false, origins))
        })
        .await
        .map_err(|error| failure(&app, error))?;
    Ok(logged(page(progress, wrong, &origins), "consent", Some(if wrong { "wrong" } else { "right" })))
}

/// Whether a form was sent by this page. Browsers say where a form comes from; what says nothing is no browser, and has
/// no person's session to misuse, but it is refused all the same.
pub(super) fn is_own_form(headers: &HeaderMap, origin: &Origin) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let from_here = text(&ORIGIN) == Some(origin.base.as_str());
    from_here && text(&FETCH_SITE).is_none_or(|site| site == "same-origin")
}

/// The pages that may show it in a frame, beside `/status` of this service.
fn origins(app: &App, client: &str) -> Vec<String> {
    let known = app.registration().clients.iter().find(|known| known.client.id.as_str() == client);
    known.map(|known| known.client.origins.clone()).unwrap_or_default()
}

fn page(progress: Progress, wrong: bool, origins: &[String]) -> Response {
    let form = "<form method=\"post\"><p><label>Password <input type=\"password\" name=\"password\" \
        autocomplete=\"current-password\" required></label></p><p><label>Code <input name=\"code\" inputmode=\"numeric\" \
        autocomplete=\"one-time-code\" required></label></p><p><button>Confirm</button></p></form>";
    let (said, form, done) = match progress {
        Progress::Waiting { consent: true } if wrong => {
            ("The password or the code is not right. Try again.", form, false)
        }
        Progress::Waiting { consent: true } => ("Confirm with your password and the code.", form, false),
        Progress::Confirmed { .. } => ("Thank you. The terms are accepted.", "", true),
        Progress::Failed(_) => ("This was ended without an acceptance. Ask for a new link.", "", true),
        Progress::Open | Progress::Waiting { consent: false } => {
            ("There is nothing to enter here.", "", false)
        }
    };
    // The page around it learns that something has ended, never what was entered.
    let script = if done { format!("<script src=\"{SCRIPT_PATH}\"></script>") } else { String::new() };
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Accept the terms</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head>\
         <body data-origins=\"{}\"><main class=\"page\"><section class=\"sheet\"><h1>Accept the terms</h1>\
         <p role=\"status\">{said}</p>{form}</section></main>{script}</body></html>\n",
        escape(&origins.join(" "))
    );
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'self' {}",
        origins.join(" ")
    );
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With `no-referrer` browsers would not say that the form comes from here [Fetch, "append a request `Origin` header"].
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Cannot fail: origins are ASCII, as the configuration is checked.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).expect("a policy of ASCII"));
    // Browsers that know `frame-ancestors` pass this over; it says what the default must not.
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

/// `GET /assets/consent.js`
pub(super) async fn script() -> Response {
    // Where the browser says who is around, nobody else is spoken to.
    const SCRIPT: &str = "const around = location.ancestorOrigins?.[0];\n\
        const known = [location.origin, ...document.body.dataset.origins.split(' ').filter(Boolean)];\n\
        for (const origin of known.filter((each) => !around || each === around)) {\n\
        \u{20} (window.opener ?? window.parent).postMessage({ type: 'consent-done' }, origin);\n}\n";
    (StatusCode::OK, [(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}
