"""Verifies one ASiC-E container with other people's code: signxml for the XAdES signature, lxml (libxml2)
for the canonical form.

usage: signxml_judge.py CONTAINER SIGNER_PEM REFERENCES

Prints what was verified and exits with 0, or says what is wrong and exits with 1. Exit code 3: signxml is
not installed.
"""

import sys
import zipfile
from urllib.parse import unquote

try:
    from lxml import etree
    from signxml.xades import XAdESVerifier
except ImportError:
    sys.exit(3)

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"


def main(container, signer_pem, references):
    archive = zipfile.ZipFile(container)
    names = archive.namelist()
    if names[0] != "mimetype" or archive.read("mimetype") != b"application/vnd.etsi.asic-e+zip":
        sys.exit("mimetype is not as it should be")
    with open(signer_pem) as file:
        signer = file.read()
    signatures = [name for name in names if name.startswith("META-INF/signatures")]
    for name in signatures:
        raw = archive.read(name)
        root = etree.fromstring(raw)
        for element in (f".//{DS}SignedInfo", f".//{XADES}SignedProperties", f".//{DS}SignatureValue"):
            node = root.find(element)
            canonical = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
            if canonical not in raw:
                sys.exit(f"{name}: {element} is not in its canonical form")
        results = XAdESVerifier().verify(
            root,
            x509_cert=signer,
            uri_resolver=lambda uri: archive.read(unquote(uri)),
            expect_references=references,
        )
        print(f"{name}: {len(results)} references hold, signed with {results[0].signature_key is not None}")
    if not signatures:
        sys.exit("no signatures")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
