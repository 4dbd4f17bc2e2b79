"""Writes warp.safetensors and warp.txt: what OpenCV 4.6 makes of small pictures with cv2.warpAffine, cv2.warpPerspective
and cv2.remap, and the SHA-256 of what it makes of larger ones; the matrices of cv2.getRotationMatrix2D; the positions
of cv2.borderInterpolate.

warp.safetensors: DTYPE.x, OP.DTYPE.METHOD.BORDER, OP.map, rotation.N, border.BORDER.SIZE (positions −25 … 25).
warp.txt: OP METHOD BORDER and the first 16 hex digits, for a picture 83 × 121 × 3 of bytes made by the formula below,
and one 90 × 110 made of it.
"""
import hashlib
import os

import cv2
import numpy

import golden_file

cv2.setNumThreads(1)
methods = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "cubic": cv2.INTER_CUBIC,
           "lanczos4": cv2.INTER_LANCZOS4}
borders = {"constant": cv2.BORDER_CONSTANT, "replicate": cv2.BORDER_REPLICATE, "reflect": cv2.BORDER_REFLECT,
           "wrap": cv2.BORDER_WRAP, "reflect_101": cv2.BORDER_REFLECT_101}
border_values = {"uint8": 77, "uint16": 12345, "float32": 0.25}


def warped(op, x, map, size, method, border, value):
    width, height = size
    if op == "remap":
        return cv2.remap(x, map, None, method, borderMode=border, borderValue=(value,) * 4)
    call = cv2.warpAffine if op == "affine" else cv2.warpPerspective
    return call(x, map, (width, height), flags=method | cv2.WARP_INVERSE_MAP, borderMode=border,
                borderValue=(value,) * 4)


def maps(h, w, to_h, to_w, generator):
    """A turn by 30 degrees about the middle and a little more; the same with perspective; places all over."""
    turned = cv2.invertAffineTransform(cv2.getRotationMatrix2D((w / 2, h / 2), -30, 1.15))
    turned[:, 2] += (w / 12, -h / 9)
    projective = numpy.vstack([turned, (0.3 / to_w, -0.2 / to_h, 1.05)])
    rows, columns = numpy.mgrid[0:to_h, 0:to_w]
    places = numpy.stack([columns * (w / to_w), rows * (h / to_h)], axis=2)
    places += generator.uniform(-h / 3, h / 3, places.shape)
    return {"affine": turned, "perspective": projective, "remap": places.astype(numpy.float32)}


generator = numpy.random.default_rng(2)
arrays = {}
h, w, to_h, to_w = 10, 13, 9, 11
small_maps = maps(h, w, to_h, to_w, generator)
for op, map in small_maps.items():
    arrays[op + ".map"] = map
for dtype, channels in (("uint8", 3), ("uint16", 1), ("float32", 2)):
    x = generator.random((h, w, channels), dtype=numpy.float32)
    if dtype != "float32":
        x = (x * (numpy.iinfo(dtype).max + 1)).astype(dtype)
    arrays[dtype + ".x"] = x
    for op, map in small_maps.items():
        for method_name, method in methods.items():
            for border_name, border in borders.items():
                if (op, method_name) != ("affine", "cubic") and border_name not in ("constant", "reflect_101"):
                    continue  # the other borders: in the larger pictures
                if (op, method_name) == ("perspective", "area"):
                    continue
                y = warped(op, x, map, (to_w, to_h), method, border, border_values[dtype])
                arrays["%s.%s.%s.%s" % (op, dtype, method_name, border_name)] = y.reshape(to_h, to_w, channels)
for number, (x, y, degrees, scale) in enumerate(((64, 48, 30, 1), (10.5, 3.25, -135.5, 0.7), (0, 0, 90, 2))):
    arrays["rotation.%d" % number] = numpy.array([x, y, degrees, scale], numpy.float64)
    matrix = cv2.invertAffineTransform(cv2.getRotationMatrix2D((x, y), -degrees, scale))
    arrays["rotation.%d.map" % number] = matrix
for border_name, border in borders.items():
    for size in (1, 2, 7):
        positions = [cv2.borderInterpolate(p, size, border) for p in range(-25, 26)]
        arrays["border.%s.%d" % (border_name, size)] = numpy.array(positions, numpy.int32)
golden_file.save("warp.safetensors", arrays)

h, w, to_h, to_w = 83, 121, 90, 110
x = (numpy.arange(h * w * 3, dtype=numpy.uint32) * numpy.uint32(2654435761) >> 24).astype(numpy.uint8).reshape(h, w, 3)
places = numpy.empty((to_h, to_w, 2), numpy.float32)  # a wave, in exact float arithmetic
rows, columns = numpy.mgrid[0:to_h, 0:to_w]
places[..., 0] = columns + (rows * rows % 37) * 0.40625 - 9
places[..., 1] = rows * 0.9375 + (columns * columns % 41) * 0.34375 - 8
large_maps = {"affine": numpy.array([[0.875, -0.3125, 20.71875], [0.28125, 0.9375, -13.40625]]),
              "perspective": numpy.array([[0.875, -0.3125, 20.71875], [0.28125, 0.9375, -13.40625],
                                          [0.0009765625, -0.00048828125, 1.0625]]), "remap": places}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "warp.txt"), "w") as out:
    for op, map in large_maps.items():
        for method_name, method in methods.items():
            for border_name, border in borders.items():
                y = warped(op, x, map, (to_w, to_h), method, border, 77)
                digest = hashlib.sha256(y.tobytes()).hexdigest()[:16]
                out.write("%s %s %s %s\n" % (op, method_name, border_name, digest))
