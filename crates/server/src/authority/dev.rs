//! The public TEST authority of `countersign dev`: the same keys and certificates on every machine, embedded in the
//! binary. Made once by `cargo run -p countersign-server --example make_authority`.

use std::sync::Arc;

use countersign_pki::Certificate;
use zeroize::Zeroizing;

use super::{Authorities, Error, MEMBERS, Places, Source, parse};
use crate::listen;

/// `NAME → (certificate, private key)`, both PEM.
macro_rules! embedded {
    ($($name:literal),*) => {
        [$(($name,
            include_str!(concat!("../../../../fixtures/dev/authority/", $name, ".pem")),
            include_str!(concat!("../../../../fixtures/dev/authority/", $name, ".key.pem")))),*]
    };
}

static FILES: [(&str, &str, &str); 9] =
    embedded!["root", "eid-q", "eid-nq", "root-ocsp", "eid-q-ocsp", "eid-nq-ocsp", "tsa", "tls-root", "tls"];

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
    let source = Source {
        certificate: &|name| Ok(find(name).0.to_owned()),
        key: &|name| Ok(Zeroizing::new(find(name).1.to_owned())),
    };
    Authorities::from_source(&source, &places())
}

/// Every certificate of the TEST authority: whoever has one of these keys is nobody in particular.
pub fn certificates() -> Result<Vec<Certificate>, Error> {
    MEMBERS.iter().map(|name| parse(name, find(name).0)).collect()
}

/// The root of the development server's TLS certificate.
pub fn tls_root() -> Result<Certificate, Error> {
    parse("tls-root", find("tls-root").0)
}

/// TLS for `localhost`, the loopback addresses and the host name of the demo environment.
pub fn tls() -> Result<Arc<rustls::ServerConfig>, listen::Error> {
    listen::tls_from_pem(find("tls").0, find("tls").1)
}

/// Certificate and key of a member.
fn find(name: &str) -> (&'static str, &'static str) {
    // Cannot fail: the names are constants of this file and `MEMBERS`, and a test asks for each.
    FILES
        .iter()
        .find(|(each, ..)| *each == name)
        .map(|(_, certificate, key)| (*certificate, *key))
        .expect("embedded")
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
        assert_eq!(authorities.own().count(), MEMBERS.len());
        tls().unwrap();
    }

    #[test]
    fn a_public_key_is_refused_in_production() {
        let directory = tempfile::tempdir().unwrap();
        for (name, certificate, key) in FILES {
            std::fs::write(directory.path().join(format!("{name}.pem")), certificate).unwrap();
            std::fs::write(directory.path().join(format!("{name}.key.pem")), key).unwrap();
        }
        let refused = Authorities::load(directory.path(), &places());
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
            assert!(ca.responder_certificate().is_signed_by(ca.certificate()).is_ok());
        }
        let unit = authorities.time_stamping().certificate();
        path::validate(unit, &[], &[root], now, Purpose::TimeStamping).unwrap();
    }
}
