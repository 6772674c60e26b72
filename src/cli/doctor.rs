//! `cuttings doctor`: what a daemon needs from the machine, each with `ok` or what to do.

use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};
use serde_json::json;

use super::status::{free_bytes, megabytes};
use super::{Exit, Global, say};
use crate::config::{self, Config};
use crate::fetch::{self, Fetcher};
use crate::store::{self, Reader};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Room that a few weeks of pages need.
const ROOM: u64 = 1 << 30;

/// How long a name may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The clock of a machine without a battery begins long before this program was written.
const WRITTEN: &str = "2026-01-01T00:00:00Z";

/// Where systems keep the CA certificates, one file or many.
const CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
];

struct Finding {
    about: &'static str,
    ok: bool,
    text: String,
}

fn ok(about: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        about,
        ok: true,
        text: text.into(),
    }
}

fn wrong(about: &'static str, text: impl Into<String>) -> Finding {
    Finding {
        ok: false,
        ..ok(about, text)
    }
}

pub(super) fn doctor(global: &Global, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let now = Utc::now();
    let mut findings = Vec::new();
    let config = configuration(global, &mut findings);
    let config = config.unwrap_or_default();
    match global.database(&config) {
        Ok(database) => {
            findings.extend(folder(&database));
            findings.extend(database_itself(&database, now));
        }
        Err(error) => findings.push(wrong("database", format!("{error:#}"))),
    }
    findings.push(clock(now));
    findings.push(names(&config));
    findings.push(certificates(&config));
    findings.push(descriptors(&config));
    say(&if args.json {
        let findings: Vec<_> = findings
            .iter()
            .map(|found| json!({"about": found.about, "ok": found.ok, "text": found.text}))
            .collect();
        json!({"findings": findings}).to_string()
    } else {
        let lines: Vec<_> = findings
            .iter()
            .map(|found| {
                let word = if found.ok { "ok    " } else { "wrong " };
                format!("{word} {:<17} {}", found.about, found.text)
            })
            .collect();
        lines.join("\n")
    })?;
    Ok(if findings.iter().all(|found| found.ok) {
        Exit::Done
    } else {
        Exit::NeedsAPerson
    })
}

fn configuration(global: &Global, findings: &mut Vec<Finding>) -> Option<Config> {
    let about = "configuration";
    let path = match global.config_path() {
        Ok(path) => path,
        Err(error) => {
            findings.push(wrong(about, format!("{error:#}")));
            return None;
        }
    };
    match config::load(&path) {
        Ok(loaded) => {
            let warnings = loaded.warnings.len();
            let more = if warnings == 0 {
                String::new()
            } else {
                format!(", {warnings} warnings: see `cuttings check`")
            };
            let sources = loaded.config.sources.len();
            findings.push(ok(about, format!("{}: {sources} sources{more}", path.display())));
            Some(loaded.config)
        }
        Err(faults) => {
            findings.push(wrong(
                about,
                format!(
                    "{}: {} mistakes; `cuttings check` shows them",
                    path.display(),
                    faults.mistakes()
                ),
            ));
            None
        }
    }
}

/// Whether the database, or what will be one, can be written where it lies.
fn folder(database: &Path) -> Vec<Finding> {
    let mut folder = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // What is not there yet is made, from the nearest that is.
    while !folder.exists() {
        folder = folder
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
    }
    let shown = folder.display();
    let writable = match access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => ok("permissions", format!("{shown} can be written")),
        Err(error) => wrong(
            "permissions",
            format!(
                "{shown} cannot be written by this user ({error}); run it as the user of the daemon, or give the folder to that"
            ),
        ),
    };
    let room = match free_bytes(database).or_else(|| free_bytes(&folder.join("x"))) {
        Some(free) if free >= ROOM => ok("disk", format!("{} are free in {shown}", megabytes(free))),
        Some(free) => wrong(
            "disk",
            format!(
                "only {} are free in {shown}: make room, or set keep_pages lower",
                megabytes(free)
            ),
        ),
        None => wrong("disk", format!("the room in {shown} cannot be asked for")),
    };
    vec![writable, room]
}

fn database_itself(database: &Path, now: DateTime<Utc>) -> Vec<Finding> {
    let about = "database";
    let shown = database.display();
    let mut findings = Vec::new();
    if !database.exists() {
        let text = format!("{shown} is not there yet; `cuttings run` makes it");
        return vec![ok(about, text), ok("daemon", "none runs on this database")];
    }
    match Reader::open(database).and_then(|reader| Ok((reader.summary()?, reader.figures(now)?))) {
        Ok((summary, figures)) => {
            findings.push(ok(
                about,
                format!(
                    "{shown}: {} articles, {}",
                    summary.articles,
                    megabytes(summary.bytes)
                ),
            ));
            if let Some(last) = figures
                .succeeded_at
                .filter(|&last| last > now + chrono::Duration::minutes(5))
            {
                findings.push(wrong(
                    "clock",
                    format!("the last poll was at {last}, in the future: the clock was set back, or was wrong then"),
                ));
            }
        }
        Err(error) => findings.push(wrong(about, error.to_string())),
    }
    findings.push(match store::holder(database) {
        Some(daemon) => ok(
            "daemon",
            format!("process {} runs since {}", daemon.pid, daemon.since),
        ),
        None => ok("daemon", "none runs on this database"),
    });
    findings
}

fn clock(now: DateTime<Utc>) -> Finding {
    if WRITTEN
        .parse::<DateTime<Utc>>()
        .is_ok_and(|written| now < written)
    {
        return wrong(
            "clock",
            format!("it is {now} here: set the clock, best by NTP, or dates and schedules are wrong"),
        );
    }
    ok("clock", format!("{}", now.format("%Y-%m-%d %H:%M:%SZ")))
}

/// The name of the first source that has one, looked up as the daemon does: by the system.
fn names(config: &Config) -> Finding {
    let name = config.sources.iter().find_map(|source| match source.feed.host() {
        Some(url::Host::Domain(name)) => Some(name.to_owned()),
        _ => None,
    });
    let Some(name) = name else {
        return ok("names", "no source has a name to look up");
    };
    let (answer, answered) = mpsc::channel();
    let asked = name.clone();
    // Not joined: the system may take minutes to give up, and this command does not wait for it.
    std::thread::spawn(move || {
        let found = (asked.as_str(), 443).to_socket_addrs().map(Iterator::count);
        let _ = answer.send(found);
    });
    match answered.recv_timeout(PATIENCE) {
        Ok(Ok(addresses)) => ok("names", format!("{name} has {addresses} addresses")),
        Ok(Err(error)) => wrong(
            "names",
            format!("{name} cannot be looked up ({error}): see /etc/resolv.conf and the network"),
        ),
        Err(_) => wrong(
            "names",
            format!(
                "{name} was not looked up within {} s: see /etc/resolv.conf and the network",
                PATIENCE.as_secs()
            ),
        ),
    }
}

fn certificates(config: &Config) -> Finding {
    let about = "certificates";
    fetch::install_crypto();
    let agent = fetch::user_agent(config.daemon.contact.as_deref());
    if let Err(error) = Fetcher::new(&config.fetch, &config.politeness, agent) {
        return wrong(about, error.to_string());
    }
    let own = std::env::var_os("SSL_CERT_FILE").or_else(|| std::env::var_os("SSL_CERT_DIR"));
    let places = own
        .iter()
        .map(Path::new)
        .chain(CERTIFICATES.iter().map(Path::new));
    match places
        .into_iter()
        .find(|place| access(*place, Access::READ_OK).is_ok())
    {
        Some(place) => ok(about, format!("{}", place.display())),
        None => wrong(
            about,
            "no CA certificates were found: install the package ca-certificates, or set SSL_CERT_FILE",
        ),
    }
}

/// A connection and what belongs to it need two descriptors; database, log and journal a few dozen.
fn descriptors(config: &Config) -> Finding {
    let about = "file descriptors";
    let needed = config.politeness.in_flight as u64 * 2 + 64;
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => wrong(
            about,
            format!(
                "{limit} may be open, {needed} are needed for in_flight = {}: raise LimitNOFILE or ulimit -n",
                config.politeness.in_flight
            ),
        ),
        Some(limit) => ok(about, format!("{limit} may be open, {needed} are needed")),
        None => ok(about, "no limit"),
    }
}
