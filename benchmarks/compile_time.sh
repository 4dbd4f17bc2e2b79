#!/bin/bash
# benchmarks/compile_time.sh [SOURCE…]: how long `g++ -std=c++20 -O2` takes for a program that trains a UNet; by default
# the first program of the README. CXX names another compiler. The limit is on processor time, which on an idle machine
# is the time that one waits.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

if [ $# -eq 0 ]; then
  awk '/^```cpp/ { inside = 1; next } inside && /^```/ { exit } inside' README.md > "$work/first.cpp"
  set -- "$work/first.cpp"
fi

TIMEFORMAT='%R %U %S'
status=0
for source; do
  { time ${CXX:-g++} -std=c++20 -O2 -I include -isystem /usr/include/eigen3 -c "$source" -o "$work/object"; } \
    2> "$work/log" || { cat "$work/log"; exit 1; }
  tail -n 1 "$work/log" | awk -v name="$(basename "$source")" '
    { printf "%s: %.1f s, limit 15 s (%.1f s on the clock)\n", name, $2 + $3, $1; exit $2 + $3 > 15 }' || status=1
done
exit $status
