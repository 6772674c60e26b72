//! Opens the database file: checks whose it is and which schema it has, then sets the options of the connection.
//!
//! Used by the writer, the readers, the control client and the maintenance commands; nothing else opens the file. The
//! schema is `schema.sql`; `PRAGMA user_version` is its number. Numbers below [`VERSION`] belong to development builds
//! and are refused, as is a newer one, and every refused file stays as it was. From release 0.2.0 on there are
//! migrations.
//!
//! The options are the same in every build, `CHECK` constraints included. In `schema.sql` those are chains of `OR`, because
//! SQLite makes a table of an `IN (…)` list for each row written. So they cost 0.03 % of the instructions of `cargo bench
//! --bench store -- --only way` (callgrind, 1,000 articles), far below what its processor time varies by.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, FileControl, OpenFlags, TransactionBehavior};

use super::error::StoreError;

/// All tables, indexes and views.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The version of [`SCHEMA`] (`PRAGMA user_version`).
pub(super) const VERSION: i64 = 12;

/// Marks a file as ours (`PRAGMA application_id`): the letters `cutt`.
const APPLICATION: i64 = 0x6375_7474;

/// How long to wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Page cache of the writer in KiB. A larger transaction spills pages to the log and reads them back.
const CACHE_KIB: i64 = 16 << 10;

/// Pages in the log at which it is checkpointed: 32 MiB. Most pages change often, and each is copied once for all its
/// changes.
const CHECKPOINT_PAGES: i64 = 8000;

/// Bytes of the log that are kept after a checkpoint.
const LOG_LIMIT: i64 = 64 << 20;

/// Opens the database for writing; creates it where there is none. `store_id` names a new one.
pub(super) fn open_writer(path: &Path, store_id: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut db = connect(path, flags)?;
    let is_empty = is_empty(&db, path)?;
    set_up(&db, path, is_empty)?;
    if is_empty {
        create(&mut db, store_id).map_err(opening(path))?;
    }
    Ok(db)
}

/// Opens an existing database for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let db = open_existing(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.pragma_update(None, "query_only", true).map_err(opening(path))?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Opens an existing database for short writes while another process may hold its lock.
pub(super) fn open_control(path: &Path) -> Result<Connection, StoreError> {
    let db = open_existing(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    set_up(&db, path, false)?;
    Ok(db)
}

fn open_existing(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let missing = || StoreError::Missing { path: path.to_owned() };
    if !path.exists() {
        return Err(missing());
    }
    let db = connect(path, access)?;
    if is_empty(&db, path)? {
        return Err(missing());
    }
    Ok(db)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let db = Connection::open_with_flags(path, flags).map_err(opening(path))?;
    db.busy_timeout(BUSY_TIMEOUT).map_err(opening(path))?;
    Ok(db)
}

/// Converts an error of SQLite while the file is opened.
fn opening(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| StoreError::from(error).while_doing("open it").of_file(path)
}

/// Whether the file is empty. Anything but an empty file and [`VERSION`] is refused.
fn is_empty(db: &Connection, path: &Path) -> Result<bool, StoreError> {
    let number = |sql: &str| -> Result<i64, StoreError> {
        db.query_row(sql, [], |row| row.get(0))
            .map_err(|error| StoreError::from(error).while_doing("read it").of_file(path))
    };
    // A refused file stays as it was: the log of a process that was killed is not moved into it either.
    let keep_log =
        |keep| db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep).map_err(opening(path));
    keep_log(true)?;
    let application = number("PRAGMA application_id")?;
    let found = number("PRAGMA user_version")?;
    let is_empty = (application, found) == (0, 0) && number("SELECT count(*) FROM sqlite_schema")? == 0;
    let path = path.to_owned();
    if !is_empty && application != APPLICATION {
        return Err(StoreError::Foreign {
            path,
            why: "it is the SQLite database of another program".to_owned(),
        });
    }
    if !is_empty && found < VERSION {
        return Err(StoreError::DevelopmentBuild { path, found });
    }
    if found > VERSION {
        return Err(StoreError::Newer { path, found, known: VERSION });
    }
    keep_log(false)?;
    Ok(is_empty)
}

/// Sets the options of a connection that writes.
fn set_up(db: &Connection, path: &Path, is_empty: bool) -> Result<(), StoreError> {
    if db.is_readonly("main").map_err(opening(path))? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    let set = || -> rusqlite::Result<()> {
        if is_empty {
            // Only possible before the first table. Free pages go back to the file system a few at a time.
            db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        // With NORMAL, a `seq` that was given to a reader could be given again after a power cut.
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        let limit = format!("PRAGMA journal_size_limit = {LOG_LIMIT}");
        db.query_row(&limit, [], |_| Ok(()))?;
        db.pragma_update(None, "cache_size", -CACHE_KIB)?;
        // A savepoint copies the pages that it changes; memory is enough for them.
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        db.set_prepared_statement_cache_capacity(256);
        // Otherwise statements that could use a partial index are planned again for each value bound to them.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // Without -wal and -shm, a reader without write permission for the folder cannot open the database at all.
        db.file_control(Some("main"), FileControl::PersistWal(&mut 1))
    };
    set().map_err(opening(path))
}

/// Makes the tables, in one transaction.
fn create(db: &mut Connection, store_id: &str) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute("INSERT INTO meta (key, value) VALUES ('store_id', ?1)", [store_id])?;
    transaction.commit()
}

/// A random id that names a database among its copies: 32 hexadecimal digits.
pub(super) fn random_store_id() -> Result<String, StoreError> {
    let random: ring::rand::Random<[u8; 16]> = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| StoreError::File {
            path: PathBuf::from("the system's random numbers"),
            doing: "draw an id for the database",
            message: "the system gave none".to_owned(),
        })?;
    Ok(format!("{:032x}", u128::from_be_bytes(random.expose())))
}
