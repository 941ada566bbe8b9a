//! `countersign ca`: the certificate authority at a terminal, through the operator's API of a running service.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_client::wire::admin::ca::{
    AuthorityEntry, AuthorityStatus, CeremonyEntry, CeremonyLog, CeremonyNote, CertificateEntry,
    CertificatePage, CertificateState, ClockStatus, IssueCertificate, IssueProfile, OnWhoseWord,
    RevokeCertificate, SealHolder, hex,
};
use countersign_pki::Certificate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::desk::Desk;
use crate::error::Error;
use crate::http::Method;
use crate::{file, runtime, screen};

/// Issue, suspend and revoke certificates; roll over CAs; keep the ceremony log
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Examples:
  countersign ca status
  countersign ca list --state ON_HOLD
  countersign ca suspend eid-q 4a01… --evidence call/77
  countersign ca revoke --certificate person.pem --reason keyCompromise --evidence case/18
  countersign ca issue --profile seal --ca eid-nq --request seal.csr --name \"Example seal\" \\
      --country EE --organization Example --identifier NTREE-12345678 --days 365 -o seal.pem
  countersign ca rollover eid-q --evidence ceremony/2031-1
  countersign ca ceremony verify

The key of an operator is in COUNTERSIGN_ADMIN_KEY; the configuration of the service holds its hash ([[admin]]).

Exit codes:
  0  done
  1  the ceremony log is not whole
  2  wrong usage
  3  a file cannot be read or written
  4  the service cannot be reached, or refuses: wrong key, no such certificate, revoked for good, ...
  6  what the service answered cannot be read";

#[derive(Debug, Subcommand)]
enum Command {
    Status(Status),
    List(List),
    Show(Show),
    Issue(Issue),
    /// Put a certificate on hold (certificateHold) until it is resumed or revoked
    Suspend(Word),
    /// Take a certificate off hold: it counts again
    Resume(Word),
    Revoke(Revoke),
    Rollover(Rollover),
    Ceremony(Ceremony),
    AcceptClock(AcceptClock),
}

/// Show the CAs, responders and the time-stamping unit, and whether the clock is believed
#[derive(Debug, Args)]
struct Status {
    #[command(flatten)]
    desk: Desk,
}

/// List issued certificates, by CA and serial number
#[derive(Debug, Args)]
struct List {
    /// Of this CA alone, such as eid-q
    #[arg(long, value_name = "CA")]
    ca: Option<String>,
    /// In this state alone: GOOD, ON_HOLD or REVOKED
    #[arg(long, value_name = "STATE")]
    state: Option<CertificateState>,
    /// The most to be listed; 0 lists all
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    desk: Desk,
}

/// Show one certificate and its state
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    desk: Desk,
}

/// Suspend a certificate (certificateHold), or resume it
///
/// OCSP answers and the next revocation list say certificateHold from then on; resuming takes the certificate off the list.
#[derive(Debug, Args)]
struct Word {
    #[command(flatten)]
    which: Which,
    /// Where the request for it is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Revoke a certificate, for good
///
/// This ends one certificate. To end a person's account with its phone, keys and both certificates: countersign person revoke.
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    which: Which,
    /// As the revocation list will say it: keyCompromise, superseded, cessationOfOperation, ...
    #[arg(long, value_name = "REASON")]
    reason: String,
    /// Where the request for it is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Which certificate.
#[derive(Debug, Args)]
#[group(skip)]
struct Which {
    /// The CA that issued it, such as eid-q
    #[arg(value_name = "CA", required_unless_present = "certificate", requires = "serial")]
    issuer: Option<String>,
    /// Its serial number, hexadecimal
    #[arg(value_name = "SERIAL")]
    serial: Option<String>,
    /// The certificate itself, PEM or DER, instead of CA and serial number
    #[arg(long, value_name = "FILE", conflicts_with_all = ["issuer", "serial"])]
    certificate: Option<PathBuf>,
}

/// Issue a certificate for a key that somebody else made, as a certification request (PKCS#10) proves it
///
/// Name and validity are given here; those of the request are not looked at. People's certificates come from registration
/// alone (countersign person activate).
#[derive(Debug, Args)]
struct Issue {
    /// What it is for: seal, ocsp-responder or time-stamping-unit
    #[arg(long, value_name = "PROFILE")]
    profile: IssueProfile,
    /// The CA that issues it: eid-nq for a seal, root for a time-stamping unit, any for an OCSP responder
    #[arg(long, value_name = "CA")]
    ca: String,
    /// The certification request, PEM
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The common name in the certificate
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The country of a seal's organisation, two letters
    #[arg(long, value_name = "CC", requires_all = ["organization", "identifier"])]
    country: Option<String>,
    /// The name of a seal's organisation
    #[arg(long, value_name = "NAME", requires_all = ["country", "identifier"])]
    organization: Option<String>,
    /// The identifier of a seal's organisation, such as NTREE-12345678
    #[arg(long, value_name = "ID", requires_all = ["country", "organization"])]
    identifier: Option<String>,
    /// Days of validity
    #[arg(long, value_name = "DAYS")]
    days: u16,
    /// The file to write the certificate to, PEM
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// Where the request for it is kept, such as a case number; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Let a new issuing CA take over, or give the OCSP responders new keys
///
/// The new CA has a new key, certificate and name (eid-q becomes eid-q-2). Whoever registers from then on gets certificates of
/// the new one; the one before goes on answering for what it issued. Give relying parties the new trust files (/trust) at once.
#[derive(Debug, Args)]
struct Rollover {
    /// The CA that is to be followed, such as eid-q; or `responders`
    #[arg(value_name = "CA|responders")]
    what: String,
    /// Where the order for it is kept, such as the number of a protocol; no name
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Read, check or add to the log of what was done to the authority
#[derive(Debug, Args)]
struct Ceremony {
    #[command(subcommand)]
    command: CeremonyCommand,
}

#[derive(Debug, Subcommand)]
enum CeremonyCommand {
    /// Print the log, oldest first
    Log(CeremonyRead),
    /// Check the chain of hashes from the first entry to the last, and print the last hash
    Verify(CeremonyRead),
    /// Add what happened outside of the service, in one line without names
    Note(NoteArguments),
}

#[derive(Debug, Args)]
struct CeremonyRead {
    #[command(flatten)]
    desk: Desk,
}

#[derive(Debug, Args)]
struct NoteArguments {
    /// One line of at most 500 characters. Roles, no names: the log is kept for ever
    #[arg(value_name = "TEXT")]
    text: String,
    /// Where more about it is kept
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Say that the clock is right, after the service has stopped believing it
#[derive(Debug, Args)]
struct AcceptClock {
    /// Where it is written how the clock was checked
    #[arg(long, value_name = "REFERENCE")]
    evidence: Option<String>,
    #[command(flatten)]
    desk: Desk,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    runtime::small()?.block_on(async {
        match &arguments.command {
            Command::Status(wanted) => status(&wanted.desk).await,
            Command::List(wanted) => list(wanted).await,
            Command::Show(wanted) => {
                let found: CertificateEntry = get(&wanted.desk, &wanted.which.path()?).await?;
                certificate(&wanted.desk, &found)
            }
            Command::Issue(wanted) => issue(wanted).await,
            Command::Suspend(wanted) => on_word(wanted, "suspend").await,
            Command::Resume(wanted) => on_word(wanted, "resume").await,
            Command::Revoke(wanted) => {
                let body =
                    RevokeCertificate { reason: wanted.reason.clone(), evidence: wanted.evidence.clone() };
                let path = format!("{}/revoke", wanted.which.path()?);
                certificate(&wanted.desk, &post(&wanted.desk, &path, &body).await?)
            }
            Command::Rollover(wanted) => roll_over(wanted).await,
            Command::Ceremony(wanted) => ceremony(&wanted.command).await,
            Command::AcceptClock(wanted) => {
                let body = OnWhoseWord { evidence: wanted.evidence.clone() };
                let clock: ClockStatus = post(&wanted.desk, "/clock/accept", &body).await?;
                shown(&wanted.desk, &clock, || {
                    screen::line(format_args!("The clock is believed: {}", clock.now))
                })
            }
        }
    })
}

async fn get<T: DeserializeOwned>(desk: &Desk, path: &str) -> Result<T, Error> {
    desk.call(Method::GET, path, None::<&()>).await
}

async fn post<T: DeserializeOwned>(desk: &Desk, path: &str, body: &impl Serialize) -> Result<T, Error> {
    desk.call(Method::POST, path, Some(body)).await
}

/// JSON where it is wanted, otherwise lines.
fn shown(desk: &Desk, answer: &impl Serialize, lines: impl FnOnce()) -> Result<ExitCode, Error> {
    if desk.json {
        screen::json(answer)
    } else {
        lines()
    }
    Ok(ExitCode::SUCCESS)
}

impl Which {
    /// The path of the certificate in the operator's API.
    fn path(&self) -> Result<String, Error> {
        let (issuer, serial) = match (&self.certificate, &self.issuer, &self.serial) {
            (Some(file), ..) => named_in(file)?,
            (None, Some(issuer), Some(serial)) => {
                (issuer.clone(), serial.trim_start_matches("0x").replace(':', ""))
            }
            // The parser of arguments lets nothing else in.
            (None, ..) => return Err(Error::NoCertificateNamed),
        };
        let plain =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain(&issuer) || !plain(&serial) {
            return Err(Error::NoCertificateNamed);
        }
        Ok(format!("/certificates/{issuer}/{serial}"))
    }
}

/// CA and serial number of a certificate in a file. The name of the CA is the one in the address of its certificate.
fn named_in(path: &Path) -> Result<(String, String), Error> {
    let bytes = file::read(path, LARGEST_CERTIFICATE)?;
    let unreadable = |source| Error::NoCertificate { path: path.to_owned(), source };
    let certificate = match std::str::from_utf8(&bytes) {
        Ok(text) => Certificate::from_pem(text),
        Err(_) => Certificate::from_der(&bytes),
    };
    let certificate = certificate.map_err(unreadable)?;
    let serial = hex(certificate.serial().magnitude());
    let issuer = certificate
        .ca_issuer_urls()
        .iter()
        .find_map(|url| Some(url.rsplit_once('/')?.1.strip_suffix(".crt")?.to_owned()));
    Ok((issuer.ok_or(Error::NoCertificateNamed)?, serial))
}

/// No certificate or request is larger.
const LARGEST_CERTIFICATE: u64 = 64 * 1024;

async fn status(desk: &Desk) -> Result<ExitCode, Error> {
    let status: AuthorityStatus = get(desk, "/authorities").await?;
    shown(desk, &status, || {
        status.members.iter().for_each(member_lines);
        match &status.clock.doubt {
            None => screen::line(format_args!("clock     believed: {}", status.clock.now)),
            Some(doubt) => {
                screen::line(format_args!("clock     NOT believed: {doubt}; it shows {}", status.clock.now))
            }
        }
    })
}

fn member_lines(member: &AuthorityEntry) {
    let state = if member.current { "" } else { "  (before)" };
    screen::line(format_args!("{:<9} {}{state}", member.name, member.role));
    screen::line(format_args!("          {}", member.subject));
    screen::line(format_args!(
        "          serial {}  until {}  key in {}",
        member.serial, member.not_after, member.key
    ));
    screen::line(format_args!("          SHA-256 {}", member.sha256));
}

async fn list(wanted: &List) -> Result<ExitCode, Error> {
    let mut certificates = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let left = if wanted.limit == 0 { PAGE } else { wanted.limit.saturating_sub(certificates.len()) };
        if left == 0 {
            break;
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &left.min(PAGE).to_string());
        if let Some(ca) = &wanted.ca {
            query.append_pair("issuer", ca);
        }
        if let Some(state) = wanted.state {
            query.append_pair("state", state.as_str());
        }
        if let Some(after) = &after {
            query.append_pair("after", after);
        }
        let page: CertificatePage = get(&wanted.desk, &format!("/certificates?{}", query.finish())).await?;
        certificates.extend(page.certificates);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let rest = after.is_some();
    let page = CertificatePage { certificates, next: after };
    shown(&wanted.desk, &page, || {
        page.certificates.iter().for_each(certificate_line);
        if rest {
            screen::line("... and more: --limit 0 lists all");
        }
    })
}

/// Entries that the service gives at once.
const PAGE: usize = 500;

fn certificate_line(found: &CertificateEntry) {
    let whose = found.document_number.as_deref().unwrap_or("-");
    let more = match (&found.since, &found.reason) {
        (Some(since), Some(reason)) => format!("  {reason} since {since}"),
        (Some(_), None) | (None, _) => String::new(),
    };
    screen::line(format_args!(
        "{:<8} {}  {:<7}  until {}  {whose}{more}",
        found.issuer, found.serial, found.state, found.not_after
    ));
}

fn certificate(desk: &Desk, found: &CertificateEntry) -> Result<ExitCode, Error> {
    shown(desk, found, || {
        certificate_line(found);
        if let Some(pem) = &found.certificate {
            screen::line(pem.trim_end());
        }
    })
}

async fn on_word(wanted: &Word, act: &str) -> Result<ExitCode, Error> {
    let body = OnWhoseWord { evidence: wanted.evidence.clone() };
    let path = format!("{}/{act}", wanted.which.path()?);
    certificate(&wanted.desk, &post(&wanted.desk, &path, &body).await?)
}

async fn issue(wanted: &Issue) -> Result<ExitCode, Error> {
    let request = String::from_utf8_lossy(&file::read(&wanted.request, LARGEST_CERTIFICATE)?).into_owned();
    let organization = match (&wanted.country, &wanted.organization, &wanted.identifier) {
        (Some(country), Some(name), Some(identifier)) => {
            Some(SealHolder { country: country.clone(), name: name.clone(), identifier: identifier.clone() })
        }
        (..) => None,
    };
    // Before anything is issued that could then not be kept.
    file::check_free(&wanted.output, wanted.force)?;
    let body = IssueCertificate {
        profile: wanted.profile,
        issuer: wanted.ca.clone(),
        request,
        common_name: wanted.name.clone(),
        organization,
        days: wanted.days,
        evidence: wanted.evidence.clone(),
    };
    let issued: CertificateEntry = post(&wanted.desk, "/certificates", &body).await?;
    let pem = issued.certificate.clone().unwrap_or_default();
    file::write(&wanted.output, pem.as_bytes(), wanted.force)?;
    shown(&wanted.desk, &issued, || {
        screen::line(format_args!("Issued: {} {}", issued.issuer, issued.serial));
        screen::line(format_args!("  until  {}", issued.not_after));
        screen::line(format_args!("  file   {}", wanted.output.display()));
    })
}

async fn roll_over(wanted: &Rollover) -> Result<ExitCode, Error> {
    let body = OnWhoseWord { evidence: wanted.evidence.clone() };
    if wanted.what == "responders" {
        let members: Vec<AuthorityEntry> = post(&wanted.desk, "/responders/rollover", &body).await?;
        return shown(&wanted.desk, &members, || members.iter().for_each(member_lines));
    }
    if !wanted.what.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(Error::NoCertificateNamed);
    }
    let path = format!("/authorities/{}/rollover", wanted.what);
    let member: AuthorityEntry = post(&wanted.desk, &path, &body).await?;
    shown(&wanted.desk, &member, || {
        screen::line(format_args!("{} has taken over from {}:", member.name, wanted.what));
        member_lines(&member);
        screen::line("Give relying parties the new trust files now: /trust");
    })
}

async fn ceremony(command: &CeremonyCommand) -> Result<ExitCode, Error> {
    match command {
        CeremonyCommand::Log(wanted) => {
            let entries = read_log(&wanted.desk).await?;
            shown(&wanted.desk, &entries, || entries.iter().for_each(entry_line))
        }
        CeremonyCommand::Verify(wanted) => {
            let entries = read_log(&wanted.desk).await?;
            let last = entries.last().map_or("-", |entry| entry.hash.as_str());
            match CeremonyEntry::check(&entries) {
                Ok(()) => {
                    screen::line(format_args!("WHOLE: {} entries, the last hash is {last}", entries.len()));
                    Ok(ExitCode::SUCCESS)
                }
                Err(broken) => {
                    screen::line(format_args!("NOT WHOLE: {broken}"));
                    Ok(ExitCode::from(1))
                }
            }
        }
        CeremonyCommand::Note(wanted) => {
            let body = CeremonyNote { text: wanted.text.clone(), evidence: wanted.evidence.clone() };
            let entry: CeremonyEntry = post(&wanted.desk, "/ceremony", &body).await?;
            shown(&wanted.desk, &entry, || entry_line(&entry))
        }
    }
}

async fn read_log(desk: &Desk) -> Result<Vec<CeremonyEntry>, Error> {
    let mut entries: Vec<CeremonyEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let page: CeremonyLog = get(desk, &format!("/ceremony?after={after}")).await?;
        let none = page.entries.is_empty();
        entries.extend(page.entries);
        if none || !page.more {
            return Ok(entries);
        }
    }
}

fn entry_line(entry: &CeremonyEntry) {
    let evidence = if entry.evidence.is_empty() { String::new() } else { format!("  [{}]", entry.evidence) };
    screen::line(format_args!(
        "{:>4}  {}  {}  {}  {}  {}{evidence}",
        entry.seq, entry.at, entry.operator, entry.act, entry.subject, entry.detail
    ));
    screen::line(format_args!("      {}", entry.hash));
}
