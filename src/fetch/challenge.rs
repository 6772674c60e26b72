//! Pages that ask whether we are human. They are named, stored as nothing, and not argued with.

use super::headers::Headers;

/// What the bodies of such pages contain and no article does: scripts and forms of the services that make them.
const MARKS: &[&[u8]] = &[
    b"/cdn-cgi/challenge-platform/",
    b"_cf_chl_opt",
    b"cf-browser-verification",
    b"_Incapsula_Resource",
    b"captcha-delivery.com",
    b"px-captcha",
    b"/_sec/cp_challenge/",
    b"aws-waf-token",
    b"awsWafCookieDomainList",
    b"ddos-guard/js-challenge",
    b"/.well-known/sgcaptcha/",
];

/// Whether the headers say so.
pub(super) fn in_headers(headers: &Headers) -> bool {
    headers
        .text("cf-mitigated")
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("challenge"))
        || headers
            .text("x-amzn-waf-action")
            .is_some_and(|value| matches!(value.trim(), "challenge" | "captcha"))
}

/// Whether the beginning of a body does.
pub(super) fn in_body(start: &[u8]) -> bool {
    MARKS
        .iter()
        .any(|mark| start.windows(mark.len()).any(|window| window == *mark))
}
