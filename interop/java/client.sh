#!/bin/sh
# Finds the official Java client in its 3.1 line and prints the version to give to Maven as
# -Dsmart-id-java-client.version=...
#
# Only what Maven can get as a package counts. Some mirrors of the registry end at 2.3.1, which does not speak
# version 3: there the suite is skipped by name. Whoever has another build of the 3.1 line in the local Maven repository
# names its version in SMART_ID_JAVA_CLIENT_VERSION.
#
# Exit codes: 0 found; 3 it cannot be had here (the reason is on stderr).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}/ee/sk/smartid/smart-id-java-client

version=${SMART_ID_JAVA_CLIENT_VERSION:-3.1}
if [ -f "$repository/$version/smart-id-java-client-$version.jar" ]; then
    echo "$version"
    exit 0
fi
if mvn -q -B -f "$here/pom.xml" -Dsmart-id-java-client.version="$version" test-compile >/dev/null 2>&1; then
    echo "$version"
    exit 0
fi
echo "smart-id-java-client $version cannot be had as a package here" >&2
exit 3
