//! `cuttings doctor`: checks what a daemon needs from the machine; each finding says `ok`, or what to do.
//!
//! Checked are: configuration, permissions and disk of the folder, database, a running daemon, clock, name lookup,
//! certificates, file descriptors. Nothing is changed, and nothing is fetched but one name.

use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getrlimit};

use super::client;
use super::disk::{free_bytes, megabytes};
use super::exit::Exit;
use super::options::GlobalOptions;
use super::print::{print_json, print_result};
use crate::config::{self, Config};
use crate::shapes::{DoctorJson, FindingJson};
use crate::store::{self, Reader};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Bytes that should be free: a few weeks of pages.
const MIN_FREE_BYTES: u64 = 1 << 30;

/// How long the system may take to look a name up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Before this program was written: where the clock of a machine without a battery begins.
const EARLIEST_TIME: &str = "2026-01-01T00:00:00Z";

/// Where systems keep the CA certificates, one file or many.
const CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/ssl/certs",
];

/// A finding that needs nothing.
fn ok(about: &'static str, text: impl Into<String>) -> FindingJson {
    FindingJson { about, ok: true, text: text.into() }
}

/// A finding that says what to do.
fn wrong(about: &'static str, text: impl Into<String>) -> FindingJson {
    FindingJson { ok: false, ..ok(about, text) }
}

/// Exit code 1 where any finding is not ok.
pub(super) fn doctor(global: &GlobalOptions, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let now = Utc::now();
    let (config, finding) = check_configuration(global);
    let mut findings = vec![finding];
    match global.database(&config) {
        Ok(database) => {
            findings.extend(check_folder(&database));
            findings.extend(check_database(&database, now));
        }
        Err(error) => findings.push(wrong("database", format!("{error:#}"))),
    }
    findings.push(check_clock(now));
    findings.push(check_names(&config));
    findings.push(check_certificates(&config));
    findings.push(check_descriptors(&config));
    let all_ok = findings.iter().all(|finding| finding.ok);
    if args.json {
        print_json(&DoctorJson { findings })?;
    } else {
        for finding in &findings {
            let word = if finding.ok { "ok    " } else { "wrong " };
            print_result(&format!("{word} {:<17} {}", finding.about, finding.text))?;
        }
    }
    Ok(Exit::done_if(all_ok))
}

/// The configuration, or an empty one where it cannot be used.
fn check_configuration(global: &GlobalOptions) -> (Config, FindingJson) {
    let about = "configuration";
    let path = match global.config_path() {
        Ok(path) => path,
        Err(error) => return (Config::default(), wrong(about, format!("{error:#}"))),
    };
    match config::load(&path) {
        Ok(loaded) => {
            let more = match loaded.warnings.len() {
                0 => String::new(),
                warnings => format!(", {warnings} warnings: see `cuttings check`"),
            };
            let sources = loaded.config.sources.len();
            let text = format!("{}: {sources} sources{more}", path.display());
            (loaded.config, ok(about, text))
        }
        Err(faults) => {
            let mistakes = faults.mistakes();
            let text = format!("{}: {mistakes} mistakes; `cuttings check` shows them", path.display());
            (Config::default(), wrong(about, text))
        }
    }
}

/// Whether the folder of the database, or where it would be made, can be written and has room.
fn check_folder(database: &Path) -> [FindingJson; 2] {
    let folder = database.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("."));
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
        Some(free) if free >= MIN_FREE_BYTES => {
            ok("disk", format!("{} are free in {shown}", megabytes(free)))
        }
        Some(free) => wrong(
            "disk",
            format!("only {} are free in {shown}: make room, or set keep_pages lower", megabytes(free)),
        ),
        None => wrong("disk", format!("the room in {shown} cannot be asked for")),
    };
    [writable, room]
}

/// Whether the database opens, and who runs on it. That it does not exist yet is ok.
fn check_database(database: &Path, now: DateTime<Utc>) -> Vec<FindingJson> {
    let about = "database";
    let shown = database.display();
    let mut findings = Vec::new();
    if !database.exists() {
        let text = format!("{shown} is not there yet; `cuttings run` makes it");
        return vec![ok(about, text), ok("daemon", "none runs on this database")];
    }
    match Reader::open(database).and_then(|reader| Ok((reader.summary()?, reader.metrics(now)?))) {
        Ok((summary, figures)) => {
            findings.push(ok(
                about,
                format!("{shown}: {} articles, {}", summary.articles, megabytes(summary.bytes)),
            ));
            if let Some(last) = figures.succeeded_at.filter(|&last| last > now + chrono::Duration::minutes(5))
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
        Some(daemon) => ok("daemon", format!("process {} runs since {}", daemon.pid, daemon.since)),
        None => ok("daemon", "none runs on this database"),
    });
    findings
}

/// Whether the clock was ever set.
fn check_clock(now: DateTime<Utc>) -> FindingJson {
    if EARLIEST_TIME.parse::<DateTime<Utc>>().is_ok_and(|earliest| now < earliest) {
        return wrong(
            "clock",
            format!("it is {now} here: set the clock, best by NTP, or dates and schedules are wrong"),
        );
    }
    ok("clock", format!("{}", now.format("%Y-%m-%d %H:%M:%SZ")))
}

/// Whether the host of the first source that is a name, not an address, can be looked up.
fn check_names(config: &Config) -> FindingJson {
    let name = config.sources.iter().find_map(|source| match source.feed.host() {
        Some(url::Host::Domain(name)) => Some(name.to_owned()),
        _ => None,
    });
    let Some(name) = name else {
        return ok("names", "no source has a name to look up");
    };
    let (sender, receiver) = mpsc::channel();
    let host = name.clone();
    // Not joined: the system may take minutes to give up, and this command does not wait for it.
    std::thread::spawn(move || {
        let addresses = (host.as_str(), 443).to_socket_addrs().map(Iterator::count);
        let _ = sender.send(addresses);
    });
    match receiver.recv_timeout(LOOKUP_TIMEOUT) {
        Ok(Ok(addresses)) => ok("names", format!("{name} has {addresses} addresses")),
        Ok(Err(error)) => wrong(
            "names",
            format!("{name} cannot be looked up ({error}): see /etc/resolv.conf and the network"),
        ),
        Err(_) => wrong(
            "names",
            format!(
                "{name} was not looked up within {} s: see /etc/resolv.conf and the network",
                LOOKUP_TIMEOUT.as_secs()
            ),
        ),
    }
}

/// Whether a client can be made and CA certificates are there.
fn check_certificates(config: &Config) -> FindingJson {
    let about = "certificates";
    if let Err(error) = client::fetcher(config) {
        return wrong(about, error.to_string());
    }
    let own = std::env::var_os("SSL_CERT_FILE").or_else(|| std::env::var_os("SSL_CERT_DIR"));
    let places = own.iter().map(Path::new).chain(CERTIFICATES.iter().map(Path::new));
    match places.into_iter().find(|place| access(*place, Access::READ_OK).is_ok()) {
        Some(place) => ok(about, format!("{}", place.display())),
        None => wrong(
            about,
            "no CA certificates were found: install the package ca-certificates, or set SSL_CERT_FILE",
        ),
    }
}

/// Whether enough files may be open: two for each request in flight, and a few dozen for database, logs and the rest.
fn check_descriptors(config: &Config) -> FindingJson {
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
