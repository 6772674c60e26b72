//! A suspect input is read by a child process first.
//!
//! An input can end a process in ways that nothing catches: a stack that overflows, memory that runs out. What was
//! being read when a process died (see [`crate::store::Work`]) is suspect, rightly or not: it may have been killed from
//! outside at that moment. So it is not judged by the deaths of the daemon but by that of a child that reads nothing
//! else, and the daemon does not die of it twice.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use url::Url;

use crate::model::{CRASHED, SET_ASIDE};
use crate::{extract, feed, html};

/// The hidden subcommand that [`child`] answers.
pub const COMMAND: &str = "probe";

/// How long a child may read.
const PATIENCE: Duration = Duration::from_secs(30);

/// What an input is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeKind {
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

/// Whether a child process reads the input to its end. One that cannot be started tells nothing against the input.
pub async fn survives(kind: ProbeKind, content_type: Option<&str>, body: &[u8]) -> bool {
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
            // A child that dies early closes its end: its exit status tells.
            let _ = input.write_all(body).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(PATIENCE, reads).await {
        Ok(Ok(status)) => status.success(),
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

/// Code and sentence for an input that a child did not survive, after so many deaths before.
pub fn verdict(crashes: u32) -> (&'static str, String) {
    let [crashed, set_aside] = CRASHED;
    if crashes + 1 < SET_ASIDE {
        (
            crashed,
            "it ended the process that read it; it is tried again".into(),
        )
    } else {
        (
            set_aside,
            format!(
                "it ended {} processes that read it: set aside; please report it",
                crashes + 1
            ),
        )
    }
}

/// The child's side: reads stdin as `kind` and says nothing. Errors are fine; what matters is that it gets to its end.
pub fn child(
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
        let page = extract::PageInput {
            html: &html,
            url: &url,
            link_header: None,
        };
        let _ = extract::article(&page, &[], chrono_tz::UTC, now);
    }
    Ok(())
}
