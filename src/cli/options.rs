//! The options of every command, and what they lead to: the configuration and the database.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{ConfigError, UsageError};
use crate::config::{self, Config};
use crate::telemetry::LogFormat;

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct GlobalOptions {
    /// Configuration file [default: $CUTTINGS_CONFIG, ./config/cuttings.toml, the user's, /etc/cuttings/cuttings.toml]
    #[arg(long, global = true, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,
    /// Database file, instead of the configured one
    #[arg(long, global = true, value_name = "PATH")]
    database: Option<PathBuf>,
    /// More messages on stderr; twice for the detail of each article
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Errors only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Format of log lines on stderr; `auto` is the journal under systemd, else text
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "CUTTINGS_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    pub(super) log_format: LogFormat,
}

impl GlobalOptions {
    /// Loads the configuration. Its warnings are logged, its mistakes are a [`ConfigError`].
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        load_from(&self.config_path()?)
    }

    /// The configuration, or an empty one where none is named and none is found: for commands that need none.
    pub(super) fn load_if_any(&self) -> anyhow::Result<Config> {
        match config::find(self.config.as_deref()) {
            Ok(path) => load_from(&path),
            Err(error) if self.config.is_some() => Err(UsageError(error.to_string()).into()),
            Err(_) => Ok(Config::default()),
        }
    }

    /// The configuration that sources are added to, and its file; an empty one where the file does not exist yet.
    pub(super) fn load_to_extend(&self) -> anyhow::Result<(PathBuf, Config)> {
        let path =
            config::find_or_new(self.config.as_deref()).map_err(|error| UsageError(error.to_string()))?;
        let config = if path.exists() { load_from(&path)? } else { Config::default() };
        Ok((path, config))
    }

    /// The configuration file: as the command line names it, else the first of the usual places.
    pub(super) fn config_path(&self) -> anyhow::Result<PathBuf> {
        config::find(self.config.as_deref()).map_err(|error| UsageError(error.to_string()).into())
    }

    /// The database: as the command line names it, else as the configuration does, else the default place.
    pub(super) fn database(&self, config: &Config) -> anyhow::Result<PathBuf> {
        let named = self.database.clone().or_else(|| config.daemon.database.clone());
        named.map_or_else(default_database, Ok)
    }

    /// The database of a command that needs nothing else of the configuration, which is not even read where `--database` is given.
    pub(super) fn database_to_write(&self) -> anyhow::Result<PathBuf> {
        match &self.database {
            Some(path) => Ok(path.clone()),
            None => self.database(&self.load()?),
        }
    }

    /// The database of a command that only reads: mistakes in the rest of the configuration are logged and passed over.
    pub(super) fn database_to_read(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.database {
            return Ok(path.clone());
        }
        let named =
            config::named_database(&self.config_path()?).map_err(|faults| ConfigError::from(&faults))?;
        let database = named.path.map_or_else(default_database, Ok)?;
        if let Some(fault) = named.faults.as_ref().and_then(|faults| faults.all().first()) {
            tracing::warn!(
                "the configuration is broken (`cuttings check` shows all of it); reading {} all the same: {fault}",
                database.display()
            );
        }
        Ok(database)
    }
}

/// Loads a configuration; see [`GlobalOptions::load`].
pub(super) fn load_from(path: &Path) -> anyhow::Result<Config> {
    let loaded = config::load(path).map_err(|faults| ConfigError::from(&faults))?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded.config)
}

/// `$STATE_DIRECTORY/cuttings.db` under systemd, else in the user's data folder (XDG Base Directory Specification).
fn default_database() -> anyhow::Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    folder("STATE_DIRECTORY")
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("cuttings")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/cuttings")))
        .map(|folder| folder.join("cuttings.db"))
        .ok_or_else(|| {
            UsageError(
                "no place for the database: set `database` in [daemon], or pass --database PATH".into(),
            )
            .into()
        })
}
