//! Sites: whose page is it? A site is a registrable domain (public suffix list, private part included), or a host without
//! one, or an IP address; never with a port. `same_site` joins the domains of one publisher. A copy in an AMP cache is of
//! the site that its address names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use super::amp_cache::{CacheAddress, cache_address};
use super::{host, registrable};

/// Domains of one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SameSite {
    /// Of all sources: each domain is mapped to the first of its list.
    common: Arc<BTreeMap<String, String>>,
    /// Of one source alone: the names that `common` gives its sites are mapped to all of them, sorted and joined by `+`. No
    /// domain has such a name, so that a site that other sources know is never taken for one of them.
    own: BTreeMap<String, String>,
}

impl SameSite {
    /// From lists of domains that count for every source. A domain that is in several lists joins them.
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
        Self { common: Arc::new(sites), own: BTreeMap::new() }
    }

    /// From the list of one source.
    pub fn of_source(list: &[String]) -> Self {
        Self::default().with_own(list.iter().map(|domain| site_of_host(domain)))
    }

    /// The list of this source, beside the lists in `common` that count for every source.
    #[must_use]
    pub fn beside(&self, common: &Self) -> Self {
        common.with_own(self.own.keys().map(String::as_str))
    }

    fn with_own<'a>(&self, domains: impl Iterator<Item = &'a str>) -> Self {
        let sites: BTreeSet<&str> = domains.map(|domain| self.common_name(domain)).collect();
        let mut own = BTreeMap::new();
        if sites.len() > 1 {
            let name = sites.iter().copied().collect::<Vec<_>>().join("+");
            own.extend(sites.into_iter().map(|site| (site.to_owned(), name.clone())));
        }
        Self { common: Arc::clone(&self.common), own }
    }

    /// The name of a URL's site.
    pub fn site(&self, url: &Url) -> String {
        let (common, own) = self.both_names(url);
        own.unwrap_or(common)
    }

    /// The names of a URL's site: the one that every source has for it, and the one of this source, where that is another.
    pub fn names(&self, url: &Url) -> Vec<String> {
        let (common, own) = self.both_names(url);
        std::iter::once(common).chain(own).collect()
    }

    /// These names in one text, as they are stored of a page.
    pub fn stored_names(&self, url: &Url) -> String {
        self.names(url).join(" ")
    }

    /// The names that a page of a URL's site may be stored under, whichever source stored it: [`have_one_site`] compares them.
    pub fn all_names(&self, url: &Url) -> String {
        let (common, own) = self.both_names(url);
        let Some(own) = own else { return common };
        std::iter::once(own.as_str()).chain(own.split('+')).collect::<Vec<_>>().join(" ")
    }

    /// Whether two URLs are of one site.
    pub fn is_same(&self, a: &Url, b: &Url) -> bool {
        self.site(a) == self.site(b)
    }

    fn both_names(&self, url: &Url) -> (String, Option<String>) {
        let host = host(url);
        let address = cache_address(url, &host);
        let domain = match &address {
            CacheAddress::None => site_of_host(&host),
            CacheAddress::Of(host) => site_of_host(host),
            // Of nobody but itself.
            CacheAddress::Unclear => &host,
        };
        let common = self.common_name(domain);
        (common.to_owned(), self.own.get(common).cloned())
    }

    fn common_name<'a>(&'a self, domain: &'a str) -> &'a str {
        self.common.get(domain).map_or(domain, String::as_str)
    }
}

/// Whether two pages are of one site, by the names that are stored of them.
pub fn have_one_site(names: &str, others: &str) -> bool {
    names == others || names.split(' ').any(|name| others.split(' ').any(|other| name == other))
}

fn site_of_host(host: &str) -> &str {
    registrable(host).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn list(domains: &[&str]) -> Vec<String> {
        domains.iter().map(|domain| (*domain).to_owned()).collect()
    }

    #[test]
    fn a_site_is_a_registrable_domain_or_a_host_without_one() {
        for (text, site) in [
            ("https://www.paper.example/a", "paper.example"),
            ("https://NEWS.Paper.Co.UK./a", "paper.co.uk"),
            ("https://paper.example:8443/a", "paper.example"),
            ("https://user:pw@paper.example/a", "paper.example"),
            ("https://joe.github.io/a", "joe.github.io"),
            ("https://a.joe.github.io/a", "joe.github.io"),
            ("https://github.io/a", "github.io"),
            ("https://co.uk/a", "co.uk"),
            ("https://bücher.example/a", "xn--bcher-kva.example"),
            ("https://a.公司.cn/a", "a.xn--55qx5d.cn"),
            ("http://localhost:8080/a", "localhost"),
            ("http://127.0.0.1:8080/a", "127.0.0.1"),
            ("http://127.0.0.1.:81/a", "127.0.0.1"),
            ("http://0x7f.1/a", "127.0.0.1"),
            ("http://[::1]:8080/a", "::1"),
            ("http://[0:0::1]/a", "::1"),
        ] {
            assert_eq!(SameSite::default().site(&url(text)), site, "{text}");
        }
    }

    #[test]
    fn lists_with_a_domain_in_common_are_one_site() {
        let lists = [
            list(&["a.example", "b.example"]),
            list(&["c.example", "d.example"]),
            list(&["x.example", "d.example", "b.example"]),
        ];
        let same_site = SameSite::new(lists.iter().map(Vec::as_slice));
        for domain in ["a", "b", "c", "d", "x"] {
            assert!(
                same_site
                    .is_same(&url(&format!("https://www.{domain}.example/")), &url("http://a.example:81/")),
                "{domain}"
            );
        }
        assert!(!same_site.is_same(&url("https://e.example/"), &url("https://a.example/")));
    }

    #[test]
    fn h30_the_list_of_one_source_gives_others_nothing() {
        let common = SameSite::new([list(&["show.example", "show.co.uk"]).as_slice()]);
        let source = SameSite::of_source(&list(&["hosting.example", "show.example"])).beside(&common);
        let (show, other) = (url("https://show.co.uk/1"), url("https://hosting.example/1"));
        assert!(source.is_same(&show, &other) && !common.is_same(&show, &other));
        // Its name for them is no site's: what another source stores of `hosting.example` is not of this site.
        assert_eq!(source.site(&show), "hosting.example+show.example");
        assert_eq!(source.names(&show), ["show.example", "hosting.example+show.example"]);
        assert_eq!(common.names(&other), ["hosting.example"]);
        let stored = source.stored_names(&show);
        for (same_site, url, is_one) in
            [(&source, &other, true), (&common, &show, true), (&common, &other, false)]
        {
            assert_eq!(have_one_site(&stored, &same_site.stored_names(url)), is_one, "{url}");
        }
        // A list that the common ones contain adds nothing.
        let source = SameSite::of_source(&list(&["show.example", "show.co.uk"]));
        assert_eq!(source.beside(&common), common);
        assert!(source.is_same(&url("https://show.example/"), &show));
    }

    #[test]
    fn a_copy_in_a_cache_is_of_its_site() {
        let lists = [list(&["paper.example", "paper.co.uk"])];
        let same_site = SameSite::new(lists.iter().map(Vec::as_slice));
        let copy = url("https://www-paper-example.cdn.ampproject.org/c/s/www.paper.example/a");
        assert!(same_site.is_same(&copy, &url("https://paper.co.uk/a")));
        assert!(!same_site.is_same(&copy, &url("https://ampproject.org/")));
        // Without a page's host in it, it is of nobody but itself.
        let unclear = url("https://evil-example.cdn.ampproject.org/c/s/paper.example/a");
        assert_eq!(same_site.site(&unclear), "evil-example.cdn.ampproject.org");
    }
}
