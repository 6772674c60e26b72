//! A folder of ours: replaced as a whole, or added to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::ExportError;
use super::aside;
use super::file::sync_folder_of;

/// Stands in every folder that we made: one without it, and not empty, is somebody else's.
const MARK: &str = ".cuttings-export";

const MARK_TEXT: &str = "This folder was written by `cuttings export`, which may replace all of it.\n";

/// A folder under construction.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Where it is built; the folder itself, where it is added to.
    work: PathBuf,
    /// Says that we are still at it.
    held: Option<File>,
    done: bool,
}

impl Folder {
    /// A folder that takes the place of the one at `path` when it is finished.
    pub fn replace(path: &Path) -> Result<Self, ExportError> {
        let path = checked(path)?;
        aside::sweep_beside(&path);
        let work = aside::name(&path, aside::PART);
        let begun = || {
            let held = aside::create_folder(&work)?;
            fs::write(work.join(MARK), MARK_TEXT)?;
            Ok(Some(held))
        };
        let held = begun().map_err(|error| of(&path, error))?;
        Ok(Self {
            path,
            work,
            held,
            done: false,
        })
    }

    /// The folder at `path`, to add files to; made where there is none.
    pub fn add_to(path: &Path) -> Result<Self, ExportError> {
        let path = checked(path)?;
        let begun = || {
            fs::create_dir_all(&path)?;
            fs::write(path.join(MARK), MARK_TEXT)
        };
        begun().map_err(|error| of(&path, error))?;
        aside::sweep_within(&path);
        Ok(Self {
            work: path.clone(),
            path,
            held: None,
            done: false,
        })
    }

    /// Where files are to be written.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// A folder within it, which must be a real one (a link could lead anywhere).
    pub fn within(&self, name: &str) -> Result<PathBuf, ExportError> {
        let path = self.work.join(name);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {
                aside::sweep_within(&path);
                Ok(path)
            }
            Ok(_) => Err(of(&path, io::Error::other("it is in the way of a folder"))),
            Err(_) => match fs::create_dir(&path) {
                Ok(()) => Ok(path),
                Err(error) => Err(of(&path, error)),
            },
        }
    }

    /// Puts it into its place.
    pub fn finish(mut self) -> Result<(), ExportError> {
        let swap = || {
            if self.work == self.path {
                return sync_folder_of(&self.path.join(MARK));
            }
            sync_folder_of(&self.work.join(MARK))?;
            if self.path.exists() {
                exchange(&self.work, &self.path)?;
                sync_folder_of(&self.path)?;
                // A leftover is taken away by the next export.
                let _ = fs::remove_dir_all(&self.work);
            } else {
                fs::rename(&self.work, &self.path)?;
                sync_folder_of(&self.path)?;
            }
            Ok(())
        };
        let result = swap();
        self.done = result.is_ok();
        self.held = None;
        result.map_err(|error| of(&self.path, error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.done && self.work != self.path {
            let _ = fs::remove_dir_all(&self.work);
        }
    }
}

/// Two folders, each under the name of the other. In one step where the system can do that, so that readers never miss
/// it; in two elsewhere.
fn exchange(new: &Path, place: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, place, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let old = aside::name(place, aside::OLD);
    fs::rename(place, &old)?;
    if let Err(error) = fs::rename(new, place) {
        fs::rename(&old, place)?;
        return Err(error);
    }
    fs::rename(&old, new)
}

/// The folder, links resolved; refused where something that is not ours is there.
fn checked(path: &Path) -> Result<PathBuf, ExportError> {
    let whole = match path.canonicalize() {
        Ok(found) => found,
        Err(_) => path.components().collect(),
    };
    if whole.file_name().is_none() {
        return Err(of(path, io::Error::other("it names no folder")));
    }
    let Ok(mut inside) = fs::read_dir(&whole) else {
        if whole.exists() {
            return Err(of(path, io::Error::other("it is no folder, or cannot be read")));
        }
        return Ok(whole);
    };
    if whole.join(MARK).exists() || inside.next().is_none() {
        return Ok(whole);
    }
    Err(ExportError::NotOurs {
        path: path.to_owned(),
    })
}

fn of(path: &Path, error: io::Error) -> ExportError {
    ExportError::Target {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_ours_is_not_touched() {
        let desk = tempfile::tempdir().unwrap();
        let mine = desk.path().join("mine");
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("thesis.txt"), "years").unwrap();
        for refused in [Folder::replace(&mine), Folder::add_to(&mine)] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("not made by cuttings"), "{error}");
        }
        assert_eq!(fs::read_dir(&mine).unwrap().count(), 1);
        assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_replaced_whole_or_not_at_all() {
        let desk = tempfile::tempdir().unwrap();
        let path = desk.path().join("out");
        let folder = Folder::replace(&path).unwrap();
        fs::write(folder.work().join("one"), "1").unwrap();
        folder.finish().unwrap();
        let folder = Folder::replace(&path).unwrap();
        fs::write(folder.work().join("two"), "2").unwrap();
        drop(folder);
        assert!(path.join("one").exists() && !path.join("two").exists());
        let folder = Folder::replace(&path).unwrap();
        fs::write(folder.work().join("two"), "2").unwrap();
        folder.finish().unwrap();
        assert!(!path.join("one").exists() && path.join("two").exists());
        assert_eq!(
            fs::read_dir(desk.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }
}
