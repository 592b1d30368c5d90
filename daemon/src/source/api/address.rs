//! Which addresses may hand out a file: those that the definition or the source allows, and nothing near this machine
//! unless the API itself is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// How near an address is. What is nearer than the API itself is never asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Of the internet.
    Public,
    /// Of a network of one's own.
    Private,
    /// Of this machine.
    Loopback,
    /// Of this link, or of no machine: no file is there.
    Never,
}

impl Reach {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => Self::of_v4(mapped),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [first, second, ..] = address.octets();
        let is_shared = first == 100 && (64..128).contains(&second);
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_link_local() || address.is_multicast() || first == 0 || first >= 240 {
            Self::Never
        } else if address.is_private() || is_shared {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        // NAT64 and 6to4 hold an address of the old kind.
        let embedded = match address.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] | [0, 0, 0, 0, 0, 0, high, low] => {
                Some(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
            }
            _ => None,
        };
        match embedded {
            _ if address.is_loopback() => Self::Loopback,
            _ if address.is_unspecified() || address.is_multicast() || address.is_unicast_link_local() => Self::Never,
            Some(address) => Self::of_v4(address),
            None if address.is_unique_local() => Self::Private,
            None => Self::Public,
        }
    }

    /// How near a host that is an address, or `localhost`, is; none of one that has to be looked up.
    pub(super) fn of_host(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
            return Some(Self::Loopback);
        }
        host.trim_start_matches('[').trim_end_matches(']').parse().ok().map(Self::of)
    }
}

/// Whether a host is one of these; `*.example.com` is each below it.
pub(super) fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    allowed.iter().any(|pattern| match pattern.strip_prefix('*') {
        Some(below) => host.len() > below.len() && host.ends_with(below),
        None => host == pattern || host.trim_start_matches('[').trim_end_matches(']') == pattern,
    })
}

/// Whether two URLs have one scheme, host and port.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// A URL without what may be a secret: its path and its query are.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_as_near_as_they_are() {
        for (address, reach) in [
            ("8.8.8.8", Reach::Public),
            ("10.1.2.3", Reach::Private),
            ("172.16.0.1", Reach::Private),
            ("192.168.1.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("127.0.0.1", Reach::Loopback),
            ("127.8.0.1", Reach::Loopback),
            ("169.254.169.254", Reach::Never),
            ("0.0.0.0", Reach::Never),
            ("224.0.0.1", Reach::Never),
            ("255.255.255.255", Reach::Never),
            ("::1", Reach::Loopback),
            ("::", Reach::Never),
            ("fe80::1", Reach::Never),
            ("fd00::1", Reach::Private),
            ("fd00:ec2::254", Reach::Private),
            ("ff02::1", Reach::Never),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("::ffff:169.254.169.254", Reach::Never),
            ("::127.0.0.1", Reach::Loopback),
            ("64:ff9b::a9fe:a9fe", Reach::Never),
            ("2002:7f00:1::", Reach::Loopback),
            ("2001:4860:4860::8888", Reach::Public),
        ] {
            assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
        }
    }

    #[test]
    fn a_pattern_is_below_its_dot_and_never_beside_it() {
        let allowed = ["*.s3.amazonaws.com".to_owned(), "files.example".to_owned(), "127.0.0.1".to_owned()];
        for host in ["x.s3.amazonaws.com", "X.y.S3.amazonaws.com", "files.example", "files.example.", "127.0.0.1"] {
            assert!(is_allowed(host, &allowed), "{host}");
        }
        for host in
            ["s3.amazonaws.com", ".s3.amazonaws.com", "xs3.amazonaws.com", "a.files.example", "s3.amazonaws.com.x"]
        {
            assert!(!is_allowed(host, &allowed), "{host}");
        }
    }
}
