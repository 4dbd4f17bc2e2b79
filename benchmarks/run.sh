#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the benchmarks in release mode and runs the one that --op names (conv2d unless given) with all arguments:
#
#     benchmarks/run.sh --op conv2d --shape 2x256x256x64-64 --pass forward --isa avx512 --algorithm direct
set -eu
cd "$(dirname "$0")/.."
op=conv2d
previous=
for argument in "$@"; do
  [ "$previous" = --op ] && op=$argument
  previous=$argument
done
[ -f "benchmarks/$op.cpp" ] || { echo "benchmarks/run.sh: there is no benchmarks/$op.cpp" >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset release >"$log" 2>&1 && cmake --build --preset release --target "$op" >>"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
program=$(find build/release -type f -name "$op" -perm -u+x | head -n 1)
"$program" "$@"
