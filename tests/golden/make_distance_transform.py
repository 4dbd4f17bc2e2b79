"""Writes distance_transform.safetensors and distance_transform.txt: what SciPy's distance_transform_edt makes of masks
that are inside where a byte of make_warp.py's formula is at least LEAST.

distance_transform.safetensors: LEAST.ROW_SPACING.COLUMN_SPACING, 23 × 31.
distance_transform.txt: LEAST HEIGHT WIDTH and the first 16 hex digits of the squared distances as 64-bit integers.
"""
import hashlib
import os

import numpy
from scipy.ndimage import distance_transform_edt

import golden_file


def mask(h, w, least):
    x = (numpy.arange(h * w, dtype=numpy.uint32) * numpy.uint32(2654435761) >> 24).astype(numpy.uint8)
    return x.reshape(h, w) >= least


arrays = {}
for least in (1, 4, 100):
    for spacing in ((1, 1), (0.5, 2), (3.25, 0.7)):
        arrays["%d.%g.%g" % (least, *spacing)] = distance_transform_edt(mask(23, 31, least), spacing)
golden_file.save("distance_transform.safetensors", arrays)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "distance_transform.txt"), "w") as out:
    for least in (1, 2, 20, 200, 256):
        for h, w in ((1, 300), (300, 1), (83, 121), (300, 257)):
            squares = numpy.rint(distance_transform_edt(mask(h, w, least)) ** 2).astype(numpy.int64)
            out.write("%d %d %d %s\n" % (least, h, w, hashlib.sha256(squares.tobytes()).hexdigest()[:16]))
