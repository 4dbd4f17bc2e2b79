#!/bin/sh
# lamina.hpp includes every header of its target, sorted, but for simd's, which the ops include. Run from the
# repository's root.
LC_ALL=C
export LC_ALL
cd include || exit 1
expected=$(ls lamina/core/*.hpp lamina/graph/*.hpp lamina/layers/*.hpp lamina/metrics/*.hpp lamina/models/*.hpp lamina/ops/*.hpp)
actual=$(sed -n 's/^#include <\(.*\)>$/\1/p' lamina/lamina.hpp)
[ "$actual" = "$expected" ] && exit 0
echo "lamina.hpp and the folders differ; missing or out of place in it:"
echo "$expected" | while read -r header; do
  grep -q "^#include <$header>$" lamina/lamina.hpp || echo "  $header"
done
exit 1
