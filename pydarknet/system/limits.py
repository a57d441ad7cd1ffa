"""The largest numbers of the C, <limits.h> and <float.h>, and of torch; the largest texts."""

from __future__ import annotations

from typing import Final

INT_MAX: Final = 2**31 - 1
INT_MIN: Final = -(2**31)
FLT_MAX: Final = 3.4028234663852886e38
MOST_STRIDE: Final = 1024  # or dilation; torch takes memory for its square
MOST_TEXT: Final = 1 << 25  # bytes of a text that is read as more than its lines, as a cfg is
MOST_LINES: Final = 100_000  # of such a text: each becomes some hundred bytes
