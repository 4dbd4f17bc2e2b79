#!/bin/sh
# embed.sh find_package|add_subdirectory|compiler BUILD_FOLDER COMPILER: builds program.cpp in that way and runs it. Run
# from the repository's root.
set -eu
way=$1 build=$2 compiler=$3
source=$PWD
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

configure_and_build() {
  cmake -S "$source/tests/embed/$way" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" "$@" > "$work/log" 2>&1 &&
    cmake --build "$work/build" >> "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

case $way in
  find_package)
    cmake --install "$build" --prefix "$work/installed" > "$work/log" || { cat "$work/log"; exit 1; }
    configure_and_build -DCMAKE_PREFIX_PATH="$work/installed"
    ;;
  add_subdirectory)
    configure_and_build -DLAMINA_SOURCE="$source"
    ;;
  compiler)
    mkdir "$work/build"
    "$compiler" -std=c++20 -I include -isystem /usr/include/eigen3 tests/embed/program.cpp -o "$work/build/program" -pthread
    ;;
esac
"$work/build/program"
