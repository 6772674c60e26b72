//! URLs as they may be shown.

use std::borrow::Cow;

use url::Url;

use super::name_of;

/// A URL as it may be shown: the password, and what parameters named like secrets hold, are masked.
pub fn mask_secrets(url: &Url) -> String {
    const SECRETS: &[&str] = &[
        "access_token",
        "api_key",
        "api-key",
        "apikey",
        "auth",
        "auth_token",
        "key",
        "pass",
        "passwd",
        "password",
        "pwd",
        "secret",
        "sig",
        "signature",
        "token",
    ];
    let secret = |pair: &str| SECRETS.contains(&name_of(pair).to_ascii_lowercase().as_str());
    let mut url = url.clone();
    if url.password().is_some() {
        // Only URLs without a host refuse a password, and those have none.
        let _ = url.set_password(Some("***"));
    }
    if let Some(query) = url.query().filter(|query| query.split('&').any(secret)) {
        let shown: Vec<Cow<'_, str>> = query
            .split('&')
            .map(|pair| {
                if secret(pair) {
                    format!("{}=***", name_of(pair)).into()
                } else {
                    pair.into()
                }
            })
            .collect();
        url.set_query(Some(&shown.join("&")));
    }
    url.to_string()
}
