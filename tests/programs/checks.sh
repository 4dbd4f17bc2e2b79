# What the scripts beside this one share. To be read by a script with `.`.
status=0
# complain TEXT…: a check failed.
complain() {
  echo "$*"
  status=1
}
# says COMMAND…: runs it, which must succeed; its output goes into said.txt.
says() {
  "$@" > said.txt 2> err.txt || { complain "failed: $*"; cat err.txt; }
}
# refused EXPECTED COMMAND…: runs the command, which must end with status 1 and one line on the standard error that
# holds EXPECTED; else tells what came. Counts the calls in `cases`; err.txt holds what was said.
cases=0
refused() {
  expected=$1
  shift
  cases=$((cases + 1))
  "$@" > out.txt 2> err.txt
  code=$?
  if [ $code -ne 1 ] || [ "$(wc -l < err.txt)" -ne 1 ] || ! grep -qF -- "$expected" err.txt; then
    complain "expected \"$expected\" and status 1; status $code, and:"
    cat err.txt
  fi
}
