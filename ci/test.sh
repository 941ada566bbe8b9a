#!/usr/bin/env bash
# The whole suite. Every part writes its log to target/ci/; the last line counts what passed, failed and was skipped.
#
# Three things go on beside each other: two lanes of suites, each suite after the one before it, and at the lowest priority the
# fuzzing, which takes the processor time that the others leave while they wait.
set -u
cd "$(dirname "$0")/.."
mkdir -p target/ci
program=$PWD/target/debug/countersign
status=0

# The readers of what strangers send; each is fuzzed for a minute of the processor.
FUZZED=(asice_zip xades_xml pades_pdf cms ocsp_request ocsp_response tsp_request tsp_response trusted_list certificate)
# Suites of one lane may rely on each other: interop judges documents that the tests of cargo leave behind, and asks Maven for the
# same client as the phone's suite.
FIRST=(cargo_tests interop/run.sh ci/e2e.sh)
SECOND=(ci/screens.sh ci/status.sh ci/web-test.sh ci/bank.sh ci/signing.sh ci/desk.sh ci/browser.sh ci/crash.sh)

# Without the examples, which the lints have looked at, and which link the whole server each.
TESTS=(--workspace --locked --lib --bins --tests)

cargo_tests() {
    local code=0
    cargo test "${TESTS[@]}" --no-fail-fast -- --show-output || code=$?
    cargo test --workspace --locked --doc --no-fail-fast || code=$?
    return $code
}

log_of() {
    case $1 in
    */*) echo "target/ci/$(basename "$(dirname "$1")")-$(basename "$1" .sh).log" ;;
    *) echo "target/ci/${1/_/-}.log" ;;
    esac
}

# tell SUITE SECONDS CODE [USER+SYSTEM]: what a person wants to know of a suite that has ended, in one piece.
tell() {
    local log words said
    log=$(log_of "$1")
    words='^(test .* FAILED|error(\[|:)|thread .* panicked|SKIP |FAIL|fuzz |test result: FAILED)|^[a-z].* [0-9]+ passed, [0-9]+ failed'
    said=$(
        echo "-- $1: $2 s${4:+ (of the processor: $4)}"
        grep -E "$words" "$log" | awk '!seen[$0]++' | head -n 100
        [ "$3" = 0 ] || echo "FAILED $1 (exit code $3); the end of $log:"
        [ "$3" = 0 ] || tail -n 60 "$log"
    )
    printf '%s\n' "$said"
}

# suite NAME: a function of this file, or a script that is given the program.
suite() {
    case $1 in
    */*) bash "$1" "$program" ;;
    *) "$1" ;;
    esac
}

# lane SUITE...: one after the other.
lane() {
    local suite began code spent failed=0 TIMEFORMAT='%0U + %0S s'
    for suite in "$@"; do
        began=$SECONDS
        code=0
        spent=$({ time suite "$suite" >"$(log_of "$suite")" 2>&1; } 2>&1) || code=$?
        tell "$suite" $((SECONDS - began)) $code "$spent"
        [ $code = 0 ] || failed=1
    done
    return $failed
}

# timed WORDS COMMAND...: a step before the suites.
timed() {
    local began=$SECONDS code=0
    echo "== $1"
    "${@:2}" || code=$?
    echo "-- $((SECONDS - began)) s"
    return $code
}

build() {
    cargo test "${TESTS[@]}" --no-run >target/ci/build.log 2>&1 && return
    grep -E '^error' -A 12 target/ci/build.log | head -n 100
    tail -n 20 target/ci/build.log
    return 1
}

for suite in "${FIRST[@]}" "${SECOND[@]}" fuzz; do rm -f "$(log_of "$suite")"; done
timed "what the suites need of the system" bash ci/install.sh
timed "the web apps, which the build puts into the program" bash ci/web.sh || status=1
bash ci/fuzz.sh 60 "${FUZZED[@]}" >"$(log_of fuzz)" 2>&1 &
fuzz=$! fuzz_began=$SECONDS
trap 'kill $fuzz 2>/dev/null' EXIT
# What runs in the background hears nothing of Ctrl-C.
trap 'trap - INT EXIT; kill 0' INT
timed "the program and its tests, built" build || status=1
[ -x "$program" ] || { status=1; echo "target/debug/countersign was not built"; }

echo "== the tests, and the program as others use it"
lane "${FIRST[@]}" &
first=$!
lane "${SECOND[@]}" &
second=$!
wait $first || status=1
wait $second || status=1
code=0
wait $fuzz || code=$?
[ $code = 0 ] || status=1
tell fuzz $((SECONDS - fuzz_began)) $code
echo "-- $SECONDS s in all"

logs=()
for suite in "${FIRST[@]}" "${SECOND[@]}" fuzz; do logs+=("$(log_of "$suite")"); done
python3 ci/tally.py "${logs[@]}" || status=1
exit $status
