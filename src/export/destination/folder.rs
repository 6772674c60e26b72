//! A folder that exports write: replaced as a whole, or added to.
//!
//! A folder that is not empty and has no mark of an export is refused.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file::sync_folder_of;
use super::temporary;
use crate::export::error::ExportError;

/// File in every folder that an export made.
const MARK: &str = ".cuttings-export";

/// What the mark tells a person who opens it.
const MARK_TEXT: &str = "This folder was written by `cuttings export`, which may replace all of it.\n";

/// A folder that is being written. Dropped before it is finished, a new one is removed.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    /// The name that readers see.
    path: PathBuf,
    /// Where files are written; `path` itself, where they are added.
    work: PathBuf,
    /// Tells other processes that `work` is in use.
    lock: Option<File>,
    is_finished: bool,
}

impl OutputFolder {
    /// Begins a folder that takes the place of the one at `path` when it is finished.
    pub(crate) fn replace(path: &Path) -> Result<Self, ExportError> {
        let path = checked(path)?;
        temporary::sweep_beside(&path);
        let work = temporary::name(&path, temporary::PART);
        let begun = || {
            let lock = temporary::create_folder(&work)?;
            fs::write(work.join(MARK), MARK_TEXT)?;
            Ok(Some(lock))
        };
        let lock = begun().map_err(|error| ExportError::of(&path, error))?;
        Ok(Self { path, work, lock, is_finished: false })
    }

    /// Opens the folder at `path` to add files to it; creates it where there is none.
    pub(crate) fn add_to(path: &Path) -> Result<Self, ExportError> {
        let path = checked(path)?;
        let begun = || {
            fs::create_dir_all(&path)?;
            fs::write(path.join(MARK), MARK_TEXT)
        };
        begun().map_err(|error| ExportError::of(&path, error))?;
        temporary::sweep_within(&path);
        Ok(Self { work: path.clone(), path, lock: None, is_finished: false })
    }

    /// Where files are written.
    pub(crate) fn work(&self) -> &Path {
        &self.work
    }

    /// Opens or creates a folder within it. A link is refused: it could lead anywhere.
    pub(in crate::export) fn subfolder(&self, name: &str) -> Result<PathBuf, ExportError> {
        let path = self.work.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                temporary::sweep_within(&path);
                Ok(path)
            }
            Ok(_) => Err(ExportError::of(&path, io::Error::other("it is in the way of a folder"))),
            Err(_) => match fs::create_dir(&path) {
                Ok(()) => Ok(path),
                Err(error) => Err(ExportError::of(&path, error)),
            },
        }
    }

    /// Puts the folder into its place.
    pub(crate) fn finish(mut self) -> Result<(), ExportError> {
        let swap = || {
            if self.work == self.path {
                return sync_folder_of(&self.path.join(MARK));
            }
            sync_folder_of(&self.work.join(MARK))?;
            if self.path.exists() {
                exchange(&self.work, &self.path)?;
                sync_folder_of(&self.path)?;
                // The next export removes what is left.
                let _ = fs::remove_dir_all(&self.work);
            } else {
                fs::rename(&self.work, &self.path)?;
                sync_folder_of(&self.path)?;
            }
            Ok(())
        };
        let result = swap();
        self.is_finished = result.is_ok();
        self.lock = None;
        result.map_err(|error| ExportError::of(&self.path, error))
    }
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.is_finished && self.work != self.path {
            let _ = fs::remove_dir_all(&self.work);
        }
    }
}

/// Exchanges the names of two folders: in one step on Linux, so that readers always find one; in two steps elsewhere.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let old = temporary::name(place, temporary::OLD);
    fs::rename(place, &old)?;
    if let Err(error) = fs::rename(new, place) {
        fs::rename(&old, place)?;
        return Err(error);
    }
    fs::rename(&old, new)
}

/// The path with links resolved. Fails where files are that no export made.
fn checked(path: &Path) -> Result<PathBuf, ExportError> {
    let resolved = match path.canonicalize() {
        Ok(found) => found,
        Err(_) => path.components().collect(),
    };
    if resolved.file_name().is_none() {
        return Err(ExportError::of(path, io::Error::other("it names no folder")));
    }
    let Ok(mut inside) = fs::read_dir(&resolved) else {
        if resolved.exists() {
            return Err(ExportError::of(path, io::Error::other("it is no folder, or cannot be read")));
        }
        return Ok(resolved);
    };
    if resolved.join(MARK).exists() || inside.next().is_none() {
        return Ok(resolved);
    }
    Err(ExportError::ForeignFolder { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_ours_is_not_touched() {
        let parent = tempfile::tempdir().unwrap();
        let mine = parent.path().join("mine");
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("thesis.txt"), "years").unwrap();
        for refused in [OutputFolder::replace(&mine), OutputFolder::add_to(&mine)] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("not made by cuttings"), "{error}");
        }
        assert_eq!(fs::read_dir(&mine).unwrap().count(), 1);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_replaced_whole_or_not_at_all() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("out");
        let folder = OutputFolder::replace(&path).unwrap();
        fs::write(folder.work().join("one"), "1").unwrap();
        folder.finish().unwrap();
        let folder = OutputFolder::replace(&path).unwrap();
        fs::write(folder.work().join("two"), "2").unwrap();
        drop(folder);
        assert!(path.join("one").exists() && !path.join("two").exists());
        let folder = OutputFolder::replace(&path).unwrap();
        fs::write(folder.work().join("two"), "2").unwrap();
        folder.finish().unwrap();
        assert!(!path.join("one").exists() && path.join("two").exists());
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
