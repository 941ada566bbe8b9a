#!/usr/bin/env bash
# Builds the web apps into web/dist, from where crates/server/build.rs puts them into the program. Packages are fetched
# only when the lock file has changed, apps are built only when their sources have.
set -eu
cd "$(dirname "$0")/.."
if [ ! -f web/package.json ]; then
    echo "there are no web apps in this tree (web/package.json): the program is built without them"
    exit 0
fi
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    echo "the web apps need Node.js 20 or newer, with npm; neither was found. Install it from https://nodejs.org or with" >&2
    echo "the system's package manager. 'cargo build' alone makes a program without the phone and the start page." >&2
    exit 1
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 20 ]; then
    echo "the web apps need Node.js 20 or newer; this is $(node --version)" >&2
    exit 1
fi
# The names of all sources and what is in them, as one number: times say nothing after a checkout.
sum() {
    find web -type d \( -name node_modules -o -name dist -o -name .vite \) -prune -o -type f ! -name '.stamp-*' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
is() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

packages=$(sha256sum web/package-lock.json | cut -d' ' -f1)
if [ ! -d web/node_modules ] || ! is web/.stamp-packages "$packages"; then
    rm -f web/.stamp-packages
    (cd web && npm ci --no-audit --no-fund)
    echo "$packages" >web/.stamp-packages
fi
sources=$(sum)
if [ ! -d web/dist/phone ] || ! is web/.stamp-dist "$sources"; then
    rm -f web/.stamp-dist
    (cd web && npm run build)
    echo "$sources" >web/.stamp-dist
fi
