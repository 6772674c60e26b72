//! Requests to servers of the operator's own: webhooks.
//!
//! The operator typed the address, so that no guard and no gate stands before it (DESIGN, "Invariants"); it follows no
//! redirect, and nothing of the answer is kept but its status.

use std::time::Duration;

use url::Url;

use super::error::innermost;
use super::{ClientError, install_crypto};

/// For a request as a whole.
const TOTAL: Duration = Duration::from_secs(30);

/// A client for webhooks.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    client: reqwest::Client,
}

impl WebhookClient {
    /// Goes by the name of the program.
    pub fn new(user_agent: &str) -> Result<Self, ClientError> {
        install_crypto();
        let client = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .timeout(TOTAL)
            .build()
            .map_err(|error| ClientError::of(innermost(&error)))?;
        Ok(Self { client })
    }

    /// Posts a body; gives the status of the answer, or why there is none.
    pub async fn post(&self, url: &Url, headers: &[(&str, String)], body: Vec<u8>) -> Result<u16, String> {
        let mut request = self.client.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) => Err(innermost(&error)),
        }
    }
}
