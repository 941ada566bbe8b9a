"""Verdicts of other validators on the corpus of defects beside ours.

    java -cp "VALIDATOR.jar:lib/*" interop.DssValidator TRUST fixtures/asice/{good,broken}/*.asice > dss.txt
    python3 interop/corpus/compare.py fixtures/asice/expected.json dss.txt

Prints the files that we accept and the other program refuses, which is what must not happen, then those that only we refuse.
Exit code 1 when there is one of the first kind that is not in KNOWN. TRUST holds, under the names that the Java tools look for, the anchors of the
corpus: root.pem (fixtures/asice/ca.pem), eid-q.pem (the issuing CA, from a container) and tsa.pem (the unit, from a token).
"""

import json
import re
import sys

# Accepted here on purpose; docs/validation.md says why.
KNOWN = {"47-cdata-in-a-digestvalue.asice", "49-a-counter-signature.asice"}


def main() -> int:
    expected = {name.split("/")[1]: verdict for name, verdict in json.load(open(sys.argv[1])).items()}
    text = open(sys.argv[2]).read()
    refused = set(re.findall(r"^FAILED (\S+\.asice)", text, re.MULTILINE))
    seen = set(re.findall(r"^(\S+\.asice): ", text, re.MULTILINE)) | refused
    missing = sorted(set(expected) - seen)
    if missing:
        print(f"not judged: {', '.join(missing)}")
    accepted_here = sorted(name for name in seen & refused if expected[name]["valid"])
    refused_here = sorted(name for name in seen - refused if not expected[name]["valid"])
    print(f"{len(seen)} files: {len(accepted_here)} accepted by us alone, {len(refused_here)} refused by us alone")
    for name in accepted_here:
        print(f"  accepted by us alone: {name}{' (known)' if name in KNOWN else ''}")
    for name in refused_here:
        verdict = expected[name]
        print(f"  refused by us alone: {name} {verdict['indication'] or 'REFUSED'} {verdict['subIndication'] or ''}")
    return 1 if missing or set(accepted_here) - KNOWN else 0


if __name__ == "__main__":
    sys.exit(main())
