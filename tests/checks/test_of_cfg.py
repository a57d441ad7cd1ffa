"""What is found of a cfg."""

from pathlib import Path

import pytest

from pydarknet.checks.finding import LOOK, WRONG


def change(old: str, new: str) -> None:
    """Replace a line of the cfg."""
    text = Path("my.cfg").read_text()
    assert old in text
    Path("my.cfg").write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "text", "state"),
    [
        ("filters=14", "filters=255", "2 anchors and 2 classes need 14 channels", WRONG),
        ("batch=64", "batch=1\n#", "batch=1 is for finding boxes, not for training", WRONG),
        ("batch=64", "batch=4", "batch=4 is small: each step is noise", LOOK),
        ("subdivisions=16", "subdivisions=48", "no multiple of subdivisions=48", WRONG),
        ("max_batches=6000", "max_batches=0", "max_batches=0: nothing is trained", WRONG),
        ("max_batches=6000", "max_batches=500", "max_batches=500 is short: 6,000 is the", LOOK),
        ("max_batches=6000", "max_batches=90000", "max_batches=90,000 is long", LOOK),
        ("steps=4800", "steps=7000", "7000 is not reached, max_batches=6000", LOOK),
        ("steps=4800,5400", "steps=80,90", "steps=80,90 come early", LOOK),
        ("max_batches=6000", "max_batches=6000\nburn_in=9000", "burn_in=9000 is as long", WRONG),
        ("max_batches=6000", "max_batches=6000\nlearning_rate=0", "learning_rate=0", WRONG),
        ("width=64", "width=80", "width=80, height=64: expected multiples of 32", LOOK),
        ("[yolo]", "[yollo]", "is no section", WRONG),
        ("max_batches", "learning_rate=0.261\nmax_batches", "learning_rate=0.261 is high", LOOK),
    ],
)
def test_what_a_cfg_must_not_have_is_told(found, old, new, text, state):
    change(old, new)

    states = [one.state for told, one in found().items() if text in told]

    assert states == [state]


def test_a_small_batch_spoils_the_statistics_only_of_a_cfg_that_takes_some(found):
    change("batch=64", "batch=4")
    change("[convolutional]", "[convolutional]\nbatch_normalize=1\nfilters=4\n\n[convolutional]")

    [text] = [text for text in found() if "is small" in text]

    assert text == "batch=4 is small: the statistics of batch normalization are noise"


def test_every_head_that_does_not_fit_is_told(found):
    text = Path("my.cfg").read_text().replace("filters=14", "filters=255")
    head = text[text.index("[convolutional]") :]
    Path("my.cfg").write_text(text + head)

    assert [one.thing for one in found().values() if "need 14 channels" in one.text] == ["cfg"]


def test_a_mini_batch_that_is_too_large_is_told(found, monkeypatch):
    monkeypatch.setattr("pydarknet.checks.of_cfg.usable_memory", lambda: 1000)

    assert any("more than this machine has" in text for text in found())


def test_a_classifier_is_no_detector(found):
    text = Path("my.cfg").read_text()
    Path("my.cfg").write_text(f"{text[: text.index('[yolo]')]}[softmax]\n")

    assert "my.cfg has no detection head: it is no detector" in found()
