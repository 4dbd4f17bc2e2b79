#!/bin/sh
# dataset_yaml.sh TRAIN_ISIC CHECK_DATASET MAKE_DATASET_YAML: a data set in folders is described in YAML, and that file
# is the same data set.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 check=$2 make=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed() { echo "$1"; status=1; }

tiny="--base 2 --depth 1 --size 32 --batch 4 --epochs 1 --threads 1 --workers 1 --overlays 0 --schedule constant"
$train synthetic:8 $tiny --out made > /dev/null || failed "the run that all others start from failed"
mv made/synthetic_8_size_32_seed_1 lesions

"$make" lesions lesions/all.yml --name drawn > said.txt || failed "make_dataset_yaml failed"
grep -qx 'lesions/all.yml: [0-9]* samples, test [0-9]*, training 8, validation [0-9]*' said.txt ||
  failed "it said: $(cat said.txt)"
grep -q '^name: *"*drawn' lesions/all.yml || failed "the file lacks the name"
"$check" lesions > of_folder.txt && "$check" lesions/all.yml > of_yaml.txt || failed "check_dataset found faults"
grep -o 'training.*' of_folder.txt > folder_splits.txt
grep -o 'training.*' of_yaml.txt > yaml_splits.txt
cmp folder_splits.txt yaml_splits.txt || { failed "other splits"; cat of_folder.txt of_yaml.txt; }

# Trained on, both give the same weights; moved with its folder, the file still finds the images.
mv lesions elsewhere
$train elsewhere $tiny --out a > /dev/null || failed "training from folders failed"
$train elsewhere/all.yml $tiny --out b > /dev/null || failed "training from YAML failed"
[ "$(grep weights_sha256 a/summary.json)" = "$(grep weights_sha256 b/summary.json)" ] || failed "other weights"

refused "absent: " "$make" absent absent.yml
mkdir empty
refused "empty: " "$make" empty empty.yml
rm "elsewhere/training/masks/$(ls elsewhere/training/masks | head -n 1)"
refused "lesion_000000.jpg" "$make" elsewhere short.yml
[ ! -e short.yml ] || failed "a file was written all the same"
"$make" elsewhere short.yml --skip-missing | grep -q 'training 7' || failed "--skip-missing: another count"
exit $status
