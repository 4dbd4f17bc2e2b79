"""Writes memory_ops.safetensors: batch norm, pooling, unpooling, upsampling and sigmoid by PyTorch, all NHWC."""
import os
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(3)
out = {}


def nhwc(t):
    return t.detach().permute(0, 2, 3, 1).contiguous().float()


def save(name, **tensors):
    for key, t in tensors.items():
        out[f"{name}.{key}"] = nhwc(t) if t.dim() == 4 else t.detach().contiguous().float()


x = torch.randn(2, 5, 7, 6, dtype=torch.float64).float().double().requires_grad_()  # exact in float
save("input", x=x)

norm = torch.nn.BatchNorm2d(5, eps=1e-5, momentum=0.1).double()
with torch.no_grad():
    norm.weight.uniform_(0.5, 1.5), norm.bias.uniform_(-1, 1)
save("batch_norm2d", gamma=norm.weight, beta=norm.bias)
with torch.no_grad():
    norm.weight.copy_(norm.weight.float()), norm.bias.copy_(norm.bias.float())
y = F.relu(norm(x))
dy = torch.randn_like(y).float().double()
dx, dgamma, dbeta = torch.autograd.grad(y, [x, norm.weight, norm.bias], dy)
save("batch_norm2d", y=y, dy=dy, dx=dx, dgamma=dgamma, dbeta=dbeta, running_mean=norm.running_mean,
     running_var=norm.running_var)

for kernel, stride in [(2, 2), (3, 2)]:
    y, indices = F.max_pool2d(x, kernel, stride, return_indices=True)
    dy = torch.randn_like(y).float().double()
    (dx,) = torch.autograd.grad(y, x, dy)
    save(f"max_pool2d_{kernel}_{stride}", y=y, dy=dy, dx=dx)
    if kernel == 2:
        save("max_unpool2d", y=F.max_unpool2d(dy, indices, kernel, stride, output_size=x.shape[2:]))

for name, size, options in [("nearest", (14, 12), {"mode": "nearest"}),
                            ("bilinear", (14, 12), {"mode": "bilinear", "align_corners": False}),
                            ("bilinear_aligned", (11, 13), {"mode": "bilinear", "align_corners": True})]:
    y = F.interpolate(x, size=size, **options)
    dy = torch.randn_like(y).float().double()
    (dx,) = torch.autograd.grad(y, x, dy)
    save(f"upsample_{name}", y=y, dy=dy, dx=dx)

save("sigmoid", y=torch.sigmoid(x))
save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "memory_ops.safetensors"))
