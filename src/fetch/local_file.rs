//! Feeds in files: `feed = "file:///…"` of a source, below a folder that `fetch.allow_files` names (docs/threats.md, H1).
//!
//! Links and `..` are resolved before the folder is checked, and once more when the file is open: what is read is a regular
//! file that was inside then. Size and time of modification serve as validators.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustix::fs::OFlags;
use url::Url;

use super::body;
use super::client::Fetcher;
use super::error::FetchError;
use super::headers::Headers;
use super::redirect_chain::{Clock, RedirectChain};
use super::request::Request;
use super::response::{FailedFetch, FetchedDocument, Response, ResponseContent};
use crate::model::Validators;

/// Milliseconds after a modification in which another one may have the same time.
const SAME_TIME: i64 = 2000;

impl Fetcher {
    /// Reads the file of a feed. No host is asked, so it passes no gate.
    pub(super) async fn get_file(
        &self,
        request: &Request,
        mut chain: RedirectChain,
        now: DateTime<Utc>,
    ) -> Result<Response, Box<FailedFetch>> {
        let clock = Clock::starting(now);
        let (url, known) = (request.url.clone(), request.validators.clone());
        let (allowed, limit) = (self.limits().allow_files.clone(), self.max_bytes(request.kind));
        let read = tokio::task::spawn_blocking(move || read(&url, &allowed, limit, &known, now));
        // A file of another machine may never come.
        let after = self.limits().total_timeout;
        let content = match tokio::time::timeout(after, read).await {
            Ok(Ok(content)) => content,
            Ok(Err(panic)) => Err(FetchError::Settings { cause: panic.to_string() }),
            Err(_) => Err(FetchError::Total { after }),
        };
        chain.fetch.duration = (clock.now() - now).to_std().unwrap_or_default();
        match content {
            Ok(content) => {
                if let ResponseContent::Document(document) = &content {
                    chain.fetch.bytes = document.body.len() as u64;
                }
                let RedirectChain { fetch, hints, cookies, .. } = chain;
                Ok(Response { content, fetch, hints, cookies })
            }
            Err(error) => Err(chain.failed(error)),
        }
    }
}

/// Checks that the file of a feed may be opened, and is there; blocking. An error is as the daemon would report it.
pub fn check_file(url: &Url, allowed: &[PathBuf]) -> Result<(), FetchError> {
    open(url, allowed).map(drop)
}

fn read(
    url: &Url,
    allowed: &[PathBuf],
    limit: u64,
    known: &Validators,
    now: DateTime<Utc>,
) -> Result<ResponseContent, FetchError> {
    let (file, metadata) = open(url, allowed)?;
    // Within this time another modification may have the same one: such validators match no later ones.
    let may_change = now.timestamp_millis() - metadata.mtime().saturating_mul(1000) < SAME_TIME;
    let validators = validators(&metadata, may_change);
    if !may_change && *known == validators {
        return Ok(ResponseContent::NotModified(validators));
    }
    let mut body = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(|error| FetchError::File { path: typed(url), cause: error.to_string() })?;
    if body.len() as u64 > limit {
        return Err(FetchError::TooLarge { limit });
    }
    Ok(ResponseContent::Document(FetchedDocument {
        status: 200,
        headers: Headers::default(),
        body_hash: body::hash(&body),
        body,
        encoded: None,
        validators,
        content_type: None,
        fault: None,
    }))
}

/// Opens a regular file inside an allowed folder.
fn open(url: &Url, allowed: &[PathBuf]) -> Result<(File, Metadata), FetchError> {
    let unread = |error: std::io::Error| FetchError::File { path: typed(url), cause: error.to_string() };
    let path = url.to_file_path().map_err(|()| refused(url, "it is no path of this machine"))?;
    // Before it is opened: to open a device may do something.
    let real = inside(url, &path, allowed)?;
    check_regular(url, &real.metadata().map_err(unread)?)?;
    // A pipe that took its place would block.
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(unread)?;
    let metadata = file.metadata().map_err(unread)?;
    check_regular(url, &metadata)?;
    // Folders on the way may have been replaced meanwhile: the open file must still be the one inside.
    let now = inside(url, &path, allowed)?.metadata().map_err(unread)?;
    if (now.dev(), now.ino()) != (metadata.dev(), metadata.ino()) {
        return Err(unread(std::io::Error::other("it was replaced while it was opened")));
    }
    Ok((file, metadata))
}

/// The path without links and dots, if it lies in one of the folders.
fn inside(url: &Url, path: &Path, allowed: &[PathBuf]) -> Result<PathBuf, FetchError> {
    let real = path
        .canonicalize()
        .map_err(|error| FetchError::File { path: typed(url), cause: error.to_string() })?;
    let mut shown = Vec::new();
    for folder in allowed {
        match folder.canonicalize() {
            Ok(folder) if real.starts_with(&folder) => return Ok(real),
            Ok(_) => shown.push(folder.display().to_string()),
            Err(error) => shown.push(format!("{}: {error}", folder.display())),
        }
    }
    let led = if real == path { String::new() } else { format!(" (it leads to {})", real.display()) };
    let shown = shown.join(", ");
    Err(refused(
        url,
        &format!("it is in no folder of allow_files ({shown}){led}; name its folder in [fetch]"),
    ))
}

fn check_regular(url: &Url, metadata: &Metadata) -> Result<(), FetchError> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
    Err(refused(url, &format!("it is {what}, not a file; name the file of the feed")))
}

fn refused(url: &Url, cause: &str) -> FetchError {
    FetchError::FileRefused { path: typed(url), cause: cause.to_owned() }
}

/// Size, time of modification and number of the file.
fn validators(metadata: &Metadata, may_change: bool) -> Validators {
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    let mark = if may_change { "?" } else { "" };
    let tag = format!("file:{seconds}.{nanoseconds:09}-{}-{}{mark}", metadata.len(), metadata.ino());
    Validators { etag: Some(tag.into_bytes()), last_modified: None }
}

/// The path as a person typed it.
fn typed(url: &Url) -> String {
    url.to_file_path().map_or_else(|()| url.to_string(), |path| path.display().to_string())
}
