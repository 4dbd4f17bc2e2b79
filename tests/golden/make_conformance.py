"""Writes conformance.txt: for each picture of the conformance folder that a reader must decode, its name, height, width,
channels and the first 16 hex digits of the SHA-256 of its pixels, 8 bits a sample, row by row.

PNG is decoded here, by zlib and NumPy alone, and compared with OpenCV where it returns the same channels. JPEG, BMP and
PPM are OpenCV's. Usage: make_conformance.py FOLDER
"""
import hashlib
import os
import struct
import sys
import zlib

import cv2
import numpy


def chunks(data):
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def unfiltered(data, at, height, row_bytes, pixel_bytes):
    rows = numpy.zeros((height, row_bytes), numpy.uint8)
    above = [0] * row_bytes
    for y in range(height):
        kind, line = data[at], list(data[at + 1 : at + 1 + row_bytes])
        at += 1 + row_bytes
        for i in range(row_bytes):
            a = line[i - pixel_bytes] if i >= pixel_bytes else 0
            b = above[i]
            c = above[i - pixel_bytes] if i >= pixel_bytes else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows[y] = line
        above = line
    return rows, at


def samples(rows, width, depth, channels):
    if depth == 16:
        return rows.view(">u2").astype(numpy.int64).reshape(len(rows), width, channels)
    bits = numpy.unpackbits(rows, axis=1)[:, : width * channels * depth].reshape(len(rows), width, channels, depth)
    return (bits.astype(numpy.int64) << numpy.arange(depth)[::-1]).sum(axis=3)


def decode_png(path):
    """Samples of 8 or 16 bits as [height, width, 1 | 3 | 4], and whether they have 16."""
    with open(path, "rb") as file:
        data = file.read()
    parts = list(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    packed = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    palette = next((body for name, body in parts if name == b"PLTE"), None)
    transparent = next((body for name, body in parts if name == b"tRNS"), None)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    image = numpy.zeros((height, width, channels), numpy.int64)
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    at = 0
    for x0, y0, dx, dy in passes:
        w, h = -(-(width - x0) // dx), -(-(height - y0) // dy)
        if w <= 0 or h <= 0:
            continue
        rows, at = unfiltered(packed, at, h, (w * channels * depth + 7) // 8, max(1, channels * depth // 8))
        image[y0::dy, x0::dx] = samples(rows, w, depth, channels)

    wide = depth == 16
    if colour == 3:
        table = numpy.frombuffer(palette, numpy.uint8).reshape(-1, 3).astype(numpy.int64)
        result = table[image[:, :, 0]]
        if transparent is not None:
            alpha = numpy.full(len(table), 255, numpy.int64)
            alpha[: len(transparent)] = list(transparent)
            result = numpy.dstack([result, alpha[image[:, :, 0]]])
        return result, wide
    full = 65535 if wide else 255
    scaled = image if wide else image * 255 // ((1 << depth) - 1)
    if transparent is not None:
        key = numpy.array(struct.unpack(">%dH" % channels, transparent))
        alpha = numpy.where((image == key).all(axis=2), 0, full)
        scaled = numpy.dstack([scaled] * (3 // channels) + [alpha])
    elif channels == 2:
        scaled = numpy.dstack([scaled[:, :, 0]] * 3 + [scaled[:, :, 1]])
    return scaled, wide


def opencv_pixels(path):
    pixels = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]


folder = sys.argv[1]
lines, compared, pngs = [], 0, 0
for directory in ("libjpeg-turbo", "pngsuite"):
    for name in sorted(os.listdir(os.path.join(folder, directory))):
        path = os.path.join(folder, directory, name)
        extension = os.path.splitext(name)[1]
        if name == "monkey12.jpg" or extension not in (".png", ".jpg", ".bmp", ".ppm"):
            continue
        if directory == "pngsuite" and name.startswith("x"):
            continue
        if extension == ".png":
            pixels, wide = decode_png(path)
            other = opencv_pixels(path)
            if other.shape == pixels.shape and (other.dtype == numpy.uint16) == wide:
                assert (other == pixels).all(), path
                compared += 1
            pngs += 1
            if wide:
                pixels = (pixels * 255 * 2 + 65535) // (65535 * 2)
        else:
            pixels = opencv_pixels(path)
        height, width, channels = pixels.shape
        digest = hashlib.sha256(pixels.astype(numpy.uint8).tobytes()).hexdigest()[:16]
        lines.append("%s/%s %d %d %d %s\n" % (directory, name, height, width, channels, digest))
print(pngs, "PNG,", compared, "of them compared with OpenCV")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance.txt"), "w") as out:
    out.writelines(lines)
