# SPDX-License-Identifier: Apache-2.0
# Writes evaluate.txt: what scikit-learn and MONAI say of two small sets of predictions, bootstrap intervals of NumPy
# over the same random stream, and SciPy's signed-rank test. Predictions, truth and differences come from integer
# arithmetic that the tests repeat (tests/support/two_runs.hpp). Made with scikit-learn 1.9.1, MONAI 1.6.1, SciPy 1.17.1,
# NumPy 2.4.6, torch 2.x. Run: python3 make_evaluate.py
from pathlib import Path

import numpy as np
import torch
from monai.metrics import compute_dice, compute_iou
from scipy.stats import wilcoxon
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score

figures = {}
images, height, width = 20, 41, 59
n, h, w = np.meshgrid(np.arange(images), np.arange(height), np.arange(width), indexing="ij")


def ellipse(y, x, size):
    return (h - y) ** 2 * 4 + (w - x - n) ** 2 * 2 < size


def run(inside, noise):
    probability = (inside * 850 + noise % 1000).astype(np.float32) / np.float32(1900)
    probability[:2] = 0  # in the first nothing is found, in the second there is nothing
    return probability >= np.float32(0.5)


truth = ellipse(20, 22, 120 * (n % 7 + 1))
truth[1] = False
first = run(ellipse(21, 23, 130 * (n % 6 + 1)), h * 7919 + w * 104729 + n * 1299709)
second = run(ellipse(19, 21, 110 * (n % 7 + 1)), h * 104729 + w * 7919 + n * 15485863)


def score(f, t, p, **rest):
    """Of flat masks; 0/0 is 1 where the masks agree, else 0."""
    return f(t, p, zero_division=1.0 if (t == p).all() else 0.0, **rest)


def per_image(f, p, **rest):
    return np.array([score(f, t.ravel(), q.ravel(), **rest) for t, q in zip(truth, p)])


for name, p in (("first", first), ("second", second)):
    t_flat, p_flat = truth.ravel(), p.ravel()
    jaccard = per_image(jaccard_score, p)
    mine = {
        "iou_per_image_mean": jaccard.mean(),
        "iou_pooled": jaccard_score(t_flat, p_flat),
        "iou_two_class_mean": jaccard_score(t_flat, p_flat, average="macro"),
        "jaccard_thresholded_0.65": np.where(jaccard < 0.65, 0, jaccard).mean(),
        "dice_per_image_mean": per_image(f1_score, p).mean(),
        "dice_pooled": f1_score(t_flat, p_flat),
        "dice_two_class_mean": f1_score(t_flat, p_flat, average="macro"),
        "precision_per_image_mean": per_image(precision_score, p).mean(),
        "precision_pooled": precision_score(t_flat, p_flat),
        "recall_per_image_mean": per_image(recall_score, p).mean(),
        "recall_pooled": recall_score(t_flat, p_flat),
        "specificity_per_image_mean": per_image(recall_score, p, pos_label=False).mean(),
        "specificity_pooled": recall_score(t_flat, p_flat, pos_label=False),
        "accuracy_per_image_mean": np.mean([accuracy_score(t.ravel(), q.ravel()) for t, q in zip(truth, p)]),
        "accuracy_pooled": accuracy_score(t_flat, p_flat),
    }
    figures |= {f"sklearn.{name}.{protocol}": value for protocol, value in mine.items()}
    as_torch = [torch.from_numpy(m[:, None].astype(np.float32)) for m in (p, truth)]
    # MONAI leaves out images without truth (NaN) unless ignore_empty is False; both empty then count as 1.
    figures[f"monai.{name}.iou_per_image_mean"] = compute_iou(*as_torch, ignore_empty=False).double().mean().item()
    figures[f"monai.{name}.dice_per_image_mean"] = compute_dice(*as_torch, ignore_empty=False).double().mean().item()


def philox(counter, key):
    """Philox 4×32-10 of arrays of counters: four arrays of 32 bits in arrays of 64."""
    c, (k0, k1), low = [np.asarray(x, np.uint64) for x in counter], key, np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [b >> np.uint64(32) ^ c[1] ^ np.uint64(k0), b & low, a >> np.uint64(32) ^ c[3] ^ np.uint64(k1), a & low]
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return c


# 1000 resamples of 20 images with seed 7: resample r reads the stream of sample r.
resamples, seed, bootstrap = 1000, 7, 5
r, block = np.meshgrid(np.arange(resamples), np.arange(images // 4), indexing="ij")
bits = np.stack(philox((block, r, 0 * r, 0 * r + (bootstrap << 24)), (seed, 0)), -1).reshape(resamples, images)
product = bits * np.uint64(images)
assert ((product & np.uint64(0xFFFFFFFF)) >= 2**32 % images).all()  # none would be drawn again
drawn = (product >> np.uint64(32)).astype(int)


def smoothed(p):
    both, either = (p & truth).sum((1, 2)), (p | truth).sum((1, 2))
    return (both + 1e-6) / (either + 1e-6)


def pooled(p):
    return (p & truth).sum((1, 2))[drawn].sum(1) / (p | truth).sum((1, 2))[drawn].sum(1)


def thresholded(p):
    return np.where(smoothed(p) < 0.65, 0, smoothed(p))


replicates = {
    "iou_per_image_mean": lambda p: smoothed(p)[drawn].mean(1),
    "jaccard_thresholded_0.65": lambda p: thresholded(p)[drawn].mean(1),
    "iou_pooled": pooled,
}
for protocol, of in replicates.items():
    for name, values in (("first", of(first)), ("difference", of(first) - of(second))):
        low, high = np.quantile(values, [0.05, 0.95])
        figures |= {f"bootstrap.{name}.{protocol}.low": low, f"bootstrap.{name}.{protocol}.high": high}

# (i · step mod values − zero) / 1024 for i = 0 … pairs − 1, in which `few` values make ties and zeros.
for pairs, step, values, zero in ((1, 7, 5, 2), (5, 37, 101, 30), (12, 391, 1009, 600), (13, 3, 7, 3),
                                  (50, 391, 1009, 400), (51, 391, 1009, 400), (200, 391, 1009, 480), (300, 17, 40, 18)):
    d = (np.arange(pairs) * step % values - zero) / 1024
    assert pairs > 50 or pairs <= 13 or len(set(abs(d)) - {0}) == pairs  # else SciPy is not exact
    figures[f"wilcoxon {pairs} {step} {values} {zero}"] = wilcoxon(d).pvalue
figures["wilcoxon.iou"] = wilcoxon(smoothed(first)[2:], smoothed(second)[2:]).pvalue  # the two before are alike

Path(__file__).with_name("evaluate.txt").write_text("".join(f"{k} {v:.15g}\n" for k, v in figures.items()))
