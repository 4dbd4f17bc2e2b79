# SPDX-License-Identifier: Apache-2.0
# Writes probability_figures.txt: what metrics/threshold_sweep.hpp and metrics/calibration.hpp find, by scikit-learn.
# Probabilities and truth come from integer arithmetic that the tests repeat. Run: python3 make_probability_figures.py
from pathlib import Path

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, jaccard_score

images, height, width = 5, 24, 31
n, h, w = np.meshgrid(np.arange(images), np.arange(height), np.arange(width), indexing="ij")
k = (h * 7919 + w * 104729 + n * 1299709) % 1009
probability = k.astype(np.float32) / np.float32(1008)
truth = (n > 0) & (k > 300 + (h * 31 + w * 17 + n * 97) % 500)  # the first image has no lesion

lines = []
for percent in range(1, 100):
    predicted = probability >= np.float32(percent) / np.float32(100)
    pairs = [(t.ravel(), p.ravel()) for t, p in zip(truth, predicted)]
    lines.append(("iou_pooled", percent, jaccard_score(truth.ravel(), predicted.ravel())))
    lines.append(("dice_pooled", percent, f1_score(truth.ravel(), predicted.ravel())))
    lines.append(("iou_of_last_image", percent, jaccard_score(*pairs[-1])))
    lines.append(("true_negative_of_first_image", percent, confusion_matrix(*pairs[0], labels=[False, True])[0, 0]))

bins = 15
y, p = truth.ravel(), probability.ravel().astype(np.float64)
share, mean = calibration_curve(y, p, n_bins=bins)
pixels = np.histogram(-p, bins=-np.linspace(1, 0, bins + 1))[0][::-1]  # negated: an edge belongs to the bin below
assert len(share) == bins and pixels.sum() == len(y)
for i in range(bins):
    lines += [("bin_pixels", i, pixels[i]), ("bin_mean", i, mean[i]), ("bin_share", i, share[i])]
lines.append(("expected_calibration_error", 0, (pixels / len(y) * np.abs(share - mean)).sum()))
lines.append(("brier_score", 0, brier_score_loss(y, p)))
text = "".join(f"{name} {number} {value:.15g}\n" for name, number, value in lines)
Path(__file__).with_name("probability_figures.txt").write_text(text)
