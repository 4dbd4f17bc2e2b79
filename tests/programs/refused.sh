# refused EXPECTED COMMAND…: runs the command, which must end with status 1 and one line on the standard error that
# holds EXPECTED; else tells what came and sets status=1. Counts the calls in `cases`. To be read by a script with `.`.
cases=0
refused() {
  expected=$1
  shift
  cases=$((cases + 1))
  "$@" > out.txt 2> err.txt
  code=$?
  if [ $code -ne 1 ] || [ "$(wc -l < err.txt)" -ne 1 ] || ! grep -qF -- "$expected" err.txt; then
    printf 'expected "%s" and status 1; status %d, and:\n' "$expected" $code
    cat err.txt
    status=1
  fi
}
