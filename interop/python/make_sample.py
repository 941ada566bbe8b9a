#!/usr/bin/env python3
"""Makes ASiC-E containers at XAdES-LT with RSASSA-PSS from a PKI of its own, without any Countersign code.

They check the judges: a validator that does not accept `good.asice`, or accepts one of the others, is no judge
of ours. They are also containers that others wrote, for `countersign verify` to read.

    make_sample.py OUTDIR     writes OUTDIR/trust/{root,eid-q,tsa}.pem, OUTDIR/good.asice, OUTDIR/bad-*.asice
"""

import base64
import datetime
import hashlib
import os
import subprocess
import sys
import zipfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
ASIC = "http://uri.etsi.org/02918/v1.2.1#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
PSS512 = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
MIMETYPE = "application/vnd.etsi.asic-e+zip"
DAY = datetime.timedelta(days=1)
FILES = {"leping.txt": (b"Osapooled lepivad kokku.\n", "text/plain"), "lisa 1.txt": (b"Lisa.\n", "text/plain")}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def der(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def name(common_name, *more):
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "EE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sample"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        *more,
    ])


def usage(**bits):
    every = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                           "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**(every | bits))


class Pki:
    """Root P-521, issuing CA P-384, OCSP responder and TSU P-256, signer RSA-3072."""

    def __init__(self, now):
        self.now = now
        self.root_key, self.root = self.authority("TEST sample root", ec.SECP521R1(), hashes.SHA512())
        self.ca_key, self.ca = self.authority("TEST sample EID-Q", ec.SECP384R1(), hashes.SHA384(), (self.root, self.root_key))
        self.tsa_key, self.tsa = self.leaf(
            "TEST sample TSU", ec.generate_private_key(ec.SECP256R1()), (self.root, self.root_key), usage(digital_signature=True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
        self.ocsp_key, self.ocsp = self.leaf(
            "TEST sample OCSP", ec.generate_private_key(ec.SECP256R1()), (self.ca, self.ca_key), usage(digital_signature=True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False), (x509.OCSPNoCheck(), False))
        self.signer_key, self.signer = self.leaf(
            "TESTNUMBER,OK", rsa.generate_private_key(65537, 3072), (self.ca, self.ca_key), usage(content_commitment=True),
            (x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("0.4.0.194112.1.2"), None)]), False),
            (x509.AuthorityInformationAccess([x509.AccessDescription(
                AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://127.0.0.1:9/ocsp"))]), False))

    def builder(self, common_name, key, issuer, *more):
        return (x509.CertificateBuilder().subject_name(name(common_name, *more)).issuer_name(issuer)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(self.now - DAY).not_valid_after(self.now + 1000 * DAY)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))

    def authority(self, common_name, curve, digest, issuer=None):
        key = ec.generate_private_key(curve)
        parent, parent_key = issuer or (None, key)
        builder = self.builder(common_name, key, parent.subject if parent else name(common_name))
        builder = builder.add_extension(x509.BasicConstraints(True, 0 if parent else None), True)
        builder = builder.add_extension(usage(key_cert_sign=True, crl_sign=True), True)
        if parent:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent_key.public_key()), False)
        return key, builder.sign(parent_key, digest)

    def leaf(self, common_name, key, issuer, key_usage, *extensions):
        parent, parent_key = issuer
        builder = self.builder(common_name, key, parent.subject, x509.NameAttribute(NameOID.SERIAL_NUMBER, "PNOEE-40504040001"))
        builder = builder.add_extension(key_usage, True)
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(parent_key.public_key()), False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return key, builder.sign(parent_key, hashes.SHA384())

    def ocsp_answer(self, status=ocsp.OCSPCertStatus.GOOD):
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        return (ocsp.OCSPResponseBuilder()
                .add_response(self.signer, self.ca, hashes.SHA256(), status, now, now + DAY,
                              self.now - DAY / 2 if revoked else None, x509.ReasonFlags.key_compromise if revoked else None)
                .responder_id(ocsp.OCSPResponderEncoding.HASH, self.ocsp)
                .certificates([self.ocsp])
                .sign(self.ocsp_key, hashes.SHA256())
                .public_bytes(serialization.Encoding.DER))

    def time_stamp(self, data: bytes, work: str) -> bytes:
        """A bare token, made by `openssl ts`."""
        def path(part):
            return os.path.join(work, part)
        open(path("tsa.key"), "wb").write(self.tsa_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        open(path("tsa.crt"), "wb").write(pem(self.tsa))
        open(path("root.crt"), "wb").write(pem(self.root))
        open(path("data"), "wb").write(data)
        open(path("serial"), "w").write("01\n")
        open(path("ts.conf"), "w").write(
            "[tsa]\ndefault_tsa=t\n[t]\nserial=%s\nsigner_digest=sha256\ndefault_policy=0.4.0.2023.1.1\ndigests=sha256,sha384,sha512\n"
            "accuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\ness_cert_id_alg=sha256\n" % path("serial"))
        run("openssl", "ts", "-query", "-data", path("data"), "-sha512", "-cert", "-out", path("q"))
        run("openssl", "ts", "-reply", "-config", path("ts.conf"), "-section", "t", "-queryfile", path("q"), "-signer", path("tsa.crt"),
            "-inkey", path("tsa.key"), "-chain", path("root.crt"), "-token_out", "-out", path("token"))
        return open(path("token"), "rb").read()


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def element(parent, tag, text=None, **attributes):
    child = etree.SubElement(parent, tag)
    child.text = text
    for key, value in attributes.items():
        child.set(key, value)
    return child


def c14n(node) -> bytes:
    return etree.tostring(node, method="c14n", exclusive=True, with_comments=False)


def signature_xml(pki, work, status=ocsp.OCSPCertStatus.GOOD, token_over=None) -> bytes:
    ds, xades = "{%s}" % DS, "{%s}" % XADES
    root = etree.Element("{%s}XAdESSignatures" % ASIC, nsmap={"asic": ASIC, "ds": DS, "xades": XADES})
    signature = element(root, ds + "Signature", Id="S0")
    info = element(signature, ds + "SignedInfo")
    element(info, ds + "CanonicalizationMethod", Algorithm=EXC)
    element(info, ds + "SignatureMethod", Algorithm=PSS512)
    for number, (file, (data, _)) in enumerate(FILES.items()):
        reference = element(info, ds + "Reference", Id="S0-RefId%d" % number, URI=file.replace(" ", "%20"))
        element(reference, ds + "DigestMethod", Algorithm=SHA512)
        element(reference, ds + "DigestValue", b64(hashlib.sha512(data).digest()))
    value = element(signature, ds + "SignatureValue", Id="S0-SIG")
    key_info = element(element(element(signature, ds + "KeyInfo"), ds + "X509Data"), ds + "X509Certificate", b64(der(pki.signer)))
    del key_info
    qualifying = element(element(signature, ds + "Object"), xades + "QualifyingProperties", Target="#S0")
    signed = element(qualifying, xades + "SignedProperties", Id="S0-SignedProperties")
    properties = element(signed, xades + "SignedSignatureProperties")
    element(properties, xades + "SigningTime", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    digest = element(element(element(properties, xades + "SigningCertificateV2"), xades + "Cert"), xades + "CertDigest")
    element(digest, ds + "DigestMethod", Algorithm=SHA512)
    element(digest, ds + "DigestValue", b64(hashlib.sha512(der(pki.signer)).digest()))
    objects = element(signed, xades + "SignedDataObjectProperties")
    for number, (_, media) in enumerate(FILES.values()):
        element(element(objects, xades + "DataObjectFormat", ObjectReference="#S0-RefId%d" % number), xades + "MimeType", media)

    reference = element(info, ds + "Reference", Id="S0-RefSP", Type="http://uri.etsi.org/01903#SignedProperties", URI="#S0-SignedProperties")
    element(element(reference, ds + "Transforms"), ds + "Transform", Algorithm=EXC)
    element(reference, ds + "DigestMethod", Algorithm=SHA512)
    element(reference, ds + "DigestValue", b64(hashlib.sha512(c14n(signed)).digest()))
    value.text = b64(pki.signer_key.sign(c14n(info), padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()))

    unsigned = element(element(qualifying, xades + "UnsignedProperties"), xades + "UnsignedSignatureProperties")
    stamp = element(unsigned, xades + "SignatureTimeStamp", Id="S0-T0")
    element(stamp, ds + "CanonicalizationMethod", Algorithm=EXC)
    element(stamp, xades + "EncapsulatedTimeStamp", b64(pki.time_stamp(token_over or c14n(value), work)))
    certificates = element(unsigned, xades + "CertificateValues")
    for certificate in (pki.signer, pki.ca, pki.root, pki.tsa, pki.ocsp):
        element(certificates, xades + "EncapsulatedX509Certificate", b64(der(certificate)))
    answers = element(element(unsigned, xades + "RevocationValues"), xades + "OCSPValues")
    element(answers, xades + "EncapsulatedOCSPValue", b64(pki.ocsp_answer(status)))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def container(path, signature, files=None):
    manifest = ['<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
                'manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/>' % MIMETYPE]
    manifest += ['<manifest:file-entry manifest:full-path="%s" manifest:media-type="%s"/>' % (file, media) for file, (_, media) in FILES.items()]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), MIMETYPE, zipfile.ZIP_STORED)
        for file, (data, _) in (files or FILES).items():
            archive.writestr(file, data, zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", "".join(manifest) + "</manifest:manifest>", zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/signatures0.xml", signature, zipfile.ZIP_DEFLATED)


def main(out):
    trust, work = os.path.join(out, "trust"), os.path.join(out, "work")
    os.makedirs(trust, exist_ok=True)
    os.makedirs(work, exist_ok=True)
    pki = Pki(datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0))
    for file, certificate in (("root", pki.root), ("eid-q", pki.ca), ("tsa", pki.tsa)):
        open(os.path.join(trust, file + ".pem"), "wb").write(pem(certificate))

    good = signature_xml(pki, work)
    container(os.path.join(out, "good.asice"), good)
    changed = {file: (data.replace(b"o", b"0"), media) for file, (data, media) in FILES.items()}
    container(os.path.join(out, "bad-data.asice"), good, changed)
    container(os.path.join(out, "bad-signed-properties.asice"), good.replace(b"text/plain", b"text/plane", 1))
    container(os.path.join(out, "bad-time-stamp.asice"), signature_xml(pki, work, token_over=b"something else"))
    container(os.path.join(out, "bad-revoked.asice"), signature_xml(pki, work, ocsp.OCSPCertStatus.REVOKED))
    stranger = Pki(pki.now)
    container(os.path.join(out, "bad-stranger.asice"), signature_xml(stranger, work))


if __name__ == "__main__":
    main(sys.argv[1])
