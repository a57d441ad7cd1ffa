"""The words of `-precision`."""

from __future__ import annotations

from typing import Final

HALF: Final = "half"  # a GPU's float16
FLOAT: Final = "float"
BFLOAT16: Final = "bf16"  # a CPU's
PRECISIONS: Final = (HALF, FLOAT, BFLOAT16)
