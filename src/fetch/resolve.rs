//! Names to addresses, each judged at the moment of connecting.
//!
//! What the guard passed is what the connection is made to: a name that answers differently the second time is judged
//! the second time. One refused address refuses the name, because an honest public name has none.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::guard::Guard;

/// Lookups at one time. A resolver that hangs keeps its thread until it gives up.
const LOOKUPS: usize = 64;

/// Where names are looked up.
pub trait Lookup: Send + Sync {
    /// All addresses of a name, in the order they should be tried.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug)]
pub struct SystemNames {
    slots: Arc<Semaphore>,
}

impl Default for SystemNames {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(LOOKUPS)),
        }
    }
}

impl Lookup for SystemNames {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let slots = Arc::clone(&self.slots);
        Box::pin(async move {
            let slot = slots.acquire_owned().await.map_err(io::Error::other)?;
            // The slot goes with the thread, not with the caller: a caller that gave up does not make room for more.
            tokio::task::spawn_blocking(move || {
                let addresses = (name.as_str(), 0)
                    .to_socket_addrs()
                    .map(|all| all.map(|a| a.ip()).collect());
                drop(slot);
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

/// The resolver a client is built with.
#[derive(Clone)]
pub(super) struct Guarded {
    pub(super) guard: Guard,
    pub(super) names: Arc<dyn Lookup>,
    /// A name that is not judged: that of the proxy.
    pub(super) trusted: Option<String>,
}

type Failure = Box<dyn Error + Send + Sync>;

impl Guarded {
    /// The addresses of a name, if there are any and each may be reached; else [`super::Refused`] or [`NoAddress`].
    pub(super) async fn addresses(&self, host: String) -> Result<Vec<IpAddr>, Failure> {
        let addresses = self.names.lookup(host.clone()).await.map_err(|error| NoAddress {
            cause: error.to_string(),
        })?;
        if addresses.is_empty() {
            let cause = "the name has no address".to_owned();
            return Err(NoAddress { cause }.into());
        }
        if self.trusted.as_deref() != Some(host.as_str()) {
            for address in &addresses {
                self.guard.judge(&host, *address)?;
            }
        }
        Ok(addresses)
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guarded = self.clone();
        Box::pin(async move {
            let addresses = guarded.addresses(name.as_str().to_owned()).await?;
            let all: Addrs = Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(all)
        })
    }
}
