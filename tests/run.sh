#!/bin/sh
# tests/run.sh [--full]: builds and runs the tests, after installing what is missing. See --help.
set -u
cd "$(dirname "$0")/.." || exit 1

usage() {
  cat << 'END'
usage: tests/run.sh [--full]

Installs the Debian packages that are missing (as root, or through sudo), builds into build/<preset>, runs every test
and closes with the line "N passed, N failed, N skipped". A case that runs in two builds counts twice.

  (default)  dev     all tests, the rules about headers, examples and benchmarks compiled
             asan    tests of core/, formats/, graph/, image/, metrics/, ops/ and simd/ under the address
                     and undefined-behaviour sanitizers
  --full     and     all tests there, the cases too slow for every day, clang, the thread sanitizer, AArch64 under qemu,
                     and each fuzzer for FUZZ_RUNS inputs (default 1000000); one that FUZZ_SECONDS (default 600) stop
                     before counts as skipped, with the number of inputs that it took

Tests of the real images look for LAMINA_SHARED_DATA, else ../shared/data; without it they are skipped, aloud.
END
}

full=no
for argument; do
  case $argument in
    --full) full=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done

jobs=$(nproc)
passed=0 failed=0 skipped=0
now() { date +%s; }
say() { printf '\n== %s\n' "$*"; }
finish() {
  printf '\n%d passed, %d failed, %d skipped\n' $passed $failed $skipped
  [ $failed -eq 0 ] && [ $passed -gt 0 ]
  exit
}

# build PRESET [cmake option…]: configures and compiles, going on after an error so that what compiles is still tested.
build() {
  preset=$1
  shift
  say "$preset: build"
  begin=$(now)
  log=build/$preset/build.log
  mkdir -p "build/$preset"
  if cmake --preset "$preset" "$@" > "$log" 2>&1 &&
    cmake --build --preset "$preset" -j "$jobs" -- -k 0 >> "$log" 2>&1; then
    echo "built in $(($(now) - begin)) s, $(grep -c 'warning:' "$log") warnings"
  else
    grep -E -A 4 'error|FAILED' "$log" | head -n 60
    echo "the build failed; the whole of its output is in $log"
    failed=$((failed + 1))
  fi
}

# count: adds what the last run of ctest in build/PRESET says to the totals.
count() {
  counts=build/$1/counts
  awk -f tests/count.awk "build/$1/ctest.log" "build/$1/Testing/Temporary/LastTest.log" > "$counts"
  sed '$d' "$counts"
  read -r p f s << END
$(tail -n 1 "$counts")
END
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# run_tests PRESET [ctest option…]: prints each suite's name and time.
run_tests() {
  preset=$1
  shift
  say "$preset: tests"
  ctest --preset "$preset" -j "$jobs" "$@" 2>&1 | tee "build/$preset/ctest.log"
  count "$preset"
}

begin_all=$(now)
say "packages"
if [ $full = yes ]; then group=full; else group=tests; fi
sh cmake/install_packages.sh $group || { echo "packages could not be installed"; failed=1; finish; }
shared=${LAMINA_SHARED_DATA:-../shared/data}
[ -d "$shared" ] || echo "no $shared: tests of real images will be skipped"
find cuda -name '*.cuh' 2> /dev/null | grep -q . || echo "CUDA: no kernel yet, nothing to compile"

slow=OFF sanitized="core;formats;graph;image;metrics;ops;simd"
[ $full = yes ] && slow=ON sanitized=
build dev -DLAMINA_RUN_SLOW_TESTS=$slow
run_tests dev
build asan "-DLAMINA_TEST_FOLDERS=$sanitized"
run_tests asan
[ $full = yes ] || echo "not built under sanitizers: augment/, data/, models/, predict/, train/ (--full does)"

if [ $full = yes ]; then
  build clang
  run_tests clang
  build tsan
  run_tests tsan
  say "aarch64: libraries"
  sh cmake/aarch64_libraries.sh
  build aarch64
  run_tests aarch64
  echo "not run on AArch64: hygiene/, embed/, programs/"
  build fuzz
  for fuzzer in build/fuzz/tests/fuzz/*_fuzz; do
    [ -x "$fuzzer" ] || continue
    say "fuzz: $(basename "$fuzzer")"
    corpus=tests/fuzz/corpus/$(basename "$fuzzer" _fuzz)
    work=build/fuzz/corpus/$(basename "$fuzzer" _fuzz)
    mkdir -p "$work"
    [ -d "$corpus" ] || corpus=
    dictionary=tests/fuzz/$(basename "$fuzzer" _fuzz).dict
    if [ -f "$dictionary" ]; then dictionary=-dict=$dictionary; else dictionary=; fi
    # What a fuzzer would turn away as too long is not made in the first place, so that all that counts was read.
    longest=$(sed -n 's/.*if (size > \([0-9]*\)) return -1;.*/-max_len=\1/p' "tests/fuzz/$(basename "$fuzzer").cpp")
    runs=${FUZZ_RUNS:-1000000}
    if ! "$fuzzer" -runs="$runs" -max_total_time="${FUZZ_SECONDS:-600}" -rss_limit_mb=4096 $longest $dictionary \
      -artifact_prefix="$work/" "$work" $corpus > "$work.log" 2>&1; then
      tail -n 30 "$work.log"
      failed=$((failed + 1))
      continue
    fi
    ran=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$work.log")
    if [ "${ran:-0}" -ge "$runs" ]; then
      echo "$ran inputs, no finding"
      passed=$((passed + 1))
    else
      echo "skipped: only ${ran:-0} of $runs inputs in ${FUZZ_SECONDS:-600} s, no finding in these"
      skipped=$((skipped + 1))
    fi
  done
fi

echo
echo "whole run: $(($(now) - begin_all)) s on $jobs cores"
finish
