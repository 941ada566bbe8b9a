#!/bin/sh
# Finds the official Java client in its 3.1 line and prints the version to give to Maven as
# -Dsmart-id-java-client.version=...
#
# The published artefact is preferred. Some mirrors of the registry end at 2.3.1; there the release tag is
# built from source, unchanged, and installed as 3.1-source so that it cannot be taken for the published one.
# The source is $SMART_ID_JAVA_CLIENT_SRC (a git repository that holds the tag), else GitHub.
#
# Exit codes: 0 found; 3 it cannot be had here (the reason is on stderr).
set -eu

COMMIT=bc6157305aea08186e56e6484390ffa8065f5b65 # tag 3.1
UPSTREAM=https://github.com/SK-EID/smart-id-java-client
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../target/interop/smart-id-java-client
repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}/ee/sk/smartid/smart-id-java-client

for version in 3.1 3.1-source; do
    if [ -f "$repository/$version/smart-id-java-client-$version.jar" ]; then
        echo "$version"
        exit 0
    fi
done

if mvn -q -B -f "$here/pom.xml" -Dsmart-id-java-client.version=3.1 test-compile >/dev/null 2>&1; then
    echo 3.1
    exit 0
fi

mkdir -p "$work"
source=${SMART_ID_JAVA_CLIENT_SRC:-}
if [ -z "$source" ]; then
    source=$work/upstream
    if [ ! -d "$source" ]; then
        timeout 120 git clone -q --bare --depth 1 --branch 3.1 "$UPSTREAM" "$source" 2>/dev/null || {
            echo "smart-id-java-client 3.1 is neither in the registry nor to be cloned" >&2
            exit 3
        }
    fi
fi
git -C "$source" cat-file -e "$COMMIT^{commit}" 2>/dev/null || {
    echo "$source does not hold tag 3.1 ($COMMIT) of smart-id-java-client" >&2
    exit 3
}
rm -rf "$work/tree"
mkdir -p "$work/tree"
git -C "$source" archive "$COMMIT" pom.xml src/main | tar x -C "$work/tree"
# The tag's own pom says 3.0-SNAPSHOT; the release job writes the version in, as here.
sed -i 's|<version>3.0-SNAPSHOT</version>|<version>3.1-source</version>|' "$work/tree/pom.xml"
mvn -q -B -f "$work/tree/pom.xml" resources:resources compiler:compile jar:jar install:install >"$work/build.log" 2>&1 || {
    echo "smart-id-java-client 3.1 does not build, see $work/build.log" >&2
    exit 3
}
echo 3.1-source
