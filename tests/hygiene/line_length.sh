#!/bin/sh
# No line of a source, a script or a part of the build is longer than 120 characters. Run from the repository's root.
find CMakeLists.txt cmake cuda include tests examples benchmarks -type f \( -name '*.?pp' -o -name '*.inl' \
  -o -name '*.cuh' -o -name '*.sh' -o -name '*.awk' -o -name '*.cmake' -o -name '*.cmake.in' \
  -o -name 'CMakeLists.txt' \) | sort | LC_ALL=C xargs awk '
  {
    text = $0
    gsub(/[\200-\277]/, "", text)  # in UTF-8, each character has one byte that is none of these
    if (length(text) > 120) { printf "%s:%d: %d characters\n", FILENAME, FNR, length(text); bad = 1 }
  }
  END { exit bad }'
