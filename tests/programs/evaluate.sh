#!/bin/sh
# evaluate.sh TRAIN_ISIC PREDICT EVALUATE: figures that a person can check, the trainer's own, those of its weights and
# of the masks that predict made with them, a comparison, a sweep, and what is refused.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 predict=$2 evaluate=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# has LINE: begins a line of said.txt.
has() { grep -q -- "^$1" said.txt || { complain "no line '$1':"; cat said.txt; }; }
# pgm FILE WIDTH HEIGHT VALUE…
pgm() {
  file=$1 size="$2 $3"
  shift 3
  echo "P2 $size 255 $*" > "$file"
}

# Two images of eight pixels: 3 right, 1 too many, 1 missed; and 1 right.
mkdir truth masks halves
pgm truth/a_segmentation.pgm 4 2  255 255 0 0  255 255 0 0
pgm truth/b_segmentation.pgm 4 2  0 0 0 0  255 0 0 0
pgm masks/a_mask.pgm 4 2  255 255 255 0  255 0 0 0
pgm masks/b_mask.pgm 4 2  0 0 0 0  255 0 0 0
says $evaluate masks truth --out by_hand
has 'masks: 2 images, 95 % intervals from 10000 resamples$'
has ' *native, 4×2, t = 0.5$'
has 'iou_per_image_mean  *0.8000  \[0.6000, 1.0000\]$'
has 'iou_pooled  *0.6667  \[0.6000, 1.0000\]$'
has 'jaccard_thresholded_0.65  *0.5000  \[0.0000, 1.0000\]$'
has 'dice_per_image_mean  *0.8750  '
has 'accuracy_pooled  *0.8750  \[0.7500, 1.0000\]$'
[ ! -s err.txt ] || complain "it complains: $(cat err.txt)"
grep -q '^native,a,4,2,0.5,3,1,1,3,0.600' by_hand/per_image.csv || complain "rows: $(cat by_hand/per_image.csv)"
[ "$(wc -l < by_hand/per_image.csv)" -eq 3 ] || complain "rows: $(cat by_hand/per_image.csv)"
tr -d ' \n' < by_hand/summary.json | grep -q '"accuracy_pooled":{"value":0.875,"low":0.75,"high":1.0}' ||
  complain "summary: $(cat by_hand/summary.json)"

# A probability at half the size and its mask: the probability is taken, brought to the truth linearly; at its own size
# the truth is brought there by nearest.
pgm halves/a_probability.pgm 2 1  255 0
pgm halves/a_mask.pgm 2 1  0 0
pgm halves/b_probability.pgm 2 1  100 0
says $evaluate halves truth --threshold 0.3 --resolution both --out halves_out
has ' *network, 2×1, t = 0.3  *native, 4×2, t = 0.3$'
grep -q '^network,a,2,1,0.3,1,0,0,1,' halves_out/per_image.csv &&
  grep -q '^network,b,2,1,0.3,0,1,0,1,' halves_out/per_image.csv &&
  grep -q '^native,a,4,2,0.3,4,0,0,4,' halves_out/per_image.csv &&
  grep -q '^native,b,4,2,0.3,1,1,0,6,' halves_out/per_image.csv || complain "halves: $(cat halves_out/per_image.csv)"

# Distances between outlines: of a 0, 0, 1, 0 from the prediction and 0, 0, 0, 1 from the truth, of b none; and images
# where nothing is predicted, which have no distance.
says $evaluate masks truth --surface --out outlines
has 'assd_per_image_mean  *0.125  \[0.000, 0.250\]$'
has 'hausdorff_per_image_mean  *0.500  \[0.000, 1.000\]$'
grep -q '^native,a,.*,0.25,1,[0-9.]*,1$' outlines/per_image.csv || complain "outlines: $(cat outlines/per_image.csv)"
says $evaluate halves truth --surface --compare outlines/per_image.csv --out outlines_of_halves
has 'native: 1 of 2 images have no distance, since one of the masks is empty$'
has 'assd_per_image_mean  *0.000  \[0.000, 0.000\]$'
has 'assd_per_image_mean  *0.000    0.250    -0.250  \[-0.250, -0.250\]  *1$'
grep -q '^native,b,.*,inf,inf,inf,inf$' outlines_of_halves/per_image.csv ||
  complain "outlines: $(cat outlines_of_halves/per_image.csv)"
refused "--surface takes a fixed threshold" $evaluate masks truth --surface --threshold sweep

# A network: the figures of the trainer, to the last digit; at the images' own size those of the masks of predict.
tiny="--base 4 --depth 1 --batch 4 --epochs 2 --threads 1 --workers 1 --schedule constant --overlays 0"
says $train synthetic:12 $tiny --size 48 --out pictures
data=pictures/synthetic_12_size_48_seed_1
says $train $data $tiny --size 32 --out run
cells() { grep "^$1," "$2/per_image.csv" | cut -d , -f 2-9; }
says $evaluate run/best.safetensors --data $data --split test --threads 2 --out network
grep -A 30 '"test"' run/summary.json | grep -E '_(mean|pooled|0.65)"' | tr -d ' ,"' | sort > trained.txt
tr -d ' \n' < network/summary.json | sed 's/.*"network":{//; s/"native":.*//' |
  grep -oE '"[a-z_]+(_0\.65)?":\{"value":[^,]*' | sed 's/{"value"://' | tr -d '"' | sort > evaluated.txt
[ "$(wc -l < trained.txt)" -eq 15 ] && cmp trained.txt evaluated.txt ||
  complain "the trainer says: $(cat trained.txt); evaluate: $(cat evaluated.txt)"
says $predict run/best.safetensors $data/test/images --no-overlays --out predicted
says $evaluate predicted $data/test/masks --out of_masks
cells native network > a.txt
cells native of_masks > b.txt
[ -s a.txt ] && cmp a.txt b.txt || complain "masks of predict: $(cat a.txt b.txt)"
says $evaluate predicted --data $data --split test --threads 1 --out of_masks_again
cmp of_masks/per_image.csv of_masks_again/per_image.csv || status=1
[ "$(grep -A 99 '"native"' of_masks/summary.json)" = "$(grep -A 99 '"native"' of_masks_again/summary.json)" ] ||
  complain "other intervals with other threads"

# Every threshold: the best one, and at 0.5 what a fixed threshold says.
says $evaluate run/best.safetensors --data $data --split test --threshold sweep --best-by dice_pooled --out sweep
[ "$(wc -l < sweep/sweep.csv)" -eq 199 ] || complain "sweep: $(wc -l < sweep/sweep.csv) lines"
has 'run/best.safetensors: .*; t has the best dice_pooled on these very images, which flatters$'
for chart in network_iou network_thresholds network_calibration native_iou native_thresholds native_calibration; do
  [ -s sweep/figures/$chart.png ] || complain "sweep/figures/$chart.png is missing"
done
grep -q '<h2[^>]*>Model' sweep/report.html && [ "$(grep -c '<figure' sweep/report.html)" -gt 6 ] ||
  complain "sweep/report.html lacks the model, charts or pictures"
grep -E '(src|href)="?https?:' sweep/report.html && complain "sweep/report.html leads to the network"
best=$(grep '^native,' sweep/sweep.csv | cut -d , -f 8 | sort -g | tail -n 1)
tr -d ' \n' < sweep/summary.json | sed 's/.*"native":{//' | grep -q "\"dice_pooled\":{\"value\":$best," ||
  complain "the best of the sweep is $best: $(cat sweep/summary.json)"
fixed=$(grep '^network,0.5,' sweep/sweep.csv | cut -d , -f 3)
grep -q "^iou_per_image_mean:$fixed\$" evaluated.txt || complain "the sweep has $fixed at 0.5: $(cat evaluated.txt)"

# Another run: folder, table and weights say the same; no run differs from itself.
says $evaluate masks truth --compare halves --out compared
has 'compared with halves, native resolution, 2 images$'
has 'iou_per_image_mean  *0.8000   0.5000   +0.3000  \[-0.4000, +1.0000\]   1$'  # of b nothing reaches 0.5
sed 1,20d said.txt > of_folder.txt
says $evaluate halves truth --out halves_again
says $evaluate masks truth --compare halves_again/per_image.csv --out compared
sed 1,20d said.txt > of_table.txt
[ -s of_table.txt ] && cmp of_folder.txt of_table.txt || status=1
says $evaluate run/best.safetensors --data $data --compare run/best.safetensors --out same
[ "$(grep -c '+0.0000  \[+0.0000, +0.0000\]   [1-]$' said.txt)" -eq 30 ] || complain "itself: $(cat said.txt)"

# A network of another size is compared at the images' own.
says $train $data $tiny --size 24 --out smaller
says $evaluate run/best.safetensors --data $data --split test --compare smaller/best.safetensors --out sizes
[ "$(grep -c '^compared with smaller' said.txt)" -eq 1 ] && has 'compared with smaller.*, native resolution, '
grep -q '^evaluate: smaller/best.safetensors: predicts at another size' err.txt || complain "sizes: $(cat err.txt)"

refused "absent: no such folder of true masks" $evaluate masks absent
refused "absent: No such file" $evaluate absent truth
refused "which truth?" $evaluate masks
refused "which truth?" $evaluate masks truth --data $data
refused "best.safetensors: which images? Name a data set" $evaluate run/best.safetensors truth
refused "has no split 'all'; it has test, training, validation" $evaluate predicted --data $data --split all
refused "--threshold much: expected a number" $evaluate masks truth --threshold much
refused "--threshold nan: expected a number" $evaluate masks truth --threshold nan
refused "--size 3x: expected pixels" $evaluate masks truth --size 3x
refused "protocol 'iou' is unknown; there are iou_per_image_mean, " $evaluate masks truth --best-by iou
refused "confidence 1; expected" $evaluate masks truth --confidence 1
refused "has a size of its own" $evaluate run/best.safetensors --data $data --size 16
mkdir empty
refused "empty: no masks or probabilities" $evaluate empty truth
refused "empty: no masks in this folder" $evaluate masks empty
echo no folder > file
refused "file: " $evaluate masks truth --out file
printf 'name,iou\na,1\n' > other.csv
refused "other.csv: line 2 has no resolution; expected evaluate's per_image.csv" $evaluate masks truth \
  --compare other.csv
refused "per_image.csv: no images at network resolution" $evaluate masks truth --resolution network \
  --compare by_hand/per_image.csv

sed 's/,3,1,1,3,/,3,1,2,2,/' by_hand/per_image.csv > other.csv
refused "other.csv: the truth of a is another one: 5 lesion pixels of 8, here 4 of 8" $evaluate masks truth \
  --compare other.csv
refused "absent.csv: no such file" $evaluate masks truth --compare absent.csv

# Predictions that are missing, too many, or no pictures.
cp -r masks some && mv some/b_mask.pgm some/c_mask.pgm
refused "some: no prediction for 1 of 2 images (b); --allow-missing goes on without them" $evaluate some truth
says $evaluate some truth --allow-missing --out some_out
has 'some: 1 images, .*; 1 have no prediction$'
grep -q '^evaluate: some: no prediction for 1 of 2 images (b)$' err.txt &&
  grep -q '^evaluate: some: files without a true mask: 1 (c_mask.pgm)$' err.txt || complain "said: $(cat err.txt)"
tr -d ' \n' < some_out/summary.json | grep -q '"missing":\["b"\],"skipped":\[\],"extra":\["c_mask.pgm"\]' ||
  complain "summary: $(cat some_out/summary.json)"
refused "some_out/per_image.csv: images in both runs: 1, in one only: 1 (b)" $evaluate masks truth \
  --compare some_out/per_image.csv
says $evaluate masks truth --compare some_out/per_image.csv --allow-missing
has 'compared with some_out/per_image.csv, native resolution, 1 images$'
cp -r masks broken && echo nothing > broken/b_mask.pgm
refused "broken/b_mask.pgm: neither JPEG, PNG, BMP nor PNM" $evaluate broken truth --out refused_out
[ ! -e refused_out ] || complain "what was refused left a folder"
says $evaluate broken truth --skip-unreadable --out broken_out
has "broken: 1 images, .*; 1 can't be read\$"
has '  skipped: broken/b_mask.pgm: neither'
cp masks/a_mask.pgm broken/a.bmp && mv broken/a_mask.pgm broken/a.pgm
refused "broken/a.pgm: has the same name as a.bmp beside it" $evaluate broken truth
find . -name '*.partial' | grep . && status=1
exit $status
