#!/bin/sh
# Install what the tests need and no wheel brings, from Debian's or Ubuntu's packages: PostgreSQL, Chromium, and the one
# library that the browser's driver lacks on a bare machine. Nothing is installed when all are there, or when
# TEST_POSTGRES_URL and CHROMIUM name others.
set -eu

cd "$(dirname "$0")/.."
missing=""
browser=""
have() { command -v "$1" >/dev/null 2>&1; }

if [ -z "${TEST_POSTGRES_URL:-}" ] && ! have initdb && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    missing="$missing postgresql"
fi
if [ -z "${CHROMIUM:-}" ] && ! have chromium-headless-shell && ! have chromium && ! have chromium-browser \
    && ! have google-chrome; then
    # Chromium without its windows: a third less work in each test of a page. Ubuntu and older Debians have no such package.
    browser=" chromium-headless-shell"
fi
# The driver is a Node.js of its own, in a wheel; Chromium's package brings the rest of what it is linked with.
for node in .venv/lib/python*/site-packages/playwright/driver/node; do
    if [ -x "$node" ] && "$node" --version 2>&1 | grep -q "libatomic\.so\.1"; then
        missing="$missing libatomic1"
    fi
done
[ -n "$missing$browser" ] || exit 0

# sudo may ask for its password when there is somebody to answer.
may_sudo() { have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ] && sudo -v; }; }; }

if ! have apt-get; then
    as=""
elif [ "$(id -u)" = 0 ]; then
    as="env"
elif may_sudo; then
    as="sudo"
else
    as=""
fi
if [ -z "$as" ]; then
    echo "Missing for the tests:$missing$browser. Install them (or set TEST_POSTGRES_URL and CHROMIUM); without them the tests" \
        "use a PostgreSQL from a wheel, and those that need a browser are skipped." >&2
    exit 0
fi

echo "Installing$missing$browser …" >&2
log=$(mktemp)
install() { $as DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing$browser >"$log" 2>&1; }
other_browser() { [ -n "$browser" ] && browser=" chromium" && install; }
# A fresh machine has no package list yet, an old one may have an outdated list.
if ! install && ! { $as apt-get update -qq >"$log" 2>&1 && install; } && ! other_browser; then
    tail -n 20 "$log" >&2
    echo "The packages$missing$browser could not be installed; the lines above say why." >&2
    exit 1
fi
rm -f "$log"
