"""How the scripts that know only NumPy write their golden files."""
import json
import os
import struct


def save(name, arrays):
    """Writes a dict of NumPy arrays as the safetensors file `name` beside this script: the length of a JSON header, the
    header, the bytes."""
    header, at = {}, 0
    for key, array in arrays.items():
        dtype = {"uint8": "U8", "uint16": "U16", "int32": "I32", "float32": "F32", "float64": "F64"}[str(array.dtype)]
        header[key] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(array.tobytes())
