"""Writes schedules.safetensors: learning rates of PyTorch's schedulers, step by step."""
import os
import torch
from torch.optim import lr_scheduler as L
from safetensors.torch import save_file

steps, base = 20, 0.02
out = {}


def record(name, make, metrics=None, count=steps + 1):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    schedule, rates = make(optimiser), []
    for i in range(count):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step(*([] if metrics is None else [metrics[i]]))
    out[name] = torch.tensor(rates, dtype=torch.float64)


record("polynomial", lambda o: L.PolynomialLR(o, total_iters=steps, power=0.9))
record("cosine", lambda o: L.CosineAnnealingLR(o, T_max=steps, eta_min=0.1 * base))
record("step", lambda o: L.StepLR(o, step_size=6, gamma=0.5))
iou = [0.1, 0.2, 0.2, 0.19, 0.20001, 0.3, 0.3, 0.3, 0.3, 0.29, 0.1, 0.31, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
out["iou"] = torch.tensor(iou, dtype=torch.float64)
record("plateau.iou", lambda o: L.ReduceLROnPlateau(o, "max", factor=0.5, patience=2, min_lr=0.1 * base), iou, len(iou))
record("plateau.loss", lambda o: L.ReduceLROnPlateau(o, "min", factor=0.5, patience=2), [1 - x for x in iou], len(iou))
# linear warm-up over 5 steps, then cosine over the other 15
record("warm_up", lambda o: L.SequentialLR(o, [L.LinearLR(o, start_factor=1 / 5, end_factor=1, total_iters=4),
                                               L.CosineAnnealingLR(o, T_max=15)], milestones=[5]))

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedules.safetensors"))
