"""Writes morphology.txt: what OpenCV 4.6 makes of pictures with cv2.erode, cv2.dilate and cv2.morphologyEx, as the first
16 hex digits of SHA-256.

Each line is OPERATION SHAPE HEIGHT WIDTH CHANNELS DIGEST, for a picture 83 × 121 of bytes made by make_warp.py's formula.
"""
import hashlib
import os

import cv2
import numpy

operations = {"erode": cv2.MORPH_ERODE, "dilate": cv2.MORPH_DILATE, "opening": cv2.MORPH_OPEN,
              "closing": cv2.MORPH_CLOSE}
shapes = {"rectangle": cv2.MORPH_RECT, "cross": cv2.MORPH_CROSS, "ellipse": cv2.MORPH_ELLIPSE}
sides = ((1, 1), (3, 3), (2, 2), (1, 7), (6, 1), (5, 4), (4, 9), (7, 7), (15, 15), (21, 10), (31, 31), (101, 3), (3, 140))
h, w = 83, 121
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "morphology.txt"), "w") as out:
    for channels in (1, 3):
        x = (numpy.arange(h * w * channels, dtype=numpy.uint32) * numpy.uint32(2654435761) >> 24).astype(numpy.uint8)
        x = x.reshape(h, w, channels)
        for operation, code in operations.items():
            for shape, kind in shapes.items():
                for height, width in sides:
                    element = cv2.getStructuringElement(kind, (width, height))
                    y = cv2.morphologyEx(x, code, element)
                    out.write("%s %s %d %d %d %s\n" % (operation, shape, height, width, channels,
                                                       hashlib.sha256(y.tobytes()).hexdigest()[:16]))
