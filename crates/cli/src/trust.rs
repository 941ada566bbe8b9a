//! `countersign trust export`: roots and issuing CAs as files that other programs take.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_server::trust::{trust_files, trusted_list_files};
use countersign_server::{Randomness, authority};

use crate::error::Error;
use crate::{clock, file, screen};

/// Trust anchors for other programs
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Export(Export),
}

/// Write the roots and issuing CAs of `countersign dev` as PEM, DER, PKCS#12 and a Java key store
///
/// No server is asked: the TEST authority is the same on every machine and is inside this program. Its keys are public,
/// so trust it in tests only.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
struct Export {
    /// The directory to write into; it is made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Replace files of the same names that hold something else
    #[arg(long)]
    force: bool,
}

const AFTER: &str = "\
Example:
  countersign trust export ./trust
  countersign verify contract.asice --trust ./trust

Writes, among others:
  root.pem                the anchor
  eid-q.pem, eid-nq.pem   issuing CAs
  tsa.pem                 signs time-stamps
  tls-root.pem            HTTPS of `countersign dev`
  trust.jks, trust.p12    root and issuing CAs; the password is changeit
  trusted-list.xml        the test trusted list; trusted-list.pem signs it

Exit codes: 0 written; 2 wrong usage; 3 a file cannot be written, or another is in its place.";

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.command {
        Command::Export(export) => run_export(&export),
    }
}

fn run_export(export: &Export) -> Result<ExitCode, Error> {
    let authorities = authority::dev::authorities()?;
    let tls_root = authority::dev::tls_root()?;
    let mut files = trust_files(&authorities, Some(&tls_root), &mut Randomness::system())?;
    files.extend(trusted_list_files(&authorities, clock::now()).map_err(Error::OwnTrustedList)?);
    let directory = &export.directory;
    std::fs::create_dir_all(directory).map_err(|source| Error::File {
        action: "create",
        path: directory.clone(),
        source,
    })?;
    // First look, then write: half of two authorities in one directory would be worse than either.
    for each in &files {
        let path = directory.join(&each.name);
        if !export.force && !differs_each_time(&each.name) && holds_something_else(&path, &each.content) {
            return Err(Error::Exists { path });
        }
    }
    screen::line(format_args!("The public TEST authority of `countersign dev`, to {}:", directory.display()));
    for each in &files {
        file::write(&directory.join(&each.name), &each.content, true)?;
        screen::line(format_args!("  {:<16} {}", each.name, each.about));
    }
    Ok(ExitCode::SUCCESS)
}

/// Key stores are salted and the trusted list is signed anew, so they differ each time; the certificates beside
/// them say whose they are.
fn differs_each_time(name: &str) -> bool {
    [".p12", ".jks", ".xml"].iter().any(|ending| name.ends_with(ending))
}

fn holds_something_else(path: &Path, content: &[u8]) -> bool {
    path.symlink_metadata().is_ok() && std::fs::read(path).map_or(true, |present| present != content)
}
