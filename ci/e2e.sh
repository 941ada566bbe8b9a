#!/usr/bin/env bash
# What a person does with the phone, in a real browser against the program that is given.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1; then
    echo "SKIP e2e: Node.js is not installed"
    echo "e2e: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
bash ci/web.sh || exit 1
exec node web/e2e/run.mjs "$1"
