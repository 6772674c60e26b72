//! Processes beside the papers: the daemon under test, commands that people would type, and readers of its database.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// Longest start.
const READY: Duration = Duration::from_secs(30);

/// The folder of a soak and the program in it.
#[derive(Clone)]
pub(crate) struct Environment {
    /// The real thing.
    pub(crate) binary: PathBuf,
    /// Configuration, database, log, what readers wrote.
    pub(crate) folder: PathBuf,
}

impl Environment {
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("cuttings.toml")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("cuttings.db")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("daemon.log")
    }

    fn command<A: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("--config")
            .arg(self.config())
            // So that readers need no configuration: it is broken now and then.
            .arg("--database")
            .arg(self.database())
            .args(words)
            .env_remove("CUTTINGS_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end: status, stdout, stderr.
    pub(crate) fn run<A: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<(ExitStatus, String, String)> {
        let output = self.command(words).output().context("cannot start the program")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((output.status, text(&output.stdout), text(&output.stderr)))
    }

    /// Starts a daemon whose log lines are added to those of earlier ones, and plays systemd: nobody signals it before it
    /// is ready.
    pub(crate) fn daemon(&self) -> anyhow::Result<Daemon> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let path = self.folder.join("notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path)?;
        let mut command = self.command(["run"]);
        command.env("NOTIFY_SOCKET", &path).stdout(Stdio::null()).stderr(log);
        let daemon = Daemon { child: command.spawn()? };
        let (heard, ready) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // To the end: a socket that nobody reads is full after a few messages, and who sends one more waits.
            while let Ok(length) = socket.recv(&mut bytes) {
                if bytes[..length].starts_with(b"READY=1") {
                    let _ = heard.send(());
                } else if bytes[..length].starts_with(b"STOPPING=1") {
                    return;
                }
            }
        });
        ready.recv_timeout(READY).context("a daemon that was started is not ready after half a minute")?;
        Ok(daemon)
    }

    /// The database as a downstream reader opens it.
    pub(crate) fn open(&self) -> anyhow::Result<Connection> {
        let database = Connection::open_with_flags(self.database(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        database.busy_timeout(Duration::from_secs(10))?;
        Ok(database)
    }

    /// Bytes of the write-ahead log.
    pub(crate) fn wal(&self) -> u64 {
        fs::metadata(self.folder.join("cuttings.db-wal")).map_or(0, |found| found.len())
    }
}

/// A running daemon; killed when dropped, so that none outlives a soak that failed.
pub(crate) struct Daemon {
    child: Child,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Daemon {
    /// Sends a signal, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status()?;
        if !sent.success() {
            bail!("the daemon is gone: kill -{name} {pid} failed");
        }
        Ok(())
    }

    /// kill -9.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM; how long it took to end, which must be with 0.
    pub(crate) fn stop(mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.signal("TERM")?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("SIGTERM ended the daemon with {status}");
        }
        Ok(begun.elapsed())
    }

    /// What nobody asked for: it ended of itself.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Memory of its own in KiB, open files, CPU seconds.
    pub(crate) fn sample(&self) -> Option<Sample> {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(proc.join("status")).ok()?;
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        let stat = fs::read_to_string(proc.join("stat")).ok()?;
        let mut ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let (user, system): (u64, u64) = (ticks.next()?.parse().ok()?, ticks.next()?.parse().ok()?);
        Some(Sample {
            rss: field("VmRSS:")?,
            fds: fs::read_dir(proc.join("fd")).ok()?.count() as u64,
            cpu: Duration::from_millis((user + system) * 10),
        })
    }
}

/// One look at a daemon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) rss: u64,
    pub(crate) fds: u64,
    pub(crate) cpu: Duration,
}

/// What a reader of the follower kind has been told: row by id, as the last change left it.
#[derive(Default)]
pub(crate) struct Follower {
    /// Title by article.
    pub(crate) articles: BTreeMap<i64, String>,
    /// Numbers of changes.
    seen: BTreeSet<i64>,
    /// Numbers that came twice.
    pub(crate) twice: u64,
}

impl Follower {
    /// Takes lines of an export.
    pub(crate) fn take(&mut self, text: &str) -> anyhow::Result<()> {
        for line in text.lines() {
            let change: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
            let (Some(id), Some(seq)) = (change["id"].as_i64(), change["seq"].as_i64()) else {
                bail!("a change without id or seq: {line}");
            };
            if !self.seen.insert(seq) {
                self.twice += 1;
            }
            match change["title"].as_str() {
                Some(title) => self.articles.insert(id, title.to_owned()),
                None => self.articles.remove(&id),
            };
        }
        Ok(())
    }
}

/// A reader process that takes what is new with a mark of its own, and is killed in the middle now and then.
pub(crate) fn follow(
    environment: &Environment,
    stop: &AtomicBool,
    draw: impl Fn(u64) -> u64,
) -> anyhow::Result<(Follower, u64)> {
    let mut follower = Follower::default();
    let (mut round, mut killed) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        round += 1;
        let patience = draw(round).is_multiple_of(4).then(|| Duration::from_millis(draw(round) / 4 % 12));
        killed += u64::from(step(environment, &mut follower, patience)?);
        std::thread::sleep(Duration::from_millis(300));
    }
    Ok((follower, killed))
}

/// Takes all that is left. Where the last export was killed, the next one repeats its range and goes no further, so there
/// are two.
pub(crate) fn follow_to_the_end(environment: &Environment, follower: &mut Follower) -> anyhow::Result<()> {
    for _ in 0..2 {
        step(environment, follower, None)?;
    }
    Ok(())
}

/// One export; with `patience` it is killed after that. Whether it was.
fn step(
    environment: &Environment,
    follower: &mut Follower,
    patience: Option<Duration>,
) -> anyhow::Result<bool> {
    let (to, log) = (environment.folder.join("follower.jsonl"), environment.folder.join("follower.log"));
    let words = ["export", "--quiet", "--format", "jsonl", "--consumer", "follower", "--to"];
    let mut child = environment
        .command(words.iter().map(OsStr::new).chain([to.as_os_str()]))
        .stderr(File::create(&log)?)
        .spawn()?;
    if let Some(patience) = patience {
        std::thread::sleep(patience);
        child.kill()?;
    }
    let status = child.wait()?;
    // A file appears when it is whole; the mark moves after that. One that was killed in between is told again.
    if let Ok(text) = fs::read_to_string(&to) {
        follower.take(&text)?;
        fs::remove_file(&to)?;
    }
    if status.code().is_some_and(|code| code != 0) {
        let said = fs::read_to_string(&log)?;
        if !said.contains("no database yet") {
            bail!("`cuttings export --consumer` ended with {status}: {said}");
        }
    }
    Ok(status.code().is_none())
}

/// A reader process that looks at the state, searches, and checks: each must answer, whatever happens to the daemon.
pub(crate) fn query_repeatedly(environment: &Environment, stop: &AtomicBool) -> anyhow::Result<u64> {
    let mut looks = 0;
    while !stop.load(Ordering::SeqCst) {
        for words in
            [&["status", "--json"][..], &["search", "--json", "--limit", "5", "in short"], &["status"]]
        {
            if environment
                .open()
                .is_ok_and(|db| db.query_row("SELECT 1 FROM sources", [], |_| Ok(())).is_ok())
            {
                let (status, _, said) = environment.run(words)?;
                if !matches!(status.code(), Some(0 | 1)) {
                    bail!("`cuttings {}` ended with {status}: {said}", words.join(" "));
                }
                looks += 1;
            }
            std::thread::sleep(Duration::from_millis(700));
        }
    }
    Ok(looks)
}

/// A reader that holds a snapshot for seconds, as a report does: the log grows meanwhile, and must not stay.
pub(crate) fn hold_snapshots(environment: &Environment, stop: &AtomicBool) -> anyhow::Result<u64> {
    let mut held = 0;
    while !stop.load(Ordering::SeqCst) {
        let count =
            |db: &Connection| db.query_row("SELECT count(*) FROM articles", [], |row| row.get::<_, i64>(0));
        if let Ok(db) = environment.open()
            && db.execute_batch("BEGIN").is_ok()
            && let Ok(before) = count(&db)
        {
            std::thread::sleep(Duration::from_secs(3));
            if count(&db)? != before {
                bail!("a snapshot changed under its reader");
            }
            held += 1;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(held)
}

/// Lines of the JSON Lines output, of all days.
pub(crate) fn output_lines(folder: &Path) -> anyhow::Result<Follower> {
    let mut taken = Follower::default();
    let mut days: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    days.retain(|day| day.extension() == Some(OsStr::new("jsonl")));
    days.sort();
    for day in days {
        taken.take(&fs::read_to_string(day)?)?;
    }
    Ok(taken)
}
