# SPDX-License-Identifier: Apache-2.0
# Writes overlap.txt: the figures of metrics/overlap.hpp from numpy formulas that share no code with it.
# Prediction and truth come from integer arithmetic that the test repeats. Run: python3 make_overlap.py
from pathlib import Path

import numpy as np

images, height, width = 6, 37, 53
n, h, w = np.meshgrid(np.arange(images), np.arange(height), np.arange(width), indexing="ij")
truth = ((h - 18) ** 2 * 4 + (w - 20 - 3 * n) ** 2 * 2 < 90 * (n + 1)).astype(np.uint8) * 255
noise = (h * 7919 + w * 104729 + n * 1299709) % 1000
inside = (h - 19) ** 2 * 4 + (w - 21 - 3 * n) ** 2 * 2 < 90 * (n + 1)
prediction = (inside * 850 + noise) / np.float32(1900)
prediction[0] = 0  # one image in which nothing is found

p, t = prediction.astype(np.float32) >= np.float32(0.5), truth >= 128


def iou(a, b, smoothing=0.0):
    return (np.logical_and(a, b).sum() + smoothing) / (np.logical_or(a, b).sum() + smoothing)


def dice(a, b, smoothing=0.0):
    return (2 * np.logical_and(a, b).sum() + smoothing) / (a.sum() + b.sum() + smoothing)


def precision(a, b):
    return b[a].mean() if a.any() else 0.0


def recall(a, b):
    return a[b].mean()


def specificity(a, b):
    return (~a)[~b].mean()


def accuracy(a, b):
    return (a == b).mean()


def per_image(f, *rest):
    return np.mean([f(a, b, *rest) for a, b in zip(p, t)])


ious = np.array([iou(a, b, 1e-6) for a, b in zip(p, t)])
figures = {
    "iou_per_image_mean": ious.mean(),
    "iou_pooled": iou(p, t),
    "iou_two_class_mean": (iou(p, t) + iou(~p, ~t)) / 2,
    "jaccard_thresholded_0.65": np.where(ious < 0.65, 0, ious).mean(),
    "dice_per_image_mean": per_image(dice, 1e-6),
    "dice_pooled": dice(p, t),
    "dice_two_class_mean": (dice(p, t) + dice(~p, ~t)) / 2,
}
for f in (precision, recall, specificity, accuracy):
    figures[f.__name__ + "_per_image_mean"] = per_image(f)
    figures[f.__name__ + "_pooled"] = f(p, t)
Path(__file__).with_name("overlap.txt").write_text("".join(f"{k} {v:.15g}\n" for k, v in figures.items()))
