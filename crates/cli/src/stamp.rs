//! `countersign stamp`: a file put into an ASiC-S container with a time-stamp, which proves that it existed. Nobody signs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use countersign_container::xades::ARCHIVE_DIGEST;
use countersign_container::{
    Container, EvidenceReport, FileName, Form, Method, Policy, media_type, validate,
};
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::file::{self, Pending};
use crate::level::LevelName;
use crate::long_term::{LongTerm, SourceArguments, Sources};
use crate::screen::{self, Tone};
use crate::service::Place;
use crate::{clock, extend, runtime};

/// Time-stamp a file, to prove later that it existed
///
/// The file goes into an ASiC-S container with a time-stamp over its bytes. `countersign extend` renews the time-stamp before its
/// certificate expires, and `countersign verify --time-stamped` checks it. A time-stamp is no signature: it says when, not who.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where to write the container
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    /// Replace OUT if it is there
    #[arg(long)]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// A service on this machine, for its time-stamps and trust anchors
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", hide_env_values = true, default_value = crate::service::DEV_URL, help_heading = "Service")]
    url: Url,
    /// Trust the CA certificates in this directory [default: those of the service, if it is on this machine]
    #[arg(
        long,
        value_name = "DIR",
        env = "COUNTERSIGN_TRUST",
        hide_env_values = true,
        help_heading = "Service"
    )]
    trust: Option<PathBuf>,
    #[command(flatten)]
    sources: SourceArguments,
}

const AFTER: &str = "\
Examples:
  countersign stamp old.ddoc -o old.asics
  countersign stamp scan.pdf -o scan.asics --tsa http://tsa.example.org --trust ./trust

Exit codes:
  0  time-stamped, checked and written
  1  the result did not pass its own check; nothing was written
  2  wrong usage
  3  a file cannot be read or written, or OUT is there already
  4  the time-stamping authority cannot be reached, or refuses
  6  the time-stamp cannot be trusted";

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: String,
    time_stamps: Vec<EvidenceReport>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    file::check_free(&arguments.output, arguments.force)?;
    let mut container = Container::of_form(Form::AsicS);
    let content = file::read_watched(&arguments.file, container.limits().data_file_bytes, "reading")?;
    let name = arguments.file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Error::NoFileName { path: arguments.file.clone() })?;
    container.add_data_file(
        FileName::parse(name)?,
        media_type::of(name),
        &content,
        Method::Deflated,
        clock::now(),
    )?;
    runtime::small()?.block_on(async {
        let place = Place::open(&arguments.url, arguments.trust.as_deref()).await?;
        let sources = Sources::find(&arguments.sources, place.origin_if_local(), LevelName::T)?;
        let long_term = LongTerm::new(&place, &sources)?;
        let imprint = container.digest_data_file(name, ARCHIVE_DIGEST)?;
        let token = long_term.time_stamp(ARCHIVE_DIGEST, &imprint).await?;
        container.add_time_stamp_token(&token, clock::now())?;
        let written = write(&container, &arguments.output, arguments.force, &place)?;
        finish(&arguments.output, written, arguments.json);
        Ok(ExitCode::SUCCESS)
    })
}

/// `extend` of a container that has time-stamps and no signatures: one more over everything.
pub(crate) async fn renew(
    arguments: &extend::Arguments,
    mut container: Container,
) -> Result<ExitCode, Error> {
    let place = Place::open(&arguments.url, arguments.trust.as_deref()).await?;
    let sources = Sources::find(&arguments.sources, place.origin_if_local(), LevelName::T)?;
    let long_term = LongTerm::new(&place, &sources)?;
    let renewal = container.renew_evidence(ARCHIVE_DIGEST)?;
    let token = long_term.time_stamp(renewal.digest(), &renewal.imprint()).await?;
    container.add_renewal(&renewal, &token, clock::now())?;
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    let written = write(&container, output, arguments.force || arguments.output.is_none(), &place)?;
    finish(output, written, arguments.json);
    Ok(ExitCode::SUCCESS)
}

/// Writes the container after its time-stamps passed the check that anybody would make.
fn write(
    container: &Container,
    output: &Path,
    force: bool,
    place: &Place,
) -> Result<Vec<EvidenceReport>, Error> {
    let report = validate(container, &place.anchors, clock::now(), &Policy::default());
    if !report.is_time_stamped() {
        screen::line(screen::toned(Tone::Bad, &report));
        return Err(Error::OwnContainer);
    }
    let pending = Pending::create(output)?;
    file::write_container(container, &pending)?;
    pending.place(force)?;
    Ok(report.time_stamp_tokens)
}

fn finish(output: &Path, time_stamps: Vec<EvidenceReport>, json: bool) {
    if json {
        screen::json(&Report { file: output.display().to_string(), time_stamps });
        return;
    }
    let last = time_stamps.last().and_then(|token| token.time_stamp.signed_time);
    let since = last.map(|time| format!(", {time}")).unwrap_or_default();
    let count = match time_stamps.len() {
        1 => "1 time-stamp".to_owned(),
        count => format!("{count} time-stamps"),
    };
    screen::line(screen::toned(
        Tone::Good,
        format!("Time-stamped and checked: {} ({count}{since})", output.display()),
    ));
}
