#!/bin/sh
# embed.sh find_package|train|add_subdirectory|compiler BUILD_FOLDER COMPILER: builds a program in that way and runs it:
# the first one of the README, or for `train` one with the trainer of the installed package. Run from the repository's
# root.
set -eu
way=$1 build=$2 compiler=$3
source=$PWD
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

awk '/^```cpp/ { inside = 1; next } inside && /^```/ { exit } inside' README.md > "$work/first.cpp"
[ -s "$work/first.cpp" ]

optimisation=-O1
[ "$way" != train ] || optimisation=-O0  # the trainer takes long to compile, and there is little to run

# Shows a command's output only when it fails.
quietly() { "$@" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
configure_and_build() {
  quietly cmake -S "$source/tests/embed/$way" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS=$optimisation -DFIRST_PROGRAM="$work/first.cpp" "$@"
  quietly cmake --build "$work/build"
}

case $way in
  find_package | train)
    quietly cmake --install "$build" --prefix "$work/installed"
    configure_and_build -DCMAKE_PREFIX_PATH="$work/installed"
    ;;
  add_subdirectory)
    configure_and_build -DLAMINA_SOURCE="$source"
    ;;
  compiler)
    mkdir "$work/build"
    quietly "$compiler" -std=c++20 $optimisation -I include -isystem /usr/include/eigen3 "$work/first.cpp" \
      -o "$work/build/first" -pthread
    ;;
esac
"$work/build/first"
