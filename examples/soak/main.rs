//! The program for N minutes on its worst day: `cargo run --release --example soak -- --minutes 60`.
//!
//! Eight papers on loopback print a story a second and fail in every way a server can (500s, resets, hangs, garbage,
//! redirects, clocks of another century). The real daemon collects them while it is reloaded, given broken
//! configurations, killed with -9 and stopped; people give it orders, and reader processes export, search and hold
//! snapshots beside it, and are killed, too. It ends with a report: what was served, what was collected, lost 0, doubled
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

mod paper;
mod processes;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use paper::{Paper, hash};
use processes::{Daemon, Environment};
use report::{Disturbances, Samples, SoakReport};

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
    let environment = Environment {
        binary: match &args.program {
            Some(path) => path.canonicalize().with_context(|| format!("no program at {}", path.display()))?,
            None => support::program::built()?,
        },
        folder: folder.path().to_owned(),
    };
    println!("{} min, seed {}, in {}", args.minutes, args.seed, environment.folder.display());
    let soaked = soak(args, &environment);
    let good = matches!(&soaked, Ok(report) if report.is_good());
    if let Ok(report) = &soaked {
        println!("{report}");
    }
    if args.keep || !good {
        eprintln!("The folder is kept: {}", folder.keep().display());
    }
    soaked.map(|_| good)
}

fn soak(args: &Args, environment: &Environment) -> anyhow::Result<SoakReport> {
    let pace = Duration::from_secs(1);
    let mut papers: Vec<Paper> = ["harbour", "nile", "meridian", "north", "hours", "desk", "guest"]
        .iter()
        .zip(1..)
        .map(|(name, host)| Paper::open(name, &format!("127.0.8.{host}"), args.seed, pace, None))
        .collect();
    papers.push(Paper::open("review", "127.0.8.8", args.seed, pace, Some(&papers[0])));
    configure(environment, &papers, 0)?;
    let stop = Arc::new(AtomicBool::new(false));
    let readers = {
        let (at, end, seed) = (environment.clone(), Arc::clone(&stop), args.seed);
        let follower =
            std::thread::spawn(move || processes::follow(&at, &end, |round| hash(seed, [6, round])));
        let (at, end) = (environment.clone(), Arc::clone(&stop));
        let looker = std::thread::spawn(move || processes::query_repeatedly(&at, &end));
        let (at, end) = (environment.clone(), Arc::clone(&stop));
        let holder = std::thread::spawn(move || processes::hold_snapshots(&at, &end));
        (follower, looker, holder)
    };
    let worked = (|| {
        let (mut daemon, mut disturbances, mut samples) = disturb(args, environment, &papers)?;
        for paper in &papers {
            paper.calm();
        }
        configure(environment, &papers, 0)?;
        order(environment, &["reload"], &[0])?;
        drain(environment, &papers, &mut daemon, &mut samples)?;
        disturbances.last_stop = daemon.stop()?;
        anyhow::Ok((disturbances, samples))
    })();
    stop.store(true, Ordering::SeqCst);
    let end = |_| anyhow::anyhow!("a reader panicked");
    let follower = readers.0.join().map_err(end)?;
    let looks = readers.1.join().map_err(end)?;
    let held = readers.2.join().map_err(end)?;
    let (mut disturbances, samples) = worked?;
    let (mut follower, killed) = follower?;
    disturbances.readers_killed = killed;
    disturbances.looks = looks? + held?;
    // Outputs that the daemon had no time for.
    let (status, _, said) = environment.run(["run", "--once"])?;
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("`cuttings run --once` ended with {status}: {said}");
    }
    // And what that run changed.
    processes::follow_to_the_end(environment, &mut follower)?;
    SoakReport::new(environment, &papers, &follower, disturbances, &samples)
}

/// Until the time is over: kills in the first third, reloads and orders all the time.
fn disturb(
    args: &Args,
    environment: &Environment,
    papers: &[Paper],
) -> anyhow::Result<(Daemon, Disturbances, Samples)> {
    let all = Duration::from_secs_f64(args.minutes.max(0.1) * 60.0);
    let kill_every = (all / 30).clamp(Duration::from_secs(2), Duration::from_secs(20));
    let reload_every = (all / 40).clamp(Duration::from_secs(2), Duration::from_secs(15));
    let began = Instant::now();
    let (mut disturbances, mut samples) = (Disturbances::default(), Samples::default());
    let (mut next_kill, mut next_reload, mut next_order) = (kill_every, reload_every, Duration::ZERO);
    let mut next_sample = Duration::ZERO;
    let mut daemon = environment.daemon()?;
    let mut told = Duration::ZERO;
    while began.elapsed() < all {
        let at = began.elapsed();
        if let Some(status) = daemon.ended()? {
            bail!("the daemon ended of itself with {status}: {}", tail(&environment.log()));
        }
        if at >= next_kill && at < all / 3 {
            disturbances.kills += 1;
            if disturbances.kills.is_multiple_of(5) {
                disturbances.stops += 1;
                disturbances.longest_stop = disturbances.longest_stop.max(daemon.stop()?);
            } else {
                daemon.kill()?;
            }
            daemon = environment.daemon()?;
            // Not at the same moment of whatever it does.
            next_kill = at
                + kill_every.mul_f64(0.5 + hash(args.seed, [7, disturbances.kills]) as f64 / u64::MAX as f64);
        }
        if at >= next_reload {
            disturbances.reloads += 1;
            next_reload = at + reload_every;
            reload(environment, papers, &daemon, disturbances.reloads)?;
        }
        if at >= next_order {
            next_order = at + Duration::from_millis(700);
            disturbances.orders += 1;
            push(environment, papers, disturbances.orders)?;
        }
        if at >= next_sample {
            next_sample = at + Duration::from_secs(1);
            if at >= all / 3 {
                samples.take(&daemon, environment);
            }
        }
        if at >= told + Duration::from_mins(1) {
            told = at;
            println!(
                "{:>4} min: {} stories kept, {}",
                at.as_secs() / 60,
                report::stored_set(environment)?.len(),
                samples.last()
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok((daemon, disturbances, samples))
}

/// Writes the configuration; `version` changes sources, limits and outputs.
fn configure(environment: &Environment, papers: &[Paper], version: u64) -> anyhow::Result<()> {
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
            text.push_str(&format!("[[source]]\nname = \"{}\"\nfeed = \"{}\"\n", paper.name, paper.feed()));
        }
    }
    std::fs::write(environment.config(), text).context("cannot write the configuration")
}

/// One of the ways in which people change a configuration.
fn reload(environment: &Environment, papers: &[Paper], daemon: &Daemon, number: u64) -> anyhow::Result<()> {
    match number % 5 {
        // Broken, and then mended.
        0 => {
            std::fs::write(environment.config(), "[daemon]\ncontact = 7\n[[source]]\nnmae = \"x\"\n")?;
            daemon.signal("HUP")?;
            order(environment, &["reload"], &[2, 1])?;
            configure(environment, papers, number)?;
            daemon.signal("HUP")
        }
        1 | 2 => {
            configure(environment, papers, number)?;
            daemon.signal("HUP")
        }
        _ => {
            configure(environment, papers, number)?;
            // 1 and 2: a daemon that is only just starting may not be there yet, or be asked before it has begun.
            order(environment, &["reload"], &[0, 1, 2])
        }
    }
}

/// What an operator does about sources that fail: has one polled, and pages tried again.
fn push(environment: &Environment, papers: &[Paper], number: u64) -> anyhow::Result<()> {
    let at = usize::try_from(number).unwrap_or_default() % papers.len();
    let name = papers[at].name.as_str();
    // 1: it was refused, for instance because the source is not configured at the moment.
    order(environment, &["poll", "--force", name], &[0, 1, 2])?;
    order(environment, &["retry", "--source", name], &[0, 1, 2])?;
    if number.is_multiple_of(50) {
        order(environment, &["pause", name], &[0, 1])?;
        order(environment, &["resume", name], &[0, 1])?;
    }
    Ok(())
}

/// Runs a command that must end with one of these codes.
fn order(environment: &Environment, words: &[&str], codes: &[i32]) -> anyhow::Result<()> {
    let (status, _, said) = environment.run(words)?;
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        bail!("`cuttings {}` ended with {status}: {said}", words.join(" "));
    }
    Ok(())
}

/// Pushes on until everything that was served is there, or nothing comes any more.
fn drain(
    environment: &Environment,
    papers: &[Paper],
    daemon: &mut Daemon,
    samples: &mut Samples,
) -> anyhow::Result<()> {
    let (mut last, mut since, mut number) = (usize::MAX, Instant::now(), 0);
    loop {
        for _ in papers {
            number += 1;
            push(environment, papers, number)?;
        }
        if let Some(status) = daemon.ended()? {
            bail!("the daemon ended of itself with {status}: {}", tail(&environment.log()));
        }
        samples.take(daemon, environment);
        let kept = report::stored_set(environment)?;
        let missing = papers.iter().flat_map(Paper::served).filter(|token| !kept.contains(token)).count();
        if missing == 0 && report::waiting(environment)? == 0 {
            return Ok(());
        }
        let left = missing + usize::try_from(report::waiting(environment)?).unwrap_or_default();
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
