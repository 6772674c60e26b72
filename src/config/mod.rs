//! Reads the configuration: finds the file, checks all of it, and compiles it into what runs.
//!
//! [`find`] looks for the file. [`load`] reads it with the files it includes and the site rules beside it, and returns a
//! [`Config`], or every mistake with its place and a hint ([`Faults`]). Everyone else uses [`Config`] and its parts, and
//! gets its own section only, never the whole.
//!
//! On the way, `config_file` is one parsed file with the mistakes found in it, `value` a cursor over its TOML that reports
//! mistakes and goes on, and `read`, `settings`, `rules`, `request`, `secret_source`, `source_cookie`, `url_command`, `listing`,
//! `output` read the sections.
//!
//! One place per fact: keys are in `keys`, each default in a `Default` impl or in [`Source::new`]; tests hold
//! `config/cuttings.toml`, which documents every key, to both, and the JSON Schema is made from that file.

mod append;
mod article_rules;
mod config_file;
mod fault;
mod files;
mod filter;
mod find;
mod host_key;
mod keys;
mod listing;
mod load;
mod nearest;
mod output;
mod pages;
mod read;
mod request;
mod rules;
mod same_site;
mod scalar;
mod schema;
mod secret_source;
mod sections;
mod settings;
mod source;
mod source_cookie;
mod url_command;
mod value;

#[cfg(test)]
mod tests;

pub use crate::timing::Schedule;
pub use append::{AppendError, NewSource, SourceNames, append};
pub use article_rules::{ArticleRules, FieldRule, Sites};
pub use fault::{Fault, Faults, SHOWN, Severity, counted};
pub use filter::{Filter, FilterInput, Filters};
pub use find::{ConfigNotFound, find, find_in, find_or_new};
pub use listing::{Listing, SourceKind};
pub use load::{LoadedConfig, NamedDatabase, load, load_rules, load_text, named_database};
pub use nearest::nearest;
pub use output::{FeedGrouping, OutputConfig, OutputKind, Secret};
pub use request::{RequestOptions, refused_header};
pub use schema::schema;
pub use secret_source::SecretSource;
pub use sections::{
    BackoffScope, Config, DaemonConfig, FetchConfig, ListenAddress, MetricsConfig, PolitenessConfig,
};
pub use source::{ArticleRetention, PagePolicy, Retention, RevisionPolicy, Source, SourceTest};
pub use source_cookie::{CookieHost, SourceCookie};
pub use url_command::UrlCommand;
