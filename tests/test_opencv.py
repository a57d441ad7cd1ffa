"""`pydarknet.opencv` has the names of cv2.dnn."""

import pytest

from pydarknet import opencv
from pydarknet.compat import opencv as readers
from pydarknet.compat import opencv_install, opencv_models


@pytest.mark.parametrize(
    ("name", "implementation"),
    [
        ("Net", readers),
        ("readNet", readers),
        ("readNetFromDarknet", readers),
        ("Model", opencv_models),
        ("DetectionModel", opencv_models),
        ("ClassificationModel", opencv_models),
        ("install", opencv_install),
    ],
)
def test_what_programs_import_is_here(name, implementation):
    assert getattr(opencv, name) is getattr(implementation, name)
