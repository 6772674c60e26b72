//! A program that gets JSON Lines on stdin. No shell: words are words.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::{Message, Refusal};

/// For one run.
const LONGEST: Duration = Duration::from_mins(5);

/// Bytes of stderr that are shown.
const SHOWN: u64 = 400;

/// Runs it with a message; exit code 0 says that it has it.
pub(super) async fn run(words: &[String], message: &Message) -> Result<(), Refusal> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Refusal::soft("the command is empty"));
    };
    let failed = |what: &str, error: &std::io::Error| Refusal::soft(format!("{program}: {what}: {error}"));
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed("cannot be run", &error))?;
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let feed = async {
        if let Some(mut input) = input {
            // A program that ends before it has read all is judged by its exit code.
            let _ = input.write_all(&message.body).await;
        }
    };
    let listen = async {
        let mut text = Vec::new();
        if let Some(errors) = errors {
            let mut head = errors.take(SHOWN);
            let _ = head.read_to_end(&mut text).await;
            // The rest is read, so that the program does not wait for a reader.
            let _ = tokio::io::copy(&mut head.into_inner(), &mut tokio::io::sink()).await;
        }
        String::from_utf8_lossy(&text).trim().replace('\n', " ")
    };
    let whole = async { tokio::join!(feed, listen, child.wait()) };
    let Ok(((), said, ended)) = tokio::time::timeout(LONGEST, whole).await else {
        return Err(Refusal::soft(format!("{program}: did not end within 5 minutes")));
    };
    let status = ended.map_err(|error| failed("cannot be waited for", &error))?;
    if status.success() {
        return Ok(());
    }
    let colon = if said.is_empty() { "" } else { ": " };
    Err(Refusal::soft(format!("{program}: {status}{colon}{said}")))
}
