#!/usr/bin/env bash
# The tests of the web apps: their types, their units, and their parts against the program that is given.
set -u
cd "$(dirname "$0")/.."
binary=$1
if ! command -v node >/dev/null 2>&1; then
    echo "SKIP web-test: Node.js is not installed"
    echo "web-test: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
bash ci/web.sh || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd web && npm run --silent check) || { status=1; echo "FAIL web-test: the types do not fit"; }
(cd web && NO_COLOR=1 COUNTERSIGN_BINARY="$binary" npm test --silent) 2>&1 | tee "$log" | grep -E '^(SKIP | *(FAIL|×|Error|AssertionError))'
[ "${PIPESTATUS[0]}" = 0 ] || status=1
# One line of each app: `Tests  1 failed | 20 passed | 3 skipped (24)`. A file that does not even load has no test that fails.
count() { sed -nE "s/^ *Tests .* ([0-9]+) $1.*/\1/p" "$log" | awk '{ sum += $1 } END { print sum + 0 }'; }
failed=$(count failed)
[ $status = 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "web-test: $(count passed) passed, $failed failed, $(count skipped) skipped"
exit $status
