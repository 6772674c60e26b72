//! A file that is there whole or not at all: written aside, synced, renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::{AtomicOutput, ExportError};
use super::aside;

/// Bytes that are gathered before they are written.
const ROOM: usize = 1 << 18;

/// A file under construction. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    /// Where it is written; the path itself, where that is a pipe or a device.
    aside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Target {
    /// Begins a file beside `path`, in the same folder, so that the rename is one step.
    pub fn create(path: &Path) -> Result<Self, ExportError> {
        let failed = |error| ExportError::Target {
            path: path.to_owned(),
            error,
        };
        if path.file_name().is_none() {
            return Err(failed(io::Error::other("it names no file")));
        }
        if path.is_dir() {
            return Err(failed(io::Error::other("it is a folder")));
        }
        let (aside, file) = if is_special(path) {
            (path.to_owned(), File::options().write(true).open(path))
        } else {
            let aside = aside::name(path, aside::PART);
            let file = aside::create(&aside);
            (aside, file)
        };
        Ok(Self {
            path: path.to_owned(),
            aside,
            file: Some(BufWriter::with_capacity(ROOM, file.map_err(failed)?)),
        })
    }

    /// Where it is written.
    pub fn aside(&self) -> &Path {
        &self.aside
    }

    fn is_direct(&self) -> bool {
        self.aside == self.path
    }

    fn remove(&self) {
        if !self.is_direct() {
            let _ = fs::remove_file(&self.aside);
        }
    }

    fn failed(&self, error: &io::Error) -> io::Error {
        let (path, kind) = (self.path.display(), error.kind());
        io::Error::new(
            kind,
            format!("{path}: {error}; what was there before is untouched"),
        )
    }
}

impl AtomicOutput for Target {
    /// Syncs and renames: from here on readers see the new file.
    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        let done = self.file.take().map_or(Ok(()), |file| {
            // Open, and by that ours, until it has its name.
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            if self.is_direct() {
                return Ok(());
            }
            file.sync_all()?;
            fs::rename(&self.aside, &self.path)?;
            sync_folder_of(&self.path)
        });
        done.map_err(|error| {
            self.remove();
            ExportError::Target {
                path: self.path.clone(),
                error,
            }
        })
    }
}

/// Pipes and devices are written to as they are.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// A rename is on disk once the folder is.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.as_mut().map_or(Ok(0), |file| file.write(bytes));
        done.map_err(|error| self.failed(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.as_mut().map_or(Ok(()), Write::flush);
        done.map_err(|error| self.failed(&error))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            self.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "old").unwrap();
        let mut target = Target::create(&path).unwrap();
        target.write_all(b"half").unwrap();
        drop(target);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut target = Target::create(&path).unwrap();
        target.write_all(b"new").unwrap();
        Box::new(target).finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_folder_or_a_missing_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!(
            "{:#}",
            anyhow::Error::from(Target::create(folder.path()).unwrap_err())
        );
        assert!(error.contains("it is a folder"), "{error}");
        assert!(Target::create(&folder.path().join("no/such/out.jsonl")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn h18_a_link_in_the_way_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("out"));
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, aside::name(&path, aside::PART)).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let mut target = Target::create(&path).unwrap();
        target.write_all(b"new").unwrap();
        Box::new(target).finish().unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
