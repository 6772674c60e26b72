//! A server that gets JSON Lines in a POST (`webhook = "URL"`), signed with `secret_file`.
//!
//! docs/exports.md describes the request for whoever writes such a server.

use chrono::{DateTime, Utc};
use ring::hmac;
use url::Url;

use super::error::DeliveryError;
use super::message::Message;
use crate::config::Secret;
use crate::fetch::WebhookClient;

/// Posts a message; 2xx confirms it. 401, 403, 404, 408, 425, 429, 3xx, 5xx and time-outs are temporary: the message is sent again; any other status is
/// permanent.
pub(super) async fn post(
    client: &WebhookClient,
    url: &Url,
    secret: Option<&Secret>,
    output: &str,
    message: &Message,
    now: DateTime<Utc>,
) -> Result<(), DeliveryError> {
    let mut headers = vec![
        ("content-type", "application/x-ndjson".to_owned()),
        ("x-cuttings-output", output.to_owned()),
        ("x-cuttings-upto", message.upto.to_string()),
    ];
    if let Some(secret) = secret {
        let at = now.timestamp();
        headers.push(("x-cuttings-timestamp", at.to_string()));
        headers.push(("x-cuttings-signature", signature(secret, at, &message.body)));
    }
    let status = client
        .post(url, &headers, message.body.clone())
        .await
        .map_err(|cause| DeliveryError::temporary(format!("the webhook does not answer: {cause}")))?;
    match status {
        200..=299 => Ok(()),
        401 | 403 | 404 | 408 | 425 | 429 | 300..=399 | 500.. => {
            Err(DeliveryError::temporary(format!("the webhook answered {status}")))
        }
        _ => Err(DeliveryError {
            message: format!("the webhook answered {status}: it does not want this message"),
            is_permanent: true,
        }),
    }
}

/// `sha256=HEX`: the HMAC-SHA256 of `TIMESTAMP.BODY`. The receiver rejects old timestamps, so that nobody can send a
/// recorded message again.
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
