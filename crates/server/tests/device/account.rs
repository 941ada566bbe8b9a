//! The account as its holder sees it, and its end.

use countersign_domain::revocation::{CertificateStatus, RevocationReason};
use countersign_wire::device::{DeviceState, RevocationScope};

use super::*;

#[tokio::test]
async fn revoking_ends_everything_at_once() {
    for (scope, expected) in [
        (RevocationScope::Account, RevocationReason::CessationOfOperation),
        (RevocationScope::Device, RevocationReason::KeyCompromise),
    ] {
        let mut person = Person::new().await;
        let (asked, tx) = person.asked_to_log_in().await;
        let now = person.now();
        let account = person.phone.account(now, &mut person.rng).await.expect("an account");
        assert_eq!(account.open_transactions, std::slice::from_ref(&tx));
        assert_eq!(account.devices[0].state, DeviceState::Active);
        person.phone.revoke(scope, "lost in the sea", now, &mut person.rng).await.expect("revoked");
        Asked::ended(&asked.status(&person.world).await, "ACCOUNT_UNUSABLE");
        let document = DocumentNumber::parse(DOCUMENT).unwrap();
        let certificates = read(&person.world, move |tx| tx.certificates().of_account(&document)).await;
        assert_eq!(certificates.len(), 2);
        for certificate in certificates {
            let CertificateStatus::Revoked { at, reason } = certificate.status else { panic!("revoked") };
            assert_eq!((at, reason), (now, expected));
        }
        refused(person.approve(&tx, PIN1).await, DeviceErrorCode::UnknownDevice);
        refused(person.phone.account(now, &mut person.rng).await, DeviceErrorCode::UnknownDevice);
        let path = format!("/v3/authentication/notification/document/{DOCUMENT}");
        let mut body = authentication(&displayed("Log in"), "SHA-512");
        body["vcType"] = json!("numeric4");
        assert_eq!(person.world.post(&path, &body).await.status, 404);
        assert_eq!(count(&person.world, "CertificateRevoked").await, 2);
        assert_eq!(count(&person.world, "AccountRevoked").await, 1);
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_revoked_for_ocsp_too() {
    let mut person = Person::new().await;
    let now = person.now();
    let scope = RevocationScope::Account;
    person.phone.revoke(scope, "", now, &mut person.rng).await.expect("revoked");
    // The revocation list is made from the same rows.
    let listed = read(&person.world, move |tx| tx.certificates().revoked("eid-q", now)).await;
    assert_eq!(listed.len(), 2);
}

#[tokio::test]
async fn a_malformed_revocation_is_refused() {
    let person = Person::new().await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    for wrong in [json!({}), json!({ "scope": "EVERYBODY", "reason": "" }), json!([])] {
        problem(&raw.post(&person.world, "/account/revoke", &wrong).await, DeviceErrorCode::BadRequest);
    }
    assert_eq!(count(&person.world, "AccountRevoked").await, 0);
}
