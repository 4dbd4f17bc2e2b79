"""Writes contours.txt: digests of what OpenCV 4.6's findContours finds without approximation. Of a mask: for each mode
the count, then for each contour next, previous, first child, parent, the number of its points, and the points. Usage:
make_contours.py DATA
"""
import sys

import cv2
import numpy

import masks


def found_in(mask):
    for mode in (cv2.RETR_EXTERNAL, cv2.RETR_LIST, cv2.RETR_CCOMP, cv2.RETR_TREE):
        contours, links = cv2.findContours(mask, mode, cv2.CHAIN_APPROX_NONE)
        yield numpy.int32(len(contours))
        for i, points in enumerate(contours):
            yield links[0, i]
            yield numpy.int32(len(points))
            yield points


masks.write_digests("contours.txt", found_in, sys.argv[1])
