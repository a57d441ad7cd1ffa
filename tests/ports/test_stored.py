import io

import numpy as np
import pytest

from pydarknet.errors import WeightsError
from pydarknet.ports.stored import Stored, as_floats, take


def test_a_shape_is_told_as_text(tmp_path):
    sizes = [Stored(shape, "F32", lambda: np.zeros(1)).size for shape in ((2, 3), (7,), ())]

    assert sizes == ["2 x 3", "7", "a number"]


def test_what_ends_early_and_what_is_no_float_are_errors(tmp_path):
    with pytest.raises(WeightsError, match="ends inside its header: 2 of 3 bytes"):
        take(io.BytesIO(b"ab"), 3, tmp_path, "its header")
    with pytest.raises(WeightsError, match="a has numbers of kind int8: expected floats"):
        as_floats(np.zeros(1, np.int8), "a", "int8", tmp_path)
