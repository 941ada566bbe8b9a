//! `countersign verify`: whether the signatures in files hold, with nothing but the files and the anchors.

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use clap::Args;
use countersign_container::report::ValidatedDocument;
use countersign_container::validate::validate_source;
use countersign_container::{Limits, Policy, Report, TrustAnchors};
use countersign_pki::Digest;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::error::Error;
use crate::level::LevelName;
use crate::progress::Watched;
use crate::screen::{self, Tone};
use crate::{anchors, clock, file};

/// Check the signatures in ASiC-E containers and PDF documents, offline
///
/// Nothing is asked over the network: what proves a signature has to be in the file, and whom to trust you say yourself.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The containers and documents to check
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Trust the certificates in this directory (*.pem, *.crt, *.cer, *.der)
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_TRUST", hide_env_values = true)]
    trust: Option<PathBuf>,
    /// Trust the public TEST authority of `countersign dev`, which proves nothing about real persons
    #[arg(long, conflicts_with = "trust")]
    dev_trust: bool,
    /// Trust the services of this trusted list (TS 119 612), or of a list of lists and the lists it points to
    #[arg(long, value_name = "FILE", requires = "list_signer")]
    trusted_list: Vec<PathBuf>,
    /// The certificate that signs the trusted list, or the list of lists
    #[arg(long, value_name = "FILE", requires = "trusted_list")]
    list_signer: Vec<PathBuf>,
    /// Check by these rules: strict, etsi, lenient, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    policy: String,
    /// The level that every signature has to reach [default: what the policy asks for]
    #[arg(long, value_name = "LEVEL")]
    level: Option<LevelName>,
    /// Take files that nobody signed, if time-stamps of their own prove since when they exist (ASiC-S)
    #[arg(long)]
    time_stamped: bool,
    /// Check as of this time, such as 2026-11-22T12:00:00Z or 2026-11-22 [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<At>,
    /// Print the reports as JSON
    #[arg(long)]
    json: bool,
    /// Write the report on the one file as an HTML page
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// Replace the HTML page if it is there
    #[arg(long, requires = "html")]
    force: bool,
}

const AFTER: &str = "\
Examples:
  countersign verify contract.asice --trust ./trust
  countersign verify *.asice signed.pdf --trust ./trust --json
  countersign verify contract.asice --dev-trust      for files signed with `countersign dev`
  countersign verify contract.asice --trust ./trust --html report.html
  countersign verify old.asice --trust ./trust --policy lenient
  countersign verify old.asics --trust ./trust --time-stamped
  countersign verify contract.asice --trusted-list ee.xml --list-signer operator.pem

`countersign trust export DIR` makes such a directory for the TEST authority.

Exit codes:
  0  every file holds at least one signature, and all are valid; or see --time-stamped
  1  a signature is not valid, or a file has none or is no container
  2  wrong usage
  3  a file or the trust directory cannot be read";

/// A point in time; a date is its first second in UTC.
#[derive(Debug, Clone, Copy)]
struct At(Timestamp);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
        // A date alone is a valid beginning of other forms, so whole timestamps come first.
        let time = text.parse().ok().or_else(date);
        time.map(Self).ok_or_else(|| "expected a time such as 2026-11-22T12:00:00Z, or a date".to_owned())
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Outcome {
    valid: bool,
    files: Vec<Checked>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// Why there is no report.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let now = arguments.at.map_or_else(clock::now, |At(time)| time);
    let mut anchors = match (&arguments.trust, arguments.dev_trust) {
        (_, true) => anchors::embedded()?,
        (Some(directory), false) => anchors::load(directory)?,
        (None, false) if !arguments.trusted_list.is_empty() => TrustAnchors::default(),
        (None, false) => return Err(Error::NoTrust),
    };
    if !arguments.trusted_list.is_empty() {
        anchors.services = anchors::services(&arguments.trusted_list, &arguments.list_signer, now)?;
    }
    let mut policy = read_policy(&arguments.policy)?;
    if let Some(level) = arguments.level {
        policy.required_level = level.level();
    }
    if let Some(page) = &arguments.html {
        if arguments.files.len() != 1 {
            return Err(Error::OneFileForPage);
        }
        file::check_free(page, arguments.force)?;
    }
    let mut files = Vec::new();
    let mut unreadable = None;
    for path in &arguments.files {
        let hashed = arguments.json || arguments.html.is_some();
        let checked = check(path, &anchors, now, &policy, hashed);
        if !arguments.json {
            show(path, &checked);
        }
        if let (Some(page), Ok(report)) = (&arguments.html, &checked) {
            file::write(page, report.to_html().as_bytes(), arguments.force)?;
        }
        files.push(match checked {
            Ok(report) => Checked {
                file: path.display().to_string(),
                valid: report.is_valid() || (arguments.time_stamped && is_evidence(&report)),
                report: Some(report),
                error: None,
            },
            Err(error) => {
                let text = error.to_string();
                unreadable = Some(error);
                Checked { file: path.display().to_string(), valid: false, report: None, error: Some(text) }
            }
        });
    }
    let valid = files.iter().all(|file| file.valid);
    let refused = files.iter().any(|file| file.report.is_some() && !file.valid);
    if arguments.json {
        screen::json(&Outcome { valid, files });
    }
    Ok(match unreadable {
        Some(error) if !refused => error.exit_code(),
        _ if valid => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    })
}

/// A built-in policy by its name, or one in a file.
fn read_policy(name: &str) -> Result<Policy, Error> {
    const LARGEST: u64 = 64 << 10;
    if let Some(policy) = Policy::named(name) {
        return Ok(policy);
    }
    let path = Path::new(name);
    if path.symlink_metadata().is_err() {
        return Err(Error::UnknownPolicy { name: name.to_owned() });
    }
    let bytes = file::read(path, LARGEST)?;
    let text = String::from_utf8_lossy(&bytes);
    Policy::from_toml(&text).map_err(|source| Error::Policy { path: path.to_owned(), source })
}

/// Files that are larger are hashed as a whole only where the hash is shown: in JSON and on the page.
const HASHED_ANYWAY: u64 = 64 << 20;

fn check(
    path: &Path,
    anchors: &TrustAnchors,
    now: Timestamp,
    policy: &Policy,
    hashed: bool,
) -> Result<Report, Error> {
    let (file, size) = file::open(path)?;
    let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
    let name = path.file_name().and_then(|name| name.to_str());
    let again = file.try_clone().map_err(unreadable)?;
    let what = format!("checking {}", name.unwrap_or_default());
    let mut report =
        validate_source(Watched::new(file, what, size), name, &Limits::streaming(), anchors, now, policy);
    if hashed || size <= HASHED_ANYWAY {
        let mut hasher = Digest::Sha256.hasher();
        let mut whole = Watched::new(again, "hashing the whole file", size);
        whole.rewind().map_err(unreadable)?;
        let mut buffer = vec![0; 1 << 17];
        loop {
            match whole.read(&mut buffer).map_err(unreadable)? {
                0 => break,
                read => hasher.update(&buffer[..read]),
            }
        }
        report.validated_document = Some(ValidatedDocument::new(name, Digest::Sha256, &hasher.finish()));
    }
    Ok(report)
}

/// Whether nobody signed the file, and it is sound evidence all the same.
fn is_evidence(report: &Report) -> bool {
    report.signatures.is_empty() && report.is_time_stamped()
}

fn show(path: &Path, checked: &Result<Report, Error>) {
    match checked {
        Ok(report) => {
            let tone = if report.is_valid() { Tone::Good } else { Tone::Bad };
            screen::line(screen::toned(tone, path.display()));
            for line in report.to_string().lines() {
                let indent = if line.is_empty() { "" } else { "  " };
                screen::line(format_args!("{indent}{}", screen::toned(tone_of(line), line.trim_end())));
            }
        }
        Err(error) => {
            screen::line(screen::toned(Tone::Bad, path.display()));
            screen::line(format_args!(
                "  {}",
                screen::toned(Tone::Bad, format_args!("NOT CHECKED: {error}"))
            ));
        }
    }
}

fn tone_of(line: &str) -> Tone {
    let text = line.trim_start();
    if text.starts_with("NOT VALID") || text.starts_with("error ") || text.starts_with("because ") {
        Tone::Bad
    } else if text.starts_with("VALID") {
        Tone::Good
    } else if text.starts_with("warning ") || text.starts_with("NOT SIGNED") {
        Tone::Odd
    } else {
        Tone::Plain
    }
}
