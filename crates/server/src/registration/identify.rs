//! The page that a person opens from the link of an identification that was begun: they have a code sent to their number
//! and enter it, which shows that the number is theirs. Without scripts.
//!
//! Whoever has the link can open the page and have a code sent; what the page shows of the number are its last two digits.
//! What counts is only sent by the page itself: a form of another origin is refused.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::desk;
use countersign_domain::registration::Refusal;
use countersign_wire::registration::code::EnteredCode;
use countersign_wire::registration::{ClientId, ErrorCode, PhoneNumber, TermsToken};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, REFERRER_POLICY};

use super::caller::whole;
use super::consent::is_own_form;
use super::{failed, failure, logged, verification};
use crate::buckets::Network;
use crate::command::Failure;
use crate::problem::Problem;
use crate::web::escape;
use crate::{App, Origin};

/// Where the page is.
pub(super) const PATH: &str = "/identify/{token}";
/// What comes before the token.
pub(crate) const BASE: &str = "/identify/";
/// For whom its codes are: no client of the API has this name.
pub(super) const CLIENT: &str = "countersign.desk";
/// The longest form that is read, in octets.
const FORM_MAX: usize = 256;

/// What the page says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Begin,
    Sent,
    Wrong,
    Gone,
    Done,
    Over,
}

/// `GET /identify/{token}`
pub(super) async fn show(State(app): State<App>, Path(text): Path<String>) -> Result<Response, Response> {
    let (number, shown) = state(&app, &text).await?;
    Ok(page(&number, shown))
}

/// `POST /identify/{token}`: `send=1`, or `code=`.
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
    let (number, shown) = state(&app, &text).await?;
    if matches!(shown, Shown::Done | Shown::Over) {
        return Ok(page(&number, shown));
    }
    let body = whole(&app, body, FORM_MAX).await?;
    let code = url::form_urlencoded::parse(&body).find(|(name, _)| name == "code");
    let shown = match code {
        None => {
            verification::limited(&app, Network::of(origin.address), &number)?;
            verification::deliver(&app, client(), number.clone()).await?;
            Shown::Sent
        }
        Some((_, code)) => prove(&app, &text, &number, &code).await?,
    };
    let outcome = if shown == Shown::Wrong { "wrong" } else { "right" };
    Ok(logged(page(&number, shown), "identify", Some(outcome)))
}

async fn prove(app: &App, text: &str, number: &PhoneNumber, code: &str) -> Result<Shown, Response> {
    let Ok(code) = EnteredCode::parse(code.trim()) else { return Ok(Shown::Wrong) };
    match verification::entered(app, client(), number.clone(), code).await? {
        Err(Refusal::CodeWrong { .. }) => return Ok(Shown::Wrong),
        Err(_) => return Ok(Shown::Gone),
        Ok(()) => {}
    }
    let token = TermsToken::parse(text).map_err(|_| unknown(app))?;
    let proven = app.execute("prove a number", move |tx, context| {
        let case = tx.identifications().of_token(&token)?;
        let case = case.ok_or(Failure::Refused(Refusal::UnknownTransaction.into()))?;
        let (case, events) = case.prove(context.now).map_err(|refusal| Failure::Refused(refusal.into()))?;
        tx.identifications().update(&case)?;
        context.record(events.into_iter().map(Into::into));
        Ok(())
    });
    match proven.await {
        Ok(()) => Ok(Shown::Done),
        Err(Failure::Refused(countersign_domain::Refusal::Desk(desk::Refusal::IdentificationOver))) => {
            Ok(Shown::Over)
        }
        Err(error) => Err(failure(app, error)),
    }
}

/// The number of the identification that a link stands for, and where it stands.
async fn state(app: &App, text: &str) -> Result<(PhoneNumber, Shown), Response> {
    let token = TermsToken::parse(text).map_err(|_| unknown(app))?;
    let now = app.now();
    let found =
        app.read("show an identification", move |tx| Ok(tx.identifications().of_token(&token)?)).await;
    let case = found.map_err(|error| failure(app, error))?.ok_or_else(|| unknown(app))?;
    let shown = match case.running(now) {
        Ok(()) if case.proven_at().is_some() => Shown::Done,
        Ok(()) => Shown::Begin,
        Err(_) => Shown::Over,
    };
    Ok((case.number().clone(), shown))
}

fn unknown(app: &App) -> Response {
    failed(app, Refusal::UnknownTransaction)
}

fn client() -> ClientId {
    // Cannot fail: a constant of this form.
    ClientId::parse(CLIENT).expect("a plain name")
}

fn page(number: &PhoneNumber, shown: Shown) -> Response {
    const SEND: &str =
        "<form method=\"post\"><p><button name=\"send\" value=\"1\">Send a code</button></p></form>";
    const ENTER: &str = "<form method=\"post\"><p><label>Code <input name=\"code\" inputmode=\"numeric\" \
        autocomplete=\"one-time-code\" maxlength=\"8\" required></label></p><p><button>Confirm</button></p></form>";
    let said = match shown {
        Shown::Begin => "Show that the number is yours: a code is sent to it, which you enter here.",
        Shown::Sent => "A code was sent. Enter it here within a few minutes.",
        Shown::Wrong => "This code is not right. Try again.",
        Shown::Gone => "No code can be compared any more. Have another one sent.",
        Shown::Done => "Thank you. The number is yours: go on with whoever identifies you.",
        Shown::Over => "This identification is over. Ask whoever identifies you for another link.",
    };
    let forms = match shown {
        Shown::Begin | Shown::Gone => SEND.to_owned(),
        Shown::Sent | Shown::Wrong => format!("{ENTER}{SEND}"),
        Shown::Done | Shown::Over => String::new(),
    };
    let digits = number.as_str();
    let last = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Your number</title>\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head>\
         <body><main class=\"page\"><section class=\"sheet\"><h1>The number that ends in {}</h1>\
         <p role=\"status\">{said}</p>{forms}</section></main></body></html>\n",
        escape(last)
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        // With `no-referrer` browsers say `Origin: null` of the page's own form. Nobody else learns the link by this.
        (REFERRER_POLICY, "same-origin"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        ),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (headers, html).into_response()
}
