"""Signs PDF documents with pyHanko, for Countersign to validate.

    make_pdf.py FOLDER

Writes FOLDER/{algorithm}-{level}-{kind}.pdf and FOLDER/trust/*.pem: a small authority of its own, with a time-stamping unit
and an OCSP responder. Levels B, T, LT and LTA; a cross-reference table and a stream; three signers; a certification; a visible
signature. Keys are new each time.
"""

import datetime
import io
import sys
from pathlib import Path

from asn1crypto import algos, keys, ocsp as asn1_ocsp, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic, writer
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)


def name(common):
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "EE"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TEST of pyHanko"),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])


def usage(**given):
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{known: given.get(known, False) for known in names})


def issue(common, key, issuer, issuer_key, *extensions):
    builder = (
        x509.CertificateBuilder().subject_name(name(common)).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - 30 * DAY).not_valid_after(NOW + 700 * DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def authority():
    return [(x509.BasicConstraints(True, None), True), (usage(key_cert_sign=True, crl_sign=True), True)]


def theirs(certificate):
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def their_key(key):
    return keys.PrivateKeyInfo.load(key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class World:
    def __init__(self):
        new = lambda: ec.generate_private_key(ec.SECP256R1())
        self.root_key, self.ca_key, self.responder_key = new(), new(), new()
        # pyHanko's own time-stamper signs with RSA alone.
        self.tsa_key = rsa.generate_private_key(65537, 2048)
        self.root = issue("TEST root", self.root_key, name("TEST root"), self.root_key, *authority())
        self.ca = issue("TEST CA", self.ca_key, self.root.subject, self.root_key, *authority())
        self.responder = issue(
            "TEST OCSP", self.responder_key, self.ca.subject, self.ca_key, (usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False), (x509.OCSPNoCheck(), False))
        self.tsa = issue(
            "TEST TSU", self.tsa_key, self.root.subject, self.root_key, (usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
        rsa_key = rsa.generate_private_key(65537, 3072)
        self.signers = {}
        for kind, key, pss in [("pss", rsa_key, True), ("v15", rsa_key, False), ("p256", new(), False),
                               ("p384", ec.generate_private_key(ec.SECP384R1()), False)]:
            self.signers[kind] = (self.person(kind, key), key, pss)

    def person(self, kind, key):
        return issue(f"SIGNER {kind}", key, self.ca.subject, self.ca_key, (usage(content_commitment=True), True))

    def signer(self, kind):
        certificate, key, pss = self.signers[kind]
        registry = SimpleCertificateStore.from_certs([theirs(self.ca), theirs(self.root)])
        mechanism = None
        if pss:
            # Without parameters pyHanko takes the longest salt that fits, which Countersign refuses.
            mechanism = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams({
                "hash_algorithm": {"algorithm": "sha256"},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}},
                "salt_length": 32})})
        return signers.SimpleSigner(theirs(certificate), their_key(key), registry, signature_mechanism=mechanism)

    def timestamper(self):
        registry = SimpleCertificateStore.from_certs([theirs(self.root)])
        return timestamps.DummyTimeStamper(theirs(self.tsa), their_key(self.tsa_key), certs_to_embed=registry)

    def status(self, kind):
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=1)
        builder = ocsp.OCSPResponseBuilder().add_response(
            self.signers[kind][0], self.ca, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD, now, now + DAY, None, None)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder).certificates([self.responder])
        der = builder.sign(self.responder_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        return asn1_ocsp.OCSPResponse.load(der)

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file, certificate in [("root", self.root), ("ca", self.ca)]:
            (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def document(stream_xrefs):
    out = writer.PdfFileWriter(stream_xrefs=stream_xrefs)
    content = out.add_object(generic.StreamObject(stream_data=b"BT /F1 24 Tf 72 700 Td (The price is 100 euros.) Tj ET"))
    font = out.add_object(generic.DictionaryObject({
        generic.pdf_name("/Type"): generic.pdf_name("/Font"), generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
        generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica")}))
    resources = generic.DictionaryObject({generic.pdf_name("/Font"): generic.DictionaryObject({generic.pdf_name("/F1"): font})})
    out.insert_page(writer.PageObject(contents=content, media_box=(0, 0, 595, 842), resources=resources))
    target = io.BytesIO()
    out.write(target)
    return target


def sign(world, source, kind, level, field="Signature1", certify=None, box=None):
    source.seek(0)
    out = IncrementalPdfFileWriter(source)
    meta = PdfSignatureMetadata(
        field_name=field, md_algorithm="sha384" if kind == "p384" else "sha256", subfilter=SigSeedSubFilter.PADES,
        certify=certify is not None, **({"docmdp_permissions": certify} if certify else {}))
    spec = SigFieldSpec(field, box=box) if box else None
    timestamper = world.timestamper() if level != "B" else None
    target = io.BytesIO()
    PdfSigner(meta, world.signer(kind), timestamper=timestamper, new_field_spec=spec).sign_pdf(out, output=target)
    return target


def store(world, source, kinds):
    source.seek(0)
    out = IncrementalPdfFileWriter(source)
    registered = [theirs(certificate) for certificate in (world.root, world.ca, world.responder, world.tsa)]
    DocumentSecurityStore.supply_dss_in_writer(
        out, None, certs=registered, ocsps=[world.status(kind) for kind in kinds], crls=[])
    target = io.BytesIO()
    out.write(target)
    return target


def stamp(world, source):
    source.seek(0)
    out = IncrementalPdfFileWriter(source)
    target = io.BytesIO()
    PdfTimeStamper(world.timestamper()).timestamp_pdf(out, "sha256", ValidationContext(
        trust_roots=[theirs(world.root)], allow_fetching=False), output=target)
    return target


def level(world, source, kinds, wanted, **options):
    for index, kind in enumerate(kinds):
        source = sign(world, source, kind, wanted, field=f"Signature{index + 1}", **options)
        options = {}
    if wanted in ("LT", "LTA"):
        source = store(world, source, kinds)
    if wanted == "LTA":
        source = stamp(world, source)
    return source


def main():
    folder = Path(sys.argv[1])
    world = World()
    world.write(folder / "trust")
    made = 0
    for stream in (False, True):
        kind_of_file = "stream" if stream else "table"
        for wanted in ("B", "T", "LT", "LTA"):
            for kinds in (["pss"], ["v15"], ["p256"], ["p384"], ["pss", "p256", "v15"]):
                result = level(world, document(stream), kinds, wanted)
                (folder / f"{'-'.join(kinds)}-{wanted}-{kind_of_file}.pdf").write_bytes(result.getvalue())
                made += 1
    for permission in (MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE):
        result = level(world, document(True), ["pss"], "LTA", certify=permission)
        (folder / f"certified-{permission.value}-LTA-stream.pdf").write_bytes(result.getvalue())
        made += 1
    result = level(world, document(False), ["p256"], "LT", box=(20, 20, 220, 80))
    (folder / "visible-LT-table.pdf").write_bytes(result.getvalue())
    print(f"{made + 1} documents")


main()
