//! What the person sees: results on standard output, errors on standard error, colours only where a terminal shows
//! them.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::error::Error;

/// One line of a result. A reader that went away (`countersign verify … | head`) is no error.
pub(crate) fn line(text: impl Display) {
    write(&mut io::stdout().lock(), format_args!("{text}\n"));
}

/// A result for programs.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => line(text),
        // Paths that are no text are all that JSON could refuse here.
        Err(error) => warning(format_args!("the result cannot be written as JSON: {error}")),
    }
}

/// Something odd, beside the result.
pub(crate) fn warning(text: impl Display) {
    let mut stderr = io::stderr().lock();
    let (on, off) = if colours(&stderr) { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
    write(&mut stderr, format_args!("{on}warning:{off} {text}\n"));
}

/// How a piece of a result is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// Passed.
    Good,
    /// Passed, but odd.
    Odd,
    /// Did not pass.
    Bad,
}

/// Says how the work goes on, unless the result is for a program.
pub(crate) fn narrator(for_program: bool) -> impl Fn(Arguments<'_>) {
    move |text| {
        if !for_program {
            line(text);
        }
    }
}

/// Somebody ended the program before its time.
pub(crate) fn interrupted() {
    write(&mut io::stderr().lock(), format_args!("\ninterrupted; nothing was written\n"));
}

/// The text, coloured where standard output shows colours.
pub(crate) fn toned(tone: Tone, text: impl Display) -> String {
    let code = match tone {
        Tone::Plain => return text.to_string(),
        Tone::Good => "32",
        Tone::Odd => "33",
        Tone::Bad => "31",
    };
    if colours(&io::stdout()) { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}

/// The error that ends the program, and what to do about it.
pub(crate) fn error(error: &Error) {
    let mut stderr = io::stderr().lock();
    let (on, off) = if colours(&stderr) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    write(&mut stderr, format_args!("{on}error:{off} {error}\n"));
    if let Some(remedy) = error.remedy() {
        write(&mut stderr, format_args!("  {remedy}\n"));
    }
}

/// Whether this stream shows colours: it is a terminal, and nobody asked for plain text (<https://no-color.org>).
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    stream.is_terminal() && !plain
}

fn write(stream: &mut impl Write, text: Arguments<'_>) {
    // There is nowhere left to report this to.
    let _ = stream.write_fmt(text).and_then(|()| stream.flush());
}
