#!/usr/bin/env bash
# again.sh: make_vectors.py writes the committed vectors. Exit code 77, saying so, without Python 3.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v python3 >/dev/null; then
  echo 'vectors: skipped, python3 is not installed'
  exit 77
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python3 -B make_vectors.py "$fresh"
for file in tables.txt sums.txt ties.txt codes.txt; do
  cmp "$file" "$fresh/$file"
done
