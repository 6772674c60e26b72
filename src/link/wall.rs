//! Recognises consent and login pages, which sites put before their pages, by their URLs.

use url::Url;

use super::host;

/// Whether a URL is a consent or login page. Compares the first label of the host and whole segments of the path, so that
/// an article about consent is none.
pub fn is_wall(url: &Url) -> bool {
    const LABELS: &[&str] = &[
        "consent", "login", "signin", "auth", "sso", "accounts", "account", "guce", "myprivacy", "idp",
        "captcha",
    ];
    const SEGMENTS: &[&str] = &[
        "login", "log-in", "signin", "sign-in", "sign_in", "consent", "cookie-consent", "cookiewall", "gdpr",
        "collectconsent", "sso", "oauth", "captcha", "wp-login.php", "login.aspx", "login.php",
        "privacy-gate",
    ];
    let host = host(url);
    let first = host.split('.').next().unwrap_or_default();
    (host.contains('.') && LABELS.contains(&first))
        || url.path_segments().is_some_and(|mut segments| {
            segments.any(|segment| SEGMENTS.contains(&segment.to_ascii_lowercase().as_str()))
        })
}
