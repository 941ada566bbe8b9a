//! Where a push may go. A phone says so itself, so a stranger with an account chooses what we connect to: never to
//! this machine or a private network, by number or by a name that leads there [RFC 8030 §8.4].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The longest endpoint, in octets. Those of the known services have some 200.
pub(crate) const ENDPOINT_MAX: usize = 1024;

/// Whether we would push to this URL, as far as it says itself. `Err`: what is expected.
pub(crate) fn check(text: &str, private_networks: bool) -> Result<Url, &'static str> {
    const EXPECTED: &str = "expected an https URL of at most 1024 bytes, without a user";
    if text.len() > ENDPOINT_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(EXPECTED);
    }
    let url = Url::parse(text).map_err(|_| EXPECTED)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(EXPECTED);
    }
    let address = match url.host() {
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
            Some(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        None => return Err(EXPECTED),
    };
    if private_networks {
        // Without TLS on this machine alone.
        let here = address.is_some_and(|address| address.to_canonical().is_loopback());
        let fits = url.scheme() == "https" || (url.scheme() == "http" && here);
        return if fits { Ok(url) } else { Err(EXPECTED) };
    }
    if url.scheme() != "https" {
        return Err(EXPECTED);
    }
    match address {
        Some(address) if !is_public(address) => Err("expected a host of the public network"),
        Some(_) | None => Ok(url),
    }
}

/// Names that lead into private networks lead nowhere: looked at after the look-up, so that a name cannot change its
/// mind in between.
#[derive(Debug, Default)]
pub(super) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no address of the public network".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl PublicAddresses {
    pub(super) fn shared() -> Arc<Self> {
        Arc::new(Self)
    }
}

/// Whether an address is reachable from everywhere [IANA special-purpose address registries]: nothing of this machine,
/// of private or shared networks, of documentation, and no address that leads to such a one inside.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(a == 0
                || address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || (a == 100 && (64..128).contains(&b))
                || (a, b, c) == (192, 0, 0)
                || (a, b, c) == (192, 88, 99)
                || (a == 198 && (18..20).contains(&b))
                || a >= 224)
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h] = address.segments();
            let inner = |high: u16, low: u16| {
                let [x, y] = [high.to_be_bytes(), low.to_be_bytes()];
                IpAddr::V4(Ipv4Addr::new(x[0], x[1], y[0], y[1]))
            };
            match (a, b) {
                // Global unicast, less what is inside it for other purposes.
                (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff) => false,
                // 6to4 carries an IPv4 address.
                (0x2002, _) => is_public(inner(b, c)),
                (0x2000..=0x3fff, _) => true,
                // NAT64 does too.
                (0x0064, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && is_public(inner(g, h)),
                _ => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_the_public_network_are_taken() {
        for right in [
            "https://push.example.org/wpush/v2/abc",
            "https://push.example.org:8443/x?a=b",
            "https://8.8.8.8/x",
            "https://[2a00:1450::1]/x",
        ] {
            assert!(check(right, false).is_ok(), "{right}");
        }
    }

    #[test]
    fn nothing_else_is() {
        let long = format!("https://push.example.org/{}", "a".repeat(1024));
        for wrong in [
            "",
            "push.example.org",
            "http://push.example.org/x",
            "ftp://push.example.org/x",
            "file:///etc/passwd",
            "https://user@push.example.org/x",
            "https://push.example.org/x#y",
            "https://push.example.org/ä",
            "https://push.example.org/a b",
            "https://localhost/x",
            "https://a.localhost/x",
            "https://127.0.0.1/x",
            "https://127.1/x",
            "https://0x7f000001/x",
            "https://2130706433/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[64:ff9b::10.0.0.1]/x",
            "https://[2002:0a00:0001::]/x",
            "https://[fd00::1]/x",
            "https://[fe80::1]/x",
            "https://[2001:db8::1]/x",
            "https://[ff02::1]/x",
            "https://[::]/x",
            "https://10.0.0.1/x",
            "https://172.16.0.1/x",
            "https://192.168.1.1/x",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/x",
            "https://0.0.0.0/x",
            "https://198.18.0.1/x",
            "https://224.0.0.1/x",
            "https://255.255.255.255/x",
            &long,
        ] {
            assert!(check(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_private_networks_are_allowed_only_this_machine_goes_without_tls() {
        for right in ["http://127.0.0.1:8080/x", "http://localhost/x", "https://10.0.0.1/x", "http://[::1]/x"]
        {
            assert!(check(right, true).is_ok(), "{right}");
        }
        for wrong in ["http://10.0.0.1/x", "http://push.example.org/x", "file:///x", "http://a@127.0.0.1/"] {
            assert!(check(wrong, true).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let name = "localhost".parse().unwrap();
        assert!(PublicAddresses.resolve(name).await.is_err());
    }
}
