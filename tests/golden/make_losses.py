"""Writes losses.safetensors: the value and the gradient of each loss, by PyTorch's autograd in double precision."""
import os
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(7)
N, H, W = 3, 5, 7
logits = (4 * torch.randn(N, H, W, 1)).float()
logits.view(-1)[:2] = torch.tensor([60.0, -60.0])  # saturated, one right and one wrong
target = (torch.rand(N, H, W, 1) < 0.35).float()
target.view(-1)[:2] = torch.tensor([1.0, 1.0])
target[2] = 0                                      # an image without lesion
weights = torch.rand(N, H, W, 1)
out = {"logits": logits, "target": target, "weights": weights}


def record(name, loss, x=logits):
    x = x.double().requires_grad_()
    value = loss(x)
    value.backward()
    out[name + ".value"], out[name + ".gradient"] = value.detach(), x.grad


t = target.double()


def tversky(y, alpha, beta, smoothing, dims):
    hits, fp, fn = (t * y).sum(dims), ((1 - t) * y).sum(dims), (t * (1 - y)).sum(dims)
    return (1 - (hits + smoothing) / (hits + alpha * fp + beta * fn + smoothing)).mean()


def dice(y, smoothing, dims):
    return (1 - (2 * (t * y).sum(dims) + smoothing) / (t.sum(dims) + y.sum(dims) + smoothing)).mean()


def jaccard(y, smoothing, dims):
    both = (t * y).sum(dims)
    return (1 - (both + smoothing) / (t.sum(dims) + y.sum(dims) - both + smoothing)).mean()


def focal(z, gamma=2, alpha=0.25):  # torchvision.ops.sigmoid_focal_loss
    p, ce = z.sigmoid(), F.binary_cross_entropy_with_logits(z, t, reduction="none")
    return ((alpha * t + (1 - alpha) * (1 - t)) * ce * (1 - (p * t + (1 - p) * (1 - t))) ** gamma).mean()


def lovasz_region(z, truth):  # Berman's lovasz_hinge_flat
    errors, order = torch.sort(1 - z * (2 * truth - 1), descending=True, stable=True)
    truth = truth[order]
    jaccard_loss = 1 - (truth.sum() - truth.cumsum(0)) / (truth.sum() + (1 - truth).cumsum(0))
    jaccard_loss[1:] = jaccard_loss[1:] - jaccard_loss[:-1].clone()
    return torch.dot(F.relu(errors), jaccard_loss)


image, batch = (1, 2, 3), (0, 1, 2, 3)
probabilities = torch.rand(N, H, W, 1)
out["probabilities"] = probabilities
record("bce_with_logits", lambda z: F.binary_cross_entropy_with_logits(z, t))
record("bce_with_logits.weighted",
       lambda z: F.binary_cross_entropy_with_logits(z, t, weight=weights.double(), pos_weight=torch.tensor(3.0)))
record("bce", lambda y: -(t * (y + 1e-7).log() + (1 - t) * (1 - y + 1e-7).log()).sum() / N, probabilities)
record("dice.image", lambda z: dice(z.sigmoid(), 1, image))
record("dice.batch", lambda z: dice(z.sigmoid(), 0.5, batch))
record("dice.probabilities", lambda y: dice(y, 1, image), probabilities)
record("bce_dice", lambda z: 0.5 * F.binary_cross_entropy_with_logits(z, t) + 2 * dice(z.sigmoid(), 1, image))
record("focal", focal)
record("tversky.image", lambda z: tversky(z.sigmoid(), 0.3, 0.7, 1, image))
record("tversky.batch", lambda z: tversky(z.sigmoid(), 0.6, 0.2, 1, batch))
record("jaccard.image", lambda z: jaccard(z.sigmoid(), 1, image))
record("lovasz_hinge.image",
       lambda z: torch.stack([lovasz_region(z[n].reshape(-1), t[n].reshape(-1)) for n in range(N)]).mean())
record("lovasz_hinge.batch", lambda z: lovasz_region(z.reshape(-1), t.reshape(-1)))

scores = (3 * torch.randn(2, 3, 4, 5)).float()
classes = torch.randint(0, 5, (2, 3, 4, 1))
classes[0, 0, :2] = -1
out["scores"], out["classes"] = scores, classes.int()
record("softmax_cross_entropy", lambda z: F.cross_entropy(z.reshape(-1, 5), classes.reshape(-1), ignore_index=-1), scores)

save_file({k: v.contiguous() for k, v in out.items()},
          os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.safetensors"))
