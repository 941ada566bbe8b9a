//! How many sessions a second are made durable, by writers that compete and by one that waits each time.

#[path = "../tests/suite/values.rs"]
#[allow(dead_code)]
mod values;

use std::hint::black_box;
use std::time::Instant;

use countersign_domain::Event;
use countersign_store::{Error, Location, Store};
use countersign_wire::words::EndResult;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// A session with its event, as a start request writes them.
async fn insert(store: &Store, seed: u64) {
    let session = values::offered(0, seed);
    let event = Event::SessionCompleted { session: session.id(), result: EndResult::Timeout, document: None };
    store
        .write("insert", move |tx| {
            tx.sessions().insert(&session)?;
            tx.events().append(&event, values::at(0))?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

fn durable_sessions(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(Location::File(folder.path().join("bench.db"))).unwrap();
    let mut seed = 0;
    let mut group = criterion.benchmark_group("durable sessions");
    for writers in [1, 8, 64, 256] {
        group.throughput(Throughput::Elements(writers));
        group.bench_function(format!("{writers} at a time"), |bencher| {
            bencher.iter_custom(|rounds| {
                let before = store.written();
                let started = Instant::now();
                for _ in 0..rounds {
                    let tasks: Vec<_> = (0..writers)
                        .map(|_| {
                            seed += 1;
                            let store = store.clone();
                            runtime.spawn(async move { insert(&store, seed).await })
                        })
                        .collect();
                    runtime.block_on(async {
                        for task in tasks {
                            task.await.unwrap();
                        }
                    });
                }
                let took = started.elapsed();
                black_box(store.written().commits - before.commits);
                took
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("reading");
    let session = values::addressed(values::DOCUMENT, 0, u64::MAX);
    let id = session.id();
    store.write_blocking("insert", move |tx| tx.sessions().insert(&session)).unwrap();
    store.write_blocking("insert", |tx| values::insert_person(tx, values::DOCUMENT)).unwrap();
    group.bench_function("a session by id", |bencher| {
        bencher.iter_batched(
            || store.clone(),
            |store| store.read_blocking("look", move |tx| tx.sessions().find(id)).unwrap().is_some(),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("an account with device and key", |bencher| {
        bencher.iter(|| {
            store
                .read_blocking("look", |tx| {
                    let recipient =
                        countersign_wire::endpoint::Recipient::Document(values::document(values::DOCUMENT));
                    tx.accounts().candidates(&recipient, countersign_domain::KeyUse::Sign)
                })
                .unwrap()
                .len()
        });
    });
    group.finish();
}

criterion_group!(benches, durable_sessions);
criterion_main!(benches);
