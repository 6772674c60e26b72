//! Processor time and memory, as Linux counts them in `/proc`. On other systems there are no figures.

#![allow(unreachable_pub, dead_code, reason = "each bench uses a part of it")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Time on the processor of this process's threads of a name, or of all of them with an empty one.
pub fn on_processor(name: &str) -> Duration {
    let of = |task: &Path| -> Option<u64> {
        let comm = std::fs::read_to_string(task.join("comm")).ok()?;
        let stat = std::fs::read_to_string(task.join("schedstat")).ok()?;
        (name.is_empty() || comm.trim() == name).then(|| stat.split(' ').next()?.parse().ok())?
    };
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    Duration::from_nanos(tasks.filter_map(|task| of(&task.path())).sum())
}

/// A number of `/proc/PROCESS/status`, such as `VmHWM`; memory is in kB. None where the process is gone.
pub fn status(process: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What one child used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Seconds.
    pub cpu: f64,
    /// Seconds.
    pub wall: f64,
    /// Peak memory in MB.
    pub peak: f64,
}

/// Runs one child to its end; none where it failed.
pub fn used(command: &mut Command) -> Option<Used> {
    let (before, began) = (of_children(), Instant::now());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let peak = watch(&child);
    child.wait().unwrap().success().then(|| Used {
        cpu: of_children() - before,
        wall: began.elapsed().as_secs_f64(),
        peak,
    })
}

/// Peak memory of a child in MB, looked at until it has ended.
fn watch(child: &Child) -> f64 {
    let mut peak = 0;
    while let Some(now) = status(&child.id().to_string(), "VmHWM") {
        peak = now;
        std::thread::sleep(Duration::from_millis(5));
    }
    peak as f64 / 1000.0
}

/// CPU seconds of all children that have been waited for (proc(5): fields 16 and 17 of stat, in hundredths).
fn of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("/proc, as Linux has it");
    let after_name = stat.rsplit(')').next().unwrap();
    let ticks: f64 =
        after_name.split_whitespace().skip(13).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
