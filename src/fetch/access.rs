//! A request as its source wants to be asked.

use url::Url;

use super::{FetchError, Request, Via, basic_auth, bearer, check_header};
use crate::config::{Access, Kept, Source};

impl Request {
    /// The same with what its source configures: header lines, which belong to the origin of its feed, and the way out.
    /// Secrets are read now, from where they are kept; one that cannot be had is an error of this source alone.
    pub async fn for_source(self, source: &Source) -> Result<Self, FetchError> {
        if source.access == Access::default() {
            return Ok(self);
        }
        let access = source.access.clone();
        let read = tokio::task::spawn_blocking(move || Ok::<_, FetchError>((lines(&access)?, via(&access)?)));
        let (lines, via) = read.await.map_err(|panic| FetchError::Settings {
            cause: panic.to_string(),
        })??;
        Ok(self.with_headers_of(source.feed.clone(), lines).via(via))
    }
}

fn read(secret: &Kept) -> Result<String, FetchError> {
    secret.read().map_err(|cause| FetchError::Settings { cause })
}

fn lines(access: &Access) -> Result<Vec<(String, String)>, FetchError> {
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

fn via(access: &Access) -> Result<Via, FetchError> {
    let proxy = match &access.proxy {
        // What it says may hold a password.
        Some(proxy) => Some(Url::parse(&read(proxy)?).map_err(|_| FetchError::Settings {
            cause: "the value of `proxy` is no address".to_owned(),
        })?),
        None => None,
    };
    Ok(Via {
        proxy,
        http1_only: access.http1_only,
        ca_file: access.ca_file.clone(),
    })
}
