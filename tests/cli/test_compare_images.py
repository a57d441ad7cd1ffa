"""What both forms of `compare` share: images that nobody named, the threshold, the dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.cli.compare_images import Wanted, given_dialect, threshold
from pydarknet.cli.verbs import Run
from pydarknet.compare.objects import Objects
from pydarknet.errors import UsageError


def wanted(*images: str, thresh: float | None = None, dialect: str | None = None) -> Wanted:
    run = Run(dialect=dialect)
    return Wanted(run, Path("a.cfg"), Path("a.weights"), images, thresh, False, False, 0.0001)


def found(*scores: float) -> list[Objects]:
    return [Objects.of_rows([(0, score, 0, 0, 1, 1)]) for score in scores]


def test_without_images_it_is_those_that_come_with_the_program(capfd):
    [image] = wanted().words

    assert Path(image).name == "digits.png"
    assert capfd.readouterr().err == f"no image is named: comparing on {image}\n"
    assert wanted("a.jpg").words == ("a.jpg",)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [((0.3, 0.02), 0.25), ((0.2,), 0.05), ((0.02,), 0.01), ((0.001,), 0.01), ((), 0.01)],
)
def test_the_threshold_is_the_highest_at_which_there_is_something(scores, expected):
    assert threshold(wanted(), found(*scores)) == expected


def test_a_given_threshold_stays():
    assert threshold(wanted(thresh=0.4), found(0.1)) == 0.4


def test_the_dialect_may_stand_in_the_environment(monkeypatch):
    assert given_dialect(Run()) is None
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    assert given_dialect(Run()) == "pjreddie"
    assert given_dialect(Run(dialect="alexeyab")) == "alexeyab"
    monkeypatch.setenv("PYDARKNET_DIALECT", "odd")
    with pytest.raises(UsageError, match="PYDARKNET_DIALECT: "):
        given_dialect(Run())
