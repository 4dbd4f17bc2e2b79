#!/bin/sh
# rejected.sh SOURCE COMPILER…: fails unless the source compiles with -DCORRECT and does not compile without.
source=$1
shift
if ! "$@" -fsyntax-only -DCORRECT "$source"; then
  echo "$source: does not compile even with -DCORRECT"
  exit 1
fi
if "$@" -fsyntax-only "$source" 2>/dev/null; then
  echo "$source: compiles, and must not"
  exit 1
fi
