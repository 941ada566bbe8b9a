//! The page on which a person sets their password: after an invitation of the desk, whose link comes by message
//! (`/password/{token}`), or to change or reset the one that they have (`/password`).
//!
//! Either way they show that they hold the number, with a code that goes there. Without an invitation the page says the
//! same of every number and does the same work, until the code was right: who has a password is told to whoever holds
//! the number, and to nobody else. A code is sent to numbers with a password alone, after the answer.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{
    Checked, CodeChallenge, Invitation, Judged, NewPassword, PasswordMeans, PasswordSetBy, Refusal,
    RegistrationEvent,
};
use countersign_store::Tx;
use countersign_wire::registration::code::EnteredCode;
use countersign_wire::registration::form::Form;
use countersign_wire::registration::{ErrorCode, InvitationToken, PhoneNumber};
use http::StatusCode;
use http::header::HeaderMap;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::codes::{self, Made};
use super::credentials::Compared;
use super::gateway::{Message, NotSent};
use super::sheet::{self, Sheet, own_form};
use super::{failure, logged};
use crate::buckets::Network;
use crate::command::{Command, Failure};
use crate::problem::Problem;
use crate::web::escape;
use crate::{App, Origin};

/// Where people go who have a password, or have forgotten it.
pub(super) const PATH: &str = "/password";
/// Where an invitation leads.
pub(super) const INVITED_PATH: &str = "/password/{token}";
/// What comes before its token.
const INVITED: &str = "/password/";
/// The longest form that is read, in octets: three passwords of 128 characters, each written with twelve, and the rest.
const FORM_MAX: usize = 8192;
/// Messages that are on their way at the same time though nobody waits for them.
const ON_THEIR_WAY: usize = 64;

/// Whose password it is about.
#[derive(Clone)]
enum Who {
    /// Nobody has said yet.
    Anybody,
    /// Whoever holds this number.
    Holder(PhoneNumber),
    /// Who was invited.
    Invited(Invitation),
}

/// What is said above the form.
enum Said {
    Asked,
    /// The link was used, or its time is over.
    LinkGone,
    NoNumber,
    /// A code is on its way: to the number of an invitation.
    Sent,
    /// The same where it is not told whether.
    PerhapsSent,
    TooSoon(u32),
    NotSent,
    WrongCode,
    NoCode,
    Unfit(String),
    WrongPassword,
    Locked(u32),
    NoPassword,
    Done,
}

/// Sends an invitation to the number that it is for.
pub(crate) async fn send_invitation(
    app: &App,
    origin: &Origin,
    number: &PhoneNumber,
    token: &InvitationToken,
) -> Result<(), NotSent> {
    let url = format!("{}{INVITED}{}", origin.base, token.as_str());
    app.registration().gateway.send(number, Message::Link(&url), app.now()).await
}

/// `GET /password`
pub(super) async fn show(State(app): State<App>, origin: Origin) -> Result<Response, Response> {
    admit(&app, &origin)?;
    Ok(page(&Who::Anybody, &Said::Asked))
}

/// `GET /password/{token}`
pub(super) async fn show_invited(
    State(app): State<App>,
    origin: Origin,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    admit(&app, &origin)?;
    Ok(match invitation(&app, &token).await? {
        Some(invitation) => page(&Who::Invited(invitation), &Said::Asked),
        None => page(&Who::Anybody, &Said::LinkGone),
    })
}

/// `POST /password`
pub(super) async fn enter(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let form = form(&app, &origin, &headers, body).await?;
    match PhoneNumber::parse(form.field("number")) {
        Ok(number) => entered(&app, &origin, Who::Holder(number), &form).await,
        Err(_) => Ok(page(&Who::Anybody, &Said::NoNumber)),
    }
}

/// `POST /password/{token}`
pub(super) async fn enter_invited(
    State(app): State<App>,
    origin: Origin,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let form = form(&app, &origin, &headers, body).await?;
    match invitation(&app, &token).await? {
        Some(invitation) => entered(&app, &origin, Who::Invited(invitation), &form).await,
        None => Ok(page(&Who::Anybody, &Said::LinkGone)),
    }
}

/// Anybody may come here, but not all the time.
fn admit(app: &App, origin: &Origin) -> Result<(), Response> {
    let limit = &app.registration().limits.requests_of_address;
    limit.take(Network::of(origin.address), app.now()).map_err(|wait| {
        app.metrics().limited("registration", "address");
        let text = format!("too many requests; come back in {wait} s");
        Problem::registration(ErrorCode::TooManyRequests, text).retry_after(wait).into_response()
    })
}

async fn form(app: &App, origin: &Origin, headers: &HeaderMap, body: Body) -> Result<Form, Response> {
    own_form(headers, origin)?;
    admit(app, origin)?;
    sheet::entered(app, body, FORM_MAX).await
}

/// The invitation that a token stands for, while it can be used.
async fn invitation(app: &App, token: &str) -> Result<Option<Invitation>, Response> {
    let Ok(token) = InvitationToken::parse(token) else { return Ok(None) };
    let now = app.now();
    let found = app.read("look at an invitation", move |tx| {
        let Some(invitation) = tx.passwords().invitation(&token)? else { return Ok(None) };
        // Whoever was erased meanwhile has none.
        let Some(evidence) = tx.evidence().find(invitation.evidence())? else { return Ok(None) };
        Ok(invitation.open(&evidence, now).is_ok().then_some(invitation))
    });
    found.await.map_err(|error| failure(app, error))
}

impl Who {
    fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Anybody => None,
            Self::Holder(number) => Some(number),
            Self::Invited(invitation) => Some(invitation.number()),
        }
    }
}

async fn entered(app: &App, origin: &Origin, who: Who, form: &Form) -> Result<Response, Response> {
    let Some(number) = who.number().cloned() else { return Ok(page(&who, &Said::NoNumber)) };
    let said = if form.field("step") == "set" {
        set(app, &who, &number, form).await
    } else {
        send(app, origin, &who, &number).await
    };
    let said = said.map_err(|error| failure(app, error))?;
    let outcome = match &said {
        Said::Done => "set",
        Said::Sent | Said::PerhapsSent => "code",
        _ => "refused",
    };
    Ok(logged(page(&who, &said), "set-password", Some(outcome)))
}

/// Has a code sent.
async fn send(app: &App, origin: &Origin, who: &Who, number: &PhoneNumber) -> Result<Said, Failure> {
    if let Err(Refusal::CodeTooSoon { seconds }) = codes::limited(app, number, Some(origin.address)) {
        return Ok(Said::TooSoon(seconds));
    }
    // Made for every number, so that the next answers are the same, too.
    let made = match codes::make(app, codes::page(codes::OF_PASSWORD), number.clone()).await {
        Ok(made) => made,
        Err(Failure::Refused(AnyRefusal::Registration(Refusal::CodeTooSoon { seconds }))) => {
            return Ok(Said::TooSoon(seconds));
        }
        Err(error) => return Err(error),
    };
    if matches!(who, Who::Invited(_)) {
        let sent = codes::hand_over(app, made).await?;
        return Ok(if sent.is_ok() { Said::Sent } else { Said::NotSent });
    }
    let whose = number.clone();
    let known = app.read("look for a password", move |tx| Ok(tx.passwords().of_number(&whose)?)).await?;
    if known.iter().any(|means| means.serial().is_some()) {
        send_later(app, made);
    }
    Ok(Said::PerhapsSent)
}

/// Hands a code over after the answer: how long it takes is told to nobody.
fn send_later(app: &App, made: Made) {
    let of = app.clone();
    app.registration().background.spawn(async move {
        if let Err(error) = codes::hand_over(&of, made).await {
            tracing::error!(error = %error, "a code that was not sent could not be taken back");
        }
    });
}

/// Sets the password, if the code is right and whatever else is asked for.
async fn set(app: &App, who: &Who, number: &PhoneNumber, form: &Form) -> Result<Said, Failure> {
    let chosen = match NewPassword::choose(form.field("password"), form.field("repeated"), number) {
        Ok(chosen) => chosen,
        Err(unfit) => return Ok(Said::Unfit(unfit.to_string())),
    };
    let Ok(code) = EnteredCode::parse(form.field("code")) else { return Ok(Said::WrongCode) };
    // A wrong code is counted before anything is computed. A right one is used up at the end.
    let (code, whose) = (Arc::new(code), number.clone());
    let given = code.clone();
    let checked = app.execute("check a code for a password", move |tx, context| {
        Ok(match check(tx, context, &whose, &given)? {
            Ok(_) => Ok(tx.passwords().of_number(&whose)?),
            Err(said) => Err(said),
        })
    });
    let known = match checked.await? {
        Ok(known) => known,
        Err(said) => return Ok(said),
    };
    let credentials = &app.registration().credentials;
    let current = Some(form.field("current")).filter(|current| !current.is_empty());
    let mut compared = Vec::new();
    if let (Who::Holder(_), Some(current)) = (who, current) {
        for means in &known {
            compared.push(credentials.compare(Some(means), current).await?);
        }
    }
    let hash = credentials.hash(chosen, app.randomness()).await?;
    let by = if current.is_some() { PasswordSetBy::Change } else { PasswordSetBy::Reset };
    let (whose, asks) = (number.clone(), who.clone());
    let said = app.execute("set a password", move |tx, context| {
        let (challenge, events) = match check(tx, context, &whose, &code)? {
            Ok(right) => right,
            Err(said) => return Ok(said),
        };
        let said = match asks {
            Who::Invited(invitation) => set_up(tx, context, &invitation, hash)?,
            Who::Holder(_) | Who::Anybody => replace(tx, context, &whose, &hash, by, &compared)?,
        };
        if matches!(said, Said::Done | Said::NoPassword) {
            tx.codes().save(&challenge)?;
            context.record(events.into_iter().map(Into::into));
        }
        Ok(said)
    });
    let said = said.await?;
    if matches!(said, Said::Done) {
        tell(app, number.clone());
    }
    Ok(said)
}

type Right = (CodeChallenge, Vec<RegistrationEvent>);

/// Compares a code. One that is wrong is counted; one that is right is for the caller to save.
fn check(
    tx: &Tx<'_>,
    context: &mut Command,
    number: &PhoneNumber,
    code: &EnteredCode,
) -> Result<Result<Right, Said>, Failure> {
    let app = context.app.clone();
    let service = app.registration();
    let Some(challenge) = tx.codes().find(&codes::page(codes::OF_PASSWORD), number)? else {
        return Ok(Err(Said::NoCode));
    };
    Ok(match challenge.check(code, &service.code_key, &service.codes, context.now) {
        Checked::Right(challenge, events) => Ok((challenge, events)),
        Checked::Wrong(challenge, events) => {
            tx.codes().save(&challenge)?;
            context.record(events.into_iter().map(Into::into));
            Err(Said::WrongCode)
        }
        Checked::Refused(_) => Err(Said::NoCode),
    })
}

fn set_up(
    tx: &Tx<'_>,
    context: &mut Command,
    invitation: &Invitation,
    hash: String,
) -> Result<Said, Failure> {
    match tx.passwords().use_up(invitation) {
        Ok(()) => {}
        // The same form was faster a second time.
        Err(countersign_store::Error::Missing { .. }) => return Ok(Said::LinkGone),
        Err(error) => return Err(error.into()),
    }
    let (means, events) = PasswordMeans::set_up(invitation, hash, context.now, &mut context.rng);
    tx.passwords().save(&means)?;
    context.record(events.into_iter().map(Into::into));
    Ok(Said::Done)
}

/// Replaces the passwords of a number: all of them, or those whose present one was entered.
fn replace(
    tx: &Tx<'_>,
    context: &mut Command,
    number: &PhoneNumber,
    hash: &str,
    by: PasswordSetBy,
    compared: &[Compared],
) -> Result<Said, Failure> {
    let app = context.app.clone();
    let policy = &app.registration().credentials.policy;
    let mut said = Said::NoPassword;
    for means in tx.passwords().of_number(number)? {
        if means.serial().is_none() {
            continue;
        }
        let means = match by {
            PasswordSetBy::Reset | PasswordSetBy::Invitation => means,
            PasswordSetBy::Change => {
                let right = compared.iter().any(|compared| compared.is_right_for(&means));
                match means.judge(right, policy, context.now) {
                    Judged::Right(means) => means,
                    Judged::Wrong(means, events) => {
                        tx.passwords().save(&means)?;
                        context.record(events.into_iter().map(Into::into));
                        said = if matches!(said, Said::Done) { said } else { Said::WrongPassword };
                        continue;
                    }
                    Judged::Refused(Refusal::PasswordLocked { seconds }) => {
                        said = if matches!(said, Said::Done) { said } else { Said::Locked(seconds) };
                        continue;
                    }
                    Judged::Refused(_) => continue,
                }
            }
        };
        let (means, events) =
            means.replace(hash.to_owned(), by, context.now, &mut context.rng).map_err(AnyRefusal::from)?;
        tx.passwords().save(&means)?;
        context.record(events.into_iter().map(Into::into));
        said = Said::Done;
    }
    Ok(said)
}

/// Tells the number that its password was set.
fn tell(app: &App, number: PhoneNumber) {
    let of = app.clone();
    app.registration().background.spawn(async move {
        let sent = of.registration().gateway.send(&number, Message::PasswordSet, of.now()).await;
        if let Err(error) = sent {
            tracing::error!(error = %error, "nobody was told that a password was set");
        }
    });
}

fn page(who: &Who, said: &Said) -> Response {
    let (text, status) = words(who, said);
    let body = match (who, said) {
        (_, Said::Done | Said::LinkGone | Said::NoPassword) => String::new(),
        (Who::Anybody, _) => number_form(),
        (Who::Holder(number), _) => {
            let hidden =
                format!("<input type=\"hidden\" name=\"number\" value=\"{}\">", escape(number.as_str()));
            let current = "<p><label>Present password, or nothing if you have forgotten it <input type=\"password\" \
                name=\"current\" autocomplete=\"current-password\"></label></p>";
            password_forms(&hidden, current)
        }
        (Who::Invited(_), _) => password_forms("", ""),
    };
    let sheet = Sheet { title: "Your password", said: &text, body: &body, around: None, script: None };
    sheet.respond(status)
}

fn words(who: &Who, said: &Said) -> (String, StatusCode) {
    let (text, status) = match said {
        Said::Asked => match who {
            Who::Invited(invitation) => {
                let number = invitation.number().masked();
                return (format!("Have a code sent to {number}, then choose your password."), StatusCode::OK);
            }
            Who::Anybody | Who::Holder(_) => ("Which number is your password for?", StatusCode::OK),
        },
        Said::LinkGone => (
            "This link was used, or its time is over. Ask for another where you were identified.",
            StatusCode::NOT_FOUND,
        ),
        Said::NoNumber => {
            ("That is no phone number. Give it with the country code.", StatusCode::BAD_REQUEST)
        }
        Said::Sent => ("A code is on its way to your phone.", StatusCode::OK),
        Said::PerhapsSent => ("If this number has a password, a code is on its way to it.", StatusCode::OK),
        Said::TooSoon(seconds) => {
            let text =
                format!("A code was asked for a moment ago. Another can be sent in {seconds} seconds.");
            return (text, StatusCode::TOO_MANY_REQUESTS);
        }
        Said::NotSent => ("The code cannot be sent now. Try again later.", StatusCode::SERVICE_UNAVAILABLE),
        Said::WrongCode => ("The code is not right.", StatusCode::BAD_REQUEST),
        Said::NoCode => ("There is no code that could be right. Have another sent.", StatusCode::BAD_REQUEST),
        Said::Unfit(why) => return (why.clone(), StatusCode::BAD_REQUEST),
        Said::WrongPassword => ("The present password is not right.", StatusCode::BAD_REQUEST),
        Said::Locked(seconds) => {
            let text = format!("Too many wrong passwords. Try again in {} minutes.", seconds.div_ceil(60));
            return (text, StatusCode::TOO_MANY_REQUESTS);
        }
        Said::NoPassword => {
            ("This number has no password. Ask for one where you were identified.", StatusCode::NOT_FOUND)
        }
        Said::Done => (
            "Your password is set. If you were registered with another one before, get identified again to sign as before.",
            StatusCode::OK,
        ),
    };
    (text.to_owned(), status)
}

fn number_form() -> String {
    "<form method=\"post\"><p><label>Phone number <input name=\"number\" type=\"tel\" autocomplete=\"tel\" required>\
     </label></p><p><button name=\"step\" value=\"send\">Send me a code</button></p></form>"
        .to_owned()
}

fn password_forms(hidden: &str, current: &str) -> String {
    format!(
        "<form method=\"post\">{hidden}<p><button name=\"step\" value=\"send\">Send me a code</button></p></form>\
         <form method=\"post\">{hidden}<p><label>Code <input name=\"code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\" required></label></p>{current}<p><label>New password, 8 to 128 characters \
         <input type=\"password\" name=\"password\" autocomplete=\"new-password\" minlength=\"8\" maxlength=\"128\" required>\
         </label></p><p><label>Once more <input type=\"password\" name=\"repeated\" autocomplete=\"new-password\" \
         minlength=\"8\" maxlength=\"128\" required></label></p>\
         <p><button name=\"step\" value=\"set\">Set the password</button></p></form>"
    )
}

/// Messages that nobody waits for, until they are handed over.
pub(super) struct Background {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Default for Background {
    fn default() -> Self {
        Self { tasks: TaskTracker::new(), places: Arc::new(Semaphore::new(ON_THEIR_WAY)) }
    }
}

impl Background {
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::error!("too many messages are on their way: one was not sent");
            return;
        };
        self.tasks.spawn(async move {
            work.await;
            drop(place);
        });
    }
}

/// Ends when the application has stopped and the last message was handed over, or has failed in its time.
pub(crate) async fn finish_background(app: App) {
    app.stopping().await;
    let tasks = &app.registration().background.tasks;
    tasks.close();
    tasks.wait().await;
}
