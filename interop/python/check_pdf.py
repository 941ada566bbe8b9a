"""Shows PDF documents that Countersign made to pyHanko.

    check_pdf.py matrix FOLDER    every document in FOLDER/expected.json has to be valid
    check_pdf.py hostile FOLDER   what pyHanko rejects must not be valid by FOLDER/expected.json

The folders are written by `cargo test -p countersign-container`. Prints `passed N failed N` and, for the hostile ones, which
documents pyHanko accepts and we do not. The judge itself is tested: a changed copy of one document has to be refused.
"""

import datetime
import io
import json
import logging
import sys
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
# ISO 32000-1 table 254 lets P 3 permit them; pyHanko has no rule for annotations and refuses them always.
NO_RULE = {"an annotation where annotations may be made"}
MOMENT = datetime.datetime(2026, 11, 22, 13, 0, 0, tzinfo=datetime.timezone.utc)


class Judge:
    def __init__(self, folder):
        self.root, self.ca, self.tsa = (load_cert_from_pemder(str(folder / f"{name}.pem")) for name in ("root", "ca", "tsa"))

    def context(self):
        return ValidationContext(
            trust_roots=[self.root, self.tsa], other_certs=[self.ca], moment=MOMENT, allow_fetching=False,
            revocation_mode="soft-fail")

    def faults(self, data, level=None, signers=None):
        """What is wrong with a document; empty when it is valid."""
        try:
            reader = PdfFileReader(io.BytesIO(data))
            signatures = list(reader.embedded_regular_signatures)
            stamps = list(reader.embedded_timestamp_signatures)
            faults = [] if signatures else ["no signatures"]
            if signers is not None and len(signatures) != signers:
                faults.append(f"{len(signatures)} signatures")
            if level == "LTA" and len(stamps) != 1:
                faults.append(f"{len(stamps)} document time-stamps")
            if level in ("LT", "LTA") and "/DSS" not in reader.root:
                faults.append("no document security store")
            for signature in signatures:
                status = validate_pdf_signature(signature, self.context())
                if not status.bottom_line:
                    faults.append(status.summary())
                if status.coverage.name not in ("ENTIRE_FILE", "ENTIRE_REVISION"):
                    faults.append(status.coverage.name)
                stamped = status.timestamp_validity
                if level not in (None, "B") and not (stamped and stamped.valid and stamped.trusted):
                    faults.append("no valid time-stamp")
            for stamp in stamps:
                status = validate_pdf_timestamp(stamp, self.context())
                if not (status.intact and status.valid and status.trusted):
                    faults.append(f"document time-stamp: {status.summary()}")
            return faults
        except Exception as error:  # whatever it raises is a refusal
            return [f"{type(error).__name__}: {error}"]


def main():
    mode, folder = sys.argv[1], Path(sys.argv[2])
    expected = json.loads((folder / "expected.json").read_text())
    judge = Judge(folder)
    passed = failed = 0
    stricter = []
    for file, entry in expected.items():
        data = (folder / file).read_bytes()
        if mode == "matrix":
            faults = judge.faults(data, entry["level"], entry["signers"])
            wrong = bool(faults)
        else:
            faults = judge.faults(data)
            wrong = bool(faults) and entry["valid"]
            if wrong and entry["what"] in NO_RULE:
                print(f"SKIP interop/pdf: pyHanko has no rule for {entry['what']}")
                continue
            if not faults and not entry["valid"]:
                stricter.append(f"row {entry['row']}, {entry['what']}")
        if wrong:
            failed += 1
            print(f"FAILED {file}: {'; '.join(faults)}")
        else:
            passed += 1
    if mode == "matrix":
        data = bytearray((folder / next(iter(expected))).read_bytes())
        data[100] ^= 1
        refused = bool(judge.faults(bytes(data)))
        passed, failed = passed + refused, failed + (not refused)
        if not refused:
            print("FAILED the judge: a changed document is accepted")
    for case in stricter:
        print(f"stricter than pyHanko: {case}")
    print(f"passed {passed} failed {failed}")
    sys.exit(failed > 0)


main()
