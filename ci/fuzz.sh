#!/usr/bin/env bash
# Fuzzing, with the compiler that builds everything else.
#
#   ci/fuzz.sh [SECONDS [TARGET...]]     SECONDS for each target (60), all targets or these
#
# libFuzzer is a part of the crate libfuzzer-sys; what it watches, the compiler's own coverage pass puts in, so neither a nightly
# toolchain nor cargo-fuzz is needed. They work as well: `cargo +nightly fuzz run TARGET`.
# What was found before is taken up from target/fuzz-corpus, and grows there; the seeds in fuzz/seeds are small and kept by hand.
# An input that breaks a target is left in target/fuzz-findings: mend the code, and give the input a test of its own.
# The last line is `fuzz: N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/.."
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

flags=(--cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module)
for flag in level=4 inline-8bit-counters pc-table trace-compares; do flags+=("-Cllvm-args=-sanitizer-coverage-$flag"); done
if ! RUSTFLAGS="${flags[*]}" nice -n 19 cargo build --release --locked --manifest-path fuzz/Cargo.toml --target "$host" \
    --target-dir target/fuzz >"$log" 2>&1; then
    tail -n 20 "$log"
    echo "FAIL fuzz: the targets cannot be built"
    echo "fuzz: 0 passed, 1 failed, 0 skipped"
    exit 1
fi

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz/fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
passed=0
failed=0
for target in "${targets[@]}"; do
    corpus=target/fuzz-corpus/$target findings=target/fuzz-findings/$target
    mkdir -p "$corpus" "$findings" "fuzz/seeds/$target"
    log=target/ci/fuzz-$target.log
    if nice -n 19 "target/fuzz/$host/release/$target" "$corpus" "fuzz/seeds/$target" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=65536 -use_value_profile=1 -print_final_stats=1 -artifact_prefix="$findings/" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL fuzz $target: see $log and $findings"
        grep -aE 'panicked at|ERROR: libFuzzer|SUMMARY' -A 1 "$log" | tail -n 6 | sed 's/^/     /'
    fi
    sed -n 's/^stat::number_of_executed_units: */fuzz '"$target"': runs /p' "$log"
done
echo "fuzz: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
