//! The page that a person opens from the link of an identification that was begun: they have a code sent to their number
//! and enter it, which shows that the number is theirs. Without scripts.
//!
//! Whoever has the link can open the page and have a code sent; what the page shows of the number are its last two digits.
//! What counts is only sent by the page itself: a form of another origin is refused.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use countersign_domain::desk;
use countersign_domain::registration::Refusal;
use countersign_wire::registration::code::EnteredCode;
use countersign_wire::registration::{PhoneNumber, TermsToken};
use http::StatusCode;
use http::header::HeaderMap;

use super::caller::whole;
use super::codes::{self, OF_DESK, Wanted};
use super::sheet::{Sheet, own_form};
use super::{failed, failure, logged, verification};
use crate::command::Failure;
use crate::{App, Origin};

/// Where the page is.
pub(super) const PATH: &str = "/identify/{token}";
/// What comes before the token.
pub(crate) const BASE: &str = "/identify/";
/// The longest form that is read, in octets.
const FORM_MAX: usize = 256;

/// What the page says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Begin,
    Sent,
    TooSoon { seconds: u32 },
    NotSent,
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
    own_form(&headers, &origin)?;
    let (number, shown) = state(&app, &text).await?;
    if matches!(shown, Shown::Done | Shown::Over) {
        return Ok(page(&number, shown));
    }
    let body = whole(&app, body, FORM_MAX).await?;
    let code = url::form_urlencoded::parse(&body).find(|(name, _)| name == "code");
    let shown = match code {
        None => {
            let wanted = codes::send_for_page(&app, OF_DESK, number.clone(), &origin).await;
            match wanted.map_err(|error| failure(&app, error))? {
                Wanted::Sent => Shown::Sent,
                Wanted::TooSoon { seconds } => Shown::TooSoon { seconds },
                Wanted::NotSent => Shown::NotSent,
            }
        }
        Some((_, code)) => prove(&app, &text, &number, &code).await?,
    };
    let outcome = match shown {
        Shown::Wrong => "wrong",
        Shown::TooSoon { .. } | Shown::NotSent => "not-sent",
        Shown::Begin | Shown::Sent | Shown::Gone | Shown::Done | Shown::Over => "right",
    };
    Ok(logged(page(&number, shown), "identify", Some(outcome)))
}

async fn prove(app: &App, text: &str, number: &PhoneNumber, code: &str) -> Result<Shown, Response> {
    let Ok(code) = EnteredCode::parse(code.trim()) else { return Ok(Shown::Wrong) };
    match verification::entered(app, codes::page(OF_DESK), number.clone(), code).await? {
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

fn page(number: &PhoneNumber, shown: Shown) -> Response {
    const SEND: &str =
        "<form method=\"post\"><p><button name=\"send\" value=\"1\">Send a code</button></p></form>";
    const ENTER: &str = "<form method=\"post\"><p><label>Code <input name=\"code\" inputmode=\"numeric\" \
        autocomplete=\"one-time-code\" maxlength=\"8\" required></label></p><p><button>Confirm</button></p></form>";
    let said = match shown {
        Shown::Begin => "Show that the number is yours: a code is sent to it, which you enter here.",
        Shown::Sent => "A code was sent. Enter it here within a few minutes.",
        Shown::TooSoon { seconds } => {
            &format!("A code was sent a moment ago. Another can be sent in {seconds} seconds.")
        }
        Shown::NotSent => "The code cannot be sent now. Try again later.",
        Shown::Wrong => "This code is not right. Try again.",
        Shown::Gone => "No code can be compared any more. Have another one sent.",
        Shown::Done => "Thank you. The number is yours: go on with whoever identifies you.",
        Shown::Over => "This identification is over. Ask whoever identifies you for another link.",
    };
    let forms = match shown {
        Shown::Begin | Shown::Gone | Shown::NotSent => SEND.to_owned(),
        Shown::Sent | Shown::TooSoon { .. } | Shown::Wrong => format!("{ENTER}{SEND}"),
        Shown::Done | Shown::Over => String::new(),
    };
    let digits = number.as_str();
    let last = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
    let title = format!("The number that ends in {last}");
    Sheet { title: &title, said, body: &forms, around: None, script: None }.respond(StatusCode::OK)
}
