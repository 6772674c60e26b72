//! Documents that a program of the user's prints (`fetch_command`, `feed_command`).
//!
//! The program stands in the place of one request: robots.txt, gate and backoff hold for it, and the guard judges the URL and
//! the addresses of its host before. What the program then requests by itself passes none of them (docs/politeness.md).
//! Where it ended is not asked: what it prints is the page of the URL that it was given.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chrono::TimeDelta;

use super::access::AccessFault;
use super::body;
use super::client::Fetcher;
use super::error::FetchError;
use super::headers::Headers;
use super::redirect_chain::{Clock, HopResult, RedirectChain};
use super::request::{PageProgram, ResourceKind};
use super::response::{FetchedDocument, ResponseContent};
use crate::config::UrlCommand;
use crate::model::Validators;
use crate::program::{self, ProgramError, ProgramRun};

/// Variables of our own environment that the program gets. No others: they may hold secrets.
const INHERITED: &[&str] = &["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// Exit code of a program that asks to be run later (sysexits.h, `EX_TEMPFAIL`).
const LATER: i32 = 75;

/// Time until a program that cannot be started is tried again.
const MISSING_RETRY: TimeDelta = TimeDelta::minutes(10);

/// Bytes at the start of a page that tell whether it is one.
const START: usize = 4096;

impl Fetcher {
    /// Runs the program for the URL that `chain` has reached. The caller holds the permit of the host.
    pub(super) async fn program_hop(
        &self,
        kind: ResourceKind,
        program: &PageProgram,
        chain: &mut RedirectChain,
        clock: Clock,
    ) -> Result<HopResult, FetchError> {
        let url = chain.fetch.url.clone();
        chain.cookies.note_request(&url);
        let PageProgram { command, source, user_agent } = program;
        if command.takes_url() && url.domain().is_some() {
            self.clients().check_address(&url).await?;
        }
        let user_agent = user_agent.as_deref().unwrap_or(self.user_agent());
        let own = [
            ("CUTTINGS_URL", url.as_str()),
            ("CUTTINGS_SOURCE", source),
            ("CUTTINGS_USER_AGENT", user_agent),
        ];
        let inherited =
            INHERITED.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let run = ProgramRun {
            program: command.program().into(),
            arguments: command.arguments_for(&url),
            environment: Some(
                inherited.chain(own.map(|(name, value)| (name.into(), value.into()))).collect(),
            ),
            stdin: b"",
            max_stdout: Some(self.max_bytes(kind)),
            timeout: self.limits().total_timeout,
            kills_rest: true,
        };
        let body = program::run(run).await.map_err(|error| fetch_error(command, error, clock))?;
        let failed = |cause: &str| FetchError::ProgramFailed {
            program: command.program().to_owned(),
            cause: cause.to_owned(),
        };
        if body.trim_ascii().is_empty() {
            return Err(failed("ended well and printed nothing"));
        }
        if kind == ResourceKind::Page && !may_be_html(&body) {
            return Err(failed(
                "printed something that is no HTML; it has to print the page and nothing else",
            ));
        }
        chain.observe_host(None);
        chain.fetch.bytes = body.len() as u64;
        let body_hash = if kind == ResourceKind::Page { Vec::new() } else { body::hash(&body) };
        Ok(HopResult::Arrived(ResponseContent::Document(FetchedDocument {
            status: 200,
            headers: Headers::default(),
            body,
            encoded: None,
            validators: Validators::default(),
            content_type: None,
            body_hash,
            fault: None,
        })))
    }
}

/// Checks that a program is there and may be run; blocking. A name is looked up in the `PATH` of this process, which need not be
/// the daemon's.
pub fn check_program(key: &str, command: &UrlCommand) -> Option<AccessFault> {
    let program = command.program();
    let may_be_run = |path: &Path| {
        path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    let fault = |message: String, only_here| Some(AccessFault { message, only_here });
    if program.contains('/') {
        let path = Path::new(program);
        return match path.metadata() {
            Err(error) => fault(format!("{key}: {program} cannot be run: {error}; correct its path"), false),
            Ok(_) if !may_be_run(path) => fault(
                format!("{key}: {program} cannot be run: it is no program; chmod +x makes a script one"),
                false,
            ),
            Ok(_) => None,
        };
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let is_found = std::env::split_paths(&folders).any(|folder| may_be_run(&folder.join(program)));
    if is_found {
        return None;
    }
    fault(format!("{key}: {program} is in no folder of PATH; install it, or write its whole path"), true)
}

fn fetch_error(command: &UrlCommand, error: ProgramError, clock: Clock) -> FetchError {
    let program = command.program().to_owned();
    let cause = error.to_string();
    match error {
        ProgramError::NotStarted(error) => {
            let is_there = error.kind() == ErrorKind::NotFound && Path::new(&program).exists();
            let of_script = if is_there { " (the interpreter that its first line names)" } else { "" };
            let until = clock.now() + MISSING_RETRY;
            FetchError::ProgramMissing { program, cause: format!("{error}{of_script}"), until }
        }
        ProgramError::TooLarge(limit) => FetchError::TooLarge { limit },
        ProgramError::TimedOut { .. } => FetchError::ProgramTimeout { program, cause },
        ProgramError::Failed { .. } if error.exit_code() == Some(LATER) => {
            FetchError::ProgramLater { program, cause }
        }
        ProgramError::Failed { .. } => FetchError::ProgramFailed { program, cause },
    }
}

/// Whether the bytes can be HTML: text with a tag, and no JSON. Bytes that no text has are those of the MIME Sniffing standard
/// (section 3); UTF-16 has zeros, and a mark at its start.
fn may_be_html(body: &[u8]) -> bool {
    let start = body.get(..START).unwrap_or(body);
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let is_binary = |byte: &u8| matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins_a_tag = |pair: &[u8]| matches!(pair, [b'<', next] if next.is_ascii_alphabetic() || matches!(next, b'!' | b'?' | b'/'));
    !start.iter().any(is_binary)
        && !text.starts_with(b"{")
        && !text.starts_with(b"[")
        && !text.starts_with(b"%PDF-")
        && body.windows(2).any(begins_a_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_told_from_what_programs_print_otherwise() {
        for page in [
            &b"<!doctype html><p>x"[..],
            b"\xef\xbb\xbf\n <html>",
            b"Warning: x\n<p>text",
            b"\xff\xfe<\0h\0",
            b"caf\xe9 <b>x</b>",
        ] {
            assert!(may_be_html(page), "{page:?}");
        }
        for other in [
            &b"{\"solution\": \"<html></html>\"}"[..],
            b"[\"<p>\"]",
            b"not found",
            b"%PDF-1.7\n<a>",
            b"\x7fELF\x02\x01\x01\0\0<a>",
            b"\x89PNG\r\n\x1a\n<a>",
            b"1 < 2",
        ] {
            assert!(!may_be_html(other), "{other:?}");
        }
    }
}
