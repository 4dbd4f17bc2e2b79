"""Writes filter.safetensors and filter.txt: what OpenCV 4.6 makes of small pictures with cv2.GaussianBlur,
cv2.sepFilter2D, cv2.filter2D and cv2.medianBlur, the weights of cv2.getGaussianKernel, and the SHA-256 of larger ones.

filter.safetensors: DTYPE.x, gaussian.DTYPE.SIDE.SIGMA.BORDER, separable.DTYPE.BORDER and filter2d.DTYPE.BORDER with
across, down and kernel, median.DTYPE.SIDE, kernel.SIDE.SIGMA.
filter.txt: gaussian SIDE SIGMA BORDER, median SIDE, and the first 16 hex digits, for a picture 83 × 121 × 3 of bytes made
by make_warp.py's formula.
"""
import hashlib
import os

import cv2
import numpy

import golden_file

cv2.setNumThreads(1)
borders = {"constant": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT,
           "reflect_101": cv2.BORDER_REFLECT_101}
generator = numpy.random.default_rng(3)
h, w = 9, 11
arrays = {"across": generator.uniform(-0.3, 0.6, 4).astype(numpy.float32),
          "down": generator.uniform(-0.3, 0.6, 5).astype(numpy.float32),
          "kernel": generator.uniform(-0.2, 0.3, (3, 6)).astype(numpy.float32)}
for side, sigma in ((1, 0), (3, 0), (5, 0), (7, 0), (9, 0), (11, 0), (3, 0.8), (5, 1.1), (17, 3.5)):
    arrays["kernel.%d.%g" % (side, sigma)] = cv2.getGaussianKernel(side, sigma, cv2.CV_32F).reshape(-1)
for dtype, channels in (("uint8", 3), ("uint16", 1), ("float32", 2)):
    x = generator.random((h, w, channels), dtype=numpy.float32)
    if dtype != "float32":
        x = (x * (numpy.iinfo(dtype).max + 1)).astype(dtype)
    arrays[dtype + ".x"] = x
    for border_name, border in borders.items():
        for side, sigma in ((3, 0.8), (5, 0), (7, 1.5)):
            y = cv2.GaussianBlur(x, (side, side), sigma, borderType=border)
            arrays["gaussian.%s.%d.%g.%s" % (dtype, side, sigma, border_name)] = y.reshape(h, w, channels)
        y = cv2.sepFilter2D(x, -1, arrays["across"], arrays["down"], borderType=border)
        arrays["separable.%s.%s" % (dtype, border_name)] = y.reshape(h, w, channels)
        y = cv2.filter2D(x, -1, arrays["kernel"], borderType=border)
        arrays["filter2d.%s.%s" % (dtype, border_name)] = y.reshape(h, w, channels)
    for side in (3, 5, 7):
        if side == 7 and dtype != "uint8":
            continue  # OpenCV has none
        picture = x if channels in (1, 3) else x[..., :1].copy()
        y = cv2.medianBlur(picture, side)
        arrays["median.%s.%d" % (dtype, side)] = y.reshape(h, w, picture.shape[2])
golden_file.save("filter.safetensors", arrays)

h, w = 83, 121
x = (numpy.arange(h * w * 3, dtype=numpy.uint32) * numpy.uint32(2654435761) >> 24).astype(numpy.uint8).reshape(h, w, 3)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "filter.txt"), "w") as out:
    def write(name, y):
        out.write("%s %s\n" % (name, hashlib.sha256(y.tobytes()).hexdigest()[:16]))
    for side, sigma in ((3, 0.8), (3, 0), (5, 1), (7, 2), (9, 0.5), (13, 3), (31, 7.25)):
        for border_name, border in borders.items():
            write("gaussian %d %g %s" % (side, sigma, border_name), cv2.GaussianBlur(x, (side, side), sigma, borderType=border))
    for side in (3, 5, 7, 9):
        write("median %d" % side, cv2.medianBlur(x, side))
