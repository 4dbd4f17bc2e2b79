#!/bin/sh
# predict_options.sh TRAIN_ISIC PREDICT: native resolution in tiles and within a limit of memory, ensembles, batches,
# patterns, sizes and kinds of results, truth, post-processing; and what predict refuses.
set -u
. "$(dirname "$0")/checks.sh"
train=$1 predict=$2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
# same FILE OTHER: they exist and are the same.
same() { cmp "$1" "$2" || complain "$1 and $2 differ"; }

for member in one two; do
  [ $member = one ] && size=32 seed=1 || size=64 seed=2
  $train synthetic:4 --base 4 --depth 2 --size $size --batch 4 --epochs 1 --threads 1 --workers 1 --seed $seed \
    --schedule constant --overlays 0 --out $member > /dev/null || { echo "no run to start from"; exit 1; }
done
one=one/best.safetensors two=two/best.safetensors
mkdir photos truth
photo() { # WIDTH HEIGHT
  awk -v W="$1" -v H="$2" 'BEGIN {
    print "P3", W, H, 255
    for (y = 0; y < H; ++y)
      for (x = 0; x < W; ++x)
        if ((x - W / 3) ^ 2 + (y - H / 2) ^ 2 < (H / 5) ^ 2) print "90 50 40"
        else print 200 - x % 50, 160 + (y * 7 + x * 13) % 20, 140
  }'
}
mask() { # WIDTH HEIGHT
  awk -v W="$1" -v H="$2" 'BEGIN {
    print "P2", W, H, 255
    for (y = 0; y < H; ++y) for (x = 0; x < W; ++x) print x < W / 2 ? 255 : 0
  }'
}
photo 301 203 > photos/wide.ppm
photo 150 222 > photos/tall.ppm
photo 97 97 > photos/square.ppm
mask 301 203 > truth/wide_segmentation.pgm
mask 150 222 > truth/tall.pgm
mask 97 97 > truth/square_mask.pgm

# At the photograph's resolution: at once, in tiles of any size, within a limit of memory, bit for bit.
says $predict $one photos --scale native --probability npy --out whole
for how in "--tile 64" "--tile 17" "--memory 1G" "--tile none"; do
  says $predict $one photos --scale native $how --probability npy --out tiled
  for name in wide tall square; do
    same whole/${name}_probability.npy tiled/${name}_probability.npy
    same whole/${name}_mask.png tiled/${name}_mask.png
    same whole/${name}_overlay.jpg tiled/${name}_overlay.jpg
  done
done
says $predict $one $two photos --scale native --tta --probability npy --type bfloat16 --out whole
says $predict $one $two photos --scale native --tta --tile 40 --probability npy --type bfloat16 --out tiled
for name in wide tall square; do same whole/${name}_probability.npy tiled/${name}_probability.npy; done

refused "a photograph of 150×222 pixels takes at least " \
  $predict $one photos/tall.ppm --scale native --memory 3M --out none
grep -q ' least [0-9]*M of memory; the limit is 3M' err.txt || complain "no figures: $(cat err.txt)"
refused "--memory lots: expected an amount such as 800M, 1.5G or 2Gi" \
  $predict $one photos --scale native --memory lots --out none
refused "--memory -5M: expected an amount" $predict $one photos --scale native --memory=-5M --out none
refused "--tile 0: expected none, or pixels" $predict $one photos --scale native --tile 0 --out none
refused "--tile wants --scale native" $predict $one photos --tile 64 --out none
refused "--memory wants --scale native" $predict $one photos --memory 1G --out none
refused "give one of them" $predict $one photos --scale native --memory 1G --tile 64 --out none
refused "there is the original size only" $predict $one photos --scale native --at network --out none
[ ! -e none/tall_mask.png ] || complain "what was refused left a mask"

# Several weights: the mean. Twice the same network says what it says alone.
says $predict $one photos --probability npy --out alone
says $predict $one $one photos --probability npy --out twice
for name in wide tall square; do same alone/${name}_probability.npy twice/${name}_probability.npy; done
says $predict $two photos --probability npy --out other
says $predict photos $one $two --probability npy --out both  # in any order
cmp -s both/wide_probability.npy alone/wide_probability.npy && complain "the second network has no say"
cmp -s both/wide_probability.npy other/wide_probability.npy && complain "the first network has no say"

# Batches of any size, the same bits; files that a pattern names.
for batch in 2 3 50; do
  says $predict $one $two photos --batch $batch --probability npy --out batch
  for name in wide tall square; do same both/${name}_probability.npy batch/${name}_probability.npy; done
done
says $predict $one 'photos/*a*e.ppm' 'photos/[tw]*l.ppm' --out pattern
[ "$(ls pattern | grep -c mask)" -eq 2 ] || complain "of a pattern: $(ls pattern)"
refused "photos/none*.jpg: no file matches this pattern" $predict $one 'photos/none*.jpg' --out none
refused "no weights: name a .safetensors file" $predict photos --out none
refused "no photographs" $predict $one --out none

# Sizes and kinds of results.
says $predict $one photos/wide.ppm --at both --probability png --truth truth --out sizes
[ "$(ls sizes | tr '\n' ' ')" = "predictions.jsonl wide.json wide_mask.png wide_network_mask.png \
wide_network_overlay.jpg wide_network_probability.png wide_overlay.jpg wide_probability.png " ] ||
  complain "sizes: $(ls sizes)"
# Bytes 16 to 24 of a PNG are width and height, then bit depth and colour type.
header() { od -A n -t u1 -j 16 -N 10 "$1" | tr -s ' ' | sed 's/^ //; s/ $//'; }
[ "$(header sizes/wide_probability.png)" = "0 0 1 45 0 0 0 203 16 0" ] ||
  complain "16 bits: $(header sizes/wide_probability.png)"
[ "$(header sizes/wide_network_mask.png)" = "0 0 0 32 0 0 0 32 1 0" ] || complain "network's size"
says $predict $one photos/wide.ppm --at network --out sizes_network
[ "$(header sizes_network/wide_mask.png)" = "0 0 0 32 0 0 0 32 1 0" ] || complain "network's size alone"
same sizes_network/wide_mask.png sizes/wide_network_mask.png
refused "two/best.safetensors: sees photographs at 64×64, one/best.safetensors at 32×32" \
  $predict $one $two photos --at network --out none
cmp -s sizes/wide_overlay.jpg whole/wide_overlay.jpg && complain "the truth is not drawn"
says $predict $one photos --truth truth --out truths  # each way in which a mask may be called
rm truth/tall.pgm
refused "photos/tall.ppm: has no mask in truth" $predict $one photos --truth truth --out none
mask 20 20 > truth/tall.pgm
refused "photos/tall.ppm: has 150×222 pixels, its truth 20×20" $predict $one photos --truth truth --out none

# After the network: holes that were filled are no lesion's edge any more, and one piece is left.
says $predict $one photos/wide.ppm --threshold 0.5 --largest --fill-holes --open 1 --close 2 --least-area 5 --out after
grep -Eq '"components":[01],' said.txt || complain "--largest left several pieces: $(cat said.txt)"

# A file that can't be read among others: they are predicted, whatever the batch.
head -c 300 photos/tall.ppm > photos/sick.ppm
$predict $one photos --batch 4 --keep-going --probability npy --out kept > said.txt 2> err.txt
[ $? -eq 1 ] && [ "$(wc -l < said.txt)" -eq 3 ] && grep -q "photos/sick.ppm: " err.txt ||
  { complain "--keep-going in a batch:"; cat said.txt err.txt; }
for name in wide tall square; do same alone/${name}_probability.npy kept/${name}_probability.npy; done

# Ctrl-C: what is written by then is whole.
mkdir many
for i in $(seq 400); do cp photos/square.ppm many/$i.ppm; done
$predict $one $two many --tta --out interrupted > lines.txt 2> err.txt &
job=$!
tries=0
until [ -s lines.txt ] || [ $tries -eq 300 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -INT $job
wait $job && complain "it went on after Ctrl-C"
grep -q "stopped" err.txt || complain "Ctrl-C: $(cat err.txt)"
ls interrupted | grep partial && complain "half a file is left"
for json in interrupted/*.json; do
  [ "$(tail -n 1 "$json")" = "}" ] && [ -s "${json%.json}_mask.png" ] || complain "$json is not whole"
done
exit $status
