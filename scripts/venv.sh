#!/bin/sh
# Make .venv from a locked requirements file: scripts/venv.sh runtime|dev
#
# uv (itself pinned by hash) installs the lock in a few seconds; where uv has no wheel or cannot reach the
# package index the way pip is configured to, pip installs the very same lock. Byte code is made here, once: every
# program of the product then starts in half the time.
set -eu

SET=${1:?usage: scripts/venv.sh runtime|dev}
cd "$(dirname "$0")/.."
VENV=.venv
LOCK=requirements/$SET.txt

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    say "Quotewright needs Python 3.11 or newer, and none was found. Install one, or name it: make run PYTHON=/path/to/python3"
    return 1
}

make_venv() {
    python=$(find_python)
    if "$python" -m venv --clear "$VENV" >/dev/null 2>&1; then
        return 0
    fi
    # Debian's python3 without python3-venv: the module is there, its copy of pip is not.
    if "$python" -m venv --clear --without-pip "$VENV" >/dev/null 2>&1 &&
        "$python" -m pip --python "$VENV/bin/python" install -q --require-hashes -r requirements/uv.txt; then
        return 0
    fi
    rm -rf "$VENV"
    say "$python can't make a virtual environment. On Debian or Ubuntu: apt install python3-venv. Then run make again."
    return 1
}

# The runtime environment has no pip once it is installed; a newer lock for uv needs it again.
pip() {
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >/dev/null 2>&1 || true
    if "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
        "$VENV/bin/python" -m pip "$@"
    else
        "$(find_python)" -m pip --python "$VENV/bin/python" "$@"
    fi
}

# They were needed to install; what is not there can't be out of date.
remove_installers() {
    "$VENV/bin/python" -m pip uninstall -q -y --disable-pip-version-check setuptools pip >/dev/null 2>&1 || true
}

install_lock() {
    if [ ! -x "$VENV/bin/uv" ] || ! "$VENV/bin/uv" --version | grep -q "^$(sed -n 's/^uv==\([0-9.]*\).*/uv \1/p' requirements/uv.txt)"; then
        pip install -q --disable-pip-version-check --require-hashes \
            -r requirements/uv.txt 2>/dev/null || true
    fi
    if [ -x "$VENV/bin/uv" ] &&
        "$VENV/bin/uv" pip install -q --python "$VENV/bin/python" --compile-bytecode --require-hashes -r "$LOCK"; then
        return 0
    fi
    say "uv could not install $LOCK; trying pip."
    pip install -q --disable-pip-version-check --progress-bar off --require-hashes -r "$LOCK"
}

if ! new_enough "$VENV/bin/python"; then
    say "Making the virtual environment in $VENV …"
    make_venv
fi
say "Installing $LOCK …"
if ! install_lock; then
    say "The packages in $LOCK could not be installed; the lines above say why. Nothing else was changed; run make again when it is mended."
    exit 1
fi
if [ "$SET" = runtime ]; then remove_installers; fi
: >"$VENV/$SET.stamp"
if [ "$SET" = dev ]; then : >"$VENV/runtime.stamp"; fi
