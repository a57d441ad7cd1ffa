"""The state files from which a training resumes, and the points of its chart."""

from __future__ import annotations

import hashlib

from fuzz.rules import file_of

from pydarknet.training.chart_points import MOST, ChartPoints
from pydarknet.training.state import MAGIC, read_state

WORDS = ('"dtype": "float64"', '"shape": [2, 5]', '"chart.losses": ', "pydarknet state 1\n")


def check(content: bytes) -> None:
    """Read a state, as it is and with the checksum that its other bytes have."""
    for form in (content, content + hashlib.sha256(content).digest()):
        state = read_state(file_of(form)) if form is content or form.startswith(MAGIC) else None
        if state is None:
            continue
        assert state.numbers["batch"] >= 0
        points = ChartPoints()
        points.restore(state.tensors)
        assert len(points.losses) <= MOST
        points.tensors()
