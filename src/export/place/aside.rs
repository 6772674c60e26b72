//! Names beside a target under which it is written, and what killed processes left there.
//!
//! Who writes holds a lock on it, which the system drops with the process, in whatever container it ran: what nobody
//! holds is a leftover.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Under construction.
pub(super) const PART: &str = "part";

/// What was there before, for a moment.
pub(super) const OLD: &str = "old";

/// A name beside `path`: hidden, and of this process.
pub(super) fn name(path: &Path, end: &str) -> PathBuf {
    path.with_file_name(format!("{}{}.{end}", stem(path), std::process::id()))
}

/// What such names of a target begin with. A long name with more around it would be too long for the file system.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(OsStr::new(""));
    let short: String = name.to_string_lossy().chars().take(48).collect();
    format!(".{short}.")
}

/// Makes a file for us alone. What has its name is not written into: it may be a link by now.
pub(super) fn create(path: &Path) -> io::Result<File> {
    loop {
        let _ = fs::remove_file(path);
        let file = File::options().write(true).create_new(true).open(path)?;
        if is_held(&file, path) {
            return Ok(file);
        }
    }
}

/// Makes a folder for us alone; it is ours as long as the handle is open.
pub(super) fn create_folder(path: &Path) -> io::Result<File> {
    loop {
        let _ = fs::remove_dir_all(path);
        fs::create_dir(path)?;
        let folder = File::open(path)?;
        if is_held(&folder, path) {
            return Ok(folder);
        }
    }
}

/// Locks it; false where somebody took it for a leftover and away before it was locked. A file system without locks
/// keeps leftovers for ever, as nobody else can lock them either.
fn is_held(file: &File, path: &Path) -> bool {
    let _ = file.lock();
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Takes away what killed processes left of `path`, beside it. A folder that one of them was about to replace is put
/// back.
pub(crate) fn sweep_beside(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    for (leftover, _lock) in leftovers(folder.unwrap_or(Path::new(".")), &stem(path)) {
        let is_old = leftover.extension().is_some_and(|end| end == OLD);
        if is_old && !path.exists() && fs::rename(&leftover, path).is_ok() {
            continue;
        }
        remove(&leftover);
    }
}

/// Takes away what killed processes left within a folder of ours.
pub(super) fn sweep_within(folder: &Path) {
    for (leftover, _lock) in leftovers(folder, ".") {
        remove(&leftover);
    }
}

fn remove(leftover: &Path) {
    let _ = if leftover.is_dir() {
        fs::remove_dir_all(leftover)
    } else {
        fs::remove_file(leftover)
    };
}

/// Files and folders `STEM…PID.part` and `STEM…PID.old` that nobody holds; we hold them now.
fn leftovers(folder: &Path, stem: &str) -> Vec<(PathBuf, File)> {
    let free = |entry: fs::DirEntry| {
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
    entries.filter_map(free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_a_leftover_and_what_somebody_holds_is_not() {
        let desk = tempfile::tempdir().unwrap();
        let at = |name: &str| desk.path().join(name);
        let target = at("out.jsonl");
        let held = create(&at(".out.jsonl.17.part")).unwrap();
        let held_folder = create_folder(&at(".out.jsonl.18.part")).unwrap();
        drop(create(&at(".out.jsonl.19.part")).unwrap());
        drop(create_folder(&at(".out.jsonl.20.part")).unwrap());
        fs::write(at(".out.jsonl.20.part/one"), "1").unwrap();
        for other in [
            ".out.jsonl.swp",
            ".out.jsonl.x.part",
            ".other.19.part",
            "out.jsonl.19.part",
            "19.part",
        ] {
            fs::write(at(other), "not ours").unwrap();
        }
        std::os::unix::fs::symlink(at("19.part"), at(".out.jsonl.21.part")).unwrap();
        sweep_beside(&target);
        let mut left: Vec<_> = fs::read_dir(desk.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                ".other.19.part",
                ".out.jsonl.17.part",
                ".out.jsonl.18.part",
                ".out.jsonl.21.part",
                ".out.jsonl.swp",
                ".out.jsonl.x.part",
                "19.part",
                "out.jsonl.19.part",
            ]
        );
        drop((held, held_folder));
        sweep_within(desk.path());
        for gone in [".other.19.part", ".out.jsonl.17.part", ".out.jsonl.18.part"] {
            assert!(!at(gone).exists(), "{gone}");
        }
    }

    #[test]
    fn a_folder_that_was_about_to_be_replaced_is_put_back() {
        let desk = tempfile::tempdir().unwrap();
        let (target, old) = (desk.path().join("out"), desk.path().join(".out.17.old"));
        fs::create_dir(&old).unwrap();
        fs::write(old.join("one"), "1").unwrap();
        sweep_beside(&target);
        assert!(target.join("one").exists() && !old.exists());
        fs::create_dir(&old).unwrap();
        sweep_beside(&target);
        assert!(target.join("one").exists() && !old.exists());
    }
}
