//! Opening the file: whose it is, which version, and how it is to be treated.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, FileControl, OpenFlags};

use super::error::StoreError;

/// Steps from one schema to the next; `PRAGMA user_version` counts those taken. Released steps are never changed.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// Marks a file as ours (`PRAGMA application_id`): the letters `cutt`.
const APPLICATION: i64 = 0x6375_7474;

/// How long we wait for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// Kibibytes of pages that the writer holds. A transaction that needs more writes them to the log and reads them back.
const CACHE: i64 = 16 << 10;

/// Pages in the log from which on they are moved into the database: 32 MiB. A page that changes often, and most do, is
/// moved once for all its changes.
const CHECKPOINT: i64 = 8000;

/// Log bytes kept after a checkpoint.
const LOG_LIMIT: i64 = 64 << 20;

/// Opens the database for writing, makes it where there is none, and brings its schema up to date. A file that is not
/// ours, or newer, is left as it is.
pub(super) fn open_writer(path: &Path, store_id: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let of_file = |error: rusqlite::Error| StoreError::from(error).while_doing("open it").of_file(path);
    let mut db = Connection::open_with_flags(path, flags).map_err(of_file)?;
    db.busy_timeout(BUSY).map_err(of_file)?;
    let version = version(&db, path)?;
    if db.is_readonly("main").map_err(of_file)? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    if version == 0 {
        // Only before the first table: what is dropped gives its room back a little at a time.
        db.pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(of_file)?;
    }
    prepare(&db).map_err(of_file)?;
    migrate(&mut db, version, store_id).map_err(of_file)?;
    Ok(db)
}

/// Opens the database for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let of_file = |error: rusqlite::Error| StoreError::from(error).while_doing("open it").of_file(path);
    let db = Connection::open_with_flags(path, flags).map_err(of_file)?;
    db.busy_timeout(BUSY).map_err(of_file)?;
    db.pragma_update(None, "query_only", true).map_err(of_file)?;
    if version(&db, path)? == 0 {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Refuses what an older program has written: its views lack columns that are read here.
pub(super) fn is_current(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(db, path)?;
    let known = MIGRATIONS.len();
    if found == 0 {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    if found < known {
        return Err(StoreError::Older {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Opens a database that is there for small writes beside whoever holds its lock; refused unless it has our schema.
pub(super) fn open_side(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let of_file = |error: rusqlite::Error| StoreError::from(error).while_doing("open it").of_file(path);
    let db = Connection::open_with_flags(path, flags).map_err(of_file)?;
    db.busy_timeout(BUSY).map_err(of_file)?;
    // An older one is brought up to date by the daemon, which holds the lock.
    is_current(&db, path)?;
    if db.is_readonly("main").map_err(of_file)? {
        return Err(StoreError::ReadOnly {
            path: path.to_owned(),
        });
    }
    prepare(&db).map_err(of_file)?;
    Ok(db)
}

/// The schema of a file that is ours; 0 for an empty one.
fn version(db: &Connection, path: &Path) -> Result<usize, StoreError> {
    let of_file = |error: rusqlite::Error| StoreError::from(error).while_doing("read it").of_file(path);
    let number = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(of_file);
    let application = number("PRAGMA application_id")?;
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if (application, found, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
            why: "it is the SQLite database of another program".to_owned(),
        });
    }
    match usize::try_from(found) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: MIGRATIONS.len() as i64,
        }),
    }
}

fn prepare(db: &Connection) -> rusqlite::Result<()> {
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // With NORMAL a number given to a reader could be given again after a power cut.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.query_row(
        &format!("PRAGMA journal_size_limit = {LOG_LIMIT}"),
        [],
        |_| Ok(()),
    )?;
    db.pragma_update(None, "cache_size", -CACHE)?;
    // In a savepoint the pages that a step changes are copied first, and that need not be to a file.
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    db.set_prepared_statement_cache_capacity(256);
    // SQLite makes a table of the words of each `CHECK (… IN (…))`, for each row that is written. What we write are names of
    // our own types; tests hold us to the lists, and `verify` the database.
    db.pragma_update(None, "ignore_check_constraints", !cfg!(debug_assertions))?;
    // Without it, statements that could use a partial index are planned anew whenever a value is bound to them.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Without -wal and -shm a reader who may not write the folder cannot open the database at all.
    let mut keep = 1;
    db.file_control(Some("main"), FileControl::PersistWal(&mut keep))
}

fn migrate(db: &mut Connection, version: usize, store_id: &str) -> rusqlite::Result<()> {
    for (at, step) in MIGRATIONS.iter().enumerate().skip(version) {
        let step_of = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        step_of.execute_batch(step)?;
        step_of.pragma_update(None, "application_id", APPLICATION)?;
        step_of.pragma_update(None, "user_version", at as i64 + 1)?;
        step_of.execute(
            "INSERT OR IGNORE INTO meta (key, value) VALUES ('store_id', ?1)",
            [store_id],
        )?;
        step_of.commit()?;
    }
    Ok(())
}
