//! Errors of the store. Each message says what to do; [`StoreError::code`] is the metric label, [`StoreError::grade`]
//! whether a retry helps.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// An error of the store. The transaction that failed left nothing behind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the lock of this database.
    #[error("{}: in use by process {pid}, running since {since}; stop that one, or give this one another database", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
        /// Its process id, as written in the lock file.
        pid: String,
        /// When it started.
        since: String,
    },
    /// Another process delivers to this consumer.
    #[error(
        "consumer {name:?} is being served by another process; wait for that one, or name another consumer"
    )]
    ConsumerBusy {
        /// Name of the consumer.
        name: String,
    },
    /// There is no database to read.
    #[error("{}: there is no database yet; `cuttings run` makes it", path.display())]
    Missing {
        /// The path that was tried.
        path: PathBuf,
    },
    /// The file is not one of ours.
    #[error("{}: not a cuttings database ({why}); it was left as it is: move it away or name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// How that was recognised.
        why: String,
    },
    /// A newer version of this program wrote it.
    #[error("{}: written by a newer cuttings (schema {found}, this one knows {known}); it was left as it is: use the newer program", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema known here.
        known: i64,
    },
    /// A development build wrote it. There are no migrations from those.
    #[error(
        "{}: written by a development build of cuttings (schema {found}); it was left as it is. To move its articles, run \
         `cuttings export --format jsonl --to PATH` with that build, then `cuttings import PATH` with this one and another \
         database",
        path.display()
    )]
    DevelopmentBuild {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// This user may not write it.
    #[error("{}: may not be written by this user; change its owner or mode, or name another file", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// A file beside the database cannot be used.
    #[error("{}: cannot {doing}: {message}; check the folder, its owner and its mode", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's message.
        message: String,
    },
    /// The lease was released, or belongs to another run.
    #[error("the claim on {what} is lost: its outcome was not recorded, it will be done again")]
    LeaseLost {
        /// Which row.
        what: String,
    },
    /// The writer thread has ended.
    #[error("the store is closed: nothing more can be recorded in this run")]
    Closed,
    /// A stored value cannot be read back.
    #[error(
        "cannot {doing}: a stored value is damaged ({what}); run `PRAGMA integrity_check` on the database"
    )]
    Damaged {
        /// What was tried.
        doing: &'static str,
        /// Table and column, or a description.
        what: String,
    },
    /// SQLite reported an error.
    #[error("cannot {doing}: {message}; {}", kind.advice())]
    Sql {
        /// What was tried.
        doing: &'static str,
        /// Its kind.
        kind: SqlErrorKind,
        /// SQLite's message.
        message: String,
    },
}

/// Kinds of SQLite errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlErrorKind {
    /// The disk is full.
    Full,
    /// The disk or the file system failed.
    Io,
    /// Another process held the database for longer than the timeout.
    Busy,
    /// The file is damaged.
    Corrupt,
    /// It may not be written.
    ReadOnly,
    /// Anything else: a bug.
    Other,
}

impl SqlErrorKind {
    fn advice(self) -> &'static str {
        match self {
            Self::Full => "rolled back; it goes on when there is room on the disk",
            Self::Io => "rolled back; look at the disk and at the kernel's log",
            Self::Busy => "rolled back; another process holds the database",
            Self::Corrupt => "restore the database from a backup",
            Self::ReadOnly => "rolled back; check the owner and mode of the database and its folder",
            Self::Other => "rolled back; please report this",
        }
    }
}

impl StoreError {
    /// A code from a closed set: database column and metric label.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "store-locked",
            Self::ConsumerBusy { .. } => "consumer-busy",
            Self::Missing { .. } => "store-missing",
            Self::Foreign { .. } => "store-foreign",
            Self::Newer { .. } => "store-newer",
            Self::DevelopmentBuild { .. } => "store-development-build",
            Self::ReadOnly { .. } => "store-read-only",
            Self::File { .. } => "store-file",
            Self::LeaseLost { .. } => "lease-lost",
            Self::Closed => "store-closed",
            Self::Damaged { .. } => "store-damaged",
            Self::Sql { kind, .. } => match kind {
                SqlErrorKind::Full => "store-full",
                SqlErrorKind::Io => "store-io",
                SqlErrorKind::Busy => "store-busy",
                SqlErrorKind::Corrupt => "store-corrupt",
                SqlErrorKind::ReadOnly => "store-read-only",
                SqlErrorKind::Other => "store-sql",
            },
        }
    }

    /// The codes of errors while a store is open; the others happen while one is opened.
    pub const CODES: [&'static str; 9] = [
        "store-full", "store-io", "store-busy", "store-corrupt", "store-read-only", "store-sql",
        "store-file", "store-damaged", "store-closed",
    ];

    /// Whether only the lease was lost: nothing is wrong with the store.
    pub fn is_lease_lost(&self) -> bool {
        matches!(self, Self::LeaseLost { .. })
    }

    /// Sets what was being done, for the message.
    pub(super) fn while_doing(mut self, what: &'static str) -> Self {
        if let Self::Sql { doing, .. } | Self::Damaged { doing, .. } = &mut self {
            *doing = what;
        }
        self
    }

    /// Converts an error while a file is opened: it may not be ours, or not accessible.
    pub(super) fn of_file(self, path: &Path) -> Self {
        match self {
            Self::Sql { kind: SqlErrorKind::Corrupt, message, .. } => {
                Self::Foreign { path: path.to_owned(), why: message }
            }
            Self::Sql { kind: SqlErrorKind::ReadOnly, .. } => Self::ReadOnly { path: path.to_owned() },
            Self::Sql { doing, kind: SqlErrorKind::Io, message } => {
                Self::File { path: path.to_owned(), doing, message }
            }
            other => other,
        }
    }

    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { doing: "read the database", what: what.into() }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => SqlErrorKind::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
                SqlErrorKind::Io
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SqlErrorKind::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => SqlErrorKind::Corrupt,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => SqlErrorKind::ReadOnly,
            _ => SqlErrorKind::Other,
        };
        Self::Sql { doing: "use the database", kind, message: error.to_string() }
    }
}
