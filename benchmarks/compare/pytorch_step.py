#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of benchmarks/step: the same network, batch and optimiser; one line of JSON.

    pytorch_step.py --model unet --base 64 --bottleneck 1024 --size 256 --batch 2 --threads 2 [--channels-last] [--bf16]

A step is forward, BCE with logits, backward and Adam; with --inference, forward in inference mode. Give it tcmalloc
(LD_PRELOAD=libtcmalloc.so.4) to see its best. --export FILE writes the network as ONNX instead.
"""
import argparse
import contextlib
import json
import os
import resource
import statistics
import sys
import time

import side_by_side

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
side_by_side.require_modules("torch")

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

import networks  # noqa: E402


def export(net, x, path):
    side_by_side.require_modules("onnx", "onnxscript")
    with contextlib.redirect_stdout(sys.stderr):
        torch.onnx.export(net.eval(), (x,), path, input_names=["x"], output_names=["y"], external_data=False)


def trainer(net, x, y, bf16):
    adam = torch.optim.Adam(net.parameters(), lr=1e-5)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = net(x)
        loss = F.binary_cross_entropy_with_logits(logits.float(), y)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return step


def predictor(net, x, bf16, jit):
    if jit:
        with torch.no_grad():
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))

    def step():
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            net(x)

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_network(parser)
    side_by_side.add_step(parser)
    parser.add_argument("--warmup", type=int, default=1, help="steps before the timed ones")
    parser.add_argument("--channels-last", action="store_true", help="NHWC in memory")
    parser.add_argument("--inference", action="store_true", help="forward only")
    parser.add_argument("--jit", action="store_true", help="with --inference: traced, frozen, optimize_for_inference")
    parser.add_argument("--bf16", action="store_true", help="under autocast to bfloat16")
    parser.add_argument("--export", metavar="FILE", help="write the network as ONNX, and end")
    o = parser.parse_args()

    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    net = networks.make(o.model, o.base, o.bottleneck)
    parameters = sum(p.numel() for p in net.parameters())
    x = torch.rand(o.batch, 3, o.size, o.size) * 2 - 1
    y = (torch.rand(o.batch, 1, o.size, o.size) < 0.2).float()
    if o.export:
        return export(net, x, o.export)
    if o.channels_last:
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    net.train(not o.inference)
    step = predictor(net, x, o.bf16, o.jit) if o.inference else trainer(net, x, y, o.bf16)

    seconds = []
    for i in range(o.warmup + o.steps):
        start = time.perf_counter()
        step()
        if i >= o.warmup:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "peer": "pytorch " + torch.__version__,
        "images_per_second_best": o.batch / min(seconds),
        "images_per_second_median": o.batch / statistics.median(seconds),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "parameters": parameters,
    }))


main()
