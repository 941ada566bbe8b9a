"""Runs fuzz targets that ci/fuzz.sh has built: fuzz.py PROGRAMS SECONDS AT_ONCE TARGET...

A target's time is that of the processor, so that a busy machine takes longer and does not look at less. libFuzzer itself counts by
the clock; it is therefore started without a limit and asked to end (SIGUSR1, between two inputs) when /proc says that it has had its
share. Where there is no /proc the clock counts, and the line of the target says so.
"""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

# An input that takes a processor this long is a finding. libFuzzer measures by the clock and is given six times as much; what it
# then finds too slow is run again here, alone, and judged by the processor's time.
SLOW_SECONDS = 10
# So much of the clock for a second of the processor, at most. Who gets less than that is not fuzzing.
PATIENCE = 30

TICKS = os.sysconf("SC_CLK_TCK")
HAS_PROC = os.path.exists("/proc/self/stat")


class Run:
    """One target, until its time is up or something is found."""

    def __init__(self, programs: Path, target: str, seconds: float):
        self.target, self.seconds = target, seconds
        self.program = programs / target
        self.corpus = Path("target/fuzz-corpus") / target
        self.findings = Path("target/fuzz-findings") / target
        self.seeds = Path("fuzz/seeds") / target
        self.log = Path("target/ci") / f"fuzz-{target}.log"
        for folder in (self.corpus, self.findings, self.seeds):
            folder.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self.spent_before = 0.0
        self.began = time.monotonic()
        self.why = ""
        self.start()

    def start(self):
        self.known = set(self.findings.iterdir())
        self.started, self.ending, self.spent_now = time.monotonic(), False, 0.0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, self.corpus, self.seeds, f"-timeout={6 * SLOW_SECONDS}", f"-report_slow_units={SLOW_SECONDS}",
                 "-rss_limit_mb=1024", "-max_len=65536", "-use_value_profile=1", "-print_final_stats=1",
                 f"-artifact_prefix={self.findings}/"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=lambda: os.nice(19))

    def spent(self) -> float:
        return self.spent_before + self.spent_now

    def is_over(self) -> bool:
        """Looks once: asks the target to end when its time is up, and judges it when it has ended."""
        clock = time.monotonic()
        self.spent_now = processor_time(self.process.pid) if HAS_PROC else clock - self.started
        if self.process.poll() is None:
            starved = clock - self.began > PATIENCE * self.seconds + 60
            if not self.ending and (self.spent() >= self.seconds or starved):
                if starved:
                    self.why = f"only {self.spent():.0f} s of the processor in {clock - self.began:.0f} s"
                self.ending = True
                self.process.send_signal(signal.SIGUSR1)
            return False
        found = [file for file in self.findings.iterdir() if file not in self.known]
        only_waited = [file for file in found if file.name.startswith(("timeout-", "slow-unit-")) and self.is_quick(file)]
        for file in only_waited:
            file.unlink()
        if found != only_waited:
            self.why = ", ".join(file.name for file in found if file not in only_waited)
        elif found and not self.ending:
            # It stopped for want of a processor: the rest of its time is still to come.
            self.spent_before, self.spent_now = self.spent(), 0.0
            self.start()
            return False
        elif not self.why and (self.process.returncode != 0 or not self.ending):
            self.why = f"it ended by itself with exit code {self.process.returncode}"
        return True

    def is_quick(self, file: Path) -> bool:
        """Whether an input that took long by the clock is done in time by the processor."""
        limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (6 * SLOW_SECONDS, 6 * SLOW_SECONDS))
        alone = subprocess.Popen([self.program, file, "-timeout=0"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, preexec_fn=limit)
        _, status, usage = os.wait4(alone.pid, 0)
        alone.returncode = os.waitstatus_to_exitcode(status)
        return alone.returncode == 0 and usage.ru_utime + usage.ru_stime < SLOW_SECONDS

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def report(self) -> str:
        text = self.log.read_text(errors="replace")
        runs = sum(int(count) for count in re.findall(r"^stat::number_of_executed_units: *(\d+)", text, re.M))
        coverage = re.findall(r"^#\d+\s+\w+\s+cov: (\d+) ft: (\d+)", text, re.M) or [("0", "0")]
        what = "s of the processor" if HAS_PROC else "s by the clock (no /proc here)"
        (first, first_features), (last, last_features) = coverage[0], coverage[-1]
        return (f"fuzz {self.target}: runs {runs}, {self.spent():.0f} {what}, "
                f"coverage {first} -> {last}, features {first_features} -> {last_features}")

    def tail(self) -> list[str]:
        text = self.log.read_text(errors="replace").splitlines()
        at = [index for index, line in enumerate(text) if re.search(r"panicked at|ERROR: libFuzzer|SUMMARY", line)]
        lines = sorted({index for start in at for index in (start, start + 1) if index < len(text)})
        return [text[index] for index in lines][-6:] or text[-6:]


def processor_time(process: int) -> float:
    """Seconds of user and system time of a process that has not been waited for; its threads count."""
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as stat:
        # The name may hold blanks and parentheses; what follows the last one is the third field.
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> int:
    programs, seconds, at_once, targets = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    waiting, running, passed, failed = list(targets), [], 0, 0
    # So that ending this program ends its targets.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(Run(programs, waiting.pop(0), seconds))
            time.sleep(0.1)
            for run in [run for run in running if run.is_over()]:
                running.remove(run)
                print(run.report(), flush=True)
                if run.why:
                    failed += 1
                    print(f"FAIL fuzz {run.target}: {run.why}; see {run.log} and {run.findings}")
                    print("\n".join(f"     {line}" for line in run.tail()), flush=True)
                else:
                    passed += 1
    finally:
        for run in running:
            run.stop()
    print(f"fuzz: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
