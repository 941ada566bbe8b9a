//! The public TEST authority of `countersign dev`: the same keys and certificates on every machine, embedded in the
//! binary. Made once by `cargo run -p countersign-server --example make_authority`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::Issuer;
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer, SoftwareKey};
use jiff::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Authorities, BACKDATED, Error, KeyHomes, MEMBERS, Places, Source, parse};
use crate::listen;

macro_rules! embedded {
    ($ending:literal: $($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../fixtures/dev/authority/", $name, $ending)))),*]
    };
}

static CERTIFICATES: [(&str, &str); 6] =
    embedded![".pem": "root", "eid-q", "eid-nq", "tsa", "tls-root", "trusted-list"];

static KEYS: [(&str, &str); 9] = embedded![
    ".key.pem": "root", "eid-q", "eid-nq", "root-ocsp", "eid-q-ocsp", "eid-nq-ocsp", "tsa", "tls-root", "trusted-list"
];

/// What the TEST certificates point at. Fixed, so that they are the same everywhere; a server on another port
/// answers there too, under its own address.
pub fn places() -> Places {
    Places {
        base: "http://127.0.0.1:8080".to_owned(),
        cps: "http://127.0.0.1:8080/trust".to_owned(),
        pds: "https://localhost:8443/trust".to_owned(),
    }
}

/// The TEST authority.
pub fn authorities() -> Result<Authorities, Error> {
    authorities_with(&KeyHomes::default())
}

/// The TEST authority, with those of its keys in a PKCS#11 token that the configuration places there. Keys of CAs and of
/// the time-stamping unit must be the public ones, imported; those of responders may be any.
pub fn authorities_with(homes: &KeyHomes) -> Result<Authorities, Error> {
    let source = Source {
        homes,
        certificate: &|name| Ok(find(&CERTIFICATES, name).to_owned()),
        key: &|name| Ok(Zeroizing::new(find(&KEYS, name).to_owned())),
    };
    Authorities::from_source(&source, &places())
}

/// Every certificate of the TEST authority: whoever has one of these keys is nobody in particular.
pub fn certificates() -> Result<Vec<Certificate>, Error> {
    MEMBERS.iter().map(|name| parse(name, find(&CERTIFICATES, name))).collect()
}

/// The root of the development server's TLS certificate.
pub fn tls_root() -> Result<Certificate, Error> {
    parse("tls-root", find(&CERTIFICATES, "tls-root"))
}

/// Who signs the test trusted list.
///
/// # Errors
/// None in practice: everything is embedded.
pub fn trusted_list_signer() -> Result<(Certificate, SoftwareKey), Error> {
    const NAME: &str = "trusted-list";
    let key = SoftwareKey::from_pem(find(&KEYS, NAME));
    Ok((
        parse(NAME, find(&CERTIFICATES, NAME))?,
        key.map_err(|source| Error::Unusable { name: NAME, source })?,
    ))
}

/// Days that the TLS certificate is valid: no browser takes longer ones.
const TLS_DAYS: u16 = 397;

/// TLS for `localhost`, the loopback addresses and the host name of the demo environment, with a certificate that is
/// issued at this start.
///
/// # Errors
/// None in practice: everything is embedded.
pub fn tls(now: Timestamp, rng: &mut impl CryptoRng) -> Result<Arc<rustls::ServerConfig>, listen::Error> {
    let (certificate, key) =
        issue_tls(now, rng).map_err(|error| listen::Error::Certificate(error.to_string()))?;
    listen::tls_from_pem(&certificate.to_pem(), &key)
}

fn issue_tls(
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<(Certificate, Zeroizing<String>), countersign_pki::Error> {
    let root = Certificate::from_pem(find(&CERTIFICATES, "tls-root"))?;
    let root_key = SoftwareKey::from_pem(find(&KEYS, "tls-root"))?;
    let key = SoftwareKey::generate_ec(Curve::P256)?;
    let names = ["localhost".to_owned(), "sid.demo.sk.ee".to_owned()];
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let validity = Validity::days(now.saturating_sub(BACKDATED).unwrap_or(now), TLS_DAYS)?;
    let certificate = Issuer::new(&root, &root_key)?.issue_tls_server(
        &names,
        &addresses,
        key.public_key(),
        validity,
        rng,
    )?;
    Ok((certificate, key.to_pem()?))
}

fn find(files: &'static [(&str, &str)], name: &str) -> &'static str {
    // Cannot fail: the names are constants of this module, and a test asks for each.
    files.iter().find(|(each, _)| *each == name).map(|(_, content)| *content).expect("embedded")
}

#[cfg(test)]
mod tests {
    use countersign_pki::path::{self, Purpose};

    use super::*;

    #[test]
    fn every_member_is_embedded_and_says_test() {
        for certificate in certificates().unwrap().iter().chain([&tls_root().unwrap()]) {
            assert!(certificate.subject().rfc4514().contains("TEST"), "{}", certificate.subject().rfc4514());
        }
        let authorities = authorities().unwrap();
        assert_eq!(authorities.own().len(), MEMBERS.len());
        let now = authorities.root().certificate().not_before() + jiff::SignedDuration::from_hours(48);
        tls(now, &mut crate::Randomness::system()).unwrap();
    }

    #[test]
    fn a_public_key_is_refused_in_production() {
        let directory = tempfile::tempdir().unwrap();
        for (files, ending) in [(&CERTIFICATES[..], "pem"), (&KEYS[..], "key.pem")] {
            for (name, content) in files {
                std::fs::write(directory.path().join(format!("{name}.{ending}")), content).unwrap();
            }
        }
        let refused = Authorities::load(directory.path(), &places(), KeyHomes::default());
        assert!(matches!(refused, Err(Error::PublicKey { name: "root" })));
    }

    #[test]
    fn the_chain_holds_for_ten_years() {
        let authorities = authorities().unwrap();
        let root = authorities.root().certificate().clone();
        let now = root.not_before() + jiff::SignedDuration::from_hours(10 * 365 * 24);
        for ca in &authorities.cas()[1..] {
            assert!(ca.certificate().is_signed_by(&root).is_ok());
            assert!(ca.certificate().is_valid_at(now));
        }
        let responders = authorities.next_responders(now, &mut crate::Randomness::system()).unwrap();
        for (ca, responder) in authorities.cas().iter().zip(responders.certificates()) {
            assert!(responder.is_signed_by(ca.certificate()).is_ok());
            assert!(responder.is_valid_at(now));
        }
        let unit = authorities.time_stamping().certificate();
        path::validate(unit, &[], &[root], now, Purpose::TimeStamping).unwrap();
    }
}
