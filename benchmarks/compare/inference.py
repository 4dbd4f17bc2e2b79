#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Predictions of one network here, in PyTorch and in ONNX Runtime, in turn: A B C A B C …, each in its own process.

    peers/bin/python inference.py --step build/release/benchmarks/step --rounds 7

Run it with a Python that has torch, onnx, onnxscript and onnxruntime. Each process warms up, and gives the median of
its forward passes. Prints for each batch and size the median of the rounds' ratios of images a second to each peer, the
smallest and largest of them, and the ratios of peak memory; then which peer is the quickest.

Rows, which --peers chooses among: `pytorch` in inference mode, `channels_last` (NHWC), `jit`, which is channels_last
traced, frozen and optimised for inference, `onnxruntime` on the same network exported, with every optimisation of its
graph; and those with tcmalloc. All compute in float.
"""
import argparse
import pathlib
import sys
import tempfile

import side_by_side as sbs


def compare(o, batch, size, folder):
    shared = sbs.as_options(o, "model", "base", "bottleneck", "threads", "steps")
    shared += ["--batch", batch, "--size", size]
    torch_step = [sys.executable, sbs.HERE / "pytorch_step.py", *shared, "--inference", "--warmup", "3"]
    file = folder / f"{batch}_{size}.onnx"
    onnx = [sys.executable, sbs.HERE / "onnxruntime_step.py", "--onnx", file, *sbs.as_options(o, "threads", "steps"),
            "--batch", batch, "--size", size]
    nhwc = [*torch_step, "--channels-last"]
    commands = {"pytorch": torch_step, "channels_last": nhwc, "jit": [*nhwc, "--jit"], "onnxruntime": onnx}
    rows = {"lamina": lambda: sbs.run([o.step, *shared, "--inference"])}
    rows |= {name: lambda command=command: sbs.run(command) for name, command in commands.items()}
    preload = sbs.tcmalloc()
    if preload:
        for name in ("channels_last", "jit", "onnxruntime"):
            rows[name + "+tcmalloc"] = lambda command=commands[name]: sbs.run(command, preload)
    rows = sbs.chosen(rows, o.peers)
    if any("onnx" in name for name in rows):
        sbs.output_of([*torch_step, "--export", file])
    results = sbs.interleave(rows, o.rounds)
    sbs.print_table(f"{o.model}, prediction, batch {batch} at {size}², threads: {o.threads}", results)

    ours = results.pop("lamina")
    if results:
        quickest = max(results, key=lambda name: sbs.speed(results[name]))
        ratio = sbs.statistics.median(sbs.ratios(ours, results[quickest]))
        share = sbs.memory(ours) / sbs.memory(results[quickest])
        print(f"the quickest peer is {quickest}: lamina has {ratio:.2f} of its speed, {share:.2f} of its memory",
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sbs.add_rounds(parser)
    sbs.add_network(parser)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], help="heights and widths")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2], help="with each of the sizes")
    parser.add_argument("--steps", type=int, default=5, help="timed passes of a process, of which the median is taken")
    o = parser.parse_args()
    sbs.require_modules("torch", "onnx", "onnxscript", "onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        for size in o.sizes:
            for batch in o.batches:
                compare(o, batch, size, pathlib.Path(folder))


main()
