//! Reads files of a configuration, and finds those that a pattern with `*` names.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The folder of a file, to which the paths in it are relative.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The path with links and dots resolved, so that the same file has the same path; as given where it does not exist.
pub(super) fn identity_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Why a file could not be read.
pub(super) struct ReadFailure {
    /// As a phrase.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: &'static str,
}

/// Largest file in bytes.
const LARGEST: u64 = 64 << 20;

/// Reads a whole UTF-8 file. A device without an end fails at the size limit.
pub(super) fn read_file(path: &Path) -> Result<String, ReadFailure> {
    let unread = |error: io::Error| ReadFailure {
        message: format!("the file cannot be read: {error}"),
        hint: match error.kind() {
            io::ErrorKind::NotFound => {
                "check the name; paths count from the folder of the file they stand in"
            }
            io::ErrorKind::PermissionDenied => "let the user that runs cuttings read it",
            io::ErrorKind::IsADirectory => "name a file; for a folder's files write `folder/*.toml`",
            _ => "check that it is a file that can be read",
        },
    };
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > LARGEST {
        return Err(ReadFailure {
            message: "the file is larger than 64 MiB".to_owned(),
            hint: "split it and `include` the parts",
        });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        ReadFailure {
            message: format!("the file is not UTF-8: line {line} holds other bytes"),
            hint: "save it as UTF-8",
        }
    })
}

/// The files that a path with `*` in its last part names, sorted; hidden ones only where the dot is typed. Without `*`
/// the path itself, whether it exists or not.
pub(super) fn matching(path: &Path) -> io::Result<Vec<PathBuf>> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(pattern) = name.filter(|name| name.contains('*')) else {
        return Ok(vec![path.to_owned()]);
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if fits(&pattern, &name) && name.starts_with('.') == pattern.starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a name matches a pattern in which `*` is any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(head) else {
        return false;
    };
    // Each part but the last is best found as early as possible.
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The files of a folder of site rules, sorted; hidden ones are left out.
pub(super) fn site_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fit) in [
            ("*.toml", "a.toml", true),
            ("*.toml", ".toml", true),
            ("*.toml", "a.toml~", false),
            ("a*", "b", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("**", "", true),
            ("a", "a", true),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }
}
