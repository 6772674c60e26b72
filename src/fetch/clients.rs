//! The HTTP clients: one for the straight way, and one for each other way that sources ask for.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use super::error::innermost;
use super::resolve::Guarded;
use super::{FetchError, Guard, Lookup, Refused, Transport, capacity, install_crypto};
use crate::config;
use crate::link;

/// Idle connections are closed after the gap and this: before most servers do it.
const KEEP_IDLE: Duration = Duration::from_secs(2);

/// Other ways kept open; the one longest unused is closed for a new one.
const MAX_WAYS: usize = 64;

/// Bytes of a CA file that are read.
const MAX_CA_FILE: u64 = 4 << 20;

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built ({cause}); the system's CA certificates may be missing")]
pub struct ClientError {
    cause: String,
}

impl ClientError {
    pub(super) fn of(cause: String) -> Self {
        Self { cause }
    }
}

/// All clients of a fetcher.
pub(super) struct Clients {
    straight: reqwest::Client,
    recipe: Recipe,
    /// Last used last.
    others: Mutex<Vec<(Transport, reqwest::Client)>>,
}

/// What all clients have in common.
#[derive(Clone)]
struct Recipe {
    user_agent: String,
    connect_timeout: Duration,
    idle: Duration,
    per_host: usize,
    guard: Guard,
    names: Arc<dyn Lookup>,
}

impl Clients {
    pub(super) fn new(
        limits: &config::FetchConfig,
        politeness: &config::PolitenessConfig,
        user_agent: String,
        names: Arc<dyn Lookup>,
    ) -> Result<Self, ClientError> {
        install_crypto();
        let recipe = Recipe {
            user_agent,
            connect_timeout: limits.connect_timeout,
            idle: politeness.host_gap.saturating_add(KEEP_IDLE),
            // Where there is no room for them all, none is kept open for later.
            per_host: if capacity::requests() < politeness.in_flight {
                0
            } else {
                politeness.per_host
            },
            guard: Guard::new(&limits.allow_networks),
            names,
        };
        let straight = recipe
            .client(&Transport::default())
            .map_err(|cause| ClientError { cause })?;
        Ok(Self {
            straight,
            recipe,
            others: Mutex::default(),
        })
    }

    /// The name all clients go by.
    pub(super) fn user_agent(&self) -> &str {
        &self.recipe.user_agent
    }

    /// The client for `via`, built where there is none yet. A proxy would look `to` up for itself, so that the guard
    /// judges here what we find.
    pub(super) async fn of(&self, via: &Transport, to: &Url) -> Result<reqwest::Client, FetchError> {
        if *via == Transport::default() {
            return Ok(self.straight.clone());
        }
        if via.proxy.is_some() && to.domain().is_some() {
            self.judge(to).await?;
        }
        if let Some(client) = self.known(via) {
            return Ok(client);
        }
        let (recipe, way) = (self.recipe.clone(), via.clone());
        let built = tokio::task::spawn_blocking(move || recipe.client(&way)).await;
        let client = match built {
            Ok(Ok(client)) => client,
            Ok(Err(cause)) => return Err(FetchError::Settings { cause }),
            Err(panic) => {
                let cause = panic.to_string();
                return Err(FetchError::Settings { cause });
            }
        };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if others.len() >= MAX_WAYS {
            others.remove(0);
        }
        others.push((via.clone(), client.clone()));
        Ok(client)
    }

    fn known(&self, via: &Transport) -> Option<reqwest::Client> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let place = others.iter().position(|(known, _)| known == via)?;
        let used = others.remove(place);
        let client = used.1.clone();
        others.push(used);
        Some(client)
    }

    async fn judge(&self, to: &Url) -> Result<(), FetchError> {
        let host = link::host(to);
        let resolver = self.recipe.resolver(&Transport::default());
        let after = self.recipe.connect_timeout;
        let judged = tokio::time::timeout(after, resolver.addresses(host.clone())).await;
        let Ok(judged) = judged else {
            return Err(FetchError::ConnectTimeout { host, after });
        };
        judged
            .map(drop)
            .map_err(|error| match error.downcast::<Refused>() {
                Ok(refused) => FetchError::Address(*refused),
                Err(other) => FetchError::Dns {
                    host,
                    cause: other.to_string(),
                },
            })
    }
}

impl fmt::Debug for Clients {
    /// Without the clients: they would print the passwords of their proxies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients")
            .field("user_agent", &self.recipe.user_agent)
            .finish_non_exhaustive()
    }
}

impl Recipe {
    fn client(&self, via: &Transport) -> Result<reqwest::Client, String> {
        let mut client = reqwest::Client::builder()
            .user_agent(self.user_agent.as_str())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Proxies of the environment are not ours.
            .no_proxy()
            .dns_resolver(Arc::new(self.resolver(via)))
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
        if let Some(url) = &via.proxy {
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
        if via.http1_only {
            client = client.http1_only();
        }
        if let Some(path) = &via.ca_file {
            client = client.tls_certs_merge(certificates(path)?);
        }
        client.build().map_err(|error| innermost(&error))
    }

    fn resolver(&self, via: &Transport) -> Guarded {
        Guarded {
            guard: self.guard.clone(),
            names: Arc::clone(&self.names),
            // The proxy itself was named by the user, and is at home where the guard lets nothing go.
            trusted: via.proxy.as_ref().map(link::host),
        }
    }
}

pub(super) fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let shown = path.display();
    let read = || {
        use std::io::Read;
        let mut pem = Vec::new();
        std::fs::File::open(path)?
            .take(MAX_CA_FILE)
            .read_to_end(&mut pem)?;
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
