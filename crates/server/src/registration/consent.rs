//! The page on which a person without the app confirms with password and one-time code. It is shown in an iframe of the
//! client's page, or in a tab; nothing that is entered here passes through the client.
//!
//! Whoever has the URL can open the page, and is not told which of the two was wrong. A wrong password is counted against
//! the means only of somebody who had the code; five wrong entries of whatever kind end the acceptance.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{
    Checked, CodeChallenge, Decided, Judged, Means, MeansKind, PasswordMeans, Progress, Proof, Refusal,
    TermsState, TermsTransaction,
};
use countersign_store::Tx;
use countersign_wire::id::ChallengeId;
use countersign_wire::registration::code::EnteredCode;
use countersign_wire::registration::form::Form;
use countersign_wire::registration::{PhoneNumber, TermsToken};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};

use super::acceptance::accept;
use super::codes::Wanted;
use super::credentials::Compared;
use super::sheet::{self, Sheet, own_form};
use super::{codes, failed, failure, logged};
use crate::App;
use crate::Origin;
use crate::command::{Command, Failure};

/// Where the page is.
pub(super) const PATH: &str = "/consent/{token}";
/// What comes before the token.
pub(super) const BASE: &str = "/consent/";
/// The script that tells the page around it that it is done.
pub(super) const SCRIPT_PATH: &str = "/assets/consent.js";
/// The longest form that is read, in octets: 128 characters, each of them written with twelve.
const FORM_MAX: usize = 4096;

/// What is said above the form.
#[derive(Clone, Copy)]
enum Said {
    /// What is asked for.
    Asked,
    /// Password or code was wrong.
    Wrong,
    /// There is no code that could be right.
    NoCode,
    /// Too many wrong passwords.
    Locked { seconds: u32 },
    /// A code is on its way.
    Sent,
    /// One was sent a moment ago.
    TooSoon { seconds: u32 },
    /// The gateway does not take it.
    NotSent,
}

/// What the page shows, and what entries are compared with.
struct Seen {
    progress: Progress,
    number: PhoneNumber,
    around: Vec<String>,
    /// The password in use; none for a number of the sandbox.
    password: Option<PasswordMeans>,
    /// A code was sent that can still be entered.
    code: bool,
    /// The sandbox answers.
    played: bool,
}

/// `GET /consent/{token}`
pub(super) async fn show(State(app): State<App>, Path(text): Path<String>) -> Result<Response, Response> {
    let seen = seen(&app, &token(&app, &text)?).await?;
    Ok(page(&seen, Said::Asked))
}

/// `POST /consent/{token}`
pub(super) async fn enter(
    State(app): State<App>,
    Path(text): Path<String>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    own_form(&headers, &origin)?;
    let token = token(&app, &text)?;
    let form = sheet::entered(&app, body, FORM_MAX).await?;
    let seen = seen(&app, &token).await?;
    let waits = matches!(seen.progress, Progress::Waiting { consent: true });
    let (seen, said) = match (waits, form.field("step")) {
        (false, _) => (seen, Said::Asked),
        (true, "send") if !seen.played => {
            let said = send(&app, &seen, &origin).await?;
            (seen, said)
        }
        (true, _) => confirm(&app, &token, seen, &form).await?,
    };
    let outcome = match (said, seen.progress) {
        (Said::Sent | Said::TooSoon { .. } | Said::NotSent, _) => "code",
        (_, Progress::Confirmed { .. }) => "right",
        _ => "wrong",
    };
    Ok(logged(page(&seen, said), "consent", Some(outcome)))
}

fn token(app: &App, text: &str) -> Result<TermsToken, Response> {
    TermsToken::parse(text).map_err(|_| failed(app, Refusal::UnknownTransaction))
}

async fn seen(app: &App, token: &TermsToken) -> Result<Seen, Response> {
    let (now, of, token) = (app.now(), app.clone(), token.clone());
    let seen = app.read("show a consent page", move |tx| {
        let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
        let transaction = tx.terms().find(&token)?.ok_or(unknown)?;
        let evidence = tx.evidence().get(transaction.evidence())?;
        let (tenant, number) = (evidence.tenant(), evidence.number().clone());
        let code = tx.codes().find(&codes::page(codes::OF_CONSENT), &number)?;
        let client = transaction.client().as_str();
        let known = of.registration().clients.iter().find(|known| known.client.id.as_str() == client);
        Ok(Seen {
            progress: transaction.progress(now).map_err(AnyRefusal::from)?,
            around: known.map(|known| known.client.origins.clone()).unwrap_or_default(),
            password: tx.passwords().find(tenant, &number)?,
            code: code.is_some_and(|code| code.is_open(now)),
            played: of.test_world().is_some_and(|world| world.sandbox().knows(&number)),
            number,
        })
    });
    seen.await.map_err(|error| failure(app, error))
}

/// Sends a code to the number of the person, whom the page does not name.
async fn send(app: &App, seen: &Seen, origin: &Origin) -> Result<Said, Response> {
    let wanted = codes::send_for_page(app, codes::OF_CONSENT, seen.number.clone(), origin).await;
    Ok(match wanted.map_err(|error| failure(app, error))? {
        Wanted::Sent => Said::Sent,
        Wanted::TooSoon { seconds } => Said::TooSoon { seconds },
        Wanted::NotSent => Said::NotSent,
    })
}

async fn confirm(app: &App, token: &TermsToken, seen: Seen, form: &Form) -> Result<(Seen, Said), Response> {
    if !seen.played && !seen.code {
        // Nothing is compared, so nothing is counted.
        return Ok((seen, Said::NoCode));
    }
    let entered = form.field("password");
    let played = seen.played.then(|| {
        let world = app.test_world();
        world.is_some_and(|world| world.sandbox().credentials(&seen.number, entered, form.field("code")))
    });
    let credentials = &app.registration().credentials;
    let compared = match played {
        Some(_) => None,
        None => {
            let compared = credentials.compare(seen.password.as_ref(), entered).await;
            Some(compared.map_err(|busy| failure(app, busy.into()))?)
        }
    };
    let code = EnteredCode::parse(form.field("code")).ok();
    let token = token.clone();
    let (progress, said) = app
        .execute("confirm terms with a password", move |tx, context| {
            let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
            let transaction = tx.terms().find(&token)?.ok_or(unknown)?;
            let progress = transaction.progress(context.now).map_err(AnyRefusal::from)?;
            let (Progress::Waiting { consent: true }, TermsState::AwaitingConsent { decided, .. }) =
                (progress, transaction.state().clone())
            else {
                return Ok((progress, Said::Asked));
            };
            let shown = match (played, compared) {
                (Some(true), _) => Ok((decided.means.clone(), None)),
                (Some(false), _) | (None, None) => Err(Said::Wrong),
                (None, Some(compared)) => {
                    let found = credentials_of(tx, context, &transaction, &decided, code, &compared)?;
                    found.map(|(means, challenge)| (means, Some(challenge)))
                }
            };
            let (transaction, said) = match shown {
                Ok((used, challenge)) => (accepted(tx, context, transaction, &used, challenge)?, Said::Asked),
                Err(said) => {
                    let (transaction, events) = transaction.wrong_credentials(context.now);
                    tx.terms().update(&transaction)?;
                    context.record(events.into_iter().map(Into::into));
                    (transaction, said)
                }
            };
            Ok((transaction.progress(context.now).map_err(AnyRefusal::from)?, said))
        })
        .await
        .map_err(|error| failure(app, error))?;
    Ok((Seen { progress, ..seen }, said))
}

/// The means that the person has shown, and the code that they have entered; or what they are told. Everything that was
/// counted is saved.
fn credentials_of(
    tx: &Tx<'_>,
    context: &mut Command,
    transaction: &TermsTransaction,
    decided: &Decided,
    code: Option<EnteredCode>,
    compared: &Compared,
) -> Result<Result<(Means, ChallengeId), Said>, Failure> {
    let app = context.app.clone();
    let service = app.registration();
    let evidence = tx.evidence().get(transaction.evidence())?;
    let (tenant, number) = (evidence.tenant(), evidence.number());
    let challenge = tx.codes().find(&codes::page(codes::OF_CONSENT), number)?;
    let (Some(code), Some(challenge)) = (code, challenge) else { return Ok(Err(Said::Wrong)) };
    let entered: (CodeChallenge, _) =
        match challenge.check(&code, &service.code_key, &service.codes, context.now) {
            Checked::Right(challenge, events) => (challenge, events),
            Checked::Wrong(challenge, events) => {
                tx.codes().save(&challenge)?;
                context.record(events.into_iter().map(Into::into));
                return Ok(Err(Said::Wrong));
            }
            Checked::Refused(_) => return Ok(Err(Said::NoCode)),
        };
    // Whoever gets this far holds the number. The code stays good while they mistype the password.
    let Some(means) = tx.passwords().find(tenant, number)? else { return Ok(Err(Said::Wrong)) };
    let right = compared.is_right_for(&means);
    match means.judge(right, &service.credentials.policy, context.now) {
        Judged::Right(means) => {
            let used = means.serial().cloned().map(|serial| Means { kind: MeansKind::Sas, serial });
            // Another password than at the decision: that one was to be asked for, and is gone.
            let Some(used) = used.filter(|used| *used == decided.means) else { return Ok(Err(Said::Wrong)) };
            let (challenge, events) = entered;
            tx.passwords().save(&means)?;
            tx.codes().save(&challenge)?;
            context.record(events.into_iter().map(Into::into));
            Ok(Ok((used, challenge.id().clone())))
        }
        Judged::Wrong(means, events) => {
            tx.passwords().save(&means)?;
            context.record(events.into_iter().map(Into::into));
            Ok(Err(Said::Wrong))
        }
        Judged::Refused(Refusal::PasswordLocked { seconds }) => Ok(Err(Said::Locked { seconds })),
        Judged::Refused(_) => Ok(Err(Said::Wrong)),
    }
}

fn accepted(
    tx: &Tx<'_>,
    context: &mut Command,
    transaction: TermsTransaction,
    used: &Means,
    challenge: Option<ChallengeId>,
) -> Result<TermsTransaction, Failure> {
    let proof = |statement: String| match challenge {
        Some(challenge) => Proof::credentials(statement, challenge),
        None => Proof::Simulated,
    };
    let accepted = accept(tx, context, transaction, used, proof)?;
    Ok(accepted.map_err(AnyRefusal::from)?)
}

fn page(seen: &Seen, said: Said) -> Response {
    let minutes = |seconds: u32| seconds.div_ceil(60);
    let (text, form, done) = match seen.progress {
        Progress::Waiting { consent: true } => {
            let text = match said {
                Said::Asked if seen.played || seen.code => {
                    "Confirm with your password and the code.".to_owned()
                }
                Said::Asked => {
                    "Have a code sent to your phone, then confirm with it and your password.".to_owned()
                }
                Said::Wrong => "The password or the code is not right. Try again.".to_owned(),
                Said::NoCode => {
                    "There is no code that could be right. Have one sent to your phone.".to_owned()
                }
                Said::Locked { seconds } => {
                    format!("Too many wrong passwords. Try again in {} minutes.", minutes(seconds))
                }
                Said::Sent => "A code is on its way to your phone.".to_owned(),
                Said::TooSoon { seconds } => {
                    format!("A code was sent a moment ago. Another can be sent in {seconds} seconds.")
                }
                Said::NotSent => "The code cannot be sent now. Try again later.".to_owned(),
            };
            (text, entries(seen.played), false)
        }
        Progress::Confirmed { .. } => ("Thank you. The terms are accepted.".to_owned(), String::new(), true),
        Progress::Failed(_) => {
            ("This was ended without an acceptance. Ask for a new link.".to_owned(), String::new(), true)
        }
        Progress::Open | Progress::Waiting { consent: false } => {
            ("There is nothing to enter here.".to_owned(), String::new(), false)
        }
    };
    let sheet = Sheet {
        title: "Accept the terms",
        said: &text,
        body: &form,
        around: Some(&seen.around),
        // The page around it learns that something has ended, never what was entered.
        script: done.then_some(SCRIPT_PATH),
    };
    sheet.respond(StatusCode::OK)
}

/// The form; for people who are real, with a button that has a code sent.
fn entries(played: bool) -> String {
    let send =
        "<form method=\"post\"><p><button name=\"step\" value=\"send\">Send me a code</button></p></form>";
    let confirm = "<form method=\"post\"><p><label>Password <input type=\"password\" name=\"password\" \
        autocomplete=\"current-password\" required></label></p><p><label>Code <input name=\"code\" inputmode=\"numeric\" \
        autocomplete=\"one-time-code\" required></label></p><p><button>Confirm</button></p></form>";
    format!("{}{confirm}", if played { "" } else { send })
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
