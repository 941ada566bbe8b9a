//! `countersign config`: what is wrong with a configuration, and what is in force.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::error::Error;
use crate::screen::{self, Tone};
use crate::settings;

/// Check or print the configuration
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what is wrong with the configuration, and how to mend it
    ///
    /// Reads the file and the COUNTERSIGN_… variables of the environment, as a server would.
    #[command(after_help = CHECK_AFTER)]
    Check(Source),
    /// Print the configuration that is in force, with secrets hidden
    ///
    /// Defaults, then the file, then COUNTERSIGN_… variables such as COUNTERSIGN_RP_API_SCHEME.
    #[command(after_help = PRINT_AFTER)]
    Print(Source),
}

#[derive(Debug, Args)]
struct Source {
    /// The configuration file [default: none, so defaults and the environment]
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Start from the settings of `countersign dev`
    #[arg(long)]
    dev: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const CHECK_AFTER: &str = "\
Example:
  countersign config check --config countersign.toml

Exit codes: 0 nothing is wrong; 1 something is; 2 wrong usage; 3 the file cannot be read.";

const PRINT_AFTER: &str = "\
Example:
  countersign config print --config countersign.toml

Exit codes: 0 printed; 2 wrong usage; 3 the file cannot be read.";

/// What `check --json` prints.
#[derive(Serialize)]
struct Checked {
    valid: bool,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    key: String,
    fault: String,
    remedy: String,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.command {
        Command::Check(source) => check(&source),
        Command::Print(source) => print(&source),
    }
}

fn load(source: &Source) -> Result<countersign_server::Config, Error> {
    let file = source.config.as_deref();
    if source.dev { settings::load_dev(file) } else { settings::load(file) }
}

fn check(source: &Source) -> Result<ExitCode, Error> {
    let faults = load(source)?.check();
    let valid = faults.is_empty();
    if source.json {
        let faults = faults
            .into_iter()
            .map(|mend| Fault { key: mend.key, fault: mend.fault, remedy: mend.remedy })
            .collect();
        screen::json(&Checked { valid, faults });
    } else if valid {
        screen::line(screen::toned(Tone::Good, "The configuration is in order."));
    } else {
        for fault in faults {
            screen::line(format_args!("{}  {}", screen::toned(Tone::Bad, &fault.key), fault.fault));
            screen::line(format_args!("  to mend it: {}", fault.remedy));
        }
    }
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(source: &Source) -> Result<ExitCode, Error> {
    let config = load(source)?;
    if source.json {
        screen::json(&config);
    } else {
        screen::line(config.to_toml().trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
