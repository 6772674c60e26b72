//! The request options of a source: headers, cookies, credentials, proxy and CA file, applied to a request or checked.
//!
//! Secrets are read when they are needed, from where the configuration says (file, environment, command). A secret that
//! cannot be read is an error of its source alone. No error contains the value of a secret.

use url::Url;

use super::clients::certificates;
use super::error::FetchError;
use super::request::{Request, Transport, basic_auth, bearer, check_header};
use crate::config::{RequestOptions, SecretSource, Source};

impl Request {
    /// The request with the options of its source. Headers are sent to the origin of its feed only.
    pub async fn for_source(self, source: &Source) -> Result<Self, FetchError> {
        if source.request == RequestOptions::default() {
            return Ok(self);
        }
        let access = source.request.clone();
        let read = tokio::task::spawn_blocking(move || {
            Ok::<_, FetchError>((header_lines(&access)?, transport(&access)?))
        });
        let (lines, transport) = read.await.map_err(|panic| FetchError::Settings {
            cause: panic.to_string(),
        })??;
        Ok(self
            .with_headers_for(source.feed.clone(), lines)
            .with_transport(transport))
    }
}

/// A request option that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessFault {
    /// What is wrong and what to do, without the value of a secret.
    pub message: String,
    /// Whether the daemon may still be able to read it: it comes from the environment of the process.
    pub only_here: bool,
}

/// Checks all request options of a source: reads its secrets and its CA file. Sends no request; blocking.
pub fn check_access(access: &RequestOptions) -> Vec<AccessFault> {
    let mut faults = Vec::new();
    let mut read = |key: &str, secret: &SecretSource| match secret.read() {
        Ok(value) => Some(value),
        Err(cause) => {
            faults.push(AccessFault {
                message: format!("{key}: {cause}"),
                only_here: secret.is_process_specific(),
            });
            None
        }
    };
    let mut lines = Vec::new();
    for (name, value) in &access.headers {
        lines.extend(
            read(&format!("headers.{name}"), value)
                .map(|value| (format!("headers.{name}"), name.clone(), value)),
        );
    }
    for (name, value) in &access.cookies {
        lines.extend(
            read(&format!("cookies.{name}"), value)
                .map(|value| (format!("cookies.{name}"), "Cookie".to_owned(), value)),
        );
    }
    if let Some((_, password)) = &access.basic_auth {
        read("basic_auth", password);
    }
    if let Some(token) = &access.bearer {
        lines.extend(read("bearer", token).map(|token| {
            let (name, value) = bearer(&token);
            ("bearer".to_owned(), name, value)
        }));
    }
    let proxy = access.proxy.as_ref().and_then(|proxy| read("proxy", proxy));
    let mut wrong = |message: String| {
        faults.push(AccessFault {
            message,
            only_here: false,
        });
    };
    for (key, name, value) in lines {
        if let Err(error) = check_header(&name, &value) {
            wrong(format!("{key}: {error}"));
        }
    }
    if let Some(Err(cause)) = proxy.map(|proxy| proxy_of(&proxy)) {
        wrong(format!("proxy: {cause}"));
    }
    if let Some(Err(cause)) = access.ca_file.as_deref().map(certificates) {
        wrong(cause);
    }
    faults
}

/// The URL of a proxy. The error does not show the value: it may contain a password.
fn proxy_of(typed: &str) -> Result<Url, &'static str> {
    let url = Url::parse(typed.trim()).map_err(|_| "its value is no address")?;
    if matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host() {
        Ok(url)
    } else {
        Err("its value is no http, https, socks5 or socks5h address")
    }
}

fn read(secret: &SecretSource) -> Result<String, FetchError> {
    secret.read().map_err(|cause| FetchError::Settings { cause })
}

fn header_lines(access: &RequestOptions) -> Result<Vec<(String, String)>, FetchError> {
    let mut lines = Vec::new();
    for (name, value) in &access.headers {
        lines.push((name.clone(), read(value)?));
    }
    let mut cookies = Vec::new();
    for (name, value) in &access.cookies {
        cookies.push(format!("{name}={}", read(value)?));
    }
    if !cookies.is_empty() {
        lines.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if let Some((user, password)) = &access.basic_auth {
        lines.push(basic_auth(user, &read(password)?));
    }
    if let Some(token) = &access.bearer {
        lines.push(bearer(&read(token)?));
    }
    if let Some(name) = &access.user_agent {
        lines.push(("User-Agent".to_owned(), name.clone()));
    }
    for (name, value) in &lines {
        check_header(name, value)?;
    }
    Ok(lines)
}

fn transport(access: &RequestOptions) -> Result<Transport, FetchError> {
    let proxy = match &access.proxy {
        Some(proxy) => Some(proxy_of(&read(proxy)?).map_err(|cause| FetchError::Settings {
            cause: format!("`proxy`: {cause}"),
        })?),
        None => None,
    };
    Ok(Transport {
        proxy,
        http1_only: access.http1_only,
        ca_file: access.ca_file.clone(),
    })
}
