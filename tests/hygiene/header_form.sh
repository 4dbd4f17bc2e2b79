#!/bin/sh
# A header's first line names the target that it belongs to and the licence; `#pragma once` follows; kernel bodies
# include nothing; other sources carry the licence. No file has over 400 lines. Run from the repository's root.
status=0
complain() {
  echo "$1"
  status=1
}

for file in $(find include -name '*.hpp' | sort); do
  folder=${file#include/lamina/}
  case $folder in
    core/* | simd/* | kernels/* | ops/* | graph/* | layers/* | models/* | metrics/* | lamina.hpp) target=lamina ;;
    formats/safetensors.hpp) target=safetensors ;;
    image/*) target=image ;;
    *) target=${folder%%/*} ;;
  esac
  line="// lamina::$target · SPDX-License-Identifier: Apache-2.0"
  [ "$(head -n 1 "$file")" = "$line" ] || complain "$file: the first line is not '$line'"
  grep -q '^#pragma once$' "$file" || [ "${folder#simd/foreach_}" != "$folder" ] || complain "$file: no #pragma once"
done
for file in $(find include -name '*.inl' | sort); do
  ! grep -Eq '^ *#(include|if|define)' "$file" || complain "$file: a kernel body holds no #include, #if, #define"
done
for file in $(find tests examples benchmarks -name '*.cpp' -o -name '*.hpp' | sort); do
  head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "$file: no SPDX line in the first three"
done
for file in $(find include examples benchmarks tests cmake -name '*.?pp' -o -name '*.inl' -o -name '*.sh' -o \
  -name '*.cmake' | sort); do
  lines=$(wc -l < "$file")
  [ "$lines" -le 400 ] || complain "$file has $lines lines, and 400 is the limit"
done
exit $status
