#!/usr/bin/env bash
# A log-in by QR code, carried into an API: what docs/registrant.md tells, as a program. Needs curl, openssl and python3, and a
# running `countersign dev`:
#
#     bash docs/registrant-tour.sh [http://127.0.0.1:8080]
#
# The phone that scans is the test person's, through the mock device call. Ends with 0 when everything came as expected.
set -euo pipefail
base=${1:-http://127.0.0.1:8080}
api=$base/api/v1/registrant
demo=00000000-0000-4000-8000-000000000000

field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
call() { curl -sS --fail-with-body -H 'Accept: application/json' "$@"; }
json=(-H 'Content-Type: application/json')

echo "1. The e-service starts a log-in for whoever scans its QR code"
challenge=$(openssl rand -base64 64 | tr -d '\n')
screens=$(printf '[{"type":"displayTextAndPIN","displayText60":"Log in"}]' | openssl base64 -A)
started=$(call "${json[@]}" "$base/smart-id-rp/v3/authentication/device-link/anonymous" -d '{
    "relyingPartyUUID": "'$demo'", "relyingPartyName": "DEMO", "signatureProtocol": "ACSP_V2",
    "signatureProtocolParameters": { "rpChallenge": "'"$challenge"'", "signatureAlgorithm": "rsassa-pss",
        "signatureAlgorithmParameters": { "hashAlgorithm": "SHA-512" } },
    "interactions": "'"$screens"'" }')
session=$(field sessionID <<<"$started")
link="$(field deviceLinkBase <<<"$started")?deviceLinkType=QR&elapsedSeconds=0&sessionToken=$(field sessionToken <<<"$started")&sessionType=auth&version=1.0&lang=eng"

echo "2. It shows the code, which is protected by the session's secret"
payload="smart-id-demo|ACSP_V2|$challenge|$(printf DEMO | openssl base64 -A)||$screens||$link"
secret=$(field sessionSecret <<<"$started" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
code=$(printf %s "$payload" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$secret" -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)

echo "3. A phone scans it, and its person types PIN1"
call "${json[@]}" "$base/mock/device-link" -d '{
    "documentNumber": "PNOEE-40504040001-DEM0-Q", "flowType": "QR", "deviceLink": "'"$link&authCode=$code"'" }'

echo "4. The e-service waits for the end (and checks the answer: see countersign-client)"
ended=$(call "$base/smart-id-rp/v3/session/$session?timeoutMs=30000")
python3 -c 'import json,sys; r=json.load(sys.stdin)["result"]["endResult"]; print("  ", r); sys.exit(r != "OK")' <<<"$ended"

echo "5. The session becomes a token, once"
answer=$(call "${json[@]}" "$api/auth/token" -d '{ "session_id": "'"$session"'", "relying_party_uuid": "'$demo'" }')
token=$(field access_token <<<"$answer")
echo "   good until $(field expires_at <<<"$answer")"

echo "6. The token says who calls"
call -H "Authorization: Bearer $token" "$api/me"; echo
test "$(call -H "Authorization: Bearer $token" "$api/me" | field ident)" = 40504040001
call -H "Authorization: Bearer $token" "$api/domains?limit=2&simple=true" | field total >/dev/null

echo "7. Its holder logs out, and it opens nothing any more"
call -X POST -H "Authorization: Bearer $token" "$api/logout"; echo
status=$(curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" "$api/me")
test "$status" = 401 && echo "   401"

echo "The document's own request: what a partner says of a person"
call -w '\n%{http_code}\n' "${json[@]}" "$api/auth/token" -d '{
"ident": "30110100103",
"first_name": "Jan",
"last_name": "Tamm"
}'
