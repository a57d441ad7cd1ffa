"""Fonts are found for the letters that a text has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pydarknet.boxes import fonts
from pydarknet.errors import DataError

DEJAVU = next(fonts.shipped_font(), None)
needs_dejavu = pytest.mark.skipif(
    DEJAVU is None or not fonts.has_pillow(), reason="needs Pillow and matplotlib's DejaVu"
)


@pytest.fixture
def only_dejavu(monkeypatch):
    """Let the font that matplotlib brings be the only one of this system."""
    monkeypatch.setattr(fonts, "known_fonts", lambda: (DEJAVU,))
    fonts.font_for.cache_clear()
    yield
    fonts.font_for.cache_clear()


def test_the_named_font_comes_before_that_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "has_pillow", lambda: False)  # which would look into them
    one, other = tmp_path / "one.ttf", tmp_path / "other.ttf"
    one.touch()
    other.touch()
    assert fonts.chosen_font(None) is None
    monkeypatch.setenv("PYDARKNET_FONT", str(one))

    assert fonts.chosen_font(None) == str(one)
    assert fonts.chosen_font(str(other)) == str(other)


def test_a_font_that_is_not_there_is_refused():
    with pytest.raises(DataError, match=r"gone\.ttf: no such font file"):
        fonts.chosen_font("gone.ttf")


@needs_dejavu
def test_what_is_no_font_is_refused(tmp_path):
    file = tmp_path / "text.ttf"
    file.write_text("no font")

    with pytest.raises(DataError, match=r"text\.ttf: cannot be read as a font"):
        fonts.chosen_font(str(file))


@needs_dejavu
@pytest.mark.parametrize("letter", ["a", "0", " ", "ж", "ك", "ა", "é"])
def test_a_font_has_its_letters(letter):
    assert fonts.has_letter(DEJAVU, letter)


@needs_dejavu
@pytest.mark.parametrize("letter", ["狗", "क", "\u093f", "ส", "\U0001f436"])
def test_a_font_s_sign_for_a_missing_letter_is_none(letter):
    assert not fonts.has_letter(DEJAVU, letter)


def test_a_file_that_is_no_font_has_no_letters():
    assert fonts.lacking(__file__, "ab") == ["a", "b"]


@needs_dejavu
def test_the_font_is_found_that_has_the_letters(only_dejavu):
    assert fonts.font_for(frozenset("كلب0")) == (DEJAVU, ())


@needs_dejavu
def test_what_the_best_font_lacks_is_named(only_dejavu):
    assert fonts.font_for(frozenset("a狗")) == (DEJAVU, ("狗",))


def test_without_fonts_all_letters_are_lacking(monkeypatch):
    monkeypatch.setattr(fonts, "known_fonts", tuple)
    fonts.font_for.cache_clear()

    assert fonts.font_for(frozenset("ba")) == (None, ("a", "b"))
    fonts.font_for.cache_clear()


def test_plain_letters_come_first(tmp_path, monkeypatch):
    names = ["ASans-Bold.ttf", "ZSans-Regular.ttf", "BSerif.otf", "CSansMono.ttc", "notes.txt"]
    (tmp_path / "deep").mkdir()
    for name in names:
        (tmp_path / "deep" / name).touch()
    monkeypatch.setattr(fonts, "folders", lambda: [tmp_path, tmp_path / "none"])
    monkeypatch.setattr(fonts, "shipped_font", lambda: iter(()))
    fonts.known_fonts.cache_clear()

    found = [Path(file).name for file in fonts.known_fonts()]

    assert found == ["ZSans-Regular.ttf", "ASans-Bold.ttf", "CSansMono.ttc", "BSerif.otf"]
    fonts.known_fonts.cache_clear()


@pytest.mark.parametrize("system", ["linux", "darwin", "win32", "freebsd14"])
def test_every_system_has_folders_of_fonts(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)

    assert len(fonts.folders()) >= 2
