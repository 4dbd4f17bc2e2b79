# SPDX-License-Identifier: Apache-2.0
# Convolutions and transposed convolutions by PyTorch, NHWC and OHWI: conv.safetensors.
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(1)
nhwc = lambda t: t.detach().permute(0, 2, 3, 1).contiguous().float()
vector = lambda t: t.detach().reshape(1, 1, 1, -1).float()
out = {}


def case(name, x, w, forward):
    """x [N,C,H,W], w as PyTorch has it; forward(x, w, b) is y. The transposed filter [I,O,KH,KW] becomes OHWI as well."""
    transposed = name.startswith("transposed")
    x = torch.randn(x, dtype=torch.float64).requires_grad_()
    w = torch.randn(w, dtype=torch.float64).requires_grad_()
    b = torch.randn(w.shape[1 if transposed else 0], dtype=torch.float64).requires_grad_()
    x, w, b = (t.detach().float().double().requires_grad_() for t in (x, w, b))
    y = forward(x, w, b)
    dy = torch.randn_like(y).float().double()
    y.backward(dy)
    ohwi = lambda t: nhwc(t.transpose(0, 1)) if transposed else nhwc(t)
    for key, value in dict(x=nhwc(x), w=ohwi(w), b=vector(b), y=nhwc(y), dy=nhwc(dy), dx=nhwc(x.grad), dw=ohwi(w.grad),
                           db=vector(b.grad)).items():
        out[f"{name}.{key}"] = value


case("same", (1, 3, 5, 6), (4, 3, 3, 3), lambda x, w, b: F.conv2d(x, w, b, padding=1))
case("stride", (1, 5, 7, 8), (3, 5, 3, 3), lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1))
case("dilation", (1, 4, 8, 7), (3, 4, 3, 3), lambda x, w, b: F.conv2d(x, w, b, dilation=2, padding=2))
case("groups", (1, 6, 5, 5), (4, 3, 3, 3), lambda x, w, b: F.conv2d(x, w, b, groups=2, padding=1))
case("depthwise", (1, 5, 6, 5), (5, 1, 3, 3), lambda x, w, b: F.conv2d(x, w, b, groups=5, padding=1))
case("even", (1, 3, 5, 6), (2, 3, 4, 4), lambda x, w, b: F.conv2d(x, w, b, padding="same"))
case("asymmetric", (1, 2, 5, 4), (3, 2, 3, 2), lambda x, w, b: F.conv2d(F.pad(x, (2, 0, 1, 3)), w, b, stride=2))
case("transposed", (1, 5, 4, 3), (5, 4, 2, 2), lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2))
case("transposed_output_padding", (1, 3, 4, 3), (3, 2, 3, 3),
     lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1))

save_file(out, __file__.rsplit("/", 1)[0] + "/conv.safetensors")
