"""Writes surface_distance.txt: distances between the surfaces of masks by MedPy 0.5.2 and MONAI 1.6.1.

Each line is KIND NUMBER ROW_SPACING COLUMN_SPACING, then MedPy's assd and hd95, MONAI's Hausdorff distance of percentile
95, and MedPy's hd. KIND is "real": validation mask NUMBER of ../shared/data/isic2017_256 against the next, in the order
of names, or "made": the masks of the formula below.

MONAI computes in float, the others in double precision.
"""
import os

import monai.metrics
import numpy
import torch
from medpy.metric import binary
from PIL import Image


def made(number, h=48, w=61):
    """Two ellipses, one moved, with speckles; some reach the edge."""
    rows, columns = numpy.mgrid[0:h, 0:w]
    noise = (numpy.arange(h * w, dtype=numpy.uint32) + numpy.uint32(977 * number)) * numpy.uint32(2654435761) >> 24
    speckles = noise.reshape(h, w) >= 256 - 2 * (number % 4)
    def ellipse(y, x):
        return (rows - y) ** 2 * 4 + (columns - x) ** 2 * 2 < 150 * (number + 1)
    return ellipse(20, 24) ^ speckles, ellipse(20 + number % 7, 24 + 3 * (number % 5))


def directed95(a, b, spacing):
    a, b = (torch.tensor(mask)[None, None] for mask in (a, b))
    return float(monai.metrics.compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=spacing))


here = os.path.dirname(os.path.abspath(__file__))
masks = os.path.join(here, "../../../shared/data/isic2017_256/validation/masks")
pairs = [("made", i, (1, 1)) + made(i) for i in range(1, 13)] + [("made", i, (0.5, 1.25)) + made(i) for i in range(1, 13)]
names = sorted(os.listdir(masks))
real = [numpy.array(Image.open(os.path.join(masks, name)).convert("L")) >= 128 for name in names[:51]]
pairs += [("real", i, (1, 1), real[i], real[i + 1]) for i in range(50)]
with open(os.path.join(here, "surface_distance.txt"), "w") as out:
    for kind, number, spacing, a, b in pairs:
        figures = (binary.assd(a, b, spacing), binary.hd95(a, b, spacing), directed95(a, b, spacing),
                   binary.hd(a, b, spacing))
        out.write("%s %d %g %g %.17g %.17g %.17g %.17g\n" % (kind, number, *spacing, *figures))
