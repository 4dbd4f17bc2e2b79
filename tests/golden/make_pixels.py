"""Writes pixels.safetensors: what OpenCV 4.6 makes of small pictures with cv2.flip, cv2.transpose, cv2.rotate, cv2.LUT,
cv::Mat::convertTo, cv2.subtract, cv2.divide and cv2.cvtColor to grey.

Names: DTYPE.x; flip.DTYPE.CODE, transpose.DTYPE, rotate.DTYPE.CODE; table.DTYPE.COUNT [256,COUNT] and lut.DTYPE.COUNT
of uint8.x; convert.FROM.TO.x and convert.FROM.TO; to_float.DIVISOR of uint8.x; to_bytes.x and to_bytes; normalize.x,
.mean, .deviation and normalize; grey of uint8.x.
"""
import cv2
import numpy

import golden_file

cv2.setNumThreads(1)
depths = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U, "int32": cv2.CV_32S, "float32": cv2.CV_32F}
generator, integers = numpy.random.default_rng(6), numpy.random.default_rng(7)
h, w = 7, 10
arrays = {}


def convert_to(x, dtype, scale=1.0):
    """cv::Mat::convertTo, which Python reaches through cv2.normalize only: it scales by alpha / max |x|."""
    largest = float(numpy.abs(x).max())
    assert numpy.float32(scale * largest / largest) == numpy.float32(scale)
    return cv2.normalize(x, None, scale * largest, 0, cv2.NORM_INF, depths[dtype]).reshape(x.shape)


for dtype, channels in (("uint8", 3), ("uint16", 1), ("float32", 2)):
    x = generator.random((h, w, channels), dtype=numpy.float32)
    if dtype != "float32":
        x = (x * (numpy.iinfo(dtype).max + 1)).astype(dtype)
    arrays[dtype + ".x"] = x
    for code in (-1, 0, 1):
        arrays["flip.%s.%d" % (dtype, code)] = cv2.flip(x, code).reshape(h, w, channels)
    arrays["transpose." + dtype] = cv2.transpose(x).reshape(w, h, channels)
    for code in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE):
        y = cv2.rotate(x, code)
        arrays["rotate.%s.%d" % (dtype, code)] = y.reshape(y.shape[0], y.shape[1], channels)

x = arrays["uint8.x"]
for dtype in ("uint8", "float32"):
    for count in (1, 3):
        table = generator.integers(0, 256, (256, 1, count)).astype(dtype)
        arrays["table.%s.%d" % (dtype, count)] = table.reshape(256, count)
        arrays["lut.%s.%d" % (dtype, count)] = cv2.LUT(x, table)

# Values in and beyond the narrower type's range; of floats, every fourth one a tie.
for source, target, low, high in (("float32", "uint8", -20, 290), ("float32", "uint16", -3000, 70000),
                                  ("uint16", "uint8", 0, 400), ("uint8", "uint16", 0, 256),
                                  ("uint8", "float32", 0, 256), ("uint16", "float32", 0, 65536),
                                  ("float32", "int32", -3e5, 3e5), ("int32", "uint8", -20, 290),
                                  ("int32", "uint16", -3000, 70000), ("int32", "float32", -3e8, 3e8),
                                  ("uint8", "int32", 0, 256), ("uint16", "int32", 0, 65536)):
    values = (integers if "int32" in (source, target) else generator).uniform(low, high, (h, w, 3))
    if source == "float32":
        values.reshape(-1)[::4] = numpy.floor(values.reshape(-1)[::4]) + 0.5
    key = "convert.%s.%s" % (source, target)
    arrays[key + ".x"] = values.astype(source)
    arrays[key] = convert_to(arrays[key + ".x"], target)
for divisor in (1, 16, 255):
    arrays["to_float.%d" % divisor] = convert_to(x, "float32", 1 / divisor)
arrays["to_bytes.x"] = generator.uniform(-0.1, 1.1, (h, w, 3)).astype(numpy.float32)
arrays["to_bytes"] = convert_to(arrays["to_bytes.x"], "uint8", 255)

values, mean = generator.random((h, w, 3), dtype=numpy.float32), generator.random(3, dtype=numpy.float32)
deviation = generator.uniform(0.1, 0.4, 3).astype(numpy.float32)
scalars = [tuple(float(v) for v in numbers) + (1.0,) for numbers in (mean, deviation)]
arrays["normalize.x"], arrays["normalize.mean"], arrays["normalize.deviation"] = values, mean, deviation
arrays["normalize"] = cv2.divide(cv2.subtract(values, scalars[0]), scalars[1])

arrays["grey"] = cv2.cvtColor(x, cv2.COLOR_RGB2GRAY).reshape(h, w, 1)

golden_file.save("pixels.safetensors", {key: numpy.ascontiguousarray(array) for key, array in arrays.items()})
