//! Temporary files and folders beside an output, and the removal of those that killed processes left.
//!
//! They are named `.NAME.PID.part` or `.NAME.PID.old`. The process that writes one holds a lock on it, which the system
//! releases with the process. One without a lock is a leftover; the process number does not tell, as another container
//! has numbers of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Ending of what is being written.
pub(super) const PART: &str = "part";

/// Ending of the old folder while it is replaced in two steps.
pub(super) const OLD: &str = "old";

/// The temporary name of this process beside `path`.
pub(super) fn name(path: &Path, ending: &str) -> PathBuf {
    path.with_file_name(format!("{}{}.{ending}", stem(path), std::process::id()))
}

/// The beginning of all temporary names beside `path`: 48 characters of its name, as file systems limit names to 255
/// bytes.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(OsStr::new(""));
    let short: String = name.to_string_lossy().chars().take(48).collect();
    format!(".{short}.")
}

/// Creates and locks a file. A file of that name is removed and not opened: it may be a link.
pub(super) fn create_file(path: &Path) -> io::Result<File> {
    loop {
        let _ = fs::remove_file(path);
        let file = File::options().write(true).create_new(true).open(path)?;
        if lock(&file, path) {
            return Ok(file);
        }
    }
}

/// Creates and locks a folder; the lock lasts as long as the handle.
pub(super) fn create_folder(path: &Path) -> io::Result<File> {
    loop {
        let _ = fs::remove_dir_all(path);
        fs::create_dir(path)?;
        let folder = File::open(path)?;
        if lock(&folder, path) {
            return Ok(folder);
        }
    }
}

/// Locks a file; false where another process removed it as a leftover before it was locked. On a file system without
/// locks leftovers stay, as no other process can lock them either.
fn lock(file: &File, path: &Path) -> bool {
    let _ = file.lock();
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Removes the leftovers beside `path`. A folder that a process was about to replace is put back.
pub(in crate::export) fn sweep_beside(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    for (leftover, _lock) in leftovers(folder.unwrap_or(Path::new(".")), &stem(path)) {
        let is_old = leftover.extension().is_some_and(|end| end == OLD);
        if is_old && !path.exists() && fs::rename(&leftover, path).is_ok() {
            continue;
        }
        remove(&leftover);
    }
}

/// Removes the leftovers within a folder that an export made.
pub(super) fn sweep_within(folder: &Path) {
    for (leftover, _lock) in leftovers(folder, ".") {
        remove(&leftover);
    }
}

fn remove(leftover: &Path) {
    let _ = if leftover.is_dir() { fs::remove_dir_all(leftover) } else { fs::remove_file(leftover) };
}

/// Files and folders `STEM…PID.part` and `STEM…PID.old` that no process has locked; locked now.
fn leftovers(folder: &Path, stem: &str) -> Vec<(PathBuf, File)> {
    let unlocked = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let rest = name.to_str()?.strip_prefix(stem)?;
        let (rest, end) = rest.rsplit_once('.')?;
        let process = rest.rsplit_once('.').map_or(rest, |(_, process)| process);
        let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
        let about = entry.file_type().ok()?;
        if !is_number || ![PART, OLD].contains(&end) || !(about.is_file() || about.is_dir()) {
            return None;
        }
        let file = File::open(entry.path()).ok()?;
        file.try_lock().ok()?;
        Some((entry.path(), file))
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(unlocked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_a_leftover_and_what_somebody_holds_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let target = at("out.jsonl");
        let held = create_file(&at(".out.jsonl.17.part")).unwrap();
        let held_folder = create_folder(&at(".out.jsonl.18.part")).unwrap();
        drop(create_file(&at(".out.jsonl.19.part")).unwrap());
        drop(create_folder(&at(".out.jsonl.20.part")).unwrap());
        fs::write(at(".out.jsonl.20.part/one"), "1").unwrap();
        for other in [".out.jsonl.swp", ".out.jsonl.x.part", ".other.19.part", "out.jsonl.19.part", "19.part"]
        {
            fs::write(at(other), "not ours").unwrap();
        }
        std::os::unix::fs::symlink(at("19.part"), at(".out.jsonl.21.part")).unwrap();
        sweep_beside(&target);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                ".other.19.part", ".out.jsonl.17.part", ".out.jsonl.18.part", ".out.jsonl.21.part",
                ".out.jsonl.swp", ".out.jsonl.x.part", "19.part", "out.jsonl.19.part",
            ]
        );
        drop((held, held_folder));
        sweep_within(folder.path());
        for gone in [".other.19.part", ".out.jsonl.17.part", ".out.jsonl.18.part"] {
            assert!(!at(gone).exists(), "{gone}");
        }
    }

    #[test]
    fn a_folder_that_was_about_to_be_replaced_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let (target, old) = (folder.path().join("out"), folder.path().join(".out.17.old"));
        fs::create_dir(&old).unwrap();
        fs::write(old.join("one"), "1").unwrap();
        sweep_beside(&target);
        assert!(target.join("one").exists() && !old.exists());
        fs::create_dir(&old).unwrap();
        sweep_beside(&target);
        assert!(target.join("one").exists() && !old.exists());
    }
}
