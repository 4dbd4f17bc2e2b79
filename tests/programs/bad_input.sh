#!/bin/sh
# bad_input.sh TRAIN_ISIC PREDICT: what the programs can't use they refuse in one line on the standard error that names
# the file and the values, with exit status 1, and nothing that was there before is lost.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 predict=$2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

tiny="--base 2 --depth 1 --size 32 --batch 4 --epochs 1 --threads 1 --workers 1 --overwrite"
$train synthetic:4 $tiny --schedule constant --out good > /dev/null ||
  { echo "the run that all cases start from failed"; exit 1; }
good=good/synthetic_4_size_32_seed_1
photo=$good/test/images/lesion_000000.jpg

# copy NAME: a fresh copy of the small data set.
copy() { cp -r "$good" "$1"; }

refused "which images?" $train $tiny
refused "absent: does not exist" $train absent $tiny --out run
mkdir empty
refused "empty: no data set in this folder" $train empty $tiny --out run

copy no_mask && rm no_mask/training/masks/lesion_000002_segmentation.png
refused "no_mask/training/images/lesion_000002.jpg: has no mask" $train no_mask $tiny --out run
copy wrong_mask && cp -r good/overlays/lesion_000000.png wrong_mask/training/masks/lesion_000001_segmentation.png
refused "lesion_000001_segmentation.png: mask of 384×384 pixels for an image of 32×32" $train wrong_mask $tiny --out run
copy truncated && head -c 700 "$photo" > truncated/training/images/lesion_000001.jpg
refused "truncated/training/images/lesion_000001.jpg: " $train truncated $tiny --out run
$train truncated $tiny --skip-unreadable --out skipping > /dev/null 2>&1 ||
  { echo "--skip-unreadable failed"; status=1; }
grep -q '"truncated/training/images/lesion_000001.jpg: ' skipping/summary.json ||
  { echo "no summary of what was skipped"; status=1; }
copy no_bytes && : > no_bytes/training/masks/lesion_000001_segmentation.png
refused "lesion_000001_segmentation.png: the file is empty" $train no_bytes $tiny --out run

# The start of a PNG of 100,000 × 100,000 pixels.
printf '\211PNG\r\n\032\n\000\000\000\rIHDR' > huge.png
printf '\000\001\206\240\000\001\206\240\010\002\000\000\000\047\060\234\237\000\000\020\000IDAT' >> huge.png
refused "huge.png: PNG of 100000×100000 pixels, more than the limit of " \
  $predict good/best.safetensors huge.png --out masks

refused "30×30 pixels; height and width must be divisible by 4" $train $good $tiny --depth 2 --size 30 --out run
$train $good $tiny --depth 2 --size 30 --pad --out padded > /dev/null || { echo "--pad failed"; status=1; }
refused "bytes are planned at the least, more than the limit of 100000" $train $good $tiny --memory 100K --out run
refused "model 'wnet' is unknown" $train $good $tiny --model wnet --out run
refused "loss 'l2' is unknown" $train $good $tiny --loss l2 --out run
refused "the loss is NaN in epoch 1, step 2, learning rate" \
  $train $good $tiny --batch 1 --optimizer sgd --lr 1e30 --out diverged
[ -s diverged/checkpoint.safetensors ] || { echo "a run that diverged left no checkpoint"; status=1; }

refused "made with loss = bce_dice, so training can't go on with dice" $train --resume good --loss dice
refused "made with base_width = 2, so training can't go on with 4" $train --resume good --base 4
refused "checkpoint.safetensors: no such file" $train --resume nowhere
refused "good/checkpoint.safetensors: not a weights file" $predict good/checkpoint.safetensors "$photo" --out masks
refused "checkpoint.safetensors: a run is there already; go on with --resume good, or give --overwrite" \
  $train synthetic:4 --out good
refused "--no-train: of which weights?" $train $good --no-train --out run
refused "--out: a run goes on where it was" $train --resume good --out other
refused "weights of a network with skip_first = false; this one has true" \
  $train $good $tiny --skip-first true --load good/best.safetensors --out run
refused "--weight-decay 0.1: adam_original has none" \
  $train $good $tiny --optimizer adam_original --weight-decay 0.1 --out run
before=$(cksum < good/log.csv)
$train $good $tiny --no-train --load good/best.safetensors --out good > /dev/null ||
  { echo "--no-train failed"; status=1; }
[ "$(cksum < good/log.csv)" = "$before" ] && [ -s good/evaluation.json ] ||
  { echo "an evaluation cost the log of the run"; status=1; }
refused "weights of a network with base_width = 2; this one has 4" \
  $train $good $tiny --base 4 --load good/best.safetensors --out run
refused "absent.jpg: no such file" $predict good/best.safetensors absent.jpg --out masks
printf '\377\377\377\377\377\000\000\000{}' > lying.safetensors
refused "lying.safetensors: safetensors: a header of 1099511627775 bytes exceeds" \
  $predict lying.safetensors "$photo" --out masks
head -c 2000 good/best.safetensors > cut.safetensors
refused "cut.safetensors: safetensors: " $predict cut.safetensors "$photo" --out masks

# A disk that takes no more: files may grow to 8 blocks and no further.
cp -r good full
before=$(cksum < full/checkpoint.safetensors)
full_disk() (trap '' XFSZ && ulimit -f 8 && exec "$train" --resume full --epochs 2)
refused "full/" full_disk
[ "$(cksum < full/checkpoint.safetensors)" = "$before" ] || { echo "a full disk cost the last checkpoint"; status=1; }
find full -name '*.partial' | grep . && status=1

echo "$cases cases"
exit $status
