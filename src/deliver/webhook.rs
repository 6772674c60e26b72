//! A server that is told: JSON Lines in a POST, signed.

use chrono::{DateTime, Utc};
use ring::hmac;
use url::Url;

use super::{Message, Refusal};
use crate::config::Secret;
use crate::fetch::WebhookClient;

/// Sends a message. What the server says no to for reasons that stay (400, 410, 413, 422…) is not sent again.
pub(super) async fn send(
    hook: &WebhookClient,
    url: &Url,
    secret: Option<&Secret>,
    name: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let mut headers = vec![
        ("content-type", "application/x-ndjson".to_owned()),
        ("x-cuttings-output", name.to_owned()),
        ("x-cuttings-upto", message.upto.to_string()),
    ];
    if let Some(secret) = secret {
        let at = now.timestamp();
        headers.push(("x-cuttings-timestamp", at.to_string()));
        headers.push(("x-cuttings-signature", signature(secret, at, &message.body)));
    }
    let status = hook
        .post(url, &headers, message.body.clone())
        .await
        .map_err(|cause| Refusal::soft(format!("the webhook does not answer: {cause}")))?;
    match status {
        200..=299 => Ok(()),
        401 | 403 | 404 | 408 | 425 | 429 | 300..=399 | 500.. => {
            Err(Refusal::soft(format!("the webhook answered {status}")))
        }
        _ => Err(Refusal {
            message: format!("the webhook answered {status}: it does not want this message"),
            for_good: true,
        }),
    }
}

/// `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY`: a message that was listened to cannot be sent again later.
fn signature(secret: &Secret, at: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.0.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{at}.").as_bytes());
    context.update(body);
    let tag = context.sign();
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_openssl() {
        // printf '1.hello' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature(&Secret("key".into()), 1, b"hello"),
            "sha256=9233658ef5e21fe59dba8abb099c978547d7626f87090a6a585c26a2a98a91f8"
        );
    }
}
