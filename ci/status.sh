#!/usr/bin/env bash
# The page /status and the elements of the registration in a real browser: see web/apps/status/e2e.mjs.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1 || [ ! -d web/node_modules ] || [ ! -d web/dist/status ]; then
    echo "SKIP status: the web apps are not built (ci/web.sh needs Node.js)"
    echo "status: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node web/apps/status/e2e.mjs "$1"
