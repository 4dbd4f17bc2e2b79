#!/bin/sh
# overlay.sh TRAIN_ISIC OVERLAY: a photograph's outline at its size and at the network's, the truth beside it, and what
# is said where a file is missing.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 overlay=$2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

$train synthetic:8 --base 4 --depth 1 --size 32 --batch 4 --epochs 20 --threads 1 --workers 1 --overlays 0 --out run \
  > /dev/null || exit 1
test=run/synthetic_8_size_32_seed_1/test
photo=$test/images/lesion_000000.jpg truth=$test/masks/lesion_000000_segmentation.png
# Width and height in a PNG's header; both are less than 256 here.
png_size() { od -A n -t u1 -j 16 -N 8 "$1" | awk '{ print $4, $8 }'; }

$overlay run/best.safetensors $photo outlined $truth > said.txt || complain "exit status $?"
[ "$(sed 's/[0-9][0-9]* components, [0-9][0-9]* contours of [1-9][0-9]* pixels$/found/' said.txt)" = "$truth: found
outlined.png: found
outlined_network.png: found" ] || { complain "it says:"; cat said.txt; }
for file in outlined.png outlined_network.png; do
  [ "$(png_size $file)" = "32 32" ] || complain "$file: $(png_size $file)"
done

refused "overlay: none.jpg: " $overlay run/best.safetensors none.jpg out
refused "overlay: $photo: " $overlay $photo $photo out
[ ! -e out.png ] || complain "something was written all the same"
$overlay --help 2>&1 | grep -q '^usage: overlay' || complain "--help"
exit $status
