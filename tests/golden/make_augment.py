"""Writes augment.safetensors: small pictures and what OpenCV 4.6 makes of them where it has what an augmentation does.

Names: OPERATION.SIZE.x and OPERATION.SIZE.PARAMETERS.
"""
import cv2
import numpy

from golden_file import save

cv2.setNumThreads(1)
generator = numpy.random.default_rng(5)
arrays = {}


def picture(height, width, channels=3):
    """Waves and noise: neighbours are alike, yet every value occurs."""
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [128 + 90 * numpy.sin(0.21 * (x + 5 * c) + 0.13 * (c + 1) * y) for c in range(channels)]
    noise = generator.normal(0, 20, (height, width, channels))
    return numpy.clip(numpy.stack(waves, -1) + noise, 0, 255).astype(numpy.uint8)


# AugCLAHE on grey: sizes that the tiles divide and sizes that they don't.
for height, width, tiles_x, tiles_y in ((32, 48, 8, 8), (37, 50, 8, 4), (30, 41, 3, 3), (16, 17, 1, 1)):
    x = picture(height, width, 1)
    x = (x // 3 + 60).astype(numpy.uint8)
    arrays["clahe.%dx%d.x" % (height, width)] = x
    for clip in (0, 2, 40):
        y = cv2.createCLAHE(clipLimit=clip, tileGridSize=(tiles_x, tiles_y)).apply(x)
        arrays["clahe.%dx%d.%d.%d.%d" % (height, width, clip, tiles_x, tiles_y)] = y.reshape(height, width, 1)

# AugHueSaturationValue: by OpenCV's conversion of floats, so that nothing is rounded in between.
x = picture(24, 32)
x[0, :8] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [9, 9, 9], [0, 255, 255]]
arrays["hsv.24x32.x"] = x
for hue, saturation, value in ((0, 0, 0), (25, 0, 0), (-90, 20, -10), (359, -30, 15), (180, 100, 0)):
    h, s, v = cv2.split(cv2.cvtColor(x.astype(numpy.float32) / 255, cv2.COLOR_RGB2HSV))
    changed = cv2.merge([(h + hue) % 360, numpy.clip(s + saturation / 100, 0, 1), numpy.clip(v + value / 100, 0, 1)])
    y = cv2.cvtColor(changed.astype(numpy.float32), cv2.COLOR_HSV2RGB)
    arrays["hsv.24x32.%d.%d.%d" % (hue, saturation, value)] = numpy.rint(numpy.clip(y * 255, 0, 255)).astype(numpy.uint8)

# AugRotate: OpenCV counts angles the other way round.
x = picture(25, 34)
arrays["rotate.25x34.x"] = x
for method, name in ((cv2.INTER_NEAREST, "nearest"), (cv2.INTER_LINEAR, "linear"), (cv2.INTER_CUBIC, "cubic")):
    for angle, scale in ((30, 100), (-135, 100), (17, 150)):
        m = cv2.getRotationMatrix2D((34 / 2, 25 / 2), -angle, scale / 100)
        arrays["rotate.25x34.%s.%d.%d" % (name, angle, scale)] = cv2.warpAffine(x, m, (34, 25), flags=method)

# AugOpticalDistortion: the map of a camera whose distortion is (k, k). The new camera, which is not given, looks at the
# middle.
x = picture(40, 33)
arrays["optical.40x33.x"] = x
for k, shift in ((30, 0), (-45, 4)):
    camera = numpy.array([[33, 0, 32 / 2 + shift], [0, 40, 39 / 2 + shift], [0, 0, 1]], numpy.float32)
    distortion = numpy.array([k / 100, k / 100, 0, 0, 0], numpy.float32)
    map_x, map_y = cv2.initUndistortRectifyMap(camera, distortion, None, None, (33, 40), cv2.CV_32FC1)
    y = cv2.remap(x, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    arrays["optical.40x33.%d.%d" % (k, shift)] = y

# AugPerspective's map.
source = numpy.array([[0, 0], [30, 0], [30, 20], [0, 20]], numpy.float32)
target = numpy.array([[2, -1], [27.5, 3], [33, 19], [-1, 16.25]], numpy.float32)
arrays["homography.from"], arrays["homography.to"] = source, target
arrays["homography.map"] = cv2.getPerspectiveTransform(source, target)

# AugJpegCompression, at qualities whose colour both keep at half resolution.
x = picture(33, 47)
arrays["jpeg.33x47.x"] = x
for quality in (10, 50, 85):
    ok, file = cv2.imencode(".jpg", x[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    arrays["jpeg.33x47.%d" % quality] = numpy.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[:, :, ::-1])

save("augment.safetensors", {key: numpy.ascontiguousarray(array) for key, array in arrays.items()})
