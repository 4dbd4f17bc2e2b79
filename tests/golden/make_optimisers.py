"""Writes optimisers.safetensors: weights after ten steps of PyTorch's optimisers on given gradients, in float."""
import os
import torch
from safetensors.torch import save_file

torch.manual_seed(11)
P, steps = 37, 10
start = torch.randn(P)
gradients = torch.randn(steps, P) * torch.logspace(-6, 2, P)  # tiny and huge ones
out = {"start": start, "gradients": gradients}


def record(name, make):
    w = start.clone().requires_grad_()
    optimiser = make([w])
    for g in gradients:
        w.grad = g.clone()
        optimiser.step()
    out[name] = w.detach().clone()


record("adam", lambda p: torch.optim.Adam(p, lr=1e-2))
record("adam.l2", lambda p: torch.optim.Adam(p, lr=1e-2, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1))
record("adamw", lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1))
record("sgd", lambda p: torch.optim.SGD(p, lr=1e-3))
record("sgd.momentum", lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, weight_decay=0.1))
record("sgd.nesterov", lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, nesterov=True))

average = start.clone()
ema = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
for g in gradients:
    ema([average], [g], None)
out["ema"] = average
clipped = gradients[3].clone().requires_grad_()
clipped.grad = gradients[3].clone()
out["norm"] = torch.nn.utils.clip_grad_norm_([clipped], 2.0)
out["clipped.norm"] = clipped.grad.clone()
out["clipped.value"] = gradients[3].clamp(-0.5, 0.5)

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimisers.safetensors"))
