//! `/ocsp`: what is signed once and what each time, what caches are told, who signs.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_pki::Certificate;
use countersign_pki::crl::Reason;
use countersign_pki::ocsp::{
    BasicOcspResponse, CertId, CertIdHash, CertStatus, Nonce, OcspRequest, ResponseStatus,
};
use countersign_server::config::Ocsp;
use countersign_testkit::{Answer, START, World};
use http::Request;
use jiff::SignedDuration;
use serde_json::json;

use super::openssl::judge;
use super::{act, config, sealed, serial, with, world};

fn issuer(world: &World, name: &str) -> Certificate {
    let cas = world.app().authorities().expect("an authority").cas();
    cas.iter().find(|ca| ca.name() == name).expect("a CA").certificate().clone()
}

fn request(certificate: &Certificate, issuer: &Certificate, nonce: Option<&[u8]>) -> Vec<u8> {
    let id = CertId::of(CertIdHash::Sha1, certificate, issuer).expect("an id");
    let nonce = nonce.map(|nonce| Nonce::new(nonce).expect("a nonce"));
    OcspRequest::new(vec![id], nonce).expect("a request").to_der().expect("DER")
}

async fn post(world: &World, body: &[u8]) -> Answer {
    let request = Request::post("/ocsp").header("content-type", "application/ocsp-request");
    world.send(request.body(Body::from(body.to_vec())).expect("a request")).await
}

async fn get(world: &World, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let path = STANDARD.encode(body).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let request = headers
        .iter()
        .fold(Request::get(format!("/ocsp/{path}")), |request, (name, value)| request.header(*name, *value));
    world.send(request.body(Body::empty()).expect("a request")).await
}

#[track_caller]
fn read(answer: &Answer) -> BasicOcspResponse {
    assert_eq!(answer.status, 200);
    BasicOcspResponse::from_der(&answer.body).expect("DER").expect("an answer")
}

fn status(answer: &Answer) -> CertStatus {
    read(answer).data().responses()[0].status().clone()
}

/// Serial number of the certificate that signed.
fn signer(answer: &Answer) -> String {
    serial(&Certificate::from_der(&read(answer).certificates()[0]).expect("a certificate"))
}

#[tokio::test]
async fn without_a_nonce_an_answer_is_signed_once_and_caches_are_told_how_long_it_holds() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let ca = issuer(&world, "eid-nq");
    let asked = request(&certificate, &ca, None);
    let first = get(&world, &asked, &[]).await;
    assert_eq!(status(&first), CertStatus::GOOD);
    assert_eq!(first.header("content-type"), "application/ocsp-response");
    assert_eq!(first.header("cache-control"), "max-age=300, public, no-transform, must-revalidate");
    assert_eq!(first.header("last-modified"), "Mon, 01 Jun 2026 12:00:00 GMT");
    assert_eq!(first.header("expires"), "Mon, 01 Jun 2026 12:05:00 GMT");
    let tag = first.header("etag").to_owned();
    assert_eq!(tag.len(), 66, "{tag}");

    world.advance(59);
    let again = get(&world, &asked, &[]).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("cache-control"), "max-age=241, public, no-transform, must-revalidate");
    assert_eq!(again.header("expires"), first.header("expires"));
    // POST takes the same answer, and says nothing about keeping it.
    let posted = post(&world, &asked).await;
    assert_eq!(posted.body, first.body);
    assert_eq!((posted.header("cache-control"), posted.header("etag")), ("no-store", ""));

    for headers in [
        [("if-none-match", tag.as_str())],
        [("if-none-match", "\"x\", *")],
        [("if-modified-since", "Mon, 01 Jun 2026 12:00:00 GMT")],
    ] {
        let known = get(&world, &asked, &headers).await;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0), "{headers:?}");
        assert_eq!(known.header("etag"), tag);
    }
    let other = get(
        &world,
        &asked,
        &[("if-none-match", "\"other\""), ("if-modified-since", "Mon, 01 Jun 2026 12:00:00 GMT")],
    );
    assert_eq!(other.await.status, 200);

    world.advance(1);
    let next = get(&world, &asked, &[]).await;
    assert_ne!(next.body, first.body);
    assert_eq!(next.header("last-modified"), "Mon, 01 Jun 2026 12:01:00 GMT");
    // What caches hold of the first answer is still within its time.
    assert_eq!(read(&first).data().responses()[0].next_update(), Some(START + SignedDuration::from_mins(5)));
}

#[tokio::test]
async fn with_a_nonce_every_answer_is_signed_anew_and_kept_by_nobody() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let ca = issuer(&world, "eid-nq");
    let asked = request(&certificate, &ca, Some(&[7; 32]));
    let (first, second) = (post(&world, &asked).await, get(&world, &asked, &[]).await);
    assert_ne!(first.body, second.body);
    for answer in [&first, &second] {
        assert_eq!(answer.header("cache-control"), "no-store");
        let data = read(answer);
        assert_eq!(data.data().nonce().expect("readable").expect("a nonce").value(), [7; 32]);
        assert_eq!(data.data().responses()[0].next_update(), None);
    }
    let chain = [issuer(&world, "root").to_pem(), ca.to_pem()].concat();
    let time = START.as_second().to_string();
    let said = judge(
        "openssl ocsp",
        &[&first.body, ca.to_pem().as_bytes(), certificate.to_pem().as_bytes(), chain.as_bytes()],
        // The nonce was compared above; OpenSSL would compare it with one of its own.
        &[
            "ocsp",
            "-respin",
            "0",
            "-issuer",
            "1",
            "-cert",
            "2",
            "-CAfile",
            "3",
            "-no_nonce",
            "-attime",
            &time,
            "-resp_text",
        ],
    );
    if let Some(said) = said {
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(said.contains("Cert Status: good"), "{said}");
        assert!(said.contains("Archive Cutoff"), "{said}");
    }
}

#[tokio::test]
async fn a_change_of_status_shows_in_the_next_answer() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let ca = issuer(&world, "eid-nq");
    let plain = request(&certificate, &ca, None);
    let fresh = request(&certificate, &ca, Some(&[1; 32]));
    let path = format!("/certificates/eid-nq/{}", serial(&certificate));
    assert_eq!(status(&get(&world, &plain, &[]).await), CertStatus::GOOD);
    world.advance(10);
    let steps = [
        ("suspend", json!({}), Some((10, Reason::CertificateHold))),
        ("resume", json!({}), None),
        ("suspend", json!({ "evidence": "call/2" }), Some((30, Reason::CertificateHold))),
        // Revoked while on hold: from the beginning of the hold.
        ("revoke", json!({ "reason": "keyCompromise" }), Some((30, Reason::KeyCompromise))),
    ];
    for (act_name, body, expected) in steps {
        act(&world, &format!("{path}/{act_name}"), body).await;
        let expected = expected.map_or(CertStatus::GOOD, |(seconds, reason)| {
            CertStatus::revoked(START + SignedDuration::from_secs(seconds), reason).expect("a status")
        });
        for asked in [&plain, &fresh] {
            assert_eq!(status(&get(&world, asked, &[]).await), expected, "{act_name}");
            assert_eq!(status(&post(&world, asked).await), expected, "{act_name}");
        }
        world.advance(10);
    }
}

#[tokio::test]
async fn what_nobody_issued_is_never_good_nor_kept() {
    let world = world();
    let ca = issuer(&world, "eid-nq");
    let stranger = issuer(&world, "eid-q");
    // A serial number of another CA.
    let asked = request(&stranger, &ca, None);
    let not_issued = CertStatus::not_issued().expect("a status");
    let first = get(&world, &asked, &[]).await;
    assert_eq!(status(&first), not_issued);
    assert_ne!(get(&world, &asked, &[]).await.body, first.body);
}

#[tokio::test]
async fn the_archive_cutoff_follows_the_retention() {
    let ocsp = Ocsp { retention_days: 30, ..Ocsp::default() };
    let world = with(countersign_server::Config { ocsp, ..config() });
    let certificate = sealed(&world, "eid-nq").await;
    let ca = issuer(&world, "eid-nq");
    let answer = post(&world, &request(&certificate, &ca, None)).await;
    let cutoff = read(&answer).data().responses()[0].archive_cutoff().expect("readable");
    assert_eq!(cutoff, Some(START - SignedDuration::from_hours(24 * 30)));
    let answer = post(&self::world(), &request(&ca, &issuer(&world, "root"), None)).await;
    let cutoff = read(&answer).data().responses()[0].archive_cutoff().expect("readable");
    assert_eq!(cutoff, Some(issuer(&world, "root").not_before()));
}

#[tokio::test]
async fn one_responder_follows_another_and_both_answers_verify() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let ca = issuer(&world, "eid-nq");
    let asked = request(&certificate, &ca, None);
    let first = get(&world, &asked, &[]).await;
    world.advance(60 * 86_400 - 1);
    assert_eq!(signer(&get(&world, &asked, &[]).await), signer(&first));
    world.advance(1);
    // Nobody waits for the next one: until it is there, the one before answers.
    let next = async {
        loop {
            let answer = get(&world, &asked, &[]).await;
            if signer(&answer) != signer(&first) {
                break answer;
            }
            tokio::task::yield_now().await;
        }
    };
    let second =
        tokio::time::timeout(std::time::Duration::from_secs(60), next).await.expect("a new responder");
    // An order of an operator makes others at once, and what was kept is given no more.
    let members = act(&world, "/responders/rollover", json!({ "evidence": "case/9" })).await;
    let third = get(&world, &asked, &[]).await;
    assert_ne!(signer(&third), signer(&second));
    let named =
        |answer: &Answer| members.as_array().expect("a list").iter().any(|m| m["serial"] == signer(answer));
    assert!(named(&third) && !named(&second));
    // Every responder's certificate is on record.
    for answer in [&first, &second, &third] {
        let path = format!("/certificates/eid-nq/{}", signer(answer));
        assert_eq!(super::admin(&world, http::Method::GET, &path, None).await.status, 200);
    }
    let chain = [issuer(&world, "root").to_pem(), ca.to_pem()].concat();
    for (answer, days) in [(&first, 0), (&second, 60), (&third, 60)] {
        let time = (START.as_second() + days * 86_400).to_string();
        let said = judge(
            "openssl ocsp after a rollover",
            &[&answer.body, ca.to_pem().as_bytes(), certificate.to_pem().as_bytes(), chain.as_bytes()],
            &[
                "ocsp",
                "-respin",
                "0",
                "-issuer",
                "1",
                "-cert",
                "2",
                "-CAfile",
                "3",
                "-no_nonce",
                "-attime",
                &time,
            ],
        );
        if let Some(said) = said {
            assert!(said.contains("Response verify OK"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_not_believed_answers_later() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let asked = request(&certificate, &issuer(&world, "eid-nq"), None);
    assert_eq!(status(&post(&world, &asked).await), CertStatus::GOOD);
    world.clock().jump(SignedDuration::from_secs(5));
    assert_eq!(&post(&world, &asked).await.body[..], ResponseStatus::TryLater.to_der());
    act(&world, "/clock/accept", json!({ "evidence": "case/3" })).await;
    assert_eq!(status(&post(&world, &asked).await), CertStatus::GOOD);
}
