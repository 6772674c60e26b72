//! Requests to servers of the operator: webhooks.
//!
//! The operator typed the address, so neither guard nor gate applies. Redirects are not followed, and the response is
//! dropped but for its status.

use std::time::Duration;

use url::Url;

use super::client_error::innermost;
use super::clients::{ClientError, install_crypto};

/// Time limit of a request as a whole.
const TOTAL: Duration = Duration::from_secs(30);

/// A client for webhooks.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    client: reqwest::Client,
}

impl WebhookClient {
    /// A client with this user agent.
    pub fn new(user_agent: &str) -> Result<Self, ClientError> {
        install_crypto();
        let client = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .timeout(TOTAL)
            .build()
            .map_err(|error| ClientError::new(innermost(&error)))?;
        Ok(Self { client })
    }

    /// Posts a body. Returns the status of the response, or why there is none.
    pub async fn post(&self, url: &Url, headers: &[(&str, String)], body: Vec<u8>) -> Result<u16, String> {
        let mut request = self.client.post(url.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(innermost(&error)),
        }
    }
}
