"""Loading takes little more than the memory of the parameters and the time to read the file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import HERE

sys.path.append(str(HERE.parent / "benchmarks"))

from measure_loading import loading_ratios


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_loading_yolov4_takes_the_parameters_memory_and_the_time_of_reading(
    tmp_path: Path,
) -> None:
    time, memory = loading_ratios(HERE.parent / "cfg" / "yolov4.cfg", tmp_path)

    assert memory <= 1.3
    assert time <= 2
