#!/usr/bin/env bash
# The whole suite. Every part writes its log to target/ci/; the last line counts what passed, failed and was skipped.
set -u
cd "$(dirname "$0")/.."
mkdir -p target/ci
bash ci/install.sh
status=0

echo "== the web apps, which the build puts into the program"
bash ci/web.sh || status=1

echo "== unit, vector, store and door tests"
cargo=0
cargo test --workspace --locked --no-fail-fast -- --show-output >target/ci/cargo.log 2>&1 || { cargo=1; status=1; }
grep -E '^(test .* FAILED|error(\[|:)|thread .* panicked|SKIP |test result: FAILED)' target/ci/cargo.log | sort | uniq | head -100
[ $cargo = 0 ] || tail -n 60 target/ci/cargo.log

echo "== the program as others use it"
# The tests of the command line have built it, with the same features as everything else.
[ -x target/debug/countersign ] || { status=1; echo "target/debug/countersign was not built"; }
for suite in interop/run.sh ci/browser.sh ci/web-test.sh ci/screens.sh ci/e2e.sh ci/bank.sh ci/signing.sh ci/desk.sh ci/status.sh ci/crash.sh; do
    [ -f "$suite" ] || continue
    log=target/ci/$(basename "$(dirname "$suite")")-$(basename "$suite" .sh).log
    bash "$suite" "$PWD/target/debug/countersign" >"$log" 2>&1 || { status=1; echo "FAILED $suite"; tail -n 60 "$log"; }
    grep -E '^(SKIP |FAIL)|[0-9]+ passed, [0-9]+ failed' "$log"
done

python3 ci/tally.py target/ci/*.log || status=1
exit $status
