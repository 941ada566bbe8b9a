#!/usr/bin/env bash
# See crash.py.
exec python3 "$(dirname "$0")/crash.py" "$1" 10
