#!/usr/bin/env bash
# Fuzzing, with the compiler that builds everything else.
#
#   ci/fuzz.sh [-j N] [SECONDS [TARGET...]]     SECONDS of the processor for each target (60), all targets or these;
#                                               N of them beside each other (as many as there are processors)
#
# libFuzzer is a part of the crate libfuzzer-sys; what it watches, the compiler's own coverage pass puts in, so neither a nightly
# toolchain nor cargo-fuzz is needed. They work as well: `cargo +nightly fuzz run TARGET`.
# What was found before is taken up from target/fuzz-corpus, and grows there; the seeds in fuzz/seeds are small and kept by hand.
# An input that breaks a target is left in target/fuzz-findings: mend the code, and give the input a test of its own.
# Each target has a line with its runs, its time and its coverage (from the first to the last); the last line is
# `fuzz: N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/.."
at_once=$(nproc 2>/dev/null || echo 1)
while getopts j: option; do
    [ "$option" = j ] || { sed -n '4,5s/^# *//p' "$0" >&2; exit 2; }
    at_once=$OPTARG
done
shift $((OPTIND - 1))
seconds=${1:-60}
shift $(($# > 0))
host=$(rustc -vV | sed -n 's/^host: //p')
log=target/ci/fuzz-build.log
mkdir -p target/ci

if ! command -v "${CXX:-c++}" >/dev/null 2>&1; then
    echo "SKIP fuzz: libFuzzer needs a C++ compiler, and ${CXX:-c++} is not here"
    echo "fuzz: 0 passed, 0 failed, 1 skipped"
    exit 0
fi

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
flags=(--cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module)
for flag in level=4 inline-8bit-counters pc-table trace-compares; do flags+=("-Cllvm-args=-sanitizer-coverage-$flag"); done
bins=()
for target in "${targets[@]}"; do bins+=(--bin "$target"); done
if ! RUSTFLAGS="${flags[*]}" nice -n 19 cargo build --release --locked --manifest-path fuzz/Cargo.toml --target "$host" \
    --target-dir target/fuzz "${bins[@]}" >"$log" 2>&1; then
    tail -n 20 "$log"
    echo "FAIL fuzz: the targets cannot be built"
    echo "fuzz: 0 passed, 1 failed, 0 skipped"
    exit 1
fi
exec python3 ci/fuzz.py "target/fuzz/$host/release" "$seconds" "$at_once" "${targets[@]}"
