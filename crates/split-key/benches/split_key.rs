//! What a signature costs each party: `cargo bench -p countersign-split-key`.
//!
//! `complete` should cost little more than the two exponentiations it cannot do without, which are measured beside it.

use std::hint::black_box;
use std::num::NonZeroU32;

use countersign_split_key::{
    Binding, Completion, DeviceKey, Hash, Kdf, MaskedShare, OuterKey, Padding, Parameters, PhoneModulus, Pin,
    Scheme, ServerKey, measure,
};
use criterion::{Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const BINDING: Binding<'static> = Binding { kid: b"bench", hardware: b"" };

fn split_key(criterion: &mut Criterion) {
    let rng = &mut ChaCha20Rng::seed_from_u64(0);
    let parameters = Parameters::default();
    let key = DeviceKey::generate(&parameters, rng).unwrap();
    let n1 = PhoneModulus::check(&parameters, key.n1.as_be_bytes()).unwrap();
    let outer = OuterKey::generate_for(&n1).unwrap();
    let server = ServerKey::composite(n1.clone(), key.service, outer).unwrap();
    let pin = Pin::parse("4711").unwrap();
    let quick = Kdf { iterations: NonZeroU32::MIN };
    let masked = MaskedShare::mask(key.phone, &pin, BINDING, quick, rng);
    let digest = Hash::Sha512.digest(b"to be signed");
    let message = Padding::pss(Hash::Sha512, rng).encode(&digest, server.public_key().bits()).unwrap();
    let part = masked.partial_signature(&pin, BINDING, &key.n1, &message).unwrap();
    let Completion::Signed(signature) = server.complete(&message, &part).unwrap() else {
        panic!("wrong PIN")
    };
    let stored = server.serialize().unwrap();

    let mut group = criterion.benchmark_group("2x3072");
    group.bench_function("service/complete", |b| {
        b.iter(|| black_box(server.complete(&message, &part).unwrap()))
    });
    group.bench_function("service/inner-power-alone", |b| b.iter(|| measure::inner_power(&server, &message)));
    group.bench_function("service/outer-half-alone", |b| b.iter(|| measure::outer_half(&server, &message)));
    group.bench_function("service/pin-check", |b| b.iter(|| server.pin_is_right(&message, &part).unwrap()));
    group.bench_function("service/load-key", |b| {
        b.iter(|| black_box(ServerKey::deserialize(&stored).unwrap()))
    });
    group.bench_function("service/load-key-and-complete", |b| {
        b.iter(|| black_box(ServerKey::deserialize(&stored).unwrap().complete(&message, &part).unwrap()));
    });
    group.bench_function("service/check-phone-modulus", |b| {
        b.iter(|| black_box(PhoneModulus::check(&parameters, key.n1.as_be_bytes()).unwrap()));
    });
    group.bench_function("phone/partial-signature", |b| {
        b.iter(|| black_box(masked.partial_signature(&pin, BINDING, &key.n1, &message).unwrap()));
    });
    group.bench_function("anybody/verify", |b| {
        b.iter(|| server.public_key().verify(Scheme::Pss(Hash::Sha512), &digest, &signature).unwrap());
    });
    group.sample_size(20);
    group.bench_function("phone/generate-key", |b| {
        b.iter(|| black_box(DeviceKey::generate(&parameters, rng).unwrap().n1));
    });
    group.bench_function("service/generate-outer-key", |b| {
        b.iter(|| drop(black_box(OuterKey::generate(&parameters).unwrap())));
    });
    group.finish();
}

criterion_group!(benches, split_key);
criterion_main!(benches);
