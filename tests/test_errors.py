"""An error is one line that a user can act on."""

from pathlib import Path

import pytest

from pydarknet.errors import CfgError, DarknetError, DataError, UsageError, WeightsError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (DarknetError("is empty"), "is empty"),
        (DarknetError("is empty", where=Path("a.cfg")), "a.cfg: is empty"),
        (
            DarknetError("is empty", where="a.cfg:3", hint="write one"),
            "a.cfg:3: is empty\n    hint: write one",
        ),
    ],
)
def test_an_error_says_where_and_what_and_a_hint(error, text):
    assert str(error) == text


@pytest.mark.parametrize("kind", [CfgError, WeightsError, DataError, UsageError])
def test_every_error_of_a_user_is_a_darknet_error(kind):
    with pytest.raises(DarknetError, match=r"^here: wrong$"):
        raise kind("wrong", where="here")


def test_the_parts_of_an_error_can_be_read():
    error = DataError("is empty", where=Path("a"), hint="b")

    assert (error.problem, error.where, error.hint) == ("is empty", "a", "b")
