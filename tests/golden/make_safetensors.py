"""Writes safetensors_dtypes.safetensors with the original implementation: one tensor of each dtype."""
import os
import torch
from safetensors.torch import save_file

plain = [-2, 0, 1, 100]
tensors = {
    "F64": torch.tensor(plain, dtype=torch.float64), "F32": torch.tensor(plain, dtype=torch.float32),
    "F16": torch.tensor(plain, dtype=torch.float16), "BF16": torch.tensor(plain, dtype=torch.bfloat16),
    "I64": torch.tensor(plain, dtype=torch.int64), "I32": torch.tensor(plain, dtype=torch.int32),
    "I16": torch.tensor(plain, dtype=torch.int16), "I8": torch.tensor(plain, dtype=torch.int8),
    "U8": torch.tensor([0, 1, 200, 255], dtype=torch.uint8), "BOOL": torch.tensor([True, False, True]),
    "F8_E4M3": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn),
    "F16_special": torch.tensor([0x0001, 0x03FF, 0x7BFF, 0x7C00, -0x0400, 0x7E00, -0x8000],
                                dtype=torch.int16).view(torch.float16),
    "matrix": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "five": torch.zeros(1, 1, 1, 1, 2),
}
save_file(tensors, os.path.join(os.path.dirname(os.path.abspath(__file__)), "safetensors_dtypes.safetensors"),
          metadata={"maker": "safetensors"})
