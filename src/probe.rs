//! Reads a suspect input in a child process first.
//!
//! Some inputs end a process in ways that cannot be caught: stack overflow, lack of memory. What was being parsed when
//! the process died (see [`crate::store::WorkItem`]) is suspect, but the process may have been killed from outside at that
//! moment. So `poll` and `collect` let a child process ([`child`]) parse it alone: if that dies too, the input fails, and
//! the daemon does not die of it twice.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use url::Url;

use crate::model::{CRASHED, SET_ASIDE};
use crate::{extract, feed, html};

/// The hidden subcommand of the child process.
pub(crate) const COMMAND: &str = "probe";

/// Limit of a child process.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What an input is parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbeKind {
    /// A feed document.
    Feed,
    /// A page.
    Page,
}

impl ProbeKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Page => "page",
        }
    }
}

/// Whether a child process parses the input to its end. True also where no child can be started.
pub(crate) async fn survives(kind: ProbeKind, content_type: Option<&str>, body: &[u8]) -> bool {
    let Ok(program) = std::env::current_exe() else {
        return true;
    };
    let child = Command::new(program)
        .args([COMMAND, kind.as_str(), content_type.unwrap_or_default()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else { return true };
    let reads = async {
        if let Some(mut input) = child.stdin.take() {
            // The exit status decides, also where the child read only a part.
            let _ = input.write_all(body).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(TIMEOUT, reads).await {
        Ok(Ok(status)) => status.success(),
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

/// Code and message of an input that a child did not survive; `crashes` is the number of processes that died before.
pub(crate) fn crash_failure(crashes: u32) -> (&'static str, String) {
    let [crashed, set_aside] = CRASHED;
    if crashes + 1 < SET_ASIDE {
        (crashed, "it ended the process that read it; it is tried again".into())
    } else {
        (set_aside, format!("it ended {} processes that read it: set aside; please report it", crashes + 1))
    }
}

/// The child process: parses stdin as `kind`. Errors do not matter; that it ends does.
pub(crate) fn child(
    kind: &str,
    content_type: &str,
    input: &mut dyn Read,
    now: DateTime<Utc>,
) -> std::io::Result<()> {
    let mut body = Vec::new();
    input.read_to_end(&mut body)?;
    let content_type = Some(content_type).filter(|text| !text.is_empty());
    if kind == ProbeKind::Feed.as_str() {
        let _ = feed::parse(&body, content_type, None);
    } else if let Ok(url) = Url::parse("https://probe.invalid/page") {
        let html = html::decode(&body, content_type);
        let page = extract::PageInput { html: &html, url: &url, link_header: None };
        let _ = extract::article(&page, &[], chrono_tz::UTC, now);
    }
    Ok(())
}
