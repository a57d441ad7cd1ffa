"""The C's `float`, in which it computes positions, sizes and fractions."""

from __future__ import annotations

import numpy as np

F = np.float32
