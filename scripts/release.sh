#!/bin/sh
# What a release consists of, into dist/: the wheel, the bill of materials, their checksums, and the image where there
# is a container engine. The version is pyproject.toml's alone; tests hold the other files to it.
set -eu
cd "$(dirname "$0")/.."
PY=${PY:-.venv/bin/python}
VERSION=$("$PY" -c 'import config; print(config.version())')

mkdir -p dist
rm -f dist/*
WHEEL=$("$PY" scripts/wheel.py dist)
"$PY" scripts/sbom.py "dist/quotewright-$VERSION.cdx.json"
(cd dist && sha256sum quotewright-* >SHA256SUMS)
echo "Wheel:  $WHEEL   (pipx run --spec $WHEEL quotewright)"
echo "Bill:   dist/quotewright-$VERSION.cdx.json"

grep -q "^## $VERSION\b" CHANGELOG.md || echo "CHANGELOG.md has no heading for $VERSION yet: give it one, and what is unreleased belongs below it."
for engine in podman docker; do
    if "$engine" info >/dev/null 2>&1; then
        "$engine" build --tag "quotewright:$VERSION" --file Containerfile .
        echo "Image:  quotewright:$VERSION   ($engine push …)"
        exit 0
    fi
done
echo "Image:  none, since no podman or docker runs here. Elsewhere: podman build -t quotewright:$VERSION -f Containerfile ."
