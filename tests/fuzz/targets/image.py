"""Image files of every format that is read."""

from __future__ import annotations

import os
from unittest.mock import patch

import numpy as np
from fuzz.rules import refusals

from pydarknet.image.decode import LIMIT
from pydarknet.image.files import Remark, image_of_content

LIMITS = {LIMIT: str(1 << 20)}  # pixels, so that an input takes no more than that


def check(content: bytes) -> None:
    """Decode an image; the first byte says how many channels."""
    channels = content[0] % 4 + 1 if content else 3
    with patch.dict(os.environ, LIMITS), refusals():
        image = image_of_content(content[1:], "picture", channels, tell=clear)
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == channels
        assert 0 < image.size <= channels << 20


def clear(remark: Remark) -> None:
    """Hold a remark to a line."""
    assert "\n" not in remark.text
