#!/bin/sh
# bad_files.sh TRAIN_ISIC PREDICT CHECK_DATASET: files whose headers lie, and check_dataset on data sets with one fault
# each. predict refuses in one line with status 1 and writes no picture; check_dataset names the file and the values.
set -u
train=$1 predict=$2 check=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
status=0
complain() {
  echo "$*"
  cat out.txt err.txt
  status=1
}

$train synthetic:4 --base 2 --depth 1 --size 32 --batch 4 --epochs 1 --threads 1 --workers 1 --overlays 0 --out good \
  > /dev/null || { echo "the run that all cases start from failed"; exit 1; }
photo=good/synthetic_4_size_32_seed_1/test/images/lesion_000000.jpg

# Pictures of 100,000 × 100,000 pixels by their headers, 65,535 × 65,535 where the format has no more.
size='\240\206\001\000'
printf "BM\066\000\000\000\000\000\000\000\066\000\000\000\050\000\000\000$size$size"'\001\000\030\000' > huge.bmp
head -c 64 /dev/zero >> huge.bmp
printf 'P6 100000 100000 255\nabc' > huge.ppm
printf '\377\330\377\300\000\021\010\377\377\377\377\003\001\042\000\002\021\001\003\021\001\377\331' > huge.jpg
# A tensor that ends behind the file, one whose extents overflow, offsets that don't fit the shape.
lying() { # NAME HEADER: the header's length in eight bytes, the header, 16 bytes of data
  printf "\\$(printf %o ${#2})"'\000\000\000\000\000\000\000%s0123456789abcdef' "$2" > "$1.safetensors"
}
lying behind '{"w":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}'
lying overflow '{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}'
lying shape '{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}'

# refused FILE COMMAND…: one line that names the file, status 1.
refused() {
  file=$1
  shift
  "$@" > out.txt 2> err.txt
  code=$?
  [ $code -eq 1 ] && [ "$(wc -l < err.txt)" -eq 1 ] && grep -qF "$file: " err.txt ||
    complain "$file: status $code, and:"
}
for file in huge.bmp huge.ppm huge.jpg; do
  refused $file "$predict" good/best.safetensors $file --out masks
  grep -q '100000×100000\|65535×65535' err.txt || complain "$file: the size is not named:"
done
for file in behind overflow shape; do refused $file.safetensors "$predict" $file.safetensors "$photo" --out masks; done
find masks -name '*_mask.png' -o -name '*_overlay.jpg' 2> /dev/null | grep . && status=1

# found WORDS: check_dataset names what is wrong with the data set `data`.
found() {
  "$check" data > out.txt 2> err.txt
  code=$?
  [ $code -eq 1 ] && [ ! -s err.txt ] && grep -q -- "$1" out.txt || complain "'$1': status $code, and:"
  rm -r data
}
"$check" absent > out.txt 2> err.txt && complain "a missing folder is accepted"
[ "$(wc -l < err.txt)" -eq 1 ] && grep -qF 'absent: ' err.txt || complain "a missing folder:"

copy() { cp -r good/synthetic_4_size_32_seed_1 data; }
copy && rm data/training/masks/lesion_000002_segmentation.png
found 'training/images/lesion_000002.jpg: .*mask'
copy &&
  "$train" synthetic:1 --base 2 --depth 1 --size 48 --batch 1 --epochs 1 --threads 1 --overlays 0 --out other > out.txt
cp other/synthetic_1_size_48_seed_1/training/masks/lesion_000000_segmentation.png \
  data/training/masks/lesion_000001_segmentation.png
found 'lesion_000001_segmentation.png: 48×48 pixels, the image has 32×32'
copy && head -c 700 "$photo" > data/training/images/lesion_000001.jpg
found 'training/images/lesion_000001.jpg: '
copy && : > data/training/masks/lesion_000001_segmentation.png
found 'lesion_000001_segmentation.png: the file is empty'
copy && rm data/training/images/lesion_000001.jpg && cp huge.bmp data/training/images/lesion_000001.bmp
found 'lesion_000001.bmp: .*100000×100000'

find . -name '*.partial' | grep . && status=1
exit $status
