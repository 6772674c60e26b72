//! Which URLs count as one host for limits and backoff.

use url::Url;

use super::sections::{BackoffScope, PolitenessConfig};
use crate::link;

impl PolitenessConfig {
    /// See [`BackoffScope::host_key`].
    pub fn host_key(&self, url: &Url) -> String {
        self.scope.host_key(url)
    }
}

impl BackoffScope {
    /// The name under which the gap, the permits and the backoff of a URL's server are kept: its host without port; with
    /// [`BackoffScope::Domain`] the registrable domain. IP addresses and bare public suffixes have none and stay hosts.
    pub fn host_key(self, url: &Url) -> String {
        let host = link::host(url);
        let domain = match self {
            Self::Feed | Self::Host => None,
            Self::Domain => link::registrable(&host),
        };
        domain.map_or_else(|| host.clone(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_hosts_of_a_domain_are_one_place_where_it_is_so_configured() {
        for (url, host, domain) in [
            ("https://WWW.Paper.example:8443/rss", "www.paper.example", "paper.example"),
            ("https://feeds.bbci.co.uk/news", "feeds.bbci.co.uk", "bbci.co.uk"),
            ("https://paper.example./", "paper.example", "paper.example"),
            ("http://127.0.0.1:80/", "127.0.0.1", "127.0.0.1"),
            ("http://[::1]:80/", "::1", "::1"),
            ("https://co.uk/", "co.uk", "co.uk"),
            ("http://localhost/", "localhost", "localhost"),
        ] {
            let url = Url::parse(url).unwrap();
            for (scope, place) in
                [(BackoffScope::Feed, host), (BackoffScope::Host, host), (BackoffScope::Domain, domain)]
            {
                let politeness = PolitenessConfig { scope, ..PolitenessConfig::default() };
                assert_eq!(politeness.host_key(&url), place, "{url} {scope:?}");
            }
        }
    }
}
