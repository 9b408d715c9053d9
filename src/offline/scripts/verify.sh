#!/bin/sh
# Compares every file of the bundle with SHA256SUMS; the sum of SHA256SUMS itself came with the release.
set -eu
cd "$(dirname "$0")"
if command -v sha256sum >/dev/null; then sum="sha256sum"
elif command -v shasum >/dev/null; then sum="shasum -a 256"
else echo "verify: neither sha256sum nor shasum is here" >&2; exit 2; fi
# What is well is not worth a line.
if bad=$($sum -c SHA256SUMS 2>&1); then
  echo "$(wc -l <SHA256SUMS | tr -d ' ') files of version $(cat VERSION) are whole"
else
  echo "$bad" | grep -v ': OK$' >&2
  echo "verify: the files named above are not those of the release: fetch the bundle again" >&2
  exit 1
fi
