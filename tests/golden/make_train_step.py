#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One training step of small networks in PyTorch, in double precision: the golden values of tests/models/train_step_test.cpp.

For each network: weights, a batch, the loss (BCE with logits, mean), every gradient, every weight after one step of Adam,
and the running statistics. Filters are stored as OHWI, images as NHWC. Needs torch and safetensors.
"""
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


class ConvBlock(nn.Module):
    def __init__(self, i, o, norm=True, active=True):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 3, padding=1)
        if norm:
            self.norm = nn.BatchNorm2d(o, eps=1e-5, momentum=0.1)
        self.active = active

    def forward(self, x):
        x = self.conv(x)
        x = self.norm(x) if hasattr(self, "norm") else x
        return F.relu(x) if self.active else x


def double_conv(i, o, norm=True):
    return nn.Sequential(ConvBlock(i, o, norm), ConvBlock(o, o, norm))


class Up(nn.Module):
    def __init__(self, i, o, transposed):
        super().__init__()
        self.up = nn.ConvTranspose2d(i, o, 2, stride=2) if transposed else ConvBlock(i, o, active=False)
        self.join = double_conv(2 * o, o)
        self.transposed = transposed

    def forward(self, x, skip):
        if self.transposed:
            return self.join(torch.cat([skip, self.up(x)], 1))
        return self.join(torch.cat([self.up(F.interpolate(x, scale_factor=2, mode="nearest")), skip], 1))


class UNet(nn.Module):
    def __init__(self, base, bottleneck, transposed=False):
        super().__init__()
        widths = [base << k for k in range(4)] + [bottleneck]
        self.encoder = nn.ModuleList(double_conv(i, o) for i, o in zip([3] + widths, widths))
        self.decoder = nn.ModuleList(Up(i, o, transposed) for i, o in zip(widths[:0:-1], widths[-2::-1]))
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for level in self.encoder[:-1]:
            x = level(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.encoder[-1](x)
        for up in self.decoder:
            x = up(x, skips.pop())
        return self.head(x)


class SegNet(nn.Module):
    def __init__(self, w, norm):
        super().__init__()

        def stage(i, widths):
            return nn.ModuleList(ConvBlock(a, b, norm) for a, b in zip([i] + widths, widths))

        self.encoder = nn.ModuleList([stage(3, [w] * 2), stage(w, [2 * w] * 2), stage(2 * w, [4 * w] * 3),
                                      stage(4 * w, [8 * w] * 3), stage(8 * w, [8 * w] * 3)])
        self.decoder = nn.ModuleList([stage(8 * w, [8 * w] * 3), stage(8 * w, [8 * w, 8 * w, 4 * w]),
                                      stage(4 * w, [4 * w, 4 * w, 2 * w]), stage(2 * w, [2 * w, w]), stage(w, [w])])
        self.head = nn.Conv2d(w, 1, 3, padding=1)

    def forward(self, x):
        indices = []
        for stage in self.encoder:
            for block in stage:
                x = block(x)
            x, i = F.max_pool2d(x, 2, return_indices=True)
            indices.append(i)
        for stage in self.decoder:
            x = F.max_unpool2d(x, indices.pop(), 2)
            for block in stage:
                x = block(x)
        return self.head(x)


def stored(name, t, transposed_filters):
    """As lamina keeps it: filters OHWI, vectors as they are. A transposed convolution's filters are IOHW in PyTorch."""
    t = t.detach()
    if t.dim() == 4:
        t = t.permute(1, 2, 3, 0) if name in transposed_filters else t.permute(0, 2, 3, 1)
    return t.float().contiguous().clone()


def make(file, net, size, batch=2):
    net = net.double()
    transposed = {f"{n}.weight" for n, m in net.named_modules() if isinstance(m, nn.ConvTranspose2d)}
    for name, p in net.named_parameters():  # values that float holds exactly, and norms that do something
        with torch.no_grad():
            if "norm" in name:
                p.add_(0.2 * torch.randn_like(p))
            p.copy_(p.float())
    x = torch.randn(batch, 3, size, size).double()
    y = (torch.rand(batch, 1, size, size) < 0.4).double()
    out = {"x": x.permute(0, 2, 3, 1).float().contiguous(), "target": y.permute(0, 2, 3, 1).float().contiguous()}
    for name, p in net.named_parameters():
        out["before." + name] = stored(name, p, transposed)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    net.train()
    logits = net(x)
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    out["logits"] = logits.detach().permute(0, 2, 3, 1).float().contiguous()
    out["loss"] = loss.detach().reshape(1).float()
    for name, p in net.named_parameters():
        out["gradient." + name] = stored(name, p.grad, transposed)
    adam.step()
    for name, p in net.named_parameters():
        out["after." + name] = stored(name, p, transposed)
    for name, b in net.named_buffers():
        if "running" in name:
            out["after." + name] = stored(name, b, transposed)
    save_file(out, HERE / file)
    print(file, sum(p.numel() for p in net.parameters()), "parameters, loss", loss.item())


torch.manual_seed(20250101)
make("train_step_unet.safetensors", UNet(2, 16), 32)
make("train_step_unet_classic.safetensors", UNet(2, 32, transposed=True), 32)
make("train_step_segnet.safetensors", SegNet(2, norm=False), 32)
make("train_step_segnet_bn.safetensors", SegNet(2, norm=True), 64, batch=4)
