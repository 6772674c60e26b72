//! The cost of a daemon while nothing is due: its processor time, its memory, and how long it takes to stop.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::costs;
use crate::support::press::Press;

/// Longest wait for the first poll of all feeds.
const PATIENCE: Duration = Duration::from_mins(5);

/// After that poll, before anything is counted: what it leaves to do is done then.
const CALM: Duration = Duration::from_secs(5);

/// Between two looks at its threads: what one does after the last before its end is not seen.
const LOOK: Duration = Duration::from_millis(250);

/// Runs `program` as a daemon, lets it poll every feed of `papers` once, and watches it for so long.
pub(crate) fn measure(program: &Path, folder: &Path, papers: &[&Press], time: Duration) {
    let mut daemon = crate::run(program, folder).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while papers.iter().any(|paper| paper.count("/feed") == 0) {
        assert!(begun.elapsed() < PATIENCE, "not every feed was polled");
        assert_eq!(daemon.try_wait().unwrap(), None, "the daemon ended");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(CALM);
    let asked = || papers.iter().map(|paper| paper.count("/feed")).sum::<usize>();
    let mut threads = Threads::default();
    let (before, requests, begun) = (threads.cpu(&daemon), asked(), Instant::now());
    let mut used = 0.0;
    while begun.elapsed() < time {
        std::thread::sleep(LOOK);
        used = threads.cpu(&daemon) - before;
    }
    let took = begun.elapsed().as_secs_f64();
    println!(
        "idle: {} feeds, {used:.3} s of CPU in {took:.0} s, {:.3} % of a core; {} requests meanwhile",
        papers.len(),
        100.0 * used / took,
        asked() - requests
    );
    let status = |name| costs::status(&daemon.id().to_string(), name).unwrap();
    println!(
        "memory: {} MB now, {} MB at most, {} threads",
        status("VmRSS") / 1000,
        status("VmHWM") / 1000,
        status("Threads")
    );
    let begun = Instant::now();
    let pid = daemon.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = daemon.wait().unwrap();
    println!("SIGTERM to exit: {:.2} s, {ended}", begun.elapsed().as_secs_f64());
}

/// How long each thread has run, in nanoseconds, those included that have ended (`schedstat`; the ticks of `stat`, which
/// has all threads, are too coarse here).
#[derive(Default)]
struct Threads(HashMap<OsString, u64>);

impl Threads {
    /// Seconds that all of them have run.
    fn cpu(&mut self, daemon: &Child) -> f64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", daemon.id())).unwrap();
        for thread in threads.filter_map(Result::ok) {
            let stat = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            // One that ends just now is counted as it was last seen.
            if let Some(time) = stat.split(' ').next().and_then(|time| time.parse().ok()) {
                self.0.insert(thread.file_name(), time);
            }
        }
        self.0.values().sum::<u64>() as f64 / 1e9
    }
}
