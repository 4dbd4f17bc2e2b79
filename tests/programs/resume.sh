#!/bin/sh
# resume.sh TRAIN_ISIC: a run that is killed or interrupted after step 11 and resumed ends with the same bits as one
# that was left alone, and so do runs with other numbers of threads and workers.
set -u
train=$1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
options="synthetic:40 --base 4 --depth 2 --size 32 --batch 6 --epochs 5 --steps 20 --checkpoint-every 3"

digest() { grep weights_sha256 "$1/summary.json"; }

$train $options --threads 1 --workers 1 --out whole > /dev/null || exit 1
expected=$(digest whole)
status=0
for threads_workers in "2 1" "5 1" "1 4" "5 4"; do
  set -- $threads_workers
  $train $options --threads "$1" --workers "$2" --out other > /dev/null
  [ "$(digest other)" = "$expected" ] || { echo "$1 threads, $2 workers: other weights"; status=1; }
  rm -r other
done

# stopped_by SIGNAL FOLDER: a run that gets the signal while it works: again, should it have ended by itself before the
# signal came. Its output goes into FOLDER.txt, its exit status into $code.
stopped_by() {
  for attempt in 1 2 3 4 5; do
    rm -rf "$2"
    $train $options --threads 1 --out "$2" > "$2.txt" &
    process=$!
    tries=0
    until grep -q '"step","step":11,' "$2/log.jsonl" 2> /dev/null || [ $tries -gt 3000 ]; do
      sleep 0.01
      tries=$((tries + 1))
    done
    kill -"$1" $process 2> /dev/null
    wait $process 2> /dev/null
    code=$?
    grep -q '"step","step":20,' "$2/log.jsonl" || return 0
  done
  echo "it ended before SIG$1 came, $attempt times"
  exit 1
}

# went_on LEAST: the last resumption began after step LEAST or later, and before the last one.
went_on() {
  step=$(sed -n 's/.*resumed after step \([0-9]*\).*/\1/p' resumed.txt)
  echo "resumed after step $step"
  [ "${step:-0}" -ge "$1" ] && [ "$step" -lt 20 ] || { echo "expected a step from $1 to 19"; status=1; }
}

stopped_by KILL killed
$train --resume killed > resumed.txt || exit 1
went_on 9  # the last checkpoint before step 11
[ "$(digest killed)" = "$expected" ] || { echo "killed and resumed: other weights"; status=1; }
grep -q 'training loss: 2 values' killed/report.html || { echo "the report lacks the first epochs"; status=1; }
grep -q '"command": "train_isic .*synthetic:40' killed/summary.json ||
  { echo "the command does not repeat the run"; status=1; }
cmp killed/best.safetensors whole/best.safetensors || status=1

# Ctrl-C: the program saves, says how to go on, and ends as one that succeeded. A shell's background process is born
# with SIGINT ignored; the program sets its own handler all the same.
stopped_by INT interrupted
[ $code -eq 0 ] || { echo "Ctrl-C: exit status $code"; status=1; }
grep -qx 'stopped; go on with: train_isic --resume interrupted' interrupted.txt ||
  { echo "after Ctrl-C it does not say how to go on:"; tail -n 3 interrupted.txt; status=1; }
[ "$(digest interrupted)" != "$expected" ] || { echo "Ctrl-C: it went on to the end"; status=1; }
$train --resume interrupted > resumed.txt || exit 1
went_on 11
[ "$(digest interrupted)" = "$expected" ] || { echo "interrupted and resumed: other weights"; status=1; }
cmp interrupted/best.safetensors whole/best.safetensors || status=1

# What a resumption changed is kept by the next one.
small="synthetic:8 --base 2 --depth 1 --size 32 --batch 4"
$train $small --epochs 1 --schedule constant --warmup 0 --out "a run" > /dev/null
$train --resume "a run" --epochs 4 --steps 5 > /dev/null || status=1
$train --resume "a run" --steps 0 > /dev/null || status=1
grep -q '"epochs": 4,' "a run/summary.json" ||
  { echo "the second resumption forgot what the first was told"; status=1; }
grep -q "'a run'" "a run/summary.json" || { echo "the command's words lack quotes"; status=1; }

# Folders of their own: the checkpoint leads to the others.
$train $small --epochs 2 --steps 1 --out figures --checkpoints weights --images pictures > /dev/null
$train --resume weights --steps 0 > /dev/null || status=1
for file in figures/summary.json figures/report.html figures/log.csv weights/best.safetensors \
  weights/checkpoint.safetensors pictures/curves.png pictures/overlays.png pictures/figures/loss.png; do
  [ -s $file ] || { echo "$file is missing"; status=1; }
done
[ "$(grep -c '^[12],' figures/log.csv)" = 2 ] || { echo "figures/log.csv lacks a row"; status=1; }
exit $status
