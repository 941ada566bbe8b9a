//! Trust stores from PEM files.

use countersign_client::Error;
use countersign_client::verify::certificate::TrustStore;

use crate::world::{CertificateDraft, Holder, WORLD, ec, now};

#[test]
fn a_bundle_is_sorted_into_anchors_and_intermediates() {
    let pem = format!("# ours\n{}{}", WORLD.ca.certificate.to_pem(), WORLD.root.certificate.to_pem());
    let trust = TrustStore::from_pem(&pem).unwrap();
    assert_eq!(trust.anchors(), std::slice::from_ref(&WORLD.root.certificate));
    assert_eq!(trust.intermediates(), std::slice::from_ref(&WORLD.ca.certificate));
    assert_eq!(trust.path(&WORLD.auth, now()).unwrap().certificates().len(), 3);
}

#[test]
fn a_new_key_under_the_name_of_a_root_is_no_anchor() {
    // A root that changes its key: the old one signs the new one under one name.
    let old = Holder { certificate: WORLD.root.certificate.clone(), key: WORLD.root.key.clone() };
    let new = CertificateDraft { serial: 7, ..CertificateDraft::ca("TEST ROOT") }.issue(&old, &ec());
    assert!(new.is_self_issued());
    let error = TrustStore::from_pem(&new.to_pem()).unwrap_err();
    assert!(matches!(error, Error::Setting { setting: "trust store", .. }), "{error:?}");
    let both = TrustStore::from_pem(&(new.to_pem() + &WORLD.root.certificate.to_pem())).unwrap();
    assert_eq!(both.anchors(), std::slice::from_ref(&WORLD.root.certificate));
}

#[test]
fn what_is_no_bundle_is_refused() {
    assert!(matches!(TrustStore::from_pem("nothing"), Err(Error::Certificate(_))));
    assert!(matches!(TrustStore::from_pem(&WORLD.ca.certificate.to_pem()), Err(Error::Setting { .. })));
    let cut = &WORLD.root.certificate.to_pem()[..200];
    assert!(matches!(TrustStore::from_pem(cut), Err(Error::Certificate(_))));
}
