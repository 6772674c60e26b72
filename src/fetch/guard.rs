//! The address guard: which IP addresses may be connected to (docs/threats.md, H1 to H6). Pure.
//!
//! Public addresses may be, others only if `fetch.allow_networks` names them (IANA special-purpose registries). An IPv4
//! address inside a mapped, NAT64 or 6to4 form is checked as that IPv4 address. [`Guard::check_url`] checks literal
//! addresses before each hop, because HTTP clients do not resolve them; [`super::resolve`] checks every address of a name
//! when a connection is made.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

use super::error::{FetchError, RefusedAddress};
use crate::link;

/// The networks that are allowed besides the public ones.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<IpNet>,
}

impl Guard {
    /// A guard that allows public addresses and those in `allowed`.
    pub fn new(allowed: &[IpNet]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// Fails if `host` may not be reached at `address`.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), RefusedAddress> {
        let meant = embedded_ipv4(address);
        if self.allowed.iter().any(|net| net.contains(&meant)) {
            return Ok(());
        }
        let what = match meant {
            IpAddr::V4(ip) => V4.iter().find(|(net, _)| net.contains(&ip)).map(|(_, what)| what),
            IpAddr::V6(ip) => V6.iter().find(|(net, _)| net.contains(&ip)).map(|(_, what)| what),
        };
        match what {
            None => Ok(()),
            Some(what) => Err(RefusedAddress { host: host.to_owned(), address, what }),
        }
    }

    /// Fails if the URL is not http or https, or has a refused literal address. Names are checked when they are resolved.
    pub fn check_url(&self, url: &Url) -> Result<(), FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme { scheme: url.scheme().to_owned() });
        }
        let address = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        Ok(self.check_address(&link::host(url), address)?)
    }
}

/// The address that packets end at: the IPv4 address inside a mapped, compatible, translated (RFC 6052, 2.1; RFC
/// 2765) or 6to4 (RFC 3056, 2) form, else the address itself.
fn embedded_ipv4(address: IpAddr) -> IpAddr {
    let IpAddr::V6(ip) = address else {
        return address;
    };
    let last = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // `::` and `::1` are addresses of their own, not `::0.0.0.0` and `::0.0.0.1`.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => address,
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => last(high, low),
        _ => address,
    }
}

/// Refused IPv4 networks (IANA IPv4 special-purpose address registry), and what they are for.
const V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 0, 8), "a private network"),
    (v4(100, 64, 0, 0, 10), "a carrier's private network"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "a private network"),
    (v4(192, 0, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "for documentation"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (v4(192, 168, 0, 0, 16), "a private network"),
    (v4(198, 18, 0, 0, 15), "for benchmarks"),
    (v4(198, 51, 100, 0, 24), "for documentation"),
    (v4(203, 0, 113, 0, 24), "for documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// Refused IPv6 networks (IANA IPv6 special-purpose address registry).
const V6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0], 128), "unspecified"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (v6([0x64, 0xff9b, 1], 48), "a local translator"),
    (v6([0x100, 0, 0], 64), "a discard prefix"),
    (v6([0x2001, 0, 0], 32), "a Teredo tunnel"),
    (v6([0x2001, 0xdb8, 0], 32), "for documentation"),
    (v6([0x3fff, 0, 0], 20), "for documentation"),
    (v6([0xfc00, 0, 0], 7), "a private network"),
    (v6([0xfe80, 0, 0], 10), "link-local"),
    (v6([0xfec0, 0, 0], 10), "site-local"),
    (v6([0xff00, 0, 0], 8), "multicast"),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: [u16; 3], bits: u8) -> Ipv6Net {
    let [a, b, c] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(guard: &Guard, url: &str) -> bool {
        guard.check_url(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn h02_an_address_is_judged_by_what_it_means() {
        let guard = Guard::default();
        for url in [
            "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://0/",
            "http://１２７.０.０.１/", "http://127.0.0.1./", "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:0:127.0.0.1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2002:c0a8:101::1]/",
        ] {
            assert!(!opens(&guard, url), "{url} was opened");
        }
        for url in [
            "http://8.8.8.8/", "http://134744072/", "http://[::ffff:8.8.8.8]/", "http://[64:ff9b::808:808]/",
            "http://[2002:808:808::1]/", "http://[2606:4700::1111]/", "http://paper.example/",
        ] {
            assert!(opens(&guard, url), "{url} was refused");
        }
    }

    #[test]
    fn h03_both_ends_of_every_refused_range_are_refused_and_their_neighbours_are_not() {
        let guard = Guard::default();
        let ranges: Vec<IpNet> = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
             192.0.0.0/24 192.168.0.0/16 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 \
             224.0.0.0/4 240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 fec0::/10 ff00::/8 2001::/32 2001:db8::/32"
            .split_whitespace()
            .map(|net| net.parse().unwrap())
            .collect();
        for net in ranges {
            for end in [net.network(), net.broadcast()] {
                assert!(guard.check_address("h", end).is_err(), "{end} of {net}");
            }
        }
        for open in [
            "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:1::1",
            "2001:db7:ffff::", "2001:db9::", "fbff::",
        ] {
            assert!(guard.check_address("h", open.parse().unwrap()).is_ok(), "{open}");
        }
    }

    #[test]
    fn h06_allowed_networks_open_what_they_name_and_nothing_else() {
        let guard = Guard::new(&["127.0.0.0/8".parse().unwrap(), "2000::/3".parse().unwrap()]);
        assert!(opens(&guard, "http://127.0.0.2/"));
        assert!(opens(&guard, "http://[::ffff:127.0.0.1]/"));
        assert!(!opens(&guard, "http://[::1]/"));
        assert!(!opens(&guard, "http://10.0.0.1/"));
        // Inside 2000::/3 by its digits, but it ends at 10.0.0.1.
        assert!(!opens(&guard, "http://[2002:a00:1::]/"));
    }

    #[test]
    fn h01_only_http_and_https_are_opened() {
        let guard = Guard::default();
        for url in ["file:///etc/passwd", "ftp://paper.example/", "javascript:alert(1)", "data:text/html,x"] {
            assert!(!opens(&guard, url), "{url}");
        }
    }
}
