#!/bin/sh
# `openssl ocsp` against the running responder: SHA-1 and SHA-256 CertIDs, POST and GET with what caches are told, what was
# never issued, an issuer the responder does not know, and rubbish; `openssl crl` on every revocation list.
#
#   openssl_ocsp.sh URL TRUSTDIR
set -u
url=${1%/}
trust=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/cases.sh"

# A signing certificate of a test person, by the relying party API.
person=PNOEE-40504040001-DEM0-Q
curl -sS -m 20 -H 'Content-Type: application/json' \
    -d '{"relyingPartyUUID":"00000000-0000-4000-8000-000000000000","relyingPartyName":"DEMO","certificateLevel":"QUALIFIED"}' \
    "$url/smart-id-rp/v3/signature/certificate/$person" >"$work/answer.json"
sed -n 's/.*"value" *: *"\([A-Za-z0-9+/=]*\)".*/\1/p' "$work/answer.json" | base64 -d >"$work/signer.der" 2>/dev/null
if ! openssl x509 -inform DER -in "$work/signer.der" -out "$work/signer.pem" 2>/dev/null; then
    not_ok "a certificate to ask about" "$(head -c 300 "$work/answer.json")"
    finish
fi
issuer=$trust/eid-q.pem
cat "$trust/root.pem" "$issuer" >"$work/chain.pem"

# ask HASH NAME: POST with a nonce, which must come back.
ask() {
    said=$(openssl ocsp -issuer "$issuer" "-$1" -cert "$work/signer.pem" -url "$url/ocsp" -CAfile "$work/chain.pem" -nonce 2>&1)
    expect "$2" "$said" "Response verify OK" "signer.pem: good"
    refuse "$2 echoes the nonce" "$said" "Response verify OK" "no nonce in response" "Nonce Verify error"
}
ask sha1 "POST with a SHA-1 CertID"
ask sha256 "POST with a SHA-256 CertID"

# get HASH: the request in the path, as RFC 6960 A.1 has it.
get() {
    openssl ocsp -issuer "$issuer" "-$1" -cert "$work/signer.pem" -no_nonce -reqout "$work/$1.req" >/dev/null 2>&1
    path=$(base64 -w0 <"$work/$1.req" | sed 's/+/%2B/g; s|/|%2F|g; s/=/%3D/g')
    kind=$(curl -sS -m 20 -o "$work/$1.resp" -w '%{http_code} %{content_type}' "$url/ocsp/$path")
    expect "GET with a $1 CertID: status and type" "$kind" "200 application/ocsp-response"
    said=$(openssl ocsp -issuer "$issuer" "-$1" -cert "$work/signer.pem" -respin "$work/$1.resp" -CAfile "$work/chain.pem" -no_nonce 2>&1)
    expect "GET with a $1 CertID" "$said" "Response verify OK" "signer.pem: good"
}
get sha1
get sha256

# What caches are told (RFC 5019 section 6.2), and that they may ask whether theirs still holds.
head=$(curl -sS -m 20 -o /dev/null -D - "$url/ocsp/$path" | tr -d '\r')
expect "GET says how long an answer holds" "$head" "cache-control: max-age=" "etag: \"" "last-modified: " "expires: "
tag=$(printf '%s\n' "$head" | sed -n 's/^etag: //p')
kind=$(curl -sS -m 20 -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$url/ocsp/$path")
expect "a cache that has the answer is told so" "$kind" "304"
said=$(openssl ocsp -issuer "$issuer" -sha256 -cert "$work/signer.pem" -respin "$work/sha256.resp" -CAfile "$work/chain.pem" -no_nonce -resp_text 2>&1)
expect "the archive cutoff is stated" "$said" "Archive Cutoff"

for ca in root eid-q eid-nq; do
    curl -sS -m 20 -o "$work/$ca.crl" "$url/ca/$ca.crl"
    said=$(openssl crl -inform DER -in "$work/$ca.crl" -CAfile "$trust/$ca.pem" -noout -text 2>&1)
    expect "the revocation list of $ca" "$said" "verify OK" "X509v3 CRL Number"
done

said=$(openssl ocsp -issuer "$issuer" -sha256 -serial 0x1234567890abcdef -url "$url/ocsp" -CAfile "$work/chain.pem" 2>&1)
refuse "a serial number never issued is not good" "$said" "Response verify OK" ": good"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=stranger -days 2 \
    -keyout "$work/stranger.key" -out "$work/stranger.pem" >/dev/null 2>&1
said=$(openssl ocsp -issuer "$work/stranger.pem" -serial 1 -url "$url/ocsp" -CAfile "$work/chain.pem" 2>&1)
refuse "an unknown issuer's certificate is not answered for" "$said" "unauthorized" ": good"

printf 'not a request' >"$work/rubbish"
kind=$(curl -sS -m 20 -o "$work/rubbish.resp" -w '%{http_code} %{content_type}' -H 'Content-Type: application/ocsp-request' \
    --data-binary "@$work/rubbish" "$url/ocsp")
expect "rubbish is answered in the protocol" "$kind" "200 application/ocsp-response"
said=$(openssl ocsp -respin "$work/rubbish.resp" -issuer "$issuer" -cert "$work/signer.pem" -CAfile "$work/chain.pem" 2>&1)
expect "rubbish is malformed" "$said" "malformedrequest"
finish
