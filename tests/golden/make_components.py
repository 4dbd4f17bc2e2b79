"""Writes components.txt: digests of what OpenCV 4.6's connectedComponentsWithStats finds, 8- and 4-connected, by its
algorithm SAUF, which numbers components in raster order. Of a mask: for each connectivity the count, the labels, then
for each label that has a pixel its left, top, width, height, area, and its centroid. Usage: make_components.py DATA
"""
import sys

import cv2
import numpy

import masks


def found_in(mask):
    for connectivity in (8, 4):
        count, labels, figures, centroids = cv2.connectedComponentsWithStatsWithAlgorithm(
            mask, connectivity, cv2.CV_32S, cv2.CCL_SAUF
        )
        yield numpy.int32(count)
        yield labels
        for i in range(count):
            if figures[i, cv2.CC_STAT_AREA] > 0:
                yield figures[i]
                yield centroids[i]


masks.write_digests("components.txt", found_in, sys.argv[1])
