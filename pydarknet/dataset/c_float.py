"""The C's `float`, in which it computes places, sizes and shares."""

from __future__ import annotations

import numpy as np

F = np.float32
