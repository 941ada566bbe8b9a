#!/usr/bin/env python3
"""Adds up what the logs of a test run report: cargo's `test result:` lines, the suites' `name: N passed, …` lines, `SKIP name: why`."""

import re
import sys

passed = failed = skipped = 0
for path in sys.argv[1:]:
    with open(path, encoding="utf-8", errors="replace") as log:
        text = log.read()
    for match in re.finditer(r"^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored", text, re.M):
        passed, failed, skipped = passed + int(match[1]), failed + int(match[2]), skipped + int(match[3])
    suites = list(re.finditer(r"^[\w-]+: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", text, re.M))
    if suites:
        # A suite's last line is its sum; the lines before it are its parts.
        match = suites[-1]
        passed, failed, skipped = passed + int(match[1]), failed + int(match[2]), skipped + int(match[3] or 0)
    else:
        skipped += len(set(re.findall(r"^SKIP .*$", text, re.M)))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
