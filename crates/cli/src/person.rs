//! `countersign person`: the registration desk at a terminal, through the operator's API of a running service.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use countersign_client::QrCode;
use countersign_client::wire::admin::{
    ActivationStatus, CodeDelivery, CodeState, IssueActivation, IssuedActivation, RegisteredAccount,
    RegisteredDevice, RegisteredPerson, RevokeAccount, UnlockKey,
};
use countersign_client::wire::device::KeyUse;
use countersign_client::wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_client::wire::words::CertificateLevel;
use jiff::civil::Date;

use crate::desk::Desk;
use crate::error::Error;
use crate::http::Method;
use crate::{runtime, screen};

/// Register people, look at their phones, revoke and unlock, as an operator
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Examples:
  countersign person activate --person PNOEE-40504040001 --given-name MARI-LIIS --surname MÄNNIK
  countersign person show --activation 7Q2M4K9T        the words that the phone must show too
  countersign person show --person PNOEE-40504040001
  countersign person unlock --document PNOEE-40504040001-7QK2-Q --pin 1 --evidence case/18
  countersign person revoke --document PNOEE-40504040001-7QK2-Q --reason keyCompromise

The key of an operator is in COUNTERSIGN_ADMIN_KEY; the configuration of the service holds its hash ([[admin]]).

Exit codes:
  0  done
  2  wrong usage
  4  the service cannot be reached, or refuses: wrong key, nobody of this number, nothing to unlock, ...
  6  what the service answered cannot be read";

#[derive(Debug, Subcommand)]
enum Command {
    Activate(Activate),
    Show(Show),
    Revoke(Revoke),
    Unlock(Unlock),
    Withdraw(Withdraw),
}

/// Give a person whose identity was proven a code for a new phone
#[derive(Debug, Args)]
struct Activate {
    /// The person, by type, country and number, such as PNOEE-40504040001
    #[arg(long, value_name = "PNOEE-…", value_parser = SemanticsIdentifier::parse)]
    person: SemanticsIdentifier,
    /// As the certificates will say it
    #[arg(long, value_name = "NAME")]
    given_name: String,
    /// As the certificates will say it
    #[arg(long, value_name = "NAME")]
    surname: String,
    /// The date of birth, if the certificates are to hold it
    #[arg(long, value_name = "YYYY-MM-DD")]
    born: Option<Date>,
    /// The level of the certificates: ADVANCED or QUALIFIED
    #[arg(long, value_name = "LEVEL", default_value = "QUALIFIED")]
    level: CertificateLevel,
    /// A shorter code for a letter, which lives 24 hours, instead of a link, which lives 15 minutes
    #[arg(long)]
    letter: bool,
    /// Where the proof of identity is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Show a person, an account, or what became of an activation code
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["person", "document", "activation"])]
struct Show {
    /// Everything of a person
    #[arg(long, value_name = "PNOEE-…", value_parser = SemanticsIdentifier::parse)]
    person: Option<SemanticsIdentifier>,
    /// One account, by document number
    #[arg(long, value_name = "PNOEE-…-Q", value_parser = DocumentNumber::parse)]
    document: Option<DocumentNumber>,
    /// A code, by the id that came with it
    #[arg(long, value_name = "ID")]
    activation: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// End an account with its phone, keys and certificates, for good
#[derive(Debug, Args)]
struct Revoke {
    /// The account, by document number
    #[arg(long, value_name = "PNOEE-…-Q", value_parser = DocumentNumber::parse)]
    document: DocumentNumber,
    /// As the revocation list will say it: keyCompromise, cessationOfOperation, affiliationChanged, ...
    #[arg(long, value_name = "REASON")]
    reason: String,
    /// Where the request for it is kept; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Open the lock of a key before its time, for a person who has proven their identity anew
#[derive(Debug, Args)]
struct Unlock {
    /// The account, by document number
    #[arg(long, value_name = "PNOEE-…-Q", value_parser = DocumentNumber::parse)]
    document: DocumentNumber,
    /// Which PIN
    #[arg(long, value_name = "PIN")]
    pin: PinNumber,
    /// Where the new proof of identity is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: String,
    #[command(flatten)]
    desk: Desk,
}

/// Make an activation code worthless
#[derive(Debug, Args)]
struct Withdraw {
    /// The id that came with the code
    #[arg(long, value_name = "ID")]
    activation: String,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PinNumber {
    /// For logging in
    #[value(name = "1")]
    One,
    /// For signing
    #[value(name = "2")]
    Two,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    runtime::small()?.block_on(async {
        match &arguments.command {
            Command::Activate(wanted) => activate(wanted).await?,
            Command::Show(wanted) => show(wanted).await?,
            Command::Revoke(wanted) => {
                let body = RevokeAccount { reason: wanted.reason.clone(), evidence: wanted.evidence.clone() };
                let path = format!("/accounts/{}/revoke", wanted.document);
                account(&wanted.desk, &wanted.desk.call(Method::POST, &path, Some(&body)).await?);
            }
            Command::Unlock(wanted) => {
                let key_use = match wanted.pin {
                    PinNumber::One => KeyUse::Auth,
                    PinNumber::Two => KeyUse::Sign,
                };
                let body = UnlockKey { key_use, evidence: wanted.evidence.clone() };
                let path = format!("/accounts/{}/unlock", wanted.document);
                account(&wanted.desk, &wanted.desk.call(Method::POST, &path, Some(&body)).await?);
            }
            Command::Withdraw(wanted) => {
                let path = activation_path(&wanted.activation)?;
                let status = wanted.desk.call(Method::DELETE, &path, None::<&()>).await?;
                activation(&wanted.desk, &status);
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn activate(wanted: &Activate) -> Result<(), Error> {
    let body = IssueActivation {
        person: wanted.person.clone(),
        given_name: wanted.given_name.clone(),
        surname: wanted.surname.clone(),
        date_of_birth: wanted.born,
        level: wanted.level,
        delivery: if wanted.letter { CodeDelivery::Letter } else { CodeDelivery::Link },
        evidence: wanted.evidence.clone(),
    };
    let issued: IssuedActivation = wanted.desk.call(Method::POST, "/activations", Some(&body)).await?;
    if wanted.desk.json {
        screen::json(&issued);
        return Ok(());
    }
    screen::line(format_args!("Activation {} for {}", issued.activation, issued.person));
    screen::line(format_args!("  account  {}", issued.document_number));
    screen::line(format_args!("  code     {}", issued.activation_code));
    screen::line(format_args!("  link     {}", issued.link));
    screen::line(format_args!("  until    {}", issued.expires));
    screen::line(format_args!("Then: countersign person show --activation {}", issued.activation));
    let mut stderr = std::io::stderr().lock();
    if !wanted.letter && stderr.is_terminal() {
        let code = QrCode::of(&issued.link)?.blocks();
        // A terminal that went away cannot show a code; the link is on standard output.
        let _ = stderr.write_all(code.as_bytes()).and_then(|()| stderr.flush());
    }
    Ok(())
}

async fn show(wanted: &Show) -> Result<(), Error> {
    let desk = &wanted.desk;
    match (&wanted.person, &wanted.document, &wanted.activation) {
        (Some(person), ..) => {
            let path = format!("/persons/{person}");
            let found: RegisteredPerson = desk.call(Method::GET, &path, None::<&()>).await?;
            if desk.json {
                screen::json(&found);
            } else {
                screen::line(&found.person);
                found.accounts.iter().for_each(account_lines);
            }
        }
        (None, Some(document), _) => {
            let path = format!("/accounts/{document}");
            account(desk, &desk.call(Method::GET, &path, None::<&()>).await?);
        }
        (None, None, id) => {
            let path = activation_path(id.as_deref().unwrap_or_default())?;
            activation(desk, &desk.call(Method::GET, &path, None::<&()>).await?);
        }
    }
    Ok(())
}

/// The path of an activation. What could leave it is no id.
fn activation_path(id: &str) -> Result<String, Error> {
    let fits = id.len() == 8 && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(format!("/activations/{}", id.to_ascii_uppercase())) } else { Err(Error::NoActivation) }
}

fn activation(desk: &Desk, status: &ActivationStatus) {
    if desk.json {
        return screen::json(status);
    }
    screen::line(format_args!("Activation {} for {}", status.activation, status.person));
    screen::line(format_args!("  account  {}", status.document_number));
    let state = match status.state {
        CodeState::Waiting => format!(
            "waits for its phone until {}, {} tries left",
            status.expires,
            status.tries_left.unwrap_or_default()
        ),
        CodeState::Used => "used".to_owned(),
        CodeState::Spent => "worthless: too many wrong tries, or withdrawn".to_owned(),
        CodeState::Expired => format!("expired at {}", status.expires),
    };
    screen::line(format_args!("  code     {state}"));
    if let Some(device) = &status.device {
        device_lines(device);
        screen::line("The phone shows words too: compare them before the person leaves.");
    }
}

fn account(desk: &Desk, account: &RegisteredAccount) {
    if desk.json { screen::json(account) } else { account_lines(account) }
}

fn account_lines(account: &RegisteredAccount) {
    let (state, level) = (account.state, account.level);
    screen::line(format_args!("{}  {state}  {level}  since {}", account.document_number, account.created));
    account.devices.iter().for_each(device_lines);
    for key in &account.keys {
        let pin = match key.key_use {
            KeyUse::Auth => "PIN1",
            KeyUse::Sign => "PIN2",
        };
        let more = match (key.locked_until, key.not_after) {
            (Some(until), _) => format!("until {until}"),
            (None, Some(end)) => format!("{} tries left, certificate until {end}", key.tries_left),
            (None, None) => format!("{} tries left", key.tries_left),
        };
        screen::line(format_args!("  {pin}     {}, {more}", key.state));
    }
}

fn device_lines(device: &RegisteredDevice) {
    screen::line(format_args!("  phone    {}, {}", device.state, device.platform));
    screen::line(format_args!("  words    {}", device.words.join(" ")));
}
