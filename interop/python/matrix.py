#!/usr/bin/env python3
"""Every level, algorithm and number of signers, before every judge; and what others sign, before ours.

    matrix.py WORLD PROGRAM [NAME=COMMAND...]

WORLD is what `matrix WORLD --serve` (crates/container/examples) wrote; PROGRAM is `countersign`. A COMMAND is run as
`COMMAND judge WORLD FILE...` and prints `ACCEPTED file` or `REFUSED file: why`; files that it signed itself lie in
WORLD/NAME. signxml and xmlsec1 are judges when they are there. EXPECTED says what each judge takes: a refusal there is a
failure, and so is an acceptance where none is expected, because then the table in docs/interoperability.md is wrong.
Prints `FAILED …` lines, the table, and `passed N failed N`.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from urllib.parse import unquote

LEVELS = ("B", "T", "LT", "LTA")
KINDS = ("pss-sha256", "pss-sha512", "pss-sha3-512", "rsa-sha256", "p256", "p384")
PSS = KINDS[:3]
DS = "{http://www.w3.org/2000/09/xmldsig#}"

# Levels and algorithms that a judge supports; it has to accept all of them and nothing else.
EXPECTED = {
    "countersign": (LEVELS, KINDS),
    "signxml": (LEVELS, KINDS),
    "xmlsec1": (LEVELS, ("rsa-sha256", "p256", "p384")),
    "dss": (LEVELS, KINDS),
    "digidoc4j": (("LT", "LTA"), KINDS),
}


def parts(name):
    level, rest = name[: -len(".asice")].split("-", 1)
    kind, signers = rest.rsplit("-", 1)
    return level, kind, signers


def files(folder):
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)) if os.path.isdir(folder) else []


def signature_files(archive):
    return [name for name in archive.namelist() if name.startswith("META-INF/") and "signatures" in name]


def signxml_judge(world, paths):
    from lxml import etree
    from signxml import DigestAlgorithm, SignatureMethod
    from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier

    for path in paths:
        why = ""
        try:
            archive = zipfile.ZipFile(path)
            for name in signature_files(archive):
                root = etree.fromstring(archive.read(name))
                der = root.find(".//" + DS + "X509Certificate").text
                pem = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % "\n".join(re.findall(".{1,64}", der))
                config = XAdESSignatureConfiguration(
                    expect_references=3, signature_methods=frozenset(SignatureMethod),
                    digest_algorithms=frozenset(DigestAlgorithm))
                XAdESVerifier().verify(root, x509_cert=pem, uri_resolver=lambda uri: archive.read(unquote(uri)),
                                       expect_config=config)
        except ImportError:
            raise
        except Exception as error:  # any library's way of saying no
            why = "%s: %s" % (type(error).__name__, str(error)[:160])
        yield os.path.basename(path), why


def xmlsec1_judge(world, paths):
    for path in paths:
        why = ""
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
            for name in signature_files(archive):
                done = subprocess.run(
                    ["xmlsec1", "--verify", "--trusted-pem", os.path.join(world, "trust/root.pem"),
                     "--untrusted-pem", os.path.join(world, "trust/eid-q.pem"),
                     "--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties", name],
                    cwd=folder, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    why = (done.stderr.strip().splitlines() or ["refused"])[0][:160]
        yield os.path.basename(path), why


def countersign_judge(program, world, paths):
    for path in paths:
        level = parts(os.path.basename(path))[0]
        done = subprocess.run([program, "verify", path, "--trust", os.path.join(world, "trust"), "--level", level],
                              capture_output=True, text=True, check=False)
        why = "" if done.returncode == 0 else " ".join((done.stdout + done.stderr).split())[:300]
        yield os.path.basename(path), why


def command_judge(command, world, paths):
    done = subprocess.run([*command, "judge", world, *paths], capture_output=True, text=True, check=False)
    seen = set()
    for line in done.stdout.splitlines():
        found = re.match(r"(ACCEPTED|REFUSED) (\S+\.asice)(?:: (.*))?$", line)
        if found:
            seen.add(found[2])
            yield found[2], "" if found[1] == "ACCEPTED" else (found[3] or "refused")
    for path in paths:
        if os.path.basename(path) not in seen:
            yield os.path.basename(path), "no verdict: " + done.stderr[-200:]


def main(world, program, *others):
    judges = {"countersign": lambda paths: countersign_judge(program, world, paths)}
    try:
        import signxml  # noqa: F401
        judges["signxml"] = lambda paths: signxml_judge(world, paths)
    except ImportError:
        print("SKIP matrix: no signxml")
    if subprocess.run("command -v xmlsec1", shell=True, capture_output=True, check=False).returncode == 0:
        judges["xmlsec1"] = lambda paths: xmlsec1_judge(world, paths)
    else:
        print("SKIP matrix: no xmlsec1")
    for other in others:
        name, command = other.split("=", 1)
        judges[name] = lambda paths, command=command: command_judge(command.split("\x1f"), world, paths)
    passed = failed = 0
    table = defaultdict(dict)

    def count(good, text):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print("FAILED " + text)

    ours = files(os.path.join(world, "ours"))
    for judge, run in judges.items():
        levels, kinds = EXPECTED[judge]
        for name, why in run(ours):
            level, kind, signers = parts(name)
            expected = level in levels and kind in kinds
            table[judge].setdefault((kind, level), []).append(not why)
            count(expected == (not why), "%s %s %s: %s" % (judge, "refuses" if why else "accepts", name, why or "not expected"))
    for other in ("dss", "digidoc4j"):
        theirs = files(os.path.join(world, other))
        if theirs:
            for name, why in countersign_judge(program, world, theirs):
                count(not why, "countersign refuses %s of %s: %s" % (name, other, why))
            extended_passed, problems = extend(program, world, theirs)
            passed += extended_passed
            for problem in problems:
                count(False, problem)
            table["made by " + other] = {parts(os.path.basename(path))[1::-1]: [True] for path in theirs}
    for judge, cells in table.items():
        line = ["%s %s" % (kind, "/".join(level for level in LEVELS if all(cells.get((kind, level), [False])))) for kind in KINDS]
        print("%-18s %s" % (judge, "; ".join(line)))
    print("passed %d failed %d" % (passed, failed))
    return 1 if failed or not passed else 0


def extend(program, world, paths):
    """What others signed is brought to LTA by us, through the responders of the world."""
    passed, problems = 0, []
    url = os.environ.get("MATRIX_URL")
    folder = os.path.join(world, "extended")
    os.makedirs(folder, exist_ok=True)
    for path in paths if url else []:
        maker = os.path.basename(os.path.dirname(path))
        name = os.path.basename(path)
        out = os.path.join(folder, "LTA-" + parts(name)[1] + "-" + maker + parts(name)[0] + ".asice")
        done = subprocess.run([program, "extend", path, "--level", "LTA", "--renew", "-o", out, "--force", "--trust", os.path.join(world, "trust"),
                               "--tsa", url + "/tsa", "--ocsp", url + "/ocsp"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            passed += 1
        else:
            problems.append("countersign cannot extend %s of %s: %s" % (name, maker, " ".join((done.stdout + done.stderr).split())[-300:]))
    return passed, problems


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
