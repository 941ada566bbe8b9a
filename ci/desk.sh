#!/usr/bin/env bash
# The page /desk in a real browser, from nothing to a qualified signature: see web/apps/desk/e2e.mjs.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1 || [ ! -d web/node_modules ] || [ ! -d web/dist/desk ]; then
    echo "SKIP desk: the web apps are not built (ci/web.sh needs Node.js)"
    echo "desk: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node web/apps/desk/e2e.mjs "$1"
