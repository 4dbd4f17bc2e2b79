"""Writes three small .npy files with NumPy."""
import os
import numpy

here = os.path.dirname(os.path.abspath(__file__))
numpy.save(os.path.join(here, "matrix.npy"), numpy.arange(6, dtype=numpy.float32).reshape(2, 3))
numpy.save(os.path.join(here, "bytes.npy"), numpy.array([0, 1, 128, 255], dtype=numpy.uint8))
numpy.save(os.path.join(here, "scalar.npy"), numpy.array(0.1))
