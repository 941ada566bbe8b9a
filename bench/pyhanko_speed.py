"""How long pyHanko takes to validate a document: `pyhanko_speed.py FOLDER FILE`, the anchors being in FOLDER/trust.

Prints `seconds S`, the median of twenty validations in this process, each from the bytes to the verdict.
"""

import datetime
import io
import logging
import statistics
import sys
import time
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
MOMENT = datetime.datetime(2026, 11, 22, 13, 0, 0, tzinfo=datetime.timezone.utc)


def main(folder, file):
    root, ca, tsa = (load_cert_from_pemder(str(Path(folder) / "trust" / f"{name}.pem")) for name in ("root", "eid-q", "tsa-root"))
    data = Path(file).read_bytes()
    times = []
    for _ in range(21):
        start = time.perf_counter()
        context = ValidationContext(
            trust_roots=[root, tsa], other_certs=[ca], moment=MOMENT, allow_fetching=False, revocation_mode="soft-fail")
        signatures = list(PdfFileReader(io.BytesIO(data)).embedded_regular_signatures)
        status = validate_pdf_signature(signatures[0], context)
        times.append(time.perf_counter() - start)
        if not status.bottom_line:
            sys.exit("pyHanko does not accept it: " + status.summary())
    # The first one also loads modules.
    print(f"seconds {statistics.median(times[1:])}")


main(*sys.argv[1:])
