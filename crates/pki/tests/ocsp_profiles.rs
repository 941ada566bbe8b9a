//! The services with certificates as the product issues them, from root to answer.

mod test_ca;

use std::sync::Arc;

use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Name, Policy};
use countersign_pki::crl::{CertificateList, NewCrl};
use countersign_pki::ocsp::{self, CertId, CertIdHash, Freshness, OcspRequest, Responder, Status};
use countersign_pki::profile::{
    Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
};
use countersign_pki::tsp::{
    self, BTSP_POLICY, MessageImprint, TimeStampReq, TimeStampResp, TokenSerialNumber,
};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Digest, Signer, SoftwareKey};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use test_ca::{OpenSsl, at, now};

struct Product {
    root: Certificate,
    ca: Certificate,
    ca_key: SoftwareKey,
    person: Certificate,
    responder: (Certificate, Arc<SoftwareKey>),
    tsu: (Certificate, Arc<SoftwareKey>),
}

const SIGNS_UNTIL: &str = "2027-01-01T00:00:00Z";

fn product() -> Product {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let organization = Organization {
        country: "EE".into(),
        name: "TEST Countersign".into(),
        identifier: "NTREE-00000000".into(),
    };
    let named = |name: &str| -> Name { organization.named(name).unwrap() };
    let addresses = Addresses {
        ca_issuers: Some("http://localhost/ca.cer".into()),
        ocsp: Some("http://localhost/ocsp".into()),
        crl: Some("http://localhost/ca.crl".into()),
    };
    let start = at("2026-01-01T00:00:00Z");
    let key = |curve| SoftwareKey::generate_ec(curve).unwrap();

    let root_key = key(Curve::P521);
    let root = CaProfile::root(named("TEST ROOT"));
    let root = issue_root(&root, &root_key, Validity::years(start, 20).unwrap(), &mut rng).unwrap();
    let ca_key = key(Curve::P384);
    let ca = CaProfile::issuing(named("TEST CA"), "http://localhost/cps", addresses.clone());
    let ca = Issuer::new(&root, &root_key)
        .unwrap()
        .issue_ca(&ca, ca_key.public_key(), Validity::years(start, 12).unwrap(), &mut rng)
        .unwrap();
    let issuer = Issuer::new(&ca, &ca_key).unwrap();
    let profile = Profile::qualified("http://localhost/cps", "https://localhost/pds", addresses.clone());
    let person = Person {
        country: "EE".into(),
        surname: "TESTNUMBER".into(),
        given_name: "OK".into(),
        identifier: "PNOEE-40504040001".into(),
        document_number: "PNOEE-40504040001-MOCK-Q".into(),
        date_of_birth: None,
    };
    let rsa = SoftwareKey::generate_rsa(countersign_pki::signer::RsaSize::Bits2048).unwrap();
    let person =
        issuer.issue_person(&profile, &person, Use::Signature, rsa.public_key(), start, &mut rng).unwrap();
    let responder_key = Arc::new(key(Curve::P256));
    let days = Validity::days(at("2026-05-15T00:00:00Z"), 30).unwrap();
    let responder =
        issuer.issue_ocsp_responder(named("TEST OCSP"), responder_key.public_key(), days, &mut rng).unwrap();
    let tsu_key = Arc::new(key(Curve::P256));
    let policy = Policy { oid: BTSP_POLICY, cps: Some("http://localhost/cps".into()) };
    let tsu = issuer
        .issue_time_stamping_unit(
            named("TEST TSU"),
            &policy,
            &addresses,
            tsu_key.public_key(),
            Validity::years(start, 6).unwrap(),
            at(SIGNS_UNTIL),
            &mut rng,
        )
        .unwrap();
    Product { root, ca, ca_key, person, responder: (responder, responder_key), tsu: (tsu, tsu_key) }
}

#[test]
fn the_products_own_certificates_serve() {
    let product = product();
    let (certificate, key) = &product.responder;
    let authority = ocsp::Authority::new(&product.ca, certificate, key.clone()).unwrap();
    let id = CertId::of(CertIdHash::Sha1, &product.person, &product.ca).unwrap();
    let request = OcspRequest::new(vec![id], None).unwrap().to_der().unwrap();
    let answer =
        Responder::new(vec![authority]).respond(&request, |_| Status::Good, now(), &Freshness::default());
    ocsp::check(&answer, &product.person, &product.ca, None, now(), &ocsp::Policy::fetched()).unwrap();
    // A P-256 answer with its certificate stays about a kilobyte.
    assert!(answer.len() < 1400, "{}", answer.len());

    let (certificate, key) = &product.tsu;
    let chain = [product.ca.clone()];
    let authority = tsp::Authority::new(certificate, &chain, key.clone(), vec![BTSP_POLICY]).unwrap();
    let request = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[1; 8]).unwrap();
    let serial = TokenSerialNumber::from_counter(1);
    let stamp = |time: Timestamp| authority.respond(&request.to_der(), &serial, time);
    let anchors = [product.root.clone()];
    let skew = SignedDuration::from_secs(60);
    tsp::check_response(&stamp(now()), &request, &[], &anchors, now(), skew).unwrap();
    // The certificate goes on, the key does not.
    assert!(matches!(TimeStampResp::from_der(&stamp(at(SIGNS_UNTIL))), Ok(TimeStampResp::Granted(_))));
    let after = at(SIGNS_UNTIL) + SignedDuration::from_secs(1);
    assert!(certificate.is_valid_at(after));
    assert!(matches!(TimeStampResp::from_der(&stamp(after)), Ok(TimeStampResp::Refused { .. })));

    let list = NewCrl {
        number: 1,
        this_update: now(),
        next_update: now() + SignedDuration::from_hours(12),
        expired_certs_on_crl: Some(product.ca.not_before()),
        revoked: Vec::new(),
    };
    let list = CertificateList::from_der(&list.sign(&product.ca, &product.ca_key).unwrap()).unwrap();
    list.check(&product.ca, now(), skew).unwrap();
    assert_eq!(list.find(&product.person), Ok(None));

    let Some(openssl) = OpenSsl::new("the_products_own_certificates_serve (openssl's opinion)") else {
        return;
    };
    openssl
        .write("root.pem", product.root.to_pem())
        .write("ca.pem", product.ca.to_pem())
        .write("chain.pem", product.root.to_pem() + &product.ca.to_pem())
        .write("person.pem", product.person.to_pem())
        .write("data", "data")
        .write("answer.der", &answer)
        .write("stamp.tsr", stamp(now()))
        .write("list.crl", list.as_der());
    let time = now().as_second();
    let text = openssl.says(
        &format!(
            "ocsp -no_nonce -issuer ca.pem -cert person.pem -respin answer.der -CAfile chain.pem -attime {time}"
        ),
        "Response verify OK",
    );
    assert!(text.contains("person.pem: good"), "{text}");
    openssl.says(
        &format!("ts -verify -CAfile root.pem -untrusted ca.pem -attime {time} -data data -in stamp.tsr"),
        "Verification: OK",
    );
    openssl.says("crl -inform DER -in list.crl -CAfile ca.pem -noout", "verify OK");
}
