//! A working folder with a configuration and a database, in which the real binary is run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::Connection;
use serde_json::Value;

/// A folder of its own, gone when dropped.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

/// How a run of the binary ended.
pub(crate) struct Ended {
    /// Exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    /// A workspace with this `cuttings.toml`.
    pub(crate) fn new(config: &str) -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        workspace.configure(config);
        workspace
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("cuttings.toml")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("cuttings.db")
    }

    /// The command, with configuration and database of this workspace and nothing of the caller's.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cuttings"));
        command
            .args(words)
            .arg("--config")
            .arg(self.config())
            .arg("--database")
            .arg(self.database())
            .current_dir(self.path())
            .env_remove("CUTTINGS_CONFIG")
            .env_remove("CUTTINGS_LOG")
            .env("HOME", self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        self.command(words).output().unwrap().into()
    }

    /// Runs a filter over lines.
    pub(crate) fn filter(&self, words: &[&str], lines: &[Value]) -> (Ended, Vec<Value>) {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let writer = std::thread::spawn(move || {
            // A filter that dies early is seen by what it did not answer.
            let _ = input.write_all(text.as_bytes());
        });
        let ended = Ended::from(child.wait_with_output().unwrap());
        writer.join().unwrap();
        let answers = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ended, answers)
    }

    /// Starts and goes on.
    pub(crate) fn spawn(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    /// The database as a downstream reader opens it.
    pub(crate) fn open(&self) -> Connection {
        Connection::open_with_flags(self.database(), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The rows of a query, each cell as text.
    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<String>> {
        rows(&self.open(), query)
    }

    /// The first cell of a query.
    pub(crate) fn one(&self, query: &str) -> String {
        self.rows(query).into_iter().flatten().next().unwrap_or_default()
    }

    /// The exported articles.
    pub(crate) fn exported(&self, more: &[&str]) -> Vec<Value> {
        let ended = self.run(&[&["export", "--format", "jsonl"], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The rows of a query, each cell as text.
pub(crate) fn rows(database: &Connection, query: &str) -> Vec<Vec<String>> {
    let mut statement = database.prepare(query).unwrap();
    let columns = statement.column_count();
    let cell = |row: &rusqlite::Row<'_>, index| match row.get_ref(index).unwrap() {
        rusqlite::types::ValueRef::Null => String::new(),
        rusqlite::types::ValueRef::Integer(value) => value.to_string(),
        rusqlite::types::ValueRef::Real(value) => value.to_string(),
        rusqlite::types::ValueRef::Text(value) | rusqlite::types::ValueRef::Blob(value) => {
            String::from_utf8_lossy(value).into_owned()
        }
    };
    let rows =
        statement.query_map([], |row| Ok((0..columns).map(|index| cell(row, index)).collect())).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Sends a real signal, such as `TERM` or `KILL`.
pub(crate) fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).status().unwrap();
    assert!(status.success(), "kill -{signal}");
}

/// Runs a `run --once --json` result through its JSON: (new, known, failed) of a source.
pub(crate) fn tally(json: &str, source: &str) -> (u64, u64, u64) {
    let all: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    let row = all["sources"].as_array().unwrap().iter().find(|row| row["source"] == source).unwrap();
    let count = |name: &str| row[name].as_u64().unwrap();
    (count("new"), count("known"), count("failed"))
}

/// A folder of data beside the checkout; prints a line and gives nothing where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")).join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}
