"""Writes masks.safetensors: what OpenCV 4.6 makes of masks and grey pictures.

distances.LEAST: cv2.distanceTransform with DIST_L2 and DIST_MASK_PRECISE of the mask 40 × 57 that is inside where a byte
of make_warp.py's formula is at least LEAST.
otsu: for i = 0 … 39 the threshold that THRESH_OTSU finds for the 60 × 70 bytes b(k)^(1 + i % 5) / 256^(i % 5), in whole
numbers, plus i · b(k + 1) / 64 where b(k) ≥ 100, at most 255.
"""
import cv2
import numpy

import golden_file

cv2.setNumThreads(1)


def formula(count):
    return numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) >> 24


arrays = {}
for least in (1, 4, 100):
    mask = numpy.where(formula(40 * 57) >= least, 255, 0).astype(numpy.uint8).reshape(40, 57)
    arrays["distances.%d" % least] = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
found = []
for i in range(40):
    b = formula(60 * 70 + 1).astype(numpy.int64)
    x = b[:-1] ** (1 + i % 5) // 256 ** (i % 5) + numpy.where(b[:-1] >= 100, i * b[1:] // 64, 0)
    found.append(cv2.threshold(numpy.minimum(x, 255).astype(numpy.uint8).reshape(60, 70), 0, 255, cv2.THRESH_OTSU)[0])
arrays["otsu"] = numpy.array(found, numpy.uint8)
golden_file.save("masks.safetensors", arrays)
