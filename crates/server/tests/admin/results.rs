//! Results of partners: whoever signed, for what, when, and everybody who tries to get more out of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::desk::{Act, Role};
use countersign_pki::signer::{RsaSize, Signer as _, SoftwareKey};
use countersign_pki::verify::{Curve, KeyKind, ecdsa_fixed_from_der};
use countersign_pki::{Digest, SignatureAlgorithm};
use countersign_server::Config;
use countersign_server::config::{Admin, IdentityPartner};
use countersign_testkit::{Answer, World};
use countersign_wire::base64::b64u;
use http::Method;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{call, events, problem, world_with};

const TYPE: &str = "identification-result+jwt";

struct Partner {
    key: SoftwareKey,
    world: World,
}

impl Partner {
    fn new(four_eyes: &[Act]) -> Self {
        Self::with(SoftwareKey::generate_ec(Curve::P256).expect("a key"), four_eyes)
    }

    fn with(key: SoftwareKey, four_eyes: &[Act]) -> Self {
        let public_key = STANDARD.encode(key.public_key().spki_der());
        let text = format!(
            "[[registration.partner]]\nname = \"ident\"\npublic_key = \"{public_key}\"\n\
             methods = [\"video\", \"electronic-id\"]\neidas = 4\nzertes = 3\n"
        );
        let partners: Vec<IdentityPartner> = Config::parse(&text).expect("a partner").registration.partners;
        let admin = |name: &str, roles: &[Role]| Admin { roles: roles.to_vec(), ..Admin::of_key(name, name) };
        let world = world_with(|config| {
            config.registration.partners = partners;
            config.admins = vec![
                admin("machine", &[Role::Partner]),
                admin("registrar", &[Role::Registrar]),
                admin("second", &[Role::Approver]),
            ];
            config.desk.four_eyes = four_eyes.to_vec();
        });
        Self { key, world }
    }

    fn now(&self) -> i64 {
        self.world.app().now().as_second()
    }

    fn signed_with(&self, header: &Value, claims: &Value, key: &SoftwareKey) -> String {
        let signed =
            format!("{}.{}", b64u(header.to_string().as_bytes()), b64u(claims.to_string().as_bytes()));
        let signature = key.sign(signed.as_bytes()).expect("a signature");
        let signature = match key.public_key().kind() {
            KeyKind::Ec(curve) => ecdsa_fixed_from_der(curve, &signature).expect("r and s"),
            KeyKind::Rsa { .. } => signature,
        };
        format!("{signed}.{}", b64u(&signature))
    }

    fn signed(&self, claims: &Value) -> String {
        self.signed_with(&json!({ "alg": "ES256", "typ": TYPE }), claims, &self.key)
    }

    async fn upload(&self, who: &str, result: &str) -> Answer {
        let body = json!({ "result": result }).to_string();
        call(&self.world, Method::POST, "/results", &body, &[&format!("Bearer {who}")], None).await
    }
}

fn claims(now: i64, jti: &str) -> Value {
    let mut evidence = identification();
    evidence["method"] = json!("video");
    evidence["levels"] = json!({ "zertes": 3, "eidas": 4 });
    json!({ "iss": "ident", "aud": "countersign", "iat": now, "jti": jti, "evidence": evidence })
}

/// The claims with another value at a pointer.
fn changed(now: i64, pointer: &str, value: Value) -> Value {
    let mut claims = claims(now, "changed");
    *claims.pointer_mut(pointer).expect("a member") = value;
    claims
}

#[tokio::test]
async fn what_a_partner_has_signed_becomes_evidence() {
    let partner = Partner::new(&[]);
    for (who, jti) in [("machine", "a"), ("registrar", "b")] {
        let answer = partner.upload(who, &partner.signed(&claims(partner.now() - 60, jti))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!((&body["by"], &body["state"]), (&json!("ident"), &json!("WAITING")));
        assert_eq!(body["levels"], json!({ "zertes": 3, "eidas": 4 }));
    }
    let kinds: Vec<_> = events(&partner.world).await.iter().map(countersign_domain::Event::kind).collect();
    assert_eq!(kinds[..3], ["ResultTaken", "DeskActed", "EvidenceRecorded"]);
    problem(&partner.upload("second", &partner.signed(&claims(partner.now(), "c"))).await, 403, "forbidden");
}

/// The kind of key says how it signs: RSA by PS256, and by nothing else.
#[tokio::test]
async fn a_partner_may_have_a_key_of_rsa() {
    let rsa = || SoftwareKey::generate_rsa(RsaSize::Bits2048).expect("a key");
    let partner = Partner::with(rsa(), &[]);
    let (now, header) = (partner.now(), json!({ "alg": "PS256", "typ": TYPE }));
    let pkcs1 =
        partner.key.with_algorithm(SignatureAlgorithm::RsaPkcs1(Digest::Sha256)).expect("the same key");
    for (header, key) in
        [(&header, &rsa()), (&header, &pkcs1), (&json!({ "alg": "ES256", "typ": TYPE }), &partner.key)]
    {
        let wrong = partner.signed_with(header, &claims(now, "a"), key);
        problem(&partner.upload("machine", &wrong).await, 422, "invalid-signature");
    }
    let answer =
        partner.upload("machine", &partner.signed_with(&header, &claims(now, "a"), &partner.key)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["levels"], json!({ "zertes": 3, "eidas": 4 }));
}

#[tokio::test]
async fn a_result_counts_once() {
    let partner = Partner::new(&[]);
    let result = partner.signed(&claims(partner.now(), "a"));
    assert_eq!(partner.upload("machine", &result).await.status, 200);
    problem(&partner.upload("machine", &result).await, 409, "conflict");
    // Signed anew, it is the same result.
    let again = partner.signed(&claims(partner.now() - 1, "a"));
    problem(&partner.upload("registrar", &again).await, 409, "conflict");
}

#[tokio::test]
async fn a_result_is_fresh() {
    let partner = Partner::new(&[]);
    let day = 24 * 3600;
    for (iat, status) in [(-day, 200), (-day - 1, 400), (60, 200), (61, 400)] {
        let result = partner.signed(&claims(partner.now() + iat, &iat.to_string()));
        let answer = partner.upload("machine", &result).await;
        assert_eq!(answer.status, status, "{iat}: {}", answer.text());
    }
    let result = partner.signed(&changed(partner.now(), "/iat", json!(i64::MAX)));
    problem(&partner.upload("machine", &result).await, 400, "invalid-request");
}

#[tokio::test]
async fn nobody_else_can_sign_for_a_partner() {
    let partner = Partner::new(&[]);
    let (now, good) = (partner.now(), json!({ "alg": "ES256", "typ": TYPE }));
    let other = SoftwareKey::generate_ec(Curve::P256).expect("a key");
    let forged = partner.signed_with(&good, &claims(now, "a"), &other);
    problem(&partner.upload("machine", &forged).await, 422, "invalid-signature");
    let stranger = partner.signed(&changed(now, "/iss", json!("stranger")));
    problem(&partner.upload("machine", &stranger).await, 422, "invalid-signature");
    // Another payload under a good signature, and a signature that is cut.
    let (one, two) = (partner.signed(&claims(now, "a")), partner.signed(&claims(now, "b")));
    let part = |text: &str, number: usize| text.split('.').nth(number).expect("a part").to_owned();
    let mixed = format!("{}.{}.{}", part(&one, 0), part(&two, 1), part(&one, 2));
    problem(&partner.upload("machine", &mixed).await, 422, "invalid-signature");
    let cut = format!("{}.{}.{}", part(&one, 0), part(&one, 1), &part(&one, 2)[..84]);
    problem(&partner.upload("machine", &cut).await, 422, "invalid-signature");
    for header in [
        json!({ "alg": "none", "typ": TYPE }),
        json!({ "alg": "HS256", "typ": TYPE }),
        json!({ "alg": "ES384", "typ": TYPE }),
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "typ": "JWT" }),
        json!({ "alg": "ES256", "typ": TYPE, "crit": ["x"] }),
        json!({ "alg": "ES256", "typ": TYPE, "jwk": {} }),
    ] {
        let result = partner.signed_with(&header, &claims(now, "a"), &partner.key);
        problem(&partner.upload("machine", &result).await, 400, "invalid-request");
    }
    // An algorithm of another kind of key.
    let confused =
        partner.signed_with(&json!({ "alg": "PS256", "typ": TYPE }), &claims(now, "a"), &partner.key);
    problem(&partner.upload("machine", &confused).await, 422, "invalid-signature");
    // Without a signature at all.
    let bare = format!("{}.{}.", b64u(br#"{"alg":"none","typ":"identification-result+jwt"}"#), part(&one, 1));
    problem(&partner.upload("machine", &bare).await, 400, "invalid-request");
    assert!(events(&partner.world).await.is_empty());
    // None of these has used up the result's name.
    assert_eq!(partner.upload("machine", &one).await.status, 200);
}

#[tokio::test]
async fn a_partner_grants_no_more_than_it_may() {
    let partner = Partner::new(&[]);
    let now = partner.now();
    for (pointer, value) in [
        ("/aud", json!("another service")),
        ("/evidence/method", json!("in-person")),
        ("/evidence/levels/zertes", json!(4)),
        ("/evidence/surname", json!("")),
        ("/evidence/msisdn", json!("SECRET")),
        ("/jti", json!("")),
        ("/jti", json!("x".repeat(129))),
        ("/evidence/document/expiresOn", json!("2020-01-01")),
    ] {
        let answer = partner.upload("machine", &partner.signed(&changed(now, pointer, value))).await;
        problem(&answer, 400, "invalid-request");
        assert!(!answer.text().contains("SECRET"));
    }
    // The method's own ceiling counts too: video is no level 4 in Switzerland, whoever says so.
    let mut electronic = claims(now, "e");
    electronic["evidence"]["method"] = json!("electronic-id");
    assert_eq!(partner.upload("machine", &partner.signed(&electronic)).await.status, 200);
    let mut tenant = claims(now, "t");
    tenant["evidence"]["tenant"] = json!("another");
    problem(&partner.upload("machine", &partner.signed(&tenant)).await, 400, "invalid-request");
    let mut unknown = claims(now, "u");
    unknown["more"] = json!(1);
    problem(&partner.upload("machine", &partner.signed(&unknown)).await, 400, "invalid-request");
}

/// It was fresh when it was handed in: a second person may take their time.
#[tokio::test]
async fn a_result_may_wait_for_a_second_person() {
    let partner = Partner::new(&[Act::UploadResult]);
    let result = partner.signed(&claims(partner.now(), "a"));
    let proposal = partner.upload("machine", &result).await;
    assert_eq!(proposal.status, 202, "{}", proposal.text());
    let proposal = proposal.json();
    partner.world.advance(48 * 3600);
    problem(&partner.upload("machine", &result).await, 400, "invalid-request");
    let path = format!("/proposals/{}/approve", proposal["proposal"].as_str().expect("an id"));
    let body = json!({ "sha256": proposal["sha256"] }).to_string();
    let approved = call(&partner.world, Method::POST, &path, &body, &["Bearer second"], None).await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    assert_eq!(approved.json()["answer"]["by"], "ident");
}
