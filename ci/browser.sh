#!/usr/bin/env bash
# Opens every page in headless Chromium at phone and desktop width, light and dark; screenshots go to target/screens.
# A page that logs an error to the console, or paints nothing, fails.
set -u
binary=$1
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ]; then
    echo "SKIP browser: chromium is not installed"
    echo "browser: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
work=$(mktemp -d)
out=target/screens
mkdir -p "$out"
"$binary" dev --listen 127.0.0.1:0 >"$work/server.out" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"' EXIT
url=
for _ in $(seq 200); do
    url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/server.out" | head -n 1)
    [ -n "$url" ] && break
    read -rt 0.05 <> <(:)
done
[ -n "$url" ] || { echo "FAIL browser: the service did not start"; cat "$work/server.out"; exit 1; }
passed=0
failed=0
shoot() { # name path width height scheme
    local file="$out/$1-$3-$5.png" log="$work/$1-$3-$5.log" dark=()
    [ "$5" = dark ] && dark=(--force-dark-mode --blink-settings=preferredColorScheme=0)
    timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
        --user-data-dir="$work/profile-$1-$3-$5" --enable-logging=stderr --virtual-time-budget=4000 "${dark[@]}" \
        --window-size="$3,$4" --screenshot="$file" "$url$2" >"$log" 2>&1
    if [ ! -s "$file" ] || [ "$(stat -c %s "$file")" -lt 4000 ]; then
        echo "FAIL $1 at $3: nothing painted"; failed=$((failed + 1))
    elif grep -E 'CONSOLE.*(rror|efused|violat)' "$log"; then
        echo "FAIL $1 at $3: errors on the console"; failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}
for scheme in light dark; do
    shoot start / 500 1400 $scheme
    shoot start / 1280 1200 $scheme
    shoot docs /docs 500 1400 $scheme
    shoot docs /docs 1280 1200 $scheme
    shoot inspect /inspect?still 500 1400 $scheme
    shoot inspect /inspect?still 1280 1200 $scheme
done
echo "browser: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
