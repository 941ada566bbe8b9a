#!/usr/bin/env bash
# The page /signing in a real browser: see web/apps/signing/e2e.mjs.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1 || [ ! -d web/node_modules ] || [ ! -d web/dist/signing ]; then
    echo "SKIP signing: the web apps are not built (ci/web.sh needs Node.js)"
    echo "signing: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
exec node web/apps/signing/e2e.mjs "$1"
