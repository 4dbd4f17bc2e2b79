#!/bin/sh
# examples/demo.sh [FOLDER]: installs what is missing, builds, trains a narrow UNet, tests it, and draws what it found.
# Without FOLDER it makes lesions up, and takes a minute or two after the build. With FOLDER it trains on the pictures in
# there (laid out as the ISIC challenge ships them, training|validation|test/{images,masks}, or with a YAML file).
# DEMO_OUT names the folder for the results (default: build/demo).
set -eu
cd "$(dirname "$0")/.."

case ${1:-} in
  -h | --help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
esac
data=${1:-synthetic:400}
out=${DEMO_OUT:-build/demo}

sh cmake/install_packages.sh build
echo "== building (build/release)"
mkdir -p build/release "$out"
log=build/release/demo_build.log
if ! { cmake --preset release -DLAMINA_BUILD_TESTS=OFF -DLAMINA_BUILD_BENCHMARKS=OFF &&
       cmake --build --preset release --target train_isic predict; } > "$log" 2>&1; then
  tail -n 30 "$log"
  echo "the build failed; all of its output is in $log" >&2
  exit 1
fi
bin=build/release/examples

echo "== training"
if [ -z "${1:-}" ]; then
  set -- --base 8 --size 96 --epochs 12
else
  set -- --base 16 --size 128 --epochs 12
fi
"$bin/train_isic" "$data" --model unet "$@" --out "$out"

echo "== predicting"
case $data in
  synthetic*) photos=$out/synthetic/test/images ;;
  *) photos= ;;
esac
if [ -n "$photos" ]; then
  "$bin/predict" "$out/best.safetensors" "$photos" --out "$out/predictions" | tail -n 1
fi

echo
echo "What came of it, in $out:"
echo "  overlays.png       validation pictures: prediction red, truth green (each by itself in overlays/)"
echo "  curves.png         loss and IoU by epoch"
echo "  summary.json       every figure, with the command to repeat it"
echo "  best.safetensors   the trained network, for  $bin/predict $out/best.safetensors PHOTO --out masks"
