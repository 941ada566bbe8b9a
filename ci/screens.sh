#!/usr/bin/env bash
# Every screen of the phone with a scripted engine: layout at five sizes, accessibility in every language, the words of hostile
# e-services; pictures and gallery.html go to target/screens/phone.
set -u
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null 2>&1; then
    echo "SKIP screens: Node.js is not installed"
    echo "screens: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
bash ci/web.sh || exit 1
exec node web/apps/phone/gallery/shoot.mjs
