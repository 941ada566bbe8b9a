//! What the person sees: results on standard output, errors on standard error, colours only where a terminal shows
//! them.

use std::fmt::{Arguments, Display};
use std::io::{self, IsTerminal, Write};

use crate::error::Error;

/// One line of a result. A reader that went away (`countersign verify … | head`) is no error.
pub(crate) fn line(text: impl Display) {
    write(&mut io::stdout().lock(), format_args!("{text}\n"));
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
