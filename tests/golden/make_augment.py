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

# AugMirror, AugFlip, AugTranspose; AugCenterCrop; AugRandomCrop to a size that the picture is too small for.
x = picture(9, 12)
arrays["move.9x12.x"] = x
arrays["move.9x12.mirror"], arrays["move.9x12.flip"] = cv2.flip(x, 1), cv2.flip(x, 0)
arrays["move.9x12.transpose"] = cv2.transpose(x)
arrays["crop.9x12.x"] = x
for w, h in ((5, 4), (12, 1), (3, 9)):
    middle = ((12 - w) // 2 + (w - 1) / 2, (9 - h) // 2 + (h - 1) / 2)
    arrays["crop.9x12.%d.%d" % (w, h)] = cv2.getRectSubPix(x, (w, h), middle)
arrays["border.9x12.x"] = x
for name, border in (("constant", cv2.BORDER_CONSTANT), ("replicate", cv2.BORDER_REPLICATE),
                     ("reflect", cv2.BORDER_REFLECT), ("wrap", cv2.BORDER_WRAP),
                     ("reflect_101", cv2.BORDER_REFLECT_101)):
    arrays["border.9x12.%s" % name] = cv2.copyMakeBorder(x, 2, 3, 3, 3, border, value=(99, 99, 99))

# AugLetterbox, in frames that are wider and higher than the picture's aspect.
x = picture(13, 18)
arrays["letterbox.13x18.x"] = x
for w, h in ((24, 21), (20, 9)):
    scale = min(w / 18, h / 13)
    inside_w, inside_h = min(w, int(18 * scale + 0.5)), min(h, int(13 * scale + 0.5))
    left, top = (w - inside_w) // 2, (h - inside_h) // 2
    y = cv2.copyMakeBorder(cv2.resize(x, (inside_w, inside_h)), top, h - inside_h - top, left, w - inside_w - left,
                           cv2.BORDER_CONSTANT, value=(7, 7, 7))
    arrays["letterbox.13x18.%d.%d" % (w, h)] = y

# AugAffine: the picture's middle to the origin, then scaled, sheared, turned, and back with a shift.
x = picture(21, 28)
arrays["affine.21x28.x"] = x
for angle, scale, shear, shift in ((30, 125, 0, 0), (-110, 75, 10, 0), (0, 100, -20, 125)):
    c, s = numpy.cos(numpy.radians(angle)), numpy.sin(numpy.radians(angle))
    middle = numpy.array([27 / 2, 20 / 2])
    turn, tilt = numpy.array([[c, -s], [s, c]]), numpy.array([[1, -numpy.tan(numpy.radians(shear))], [0, 1]])
    linear = turn @ tilt * (scale / 100)
    offset = middle - linear @ middle + numpy.array([28, 21]) * (shift / 1000)
    y = cv2.warpAffine(x, numpy.column_stack([linear, offset]), (28, 21), flags=cv2.INTER_LINEAR)
    arrays["affine.21x28.%d.%d.%d.%d" % (angle, scale, shear, shift)] = y

# AugGridDistortion whose cells are all stretched alike: the edges between them are where the picture is.
x = picture(20, 27)
arrays["grid.20x27.x"] = x
for cells, stretch in ((4, 25), (3, -50)):
    across = numpy.arange(27) * (1 + stretch / 100)
    down = numpy.arange(20) * (1 + stretch / 100)
    map_x, map_y = numpy.meshgrid(across.astype(numpy.float32), down.astype(numpy.float32))
    y = cv2.remap(x, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    arrays["grid.20x27.%d.%d" % (cells, stretch)] = y

# AugGaussianBlur, AugMedianBlur, AugMotionBlur.
x = picture(16, 19)
arrays["gaussian.16x19.x"] = x
for sigma, side in ((50, 3), (150, 7), (200, 11)):
    y = cv2.GaussianBlur(x, (side, side), sigma / 100, borderType=cv2.BORDER_REPLICATE)
    arrays["gaussian.16x19.%d" % sigma] = y
arrays["median.16x19.x"] = x
for side in (3, 5):
    arrays["median.16x19.%d" % side] = cv2.medianBlur(x, side)
arrays["motion.16x19.x"] = x
for side, angle in ((3, 0), (5, 45), (9, 110)):
    t = numpy.arange(10 * (side - 1) + 1) / 10 - side // 2
    kernel = numpy.zeros((side + 1, side + 1))
    across, down = side // 2 + t * numpy.cos(numpy.radians(angle)), side // 2 + t * numpy.sin(numpy.radians(angle))
    left, top = numpy.floor(across + 1e-9).astype(int), numpy.floor(down + 1e-9).astype(int)
    for dy in (0, 1):
        for dx in (0, 1):
            share = (1 - abs(across - left - dx)) * (1 - abs(down - top - dy))
            numpy.add.at(kernel, (top + dy, left + dx), share)
    kernel = kernel[:side, :side] / kernel[:side, :side].sum()
    y = cv2.filter2D(x, -1, kernel.astype(numpy.float32), borderType=cv2.BORDER_REPLICATE)
    arrays["motion.16x19.%d.%d" % (side, angle)] = y


def convert_to_bytes(x, scale, shift):
    """cv::Mat::convertTo, which Python reaches through cv2.normalize only: it takes the smallest and the largest value
    to two numbers."""
    low, high = float(x.min()), float(x.max())
    return cv2.normalize(x, None, low * scale + shift, high * scale + shift, cv2.NORM_MINMAX, cv2.CV_8U)


# AugGammaContrast, AugBrightness, AugContrast, AugScaleFromTo, AugScaleTo.
x = picture(20, 20)
for name in ("gamma", "brightness", "contrast", "scale_from_to", "scale_to"):
    arrays[name + ".20x20.x"] = x
for gamma in (50, 175):
    table = numpy.rint(255 * (numpy.arange(256) / 255) ** (gamma / 100)).astype(numpy.uint8)
    arrays["gamma.20x20.%d" % gamma] = cv2.LUT(x, table)
for beta in (-60, 45):
    arrays["brightness.20x20.%d" % beta] = convert_to_bytes(x, 1, beta + 0.25)
mean = sum(cv2.mean(x)[:3]) / 3
for alpha in (50, 175):
    arrays["contrast.20x20.%d" % alpha] = convert_to_bytes(x, alpha / 100, (1 - alpha / 100) * mean)
clipped = cv2.min(cv2.max(x, (40, 40, 40, 0)), (168, 168, 168, 0))
arrays["scale_from_to.20x20.40.168.10.210"] = convert_to_bytes(clipped, 200 / 128, 10 - 40 * 200 / 128)
for low, high in ((0, 255), (30, 100)):
    arrays["scale_to.20x20.%d.%d" % (low, high)] = cv2.normalize(x, None, low, high, cv2.NORM_MINMAX)

save("augment.safetensors", {key: numpy.ascontiguousarray(array) for key, array in arrays.items()})
