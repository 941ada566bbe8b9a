//! The service that `login` and `sign` talk to, and whom they trust in what it answers.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_client::verify::certificate::TrustStore;
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::id::{DocumentNumber, RelyingPartyUuid, SemanticsIdentifier};
use countersign_client::wire::words::RequestedLevel;
use countersign_client::{Client, Rules};
use countersign_container::TrustAnchors;
use countersign_pki::Certificate;
use countersign_server::authority;
use url::{Host, Url};

use crate::anchors;
use crate::error::Error;
use crate::http::Http;

/// Where the service is, who asks, and whom to trust.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArguments {
    /// The service: its origin, or the base of its relying party API
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_URL", hide_env_values = true, default_value = DEV_URL)]
    url: Url,
    /// Trust the CA certificates in this directory
    ///
    /// Without it, and only if URL is on this machine, the anchors are taken from the service itself (/trust): right for
    /// `countersign dev`, and worth nothing anywhere else.
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_TRUST", hide_env_values = true)]
    trust: Option<PathBuf>,
    /// The UUID under which the relying party is registered
    #[arg(long, value_name = "UUID", env = "COUNTERSIGN_RP_UUID", hide_env_values = true, default_value = DEMO_UUID, value_parser = RelyingPartyUuid::parse)]
    rp_uuid: RelyingPartyUuid,
    /// The name under which it is registered
    #[arg(
        long,
        value_name = "NAME",
        env = "COUNTERSIGN_RP_NAME",
        hide_env_values = true,
        default_value = "DEMO"
    )]
    rp_name: String,
    /// The name of the environment, which is part of what is signed
    #[arg(long, value_name = "NAME", default_value = "smart-id-demo", value_parser = SchemeName::parse)]
    scheme: SchemeName,
}

/// Where `countersign dev` is unless told otherwise.
pub(crate) const DEV_URL: &str = "http://127.0.0.1:8080";
const DEMO_UUID: &str = "00000000-0000-4000-8000-000000000000";

/// Who is asked, and with which certificate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Person")]
pub(crate) struct PersonArguments {
    /// The person, by type, country and number, such as PNOEE-40504040001
    #[arg(long, value_name = "PNOEE-…", value_parser = SemanticsIdentifier::parse)]
    pub(crate) person: Option<SemanticsIdentifier>,
    /// One account of the person, by document number, such as PNOEE-40504040001-DEM0-Q
    #[arg(long, value_name = "PNOEE-…-Q", conflicts_with = "person", value_parser = DocumentNumber::parse)]
    pub(crate) document: Option<DocumentNumber>,
    /// The lowest level of the person's certificate that will do: ADVANCED, QUALIFIED or QSCD
    #[arg(long, value_name = "LEVEL", default_value = "QUALIFIED")]
    pub(crate) certificate_level: RequestedLevel,
}

impl PersonArguments {
    /// Whom the request names.
    pub(crate) fn recipient(&self) -> Recipient {
        match (&self.person, &self.document) {
            (_, Some(document)) => Recipient::Document(document.clone()),
            (Some(person), None) => Recipient::Person(person.clone()),
            (None, None) => Recipient::Anonymous,
        }
    }
}

/// A place on the network whose certificates are trusted for signatures.
pub(crate) struct Place {
    /// Whom to trust in signatures.
    pub(crate) anchors: TrustAnchors,
    origin: Url,
    local: bool,
    tls_roots: Vec<Certificate>,
}

impl Place {
    /// Prepares connections and finds the anchors. Only the latter may ask the service something.
    pub(crate) async fn open(url: &Url, trust: Option<&Path>) -> Result<Self, Error> {
        let (local, origin) = (is_local(url), origin_of(url)?);
        let tls_roots = dev_roots(url)?;
        let http = Http::new(&tls_roots)?;
        let anchors = match trust {
            Some(directory) => anchors::load(directory)?,
            None if local => fetch_anchors(&http, &origin).await?,
            None => return Err(Error::NoTrustElsewhere { url: url.to_string() }),
        };
        Ok(Self { anchors, origin, local, tls_roots })
    }

    /// The address of a service on this machine; none of one elsewhere.
    pub(crate) fn origin_if_local(&self) -> Option<&Url> {
        self.local.then_some(&self.origin)
    }

    /// Whom to trust for TLS in place of the operating system's roots.
    pub(crate) fn tls_roots(&self) -> Option<&[Certificate]> {
        (!self.tls_roots.is_empty()).then_some(&self.tls_roots)
    }
}

/// On this machine it is `countersign dev` that speaks TLS, under its own root.
pub(crate) fn dev_roots(url: &Url) -> Result<Vec<Certificate>, Error> {
    Ok(if is_local(url) && url.scheme() == "https" { vec![authority::dev::tls_root()?] } else { Vec::new() })
}

/// A service, ready to be asked.
pub(crate) struct Service {
    /// For its relying party API.
    pub(crate) client: Client,
    /// Where it is, and whom to trust in what it answers.
    pub(crate) place: Place,
}

impl Service {
    /// Prepares connections and finds the anchors. Only the latter may ask the service something.
    pub(crate) async fn open(arguments: &ServiceArguments) -> Result<Self, Error> {
        let url = &arguments.url;
        let place = Place::open(url, arguments.trust.as_deref()).await?;
        let mut builder = Client::builder(url.as_str(), arguments.rp_uuid, &arguments.rp_name)
            .scheme(arguments.scheme.clone());
        if let Some(roots) = place.tls_roots() {
            builder = builder.tls_roots(roots);
        }
        if place.local {
            // Certificates of the test persons name port 8080, whatever port the server got.
            builder = builder.status_origin(place.origin.as_str());
        }
        Ok(Self { client: builder.build()?, place })
    }

    /// The rules by which answers are checked.
    pub(crate) fn rules(&self) -> Rules {
        Rules::new(TrustStore::new(self.place.anchors.ca.clone(), self.place.anchors.intermediates.clone()))
    }

    /// The service's address, without a path.
    pub(crate) fn origin(&self) -> &Url {
        &self.place.origin
    }
}

/// No trust list is larger.
const LARGEST_BUNDLE: usize = 1 << 20;

async fn fetch_anchors(http: &Http, origin: &Url) -> Result<TrustAnchors, Error> {
    let mut certificates = Vec::new();
    for name in ["bundle.pem", "tsa.pem"] {
        let mut url = origin.clone();
        url.set_path(&format!("/trust/{name}"));
        let bytes = http.get("the trust anchors", &url, LARGEST_BUNDLE).await?;
        let unreadable = |source| Error::NoCertificateThere { url: url.to_string(), source };
        certificates.extend(Certificate::pem_bundle(&String::from_utf8_lossy(&bytes)).map_err(unreadable)?);
    }
    Ok(anchors::of(certificates))
}

/// The address of a service, without a path.
pub(crate) fn origin_of(url: &Url) -> Result<Url, Error> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(Error::NotAUrl { text: url.to_string() });
    }
    let mut origin = url.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin.set_fragment(None);
    Ok(origin)
}

/// Whether the host can only be this machine. Names other than `localhost` are looked up elsewhere, so they are not.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_local() {
        for (url, local) in [
            ("http://127.0.0.1:8080", true),
            ("https://localhost:8443/smart-id-rp/v3/", true),
            ("http://[::1]:1", true),
            ("http://127.0.0.1.example.org", false),
            ("http://localhost.example.org", false),
            ("http://0.0.0.0:8080", false),
            ("https://sid.demo.sk.ee", false),
        ] {
            assert_eq!(is_local(&Url::parse(url).expect("a URL")), local, "{url}");
        }
    }
}
