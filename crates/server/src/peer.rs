//! Who asks, and under which name this server was asked.
//!
//! The listener puts a [`Peer`] into every request; a router that is called in the same process has none and
//! counts as a plain call from this machine. [`Origin`] is what the rest of the server uses: the client's
//! address and the base of every URL in the answer. Proxies named in the configuration may speak for others.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HOST, HeaderMap};
use http::request::Parts;
use url::{Host, Url};

use crate::App;

/// The other end of the connection, as the listener sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether the connection is TLS.
    pub secure: bool,
}

impl Peer {
    /// A caller in the same process.
    pub const IN_PROCESS: Self = Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
}

/// The certificate that a client showed in TLS, whose key it has. Nothing else about it has been checked.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<[u8]>);

impl ClientCertificate {
    /// A certificate in DER.
    pub fn new(der: &[u8]) -> Self {
        Self(der.into())
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// What the request's client showed: to us, or to a trusted proxy that ends TLS before us and says so in the
    /// configured header. A header from anybody else is not looked at.
    pub(crate) fn of(app: &App, parts: &Parts) -> Option<Self> {
        if let Some(shown) = parts.extensions.get::<Self>() {
            return Some(shown.clone());
        }
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or(Peer::IN_PROCESS);
        let header = app.config().listen.client_certificate_header.as_deref()?;
        if !app.config().trusts_proxy(peer.address) {
            return None;
        }
        let mut lines = parts.headers.get_all(header).iter();
        match (lines.next(), lines.next()) {
            // Two: one of them did not come from the proxy.
            (Some(line), None) => Self::forwarded(line.to_str().ok()?),
            _ => None,
        }
    }

    /// `:base64:` [RFC 9440 §2.1], or PEM with percent signs, as some proxies write it.
    fn forwarded(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix(':').and_then(|text| text.strip_suffix(':')) {
            return Some(Self::new(&STANDARD.decode(inner).ok()?));
        }
        let pem = url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())?;
        Some(Self::new(countersign_pki::Certificate::from_pem(&pem).ok()?.as_der()))
    }
}

/// Says nothing: it names a person.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate(…)")
    }
}

/// For whom a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; behind a trusted proxy, what that proxy says.
    pub address: IpAddr,
    /// `https://host:port` without a slash at the end: what URLs in the answer start with.
    pub base: String,
}

impl Origin {
    /// Reads a request's head.
    pub fn of(app: &App, parts: &Parts) -> Self {
        let peer = parts.extensions.get::<Peer>().copied().unwrap_or(Peer::IN_PROCESS);
        let trusted = app.config().trusts_proxy(peer.address);
        let forwarded = |name: &str| trusted.then(|| first(&parts.headers, name)).flatten();
        let address = if trusted { client(app, &parts.headers, peer) } else { peer.address.to_canonical() };
        let asked = || Self::asked(parts, peer, &forwarded);
        let config = app.config();
        let base = match (&config.listen.public_url, config.web.phone_origin()) {
            (Some(_), Some(phone)) if host_of(&asked()) == host_of(&phone) => phone,
            (Some(url), _) => url.origin().ascii_serialization(),
            (None, _) => asked(),
        };
        Self { address, base }
    }

    /// The origin that the request itself names.
    fn asked<'a>(parts: &'a Parts, peer: Peer, forwarded: &dyn Fn(&str) -> Option<&'a str>) -> String {
        let secure = match forwarded("x-forwarded-proto") {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => peer.secure,
        };
        let authority = parts.uri.authority().map(|authority| authority.as_str());
        let host = [forwarded("x-forwarded-host"), authority, first(&parts.headers, HOST.as_str())]
            .into_iter()
            .flatten()
            .find(|host| is_host(host))
            .unwrap_or("localhost");
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{host}")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(app, parts))
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Host and port of an origin. The scheme may differ: TLS may end before us.
fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// The address nearest to us in `X-Forwarded-For` that is not itself a trusted proxy. Entries further left can
/// be written by anyone.
fn client(app: &App, headers: &HeaderMap, peer: Peer) -> IpAddr {
    let mut nearest = peer.address.to_canonical();
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Ok(address) = entry.trim().parse::<IpAddr>() else { return nearest };
        nearest = address.to_canonical();
        if !app.config().trusts_proxy(nearest) {
            return nearest;
        }
    }
    nearest
}

fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether `text` is a host with an optional port, and nothing that could end the authority of a URL.
fn is_host(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (1..=255).contains(&text.len())
        && text.bytes().all(plain)
        && url::Url::parse(&format!("http://{text}/")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn origin(config: &str, peer: Option<Peer>, headers: &[(&str, &str)]) -> Origin {
        let app =
            App::builder(Config::parse(config).expect("a configuration")).build().expect("an application");
        let mut request = http::Request::builder().uri("/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        if let Some(peer) = peer {
            parts.extensions.insert(peer);
        }
        Origin::of(&app, &parts)
    }

    const PEER: Peer = Peer { address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), secure: true };

    #[test]
    fn urls_follow_the_host_of_the_request() {
        assert_eq!(origin("", None, &[("host", "localhost:8080")]).base, "http://localhost:8080");
        assert_eq!(origin("", Some(PEER), &[("host", "[::1]:8443")]).base, "https://[::1]:8443");
        assert_eq!(origin("", None, &[]).base, "http://localhost");
        let public = "[listen]\npublic_url = \"https://id.example.org\"";
        assert_eq!(origin(public, None, &[("host", "localhost:8080")]).base, "https://id.example.org");
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        for host in ["a/b", "a b", "a@b", "a?b", "a#b", "a\\b", "a:b", ""] {
            assert_eq!(origin("", None, &[("host", host)]).base, "http://localhost", "{host}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        let headers = [
            ("host", "inner:80"),
            ("x-forwarded-for", "203.0.113.9, 198.51.100.4"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "id.example.org"),
        ];
        let direct = origin("", Some(PEER), &headers);
        assert_eq!((direct.address, &*direct.base), (PEER.address, "https://inner:80"));
        let config = "[listen]\ntrusted_proxies = [\"10.0.0.0/8\"]";
        let forwarded = origin(config, Some(PEER), &headers);
        assert_eq!(forwarded.address.to_string(), "198.51.100.4");
        assert_eq!(forwarded.base, "http://id.example.org");
    }
}
