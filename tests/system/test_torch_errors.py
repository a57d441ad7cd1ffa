"""What is said where torch is needed and not installed."""

from __future__ import annotations

import pytest

from pydarknet.errors import DarknetError
from pydarknet.system.torch_errors import torch_errors


@pytest.mark.parametrize("name", ["torch", "torch.nn"])
def test_a_missing_torch_is_told_with_the_way_to_get_it(name):
    with pytest.raises(DarknetError) as error, torch_errors():
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    assert str(error.value) == (
        "this needs torch, which is not installed\n    hint: pip install torch; compiled networks"
        " and exported .onnx files run without it"
    )
    assert isinstance(error.value, ImportError)


def test_another_missing_module_is_not():
    with pytest.raises(ModuleNotFoundError, match="scipy"), torch_errors():
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
