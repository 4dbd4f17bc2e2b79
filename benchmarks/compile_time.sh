#!/bin/sh
# benchmarks/compile_time.sh [SOURCE…]: how long `g++ -std=c++20 -O2` takes for a program that trains a UNet; by default
# the first program of the README. CXX names another compiler.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

if [ $# -eq 0 ]; then
  awk '/^```cpp/ { inside = 1; next } inside && /^```/ { exit } inside' README.md > "$work/first.cpp"
  set -- "$work/first.cpp"
fi

status=0
for source; do
  begin=$(date +%s.%N)
  ${CXX:-g++} -std=c++20 -O2 -I include -isystem /usr/include/eigen3 -c "$source" -o "$work/object"
  echo "$begin $(date +%s.%N)" | awk -v name="$(basename "$source")" '
    { printf "%s: %.1f s, limit 15 s\n", name, $2 - $1; exit $2 - $1 > 15 }' || status=1
done
exit $status
