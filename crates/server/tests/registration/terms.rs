//! From an identification to a status with level 4, with a real phone: evidence is recorded, the person accepts the terms
//! with their app, and what they signed is kept.

use countersign_domain::account::Holder;
use countersign_domain::registration::{
    Evidence, Identification, IdentificationMethod, IdentityDocument, Proof, day,
};
use countersign_phone::{Choice, Enrolment, MemoryVault, Phone, Pin, Pins};
use countersign_pki::Certificate;
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_server::device::InProcess;
use countersign_testkit::World;
use countersign_wire::device::{RefusalReason, RevocationScope};
use countersign_wire::id::{IdentityType, SemanticsIdentifier};
use countersign_wire::registration::{AssuranceLevel, EvidenceId, PerJurisdiction, PhoneNumber, TenantId};
use jiff::ToSpan;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use crate::{Asker, parameters, refused, world};

const NUMBER: &str = "41791234567";

pub(crate) struct Person {
    pub(crate) person: SemanticsIdentifier,
    phone: Phone<InProcess>,
    rng: ChaCha20Rng,
}

impl Person {
    /// Somebody new, or `as_before` with another phone.
    pub(crate) async fn enrolled(world: &World, as_before: Option<&SemanticsIdentifier>, seed: u64) -> Self {
        let wanted = as_before.map_or(
            json!({}),
            |person| json!({ "country": person.country(), "personalCode": person.identifier() }),
        );
        let answer = world.post("/control/v1/activations", &wanted).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let given = answer.json();
        let transport = InProcess::through(world.app(), world.router());
        let pins =
            Pins { pin1: Pin::parse("7351").expect("a PIN"), pin2: Pin::parse("92640").expect("a PIN") };
        let code = given["activationCode"].as_str().expect("a code");
        let enrolment = Enrolment { activation_code: code, platform: "test", parameters: parameters() };
        let vault = Box::new(MemoryVault::default());
        let (now, mut rng) = (world.app().now(), ChaCha20Rng::seed_from_u64(seed));
        let (phone, _) =
            Phone::activate(transport, vault, &enrolment, pins, now, &mut rng).await.expect("a phone");
        let person = given["person"].as_str().and_then(|text| text.parse().ok()).expect("a person");
        Self { person, phone, rng }
    }

    pub(crate) async fn answers(&mut self, world: &World, yes: bool) {
        let now = world.app().now();
        let hints = self.phone.transactions(0, now, &mut self.rng).await.expect("an answer");
        let opened =
            self.phone.open_transaction(&hints[0].tx, now, &mut self.rng).await.expect("a transaction");
        let shown = opened.interaction.as_ref().expect("a text");
        assert_eq!(shown.text, "Accept the terms for electronic signatures?");
        if yes {
            let pin = Pin::parse("92640").expect("a PIN");
            self.phone.approve(&opened, pin, Choice::None, now, &mut self.rng).await.expect("approved");
        } else {
            let tx = &opened.transaction.tx;
            let said = self.phone.refuse(tx, RefusalReason::User, None, now, &mut self.rng).await;
            said.expect("refused");
        }
    }
}

/// What an operator records after an identification.
pub(crate) async fn identified(world: &World, person: &SemanticsIdentifier, seed: u64) -> EvidenceId {
    let now = world.app().now();
    let identification = Identification {
        tenant: TenantId::parse("default").expect("a tenant"),
        number: PhoneNumber::parse(NUMBER).expect("a number"),
        person: person.clone(),
        holder: Holder::new("NEW", "TESTNUMBER", None).expect("names"),
        document: IdentityDocument {
            kind: IdentityType::Passport,
            country: "EE".into(),
            number: "K1234567".into(),
            expires_on: Some(day(now).saturating_add(1000.days())),
        },
        method: IdentificationMethod::InPerson,
        method_limit: None,
        granted: PerJurisdiction::of(|_| Some(AssuranceLevel::Qualified)),
        identified_at: now,
        by: "desk".into(),
        reference: None,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (evidence, _) = Evidence::record(identification, now, &mut rng).expect("evidence");
    let id = evidence.id().clone();
    let insert = world.app().store().write("record", move |tx| tx.evidence().insert(&evidence)).await;
    insert.map_err(|error: countersign_store::Error| error).expect("recorded");
    id
}

fn levels(status: &Value) -> Vec<u64> {
    let entries = status["status"].as_array().expect("levels");
    entries.iter().filter_map(|entry| entry["assuranceLevel"].as_u64()).collect()
}

#[tokio::test]
async fn from_nothing_to_level_4_and_what_another_phone_costs() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let mut person = Person::enrolled(&world, None, 7).await;
    assert_eq!(asker.status(NUMBER).await["signingStatus"], "NOT_RA_MID_SAS");

    let evidence = identified(&world, &person.person, 11).await;
    let before = asker.status(NUMBER).await;
    assert_eq!(
        (&before["signingStatus"], &before["notFound"]),
        (&json!("NOT_REGISTERED_AT_ALL"), &json!(true))
    );

    let token = asker.terms(NUMBER).await;
    assert_eq!(asker.decide(&token, false).await.status, 200);
    assert_eq!(asker.poll(&token).await["confirmed"], false);
    person.answers(&world, true).await;
    let done = asker.poll(&token).await;
    assert_eq!(
        (&done["confirmed"], &done["downgrade"], &done["error"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    let status = asker.status(NUMBER).await;
    assert_eq!((&status["signingStatus"], levels(&status)), (&json!("MID"), vec![4, 4]));
    refused(&asker.get(&format!("/api/public/evidence/{NUMBER}/tc")).await, 404, "tc_already_accepted");

    // The proof is a signature over what was accepted, by the person's own key.
    let id = evidence.clone();
    let kept = world.app().store().read("look", move |tx| tx.terms().accepted(&id)).await;
    let kept = kept.map_err(|error: countersign_store::Error| error).expect("acceptances");
    assert_eq!(kept.len(), 2);
    let Proof::Signature { statement, value, certificate, .. } = &kept[0].proof else {
        panic!("{:?}", kept[0].proof)
    };
    let signer = Certificate::from_der(certificate).expect("a certificate");
    let digest = Digest::Sha512.of(statement.as_bytes());
    let algorithm = SignatureAlgorithm::RsaPss(Digest::Sha512);
    signer.public_key().verify_digest(algorithm, &digest, value).expect("the person's signature");
    assert!(statement.contains(evidence.as_str()) && statement.contains(&kept[0].sha256[0]), "{statement}");

    // Another phone without another identification: level 3, and the status says why.
    let mut other = Person::enrolled(&world, Some(&person.person), 8).await;
    assert_eq!(asker.status(NUMBER).await["signingStatus"], "MID", "the first phone is still there");
    let now = world.app().now();
    person.phone.revoke(RevocationScope::Account, "lost", now, &mut person.rng).await.expect("revoked");
    let status = asker.status(NUMBER).await;
    assert_eq!((&status["signingStatus"], levels(&status)), (&json!("MISSMATCH_MID"), vec![3, 3]));

    // Identified anew, they have level 4 back with their first acceptance.
    world.advance(60);
    let asker = Asker::server(&world).await;
    identified(&world, &person.person, 12).await;
    let token = asker.terms(NUMBER).await;
    asker.decide(&token, false).await;
    other.answers(&world, true).await;
    assert_eq!(asker.poll(&token).await["confirmed"], true);
    let status = asker.status(NUMBER).await;
    assert_eq!((&status["signingStatus"], levels(&status)), (&json!("MID"), vec![4, 4]));
    let id = evidence.clone();
    let old = world.app().store().read("look", move |tx| tx.evidence().get(&id)).await;
    let old = old.map_err(|error: countersign_store::Error| error).expect("the old evidence");
    assert!(!old.in_force(day(world.app().now())));
}

#[tokio::test]
async fn a_person_may_say_no_or_nothing() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let mut person = Person::enrolled(&world, None, 7).await;
    identified(&world, &person.person, 11).await;
    let token = asker.terms(NUMBER).await;
    asker.decide(&token, false).await;
    person.answers(&world, false).await;
    assert_eq!(asker.poll(&token).await["error"], "user_cancel");

    let token = asker.terms(NUMBER).await;
    asker.decide(&token, false).await;
    assert_eq!(asker.poll(&token).await["error"], Value::Null);
    world.advance(121);
    assert_eq!(asker.poll(&token).await["error"], "timeout");
    // The same when the sweep has written it down meanwhile.
    let now = world.app().now();
    let swept = world.app().store().write("sweep", move |tx| tx.sweep(now, 100)).await;
    assert_eq!(swept.map_err(|error: countersign_store::Error| error).expect("swept").expired.len(), 1);
    assert_eq!(asker.poll(&token).await["error"], "timeout");
    assert_eq!(asker.status(NUMBER).await["notFound"], true, "nothing has changed");

    let token = asker.terms(NUMBER).await;
    let no = json!({ "decizionZertes": false, "decisionEidas": false, "token": token });
    assert_eq!(asker.post(crate::CONFIRM, &no).await.status, 200);
    assert_eq!(asker.poll(&token).await["error"], "declined");
}

#[tokio::test]
async fn nobody_is_asked_who_has_nothing_to_answer_with() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let person = SemanticsIdentifier::parse("PNOEE-49912318881").expect("a person");
    identified(&world, &person, 11).await;
    let token = asker.terms(NUMBER).await;
    asker.decide(&token, false).await;
    assert_eq!(asker.poll(&token).await["error"], "means_unavailable");
}
