//! The request options of a source: headers, cookies, credentials, proxy and CA file, applied to a request or checked.
//!
//! Secrets are read when they are needed, from where the configuration says (file, environment, command). A secret that
//! cannot be read is an error of its source alone. No error contains the value of a secret.

use url::Url;

use super::clients::certificates;
use super::error::FetchError;
use super::request::{
    ConfiguredCookie, PageProgram, Request, ResourceKind, Transport, basic_auth, bearer, check_header,
};
use crate::config::{RequestOptions, SecretSource, Source, SourceCookie};

impl Request {
    /// The request with the options of its source. Headers are sent to the origin of its feed only, cookies there or to the hosts
    /// that they name. The program that prints the document, and a file as feed, are those that the source itself names.
    pub async fn for_source(mut self, source: &Source) -> Result<Self, FetchError> {
        let command = match self.kind {
            ResourceKind::Page => &source.fetch_command,
            ResourceKind::Feed | ResourceKind::Sitemap => &source.feed_command,
            ResourceKind::Robots => &None,
        };
        self.program = command.clone().map(|command| PageProgram {
            command,
            source: source.name.clone(),
            user_agent: source.request.user_agent.clone(),
        });
        self.is_local_file =
            self.kind == ResourceKind::Feed && self.url.scheme() == "file" && self.url == source.feed;
        if source.request == RequestOptions::default() {
            return Ok(self);
        }
        let access = source.request.clone();
        let read = tokio::task::spawn_blocking(move || {
            Ok::<_, FetchError>((header_lines(&access)?, cookies(&access)?, transport(&access)?))
        });
        let (lines, cookies, transport) =
            read.await.map_err(|panic| FetchError::Settings { cause: panic.to_string() })??;
        let request = self.with_headers_for(source.feed.clone(), lines).with_cookies(cookies);
        Ok(request.with_transport(transport))
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
    let mut add = |message: String, only_here: bool| faults.push(AccessFault { message, only_here });
    for SecretHeader { key, secret, line } in secret_headers(access).into_iter().chain(cookie_headers(access))
    {
        match secret.read().map(line) {
            Err(cause) => add(format!("{key}: {cause}"), secret.is_process_specific()),
            Ok((name, value)) => {
                if let Err(error) = check_header(&name, &value) {
                    add(format!("{key}: {error}"), false);
                }
            }
        }
    }
    if let Some(secret) = &access.proxy {
        match secret.read() {
            Err(cause) => add(format!("proxy: {cause}"), secret.is_process_specific()),
            Ok(proxy) => {
                if let Err(cause) = proxy_of(&proxy) {
                    add(format!("proxy: {cause}"), false);
                }
            }
        }
    }
    if let Some(Err(cause)) = access.ca_file.as_deref().map(certificates) {
        add(cause, false);
    }
    faults
}

/// A header whose value is made of a secret.
struct SecretHeader<'a> {
    /// The configuration key.
    key: String,
    secret: &'a SecretSource,
    /// Name and value of the header, given the secret.
    line: Box<dyn Fn(String) -> (String, String) + 'a>,
}

/// The headers of a source that contain secrets, but for cookies, in the order they are sent.
fn secret_headers(access: &RequestOptions) -> Vec<SecretHeader<'_>> {
    let mut all = Vec::new();
    for (name, secret) in &access.headers {
        all.push(SecretHeader {
            key: format!("headers.{name}"),
            secret,
            line: Box::new(|value| (name.clone(), value)),
        });
    }
    if let Some((user, secret)) = &access.basic_auth {
        all.push(SecretHeader {
            key: "basic_auth".to_owned(),
            secret,
            line: Box::new(|password| basic_auth(user, &password)),
        });
    }
    if let Some(secret) = &access.bearer {
        all.push(SecretHeader { key: "bearer".to_owned(), secret, line: Box::new(|token| bearer(&token)) });
    }
    all
}

/// The cookies of a source, each as a header of its own.
fn cookie_headers(access: &RequestOptions) -> impl Iterator<Item = SecretHeader<'_>> {
    access.cookies.iter().map(|SourceCookie { name, value: secret, .. }| SecretHeader {
        key: format!("cookies.{name}"),
        secret,
        line: Box::new(move |value| ("Cookie".to_owned(), format!("{name}={value}"))),
    })
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
    for header in secret_headers(access) {
        lines.push((header.line)(read(header.secret)?));
    }
    if let Some(name) = &access.user_agent {
        lines.push(("User-Agent".to_owned(), name.clone()));
    }
    for (name, value) in &lines {
        check_header(name, value)?;
    }
    Ok(lines)
}

fn cookies(access: &RequestOptions) -> Result<Vec<ConfiguredCookie>, FetchError> {
    let configured = |(header, cookie): (SecretHeader<'_>, &SourceCookie)| {
        let (name, pair) = (header.line)(read(header.secret)?);
        check_header(&name, &pair)?;
        Ok(ConfiguredCookie { pair, hosts: cookie.hosts.clone() })
    };
    cookie_headers(access).zip(&access.cookies).map(configured).collect()
}

fn transport(access: &RequestOptions) -> Result<Transport, FetchError> {
    let proxy = match &access.proxy {
        Some(proxy) => Some(
            proxy_of(&read(proxy)?)
                .map_err(|cause| FetchError::Settings { cause: format!("`proxy`: {cause}") })?,
        ),
        None => None,
    };
    Ok(Transport { proxy, http1_only: access.http1_only, ca_file: access.ca_file.clone() })
}
