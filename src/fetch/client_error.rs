//! Classifies the errors of the HTTP client by what they wrap.

use std::error::Error;
use std::time::Duration;

use super::error::{FetchError, RefusedAddress};
use super::request::Transport;
use super::resolve::NoAddress;
use crate::link;

/// The error of a request to `host`, or of reading its response.
pub(super) fn classify(error: &reqwest::Error, host: &str, connect_timeout: Duration) -> FetchError {
    let host = host.to_owned();
    if let Some(refused) = chain(error).find_map(|cause| cause.downcast_ref::<RefusedAddress>()) {
        return FetchError::Address(refused.clone());
    }
    if error.is_connect() && error.is_timeout() {
        return FetchError::ConnectTimeout { host, after: connect_timeout };
    }
    let cause = innermost(error);
    if chain(error).any(<dyn Error>::is::<NoAddress>) {
        return FetchError::Dns { host, cause };
    }
    match chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => return FetchError::Certificate { host, cause },
        Some(_) => return FetchError::Tls { host, cause },
        None => {}
    }
    if error.is_builder() {
        return FetchError::Url { cause };
    }
    if error.is_connect() {
        return FetchError::Connect { host, cause };
    }
    match chain(error).find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
        Some(http) if http.is_parse() => FetchError::Protocol { cause },
        _ => FetchError::Broken { cause },
    }
}

/// The same error of a request through a proxy: a failed connection is one to the proxy, or one that the proxy failed to
/// make.
pub(super) fn behind_proxy(error: FetchError, transport: &Transport) -> FetchError {
    let Some(proxy) = transport.proxy.as_ref().map(link::mask_secrets) else {
        return error;
    };
    match error {
        FetchError::Connect { host, cause } | FetchError::Dns { host, cause } => {
            FetchError::Proxy { host, proxy, cause }
        }
        FetchError::ConnectTimeout { host, after } => {
            FetchError::Proxy { host, proxy, cause: format!("nothing within {after:?}") }
        }
        other => other,
    }
}

/// The message of the last cause: it says more than the first.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and its causes. An `io::Error` does not return what it wraps as its source.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error: &&'a (dyn Error + 'static)| {
        let inside = error
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
            .map(|inside| inside as &(dyn Error + 'static));
        inside.or_else(|| error.source())
    })
}
