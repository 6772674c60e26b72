//! Log lines on stderr, and how they share a terminal with a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use indicatif::ProgressBar;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The bar that log lines must not tear; one at most in a process.
static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// Sets up logging: `level` for our own lines, warnings of the libraries. `CUTTINGS_LOG` overrides it with
/// tracing's own syntax (`cuttings=debug,hyper=info`).
pub fn init(level: Level) {
    let filter = EnvFilter::try_from_env("CUTTINGS_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("warn,cuttings={}", level.as_str().to_ascii_lowercase())));
    let under_systemd = std::env::var_os("JOURNAL_STREAM").is_some();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // The journal stamps lines itself. A second call (tests) changes nothing.
    let _ = if under_systemd {
        builder.without_time().try_init()
    } else {
        builder.try_init()
    };
}

/// Shows a bar from now on, on a terminal only.
pub fn show(bar: ProgressBar) {
    let _ = BAR.set(bar);
}

#[derive(Clone, Copy)]
struct Stderr;

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        Self
    }
}

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().lock().write_all(bytes);
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
