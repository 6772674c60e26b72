//! A program that gets JSON Lines on stdin (`command = ["PROGRAM", …]`). No shell reads its words.
//!
//! Every failure is temporary: a program may be repaired, and the message waits for it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::error::DeliveryError;
use super::message::Message;

/// Limit of one run; the program is killed after it.
const TIMEOUT: Duration = Duration::from_mins(5);

/// Bytes of stderr that become part of the error.
const MAX_STDERR: u64 = 400;

/// Runs the program with a message; exit code 0 confirms it.
pub(super) async fn run(words: &[String], message: &Message) -> Result<(), DeliveryError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(DeliveryError::temporary("the command is empty"));
    };
    let failed = |what: &str| DeliveryError::temporary(format!("{program}: {what}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {error}")))?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // The exit code decides, also where the program did not read all.
            let _ = stdin.write_all(&message.body).await;
        }
    };
    let read = async {
        let mut text = Vec::new();
        if let Some(stderr) = stderr {
            let mut head = stderr.take(MAX_STDERR);
            let _ = head.read_to_end(&mut text).await;
            // The rest is read too: a full pipe would stop the program.
            let _ = tokio::io::copy(&mut head.into_inner(), &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&text).trim().replace('\n', " ")
    };
    let all = async { tokio::join!(write, read, child.wait()) };
    let Ok(((), stderr, ended)) = tokio::time::timeout(TIMEOUT, all).await else {
        return Err(failed("did not end within 5 minutes"));
    };
    let status = ended.map_err(|error| failed(&format!("cannot be waited for: {error}")))?;
    match stderr.as_str() {
        _ if status.success() => Ok(()),
        "" => Err(failed(&status.to_string())),
        stderr => Err(failed(&format!("{status}: {stderr}"))),
    }
}
