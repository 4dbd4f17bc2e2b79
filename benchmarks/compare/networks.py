# SPDX-License-Identifier: Apache-2.0
"""lamina's networks in PyTorch, layer for layer: the same parameters, whose number the comparisons check."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_block(i, o, norm=True, active=True):
    layers = [nn.Conv2d(i, o, 3, padding=1)]
    if norm:
        layers.append(nn.BatchNorm2d(o))
    if active:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def double_conv(i, o):
    return nn.Sequential(conv_block(i, o), conv_block(o, o))


class UNet(nn.Module):
    """include/lamina/models/unet.hpp with its default options; `bottleneck` 0: the channels of the level above."""

    def __init__(self, base, bottleneck):
        super().__init__()
        widths = [base << k for k in range(4)]
        widths.append(bottleneck or widths[-1])
        self.encoder = nn.ModuleList(double_conv(i, o) for i, o in zip([3] + widths, widths))
        self.up = nn.ModuleList(conv_block(i, o, active=False) for i, o in zip(widths[:0:-1], widths[-2::-1]))
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


class SegNet(nn.Module):
    """include/lamina/models/segnet.hpp: unpooling with the encoder's indices; with or without batch norm."""

    def __init__(self, base, norm):
        super().__init__()

        def stage(i, *widths):
            return nn.Sequential(*(conv_block(a, b, norm) for a, b in zip((i, *widths), widths)))

        w = base
        self.encoder = nn.ModuleList([
            stage(3, w, w), stage(w, 2 * w, 2 * w), stage(2 * w, 4 * w, 4 * w, 4 * w),
            stage(4 * w, 8 * w, 8 * w, 8 * w), stage(8 * w, 8 * w, 8 * w, 8 * w)])
        self.decoder = nn.ModuleList([
            stage(8 * w, 8 * w, 8 * w, 8 * w), stage(8 * w, 8 * w, 8 * w, 4 * w), stage(4 * w, 4 * w, 4 * w, 2 * w),
            stage(2 * w, 2 * w, w), stage(w, w)])
        self.head = nn.Conv2d(w, 1, 3, padding=1)

    def forward(self, x):
        pooled = []
        for stage in self.encoder:
            x, indices = F.max_pool2d(stage(x), 2, return_indices=True)
            pooled.append(indices)
        for stage in self.decoder:
            size = [2 * x.shape[2], 2 * x.shape[3]]
            x = stage(torch.ops.aten.max_unpool2d(x, pooled.pop(), size))  # what F.max_unpool2d calls; can be traced
        return self.head(x)


def make(model, base, bottleneck):
    if model == "unet":
        return UNet(base, bottleneck)
    return SegNet(base, norm=model == "segnet_bn")
