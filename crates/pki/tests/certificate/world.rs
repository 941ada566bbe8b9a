//! A hierarchy to issue from: one root, a qualified and a non-qualified CA, two people's keys.

use std::path::PathBuf;
use std::sync::OnceLock;

use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Certificate, Name, name};
use countersign_pki::profile::{
    Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
};
use countersign_pki::verify::Curve;
use countersign_pki::{PublicKey, Signer, SoftwareKey};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

pub(crate) const CPS: &str = "https://trust.example/cps/";
pub(crate) const PDS: &str = "https://www.skidsolutions.eu/resources/conditions-for-use-of-certificates/";

pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(9)
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

pub(crate) fn ec(curve: Curve) -> SoftwareKey {
    SoftwareKey::generate_ec(curve).unwrap()
}

/// A public key of the size people have. It belongs to nobody: no certificate here needs its other half.
pub(crate) fn person_key(last: u8) -> PublicKey {
    let mut modulus = vec![0x5A; 768];
    modulus[767] = last;
    PublicKey::from_rsa_components(&modulus, &[1, 0, 1]).unwrap()
}

pub(crate) struct World {
    pub(crate) root: Certificate,
    pub(crate) qualified: Certificate,
    pub(crate) qualified_key: SoftwareKey,
    pub(crate) non_qualified: Certificate,
    pub(crate) non_qualified_key: SoftwareKey,
}

pub(crate) fn organization() -> Organization {
    Organization {
        country: "EE".into(),
        name: "Example Trust OÜ".into(),
        identifier: "NTREE-12345678".into(),
    }
}

pub(crate) fn root_addresses() -> Addresses {
    Addresses {
        ca_issuers: Some("http://c.trust.example/root.crt".into()),
        ocsp: Some("http://ocsp.trust.example/ca".into()),
        crl: Some("http://c.trust.example/root.crl".into()),
    }
}

pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root_key = ec(Curve::P521);
        let subject = organization().named("Example Root 2026").unwrap();
        let years = |n| Validity::years(at("2026-01-01T00:00:00Z"), n).unwrap();
        let root = issue_root(&CaProfile::root(subject), &root_key, years(20), &mut rng()).unwrap();
        // The qualified CA has its name the other way round, as the one clients know.
        let reversed = Name::of(&[
            (name::COMMON_NAME, "Example EID-Q 2026"),
            (name::ORGANIZATION_IDENTIFIER, "NTREE-12345678"),
            (name::ORGANIZATION, "Example Trust OÜ"),
            (name::COUNTRY, "EE"),
        ])
        .unwrap();
        let (qualified_key, non_qualified_key) = (ec(Curve::P384), ec(Curve::P384));
        let issue = |subject: Name, key: &SoftwareKey| {
            let profile = CaProfile::issuing(subject, CPS, root_addresses());
            let issuer = Issuer::new(&root, &root_key).unwrap();
            issuer.issue_ca(&profile, key.public_key(), years(15), &mut rng()).unwrap()
        };
        let qualified = issue(reversed, &qualified_key);
        let non_qualified = issue(organization().named("Example EID-NQ 2026").unwrap(), &non_qualified_key);
        World { root, qualified, qualified_key, non_qualified, non_qualified_key }
    })
}

impl World {
    pub(crate) fn qualified(&self) -> Issuer<'_> {
        Issuer::new(&self.qualified, &self.qualified_key).unwrap()
    }

    pub(crate) fn non_qualified(&self) -> Issuer<'_> {
        Issuer::new(&self.non_qualified, &self.non_qualified_key).unwrap()
    }
}

pub(crate) fn addresses(ca: &str) -> Addresses {
    Addresses {
        ca_issuers: Some(format!("http://c.trust.example/{ca}.der.crt")),
        ocsp: Some(format!("http://aia.trust.example/{ca}")),
        crl: Some(format!("http://c.trust.example/{ca}.crl")),
    }
}

pub(crate) fn qualified_profile() -> Profile {
    Profile::qualified(CPS, PDS, addresses("eid-q"))
}

pub(crate) fn non_qualified_profile() -> Profile {
    Profile::non_qualified(CPS, addresses("eid-nq"))
}

pub(crate) fn person() -> Person {
    Person {
        country: "EE".into(),
        surname: "TESTNUMBER".into(),
        given_name: "ÕIE".into(),
        identifier: "PNOEE-40504040001".into(),
        document_number: "PNOEE-40504040001-MOCK-Q".into(),
        date_of_birth: Some(jiff::civil::date(1905, 4, 4)),
    }
}

/// One of the four kinds of certificates people get.
pub(crate) fn issue(qualified: bool, certificate_use: Use) -> Certificate {
    let world = world();
    let (issuer, profile) = if qualified {
        (world.qualified(), qualified_profile())
    } else {
        (world.non_qualified(), non_qualified_profile())
    };
    issuer.issue_person(&profile, &person(), certificate_use, &person_key(1), now(), &mut rng()).unwrap()
}

pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/certificate")
}
