#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training steps of one network here and in PyTorch, in turn: A B C A B C …, each in a process of its own.

    peers/bin/python step.py --step build/release/benchmarks/step --set all --rounds 7

Run it with a Python that has torch. Each process warms up, and gives the median of its steps. Prints for each peer the
median of the rounds' ratios of images a second, the smallest and largest of them, and the ratio of peak memory.
Rows, which --peers chooses among: `pytorch` as it comes, `channels_last` (NHWC), `tcmalloc`, which is channels_last
with that allocator, and `bf16`, which is that under autocast to bfloat16. lamina computes in float, and stores
activations in what --type says.

--set names one of these, or `all` of them, one after the other. Sets after the first change it, and options change all:
"""
import argparse
import sys

import side_by_side as sbs

SETS = {
    "unet": {"model": "unet", "base": 64, "bottleneck": 1024, "size": 256, "batch": 2},
    "segnet": {"model": "segnet"},
    "large": {"size": 512, "batch": 1},
    "small": {"base": 16, "bottleneck": 0, "size": 128, "batch": 8},
}


def compare(o):
    shared = sbs.as_options(o, "model", "base", "bottleneck", "size", "batch", "threads", "steps")
    peer = [sys.executable, sbs.HERE / "pytorch_step.py", *shared]
    nhwc, preload = [*peer, "--channels-last"], sbs.tcmalloc()
    rows = {
        "lamina": lambda: sbs.run([o.step, *shared, "--type", o.type]),
        "pytorch": lambda: sbs.run(peer),
        "channels_last": lambda: sbs.run(nhwc),
        "tcmalloc": lambda: sbs.run(nhwc, preload),
        "bf16": lambda: sbs.run([*nhwc, "--bf16"], preload),
    }
    if not preload:
        del rows["tcmalloc"]
    results = sbs.interleave(sbs.chosen(rows, o.peers), o.rounds)
    sbs.print_table(f"{o.model}, batch {o.batch} at {o.size}², lamina stores {o.type}, threads: {o.threads}", results)


def main():
    lines = "".join(f"\n    {name:8} {' '.join(f'--{k} {v}' for k, v in options.items())}"
                    for name, options in SETS.items())
    parser = argparse.ArgumentParser(description=__doc__ + lines, formatter_class=argparse.RawDescriptionHelpFormatter)
    sbs.add_rounds(parser)
    sbs.add_network(parser)
    sbs.add_step(parser)
    parser.add_argument("--type", choices=("float", "bf16"), default="float", help="what lamina stores activations in")
    parser.add_argument("--set", choices=(*SETS, "all"), default="unet", help="a choice of the options above")
    name = parser.parse_args().set
    sbs.require_modules("torch")
    for options in SETS.values() if name == "all" else [SETS[name]]:
        parser.set_defaults(**SETS["unet"] | options)
        compare(parser.parse_args())


main()
