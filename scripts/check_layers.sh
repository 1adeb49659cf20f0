#!/usr/bin/env bash
# Every #include "bitwright/<layer>/..." must be allowed by LAYERS (a layer may include what its right-hand side may).
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"
# shellcheck disable=SC2046
awk '
  FNR == NR {
    if ($0 ~ /^[a-z]+:/) {
      layer = $1; sub(":", "", layer); known[layer] = 1; may[layer, layer] = 1
      for (i = 2; i <= NF; ++i) if ($i != "-") {
        if (!($i in known)) { print "LAYERS: " layer " uses " $i ", which no line above it names"; bad = 1 }
        for (below in known) if ((($i SUBSEP below) in may)) may[layer, below] = 1
      }
    }
    next
  }
  /^#include "bitwright\// {
    split(FILENAME, from, "/"); split($2, to, "/")
    if (!((from[2] SUBSEP to[2]) in may)) {
      print FILENAME ":" FNR ": layer " from[2] " may not include layer " to[2] " (see LAYERS)"; bad = 1
    }
  }
  END { exit bad }
' LAYERS $(find bitwright -name '*.h' -o -name '*.cc' | sort)
