//! `countersign login`: one authentication as a relying party makes it, with every check shown.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use countersign_client::checklist::{self, CheckLine, Outcome};
use countersign_client::wire::device_link::Language;
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::session::SessionStatus;
use countersign_client::wire::start::Interaction;
use countersign_client::wire::words::InteractionType;
use countersign_client::{
    Authenticated, Authentication, AuthenticationVerifier, Error as ClientError, StartedSession, SystemRandom,
};
use serde::Serialize;

use crate::error::Error;
use crate::screen::{self, Tone};
use crate::service::{PersonArguments, Service, ServiceArguments};
use crate::{clock, progress, runtime};

/// Log one person in, and show every check of the answer
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// How to reach the person
    #[arg(long, value_name = "FLOW", default_value = "notification")]
    flow: Flow,
    /// What the person reads on the phone, at most 60 characters
    #[arg(long, value_name = "TEXT", default_value = "Log in from the command line?")]
    text: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    person: PersonArguments,
    #[command(flatten)]
    service: ServiceArguments,
}

const AFTER: &str = "\
Examples:
  countersign login --person PNOEE-40504040001
  countersign login --document PNOEE-40504040001-DEM0-Q --json
  countersign login --flow qr                          whoever scans the code

Exit codes:
  0  authenticated, and every check passed
  2  wrong usage
  3  the trust directory cannot be read
  4  the service cannot be reached, or refuses the request (unknown person, unknown relying party, ...)
  5  the person did not confirm: refused, no time left, wrong code, ...
  6  what the service answered cannot be trusted";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Flow {
    /// The person's phone shows the request by itself
    Notification,
    /// The person scans a QR code, which changes every second
    Qr,
}

/// The service gives up after two minutes unless configured otherwise; this is a little more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    authenticated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    checks: Vec<CheckLine>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    identifier: String,
    given_name: String,
    surname: String,
    country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_of_birth: Option<String>,
    document_number: String,
    certificate_level: String,
    flow: String,
    interaction: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.flow == Flow::Notification && arguments.person.recipient() == Recipient::Anonymous {
        return Err(Error::NoPerson);
    }
    runtime::small()?.block_on(login(arguments))
}

async fn login(arguments: &Arguments) -> Result<ExitCode, Error> {
    let service = Service::open(&arguments.service).await?;
    let recipient = arguments.person.recipient();
    let wanted = Authentication {
        level: arguments.person.certificate_level,
        ..Authentication::new(vec![Interaction {
            kind: InteractionType::DisplayTextAndPin,
            text: arguments.text.clone(),
        }])
    };
    let (client, now) = (&service.client, clock::now());
    let session = match arguments.flow {
        Flow::Notification => {
            client.authenticate_by_notification(&recipient, &wanted, now, &mut SystemRandom).await?
        }
        Flow::Qr => {
            client.authenticate_by_device_link(&recipient, &wanted, None, now, &mut SystemRandom).await?
        }
    };
    let code = session.verification_code().map(|code| code.to_string());
    if !arguments.json {
        screen::line(format_args!("Asked {} to log in, at {}", named(&recipient), service.origin()));
        if let Some(code) = &code {
            screen::line(format_args!("Verification code: {code}  (the phone must show the same)"));
        }
    }
    let status = match arguments.flow {
        Flow::Notification => {
            let wait = client.wait(session.session_id, PATIENCE);
            progress::during("waiting for the person to confirm", wait).await?
        }
        Flow::Qr => show_qr(&service, &session).await?,
    };
    let verifier = AuthenticationVerifier::new(service.rules());
    let now = clock::now();
    let checked =
        client.verify_authentication(&verifier, &session, &status, None, now, &mut SystemRandom).await;
    let lines = checklist::of_authentication(checked.as_ref());
    if arguments.json {
        screen::json(&Report {
            authenticated: checked.is_ok(),
            verification_code: code,
            person: checked.as_ref().ok().map(person),
            error: checked.as_ref().err().map(ToString::to_string),
            checks: lines,
        });
    } else {
        show(&lines);
    }
    let found = checked.map_err(Error::Checked)?;
    if !arguments.json {
        let identity = &found.identity;
        let born = identity.date_of_birth.map_or_else(String::new, |date| format!(", born {date}"));
        let text = format!(
            "Authenticated: {} {}, {}{born}, {} ({})",
            identity.given_name,
            identity.surname,
            identity.person.as_str(),
            found.document.as_str(),
            found.level
        );
        screen::line(screen::toned(Tone::Good, text));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the checks of an answer.
pub(crate) fn show(lines: &[CheckLine]) {
    for line in lines {
        let (word, tone) = match line.result {
            Outcome::Passed => ("passed", Tone::Good),
            Outcome::Failed => ("FAILED", Tone::Bad),
            Outcome::NotReached => ("not reached", Tone::Plain),
        };
        let detail = if line.detail.is_empty() { String::new() } else { format!(": {}", line.detail) };
        screen::line(format_args!(
            "  {}  {}{detail}",
            screen::toned(tone, format_args!("{word:<11}")),
            line.check
        ));
    }
}

fn person(found: &Authenticated) -> Person {
    let identity = &found.identity;
    Person {
        identifier: identity.person.as_str().to_owned(),
        given_name: identity.given_name.clone(),
        surname: identity.surname.clone(),
        country: identity.country.clone(),
        date_of_birth: identity.date_of_birth.map(|date| date.to_string()),
        document_number: found.document.as_str().to_owned(),
        certificate_level: found.level.to_string(),
        flow: found.flow.to_string(),
        interaction: found.interaction.to_string(),
    }
}

/// Whom a request names, in words.
pub(crate) fn named(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Anonymous => "whoever scans the code".to_owned(),
        Recipient::Person(person) => person.as_str().to_owned(),
        Recipient::Document(document) => document.as_str().to_owned(),
    }
}

/// Shows a new code every second until the session ends: drawn on a terminal, as links elsewhere. With standard output
/// kept for the result, all of it goes to standard error.
async fn show_qr(service: &Service, session: &StartedSession) -> Result<SessionStatus, Error> {
    let mut waiting = std::pin::pin!(service.client.wait(session.session_id, PATIENCE));
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut drawn = 0;
    loop {
        tokio::select! {
            status = &mut waiting => return Ok(status?),
            _ = second.tick() => drawn = draw(session, drawn)?,
        }
    }
}

/// Gives the number of lines drawn, which the next code goes over.
fn draw(session: &StartedSession, drawn: usize) -> Result<usize, ClientError> {
    let (now, language) = (clock::now(), Language::ENGLISH);
    let mut stderr = std::io::stderr().lock();
    let text = if stderr.is_terminal() {
        let up = if drawn > 0 { format!("\x1b[{drawn}A") } else { String::new() };
        format!("{up}{}", session.qr_code(now, language)?.blocks())
    } else {
        format!("link: {}\n", session.qr_link(now, language)?)
    };
    // A terminal that went away cannot show a code, and the session ends by itself.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    Ok(text.lines().count())
}
