#!/usr/bin/env bash
# Installs through the system's package manager what the whole suite needs. As root only; otherwise it names
# what is missing, and the tests that need it are skipped by name.
set -u
packages=(chromium xmlsec1 libxml2-utils openssl qpdf poppler-utils softhsm2)
programs=(chromium xmlsec1 xmllint openssl qpdf pdfsig softhsm2-util)
missing=()
for i in "${!programs[@]}"; do
    command -v "${programs[$i]}" >/dev/null 2>&1 || missing+=("${packages[$i]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed (run as root on Debian or install by hand; tests that need them are skipped by name): ${missing[*]}"
    exit 0
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
    echo "could not install all of: ${missing[*]}; tests that need them are skipped by name"
