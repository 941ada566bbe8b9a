#!/usr/bin/env python3
"""Checks what we depend on: licences, sources and banned crates against deny.toml, and the floors of ARCHITECTURE.md.

cargo-deny reads the same deny.toml and checks more (advisories); this needs nothing but Python and cargo,
so that it runs on every machine. Exit code 1 when something is wrong, each fault on its own line.
"""

import json
import re
import subprocess
import sys
import tomllib

# A crate may use crates on lower floors, never the other way, never sideways.
FLOORS = {
    "wire": 0, "split-key": 0, "pki": 0, "token": 0,
    "container": 1, "domain": 1,
    "store": 2, "client": 2, "phone": 2, "pkcs11": 2,
    "server": 3, "bank": 3,
    "cli": 4,
}
# Beyond the floor rule: a relying party's library must not know the service's rules, and so on.
FORBIDDEN = {("client", "domain"), ("client", "store"), ("phone", "domain"),
             ("bank", "domain"), ("bank", "store"), ("bank", "phone")}
# Floors 0 and 1 are pure: no runtime, no sockets, no clock of their own, no global randomness.
IMPURE = {"tokio", "async-std", "hyper", "reqwest", "axum", "socket2", "rusqlite", "getrandom", "rand"}


def allowed(expression: str, allow: set[str]) -> bool:
    """Whether an SPDX expression can be satisfied by the allowed licences (OR: any side, AND: every side)."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def either() -> bool:
        nonlocal position
        value = both()
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            value = both() or value
        return value

    def both() -> bool:
        nonlocal position
        value = single()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            value = single() and value
        return value

    def single() -> bool:
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            value = either()
            position += 1
            return value
        if position < len(tokens) and tokens[position] == "WITH":
            token = f"{token} WITH {tokens[position + 1]}"
            position += 2
        return token in allow

    return either()


def main() -> int:
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    allow = set(rules["licenses"]["allow"])
    banned = {entry["name"] for entry in rules["bans"]["deny"]}
    metadata = json.loads(subprocess.check_output(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]))
    packages = {package["id"]: package for package in metadata["packages"]}
    ours = {package["name"].removeprefix("countersign-"): package
            for package in packages.values() if package["name"].startswith("countersign-")}
    faults = []

    # What is linked in: everything reached from our crates by normal and build dependencies.
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    linked, queue = set(), [package["id"] for package in ours.values()]
    while queue:
        identifier = queue.pop()
        if identifier in linked:
            continue
        linked.add(identifier)
        for dependency in nodes[identifier]["deps"]:
            if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
                queue.append(dependency["pkg"])
    for identifier in sorted(linked):
        package = packages[identifier]
        name = f'{package["name"]} {package["version"]}'
        if not package["license"] or not allowed(package["license"], allow):
            faults.append(f'licence: {name} is under {package["license"]!r}, which deny.toml does not allow')
        if package["name"] in banned:
            faults.append(f"banned: {name} is denied by deny.toml")
        if package["source"] and not package["source"].startswith("registry+"):
            faults.append(f'source: {name} comes from {package["source"]}')

    for name, package in ours.items():
        floor = FLOORS.get(name)
        for dependency in package["dependencies"]:
            if dependency["kind"] == "dev":
                continue
            lower = dependency["name"].removeprefix("countersign-")
            if dependency["name"].startswith("countersign-") and floor is not None:
                if lower == "testkit" or FLOORS[lower] >= floor or (name, lower) in FORBIDDEN:
                    faults.append(f"floors: {name} (floor {floor}) may not use {lower}")
            elif floor is not None and floor <= 1 and dependency["name"] in IMPURE:
                faults.append(f'floors: {name} is on floor {floor} and may not use {dependency["name"]}')
    for fault in faults:
        print(fault)
    print(f"dependencies: {len(linked)} crates linked in, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
