"""Which fonts a name is drawn with."""

from __future__ import annotations

import pytest

from pydarknet.charts import fonts
from pydarknet.charts.figure import new_figure, pixels, write_title
from pydarknet.charts.fonts import LATIN, lettering_of


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch):
    """Let the fonts be looked for anew."""
    monkeypatch.setattr(fonts, "KNOWN", {})


@pytest.mark.parametrize("name", ["", "person", "Löwe", "собака", "σκύλος", "a\x00\ud800"])
def test_the_font_that_comes_with_matplotlib_has_europes_letters(name, capfd):
    assert lettering_of([name]).families == LATIN
    assert capfd.readouterr().err == ""


def test_another_font_is_taken_for_letters_that_it_has(monkeypatch):
    known = {"first": {ord("犬")}, "second": {ord("猫"), ord("犬")}, "third": {ord("鳥")}}
    monkeypatch.setattr(fonts, "installed_fonts", lambda: [(name, name) for name in known])
    monkeypatch.setattr(fonts, "letters_of", lambda path: known.get(path, set()))

    fonts_of_both = lettering_of(["犬", "猫"])

    assert fonts_of_both.families == (*LATIN, "first", "second")
    assert fonts_of_both.text("犬 猫") == "犬 猫"


def test_letters_that_no_font_has_are_boxes_and_told_once(monkeypatch, capfd):
    monkeypatch.setattr(fonts, "installed_fonts", lambda: [])

    shown = [lettering_of([name]).text(name) for name in ("犬 a", "猫", "犬 a")]

    assert shown == ["□ a", "□", "□ a"]
    told = capfd.readouterr().err
    assert told.startswith("no installed font has the letters 犬: charts show boxes")
    assert told.count("\n") == 1


def test_drawing_letters_that_no_font_has_warns_nowhere(monkeypatch, capfd):
    monkeypatch.setattr(fonts, "installed_fonts", lambda: [])
    figure = new_figure(100, 100)
    write_title(figure, "\U000f0000 犬\n\x07", "")
    capfd.readouterr()

    pixels(figure)  # a warning would be an error

    assert capfd.readouterr().err == ""


def test_a_font_that_was_installed_after_matplotlib_looked_is_found(monkeypatch):
    from matplotlib.font_manager import findfont, fontManager

    file = findfont("DejaVu Sans Mono")
    monkeypatch.setattr(fontManager, "ttflist", [])
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: ["none.ttf", file])

    assert [*fonts.installed_fonts()] == [("DejaVu Sans Mono", file)]


@pytest.mark.parametrize("name", ["Noto Color Emoji", "Last Resort High-Efficiency"])
def test_fonts_of_signs_are_not_for_names(name):
    from matplotlib.font_manager import FontEntry

    assert fonts.families(
        [FontEntry(fname="a.ttf", name=name), FontEntry(fname="b.ttf", name="Lato")]
    ) == [("Lato", "b.ttf")]
