//! What a validation costs: an ASiC-E of 100 kB at level LT, from bytes to report, and the report's forms.

#![allow(dead_code, unreachable_pub)]

#[path = "../tests/container/make.rs"]
mod make;
#[path = "../tests/container/world.rs"]
mod world;

use std::hint::black_box;
use std::time::Duration;

use countersign_container::validate::validate_bytes;
use countersign_container::{Container, FileName, Level, Limits, Method, Policy};
use criterion::{Criterion, criterion_group, criterion_main};

use crate::make::sign;
use crate::world::{WORLD, noon, seconds};

/// Bytes that do not pack, as in a PDF or a picture.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

fn container(length: usize, signatures: usize) -> Vec<u8> {
    let mut container = Container::new();
    let name = FileName::parse("contract.pdf").unwrap();
    container.add_data_file(name, "application/pdf", &content(length), Method::Deflated, noon()).unwrap();
    let made: Vec<_> =
        (0..signatures).map(|_| sign(&container, &WORLD.signer, &WORLD.signer_key, Level::Lt)).collect();
    for signature in &made {
        container.add_signature(signature, noon()).unwrap();
    }
    container.to_bytes().unwrap()
}

fn validation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("validation");
    group.measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1)).sample_size(50);
    let (anchors, policy, limits) = (WORLD.anchors(), Policy::default(), Limits::default());
    let now = noon() + seconds(3600);
    for (name, length, signatures) in
        [("LT, 100 kB, one signature", 100_000, 1), ("LT, 100 kB, three signatures", 100_000, 3)]
    {
        let bytes = container(length, signatures);
        group.bench_function(name, |b| {
            b.iter(|| {
                let report = validate_bytes(black_box(&bytes), None, &limits, &anchors, now, &policy);
                assert!(report.is_valid());
                report
            })
        });
    }
    let report = validate_bytes(&container(1_000, 1), None, &limits, &anchors, now, &policy);
    group.bench_function("report as JSON", |b| b.iter(|| black_box(&report).to_json()));
    group.bench_function("report as HTML", |b| b.iter(|| black_box(&report).to_html()));
    group.finish();
}

criterion_group!(benches, validation);
criterion_main!(benches);
