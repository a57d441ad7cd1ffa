"""Whether a training turns images by their EXIF data: as it began, unless it is told."""

import pytest

from pydarknet.training.sources import exif_of
from pydarknet.training.state import State


def begun(**numbers: object) -> State:
    """Return the state of a training with these numbers."""
    return State({}, numbers, {})


@pytest.mark.parametrize("before", [True, False])
def test_a_training_turns_images_as_it_began(capsys, before):
    assert exif_of(begun(exif=before), None) is before
    assert capsys.readouterr().err == ""


def test_a_training_that_began_before_images_were_turned_goes_on_unturned_and_says_so(capsys):
    assert exif_of(begun(), None) is False
    assert capsys.readouterr().err == (
        "this training began before images were turned by their EXIF data: they stay as they are"
        " stored; -exif on turns them, -clear starts over\n"
    )


@pytest.mark.parametrize(
    ("numbers", "given", "before"),
    [
        ({}, True, "left as they are stored"),
        ({"exif": False}, True, "left as they are stored"),
        ({"exif": True}, False, "turned by their EXIF data"),
    ],
)
def test_a_training_turns_images_as_it_is_told_and_says_what_changed(
    capsys, numbers, given, before
):
    assert exif_of(begun(**numbers), given) is given
    assert capsys.readouterr().err == (
        f"until now this training's images were {before}: -exif changes that from here on\n"
    )


@pytest.mark.parametrize(("numbers", "given"), [({}, False), ({"exif": True}, True)])
def test_a_training_that_is_told_what_it_does_says_nothing(capsys, numbers, given):
    assert exif_of(begun(**numbers), given) is given
    assert capsys.readouterr().err == ""
