#!/usr/bin/env bash
# The sample bank's page in a real browser: see web/apps/bank/e2e.mjs.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1 || [ ! -d web/node_modules ] || [ ! -d web/dist/bank ]; then
    echo "SKIP bank: the web apps are not built (ci/web.sh needs Node.js)"
    echo "bank: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node web/apps/bank/e2e.mjs "$1"
