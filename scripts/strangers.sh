#!/bin/sh
# Install the clients of strangers that the sandbox is tried with: py-autotask into .venv-strangers, and, where there
# is Node, @apigrate/autotask-restapi beside its story. Both from locks with hashes.
set -eu

cd "$(dirname "$0")/.."
LOCK=requirements/strangers.txt
VENV=.venv-strangers
NODE=tests/strangers/apigrate

say() { printf '%s\n' "$*" >&2; }

if ! cmp -s "$LOCK" "$VENV/installed.txt"; then
    say "Installing $LOCK …"
    .venv/bin/uv venv -q --clear --python .venv/bin/python "$VENV"
    .venv/bin/uv pip install -q --python "$VENV/bin/python" --require-hashes -r "$LOCK"
    cp "$LOCK" "$VENV/installed.txt"
fi

if ! command -v npm >/dev/null 2>&1; then
    say "npm is not on this machine: @apigrate/autotask-restapi will be skipped."
elif ! cmp -s "$NODE/package-lock.json" "$NODE/node_modules/installed.json"; then
    say "Installing $NODE/package-lock.json …"
    (cd "$NODE" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    cp "$NODE/package-lock.json" "$NODE/node_modules/installed.json"
fi
