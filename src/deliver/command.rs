//! A program that gets JSON Lines on stdin (`command = ["PROGRAM", …]`). No shell reads its words.
//!
//! Every failure is temporary: a program may be repaired, and the message waits for it. What the program started and left
//! behind goes on after it.

use std::ffi::OsString;
use std::time::Duration;

use super::error::DeliveryError;
use super::message::Message;
use crate::program::{self, ProgramRun};

/// Limit of one run; the program is killed after it.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Runs the program with a message; exit code 0 confirms it.
pub(super) async fn run(words: &[String], message: &Message) -> Result<(), DeliveryError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(DeliveryError::temporary("the command is empty"));
    };
    let run = ProgramRun {
        program: program.into(),
        arguments: arguments.iter().map(OsString::from).collect(),
        environment: None,
        stdin: &message.body,
        max_stdout: None,
        timeout: TIMEOUT,
        kills_rest: false,
    };
    let ended = program::run(run).await;
    ended.map(drop).map_err(|error| DeliveryError::temporary(format!("{program}: {error}")))
}
