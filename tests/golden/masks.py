"""The masks that tests/support/masks.hpp makes, bit for bit, and digests of what OpenCV finds in masks."""
import hashlib
import os

import cv2
import numpy

COUNT, GROUP = 10000, 100
SIZES = ((1, 1), (1, 7), (9, 1), (2, 2), (3, 5), (5, 3), (8, 8), (13, 17), (16, 64), (31, 33), (33, 65), (64, 63),
         (40, 128), (97, 65))


def mixed(seed, position):
    """32 random bits for each position, an array of uint32."""
    h = position * numpy.uint32(0x9E3779B1) + numpy.uint32((seed * 0x85EBCA77 + 0x165667B1) & 0xFFFFFFFF)
    h = (h ^ (h >> numpy.uint32(15))) * numpy.uint32(0x85EBCA6B)
    h = (h ^ (h >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
    return h ^ (h >> numpy.uint32(16))


def mask(number):
    height, width = SIZES[number % len(SIZES)]
    drawn = iter(range(0x40000000, 0x50000000))

    def below(limit):
        return int(mixed(number, numpy.array([next(drawn)], numpy.uint32))[0]) % limit

    y, x = numpy.indices((height, width))
    noise = mixed(number, (y * width + x).astype(numpy.uint32)) % 256
    kind = number // len(SIZES) % 8
    if kind == 0:  # noise of any density
        inside = noise < below(257)
    elif kind == 1 or kind == 2:  # disks, painted and cut out; or the parity of how many there are
        inside = numpy.full((height, width), below(2) == 1)
        for i in range(1 + below(6)):
            a, b, r = below(width), below(height), below(max(height, width) // 2 + 1)
            disk = (x - a) ** 2 + (y - b) ** 2 <= r * r
            inside = inside ^ disk if kind == 2 else numpy.where(disk, i % 3 != 2, inside)
    elif kind == 3:  # stripes
        a, b, period = below(4), below(4), 2 + below(9)
        inside = (a * x + b * y) % period < 1 + below(period - 1)
    elif kind == 4:  # rings: square, on a corner, round
        shape, dx, dy = below(3), abs(x - below(width)), abs(y - below(height))
        squeeze, period = 1 + below(40), 2 + below(7)
        distance = (numpy.maximum(dx, dy), dx + dy, (dx * dx + dy * dy) // squeeze)[shape]
        inside = distance % period < 1 + below(period - 1)
    elif kind == 5:  # lines one pixel wide, with gaps
        inside = numpy.zeros((height, width), bool)
        for _ in range(1 + below(8)):
            direction, place = below(4), below(height + width)
            inside |= (x, y, x + y, x - y + height)[direction] == place % (width, height, 1 << 20, 1 << 20)[direction]
        inside &= noise >= below(40)
    elif kind == 6:  # coarse noise, with a little fine noise
        side, density, fine = 2 + below(4), 60 + below(140), below(24)
        coarse = mixed(number + 1, (y // side * width + x // side).astype(numpy.uint32)) % 256
        inside = (coarse < density) ^ (noise < fine)
    else:  # what most of the 3 x 3 pixels around are
        dots = numpy.pad(noise < 96 + below(96), 1).astype(int)
        inside = sum(dots[i : i + height, j : j + width] for i in range(3) for j in range(3)) >= 5
    return inside.astype(numpy.uint8) * 255


def write_digests(name, found_in, data):
    """Writes the file `name` beside this script: a line for each hundred masks, and for real ones in the folder `data`.
    found_in(mask) is a list of arrays, whose bytes are digested one behind another."""

    def digest(masks):
        sha = hashlib.sha256()
        for m in masks:
            for array in found_in(m):
                sha.update(numpy.ascontiguousarray(array).tobytes())
        return sha.hexdigest()[:16]

    def real(folder):
        for file in sorted(os.listdir(folder)):
            if file.endswith(".png"):
                grey = cv2.imread(os.path.join(folder, file), cv2.IMREAD_GRAYSCALE)
                yield numpy.where(grey >= 128, 255, 0).astype(numpy.uint8)

    cv2.setNumThreads(1)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as out:
        for first in range(0, COUNT, GROUP):
            out.write("masks %d %s\n" % (first, digest(mask(n) for n in range(first, first + GROUP))))
        for folder in ("isic2017_256/validation/masks", "isic2017_fullres/masks"):
            out.write("%s %s\n" % (folder, digest(real(os.path.join(data, folder)))))
