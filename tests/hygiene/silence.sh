#!/bin/sh
# The library writes only to what its caller hands it, and never ends the program. Run from the repository's root.
found=$(find include -name '*.hpp' -o -name '*.inl' | sort | xargs awk '
  { code = $0; sub(/\/\/.*/, "", code) }
  code ~ /std::(cout|cerr|clog|wcout|wcerr|terminate)/ ||
  code ~ /#include <iostream>/ ||
  code ~ /(^|[^_[:alnum:]])((f|v|vf)?printf|f?puts|f?putc|putchar|perror|exit|_exit|_Exit|quick_exit|abort|assert)\(/ {
    printf "%s:%d: %s\n", FILENAME, FNR, $0
  }')
[ -z "$found" ] && exit 0
printf 'output, or an end of the program, in a header:\n%s\n' "$found"
exit 1
