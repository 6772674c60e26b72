//! Logging: text or JSON on stderr, or the systemd journal with fields.
//!
//! Any line may contain what a feed or a server wrote. Control characters and escape sequences never reach a terminal:
//! they are written as `\u{1b}` (docs/threats.md, H20). Callers mask secrets in URLs (`link::mask_secrets`). Lines do not tear a
//! progress bar that is shown with [`show`].

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::ProgressBar;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The progress bar; one at most in a process.
static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// Format of log lines: `Auto` is the journal under systemd, else text; `Json` is an object a line. Variants have no
/// comments because clap would show them in the help of every command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Auto,
    Text,
    Json,
}

/// Sets up logging: `level` for this program, warnings for libraries. `CUTTINGS_LOG` overrides both in the syntax of
/// tracing (`cuttings=debug,hyper=info`). A second call changes nothing.
pub(crate) fn init(level: Level, format: LogFormat) {
    let filter = EnvFilter::try_from_env("CUTTINGS_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,cuttings={}", level.as_str().to_ascii_lowercase())));
    let ansi = io::stderr().is_terminal() && format != LogFormat::Json;
    let lines =
        tracing_subscriber::fmt::layer().with_writer(Stderr { ansi }).with_ansi(ansi).with_target(false);
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let layer = match (format, journal(format == LogFormat::Auto && under_systemd)) {
        (_, Some(journal)) => journal.boxed(),
        (LogFormat::Json, None) => lines.json().boxed(),
        // The journal stamps lines itself.
        (_, None) if under_systemd => lines.without_time().boxed(),
        (_, None) => lines.boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}

/// The journal, if wanted and present; fields of log lines become `SOURCE`, `URL`, `CODE`, `MS`.
fn journal(wanted: bool) -> Option<tracing_journald::Layer> {
    let layer = wanted.then(tracing_journald::layer)?.ok()?;
    Some(layer.with_field_prefix(None).with_syslog_identifier("cuttings".to_owned()))
}

/// Sets the progress bar that log lines are written above.
pub(crate) fn show(bar: ProgressBar) {
    let _ = BAR.set(bar);
}

/// stderr, made harmless and written above the progress bar.
#[derive(Clone, Copy)]
struct Stderr {
    /// Lines are coloured: escape sequences that colour stay.
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
        let line = escape_controls(&String::from_utf8_lossy(bytes), self.ansi);
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

/// A line as it may be shown: control characters (C0, C1, DEL), line breaks within it and marks that change the direction
/// of text are escaped. With `colours`, sequences that only colour stay; those of a message were escaped before.
fn escape_controls(line: &str, colours: bool) -> String {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (line, ""),
    };
    let mut shown = String::with_capacity(line.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if colours && let Some(length) = colour_length(rest) {
            let (sequence, after) = rest.split_at(length);
            shown.push_str(sequence);
            rest = after;
            continue;
        }
        let changes_direction =
            matches!(next, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if (next.is_control() && next != '\t') || changes_direction {
            shown.extend(next.escape_unicode());
        } else {
            shown.push(next);
        }
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    shown + end
}

/// Length in bytes of a sequence that colours (`ESC [ numbers m`) at the beginning of a text.
fn colour_length(text: &str) -> Option<usize> {
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
        let shown = escape_controls(line, false);
        assert_eq!(
            shown,
            "title \\u{1b}]0;owned\\u{7} and\\u{d}\\u{a}ERROR forged \\u{202e}gnp.exe \\u{9b}2J end\n"
        );
        assert_eq!(escape_controls("\u{1b}[32mINFO\u{1b}[0m a\tb", true), "\u{1b}[32mINFO\u{1b}[0m a\tb");
        assert_eq!(escape_controls("\u{1b}[2Jgone", true), "\\u{1b}[2Jgone");
        assert_eq!(escape_controls("\u{1b}[32", true), "\\u{1b}[32");
    }
}
