//! Recognises challenges: pages of bot protections that ask whether the client is human.
//!
//! `client` reports them as [`FetchError::Challenge`](super::FetchError::Challenge); no attempt is made to pass them.

use super::headers::Headers;

/// Scripts and forms of the protection services: challenges contain one of them, articles none.
const MARKS: &[&[u8]] = &[
    b"/cdn-cgi/challenge-platform/", b"_cf_chl_opt", b"cf-browser-verification", b"_Incapsula_Resource",
    b"captcha-delivery.com", b"px-captcha", b"/_sec/cp_challenge/", b"aws-waf-token",
    b"awsWafCookieDomainList", b"ddos-guard/js-challenge", b"/.well-known/sgcaptcha/",
];

/// Whether the headers name a challenge (Cloudflare, AWS WAF).
pub(super) fn in_headers(headers: &Headers) -> bool {
    headers.text("cf-mitigated").is_some_and(|value| value.trim().eq_ignore_ascii_case("challenge"))
        || headers
            .text("x-amzn-waf-action")
            .is_some_and(|value| matches!(value.trim(), "challenge" | "captcha"))
}

/// Whether the start of a body is that of a challenge. O(bytes × marks).
pub(super) fn in_body(start: &[u8]) -> bool {
    MARKS.iter().any(|mark| start.windows(mark.len()).any(|window| window == *mark))
}
