//! `countersign remove`: a signature taken out of a file. Everything else keeps its bytes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use countersign_container::pades::{PdfLimits, without_last_signature};
use serde::Serialize;

use crate::error::Error;
use crate::file::Pending;
use crate::screen::{self, Tone};
use crate::{clock, file, pdf};

/// Remove a signature from a container or PDF document
///
/// In a container any signature can go: the files and the other signatures stay as they are. Of a document the last signature
/// can, with the validation data and time-stamps that came after it: the document is what it was before. `countersign
/// inspect` shows which signatures there are.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The container or document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The signature: its Id in a container, its field in a document
    #[arg(long, value_name = "ID")]
    signature: String,
    /// Where to write the result [default: in place of FILE]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Replace OUT if it is there
    #[arg(long, requires = "output")]
    force: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

const AFTER: &str = "\
Examples:
  countersign remove contract.asice --signature S1
  countersign remove contract.pdf --signature Signature2 -o before.pdf

Exit codes:
  0  removed and written
  1  there is no such signature, or it cannot be removed; nothing was written
  2  wrong usage
  3  a file cannot be read or written, FILE is not sound, or OUT is there already";

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: String,
    removed: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if let Some(output) = &arguments.output {
        file::check_free(output, arguments.force)?;
    }
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    let replaces = arguments.force || arguments.output.is_none();
    let removed = if pdf::is_document(&arguments.file)? {
        let document = pdf::read(&arguments.file)?;
        let before = without_last_signature(&document, &arguments.signature, &PdfLimits::default())?;
        file::write(output, before, replaces)?;
        vec![arguments.signature.clone()]
    } else {
        remove_from_container(arguments, output, replaces)?
    };
    if arguments.json {
        screen::json(&Report { file: output.display().to_string(), removed });
    } else {
        let text = format!("Removed {}: {}", removed.join(", "), output.display());
        screen::line(screen::toned(Tone::Good, text));
    }
    Ok(ExitCode::SUCCESS)
}

/// The signature of this Id. In files that others made, two can have it; then nobody knows which is meant.
fn remove_from_container(arguments: &Arguments, output: &Path, replaces: bool) -> Result<Vec<String>, Error> {
    let mut container = file::open_container(&arguments.file, "reading")?;
    let found: Vec<String> = container
        .signatures()?
        .into_iter()
        .filter(|(_, signature)| signature.id() == arguments.signature)
        .map(|(file, _)| file)
        .collect();
    let [file] = &found[..] else {
        let (path, id) = (arguments.file.clone(), arguments.signature.clone());
        return Err(match found.is_empty() {
            true => Error::NothingToRemove { path, id },
            false => Error::SeveralToRemove { path, id },
        });
    };
    container.remove_signature(file, &arguments.signature, clock::now())?;
    let pending = Pending::create(output)?;
    file::write_container(&container, &pending)?;
    pending.place(replaces)?;
    Ok(vec![format!("{} in {file}", arguments.signature)])
}
