#!/bin/sh
# `openssl ts` against the running time-stamping authority.
#
#   openssl_tsa.sh URL TRUSTDIR
set -u
url=${1%/}
trust=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$here/cases.sh"

head -c 4096 /dev/urandom >"$work/data"
cat "$trust"/*.pem >"$work/untrusted.pem"

# stamp QUERY REPLY: one request over HTTP; prints status and type.
stamp() {
    curl -sS -m 20 -o "$2" -w '%{http_code} %{content_type}' -H 'Content-Type: application/timestamp-query' --data-binary "@$1" "$url/tsa"
}

for hash in sha256 sha384 sha512; do
    openssl ts -query -data "$work/data" "-$hash" -cert -out "$work/$hash.tsq" >/dev/null 2>&1
    kind=$(stamp "$work/$hash.tsq" "$work/$hash.tsr")
    expect "$hash: status and type" "$kind" "200 application/timestamp-reply"
    said=$(openssl ts -verify -queryfile "$work/$hash.tsq" -in "$work/$hash.tsr" -CAfile "$trust/root.pem" -untrusted "$work/untrusted.pem" 2>&1)
    expect "$hash: imprint, nonce, policy and path by the query" "$said" "Verification: OK"
    said=$(openssl ts -verify -data "$work/data" -in "$work/$hash.tsr" -CAfile "$trust/root.pem" -untrusted "$work/untrusted.pem" 2>&1)
    expect "$hash: imprint by the data" "$said" "Verification: OK"
done

said=$(openssl ts -reply -in "$work/sha512.tsr" -text 2>&1)
expect "accuracy is stated" "$said" "Accuracy:"
expect "no ordering is promised" "$said" "Ordering: no"

head -c 4096 /dev/urandom >"$work/other"
said=$(openssl ts -verify -data "$work/other" -in "$work/sha512.tsr" -CAfile "$trust/root.pem" -untrusted "$work/untrusted.pem" 2>&1)
expect "a token does not do for other data" "$said" "message imprint mismatch"

openssl ts -query -data "$work/data" -sha256 -no_nonce -out "$work/bare.tsq" >/dev/null 2>&1
stamp "$work/bare.tsq" "$work/bare.tsr" >/dev/null
said=$(openssl ts -verify -queryfile "$work/bare.tsq" -in "$work/bare.tsr" -CAfile "$trust/root.pem" -untrusted "$work/untrusted.pem" 2>&1)
expect "without certReq the token has no certificates and verifies with the exported one" "$said" "Verification: OK"
openssl ts -reply -in "$work/bare.tsr" -token_out -out "$work/bare.token" >/dev/null 2>&1
said=$(openssl asn1parse -inform DER -in "$work/bare.token" 2>&1)
# Only a certificate has this extension.
refuse "without certReq no certificate is sent" "$said" "id-smime-ct-TSTInfo" "X509v3 Key Usage"

openssl ts -query -data "$work/data" -sha1 -cert -out "$work/sha1.tsq" >/dev/null 2>&1
stamp "$work/sha1.tsq" "$work/sha1.tsr" >/dev/null
said=$(openssl ts -reply -in "$work/sha1.tsr" -text 2>&1)
expect "SHA-1 is refused" "$said" "Status: Rejected" "unrecognized or unsupported algorithm"
finish
