"""What a form asks for."""

from __future__ import annotations

import pytest

from pydarknet.serving.endpoints import picture, threshold
from pydarknet.serving.forms import File, Form
from pydarknet.serving.request import Refused


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        ({}, 0.25),
        ({"min_confidence": ""}, 0.25),
        ({"min_confidence": "0.4"}, 0.4),
        ({"thresh": " .5 "}, 0.5),
        ({"min_confidence": "0", "thresh": "1"}, 0),
    ],
)
def test_a_form_may_name_a_threshold(texts: dict[str, str], value: float) -> None:
    assert threshold(Form(texts=texts), 0.25) == value


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan", "inf", "x", "0." + "0" * 39])
def test_a_threshold_is_a_number_from_0_to_1(text: str) -> None:
    with pytest.raises(Refused, match="expected a number from 0 to 1"):
        threshold(Form(texts={"thresh": text}), 0.25)


def test_the_field_image_is_the_picture_else_the_only_file() -> None:
    one, two = File(b"1"), File(b"2")

    assert picture(Form({"image": one, "other": two})) is one
    assert picture(Form({"file": two})) is two
    with pytest.raises(Refused):
        picture(Form({"a": one, "b": two}))
