//! A file that is there whole or not at all: written aside, synced, renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// A file under construction. Dropped before [`Target::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
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
        let name = path
            .file_name()
            .ok_or_else(|| failed(io::Error::other("it names no file")))?;
        if path.is_dir() {
            return Err(failed(io::Error::other("it is a folder")));
        }
        let mut aside_name = std::ffi::OsString::from(".");
        aside_name.push(name);
        aside_name.push(format!(".{}.part", std::process::id()));
        let aside = path.with_file_name(aside_name);
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&aside)
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            aside,
            file: Some(BufWriter::with_capacity(1 << 16, file)),
        })
    }

    /// Syncs and renames: from here on readers see the new file.
    pub fn finish(mut self) -> Result<(), ExportError> {
        let done = self.file.take().map_or(Ok(()), |file| {
            file.into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all()?;
            fs::rename(&self.aside, &self.path)?;
            // The rename itself is on disk once the folder is.
            let folder = self
                .path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()
        });
        done.map_err(|error| {
            let _ = fs::remove_file(&self.aside);
            ExportError::Target {
                path: self.path.clone(),
                error,
            }
        })
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.aside);
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
        target.finish().unwrap();
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
        let error = Target::create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("it is a folder"), "{error}");
        assert!(Target::create(&folder.path().join("no/such/out.jsonl")).is_err());
    }
}
