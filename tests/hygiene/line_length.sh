#!/bin/sh
# No line of a source is longer than 120 characters. Run from the repository's root.
find include tests examples benchmarks cuda -name '*.?pp' -o -name '*.inl' -o -name '*.cuh' | sort | LC_ALL=C xargs awk '
  {
    text = $0
    gsub(/[\200-\277]/, "", text)  # in UTF-8, each character has one byte that is none of these
    if (length(text) > 120) { printf "%s:%d: %d characters\n", FILENAME, FNR, length(text); bad = 1 }
  }
  END { exit bad }'
