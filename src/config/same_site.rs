//! Reads `same_site`: the domains of one publisher.

use std::net::IpAddr;

use toml::de::DeValue;
use url::Host;

use super::fault::quoted;
use super::value::ConfigValue;
use crate::link;

/// A whole line that would be right.
const EXAMPLE: &str = "same_site = [\"paper.example\", \"paper.co.uk\"]";

impl ConfigValue<'_> {
    /// At least two sites, each as `link` names it.
    pub(super) fn same_site(&self) -> Option<Vec<String>> {
        let values = self.each();
        let mut sites: Vec<String> = values.iter().filter_map(site).collect();
        if sites.len() < values.len() {
            return None;
        }
        sites.sort_unstable();
        sites.dedup();
        if sites.len() < 2 {
            let what = match (values.len(), self.parsed()) {
                (0, _) => "an empty list",
                (_, DeValue::Array(_)) => "a list of one site",
                _ => "one site",
            };
            self.fault(
                format!("`same_site` is {what}, and joins nothing"),
                format!("write all domains of the publisher, as in {EXAMPLE}, or leave the line out"),
            );
            return None;
        }
        Some(sites)
    }

    /// Reports a list in a file of site rules that leaves out the site of that file's host.
    pub(super) fn check_names_site_of(&self, host: &str, sites: &[String]) {
        let own = link::registrable(host).unwrap_or(host);
        if !sites.is_empty() && !sites.iter().any(|site| site == own) {
            self.fault_at_key(
                format!("`same_site` leaves out {}, the site that this file is for", quoted(own)),
                format!("write \"{own}\" among its domains, or put the list into the file of one of them"),
            );
        }
    }
}

/// The site that a domain names.
fn site(value: &ConfigValue<'_>) -> Option<String> {
    let typed = value.string(EXAMPLE)?.trim();
    match site_of(typed) {
        Ok((host, site)) => {
            if host != site {
                value.warning(
                    format!("{} counts as its whole site, {}", quoted(typed), quoted(&site)),
                    format!("write \"{site}\": a site is a domain with all hosts below it"),
                );
            }
            Some(site)
        }
        Err((message, hint)) => {
            value.fault(message, hint);
            None
        }
    }
}

/// The host that was typed and its site; else what is wrong, and what to write instead.
fn site_of(typed: &str) -> Result<(String, String), (String, String)> {
    let address = typed.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = address.parse::<IpAddr>() {
        return Ok((address.to_string(), address.to_string()));
    }
    let host = match Host::parse(typed) {
        Ok(Host::Domain(host)) if is_name(&host) => host,
        // Spelt as no one does: `127.1`.
        Ok(address @ (Host::Ipv4(_) | Host::Ipv6(_))) => {
            return Ok((address.to_string(), address.to_string()));
        }
        _ => return Err(not_a_host(typed)),
    };
    let host = host.trim_end_matches('.');
    if host == "localhost" {
        return Ok((host.to_owned(), host.to_owned()));
    }
    if let Some(site) = link::registrable(host) {
        return Ok((host.to_owned(), site.to_owned()));
    }
    Err(if link::is_public_suffix(host) {
        (
            format!("{} is a public suffix: the domains below it belong to many", quoted(typed)),
            format!("write the domain of the publisher, such as \"paper.{host}\""),
        )
    } else {
        (
            format!("{} is not a whole domain", quoted(typed)),
            format!("write it with its ending, such as \"{host}.com\""),
        )
    })
}

/// Whether a host consists of letters, digits and hyphens: URLs allow more.
pub(super) fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
}

/// What is wrong with a text that is more than a host, and what to write instead.
fn not_a_host(typed: &str) -> (String, String) {
    let bare = typed.strip_prefix("*.").or_else(|| typed.strip_prefix('.')).unwrap_or(typed);
    let url = if bare.contains("://") { bare.to_owned() } else { format!("https://{bare}") };
    let host = link::web_url(&url).map(|url| link::host(&url));
    // What is left is shorter, or it is no better.
    let site = host.filter(|host| host.len() < typed.len()).and_then(|host| site_of(&host).ok());
    let Some((_, site)) = site else {
        return (format!("{} is not the name of a host", quoted(typed)), format!("write {EXAMPLE}"));
    };
    let what = if bare.len() < typed.len() {
        "is what stands below a domain, and a domain counts with all of that anyway"
    } else if bare.contains(['/', '@', '?', '#', '\\']) {
        "is a URL, and a domain is expected"
    } else {
        "has a port, and a site is the same on every port"
    };
    (format!("{} {what}", quoted(typed)), format!("write \"{site}\""))
}
