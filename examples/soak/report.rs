//! The result of a soak: what was served against what was stored, and the resources that the daemon used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use anyhow::Context;

use super::paper::Paper;
use super::processes::{self, Daemon, Environment, Follower, Sample};

/// What was done to the daemon during the run, and how often.
#[derive(Debug, Default)]
pub(crate) struct Disturbances {
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    pub(crate) longest_stop: Duration,
    pub(crate) last_stop: Duration,
    pub(crate) reloads: u64,
    pub(crate) orders: u64,
    pub(crate) readers_killed: u64,
    pub(crate) looks: u64,
}

/// What the daemon took, second by second, since nobody killed it any more.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    all: Vec<Sample>,
    wal: Vec<u64>,
}

impl Samples {
    pub(crate) fn take(&mut self, daemon: &Daemon, environment: &Environment) {
        self.all.extend(daemon.sample());
        self.wal.push(environment.wal());
    }

    /// The last look, in words.
    pub(crate) fn last(&self) -> String {
        match (self.all.last(), self.wal.last()) {
            (Some(sample), Some(wal)) => format!(
                "{} MiB, {} open files, {} MiB of log, {:.0} s of CPU",
                sample.rss >> 10,
                sample.fds,
                wal >> 20,
                sample.cpu.as_secs_f64()
            ),
            _ => "the time of kills".to_owned(),
        }
    }

    /// Medians of the second and the last quarter, and the most of all: the first quarter warms caches up.
    fn quarters(values: &[u64]) -> (u64, u64, u64) {
        let quarter = values.len() / 4;
        let median = |values: &[u64]| {
            let mut sorted = values.to_vec();
            sorted.sort_unstable();
            sorted.get(sorted.len() / 2).copied().unwrap_or_default()
        };
        (
            median(&values[quarter..(2 * quarter).max(quarter)]),
            median(&values[3 * quarter..]),
            values.iter().copied().max().unwrap_or_default(),
        )
    }
}

/// Served against kept, and what it took.
pub(crate) struct SoakReport {
    disturbances: Disturbances,
    served: usize,
    collected: usize,
    by: BTreeMap<String, u64>,
    feeds: Vec<(String, BTreeMap<&'static str, u64>)>,
    pages: (u64, u64),
    /// What is wrong, a line each.
    faults: Vec<String>,
    memory: (u64, u64, u64),
    files: (u64, u64, u64),
    log: (u64, u64, u64),
    told_twice: u64,
}

impl SoakReport {
    /// Compares. The daemon has ended.
    pub(crate) fn new(
        environment: &Environment,
        papers: &[Paper],
        follower: &Follower,
        disturbances: Disturbances,
        samples: &Samples,
    ) -> anyhow::Result<Self> {
        let served: BTreeSet<String> = papers.iter().flat_map(Paper::served).collect();
        let mut kept: HashMap<String, u64> = HashMap::new();
        for token in stored_tokens(environment)? {
            *kept.entry(token).or_default() += 1;
        }
        let mut faults = Vec::new();
        for token in &served {
            match kept.get(token) {
                None => faults.push(format!("lost: {token}")),
                Some(1) => {}
                Some(times) => faults.push(format!("doubled: {token} is there {times} times")),
            }
        }
        let foreign = kept.keys().filter(|token| !served.contains(*token)).count();
        if foreign > 0 {
            faults.push(format!("{foreign} articles were never served"));
        }
        let (status, said, complaint) = environment.run(["verify"])?;
        if !status.success() {
            faults.push(format!("`cuttings verify` ended with {status}: {said}{complaint}"));
        }
        let db = environment.open()?;
        let mut titles = BTreeMap::new();
        let mut rows = db.prepare("SELECT article_id, title FROM articles")?;
        for row in rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (id, title): (i64, String) = row?;
            titles.insert(id, title);
        }
        let output = processes::output_lines(&environment.folder.join("days"))?;
        for (name, told) in
            [("the reader with a mark", &follower.articles), ("[[output]] days", &output.articles)]
        {
            if *told != titles {
                let missing = titles.keys().filter(|id| !told.contains_key(id)).count();
                let more = told.keys().filter(|id| !titles.contains_key(id)).count();
                faults
                    .push(format!("{name} has other articles: {missing} are missing, {more} are not there"));
            }
        }
        if output.twice > 0 {
            faults.push(format!("[[output]] days has {} changes twice", output.twice));
        }
        if follower.twice > 0 && disturbances.readers_killed == 0 {
            faults.push("the reader with a mark was told twice and nobody had killed it".to_owned());
        }
        if disturbances.last_stop.max(disturbances.longest_stop) > Duration::from_secs(10) {
            faults.push("a stop took more than 10 s".to_owned());
        }
        let mut by = BTreeMap::new();
        let mut rows = db.prepare("SELECT method, count(*) FROM articles GROUP BY 1")?;
        for row in rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (method, count): (String, i64) = row?;
            by.insert(method, count.unsigned_abs());
        }
        let of = |pick: fn(&Sample) -> u64| -> Vec<u64> { samples.all.iter().map(pick).collect() };
        let memory = Samples::quarters(&of(|sample| sample.rss));
        let files = Samples::quarters(&of(|sample| sample.fds));
        let log = Samples::quarters(&samples.wal);
        // What grows with the work is far beyond this after an hour, and after a minute at least visible.
        if memory.1 > memory.0 + memory.0 / 4 + (24 << 10) {
            faults.push("memory grew".to_owned());
        }
        if files.1 > files.0 + 16 {
            faults.push("open files grew".to_owned());
        }
        if log.2 > 3 * (64 << 20) || log.1 > log.0 + (64 << 20) {
            faults.push("the log of the database grew".to_owned());
        }
        let feeds =
            papers.iter().map(|paper| (paper.name.clone(), paper.faults().into_iter().collect())).collect();
        let pages =
            papers.iter().map(Paper::pages).fold((0, 0), |sum, pages| (sum.0 + pages.0, sum.1 + pages.1));
        Ok(Self {
            collected: served.iter().filter(|token| kept.contains_key(*token)).count(),
            served: served.len(),
            by,
            feeds,
            pages,
            faults,
            memory,
            files,
            log,
            told_twice: follower.twice,
            disturbances,
        })
    }

    pub(crate) fn is_good(&self) -> bool {
        self.faults.is_empty() && self.served > 0
    }
}

impl fmt::Display for SoakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Disturbances { kills, stops, longest_stop, last_stop, reloads, orders, readers_killed, looks } =
            &self.disturbances;
        let mut wrong: BTreeMap<&str, u64> = BTreeMap::new();
        for (kind, count) in self.feeds.iter().flat_map(|(_, faults)| faults) {
            *wrong.entry(kind).or_default() += count;
        }
        let wrong: Vec<String> = wrong.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let by: Vec<String> = self.by.iter().map(|(method, count)| format!("{method} {count}")).collect();
        writeln!(f, "\nwent wrong   {}", wrong.join(", "))?;
        writeln!(
            f,
            "done to it   {} kills -9, {stops} stops ({:.1} s at most, {:.1} s the last), {reloads} reloads, {orders} orders",
            kills - stops,
            longest_stop.as_secs_f64(),
            last_stop.as_secs_f64()
        )?;
        writeln!(
            f,
            "beside it    {looks} looks of readers, {readers_killed} readers killed, {} changes told again",
            self.told_twice
        )?;
        writeln!(f, "pages        {} sent, {} of them again", self.pages.0, self.pages.1)?;
        writeln!(f, "served       {}", self.served)?;
        writeln!(f, "collected    {} ({})", self.collected, by.join(", "))?;
        writeln!(f, "lost         {}", self.served - self.collected)?;
        writeln!(
            f,
            "doubled      {}",
            self.faults.iter().filter(|fault| fault.starts_with("doubled")).count()
        )?;
        for (name, (second, last, most), shift) in
            [("memory, MiB", self.memory, 10), ("open files", self.files, 0), ("log, MiB", self.log, 20)]
        {
            writeln!(
                f,
                "{name:<12} {} in the second quarter, {} in the last, {} at most",
                second >> shift,
                last >> shift,
                most >> shift
            )?;
        }
        for fault in self.faults.iter().take(50) {
            writeln!(f, "WRONG        {fault}")?;
        }
        Ok(())
    }
}

fn stored_tokens(environment: &Environment) -> anyhow::Result<Vec<String>> {
    let db = environment.open()?;
    let mut titles = db.prepare("SELECT title FROM articles")?;
    let titles = titles.query_map([], |row| row.get::<_, Option<String>>(0))?;
    titles
        .map(|title| {
            let title = title?.unwrap_or_default();
            Ok(title.split(':').next().unwrap_or_default().to_owned())
        })
        .collect::<Result<_, rusqlite::Error>>()
        .context("cannot read the articles")
}

/// The words of the stories that are kept.
pub(crate) fn stored_set(environment: &Environment) -> anyhow::Result<HashSet<String>> {
    Ok(stored_tokens(environment)?.into_iter().collect())
}

/// Entries that wait for their page.
pub(crate) fn waiting(environment: &Environment) -> anyhow::Result<u64> {
    let db = environment.open()?;
    let count: i64 =
        db.query_row("SELECT count(*) FROM entry WHERE state = 'pending'", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
