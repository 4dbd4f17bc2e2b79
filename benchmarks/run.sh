#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the benchmark that --op names (conv2d unless given) in release mode, and runs it with
# all arguments. Ops without a benchmark of their own are those of memory_ops:
#
#     benchmarks/run.sh --op conv2d --shape 2x256x256x64-64 --pass forward --isa avx512 --algorithm winograd
#     benchmarks/run.sh --op relu --op batch_norm2d --shape 8x256x256x64 --type bf16
set -eu
cd "$(dirname "$0")/.."
op=conv2d
previous=
for argument in "$@"; do
  case $argument in --op=*) op=${argument#--op=} ;; esac
  [ "$previous" = --op ] && op=$argument
  previous=$argument
done
[ -f "benchmarks/$op.cpp" ] || grep -qsF "{\"$op\"," benchmarks/memory_ops.cpp ||
  { echo "benchmarks/run.sh: there is no benchmarks/$op.cpp, and memory_ops.cpp has no $op" >&2; exit 1; }
[ -f "benchmarks/$op.cpp" ] || op=memory_ops

sh cmake/install_packages.sh build >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Without the tests, which need further packages. The preset turns them on again, whatever is left in the cache.
if ! { cmake --preset release -DLAMINA_BUILD_TESTS=OFF &&
       cmake --build --preset release --target "$op"; } > "$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
"build/release/benchmarks/$op" "$@"
