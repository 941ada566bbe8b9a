#!/usr/bin/env python3
"""Kills the service with SIGKILL in the middle of 200 concurrent sessions, ten times, and checks what it said before.

After each restart: every session that was reported COMPLETE is still there, byte for byte the same; no try counter
went back; every account can be used again; time-stamps have serial numbers beyond all before. Uses nothing but Python's standard library and the built binary.

    ci/crash.py target/debug/countersign [rounds]
"""

import base64
import concurrent.futures
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

SESSIONS = 200
RP = {"relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO"}
INTERACTIONS = base64.b64encode(
    b'[{"type":"displayTextAndPIN","displayText60":"Crash test"}]').decode()
WRONG_PIN_PERSON = "PNOLT-30303039914-MOCK-Q"


class Service:
    def __init__(self, binary: str, data: str):
        self.process = subprocess.Popen(
            [binary, "dev", "--listen", "127.0.0.1:0", "--data", data],
            stdout=subprocess.PIPE, stderr=open(os.path.join(data, "log"), "a", encoding="utf-8"), text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        else:
            raise SystemExit("the service did not print its address")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def call(self, method: str, path: str, body=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Content-Type": "application/json"} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def authentication(document: str):
    return f"/v3/authentication/notification/document/{document}", {
        **RP, "signatureProtocol": "ACSP_V2",
        "signatureProtocolParameters": {
            "rpChallenge": base64.b64encode(os.urandom(64)).decode(), "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": {"hashAlgorithm": "SHA-512"}},
        "interactions": INTERACTIONS, "vcType": "numeric4"}


def signature(document: str):
    return f"/v3/signature/notification/document/{document}", {
        **RP, "signatureProtocol": "RAW_DIGEST_SIGNATURE",
        "signatureProtocolParameters": {
            "digest": base64.b64encode(os.urandom(64)).decode(), "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": {"hashAlgorithm": "SHA-512"}},
        "interactions": INTERACTIONS}


def tries(service: Service, document: str):
    status, body = service.call("GET", f"/control/v1/persons/{document}")
    assert status == 200, (status, body)
    return {key["use"]: (key["lockLevel"], key["triesUsed"], key["state"]) for key in json.loads(body)["keys"]}


def tries_on_disk(data: str, document: str):
    """The counters as the killed service left them. Nobody has used the account since: once it runs again, the person
    goes on with what was open, with the right PIN, which rightly sets the counters to zero."""
    with tempfile.TemporaryDirectory() as copy:
        for name in os.listdir(data):
            if name.startswith("countersign.db"):
                shutil.copy(os.path.join(data, name), copy)
        database = sqlite3.connect(os.path.join(copy, "countersign.db"))
        try:
            rows = [(json.loads(body), json.loads(counter)) for body, counter in
                    database.execute("SELECT k.body, c.body FROM keys k JOIN key_counters c ON c.key = k.id"
                                     " WHERE k.account = ?", (document,))]
        finally:
            database.close()
    return {key["usage"]: (counter["lock_level"], counter["tries_used"], counter["state"]["state"])
            for key, counter in rows}


# A time-stamp request over 32 octets with SHA-256, without nonce and certificates [RFC 3161 section 2.4.1].
TIME_STAMP_REQUEST = bytes.fromhex("3036020101" "3031300d060960864801650304020105000420") + bytes(32)
TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")


def tlv(der: bytes, at: int):
    """Tag, and where the content begins and ends."""
    length, begin = der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length, begin = int.from_bytes(der[begin:begin + octets], "big"), begin + octets
    return der[at], begin, begin + length


def time_stamp_serial(service: Service) -> int:
    """The serial number of a new time-stamp: the fourth member of its TSTInfo."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        connection.request("POST", "/tsa", TIME_STAMP_REQUEST, {"Content-Type": "application/timestamp-query"})
        answer = connection.getresponse().read()
    finally:
        connection.close()
    at = answer.index(TST_INFO) + len(TST_INFO)
    for expected in (0xA0, 0x04, 0x30):
        tag, at, _ = tlv(answer, at)
        assert tag == expected, (tag, answer.hex())
    for _ in range(3):
        at = tlv(answer, at)[2]
    tag, begin, end = tlv(answer, at)
    assert tag == 0x02, answer.hex()
    return int.from_bytes(answer[begin:end], "big")


def run_session(service: Service, document: str, number: int, told: dict, lock: threading.Lock):
    """Starts one session and polls it; what was told COMPLETE is remembered. Errors mean the service is gone."""
    try:
        path, body = (authentication if number % 3 else signature)(document)
        status, answer = service.call("POST", path, body)
        if status != 200:
            return
        identifier = json.loads(answer)["sessionID"]
        while True:
            status, answer = service.call("GET", f"/v3/session/{identifier}?timeoutMs=1000")
            if status != 200:
                return
            if json.loads(answer)["state"] == "COMPLETE":
                with lock:
                    told[identifier] = answer
                return
    except (OSError, http.client.HTTPException):
        return


def main() -> int:
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10
    chance = random.Random(20261122)
    data = tempfile.mkdtemp(prefix="countersign-crash-")
    faults, complete, passed, serials = [], 0, 0, []
    try:
        service = Service(binary, data)
        persons = [p["documentNumber"] for p in json.loads(service.call("GET", "/control/v1/persons")[1])
                   if p["outcome"] == "OK" and p["documentNumber"].endswith("-Q")
                   and p["documentNumber"] != WRONG_PIN_PERSON]
        for turn in range(rounds):
            before_faults = len(faults)
            status, body = service.call("POST", "/control/v1/outcomes",
                                        {"documentNumber": WRONG_PIN_PERSON, "outcome": "WRONG_PIN"})
            assert status == 200, (status, body)
            before = tries(service, WRONG_PIN_PERSON)
            told, lock = {}, threading.Lock()
            with concurrent.futures.ThreadPoolExecutor(SESSIONS + 1) as pool:
                for number in range(SESSIONS):
                    document = WRONG_PIN_PERSON if number % 50 == 7 else persons[number % len(persons)]
                    pool.submit(run_session, service, document, number, told, lock)
                # Wait for some to be told, then strike at a random moment while the others work.
                limit = time.monotonic() + 30
                aim = chance.randint(1, SESSIONS // 2)
                while len(told) < aim and time.monotonic() < limit:
                    time.sleep(0.005)
                try:
                    middle = tries(service, WRONG_PIN_PERSON)
                except OSError:
                    middle = before
                serials += [time_stamp_serial(service) for _ in range(3)]
                time.sleep(chance.random() * 0.2)
                service.kill()
            after = tries_on_disk(data, WRONG_PIN_PERSON)
            for use, seen in middle.items():
                if after[use][:2] < seen[:2]:
                    faults.append(f"round {turn}: the {use} counter went back from {seen} to {after[use]}")
            service = Service(binary, data)
            serial = time_stamp_serial(service)
            if serial <= max(serials) or len(set(serials)) != len(serials):
                faults.append(f"round {turn}: time-stamp serials do not go on: {serial} after {max(serials)}")
            serials.append(serial)
            for identifier, answer in told.items():
                status, again = service.call("GET", f"/v3/session/{identifier}")
                if status != 200 or again != answer:
                    faults.append(f"round {turn}: a session told COMPLETE is now {status} and {'changed' if status == 200 else 'lost'}")
            # No account is stuck: each can be used again (those that were busy first).
            def usable(document):
                path, body = authentication(document)
                status, answer = service.call("POST", path, body)
                if status != 200:
                    return f"{status}"
                identifier = json.loads(answer)["sessionID"]
                status, answer = service.call("GET", f"/v3/session/{identifier}?timeoutMs=60000", timeout=90)
                result = json.loads(answer)
                return None if result.get("result", {}).get("endResult") == "OK" else answer.decode()[:200]
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                for document, fault in zip(persons, pool.map(usable, persons)):
                    if fault:
                        faults.append(f"round {turn}: account {persons.index(document)} is stuck: {fault}; "
                                      f"keys {tries(service, document)}")
            complete += len(told)
            passed += len(faults) == before_faults
            print(f"round {turn}: killed after {len(told)} of {SESSIONS} sessions were told COMPLETE; "
                  f"tries {middle} -> {after}", flush=True)
        service.kill()
    finally:
        if faults:
            print("left behind for a look:", data)
        else:
            shutil.rmtree(data, ignore_errors=True)
    for fault in faults:
        print("FAIL", fault)
    print(f"{complete} sessions told COMPLETE before a kill, {len(faults)} faults")
    print(f"crash: {passed} passed, {rounds - passed} failed, 0 skipped")
    return 1 if faults or not complete else 0


if __name__ == "__main__":
    sys.exit(main())
