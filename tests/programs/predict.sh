#!/bin/sh
# predict.sh TRAIN_ISIC PREDICT: what predict writes and says of photographs that it can read, with each of its options.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 predict=$2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

$train synthetic:4 --base 2 --depth 1 --size 32 --batch 4 --epochs 1 --threads 1 --workers 1 --schedule constant \
  --overlays 0 --out run > /dev/null || { echo "the run that all cases start from failed"; exit 1; }
weights=run/best.safetensors

# photo WIDTH HEIGHT [mirrored]: a dark spot, off the centre, on a lighter ground, as a text PPM.
photo() {
  awk -v W="$1" -v H="$2" -v mirrored="${3:-}" 'BEGIN {
    print "P3", W, H, 255
    for (y = 0; y < H; ++y)
      for (x = 0; x < W; ++x) {
        u = mirrored ? W - 1 - x : x
        inside = (u - W / 3) ^ 2 + (y - H / 2) ^ 2 < (H / 5) ^ 2
        print inside ? "90 50 40" : 200 - u " " 160 + (y * 7 + u * 13) % 20 " 140"
      }
  }'
}
mkdir photos
photo 37 61 > photos/tall.ppm
photo 64 40 > photos/wide.ppm
cp run/synthetic_4_size_32_seed_1/test/images/lesion_000000.jpg photos/small.jpg
echo "no photograph" > photos/notes.txt
touch photos/small_superpixels.png photos/.hidden.jpg  # empty: they would be refused

# Width and height in a PNG's header; both are less than 256 here.
png_size() { od -A n -t u1 -j 16 -N 8 "$1" | awk '{ print $4, $8 }'; }
# value FIELD: of the lines of JSON in said.txt.
value() { sed "s/.*\"$1\":\([^,}]*\).*/\1/" said.txt; }

# A folder: each photograph's mask and overlay, as large as it is, and a line in the order of names.
says $predict $weights photos --threads 2 --out masks
cmp said.txt masks/predictions.jsonl || complain "predictions.jsonl differs from the output"
[ "$(ls masks | tr '\n' ' ')" = "predictions.jsonl small.json small_mask.png small_overlay.jpg tall.json tall_mask.png \
tall_overlay.jpg wide.json wide_mask.png wide_overlay.jpg " ] || complain "written: $(ls masks)"
number='[0-9.e+-]+' figure='(null|[0-9.e+-]+)'
box="(null|\{\"left\":$number,\"top\":$number,\"width\":$number,\"height\":$number\})"
expect() { # LINE FILE WIDTH HEIGHT
  name=${2%.*}
  sed -n "$1p" said.txt | grep -Eqx "\{\"image\":\"photos/$2\",\"width\":$3,\"height\":$4,\
\"mask\":\"masks/${name}_mask.png\",\"overlay\":\"masks/${name}_overlay.jpg\",\"lesion_pixels\":[0-9]+,\
\"lesion_share\":$number,\"bounding_box\":$box,\"components\":[0-9]+,\"centroid\":.*,\"eccentricity\":$figure,\
\"border_irregularity\":$figure,\"asymmetry\":.*,\"threshold\":0.5,\"seconds\":$number\}" ||
    complain "line $1: $(cat said.txt)"
  [ "$(tr -d ' \n' < "masks/$name.json")" = "$(sed -n "$1p" said.txt)" ] ||
    complain "$name.json: $(cat "masks/$name.json")"
  [ "$(png_size "masks/${name}_mask.png")" = "$3 $4" ] || complain "${name}_mask.png is not of $3×$4 pixels"
}
expect 1 small.jpg 32 32
expect 2 tall.ppm 37 61
expect 3 wide.ppm 64 40
[ "$(wc -l < said.txt)" -eq 3 ] || complain "lines: $(cat said.txt)"
# An overlay that is named is taken as a photograph, and so tells its size.
says $predict $weights masks/tall_overlay.jpg masks/wide_overlay.jpg --out again
for size in '"width":37,"height":61' '"width":64,"height":40'; do
  grep -q "_overlay.jpg\",$size," said.txt || complain "no overlay of $size: $(cat said.txt)"
done

# Results beside the photographs are not taken for photographs.
for _ in first second; do
  says $predict $weights photos --out photos
  [ "$(wc -l < said.txt)" -eq 3 ] || complain "results among the photographs: $(cat said.txt)"
done
rm photos/*_mask.png photos/*_overlay.jpg photos/predictions.jsonl photos/*.json

# No probability is below 0, and none of this network reaches 1.
says $predict $weights photos/wide.ppm --threshold 0 --out all
grep -q '"lesion_pixels":2560,"lesion_share":1.0,"bounding_box":{"left":0,"top":0,"width":64,"height":40},' said.txt &&
  grep -q '"components":1,' said.txt && grep -q '"threshold":0.0,' said.txt || complain "threshold 0: $(cat said.txt)"
says $predict $weights photos/wide.ppm --threshold 1 --out none
grep -q '"lesion_pixels":0,"lesion_share":0.0,"bounding_box":null,"components":0,.*"threshold":1.0' said.txt ||
  complain "threshold 1: $(cat said.txt)"
for threshold in 7 -0.5 nan much; do
  $predict $weights photos --threshold $threshold --out refused > out.txt 2> err.txt &&
    complain "threshold $threshold is taken"
  grep -q -- "--threshold: .*$threshold" err.txt || { complain "threshold $threshold:"; cat err.txt; }
done
[ ! -e refused ] || complain "a threshold that was refused left a folder"

says $predict $weights photos --no-overlays --out masks_only
[ "$(ls masks_only | tr '\n' ' ')" = "predictions.jsonl small.json small_mask.png tall.json tall_mask.png wide.json \
wide_mask.png " ] ||
  complain "without overlays: $(ls masks_only)"
! grep -q overlay said.txt || complain "it names overlays that it did not write"
cmp masks/tall_mask.png masks_only/tall_mask.png || status=1

# Averaged over flips and turns, a photograph and its mirror image have the same lesion, mirrored.
photo 32 32 > straight.ppm
photo 32 32 mirrored > mirrored.ppm
says $predict $weights straight.ppm mirrored.ppm --tta --out averaged
[ "$(value lesion_pixels | uniq | wc -l)" -eq 1 ] || complain "--tta, mirrored: $(cat said.txt)"
pixels=$(value lesion_pixels | head -n 1)
[ "$pixels" -gt 0 ] && [ "$pixels" -lt 1024 ] || complain "--tta: the mask is empty or full: $(cat said.txt)"
says $predict $weights straight.ppm mirrored.ppm --out single
[ "$(value lesion_pixels | uniq | wc -l)" -eq 2 ] || complain "this network sees no left and right, and proves nothing"

# A photograph that can't be read ends the work, or is passed over.
head -c 300 photos/small.jpg > photos/broken.jpg
$predict $weights photos --out stopped > said.txt 2> err.txt && complain "a broken photograph is no failure"
[ ! -e stopped/small_mask.png ] || complain "it went on after a broken photograph"
$predict $weights photos --keep-going --out kept > said.txt 2> err.txt
[ $? -eq 1 ] || complain "--keep-going: a broken photograph must end in status 1"
[ "$(wc -l < err.txt)" -eq 1 ] && grep -q "photos/broken.jpg: " err.txt ||
  { complain "--keep-going says:"; cat err.txt; }
cmp said.txt kept/predictions.jsonl || status=1
[ "$(wc -l < said.txt)" -eq 3 ] || complain "--keep-going: $(cat said.txt)"
for name in small tall wide; do cmp "masks/${name}_mask.png" "kept/${name}_mask.png" || status=1; done
[ ! -e kept/broken_mask.png ] || complain "a broken photograph has a mask"
exit $status
