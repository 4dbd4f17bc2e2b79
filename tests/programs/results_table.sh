#!/bin/sh
# results_table.sh RESULTS_TABLE: the four rows are trained, a table that was stopped goes on with the same command and
# ends with the same weights, a table that is done is not made again, and other options are refused.
set -u
table=$1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
options="synthetic:24 --base 4 --size 32 --batch 4 --epochs 4 --lr 1e-3 --overlays 1"
rows="segnet_bce segnet_bn_bce unet_bce unet_dice"
status=0
wrong() { echo "$1"; status=1; }

$table $options --out whole > whole.txt || exit 1
for row in $rows; do
  grep -q '"end": "completed"' whole/$row/summary.json || wrong "$row was not trained to its end"
done
[ "$(grep -c '^| .*(0\.[0-9]*) |' whole/results.md)" = 4 ] || wrong "results.md has not four rows"
grep -q '^| UNet     | Dice |         0.001 |      4 |     [1-4] (74) |  0.[0-9]* (0.750) | 0.[0-9]* (0.733) |' \
  whole/results.md || { wrong "results.md: the last row is"; tail -n 6 whole/results.md; }
[ "$(grep -c '"validation_iou": 0\.7[0-9]*,' whole/results.json)" = 4 ] || wrong "results.json lacks published figures"

# Ctrl-C while the third row is trained.
$table $options --out parts > parts.txt &
process=$!
tries=0
until grep -q '"step","step":2,' parts/unet_bce/log.jsonl 2> /dev/null || [ $tries -gt 3000 ]; do
  sleep 0.01
  tries=$((tries + 1))
done
kill -INT $process
wait $process || wrong "Ctrl-C: exit status $?"
grep -qx 'stopped; the same command goes on' parts.txt || wrong "after Ctrl-C it does not say how to go on"
[ ! -e parts/unet_dice ] || wrong "Ctrl-C: it went on with the next row"
$table $options --out parts > parts.txt || wrong "the second call failed"
[ "$(grep -c '^==' parts.txt)" -le 2 ] || wrong "rows that were done were trained again"
for row in $rows; do
  cmp whole/$row/best.safetensors parts/$row/best.safetensors || status=1
done

$table $options --out whole > again.txt || wrong "the table, once more: exit status $?"
grep -q '^==' again.txt && wrong "the table that is done was made again"
tail -n 1 again.txt | grep -q '^written: whole/results.md whole/results.json' || wrong "it does not say what it wrote"

$table $options --epochs 5 --out whole 2> error.txt && wrong "other options were taken for a table that is there"
grep -q 'whole/segnet_bce/summary.json: this row was made with other options: train_isic .*--epochs 4' error.txt ||
  { wrong "the error is:"; cat error.txt; }
$table 2> error.txt && wrong "it ran without images"
grep -q '^results_table: which images?' error.txt || { wrong "the error is:"; cat error.txt; }
exit $status
