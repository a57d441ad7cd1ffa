"""The C's counter of images, where there is no terminal."""

import pytest

from pydarknet.cli import progress


@pytest.mark.parametrize(
    ("total", "told"),
    [
        (6, "4\n8\n"),  # told at images 1 and 5, of four each
        (3, "3\n"),  # fewer images than threads
        (0, ""),
    ],
)
def test_four_images_are_counted_at_a_time(capsys, total, told):
    watch = progress.count_items("{}\n", total)

    assert list(watch(range(total))) == list(range(total))
    assert capsys.readouterr().err == told


def test_a_terminal_shows_a_bar_instead(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    assert list(progress.count_items("{}\n", 2)("ab")) == ["a", "b"]
    assert "2/2" in capsys.readouterr().err
