"""Shows the signatures of PDF documents to OpenSSL, without any PDF library: `openssl_cms.py FOLDER`, FOLDER being that of
check_pdf.py.

The covered bytes and the value are cut out by ByteRange. `openssl cms -verify` judges every signature by the path to the root,
`openssl ts -verify` every time-stamp: the document's over the covered bytes, and a signature's own over its value. Prints
`passed N failed N`. The judge itself is tested: a changed byte has to be refused.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from asn1crypto import cms

# 2026-11-22T13:00:00Z, an hour after everything was signed.
MOMENT = "1795352400"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


def signatures(data):
    """The covered bytes and the value of each signature: only where ByteRange ends before the end, or at it."""
    for found in RANGE.finditer(data):
        a, b, c, d = (int(number) for number in found.groups())
        value = bytes.fromhex(data[a + b + 1:c - 1].decode())
        length = len(cms.ContentInfo.load(value, strict=False).dump())
        yield data[a:a + b] + data[c:c + d], value[:length]


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()[-1]


def judge(work, folder, covered, value):
    """What is wrong, in OpenSSL's words; empty when nothing is."""
    (work / "covered").write_bytes(covered)
    (work / "value").write_bytes(value)
    signed = cms.ContentInfo.load(value)["content"]
    if signed["encap_content_info"]["content_type"].dotted == TST_INFO:
        return stamp(work, folder, covered, value)
    fault = openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", str(work / "value"), "-content", str(work / "covered"),
                    "-CAfile", str(folder / "root.pem"), "-purpose", "any", "-attime", MOMENT, "-out", "/dev/null")
    signer = signed["signer_infos"][0]
    for attribute in signer["unsigned_attrs"] or []:
        if attribute["type"].native == "signature_time_stamp_token":
            fault = fault or stamp(work, folder, signer["signature"].native, attribute["values"][0].dump())
    return fault


def stamp(work, folder, covered, token):
    (work / "stamped").write_bytes(covered)
    (work / "token").write_bytes(token)
    return openssl("ts", "-verify", "-token_in", "-in", str(work / "token"), "-data", str(work / "stamped"),
                   "-CAfile", str(folder / "tsa.pem"), "-attime", MOMENT)


def main(folder):
    folder = Path(folder)
    passed = failed = 0

    def count(good, text):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print("FAILED " + text)

    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        for file, entry in json.loads((folder / "expected.json").read_text()).items():
            data = (folder / file).read_bytes()
            found = list(signatures(data))
            expected = entry["signers"] + (entry["level"] == "LTA")
            count(len(found) == expected, f"{file}: {len(found)} signatures, {expected} expected")
            for number, (covered, value) in enumerate(found):
                fault = judge(work, folder, covered, value)
                count(not fault, f"{file}, signature {number + 1}: {fault}")
        covered = bytearray(covered)
        covered[100] ^= 1
        count(judge(work, folder, bytes(covered), value) != "", "the judge: a changed document is accepted")
    print(f"passed {passed} failed {failed}")
    return failed > 0


sys.exit(main(*sys.argv[1:]))
