#!/usr/bin/env python3
"""Judges an ASiC-E container with programs that share no code with Countersign.

    check_asice.py FILE TRUSTDIR

* `zipfile`       the layout: mimetype first, stored, exact; every data file in the manifest and signed
* `signxml`       XML signature (RSASSA-PSS), data file and signed-properties digests, signing certificate
* `openssl`       certification path, time-stamp token, OCSP answer
* `asn1crypto`    the OCSP answer was produced no earlier than the time-stamp

TRUSTDIR holds `root.pem`, the only anchor; everything else is an untrusted candidate. Nothing is fetched.
Prints one line per check; exit code 0 only if all of them passed.
"""

import base64
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from urllib.parse import unquote

from asn1crypto import cms, ocsp, tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod
from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier

NS = {
    "asic": "http://uri.etsi.org/02918/v1.2.1#",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xades": "http://uri.etsi.org/01903/v1.3.2#",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
MIMETYPE = b"application/vnd.etsi.asic-e+zip"
PSS = frozenset({
    SignatureMethod.SHA256_RSA_MGF1, SignatureMethod.SHA384_RSA_MGF1, SignatureMethod.SHA512_RSA_MGF1,
})
C14N = {
    "http://www.w3.org/2001/10/xml-exc-c14n#": {"exclusive": True},
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": {"exclusive": False},
}


class Failed(Exception):
    """A check that did not pass."""


def demand(condition, message):
    if not condition:
        raise Failed(message)


def openssl(*arguments, expect=None):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    demand(done.returncode == 0, said)
    for line in expect or []:
        demand(line in said, "expected %r in: %s" % (line, said))
    return said


class Container:
    def __init__(self, path, trust):
        self.path, self.root = path, os.path.join(trust, "root.pem")
        self.archive = zipfile.ZipFile(path)
        self.folder = tempfile.TemporaryDirectory(prefix="check-asice-")
        self.work = self.folder.name
        names = self.archive.namelist()
        self.data_files = [n for n in names if n != "mimetype" and not n.startswith("META-INF/")]
        self.signatures = [n for n in names if n.startswith("META-INF/") and "signatures" in n and n.endswith(".xml")]

    def write(self, name, data):
        path = os.path.join(self.work, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def layout(self):
        raw = open(self.path, "rb").read(80)
        _, _, flags, method, _, _, _, packed, size, name_length, extra = struct.unpack("<4sHHHHHIIIHH", raw[:30])
        demand(raw[30:30 + name_length] == b"mimetype", "the first entry is not `mimetype`")
        demand(method == 0 and extra == 0 and flags & 8 == 0, "`mimetype` must be stored, without extra field or data descriptor")
        demand(packed == size == len(MIMETYPE) and raw[38:38 + size] == MIMETYPE, "wrong content of `mimetype`")
        demand(len(set(self.archive.namelist())) == len(self.archive.namelist()), "two entries have one name")
        demand(self.archive.testzip() is None, "an entry does not match its checksum")
        manifest = etree.fromstring(self.archive.read("META-INF/manifest.xml"))
        listed = [e.get("{%(manifest)s}full-path" % NS) for e in manifest.findall("manifest:file-entry", NS)]
        demand(listed[0] == "/", "the manifest does not begin with `/`")
        demand(sorted(listed[1:]) == sorted(self.data_files), "manifest %r, entries %r" % (listed[1:], self.data_files))
        demand(self.data_files, "no data file")
        demand(self.signatures, "no signature")
        return "%d data files, %d signatures" % (len(self.data_files), len(self.signatures))


class Signature:
    def __init__(self, container, entry):
        self.container = container
        self.root = etree.fromstring(container.archive.read(entry))
        found = self.root.findall("ds:Signature", NS)
        demand(len(found) == 1, "%d signatures in %s" % (len(found), entry))
        self.node = found[0]
        self.signer_der = self.values("ds:KeyInfo/ds:X509Data/ds:X509Certificate")[0]
        self.signer = x509.load_der_x509_certificate(self.signer_der)
        self.signer_pem = container.write("signer.pem", self.signer.public_bytes(serialization.Encoding.PEM))
        self.candidates = [x509.load_der_x509_certificate(v) for v in self.values(".//xades:EncapsulatedX509Certificate")]
        self.untrusted = container.write(
            "untrusted.pem", b"".join(c.public_bytes(serialization.Encoding.PEM) for c in self.candidates))

    def values(self, path):
        return [base64.b64decode("".join(node.itertext())) for node in self.node.findall(path, NS)]

    def xml(self):
        """Core signature, references and the signing certificate, by signxml."""
        references = self.node.findall("ds:SignedInfo/ds:Reference", NS)
        files = [unquote(r.get("URI")) for r in references if not r.get("URI").startswith("#")]
        demand(sorted(files) == sorted(self.container.data_files), "signed %r, entries %r" % (files, self.container.data_files))
        results = XAdESVerifier().verify(
            self.root,
            x509_cert=self.signer,
            uri_resolver=lambda uri: self.container.archive.read(unquote(uri)),
            expect_config=XAdESSignatureConfiguration(
                require_x509=True,
                location="./",
                expect_references=len(references),
                signature_methods=PSS,
                digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
            ),
        )
        demand(len(results) == len(references), "%d of %d references verified" % (len(results), len(references)))
        target = self.node.find("ds:Object/xades:QualifyingProperties", NS).get("Target")
        demand(target == "#" + self.node.get("Id"), "QualifyingProperties are about %s" % target)
        method = self.node.find("ds:SignedInfo/ds:SignatureMethod", NS).get("Algorithm")
        return "%s over %d references" % (method.rsplit("#")[-1], len(references))

    def path(self):
        usage = self.signer.extensions.get_extension_for_class(x509.KeyUsage).value
        demand(usage.content_commitment, "the signer's key usage is not nonRepudiation")
        # The root in the candidates does no harm: only -CAfile is trusted.
        openssl("verify", "-x509_strict", "-CAfile", self.container.root, "-untrusted", self.untrusted, self.signer_pem, expect=[": OK"])
        return self.signer.issuer.rfc4514_string()

    def token(self):
        tokens = self.values(".//xades:SignatureTimeStamp/xades:EncapsulatedTimeStamp")
        demand(len(tokens) == 1, "%d signature time-stamps" % len(tokens))
        return tokens[0]

    def time_stamp(self):
        stamp = self.node.find(".//xades:SignatureTimeStamp", NS)
        method = stamp.find("ds:CanonicalizationMethod", NS)
        options = C14N[method.get("Algorithm")] if method is not None else C14N["http://www.w3.org/TR/2001/REC-xml-c14n-20010315"]
        value = self.node.find("ds:SignatureValue", NS)
        data = self.container.write("signature-value", etree.tostring(value, method="c14n", with_comments=False, **options))
        openssl("ts", "-verify", "-data", data, "-in", self.container.write("token.der", self.token()), "-token_in",
                "-CAfile", self.container.root, "-untrusted", self.untrusted, expect=["Verification: OK"])
        return str(self.genuine_time())

    def genuine_time(self):
        signed = cms.ContentInfo.load(self.token())["content"]
        return tsp.TSTInfo.load(signed["encap_content_info"]["content"].contents)["gen_time"].native

    def ocsp(self):
        """The answers about the signer; those about authorities and the time-stamping unit are not needed for it."""
        answers = self.values(".//xades:OCSPValues/xades:EncapsulatedOCSPValue")
        issuers = [c for c in self.candidates if c.subject == self.signer.issuer]
        demand(issuers, "the issuer's certificate is not in the container")
        issuer = self.container.write("issuer.pem", issuers[0].public_bytes(serialization.Encoding.PEM))
        stamped = self.genuine_time().replace(microsecond=0)
        about_signer = []
        for answer in answers:
            data = ocsp.OCSPResponse.load(answer).basic_ocsp_response["tbs_response_data"]
            for single in data["responses"]:
                if single["cert_id"]["serial_number"].native == self.signer.serial_number:
                    about_signer.append((answer, single["cert_id"]["hash_algorithm"]["algorithm"].native, data["produced_at"].native))
        demand(about_signer, "none of %d OCSP answers is about the signer" % len(answers))
        for answer, digest, produced in about_signer:
            # OpenSSL checks the responder and the certificate's status; the age of the answer is judged against
            # the time-stamp, not against today.
            openssl("ocsp", "-respin", self.container.write("ocsp.der", answer), "-issuer", issuer, "-" + digest, "-cert", self.signer_pem,
                    "-CAfile", self.container.root, "-verify_other", self.untrusted, "-no_nonce",
                    expect=["Response verify OK", "signer.pem: good"])
            demand(produced >= stamped, "OCSP answer of %s is older than the time-stamp of %s" % (produced, stamped))
        return "good (%s), produced %s" % (digest, produced)


def main(path, trust):
    failures = 0

    def check(name, action):
        nonlocal failures
        try:
            print("ok     %-11s %s" % (name, action()))
        except Exception as error:  # any library's way of saying no
            failures += 1
            print("FAILED %-11s %s: %s" % (name, type(error).__name__, str(error).replace("\n", " | ")[:400]))

    try:
        container = Container(path, trust)
    except (OSError, zipfile.BadZipFile) as error:
        print("FAILED %-11s %s" % ("zip", error))
        return 1
    check("layout", container.layout)
    for entry in container.signatures:
        try:
            signature = Signature(container, entry)
        except Exception as error:
            print("FAILED %-11s %s" % (entry, error))
            return 1
        check("xml", signature.xml)
        check("path", signature.path)
        check("time-stamp", signature.time_stamp)
        check("ocsp", signature.ocsp)
    return 1 if failures or not container.signatures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
