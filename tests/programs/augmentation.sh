#!/bin/sh
# augmentation.sh TRAIN_ISIC PREVIEW: recipes as a user of the programs meets them. Run from the repository's root.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 preview=$2
recipes=$PWD/examples/recipes
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed() { echo "$1"; status=1; }

tiny="--base 2 --depth 1 --batch 4 --epochs 1 --threads 1 --workers 1 --schedule constant"
$train synthetic:8 $tiny --size 32 --out plain > /dev/null || failed "the run that all others start from failed"
data=plain/synthetic_8_size_32_seed_1

# Each shipped recipe trains; those that resize give the network its size.
for name in lesions ten_step pipeline; do
  $train $data $tiny --size 32 --augmentation $name --out "$name" > /dev/null || failed "$name: failed"
done
printf 'SequentialAugmentationContainer\n  AugResizeDim dims=(24,16) interp="cubic"\n  AugFlip\nend\n' > small.aug
$train $data $tiny --augmentation small.aug --out small > /dev/null || failed "small.aug: failed"
strings -n 8 small/best.safetensors | grep -q '"prediction.width":"24"' || failed "the recipe's size was not taken"
strings -n 8 small/best.safetensors | grep -q '"prediction.resampling":"cubic"' ||
  failed "the recipe's resize was not kept"
$train $data $tiny --size 32 --augmentation none --out none > /dev/null || failed "none: failed"

# The two programs before, made small by options behind.
for original in lab pipeline; do
  $train $data --as $original $tiny --size 32 --out "as_$original" > /dev/null || failed "--as $original: failed"
done
# has RUN WORD…: the words stand in the run's command.
has() {
  run=$1
  shift
  for word; do grep '"command"' "$run/summary.json" | grep -qe "$word" || failed "$run lacks $word"; done
}
has as_lab '--augmentation ten_step' '--lr 1e-5' '--loss bce_original' '--optimizer adam_original' \
  '--threshold 0.5' '--ema 0' '--warmup 0'
has as_pipeline '--augmentation pipeline' '--lr 7e-5' '--loss bce_original' '--optimizer adam_original' \
  '--threshold 0.3' '--drop-last' '--ema 0'
grep -q '"batch_norm_epsilon": "0.001"' as_pipeline/summary.json || failed "--as pipeline: another epsilon"
grep -q '"batch_norm_momentum": "0.99"' as_pipeline/summary.json || failed "--as pipeline: another momentum"
grep -q '"batch_norm_unbiased_running_variance": "false"' as_lab/summary.json ||
  failed "--as lab: another running variance"
$train $data --as lab --model segnet --base 2 --size 32 --batch 4 --epochs 1 --threads 1 --out as_segnet > /dev/null ||
  failed "--as lab --model segnet: failed"
grep -q '"unpool_with_indices": "false"' as_segnet/summary.json || failed "--as lab --model segnet: pooling indices"
refused "--mean and --std: the augmentation brings its own" \
  $train $data $tiny --size 32 --augmentation ten_step --mean 0 0 0 --out run

# Another recipe is another run.
refused "made with augmentation = SequentialAugmentationContainer { AugResizeDim" \
  $train --resume small --augmentation lesions --epochs 2
refused "nothing.aug: no such augmentation" $train $data $tiny --augmentation nothing.aug --out run
printf 'SequentialAugmentationContainer\n  AugRotat angle=[0,1]\nend\n' > wrong.aug
refused "wrong.aug:2:3: there is no augmentation 'AugRotat'; the nearest name is 'AugRotate'" \
  $train $data $tiny --augmentation wrong.aug --out run
refused "recipe: it makes pictures of 24×16 pixels of those of 24×16, but the network takes 32×32" \
  $train $data $tiny --size 32 --augmentation small.aug --out run

# Contact sheets.
images=$data/training/images masks=$data/training/masks
$preview "$recipes/ten_step.aug" $images --masks $masks --draws 2 --cell 64 --out sheet.png > /dev/null ||
  failed "no sheet"
$preview lesions $images --draws 2 --cell 64 --out sheet.png > /dev/null || failed "no sheet without masks"
[ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || failed "the sheet is no PNG"
refused "no mask of its name in $data/test/masks" $preview lesions $images/lesion_000007.jpg --masks $data/test/masks
refused "wrong.aug:2:3: " $preview wrong.aug $images
$preview --list > list.txt || failed "--list failed"
grep -q '^AugRotate angle=<a range, \[min, max\]> ' list.txt || failed "--list lacks AugRotate"
exit $status
