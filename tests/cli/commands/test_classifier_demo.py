"""The classes of the frames of a film."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from films import write_film

from pydarknet.cli.main import main

CFG = "[net]\nwidth=8\nheight=8\nchannels=3\n[avgpool]\n[softmax]\n"
DEMO = ["classifier", "demo", "c.data", "c.cfg", "", "film.avi"]


@pytest.fixture(autouse=True)
def _film(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("c.data").write_text("classes=3\nnames=c.names\ntop=2\n")
    Path("c.names").write_text("red\ngreen\nblue\n")
    Path("c.cfg").write_text(CFG)
    write_film(Path("film.avi"), frames=4)


def test_the_fork_prints_rate_and_best_classes_of_each_frame(capfd):
    assert main([*DEMO, "-dont_show", "-dialect", "alexeyab"]) == 0

    out = capfd.readouterr().out
    assert out.startswith("Classifier Demo\n")
    shown = out.split("\033[H\033[J")[1:]
    assert len(shown) == 4
    for one in shown:
        assert re.fullmatch(
            r"\rFPS: \d+\.\d\d  \(use -benchmark command line flag for correct measurement\)\n"
            r"33\.\d%: \w+\n33\.\d%: \w+\n\n",
            one,
        )


def test_the_original_prints_in_its_words(capfd):
    assert main([*DEMO, "-dialect", "pjreddie", "-t", "1", "-dont_show"]) == 0

    shown = capfd.readouterr().out.split("\033[2J\033[1;1H")[1:]
    assert len(shown) == 4
    assert re.fullmatch(r"\nFPS:\d+\n33\.\d%: \w+\n", shown[-1])


def test_the_window_shows_frames_until_it_is_closed(monkeypatch, capfd):
    from pydarknet.image import window

    class Window:
        shown = 0

        def __init__(self, title: str) -> None:
            assert title == "Classifier"

        def show(self, frame) -> str:
            Window.shown += 1
            return "escape" if Window.shown == 2 else ""

        def close(self) -> None:
            Window.shown += 100

    monkeypatch.setattr(window, "Window", Window)
    monkeypatch.setattr(window, "can_open", lambda: True)

    assert main(DEMO) == 0
    assert Window.shown == 102


def test_the_benchmark_classifies_one_frame_again_and_again(monkeypatch, capfd):
    from pydarknet.network import Network

    calls = []

    def scores(self, images, real=Network.class_scores):
        calls.append(images[0])
        if len(calls) == 9:
            raise KeyboardInterrupt
        return real(self, images)

    monkeypatch.setattr(Network, "class_scores", scores)

    assert main([*DEMO, "-benchmark", "-dialect", "alexeyab"]) == 130

    assert all(one is calls[0] for one in calls)
    assert re.search(r"\rFPS: \d+\.\d\d \t AVG_FPS = \d+\.\d\d ", capfd.readouterr().out)


def test_a_film_that_is_missing_is_one_line(capfd):
    assert main([*DEMO[:5], "none.avi"]) == 1

    assert capfd.readouterr().err.endswith(
        "none.avi: No such file or directory: expected a video\n"
    )


def test_a_data_file_of_another_number_of_classes_is_refused(capfd):
    Path("c.data").write_text("classes=4\nnames=c.names\n")

    assert main([*DEMO, "-dont_show", "-dialect", "alexeyab"]) == 1
    assert "c.data: classes = 4: expected 3, the outputs of c.cfg" in capfd.readouterr().err
