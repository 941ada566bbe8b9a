//! The `countersign` command: arguments in, one function call, an exit code out.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};

mod allocator;
mod anchors;
mod bank;
mod ca;
mod clock;
mod completions;
mod configuration;
mod desk;
mod dev;
mod error;
mod extend;
mod file;
mod http;
mod inspect;
mod interrupt;
mod level;
mod login;
mod long_term;
mod pdf;
mod person;
mod progress;
mod proposal;
mod remove;
mod runtime;
mod screen;
mod service;
mod settings;
mod sign;
mod stamp;
mod token;
mod trust;
mod verify;

use self::error::Error;

/// An open, self-hosted trust service: log in and sign with a phone, issue certificates, check signatures.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 110, after_help = error::EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::Arguments),
    Login(login::Arguments),
    Sign(sign::Arguments),
    Extend(extend::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Remove(remove::Arguments),
    Stamp(stamp::Arguments),
    Person(person::Arguments),
    Proposal(proposal::Arguments),
    Token(token::Arguments),
    Ca(ca::Arguments),
    Trust(trust::Arguments),
    Config(configuration::Arguments),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let begun = Instant::now();
    let arguments = Arguments::parse();
    match run(arguments.command, begun) {
        Ok(code) => code,
        Err(error) => {
            screen::error(&error);
            error.exit_code()
        }
    }
}

fn run(command: Command, begun: Instant) -> Result<ExitCode, Error> {
    match command {
        Command::Dev(arguments) => dev::run(arguments, begun),
        Command::Login(arguments) => login::run(&arguments),
        Command::Sign(arguments) => sign::run(&arguments),
        Command::Extend(arguments) => extend::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Remove(arguments) => remove::run(&arguments),
        Command::Stamp(arguments) => stamp::run(&arguments),
        Command::Person(arguments) => person::run(&arguments),
        Command::Proposal(arguments) => proposal::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Ca(arguments) => ca::run(&arguments),
        Command::Trust(arguments) => trust::run(arguments),
        Command::Config(arguments) => configuration::run(arguments),
        Command::Completions(arguments) => Ok(completions::run::<Arguments>(&arguments)),
    }
}
