//! Sites: whose page is it? A site is a registrable domain (public suffix list, private part included), or a host without
//! one, or an IP address; never with a port. `same_site` joins the domains of one publisher.

use std::collections::BTreeMap;

use url::Url;

use super::{host, registrable};

/// Domains of one publisher: each is mapped to the first of its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameSite(BTreeMap<String, String>);

impl SameSite {
    /// From lists of domains. A domain that is in several lists joins them.
    pub fn new<'a>(lists: impl IntoIterator<Item = &'a [String]>) -> Self {
        let mut sites: BTreeMap<String, String> = BTreeMap::new();
        for list in lists {
            let domains: Vec<String> = list.iter().map(|domain| site_of_host(domain).to_owned()).collect();
            let known = domains.iter().find_map(|domain| sites.get(domain)).cloned();
            let Some(first) = known.or_else(|| domains.first().cloned()) else { continue };
            for domain in domains {
                if let Some(before) = sites.insert(domain, first.clone()).filter(|before| *before != first) {
                    sites
                        .values_mut()
                        .filter(|site| **site == before)
                        .for_each(|site| site.clone_from(&first));
                }
            }
        }
        Self(sites)
    }

    /// The name of a URL's site.
    pub fn site(&self, url: &Url) -> String {
        let host = host(url);
        let site = site_of_host(&host);
        self.0.get(site).cloned().unwrap_or_else(|| site.to_owned())
    }

    /// Whether two URLs are of one site.
    pub fn is_same(&self, a: &Url, b: &Url) -> bool {
        self.site(a) == self.site(b)
    }
}

fn site_of_host(host: &str) -> &str {
    registrable(host).unwrap_or(host)
}
