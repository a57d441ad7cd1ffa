"""Words are written in any script, in any thread, and fit."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from pydarknet.boxes import words
from pydarknet.boxes.fonts import has_pillow, shipped_font
from pydarknet.boxes.words import KEPT, LETTERS, MODERN, drawable, label, labels, write
from pydarknet.errors import DataError

VAV = "\u05d5"
needs_5 = pytest.mark.skipif(not MODERN, reason="needs OpenCV 5")
needs_pillow = pytest.mark.skipif(
    not has_pillow() or not next(shipped_font(), None),
    reason="needs Pillow and a font with Arabic letters",
)


@pytest.fixture(autouse=True)
def nothing_kept():
    KEPT.clear()


@pytest.fixture(params=["opencv 5", "pillow", "opencv 4"])
def engine(request, monkeypatch):
    """Let one of those that write be the only one that is installed."""
    if request.param == "opencv 5" and not MODERN:
        pytest.skip("needs OpenCV 5")
    monkeypatch.setattr(words, "MODERN", request.param == "opencv 5")
    monkeypatch.setattr(words, "has_pillow", lambda: request.param == "pillow" and has_pillow())
    return request.param


def mask(text: str, letters: int = 20, width: int = 1000) -> np.ndarray:
    [made] = labels([text], letters, width)
    return made


@pytest.mark.parametrize("letters", [8, 11, 20, 41, 80])
def test_capital_letters_have_the_height_that_is_asked_for(engine, letters):
    assert write("H", letters, None).base == pytest.approx(letters, abs=1 + letters / 12)


@pytest.mark.parametrize("text", ["cat", "gypsy: 0.93, jug", "Žluť, Ÿ", ""])
@pytest.mark.parametrize("letters", [8, 14, 60])
def test_letters_do_not_touch_the_edge_of_their_label(engine, text, letters):
    made = mask(text, letters)

    assert made.any() == bool(text)
    assert not np.concatenate((made[0], made[-1], made[:, 0], made[:, -1])).any()


def test_labels_of_a_size_are_of_one_height(engine):
    heights = [len(mask(text)) for text in ("ace", "HTL: 0.93", "gypsy", "lid", "")]

    longer = 2 if engine == "opencv 4" else 0  # the tails of Hershey's letters
    assert max(heights) - min(heights) <= longer


@pytest.mark.parametrize("width", [1, 2, 7, 40, 99])
def test_no_label_is_wider_than_its_image(engine, width):
    made = mask("a very long name: 0.99", 14, width)

    assert 0 < made.shape[1] <= width


def test_a_label_shrinks_before_it_is_cut(engine):
    whole = mask("traffic light: 0.87", 40)

    shrunk = mask("traffic light: 0.87", 40, whole.shape[1] * 2 // 3)

    assert shrunk.shape[0] < whole.shape[0]
    assert shrunk.shape[1] > whole.shape[1] // 2


@pytest.mark.parametrize("text", ["a\x1b[31m", "a\nb", "\udcff\ud800", "\u202eabc", "\0"])
def test_control_characters_are_drawn_as_question_marks(engine, text):
    shown = "".join(letter if letter in "ab[31mc" else "?" for letter in text)

    assert (mask(text) == mask(shown)).all()


@needs_5
@pytest.mark.parametrize("text", ["собака", "狗", "いぬ", "강아지", "σκύλος", "Žluť"])
def test_opencv_5_writes_letters_that_stand_alone(text, capsys):
    assert not np.array_equal(mask(text), mask("?" * len(text)))
    assert capsys.readouterr().err == ""


def test_letters_that_no_font_has_are_question_marks_and_told_once(engine, monkeypatch, capsys):
    monkeypatch.setattr(words, "font_for", lambda letters: (next(shipped_font(), None), ("क", "ख")))

    made = mask("कख 1"), mask("खक 1")

    question = (
        mask("?? 1")
        if engine != "pillow"
        else words.with_margin(words.by_pillow("?? 1", 20, next(shipped_font())), 20)
    )
    assert [(one.shape, (one == question).all()) for one in made] == [(question.shape, True)] * 2
    told = capsys.readouterr().err.splitlines()
    help = "-font FILE or PYDARKNET_FONT names one" if engine == "pillow" else "pip install pillow"
    assert told == [f"labels: no font for DEVANAGARI LETTER KA and its kind is found: {help}"]


@needs_pillow
def test_arabic_is_joined_by_pillow():
    from PIL import features

    if not features.check("raqm"):
        pytest.skip("needs a Pillow that has Raqm")

    joined = write("كلب", 40, None).mask.shape[1]
    apart = sum(write(letter, 40, None).mask.shape[1] for letter in "كلب")

    assert joined < 0.9 * apart


@needs_pillow
def test_the_first_letter_of_hebrew_stands_on_the_right():
    from PIL import features

    if not features.check("raqm"):
        pytest.skip("needs a Pillow that has Raqm")

    both, alone = write("ששו", 40, None).mask, write(VAV, 40, None).mask

    # vav is the narrow last letter: alone in the left part, as wide as by itself
    gap = np.flatnonzero(~both.any(0))[0]
    assert gap == alone.shape[1]


@needs_pillow
def test_a_chosen_font_writes_all_that_it_has():
    file = next(shipped_font())

    [made] = labels(["cat"], 20, 500, file)

    assert (made == words.with_margin(words.by_pillow("cat", 20, file), 20)).all()


def test_accents_are_composed(engine):
    assert (mask("e\u0301te\u0301") == mask("été")).all()


@pytest.mark.parametrize(("modern", "expected"), [(True, "g\u00fcn ? ?"), (False, "g?n ? ?")])
def test_text_without_masks_is_what_this_opencv_can_write(monkeypatch, modern, expected):
    monkeypatch.setattr(words, "MODERN", modern)

    assert drawable("g\u00fcn \udcff \n") == expected


def test_words_are_kept_and_no_more_of_them_than_are_allowed(monkeypatch):
    monkeypatch.setattr(words, "MOST", 3)
    first = mask("a")

    assert mask("a") is first
    labels(["a", "b", "c", "d"], 20, 99)
    assert len(KEPT) <= 4


def test_threads_write_the_same_words_as_one_does():
    texts = [f"class {k}: 0.{k:02d}" for k in range(40)]
    expected = [label(text, 15, 500, None) for text in texts]
    made: list[list[np.ndarray]] = []

    threads = [
        threading.Thread(target=lambda: made.append(labels(texts, 15, 500))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 6
    assert all((a == b).all() for row in made for a, b in zip(row, expected, strict=True))


def test_letters_can_be_loaded_before():
    LETTERS.start()

    assert LETTERS.do(threading.current_thread) is LETTERS.thread
    assert mask("x").any()


def test_opencv_has_the_font_for_what_is_written_by_it_alone():
    assert cv2.getTextSize("x", words.FONT, 1, 1)[0][0] > 0


@needs_5
def test_opencv_is_not_given_a_name_at_which_it_crashes():
    with pytest.raises(DataError, match="cannot be read as a font"):
        words.FACES.face("caf\udce9.ttf")


def test_words_that_were_kept_are_there_though_new_ones_need_their_room(monkeypatch):
    monkeypatch.setattr(words, "MOST", 2)
    [kept] = labels(["cat"], 12, 200)

    found = labels(["cat", "dog", "cow", "cat"], 12, 200)

    assert len(found) == 4
    assert found[0] is found[3] is kept
