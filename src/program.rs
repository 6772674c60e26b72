//! Programs of the user's: run without a shell, each in a process group of its own, which is killed whole.
//!
//! `fetch` runs those that print pages and feeds, `deliver` those that get messages. What a program prints is limited, and
//! so is its time. Processes that left the group, as `timeout` does, are killed with it where Linux still tells that they
//! descend from the program. One whose parent has ended is not found again; under systemd it ends with the unit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{FusedFuture as _, FutureExt as _};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// Bytes of stderr that become part of an error: the last.
const MAX_STDERR: usize = 400;

/// How long pipes are read after the program ended: a process that left its group may hold them open.
const PIPE_GRACE: Duration = Duration::from_secs(1);

/// Processes whose children are looked for.
const MAX_DESCENDANTS: usize = 1000;

/// Groups that are running, for [`kill_all`].
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// A program and its limits.
pub(crate) struct ProgramRun<'a> {
    /// The program, found in `PATH` where it has no slash.
    pub(crate) program: OsString,
    /// Its arguments; no shell reads them.
    pub(crate) arguments: Vec<OsString>,
    /// All of its environment; `None`: that of this process.
    pub(crate) environment: Option<Vec<(OsString, OsString)>>,
    /// What it gets on stdin.
    pub(crate) stdin: &'a [u8],
    /// Most bytes that it may print; `None`: its stdout is not read.
    pub(crate) max_stdout: Option<u64>,
    /// When it is killed.
    pub(crate) timeout: Duration,
    /// Whether what it started and left behind is killed when it ends.
    pub(crate) kills_rest: bool,
}

/// Why a program brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    /// It is not there, or may not be run.
    #[error("cannot be run: {0}")]
    NotStarted(std::io::Error),
    /// It printed too much, and was killed.
    #[error("printed more than {0} bytes")]
    TooLarge(u64),
    /// It was killed at its time.
    #[error("did not end within {after:?}{}", after_colon(said))]
    TimedOut {
        /// The limit.
        after: Duration,
        /// The end of its stderr.
        said: String,
    },
    /// It ended otherwise than with exit code 0.
    #[error("{}{}", ended(*status), after_colon(said))]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The end of its stderr.
        said: String,
    },
}

impl ProgramError {
    /// The exit code, if it has one.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Failed { status, .. } => status.code(),
            _ => None,
        }
    }
}

/// Runs a program to its end; what it printed. If the future is dropped, the program and its group are killed.
pub(crate) async fn run(run: ProgramRun<'_>) -> Result<Vec<u8>, ProgramError> {
    let mut command = Command::new(&run.program);
    command
        .args(&run.arguments)
        .stdin(if run.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(if run.max_stdout.is_some() { Stdio::piped() } else { Stdio::null() })
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(environment) = run.environment {
        command.env_clear().envs(environment);
    }
    let mut child = command.spawn().map_err(ProgramError::NotStarted)?;
    let mut group = ProcessGroup::of(&child);
    let (mut printed, mut said) = (Vec::new(), Vec::new());
    let (limit, after) = (run.max_stdout.unwrap_or(0), run.timeout);
    let ended = {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let pipes = async {
            let write = async {
                if let Some(mut stdin) = stdin {
                    // The exit code decides, also where the program did not read all.
                    let _ = stdin.write_all(run.stdin).await;
                }
                Ok(())
            };
            let print = read_up_to(stdout, limit, &mut printed);
            tokio::try_join!(write, print, read_tail(stderr, &mut said)).map(drop)
        };
        let mut pipes = pin!(pipes.fuse());
        let whole = async {
            let status = tokio::select! {
                status = child.wait() => status,
                closed = &mut pipes => {
                    closed?;
                    child.wait().await
                }
            };
            let status = status.map_err(ProgramError::NotStarted)?;
            if run.kills_rest {
                group.kill();
            }
            if !pipes.is_terminated()
                && let Ok(closed) = tokio::time::timeout(PIPE_GRACE, pipes).await
            {
                closed?;
            }
            Ok(status)
        };
        tokio::time::timeout(after, whole).await
    };
    // No line breaks in a message, and nothing that steers a terminal.
    let said = String::from_utf8_lossy(&said).replace(char::is_control, " ").trim().to_owned();
    if !matches!(ended, Ok(Ok(_))) {
        group.kill();
        // It ends at once, and its place is free only then.
        let _ = tokio::time::timeout(PIPE_GRACE, child.wait()).await;
    }
    match ended {
        Err(_) => Err(ProgramError::TimedOut { after, said }),
        Ok(Err(error)) => Err(error),
        Ok(Ok(status)) => {
            if !run.kills_rest {
                group.release();
            }
            if status.success() { Ok(printed) } else { Err(ProgramError::Failed { status, said }) }
        }
    }
}

/// Kills every program that runs: for an exit that drops no task.
pub(crate) fn kill_all() {
    for &group in running().iter() {
        kill(group);
    }
}

/// The process group of a program; killed when dropped.
struct ProcessGroup(Option<i32>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        running().extend(id);
        Self(id)
    }

    /// Kills the group, once: later its number may be another's.
    fn kill(&mut self) {
        if let Some(group) = self.release() {
            kill(group);
        }
    }

    /// Leaves what is left of the group alone.
    fn release(&mut self) -> Option<i32> {
        let group = self.0.take()?;
        running().remove(&group);
        Some(group)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Kills a group and the descendants of its first process.
fn kill(group: i32) {
    let descendants = descendants(group);
    // Nobody may be left.
    if let Some(group) = Pid::from_raw(group) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    for process in descendants.into_iter().filter_map(Pid::from_raw) {
        let _ = kill_process(process, Signal::KILL);
    }
}

/// The processes that a process and its children started, as far as Linux tells (`/proc/PID/task/TID/children`).
fn descendants(process: i32) -> Vec<i32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(process) = found.get(next).copied().filter(|_| next < MAX_DESCENDANTS) {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        for thread in threads {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|id| id.parse::<i32>().ok()));
        }
        next += 1;
    }
    found.split_off(1)
}

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads all of a pipe; more than `limit` bytes are an error.
async fn read_up_to(
    pipe: Option<impl AsyncRead + Unpin>,
    limit: u64,
    printed: &mut Vec<u8>,
) -> Result<(), ProgramError> {
    if let Some(pipe) = pipe {
        // After an error `printed` holds what was read before it; the exit code decides.
        let _ = pipe.take(limit.saturating_add(1)).read_to_end(printed).await;
        if printed.len() as u64 > limit {
            return Err(ProgramError::TooLarge(limit));
        }
    }
    Ok(())
}

/// Reads all of a pipe, and keeps its end: a full pipe would stop the program.
async fn read_tail(pipe: Option<impl AsyncRead + Unpin>, tail: &mut Vec<u8>) -> Result<(), ProgramError> {
    if let Some(mut pipe) = pipe {
        let mut buffer = vec![0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut buffer).await {
            tail.extend_from_slice(buffer.get(..length).unwrap_or_default());
            tail.drain(..tail.len().saturating_sub(MAX_STDERR));
        }
    }
    Ok(())
}

/// How a program ended, as a phrase.
fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

fn after_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
