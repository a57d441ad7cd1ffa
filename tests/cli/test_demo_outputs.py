"""Where the frames of a demo go."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import Decoding, Settings
from pydarknet.cfg.dialect import DIALECTS
from pydarknet.cli import demo_outputs
from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.cli.demo_frames import Frame, Seen
from pydarknet.cli.demo_outputs import DemoOutputs
from pydarknet.cli.detections_text import Found
from pydarknet.video.rate import Rate

SOURCE = SimpleNamespace(name="film.avi", size=(4, 2), rate=10.0, live=False)
NETWORK = SimpleNamespace(dialect=DIALECTS.alexeyab)
CHOSEN = Settings(Decoding(thresh=0.5), letterbox=False, nms=0.4)


def outputs(**flags: object) -> DemoOutputs:
    return DemoOutputs(NETWORK, SOURCE, DemoFlags(**flags), 0.5)  # type: ignore[arg-type]


def seen(drawn: np.ndarray | None = None) -> Seen:
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 1), np.float32)
    found = Found("film.avi", 4, 2, 0.0, BoxArrays(*none), 0.5)
    return Seen(Frame(1, np.zeros((2, 4, 3), np.uint8)), found, drawn)


class Window:
    """Stands in for a window of which keys are pressed."""

    keys: list[str] = []

    def __init__(self, title: str, *, full_screen: bool) -> None:
        self.shown: list[np.ndarray] = []

    def show(self, image: np.ndarray) -> str:
        self.shown.append(image)
        return self.keys.pop(0)

    def close(self) -> None:
        self.shown = []


@pytest.fixture
def _window(monkeypatch):
    monkeypatch.setattr(demo_outputs, "can_open", lambda: True)
    monkeypatch.setattr(demo_outputs, "Window", Window)


@pytest.mark.usefixtures("_window")
def test_keys_move_the_threshold_and_end_the_demo(monkeypatch):
    monkeypatch.setattr(Window, "keys", ["up", "up", "down", "", "escape"])
    with outputs() as made:
        thresholds = []
        for _ in range(4):
            made.show(seen(), Rate())
            thresholds.append(round(made.adjust(CHOSEN).decoding.thresh, 2))
        assert not made.stopped
        made.show(seen(), Rate())
        assert made.stopped

    assert thresholds == [0.52, 0.54, 0.52, 0.52]


@pytest.mark.usefixtures("_window")
def test_a_threshold_stays_above_nothing_and_below_all(monkeypatch):
    with outputs() as made:
        for added, thresh in ((-9.0, 0.02), (9.0, 1.0)):
            made.added = added
            assert made.adjust(CHOSEN).decoding.thresh == thresh


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize("flags", [{"dont_show": True}, {"benchmark": True}, {"prefix": "x"}])
def test_no_window_is_opened_where_none_is_wanted(flags, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with outputs(**flags) as made:
        assert made.window is None


@pytest.mark.usefixtures("_window")
@pytest.mark.parametrize(
    ("flags", "draws"),
    [({}, True), ({"dont_show": True}, False), ({"dontdraw_bbox": True}, False)],
)
def test_boxes_are_drawn_if_anyone_looks(flags, draws):
    with outputs(**flags) as made:
        assert made.draws is draws


@pytest.mark.usefixtures("_window")
def test_the_drawn_frame_is_shown(monkeypatch):
    monkeypatch.setattr(Window, "keys", [""])
    drawn = np.ones((2, 4, 3), np.uint8)
    with outputs() as made:
        made.show(seen(drawn), Rate())
        assert made.window is not None
        assert made.window.shown[0] is drawn


def test_if_one_cannot_be_opened_the_others_are_closed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = outputs(dont_show=True, json_file_output="x.json", out_filename=tmp_path / "x" / "a.avi")

    with pytest.raises(Exception, match="cannot be written"):
        made.__enter__()

    assert (tmp_path / "x.json").read_text() == "[\n\n]"


def test_a_film_that_a_benchmark_does_not_write_is_told(tmp_path, capsys):
    with outputs(benchmark=True, out_filename=tmp_path / "a.avi") as made:
        assert made.film is None

    told = "-out_filename is ignored: -benchmark draws and writes no frame\n"
    assert capsys.readouterr().err == told
