//! `countersign extend`: signatures that exist already, brought to a higher level or given another archive time-stamp.
//!
//! Whoever made the container: what is added goes into the text of each signatures file, and no other byte of the
//! container changes. The result is checked before it is put in its place.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_container::ArchiveInput;
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::file::Pending;
use crate::level::LevelName;
use crate::long_term::{LongTerm, SourceArguments, Sources};
use crate::screen::{self, Tone};
use crate::service::Place;
use crate::sign::check_own;
use crate::{clock, file, pdf, runtime, stamp};

/// Bring the signatures in a container or PDF document to a higher level
///
/// Time-stamps and OCSP answers are asked for over HTTP; nobody has to sign anything. Works on containers made by other
/// programs, too. A file that `countersign stamp` time-stamped gets another time-stamp over everything.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The container or document
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The level to reach
    #[arg(long, value_name = "LEVEL", default_value = "LTA")]
    pub(crate) level: LevelName,
    /// Add one more archive time-stamp to signatures that have one
    #[arg(long)]
    pub(crate) renew: bool,
    /// Only the signature with this Id [default: all]
    #[arg(long, value_name = "ID")]
    pub(crate) signature: Option<String>,
    /// Where to write the container [default: in place of FILE]
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Replace OUT if it is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// A service on this machine, for its time-stamps, OCSP answers and trust anchors
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", hide_env_values = true, default_value = crate::service::DEV_URL, help_heading = "Service")]
    pub(crate) url: Url,
    /// Trust the CA certificates in this directory [default: those of the service, if it is on this machine]
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTERSIGN_TRUST",
        hide_env_values = true,
        help_heading = "Service"
    )]
    pub(crate) trust: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sources: SourceArguments,
}

const AFTER: &str = "\
Examples:
  countersign extend contract.asice
  countersign extend contract.asice --level LT --tsa http://tsa.example.org --trust ./trust -o contract-lt.asice
  countersign extend contract.pdf --level LTA -o archived.pdf
  countersign extend contract.asice --renew          before the last time-stamp's certificate expires

Exit codes:
  0  extended, checked and written; or there was nothing to do
  1  there is no signature to extend, or the result did not pass its own check; nothing was written
  2  wrong usage
  3  a file cannot be read or written, FILE is no sound container, or OUT is there already
  4  the time-stamping authority or the responder cannot be reached, or refuses
  6  an answer cannot be trusted";

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: String,
    signatures: Vec<Extended>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extended {
    file: String,
    id: String,
    from: &'static str,
    to: &'static str,
    archive_time_stamps: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if let Some(output) = &arguments.output {
        file::check_free(output, arguments.force)?;
    }
    if pdf::is_document(&arguments.file)? {
        return pdf::extend_document(arguments);
    }
    let container = file::open_container(&arguments.file, "reading")?;
    if !container.evidence()?.is_empty() {
        return runtime::small()?.block_on(stamp::renew(arguments, container));
    }
    runtime::small()?.block_on(extend(arguments, container))
}

async fn extend(
    arguments: &Arguments,
    mut container: countersign_container::Container,
) -> Result<ExitCode, Error> {
    let wanted = |id: &str| arguments.signature.as_deref().is_none_or(|wanted| wanted == id);
    let found: Vec<(String, String)> = container
        .signatures()?
        .into_iter()
        .filter(|(_, signature)| wanted(signature.id()))
        .map(|(file, signature)| (file, signature.id().to_owned()))
        .collect();
    if found.is_empty() {
        let (path, id) = (arguments.file.clone(), arguments.signature.clone());
        return Err(Error::NothingToExtend { path, id });
    }
    let place = Place::open(&arguments.url, arguments.trust.as_deref()).await?;
    let sources = Sources::find(&arguments.sources, place.origin_if_local(), arguments.level)?;
    let long_term = LongTerm::new(&place, &sources)?;
    let say = screen::narrator(arguments.json);
    let level = arguments.level.level();
    let mut extended = Vec::new();
    for (file, id) in found {
        // Read again each time: several signatures can share a file.
        let signatures = container.signatures()?.into_iter();
        let mut signatures = signatures.filter(|(other, signature)| *other == file && signature.id() == id);
        let Some((_, mut signature)) = signatures.next() else { continue };
        let (from, before) = (signature.level().as_str(), signature.clone());
        say(format_args!("{file}, {id}: {from}"));
        let imprint = |input: &ArchiveInput, digest| container.archive_imprint(input, digest);
        if arguments.renew && signature.archive_times().next().is_some() {
            long_term.renew(&mut signature, &imprint, &say).await?;
        } else {
            long_term.complete(&mut signature, level, &imprint, &say).await?;
        }
        if signature == before {
            say(format_args!("  has that level already"));
            continue;
        }
        container.replace_signature(&file, &signature, clock::now())?;
        let archive_time_stamps = signature.archive_times().map(|time| time.to_string()).collect();
        extended.push(Extended { file, id, from, to: signature.level().as_str(), archive_time_stamps });
    }
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    if !extended.is_empty() || arguments.output.is_some() {
        let pending = Pending::create(output)?;
        file::write_container(&container, &pending)?;
        for signature in &extended {
            check_own(&pending, &signature.file, level, &place.anchors)?;
        }
        pending.place(arguments.force || arguments.output.is_none())?;
    }
    if arguments.json {
        screen::json(&Report { file: output.display().to_string(), signatures: extended });
    } else if extended.is_empty() {
        screen::line("Nothing to do");
    } else {
        let count = extended.len();
        let text = format!("Extended and checked: {} ({count} signatures)", output.display());
        screen::line(screen::toned(Tone::Good, text));
    }
    Ok(ExitCode::SUCCESS)
}
