//! Name resolution, with every address checked by the guard when a connection is made.
//!
//! The connection goes to the address that was checked: a name that resolves differently the next time (DNS rebinding) is
//! checked again. One refused address refuses the whole name: honest public names have none.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::guard::Guard;

/// Concurrent lookups. A lookup that hangs keeps its thread until the system gives up.
const MAX_LOOKUPS: usize = 64;

/// A resolver. The system's, or that of a test.
pub trait Lookup: Send + Sync {
    /// All addresses of a name, in the order they should be tried.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug)]
pub struct SystemResolver {
    permits: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }
}

impl Lookup for SystemResolver {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let permits = Arc::clone(&self.permits);
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            // The permit goes with the thread, not with the caller: a cancelled lookup still occupies its thread.
            tokio::task::spawn_blocking(move || {
                let addresses = (name.as_str(), 0).to_socket_addrs().map(|all| all.map(|a| a.ip()).collect());
                drop(permit);
                addresses
            })
            .await
            .map_err(io::Error::other)?
        })
    }
}

/// A name without an address.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(super) struct NoAddress {
    cause: String,
}

/// The resolver of the HTTP clients.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) guard: Guard,
    pub(super) lookup: Arc<dyn Lookup>,
    /// The host of the configured proxy: it may be at a private address.
    pub(super) proxy: Option<String>,
}

type ResolveError = Box<dyn Error + Send + Sync>;

impl GuardedResolver {
    /// The addresses of a name, if there are any and each may be reached; else [`super::RefusedAddress`] or [`NoAddress`].
    pub(super) async fn addresses(&self, host: String) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses =
            self.lookup.lookup(host.clone()).await.map_err(|error| NoAddress { cause: error.to_string() })?;
        if addresses.is_empty() {
            let cause = "the name has no address".to_owned();
            return Err(NoAddress { cause }.into());
        }
        if self.proxy.as_deref() != Some(host.as_str()) {
            for address in &addresses {
                self.guard.check_address(&host, *address)?;
            }
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.clone();
        Box::pin(async move {
            let addresses = guarded.addresses(name.as_str().to_owned()).await?;
            let all: Addrs = Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(all)
        })
    }
}
