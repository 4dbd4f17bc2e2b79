#!/bin/sh
# Each folder of include/lamina includes only what stands below it, and each outside library only where its target
# says. Run from the repository's root.
find include -name '*.hpp' -o -name '*.inl' | sort | xargs awk '
  BEGIN {
    # A folder may include itself and these.
    below["core"] = ""
    below["simd"] = "core"
    below["kernels"] = "core simd"
    below["ops"] = "core simd kernels"
    below["graph"] = "core simd kernels ops"
    below["layers"] = "core simd kernels ops graph"
    below["models"] = "core simd kernels ops graph layers"
    below["formats"] = "core"
    below["metrics"] = "core"
    below["image"] = "core simd kernels formats"
    below["augment"] = "core simd kernels formats image"
    below["data"] = "core formats metrics image augment"
    below["predict"] = "core simd kernels ops graph layers models formats metrics image"
    below["train"] = below["predict"] " augment data predict"
    below["lamina.hpp"] = "core simd kernels ops graph layers models metrics"

    # Outside libraries, by the beginning of the header name.
    where["nlohmann/"] = "formats data train predict"
    where["yaml-cpp/"] = "data train"
    where["jpeglib"] = "image"
    where["jerror"] = "image"
    where["png"] = "image"
    where["CLI/"] = ""
    where["doctest/"] = ""
    where["benchmark/"] = ""
  }
  function listed(word, words) { return index(" " words " ", " " word " ") > 0 }
  function complain(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; bad = 1 }

  /^ *#include [<"]/ {
    header = $0
    sub(/^ *#include [<"]/, "", header)
    sub(/[>"].*/, "", header)
    split(FILENAME, path, "/")
    folder = path[3]
    if (!(folder in below)) complain("the folder " folder " has no floor in tests/hygiene/floors.sh")
    if (header ~ /^lamina\//) {
      split(header, parts, "/")
      if (parts[2] != folder && !listed(parts[2], below[folder])) complain(folder " includes upward: " header)
    } else {
      for (prefix in where)
        if (index(header, prefix) == 1 && !listed(folder, where[prefix])) complain(folder " may not use " header)
    }
  }
  END { exit bad }'
