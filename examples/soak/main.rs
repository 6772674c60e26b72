//! The program for N minutes on its worst day: `cargo run --release --example soak -- --minutes 60`.
//!
//! Eight papers on loopback print a story a second and fail in every way a server can (500s, resets, hangs, garbage,
//! redirects, clocks of another century). The real daemon collects them while it is reloaded, given broken
//! configurations, killed with -9 and stopped; people give it orders, and reader processes export, search and hold
//! snapshots beside it, and are killed, too. It ends with a ledger: what was served, what was collected, lost 0, doubled
//! 0; and memory, open files and the log of the database over the time in which nobody killed the daemon. Ends with 0
//! when all of it is as it should be.
//!
//! Nobody kills the daemon after the first third, so that there is a time over which memory can be compared.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "an example talks to whoever runs it, and may stop where something is wrong"
)]

#[path = "../../tests/it/support/mod.rs"]
mod support;

mod beside;
mod ledger;
mod paper;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use beside::{Daemon, Place};
use ledger::{Deeds, Ledger, Samples};
use paper::{Paper, hash};

/// Once everything is calm, so long without one more story means that it never comes.
const PATIENCE: Duration = Duration::from_mins(2);

/// The mark of a seed, when none is given.
const SEED: u64 = 20_261_124;

#[derive(Parser)]
struct Args {
    /// How long the bad day lasts; what is still missing then is waited for
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// The same number is the same bad day
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Keep the folder
    #[arg(long)]
    keep: bool,
    /// The binary to soak; built in the example's own profile when none is given
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<bool> {
    let folder = tempfile::Builder::new().prefix("cuttings-soak-").tempdir()?;
    let place = Place {
        binary: match &args.program {
            Some(path) => path
                .canonicalize()
                .with_context(|| format!("no program at {}", path.display()))?,
            None => support::program::built()?,
        },
        folder: folder.path().to_owned(),
    };
    println!(
        "{} min, seed {}, in {}",
        args.minutes,
        args.seed,
        place.folder.display()
    );
    let soaked = soak(args, &place);
    let good = matches!(&soaked, Ok(ledger) if ledger.is_good());
    if let Ok(ledger) = &soaked {
        println!("{ledger}");
    }
    if args.keep || !good {
        eprintln!("The folder is kept: {}", folder.keep().display());
    }
    soaked.map(|_| good)
}

fn soak(args: &Args, place: &Place) -> anyhow::Result<Ledger> {
    let pace = Duration::from_secs(1);
    let mut papers: Vec<Paper> = ["harbour", "nile", "meridian", "north", "hours", "desk", "guest"]
        .iter()
        .zip(1..)
        .map(|(name, host)| Paper::open(name, &format!("127.0.8.{host}"), args.seed, pace, None))
        .collect();
    papers.push(Paper::open(
        "review",
        "127.0.8.8",
        args.seed,
        pace,
        Some(&papers[0]),
    ));
    configure(place, &papers, 0)?;
    let stop = Arc::new(AtomicBool::new(false));
    let readers = {
        let (at, end, seed) = (place.clone(), Arc::clone(&stop), args.seed);
        let follower = std::thread::spawn(move || beside::follow(&at, &end, |round| hash(seed, [6, round])));
        let (at, end) = (place.clone(), Arc::clone(&stop));
        let looker = std::thread::spawn(move || beside::look(&at, &end));
        let (at, end) = (place.clone(), Arc::clone(&stop));
        let holder = std::thread::spawn(move || beside::hold(&at, &end));
        (follower, looker, holder)
    };
    let worked = (|| {
        let (mut daemon, mut deeds, mut samples) = bad_day(args, place, &papers)?;
        for paper in &papers {
            paper.calm();
        }
        configure(place, &papers, 0)?;
        order(place, &["reload"], &[0])?;
        drain(place, &papers, &mut daemon, &mut samples)?;
        deeds.last_stop = daemon.stop()?;
        anyhow::Ok((deeds, samples))
    })();
    stop.store(true, Ordering::SeqCst);
    let end = |_| anyhow::anyhow!("a reader panicked");
    let follower = readers.0.join().map_err(end)?;
    let looks = readers.1.join().map_err(end)?;
    let held = readers.2.join().map_err(end)?;
    let (mut deeds, samples) = worked?;
    let (mut follower, killed) = follower?;
    deeds.readers_killed = killed;
    deeds.looks = looks? + held?;
    // Outputs that the daemon had no time for.
    let (status, _, said) = place.run(["run", "--once"])?;
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("`cuttings run --once` ended with {status}: {said}");
    }
    // And what that run changed.
    beside::follow_once(place, &mut follower)?;
    Ledger::draw(place, &papers, &follower, deeds, &samples)
}

/// Until the time is over: kills in the first third, reloads and orders all the time.
fn bad_day(args: &Args, place: &Place, papers: &[Paper]) -> anyhow::Result<(Daemon, Deeds, Samples)> {
    let all = Duration::from_secs_f64(args.minutes.max(0.1) * 60.0);
    let kill_every = (all / 30).clamp(Duration::from_secs(2), Duration::from_secs(20));
    let reload_every = (all / 40).clamp(Duration::from_secs(2), Duration::from_secs(15));
    let began = Instant::now();
    let (mut deeds, mut samples) = (Deeds::default(), Samples::default());
    let (mut next_kill, mut next_reload, mut next_order) = (kill_every, reload_every, Duration::ZERO);
    let mut next_sample = Duration::ZERO;
    let mut daemon = place.daemon()?;
    let mut told = Duration::ZERO;
    while began.elapsed() < all {
        let at = began.elapsed();
        if let Some(status) = daemon.ended()? {
            bail!("the daemon ended of itself with {status}: {}", tail(&place.log()));
        }
        if at >= next_kill && at < all / 3 {
            deeds.kills += 1;
            if deeds.kills.is_multiple_of(5) {
                deeds.stops += 1;
                deeds.longest_stop = deeds.longest_stop.max(daemon.stop()?);
            } else {
                daemon.kill()?;
            }
            daemon = place.daemon()?;
            // Not at the same moment of whatever it does.
            next_kill =
                at + kill_every.mul_f64(0.5 + hash(args.seed, [7, deeds.kills]) as f64 / u64::MAX as f64);
        }
        if at >= next_reload {
            deeds.reloads += 1;
            next_reload = at + reload_every;
            reload(place, papers, &daemon, deeds.reloads)?;
        }
        if at >= next_order {
            next_order = at + Duration::from_millis(700);
            deeds.orders += 1;
            push(place, papers, deeds.orders)?;
        }
        if at >= next_sample {
            next_sample = at + Duration::from_secs(1);
            if at >= all / 3 {
                samples.take(&daemon, place);
            }
        }
        if at >= told + Duration::from_mins(1) {
            told = at;
            println!(
                "{:>4} min: {} stories kept, {}",
                at.as_secs() / 60,
                ledger::kept(place)?.len(),
                samples.last()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok((daemon, deeds, samples))
}

/// Writes the configuration; `version` changes sources, limits and outputs.
fn configure(place: &Place, papers: &[Paper], version: u64) -> anyhow::Result<()> {
    let gap = if version % 7 == 3 { 12 } else { 10 };
    let mut text = format!(
        "[daemon]\ncontact = \"https://example.org/bot\"\ndatabase = \"cuttings.db\"\n\
         [politeness]\nhost_gap = \"{gap}ms\"\nimpolite = true\n\
         [fetch]\nallow_networks = [\"127.0.0.0/8\"]\nconnect_timeout = \"1s\"\nidle_timeout = \"1s\"\n\
         total_timeout = \"2s\"\n[defaults]\nevery = \"{}s\"\nfirst_poll = 1000\n\
         [[output]]\nname = \"days\"\njsonl = \"days\"\ndebounce = \"1s\"\n",
        5 + version % 3,
    );
    if version % 4 == 2 {
        text.push_str("[[output]]\nname = \"feeds\"\nfeeds = \"feeds\"\ndebounce = \"1s\"\n");
    }
    for paper in papers {
        // The guest comes and goes.
        if paper.name != "guest" || version % 3 != 1 {
            text.push_str(&format!(
                "[[source]]\nname = \"{}\"\nfeed = \"{}\"\n",
                paper.name,
                paper.feed()
            ));
        }
    }
    std::fs::write(place.config(), text).context("cannot write the configuration")
}

/// One of the ways in which people change a configuration.
fn reload(place: &Place, papers: &[Paper], daemon: &Daemon, number: u64) -> anyhow::Result<()> {
    match number % 5 {
        // Broken, and then mended.
        0 => {
            std::fs::write(
                place.config(),
                "[daemon]\ncontact = 7\n[[source]]\nnmae = \"x\"\n",
            )?;
            daemon.signal("HUP")?;
            order(place, &["reload"], &[2, 1])?;
            configure(place, papers, number)?;
            daemon.signal("HUP")
        }
        1 | 2 => {
            configure(place, papers, number)?;
            daemon.signal("HUP")
        }
        _ => {
            configure(place, papers, number)?;
            // 1 and 2: a daemon that is only just starting may not be there yet, or be asked before it has begun.
            order(place, &["reload"], &[0, 1, 2])
        }
    }
}

/// What an operator does about sources that fail: has one polled, and pages tried again.
fn push(place: &Place, papers: &[Paper], number: u64) -> anyhow::Result<()> {
    let at = usize::try_from(number).unwrap_or_default() % papers.len();
    let name = papers[at].name.as_str();
    // 1: it was refused, for instance because the source is not configured at the moment.
    order(place, &["poll", "--force", name], &[0, 1, 2])?;
    order(place, &["retry", "--source", name], &[0, 1, 2])?;
    if number.is_multiple_of(50) {
        order(place, &["pause", name], &[0, 1])?;
        order(place, &["resume", name], &[0, 1])?;
    }
    Ok(())
}

/// Runs a command that must end with one of these codes.
fn order(place: &Place, words: &[&str], codes: &[i32]) -> anyhow::Result<()> {
    let (status, _, said) = place.run(words)?;
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        bail!("`cuttings {}` ended with {status}: {said}", words.join(" "));
    }
    Ok(())
}

/// Pushes on until everything that was served is there, or nothing comes any more.
fn drain(place: &Place, papers: &[Paper], daemon: &mut Daemon, samples: &mut Samples) -> anyhow::Result<()> {
    let (mut last, mut since, mut number) = (usize::MAX, Instant::now(), 0);
    loop {
        for _ in papers {
            number += 1;
            push(place, papers, number)?;
        }
        if let Some(status) = daemon.ended()? {
            bail!("the daemon ended of itself with {status}: {}", tail(&place.log()));
        }
        samples.take(daemon, place);
        let kept = ledger::kept(place)?;
        let missing = papers
            .iter()
            .flat_map(Paper::served)
            .filter(|token| !kept.contains(token))
            .count();
        if missing == 0 && ledger::waiting(place)? == 0 {
            return Ok(());
        }
        let left = missing + usize::try_from(ledger::waiting(place)?).unwrap_or_default();
        if left < last {
            (last, since) = (left, Instant::now());
        } else if since.elapsed() > PATIENCE {
            println!("{missing} stories are missing and nothing comes any more");
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// The last lines of a log.
fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(10).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
