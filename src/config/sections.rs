//! The configuration as it runs: one struct for each section of the file, with its defaults.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::article_rules::Sites;
use super::output::OutputConfig;
use super::source::Source;

/// A whole configuration, valid.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[daemon]`
    pub daemon: DaemonConfig,
    /// `[politeness]`
    pub politeness: PolitenessConfig,
    /// `[fetch]`
    pub fetch: FetchConfig,
    /// `[metrics]`
    pub metrics: MetricsConfig,
    /// `[[source]]`, in the order of the files.
    pub sources: Vec<Arc<Source>>,
    /// `[[output]]`, in the order of the files.
    pub outputs: Vec<OutputConfig>,
    /// Rules of `sites/HOST.toml`.
    pub sites: Sites,
}

/// `[daemon]`: contact and database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonConfig {
    /// A web page or e-mail address where site owners can reach the operator; part of the User-Agent.
    pub contact: Option<String>,
    /// Where the database is; `None`: `$STATE_DIRECTORY/cuttings.db`, else the user's XDG data folder.
    pub database: Option<PathBuf>,
    /// Bytes that must be free where the database is, or nothing is collected.
    pub min_free_disk: u64,
}

impl Default for DaemonConfig {
    fn default() -> Self {
        Self { contact: None, database: None, min_free_disk: 200 << 20 }
    }
}

/// `[politeness]`: limits for the load on servers (docs/politeness.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolitenessConfig {
    /// Least time between two requests to one host. Under a second needs `impolite`.
    pub host_gap: Duration,
    /// Requests in flight to one host. Over one needs `impolite`.
    pub per_host: usize,
    /// Requests in flight in all.
    pub in_flight: usize,
    /// What `Retry-After` and failures of a server apply to.
    pub scope: BackoffScope,
    /// Allows values below the floors, for servers of the operator.
    pub impolite: bool,
}

impl Default for PolitenessConfig {
    fn default() -> Self {
        Self {
            host_gap: Duration::from_secs(1),
            per_host: 1,
            in_flight: 32,
            scope: BackoffScope::default(),
            impolite: false,
        }
    }
}

/// What `Retry-After` and failures apply to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackoffScope {
    /// Only the feed that was fetched.
    Feed,
    /// Everything on the host.
    #[default]
    Host,
    /// All hosts of a registrable domain; they also share `host_gap` and `per_host`.
    Domain,
}

/// `[fetch]`: limits of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchConfig {
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Longest time without data while a response arrives.
    pub idle_timeout: Duration,
    /// Time for the whole of one request, redirects not included.
    pub total_timeout: Duration,
    /// Largest feed, in bytes after decompression.
    pub max_feed: u64,
    /// Largest page, in bytes after decompression.
    pub max_page: u64,
    /// Most redirects of one request.
    pub max_redirects: usize,
    /// Programs of `fetch_command` and `feed_command` that run at once.
    pub programs: usize,
    /// Private networks that may be fetched from (docs/threats.md).
    pub allow_networks: Vec<IpNet>,
    /// Folders whose files a source may name as its feed (docs/threats.md, H1).
    pub allow_files: Vec<PathBuf>,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_mins(1),
            max_feed: 10 << 20,
            max_page: 5 << 20,
            max_redirects: 10,
            programs: 4,
            allow_networks: Vec::new(),
            allow_files: Vec::new(),
        }
    }
}

/// `[metrics]`: the endpoint for monitoring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// Where `/metrics` and `/health` are served; `None`: nowhere.
    pub listen: Option<ListenAddress>,
}

/// An address that only this machine can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A loopback address and a port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}
