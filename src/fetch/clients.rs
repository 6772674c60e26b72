//! The HTTP clients: one per transport (proxy, CA file, HTTP version), each with its own connections.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use super::capacity;
use super::client_error::innermost;
use super::error::{FetchError, RefusedAddress};
use super::guard::Guard;
use super::request::Transport;
use super::resolve::{GuardedResolver, Lookup};
use crate::config;
use crate::link;

/// Idle connections are closed this long after the gap: before most servers close them.
const IDLE_SLACK: Duration = Duration::from_secs(2);

/// Clients kept besides the default one; the least recently used is dropped for a new one.
const MAX_CLIENTS: usize = 64;

/// Bytes of a CA file that are read.
const MAX_CA_FILE: u64 = 4 << 20;

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built ({cause}); the system's CA certificates may be missing")]
pub struct ClientError {
    cause: String,
}

impl ClientError {
    pub(super) fn new(cause: String) -> Self {
        Self { cause }
    }
}

/// The clients of a fetcher, built on first use.
pub(super) struct Clients {
    default_client: reqwest::Client,
    settings: ClientSettings,
    /// Most recently used last.
    by_transport: Mutex<Vec<(Transport, reqwest::Client)>>,
}

/// Settings that all clients share.
#[derive(Clone)]
struct ClientSettings {
    user_agent: String,
    connect_timeout: Duration,
    idle: Duration,
    per_host: usize,
    guard: Guard,
    lookup: Arc<dyn Lookup>,
}

impl Clients {
    pub(super) fn new(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        install_crypto();
        let settings = ClientSettings {
            user_agent,
            connect_timeout: limits.connect_timeout,
            idle: politeness.host_gap.saturating_add(IDLE_SLACK),
            // If not even the requests fit into the limit of open files, no idle connection may take a descriptor.
            per_host: if capacity::max_requests() < politeness.in_flight { 0 } else { politeness.per_host },
            guard: Guard::new(&limits.allow_networks),
            lookup,
        };
        let default_client = settings.client(&Transport::default()).map_err(|cause| ClientError { cause })?;
        Ok(Self { default_client, settings, by_transport: Mutex::default() })
    }

    /// The user agent of all clients.
    pub(super) fn user_agent(&self) -> &str {
        &self.settings.user_agent
    }

    /// The client for `transport`. With a proxy, which resolves names itself, the addresses of `to` are checked here.
    pub(super) async fn get(&self, transport: &Transport, to: &Url) -> Result<reqwest::Client, FetchError> {
        if *transport == Transport::default() {
            return Ok(self.default_client.clone());
        }
        if transport.proxy.is_some() && to.domain().is_some() {
            self.check_address(to).await?;
        }
        if let Some(client) = self.cached(transport) {
            return Ok(client);
        }
        let (settings, key) = (self.settings.clone(), transport.clone());
        let built = tokio::task::spawn_blocking(move || settings.client(&key)).await;
        let client = match built {
            Ok(Ok(client)) => client,
            Ok(Err(cause)) => return Err(FetchError::Settings { cause }),
            Err(panic) => {
                let cause = panic.to_string();
                return Err(FetchError::Settings { cause });
            }
        };
        let mut clients = self.by_transport.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= MAX_CLIENTS {
            clients.remove(0);
        }
        clients.push((transport.clone(), client.clone()));
        Ok(client)
    }

    fn cached(&self, transport: &Transport) -> Option<reqwest::Client> {
        let mut clients = self.by_transport.lock().unwrap_or_else(PoisonError::into_inner);
        let index = clients.iter().position(|(known, _)| known == transport)?;
        let used = clients.remove(index);
        let client = used.1.clone();
        clients.push(used);
        Some(client)
    }

    /// Fails if a name has no address, or one that may not be reached.
    pub(super) async fn check_address(&self, to: &Url) -> Result<(), FetchError> {
        let host = link::host(to);
        let resolver = self.settings.resolver(&Transport::default());
        let after = self.settings.connect_timeout;
        let checked = tokio::time::timeout(after, resolver.addresses(host.clone())).await;
        let Ok(checked) = checked else {
            return Err(FetchError::ConnectTimeout { host, after });
        };
        checked.map(drop).map_err(|error| match error.downcast::<RefusedAddress>() {
            Ok(refused) => FetchError::Address(*refused),
            Err(other) => FetchError::Dns { host, cause: other.to_string() },
        })
    }
}

impl fmt::Debug for Clients {
    /// Without the clients: they would print the passwords of their proxies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("user_agent", &self.settings.user_agent).finish_non_exhaustive()
    }
}

impl ClientSettings {
    fn client(&self, transport: &Transport) -> Result<reqwest::Client, String> {
        let mut client = reqwest::Client::builder()
            .user_agent(self.user_agent.as_str())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Proxies are configured per source; the environment is ignored.
            .no_proxy()
            .dns_resolver(Arc::new(self.resolver(transport)))
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(self.idle)
            .pool_max_idle_per_host(self.per_host)
            // An idle connection is closed before the first probe, and a silent one by the limits of a request.
            .tcp_keepalive(None)
            .tcp_keepalive_interval(None)
            .tcp_keepalive_retries(None)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http2_max_header_list_size(64 << 10);
        if let Some(url) = &transport.proxy {
            if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") {
                return Err(format!(
                    "a proxy is an http, https, socks5 or socks5h address, not {}:",
                    url.scheme()
                ));
            }
            let proxy = reqwest::Proxy::all(url.as_str())
                .map_err(|error| format!("proxy {}: {}", link::mask_secrets(url), innermost(&error)))?;
            client = client.proxy(proxy);
        }
        if transport.http1_only {
            client = client.http1_only();
        }
        if let Some(path) = &transport.ca_file {
            client = client.tls_certs_merge(certificates(path)?);
        }
        client.build().map_err(|error| innermost(&error))
    }

    fn resolver(&self, transport: &Transport) -> GuardedResolver {
        GuardedResolver {
            guard: self.guard.clone(),
            lookup: Arc::clone(&self.lookup),
            // The user named the proxy, which may well be at a private address.
            proxy: transport.proxy.as_ref().map(link::host),
        }
    }
}

/// The certificates of a PEM file, or why it has none; blocking.
pub(super) fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let shown = path.display();
    let read = || {
        use std::io::Read;
        let mut pem = Vec::new();
        std::fs::File::open(path)?.take(MAX_CA_FILE).read_to_end(&mut pem)?;
        Ok::<_, std::io::Error>(pem)
    };
    let pem = read().map_err(|error| format!("ca_file {shown}: {error}"))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem)
        .map_err(|error| format!("ca_file {shown} is no PEM file: {}", innermost(&error)))?;
    if certificates.is_empty() {
        return Err(format!("ca_file {shown} holds no certificate"));
    }
    Ok(certificates)
}

/// The user agent: `cuttings/VERSION (+CONTACT)`. Characters that a header cannot hold are dropped from the contact.
pub fn user_agent(contact: Option<&str>) -> String {
    let contact: String =
        contact.unwrap_or_default().chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    let name = concat!("cuttings/", env!("CARGO_PKG_VERSION"));
    match contact.trim() {
        "" => name.to_owned(),
        contact => format!("{name} (+{contact})"),
    }
}

/// Installs ring as the crypto provider of the process. Must be called before the first client is built; may be called
/// again.
pub fn install_crypto() {
    // An error says that there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
