from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pydarknet.boxes.settings import Limits, settings
from pydarknet.cfg.dialect import DIALECTS, Dialect


@dataclass
class Net:
    """What of a network decides which boxes are found."""

    dialect: Dialect
    limits: Limits | None = None
    letter_box: bool = False


@pytest.mark.parametrize(
    ("dialect", "thresh", "letterbox"), [("pjreddie", 0.5, True), ("alexeyab", 0.25, False)]
)
def test_what_is_omitted_is_the_dialects(dialect: str, thresh: float, letterbox: bool) -> None:
    chosen = settings(Net(DIALECTS.of(dialect)))

    assert chosen.decoding.thresh == thresh
    assert (chosen.decoding.hier, chosen.nms, chosen.letterbox) == (0.5, 0.45, letterbox)


def test_a_file_s_own_limits_stand_in_for_the_dialects() -> None:
    own = Net(DIALECTS.pjreddie, Limits(thresh=0.125, nms=0.75))

    assert settings(own).decoding.thresh == 0.125
    assert settings(own).nms == 0.75
    assert settings(own, thresh=0.5, nms=0).decoding.thresh == 0.5
    assert settings(own, thresh=0.5, nms=0).nms == 0


def test_a_cfg_may_ask_the_fork_for_a_letterbox() -> None:
    assert settings(Net(DIALECTS.alexeyab, letter_box=True)).letterbox
    assert not settings(Net(DIALECTS.alexeyab, letter_box=True), letterbox=False).letterbox


def test_the_threshold_is_the_float_that_the_c_compares_with() -> None:
    thresh = settings(Net(DIALECTS.pjreddie), thresh=0.1).decoding.thresh

    assert thresh == float(np.float32(0.1)) != 0.1
