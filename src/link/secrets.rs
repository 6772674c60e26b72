//! Hides secrets in URLs before they are logged, printed or stored in messages (docs/threats.md, H20).

use url::Url;

use super::parameter_name;

/// Names of query parameters whose values are secrets, in lower case.
const SECRETS: &[&str] = &[
    "access_token", "api_key", "api-key", "apikey", "auth", "auth_token", "key", "pass", "passwd",
    "password", "pwd", "secret", "sig", "signature", "token",
];

/// A URL with `***` in the place of its password and of the values of secret parameters.
pub fn mask_secrets(url: &Url) -> String {
    let is_secret = |pair: &str| SECRETS.contains(&parameter_name(pair).to_ascii_lowercase().as_str());
    let mut url = url.clone();
    if url.password().is_some() {
        // Fails only for URLs without a host, which have no password.
        let _ = url.set_password(Some("***"));
    }
    if let Some(query) = url.query().filter(|query| query.split('&').any(is_secret)) {
        let masked: Vec<String> = query
            .split('&')
            .map(
                |pair| {
                    if is_secret(pair) { format!("{}=***", parameter_name(pair)) } else { pair.to_owned() }
                },
            )
            .collect();
        url.set_query(Some(&masked.join("&")));
    }
    url.to_string()
}
