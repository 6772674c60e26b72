//! A file that appears as a whole or not at all: written under a temporary name, synced, renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::sink::AtomicOutput;
use super::temporary;
use crate::export::error::ExportError;

/// Bytes that are gathered before they are written.
const BUFFER: usize = 1 << 18;

/// A file that is being written. Dropped before it is finished, it is removed.
#[derive(Debug)]
pub(crate) struct OutputFile {
    /// The name that readers see.
    path: PathBuf,
    /// The file that is written; `path` itself, where that is a pipe or a device.
    temporary: PathBuf,
    /// None once it is finished. Its lock tells other processes that it is in use.
    file: Option<BufWriter<File>>,
}

impl OutputFile {
    /// Begins a file beside `path`: a rename within a folder is one step.
    pub(crate) fn create(path: &Path) -> Result<Self, ExportError> {
        let failed = |error| ExportError::of(path, error);
        if path.file_name().is_none() {
            return Err(failed(io::Error::other("it names no file")));
        }
        if path.is_dir() {
            return Err(failed(io::Error::other("it is a folder")));
        }
        let (temporary, file) = if is_special(path) {
            (path.to_owned(), File::options().write(true).open(path))
        } else {
            let temporary = temporary::name(path, temporary::PART);
            let file = temporary::create_file(&temporary);
            (temporary, file)
        };
        Ok(Self {
            path: path.to_owned(),
            temporary,
            file: Some(BufWriter::with_capacity(BUFFER, file.map_err(failed)?)),
        })
    }

    /// The file that is written.
    pub(in crate::export) fn temporary(&self) -> &Path {
        &self.temporary
    }

    /// A pipe or a device is written, so nothing is renamed or removed.
    fn is_direct(&self) -> bool {
        self.temporary == self.path
    }

    /// Removes the temporary file.
    fn remove(&self) {
        if !self.is_direct() {
            let _ = fs::remove_file(&self.temporary);
        }
    }

    /// An error with the path in its message, for callers that only see an I/O error.
    fn failed(&self, error: &io::Error) -> io::Error {
        let (path, kind) = (self.path.display(), error.kind());
        io::Error::new(kind, format!("{path}: {error}; what was there before is untouched"))
    }
}

impl AtomicOutput for OutputFile {
    /// Syncs and renames: readers see the new file from here on.
    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        let done = self.file.take().map_or(Ok(()), |file| {
            // Open, and by that locked, until it is renamed.
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            if self.is_direct() {
                return Ok(());
            }
            file.sync_all()?;
            fs::rename(&self.temporary, &self.path)?;
            sync_folder_of(&self.path)
        });
        done.map_err(|error| {
            self.remove();
            ExportError::of(&self.path, error)
        })
    }
}

/// Pipes and devices are written to directly.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir())
}

/// Syncs the folder of `path`: a rename is on disk once its folder is.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.as_mut().map_or(Ok(0), |file| file.write(bytes));
        done.map_err(|error| self.failed(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.as_mut().map_or(Ok(()), Write::flush);
        done.map_err(|error| self.failed(&error))
    }
}

impl Drop for OutputFile {
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
        let mut target = OutputFile::create(&path).unwrap();
        target.write_all(b"half").unwrap();
        drop(target);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut target = OutputFile::create(&path).unwrap();
        target.write_all(b"new").unwrap();
        Box::new(target).finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_folder_or_a_missing_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", anyhow::Error::from(OutputFile::create(folder.path()).unwrap_err()));
        assert!(error.contains("it is a folder"), "{error}");
        assert!(OutputFile::create(&folder.path().join("no/such/out.jsonl")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn h18_a_link_in_the_way_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("out"));
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, temporary::name(&path, temporary::PART)).unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let mut target = OutputFile::create(&path).unwrap();
        target.write_all(b"new").unwrap();
        Box::new(target).finish().unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
