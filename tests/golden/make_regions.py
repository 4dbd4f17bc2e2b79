"""Writes regions.txt and lesion_figures.safetensors: what SciPy and scikit-image make of the masks of a formula.

regions.txt: OPERATION NEIGHBOURS NUMBER and the first 16 hex digits of the SHA-256 of the bytes 0 and 255, where
OPERATION is largest, fill (binary_fill_holes), fill9 (of its holes those below 9 pixels), or least7 (remove_small_objects
below 7 pixels), and NUMBER that of the mask.
lesion_figures.safetensors: NUMBER with area, left, top, width, height, centroid x and y, perimeter_crofton with four
directions, equivalent diameter, major and minor axis, eccentricity, orientation, all from regionprops of all of the mask,
and the asymmetry about the major and the minor axis by the formula in lesion_figures.hpp, computed by SciPy's
map_coordinates.
"""
import hashlib
import os

import numpy
from scipy import ndimage
from skimage import measure, morphology

import golden_file


def made(number, h=83, w=121):
    """An ellipse and a bar that slants, with speckles: (5 · number)/256 of the pixels are turned over."""
    rows, columns = numpy.mgrid[0:h, 0:w]
    noise = (numpy.arange(h * w, dtype=numpy.uint32) + numpy.uint32(977 * number)) * numpy.uint32(2654435761) >> 24
    ellipse = (rows - 35 - number) ** 2 * (3 + number) + (columns - 40 - 3 * number) ** 2 * 2 < 900 + 700 * number
    bar = numpy.abs(3 * rows - 2 * columns + 40) < 6 * (1 + number % 3)
    return (ellipse | bar) ^ (noise.reshape(h, w) >= 256 - 5 * number)


def asymmetry(mask, centroid, direction):
    """Folded about the line through the centroid in that direction (row, column)."""
    places = numpy.argwhere(mask) - centroid
    along = places @ direction
    mirrored = 2 * numpy.outer(along, direction) - places + centroid
    overlap = ndimage.map_coordinates(mask.astype(float), mirrored.T, order=1, mode="grid-constant", cval=0).sum()
    return 1 - overlap / len(places)


arrays = {}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "regions.txt"), "w") as out:
    for number in range(8):
        mask = made(number)

        def write(operation, neighbours, y):
            digest = hashlib.sha256((y * 255).astype(numpy.uint8).tobytes()).hexdigest()[:16]
            out.write("%s %d %d %s\n" % (operation, neighbours, number, digest))

        for neighbours in (4, 8):
            connectivity = 1 if neighbours == 4 else 2
            labels = measure.label(mask, connectivity=connectivity)
            write("largest", neighbours, labels == 1 + numpy.argmax(numpy.bincount(labels.ravel())[1:]))
            write("least7", neighbours, morphology.remove_small_objects(mask, max_size=6, connectivity=connectivity))
            filled = ndimage.binary_fill_holes(mask, ndimage.generate_binary_structure(2, 3 - connectivity))
            write("fill", neighbours, filled)
            large = morphology.remove_small_objects(filled & ~mask, max_size=8, connectivity=3 - connectivity)
            write("fill9", neighbours, filled & ~large)

        p = measure.regionprops(mask.astype(numpy.uint8))[0]
        top, left, bottom, right = p.bbox
        axis = numpy.array((numpy.cos(p.orientation), numpy.sin(p.orientation)))
        across = numpy.array((-axis[1], axis[0]))
        arrays["%d" % number] = numpy.array([
            p.area, left, top, right - left, bottom - top, p.centroid[1], p.centroid[0],
            measure.perimeter_crofton(mask, 4), p.equivalent_diameter_area, p.axis_major_length, p.axis_minor_length,
            p.eccentricity, p.orientation, asymmetry(mask, p.centroid, axis), asymmetry(mask, p.centroid, across)])
golden_file.save("lesion_figures.safetensors", arrays)
