//! Log lines: for people on stderr, for machines as JSON, for the journal with fields; and how they share a terminal
//! with a progress bar.
//!
//! What a feed or a server wrote may be in any line. Control characters and escape sequences never reach a terminal:
//! they are written as `\u{1b}`. Secrets in URLs are masked by whoever logs them (`link::masked`).

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::ProgressBar;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The bar that log lines must not tear; one at most in a process.
static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// The journal where stderr is connected to it, else text.
    Auto,
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Sets up logging: `level` for our own lines, warnings of the libraries. `CUTTINGS_LOG` overrides it with
/// tracing's own syntax (`cuttings=debug,hyper=info`).
pub fn init(level: Level, format: LogFormat) {
    let filter = EnvFilter::try_from_env("CUTTINGS_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,cuttings={}", level.as_str().to_ascii_lowercase())));
    let ansi = io::stderr().is_terminal() && format != LogFormat::Json;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Stderr { ansi })
        .with_ansi(ansi)
        .with_target(false);
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let layer = match (format, journal(format == LogFormat::Auto && under_systemd)) {
        (_, Some(journal)) => journal.boxed(),
        (LogFormat::Json, None) => lines.json().boxed(),
        // The journal stamps lines itself.
        (_, None) if under_systemd => lines.without_time().boxed(),
        (_, None) => lines.boxed(),
    };
    // A second call (tests) changes nothing.
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init();
}

/// The journal, where it is wanted and there: fields `SOURCE`, `URL`, `CODE`, `MS` as they are named in our lines.
fn journal(wanted: bool) -> Option<tracing_journald::Layer> {
    let layer = wanted.then(tracing_journald::layer)?.ok()?;
    Some(
        layer
            .with_field_prefix(None)
            .with_syslog_identifier("cuttings".to_owned()),
    )
}

/// Shows a bar from now on, on a terminal only.
pub fn show(bar: ProgressBar) {
    let _ = BAR.set(bar);
}

#[derive(Clone, Copy)]
struct Stderr {
    /// The colours are ours: their escape sequences stay.
    ansi: bool,
}

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        *self
    }
}

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = harmless(&String::from_utf8_lossy(bytes), self.ansi);
        let write = || io::stderr().lock().write_all(line.as_bytes());
        match BAR.get() {
            Some(bar) => bar.suspend(write)?,
            None => write()?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// One line as it may be shown: control characters (C0, C1, DEL) and marks that turn the direction of text are escaped,
/// line breaks within it too. With `colours`, sequences that only colour stay; those of a message were escaped before.
fn harmless(line: &str, colours: bool) -> String {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    let mut shown = String::with_capacity(line.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if colours && let Some(length) = colour(rest) {
            let (sequence, after) = rest.split_at(length);
            shown.push_str(sequence);
            rest = after;
            continue;
        }
        let turns =
            matches!(next, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (next.is_control() && next != '\t') || turns {
            shown.extend(next.escape_unicode());
        } else {
            shown.push(next);
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    shown + end
}

/// Bytes of a sequence that colours (`ESC [ numbers m`) at the beginning of a text.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let length = numbers.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    numbers.get(length..)?.starts_with('m').then_some(length + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h20_nothing_in_a_line_steers_a_terminal() {
        let line = "title \u{1b}]0;owned\u{7} and\r\nERROR forged \u{202e}gnp.exe \u{9b}2J end\n";
        let shown = harmless(line, false);
        assert_eq!(
            shown,
            "title \\u{1b}]0;owned\\u{7} and\\u{d}\\u{a}ERROR forged \\u{202e}gnp.exe \\u{9b}2J end\n"
        );
        assert_eq!(
            harmless("\u{1b}[32mINFO\u{1b}[0m a\tb", true),
            "\u{1b}[32mINFO\u{1b}[0m a\tb"
        );
        assert_eq!(harmless("\u{1b}[2Jgone", true), "\\u{1b}[2Jgone");
        assert_eq!(harmless("\u{1b}[32", true), "\\u{1b}[32");
    }
}
