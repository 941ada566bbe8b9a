#!/usr/bin/env python3
"""Flips one byte in one part of a signed ASiC-E container and leaves the rest as it was.

    flip.py FILE PART OUT

The ZIP around it is written anew with right checksums, so that a validator has to look at the part itself. The XML
stays well-formed and the DER stays parseable where the standard allows it.
"""

import base64
import re
import sys
import zipfile

TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def inside(xml: bytes, element: str, change) -> bytes:
    """Applies `change` to the decoded base64 of the first such element."""
    match = re.search(rb"<(?:[\w-]+:)?%s(?:\s[^>]*)?>([^<]+)<" % element.encode(), xml)
    if not match:
        raise SystemExit("no %s" % element)
    return xml[:match.start(1)] + base64.b64encode(change(base64.b64decode(match[1]))) + xml[match.end(1):]


def imprint(token: bytes) -> bytes:
    """A byte of the message imprint: the first OCTET STRING as long as a hash after the content type."""
    start = token.index(TST_INFO) + len(TST_INFO)
    places = [token.find(bytes([4, size]), start) for size in (0x20, 0x30, 0x40)]
    return flip(token, min(place for place in places if place > 0) + 2)


def produced(answer: bytes) -> bytes:
    """The last digit of the seconds of the first GeneralizedTime, which is producedAt."""
    return flip(answer, answer.index(b"\x18\x0f") + 2 + 13)


def signing_time(xml: bytes) -> bytes:
    match = re.search(rb"SigningTime>([^<Z]+)Z", xml)
    if not match:
        raise SystemExit("no SigningTime")
    return flip(xml, match.end(1) - 1)


PARTS = {
    "signed-properties": signing_time,
    "signature-value": lambda xml: inside(xml, "SignatureValue", lambda value: flip(value, len(value) // 2)),
    # A byte of the certificate's own signature: it still parses.
    "signer-certificate": lambda xml: inside(xml, "X509Certificate", lambda der: flip(der, len(der) - 1)),
    "time-stamp-imprint": lambda xml: inside(xml, "EncapsulatedTimeStamp", imprint),
    "time-stamp-signature": lambda xml: inside(xml, "EncapsulatedTimeStamp", lambda token: flip(token, len(token) - 1)),
    "ocsp": lambda xml: inside(xml, "EncapsulatedOCSPValue", produced),
}


def main(source, part, target):
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        done = False
        for entry in before.infolist():
            data = before.read(entry)
            is_data = entry.filename != "mimetype" and not entry.filename.startswith("META-INF/")
            is_signature = entry.filename.startswith("META-INF/") and "signatures" in entry.filename
            if not done and (is_data if part == "data-file" else is_signature):
                data = flip(data, len(data) // 2) if part == "data-file" else PARTS[part](data)
                done = True
            copy = zipfile.ZipInfo(entry.filename, entry.date_time)
            copy.external_attr = entry.external_attr
            after.writestr(copy, data, entry.compress_type)
        if not done:
            raise SystemExit("no entry for %s" % part)


if __name__ == "__main__":
    main(*sys.argv[1:])
