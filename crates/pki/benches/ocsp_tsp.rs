//! What an OCSP answer and a time-stamp cost beside the bare signature inside them.
//!
//! The responders' own part (reading, hashing, writing) should stay far below the signature; this is
//! where it shows when it does not.

#[path = "../tests/test_ca/mod.rs"]
mod test_ca;

use std::hint::black_box;
use std::time::Duration;

use countersign_pki::ocsp::{
    Authority, CertId, CertIdHash, Freshness, Nonce, OcspRequest, Policy, Responder, Status, check,
};
use countersign_pki::tsp::{self, BTSP_POLICY, MessageImprint, TimeStampReq, TokenSerialNumber};
use countersign_pki::{Digest, Signer};
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::SignedDuration;
use test_ca::{World, now};

fn responders(criterion: &mut Criterion) {
    let world = World::new();
    let (person, ca) = (&world.person.certificate, &world.ca.certificate);
    let mut group = criterion.benchmark_group("P-256");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1)).sample_size(50);

    let key = &world.responder.key;
    group.bench_function("bare signature over 300 bytes", |b| b.iter(|| key.sign(black_box(&[7; 300]))));

    let authority = Authority::new(ca, &world.responder.certificate, key.clone()).unwrap();
    let responder = Responder::new(vec![authority]);
    let freshness = Freshness { next_update: None, archive_cutoff: Some(ca.not_before()) };
    let request = |count: usize| {
        let id = CertId::of(CertIdHash::Sha1, person, ca).unwrap();
        let nonce = Nonce::new(&[3; 32]).unwrap();
        OcspRequest::new(vec![id; count], Some(nonce)).unwrap().to_der().unwrap()
    };
    for count in [1, 32] {
        let request = request(count);
        group.bench_function(format!("OCSP answer for {count}"), |b| {
            b.iter(|| responder.respond(black_box(&request), |_| Status::Good, now(), &freshness))
        });
        group.bench_function(format!("OCSP request for {count}, read only"), |b| {
            b.iter(|| responder.plan(black_box(&request)))
        });
    }
    let response = responder.respond(&request(1), |_| Status::Good, now(), &freshness);
    group.bench_function("OCSP answer checked", |b| {
        b.iter(|| check(black_box(&response), person, ca, Some(&[3; 32]), now(), &Policy::fetched()).unwrap())
    });

    let chain = [ca.clone()];
    let key = world.tsu.key.clone();
    let authority = tsp::Authority::new(&world.tsu.certificate, &chain, key, vec![BTSP_POLICY]).unwrap();
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    let request = TimeStampReq::new(imprint, &[1; 8]).unwrap();
    let der = request.to_der();
    let serial = TokenSerialNumber::from_counter(1);
    group.bench_function("time-stamp", |b| b.iter(|| authority.respond(black_box(&der), &serial, now())));
    let response = authority.respond(&der, &serial, now());
    let anchors = [world.root.certificate.clone()];
    let skew = SignedDuration::from_secs(60);
    group.bench_function("time-stamp checked", |b| {
        b.iter(|| tsp::check_response(black_box(&response), &request, &[], &anchors, now(), skew).unwrap())
    });
    group.finish();
}

criterion_group!(benches, responders);
criterion_main!(benches);
