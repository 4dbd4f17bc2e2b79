"""Writes blocks.safetensors: average pooling, group norm and dropout by PyTorch, all NHWC. Dropout's mask comes from a
Philox of its own, written down here once more in plain integers."""
import os
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(4)
out = {}


def save(name, **tensors):
    for key, t in tensors.items():
        out[f"{name}.{key}"] = (t.detach().permute(0, 2, 3, 1) if t.dim() == 4 else t.detach()).contiguous().float()


def exact(t):
    """Values that a float holds."""
    return t.detach().float().double()


def philox(counter, key):
    """Philox 4x32-10, Salmon et al. 2011."""
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k0, b & 0xFFFFFFFF, a >> 32 ^ c[3] ^ k1, a & 0xFFFFFFFF]
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return c


# from the known answers of Philox's authors
assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], (0xA4093822, 0x299F31D0)) == [
    0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]

x = exact(torch.randn(2, 6, 7, 5, dtype=torch.float64)).requires_grad_()
save("input", x=x)

for kernel, stride, padding, include in [(2, 2, 0, True), (3, 2, 1, True), (3, 2, 1, False), (4, 3, 2, False),
                                         (3, 1, 1, True)]:
    y = F.avg_pool2d(x, kernel, stride, padding, count_include_pad=include)
    dy = exact(torch.randn_like(y))
    (dx,) = torch.autograd.grad(y, x, dy)
    save(f"average_pool2d_{kernel}_{stride}_{padding}_{int(include)}", y=y, dy=dy, dx=dx)

y = F.adaptive_avg_pool2d(x, 1)
dy = exact(torch.randn_like(y))
(dx,) = torch.autograd.grad(y, x, dy)
save("global_average_pool2d", y=y, dy=dy, dx=dx)

gamma = exact(torch.rand(6, dtype=torch.float64) + 0.5).requires_grad_()
beta = exact(torch.rand(6, dtype=torch.float64) * 2 - 1).requires_grad_()
save("group_norm", gamma=gamma, beta=beta)
for groups in [1, 2, 6]:
    y = F.relu(F.group_norm(x, groups, gamma, beta, eps=1e-5))
    dy = exact(torch.randn_like(y))
    dx, dgamma, dbeta = torch.autograd.grad(y, [x, gamma, beta], dy)
    save(f"group_norm_{groups}", y=y, dy=dy, dx=dx, dgamma=dgamma, dbeta=dbeta)

# seed, step and layer of the test; dropout is the purpose with number 6
seed, step, layer, rate = 0x0123456789ABCDEF, 41, 7, 0.25
_, C, H, W = x.shape


def uniform(image, draw):
    word = philox([draw // 4, image, step, 6 << 24 | layer], (seed & 0xFFFFFFFF, seed >> 32))[draw % 4]
    return (word >> 8) * 2.0**-24


for name, draw_of in [("dropout", lambda c, h, w: (h * W + w) * C + c), ("dropout_per_channel", lambda c, h, w: c)]:
    mask = torch.tensor([[[[uniform(n, draw_of(c, h, w)) >= rate for w in range(W)] for h in range(H)]
                          for c in range(C)] for n in range(2)])
    y = x * mask / (1 - rate)
    dy = exact(torch.randn_like(y))
    (dx,) = torch.autograd.grad(y, x, dy)
    save(name, y=y, dy=dy, dx=dx)

save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "blocks.safetensors"))
