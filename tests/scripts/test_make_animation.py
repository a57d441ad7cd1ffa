"""The animation at the top of README."""

from __future__ import annotations

import subprocess

import forked
import pytest
from conftest import HERE, SCRIPTS

Image = pytest.importorskip("PIL.Image")


def make(*words: object) -> subprocess.CompletedProcess[str]:
    return forked.run(str(SCRIPTS / "make_animation.py"), *map(str, words))


def test_it_is_a_film_that_begins_again(tmp_path):
    made = make(tmp_path / "x.gif", "--frames", 4, "--width", 160)

    assert made.returncode == 0, made.stderr
    with Image.open(tmp_path / "x.gif") as film:
        assert (film.size, film.n_frames, film.info["loop"]) == ((160, 90), 4, 0)


def test_that_of_readme_is_small_enough():
    path = HERE.parent / "docs/demo.gif"

    assert path.name in (HERE.parent / "README.md").read_text()
    assert path.stat().st_size < 1_000_000
