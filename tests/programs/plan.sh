#!/bin/sh
# plan.sh TRAIN_ISIC: what --plan says before anything runs. It writes no file.
set -u
. "$(dirname "$0")/checks.sh"
train=$1
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# plan EXPECTED OPTION…: one of its lines, blanks aside, begins with EXPECTED.
plan() {
  expected=$1
  shift
  "$train" synthetic:16 --plan --out planned "$@" > out.txt 2> err.txt || { cat err.txt; status=1; }
  sed 's/^ *//; s/  */ /g' out.txt | grep -q "^$expected" && return
  printf 'expected "%s" of --plan %s, and there was:\n' "$expected" "$*"
  cat out.txt
  status=1
}

small="--model unet --base 16 --size 128 --batch 16"
plan "unet: input \[16,128,128,3\], output \[16,128,128,1\] (NHWC), 1424081 trainable parameters" $small
# Pooled values of the four levels, (64²·16 + 32²·32 + 16²·64 + 8²·128) · 16 images, at 2 bits each.
plan "pooling indices, 2 bits each 0.492 MB" $small
# The four skips, (128²·16 + 64²·32 + 32²·64 + 16²·128) · 16 images, of 4 bytes.
plan "skips, from encoder to decoder 31.457 MB" $small
# 1424081 trained values of 4 bytes, and the running statistics.
plan "parameters, each set of them 5.708 MB" $small
plan "segnet: .* 29427713 trainable parameters" --model segnet --base 64 --size 64 --batch 1
plan "segnet_bn: .* 29443585 trainable parameters" --model segnet_bn --base 64 --size 64 --batch 1
plan "unet: .* 22727489 trainable parameters" --as lab --size 64 --batch 1
# A limit is met by computing more.
plan "computed once more to meet the limit of memory [0-9]" $small --memory 240M
[ ! -e planned ] || { echo "--plan wrote a folder"; status=1; }

# A run that plans for more than it may have does not begin.
refused "bytes are planned at the least, more than the limit of 100000000" \
  "$train" synthetic:16 $small --memory 100MB --out large
[ ! -e large/log.csv ] || { echo "a run beyond --memory began"; status=1; }
exit $status
