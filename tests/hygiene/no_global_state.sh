#!/bin/sh
# no_global_state.sh COMPILER_ID COMPILER…: compiles the whole of lamina::lamina and looks for constructors that run
# before main, and for variables in its namespace that can change.
id=$1
shift
if [ "$id" != GNU ]; then
  echo "skipped: only g++ has -fkeep-inline-functions"
  exit 77
fi
object=$(mktemp) && trap 'rm -f "$object"' EXIT
compile() { echo '#include <lamina/lamina.hpp>' | "$compiler" "$@" -x c++ -c -o "$object" -; }
compiler=$1
shift

compile "$@" -O1 || exit 1  # at -O0 Eigen's empty constants have constructors, too
constructors=$(nm "$object" | grep _GLOBAL__sub_I)
compile "$@" -O0 -fkeep-inline-functions || exit 1  # else what only an unused function holds would not show
variables=$(objdump -tC "$object" | grep -E ' \.(data|bss)[^ ]*\s+[0-9a-f]+ +lamina::' | grep -v '\.data\.rel\.ro')

[ -z "$constructors" ] || printf 'constructors that run before main:\n%s\n' "$constructors"
[ -z "$variables" ] || printf 'variables of the library that can change:\n%s\n' "$variables"
[ -z "$constructors$variables" ]
