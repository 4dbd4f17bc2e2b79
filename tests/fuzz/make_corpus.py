"""Writes corpus/: a few tiny valid files of each format, from which the fuzzers start. Needs Pillow."""
import io
import json
import os
import random
import struct
import zlib

from PIL import Image

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
noise = random.Random(1)


def save(name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def random_bytes(count):
    return bytes(noise.randrange(256) for _ in range(count))


# PNG, written by hand: Pillow makes neither interlaced nor most 16-bit files. Stored blocks, so that a changed byte is a
# changed pixel and not a broken stream.
def png(width, height, bits, colour, interlaced=False, palette=None, transparency=None):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 1, 1)]
    if interlaced:  # first column, first row, and the steps, of Adam7
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for column, row, step, down in passes:
        pixels = len(range(column, width, step))
        for number in range(len(range(row, height, down)) if pixels else 0):
            data = random_bytes((pixels * samples * bits + 7) // 8)
            if palette:
                data = bytes(value & 0x11 for value in data)
            rows += bytes([number % 5]) + data
    out = b"\x89PNG\r\n\x1a\n"
    out += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))
    if palette:
        out += chunk(b"PLTE", palette)
    if transparency:
        out += chunk(b"tRNS", transparency)
    return out + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


save("png/grey_1bit.png", png(9, 3, 1, 0))
save("png/grey_16bit.png", png(3, 3, 16, 0))
save("png/rgb.png", png(4, 3, 8, 2, transparency=bytes(6)))
save("png/rgb_interlaced.png", png(9, 9, 8, 2, interlaced=True))
save("png/palette_4bit.png", png(5, 5, 4, 3, palette=random_bytes(6), transparency=b"\x00\x80"))
save("png/grey_alpha_interlaced.png", png(5, 5, 8, 4, interlaced=True))
save("png/rgba_16bit.png", png(3, 2, 16, 6))

# JPEG
pixels = random_bytes(16 * 8 * 4)


def jpeg(mode, samples, **options):
    file = io.BytesIO()
    Image.frombytes(mode, (16, 8), pixels[: 128 * samples]).save(file, "JPEG", quality=20, optimize=True, **options)
    return file.getvalue()


rotated = Image.Exif()
rotated[0x0112] = 6  # orientation
save("jpeg/grey.jpg", jpeg("L", 1))
save("jpeg/colour.jpg", jpeg("RGB", 3))
save("jpeg/progressive.jpg", jpeg("RGB", 3, progressive=True))
save("jpeg/cmyk.jpg", jpeg("CMYK", 4))
save("jpeg/rotated.jpg", jpeg("RGB", 3, exif=rotated))


# BMP and PNM
def bmp(bits, width, height, colours=0):
    table = random_bytes(4 * colours)
    data = random_bytes((width * bits + 31) // 32 * 4 * abs(height))
    offset = 54 + len(table)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(data), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + header + table + data


save("bmp_pnm/bits_1.bmp", bmp(1, 9, 2, colours=2))
save("bmp_pnm/bits_4.bmp", bmp(4, 5, 2, colours=16))
save("bmp_pnm/bits_8.bmp", bmp(8, 3, 2, colours=256))
save("bmp_pnm/bits_24_top_down.bmp", bmp(24, 3, -2))
save("bmp_pnm/bits_32.bmp", bmp(32, 2, 2))
save("bmp_pnm/bitmap.pbm", b"P1\n# text\n3 2\n1 0 1\n010\n")
save("bmp_pnm/grey.pgm", b"P2 2 2 9\n0 3\n9 1\n")
save("bmp_pnm/colour.ppm", b"P3 1 2 255 0 1 2 253 254 255\n")
save("bmp_pnm/bitmap_raw.pbm", b"P4 9 2\n" + random_bytes(4))
save("bmp_pnm/grey_raw.pgm", b"P5 2 2 65535\n" + random_bytes(8))
save("bmp_pnm/colour_raw.ppm", b"P6 2 2 255\n" + random_bytes(12))


# safetensors
def safetensors(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


save("safetensors/empty.safetensors", safetensors({}, b""))
save("safetensors/metadata.safetensors", safetensors(
    {"__metadata__": {"format": "pt", "é": "\\"}, "w": entry("F32", [2, 1, 3], 0, 24)}, random_bytes(24)))
save("safetensors/types.safetensors", safetensors(
    {"a": entry("F16", [2], 0, 4), "b": entry("BF16", [1, 2], 4, 8), "c": entry("U8", [3], 8, 11),
     "d": entry("I64", [], 11, 19), "e": entry("BOOL", [0, 4], 19, 19)}, random_bytes(18) + b"\0"))

# Descriptions of data sets
save("yaml/segmentation.yml", b"""name: ISIC
description: >
  skin
images:
  - location: images/0.jpg
    label: masks/0.png
  - location: /images/1.jpg
    label: ../1.png
  - images/2.jpg
split:
  training: [0]
  validation: [1]
  test:
    - 2
""")
save("yaml/classes.yml", b"""classes: [a, "b, c"]
features: [f, g]
images:
  - location: [r.png, g.png]
    label: 0
    values: {f: 40}
  - {location: "x y.jpg", label: [a, 1], values: [~, 2.5]}
split: {training: [1, 0]}
""")
save("yaml/anchors.yml", b"images: &all [a.jpg, b.jpg]\nsplit: {training: &t [0, 1], test: *t}\nclasses: *all\n")
