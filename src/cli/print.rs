//! Printing: results to stdout, messages to stderr.

use std::io::{self, Write};

use serde::Serialize;

use crate::shapes;

/// Prints a result and a line break, to stdout.
pub(super) fn print_result(text: &str) -> io::Result<()> {
    print_bytes(format!("{text}\n").as_bytes())
}

/// Prints a result as one line of JSON, to stdout.
pub(super) fn print_json(shape: &impl Serialize) -> io::Result<()> {
    print_result(&shapes::to_line(shape)?)
}

/// Prints a result that is bytes, to stdout.
pub(super) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Prints a message and a line break, to stderr. That stderr is closed is not an error: nobody could be told.
pub(super) fn print_message(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A text on one line: each run of white space is one space.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
