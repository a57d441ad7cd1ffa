"""`pydarknet.opencv` has the names of cv2.dnn."""

import pytest

from pydarknet import opencv
from pydarknet.compat import opencv as implementation


@pytest.mark.parametrize("name", ["Net", "install", "readNet", "readNetFromDarknet"])
def test_what_programs_import_is_here(name):
    assert getattr(opencv, name) is getattr(implementation, name)
