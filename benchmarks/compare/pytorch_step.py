#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch's side of benchmarks/step: the same UNet, batch and optimiser; one JSON line.

    pytorch_step.py --base 64 --bottleneck 1024 --size 256 --batch 2 --threads 2 [--channels-last] [--inference] [--bf16]

Forward, BCE with logits, backward, Adam. Give it tcmalloc (LD_PRELOAD=libtcmalloc.so.4) to see its best.
"""
import argparse
import json
import os
import resource
import statistics
import time

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402


def conv_block(i, o, active=True):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), *([nn.ReLU(inplace=True)] if active else []))


def double_conv(i, o):
    return nn.Sequential(conv_block(i, o), conv_block(o, o))


class UNet(nn.Module):
    def __init__(self, base, bottleneck):
        super().__init__()
        widths = [base << k for k in range(4)] + [bottleneck]
        self.encoder = nn.ModuleList(double_conv(i, o) for i, o in zip([3] + widths, widths))
        self.up = nn.ModuleList(conv_block(i, o, False) for i, o in zip(widths[:0:-1], widths[-2::-1]))
        self.join = nn.ModuleList(double_conv(2 * o, o) for o in widths[-2::-1])
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for level in self.encoder[:-1]:
            x = level(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.encoder[-1](x)
        for up, join in zip(self.up, self.join):
            x = join(torch.cat([up(F.interpolate(x, scale_factor=2)), skips.pop()], 1))
        return self.head(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, default=64)
    parser.add_argument("--bottleneck", type=int, default=1024)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--inference", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    o = parser.parse_args()

    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    net = UNet(o.base, o.bottleneck)
    x = torch.randn(o.batch, 3, o.size, o.size)
    y = (torch.rand(o.batch, 1, o.size, o.size) < 0.2).float()
    if o.channels_last:
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    net.train(not o.inference)
    adam = torch.optim.Adam(net.parameters(), lr=1e-5)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=o.bf16):
            if o.inference:
                with torch.no_grad():
                    return net(x)
            logits = net(x)
        loss = F.binary_cross_entropy_with_logits(logits.float(), y)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    seconds = []
    for i in range(o.steps + 1):
        start = time.perf_counter()
        step()
        if i > 0:  # the first one warms up
            seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "peer": "pytorch " + torch.__version__,
        "images_per_second_best": o.batch / min(seconds),
        "images_per_second_median": o.batch / statistics.median(seconds),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "parameters": sum(p.numel() for p in net.parameters()),
    }))


main()
