"""Writes hsv.safetensors: a picture of floats, the hue, saturation and value that OpenCV 4.6's cvtColor finds for it,
and the colours that it makes of another picture of hues, saturations and values.
"""
import cv2
import numpy

from golden_file import save

generator = numpy.random.default_rng(11)
rgb = generator.random((9, 11, 3), dtype=numpy.float32)
rgb[0, :8] = [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0.25, 0.25, 0.25], [0, 1, 1]]
hsv = generator.random((9, 11, 3), dtype=numpy.float32) * numpy.array([360, 1, 1], numpy.float32)
hsv[0, :7, 0] = [0, 60, 120, 180, 240, 300, 360]
save("hsv.safetensors", {"rgb": rgb, "rgb_to_hsv": cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV),
                         "hsv": hsv, "hsv_to_rgb": cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)})
