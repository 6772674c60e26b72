//! How a command ends: exit codes, and the errors that decide them.
//!
//! Exit code 0: done. 1: some work failed, or something needs a person. 2: the command line or the configuration is wrong.

use std::io;
use std::process::ExitCode;

use crate::config::{Faults, nearest};

/// How a command ended that did not fail as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    NeedsAPerson = 1,
    Usage = 2,
}

impl Exit {
    /// `Done` or `NeedsAPerson`.
    pub(super) fn done_if(well: bool) -> Self {
        if well { Self::Done } else { Self::NeedsAPerson }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A mistake in the command line, as a sentence: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

impl UsageError {
    /// A name that does not exist, with the nearest that does; `shown_by` is the command that shows all, such as
    /// `cuttings list`.
    pub(super) fn unknown<'a>(
        noun: &str,
        typed: &str,
        names: impl IntoIterator<Item = &'a str>,
        shown_by: &str,
    ) -> Self {
        let hint = match nearest(typed, names) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("`{shown_by}` shows them"),
        };
        Self(format!("there is no {noun} {typed:?}; {hint}"))
    }
}

/// The mistakes in a configuration, rendered for the terminal: exit code 2. Printed without a word before.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConfigError(String);

impl From<&Faults> for ConfigError {
    fn from(faults: &Faults) -> Self {
        Self(faults.render(io::IsTerminal::is_terminal(&io::stderr())))
    }
}

/// Whether the reader of stdout or stderr has closed it (`| head`), which is no error.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
