#!/bin/sh
# lamina.hpp includes every header of its target, sorted, but for simd's, which the ops include.
# `tests/hygiene/umbrella.sh --write` puts it right. Run from the repository's root.
cd include || exit 1
LC_ALL=C
export LC_ALL

umbrella() {
  sed '/^#include/,$d' lamina/lamina.hpp
  for folder in core graph layers metrics models ops; do
    ls lamina/$folder/*.hpp | sed 's/.*/#include <&>/'
  done
}
if [ "${1:-}" = --write ]; then
  umbrella > lamina.tmp && mv lamina.tmp lamina/lamina.hpp
else
  umbrella | diff lamina/lamina.hpp - || { echo "lamina.hpp and the folders differ"; exit 1; }
fi
