#!/usr/bin/env bash
# Every benchmark, each as a ratio in one run: machines differ and are noisy. Takes some minutes, builds with optimisation.
#   authentications  server CPU of a whole authentication / CPU of the arithmetic in it   (goal: at most 1.15)
#   long polls       memory of 10,000 waiting polls / the same of a bare handler          (goal: at most 1.15), and time to wake all
#   responders       OCSP answers (kept ones, and with a nonce) and time-stamps per second / P-256 signatures by `openssl speed`
#   durable          sessions per second with full synchronous commits, grouped / one by one
set -eu
cd "$(dirname "$0")/.."
ulimit -n "$(ulimit -Hn)"
cargo run --release --locked -q -p countersign-server --example load
cargo bench --locked -q -p countersign-split-key
cargo bench --locked -q -p countersign-store
