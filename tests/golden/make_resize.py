"""Writes resize.safetensors: small random pictures and what OpenCV 4.6's cv2.resize makes of them.

Names: DTYPE.HxWxC.x and DTYPE.HxWxC.METHOD.H'xW'.
"""
import cv2
import numpy

import golden_file

cv2.setNumThreads(1)
methods = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "cubic": cv2.INTER_CUBIC,
           "lanczos4": cv2.INTER_LANCZOS4}
sizes = [  # height, width, to height, to width
    (7, 9, 15, 16),   # both grow, odd ratios
    (19, 14, 8, 5),   # both shrink, odd ratios
    (16, 20, 8, 10),  # by two exactly
    (12, 15, 4, 5),   # by three exactly
    (8, 12, 12, 6),   # one grows, one shrinks
    (1, 1, 3, 2),
]
generator = numpy.random.default_rng(1)
arrays = {}
for dtype in ("uint8", "uint16", "float32"):
    for index, (h, w, to_h, to_w) in enumerate(sizes):
        channels = (3, 1, 3, 1, 4, 3)[index]
        x = generator.random((h, w, channels), dtype=numpy.float32)
        if dtype != "float32":
            x = (x * (numpy.iinfo(dtype).max + 1)).astype(dtype)
        prefix = "%s.%dx%dx%d." % (dtype, h, w, channels)
        arrays[prefix + "x"] = x
        for name, method in methods.items():
            y = cv2.resize(x, (to_w, to_h), interpolation=method).reshape(to_h, to_w, channels)
            arrays[prefix + "%s.%dx%d" % (name, to_h, to_w)] = y

golden_file.save("resize.safetensors", arrays)
