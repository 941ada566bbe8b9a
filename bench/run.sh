#!/usr/bin/env bash
# Every benchmark, each as a ratio in one run: machines differ and are noisy. Takes some minutes, builds with optimisation.
#   authentications  server CPU of a whole authentication / CPU of its share of the arithmetic alone (goal: at most 1.15): of the two-party
#                    signature, and of that with what the device API has it compute on curves
#   long polls       memory of 10,000 waiting polls / the same of a bare handler          (goal: at most 1.15), and time to wake all
#   responders       OCSP answers (kept ones, and with a nonce) and time-stamps per second / P-256 signatures by `openssl speed`
#                    (goal: at least 0.8), beside the floor: a route that reads and answers as much, without and with one signature;
#                    the middle of seven turns, OpenSSL before each
#   hostile files    time and memory until zip bombs, deep XML, loops in PDF, … are refused   (goal: 100 ms and 64 MB)
#   beside others    validating ASiC-E beside digidoc4j, PDF beside pyHanko (goal: a tenth of the time); hashing beside sha256sum
#   large            an ASiC-E of over 4 GB signed to LTA and validated                      (goal: within 80 MB of memory)
#   signing          50 people sign at once through /signing/v1 while OCSP and time-stamps come from the same process: no request
#                    fails; p50, p90 and p99 of each
#   durable          sessions per second with full synchronous commits, grouped / one by one
#   tokens           a registrant token opened (goal: less than 5 µs) and known again, refusals by what is wrong (goal: one time), and `me` with
#                    a token / a bare route behind the same log, counters and headers, requests per second over HTTP with connections
#                    kept open (goal: at least 0.9); the same handler with nothing around it is shown beside them
#   lookups          p99 of other requests while a remote lookup hangs / while it answers (goal: at most 1.2)
set -eu
cd "$(dirname "$0")/.."
ulimit -n "$(ulimit -Hn)"
cargo run --release --locked -q -p countersign-server --example load
cargo bench --locked -q -p countersign-split-key
cargo bench --locked -q -p countersign-store
cargo bench --locked -q -p countersign-container --bench hostile
cargo bench --locked -q -p countersign-container --bench beside
cargo test --locked -q --profile bench -p countersign-container --test large -- --ignored --nocapture
cargo bench --locked -q -p countersign-token
cargo run --release --locked -q -p countersign-server --example registrant_load
cargo run --release --locked -q -p countersign-server --example lookup_load
cargo run --release --locked -q -p countersign-server --example signing_load
