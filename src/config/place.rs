//! Where requests count as going to the same place.

use url::Url;

use super::{BackoffScope, PolitenessConfig};
use crate::link;

impl PolitenessConfig {
    /// As [`Scope::place`].
    pub fn place(&self, url: &Url) -> String {
        self.scope.place(url)
    }
}

impl BackoffScope {
    /// The name under which the ledger knows the server of a URL: its host, without port, or, where a whole domain
    /// counts as one, its registrable domain. Addresses and bare public suffixes have no such domain and stay hosts.
    pub fn place(self, url: &Url) -> String {
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
            (
                "https://WWW.Paper.example:8443/rss",
                "www.paper.example",
                "paper.example",
            ),
            ("https://feeds.bbci.co.uk/news", "feeds.bbci.co.uk", "bbci.co.uk"),
            ("https://paper.example./", "paper.example", "paper.example"),
            ("http://127.0.0.1:80/", "127.0.0.1", "127.0.0.1"),
            ("http://[::1]:80/", "::1", "::1"),
            ("https://co.uk/", "co.uk", "co.uk"),
            ("http://localhost/", "localhost", "localhost"),
        ] {
            let url = Url::parse(url).unwrap();
            for (scope, place) in [
                (BackoffScope::Feed, host),
                (BackoffScope::Host, host),
                (BackoffScope::Domain, domain),
            ] {
                let politeness = PolitenessConfig {
                    scope,
                    ..PolitenessConfig::default()
                };
                assert_eq!(politeness.place(&url), place, "{url} {scope:?}");
            }
        }
    }
}
