#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps of one UNet here and in PyTorch, side by side: A B A B …, each in a process of its own.

    python step.py --step build/release/benchmarks/step [--rounds 3] [-- options of both, e.g. --base 64 --size 256]

Run it with a Python that has torch. PyTorch is run as it comes and at its best (channels_last under tcmalloc). Prints the
medians, the ratio of each round, and the ratio of peak memory.
"""
import argparse
import ctypes.util
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def run(command, environment=None):
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    output = subprocess.run(command, env=os.environ | (environment or {}), check=True, capture_output=True, text=True)
    return json.loads(output.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--step", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("options", nargs="*", default=[])
    o = parser.parse_args()
    shared = o.options or ["--base", "64", "--bottleneck", "1024", "--size", "256", "--batch", "2", "--threads", "2"]
    peer = [sys.executable, str(HERE / "pytorch_step.py"), *shared, "--steps", "3"]
    runs = {
        "lamina": lambda: run([o.step, *shared, "--steps", "3"]),
        "pytorch": lambda: run(peer),
        "pytorch, channels_last": lambda: run(peer + ["--channels-last"]),
    }
    tcmalloc = ctypes.util.find_library("tcmalloc") or ctypes.util.find_library("tcmalloc_minimal")
    if tcmalloc:
        runs["pytorch, channels_last, tcmalloc"] = lambda: run(peer + ["--channels-last"], {"LD_PRELOAD": tcmalloc})
    else:
        print("no tcmalloc found (Debian's libgoogle-perftools4): PyTorch runs without it", file=sys.stderr)

    results = {name: [] for name in runs}
    for _ in range(o.rounds):
        for name, one in runs.items():
            results[name].append(one())
    ours = results["lamina"]
    print(f"{'':34} {'images/s':>9} {'ratio':>7} {'peak RSS':>10} {'ratio':>7}")
    for name, each in results.items():
        speed = statistics.median(r["images_per_second_median"] for r in each)
        ratio = statistics.median(a["images_per_second_median"] / b["images_per_second_median"] for a, b in zip(ours, each))
        memory = max(r["peak_rss_bytes"] for r in each)
        share = max(a["peak_rss_bytes"] for a in ours) / memory
        print(f"{name:34} {speed:9.3f} {ratio:7.2f} {memory / 1e6:7.0f} MB {share:7.2f}")
    print(f"lamina: {statistics.median(r['percent_of_peak'] for r in ours):.0f}% of the FMA peak measured in the same run")


main()
