#!/bin/sh
# results_table.sh RESULTS_TABLE: the four rows are trained, a table that was stopped goes on with the same command and
# ends with the same weights, a table that is done is not made again, and other options are refused.
set -u
. "$(dirname "$0")/checks.sh"
table=$1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
options="synthetic:24 --base 4 --size 32 --batch 4 --epochs 4 --lr 1e-3 --overlays 1"
rows="segnet_bce segnet_bn_bce unet_bce unet_dice"

$table $options --out whole > whole.txt || exit 1
for row in $rows; do
  grep -q '"end": "completed"' whole/$row/summary.json || complain "$row was not trained to its end"
done
[ "$(grep -c '^| .*(0\.[0-9]*) |' whole/results.md)" = 4 ] || complain "results.md has not four rows"
grep -q '^| UNet     | Dice |         0.001 |      4 |     [1-4] (74) |  0.[0-9]* (0.750) | 0.[0-9]* (0.733) |' \
  whole/results.md || { complain "results.md: the last row is"; tail -n 6 whole/results.md; }
[ "$(grep -c '"validation_iou": 0\.7[0-9]*,' whole/results.json)" = 4 ] ||
  complain "results.json lacks published figures"

# Ctrl-C while the third row is trained.
$table $options --out parts > parts.txt &
process=$!
tries=0
until grep -q '"step","step":2,' parts/unet_bce/log.jsonl 2> /dev/null || [ $tries -gt 3000 ]; do
  sleep 0.01
  tries=$((tries + 1))
done
kill -INT $process
wait $process || complain "Ctrl-C: exit status $?"
grep -qx 'stopped; the same command goes on' parts.txt || complain "after Ctrl-C it does not say how to go on"
[ ! -e parts/unet_dice ] || complain "Ctrl-C: it went on with the next row"
$table $options --out parts > parts.txt || complain "the second call failed"
[ "$(grep -c '^==' parts.txt)" -le 2 ] || complain "rows that were done were trained again"
for row in $rows; do
  cmp whole/$row/best.safetensors parts/$row/best.safetensors || status=1
done

$table $options --out whole > again.txt || complain "the table, once more: exit status $?"
grep -q '^==' again.txt && complain "the table that is done was made again"
tail -n 1 again.txt | grep -q '^written: whole/results.md whole/results.json' ||
  complain "it does not say what it wrote"

refused "results_table: whole/segnet_bce/summary.json: this row was made with other options: train_isic " \
  $table $options --epochs 5 --out whole
grep -q 'train_isic .*--epochs 4' err.txt || complain "it does not tell the options: $(cat err.txt)"
refused "results_table: which images?" $table
exit $status
