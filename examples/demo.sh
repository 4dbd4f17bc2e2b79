#!/bin/sh
# examples/demo.sh [FOLDER]: installs what is missing, builds, trains a narrow UNet, tests it, and draws what it found.
# Without FOLDER it makes lesions up, and takes a minute or two after the build. With FOLDER it trains on the pictures
# in there (laid out as the ISIC challenge ships them, training|validation|test/{images,masks}, or with a YAML file).
# DEMO_OUT names the folder for the results (default: build/demo).
set -eu

case ${1:-} in
  -h | --help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
  "") data=synthetic:400 ;;
  *) data=$(realpath "$1") ;;
esac
out=${DEMO_OUT:+$(realpath -m "$DEMO_OUT")}
cd "$(dirname "$0")/.."
out=${out:-$PWD/build/demo}

sh cmake/install_packages.sh build
echo "== building (build/release)"
mkdir -p build/release "$out"
log=build/release/demo_build.log
if ! { cmake --preset release -DLAMINA_BUILD_TESTS=OFF -DLAMINA_BUILD_BENCHMARKS=OFF &&
       cmake --build --preset release --target train_isic predict preview; } > "$log" 2>&1; then
  tail -n 30 "$log"
  echo "the build failed; all of its output is in $log" >&2
  exit 1
fi
bin=build/release/examples

echo "== training"
case $data in
  synthetic*) base=8 size=96 photos=$out/synthetic_400_size_${size}_seed_1/test/images ;;
  *) base=16 size=128 photos=$data ;;
esac
"$bin/train_isic" "$data" --model unet --base $base --size $size --epochs 12 --overwrite --out "$out"

echo "== predicting"
# A dozen photographs, of the test split if the data set has one. No two may have the same name, and what is no
# photograph is passed over: masks, superpixel maps, hidden files, and what an earlier run drew.
[ -d "$photos" ] || photos=$(dirname "$photos")
list=$out/photos.txt
(cd "$photos" && find . -type f) | grep -Ei '\.(jpe?g|png|bmp|p[bgpn]m)$' |
  grep -Eiv '/(masks|ground_truth|overlays|[^/]*_groundtruth)/|_(segmentation|mask|superpixels|overlay)\.[a-z]+$|/\.' |
  sort > "$list.all"
{ grep -i '/[^/]*test[^/]*/' "$list.all" || cat "$list.all"; } |
  awk '{ name = $0; gsub(/.*\/|\.[^.]*$/, "", name) } !named[name]++' | sed 's/^\.//' | head -n 12 |
  while IFS= read -r file; do printf '%s\n' "$photos$file"; done > "$list"
rm "$list.all"
tr '\n' '\0' < "$list" | xargs -0 -r "$bin/predict" "$out/best.safetensors" --out "$out/predictions" | tail -n 1

echo
echo "What came of it, in $out:"
echo "  report.html        all of it on one page: curves, every figure, the worst and best cases, recipe, memory, speed"
echo "  overlays.png       validation pictures: prediction red, truth green (each by itself in overlays/)"
echo "  curves.png         loss and IoU by epoch"
echo "  predictions/       masks and outlines of the photographs in photos.txt, at their own size"
echo "  summary.json       every figure, with the command to repeat it"
echo "  best.safetensors   the trained network, for  $bin/predict $out/best.safetensors PHOTO --out masks"

iou=$(sed -n '/"validation"/,/}/s/.*"iou_per_image_mean": \([0-9.]*\).*/\1/p' "$out/summary.json")
echo "validation IoU (mean over images): $iou"
case $data in
  synthetic*)
    if ! awk "BEGIN { exit !($iou >= 0.85) }"; then
      echo "that is less than the 0.85 which made-up lesions should reach" >&2
      exit 1
    fi
    echo "success: 0.85 was to be reached"
    ;;
esac
