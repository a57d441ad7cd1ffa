"""How a demo looks at a source: in groups, ahead of time, or at the newest frame alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from films import frame, index_of

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import settings
from pydarknet.cli.demo import Demo, rules_of, settings_of
from pydarknet.cli.demo_flags import DemoFlags
from pydarknet.video.film import Film

YOLO = "[yolo]\nclasses=1\nmask=0\nanchors=8,8\nnum=1\n"


@pytest.fixture
def network(net):
    made = net(f"[convolutional]\nfilters=6\nsize=1\nactivation=linear\n\n{YOLO}", c=3, h=8, w=8)
    made.initialize()
    return made


class Frames:
    """A source of given frames."""

    name, size, rate = "film", (64, 48), 10.0

    def __init__(self, count: int, *, live: bool = False) -> None:
        self.count, self.live = count, live

    def frames(self) -> Iterator[np.ndarray]:
        yield from (frame(index) for index in range(self.count))


class Outputs:
    """Keeps what was shown."""

    draws, stopped = False, False

    def __init__(self, most: int = 1000) -> None:
        self.seen: list[tuple[int, int]] = []
        self.most = most

    def adjust(self, chosen):
        return chosen

    def show(self, seen, rate) -> None:
        self.seen.append((seen.frame.number, index_of(seen.frame.pixels)))
        self.stopped = len(self.seen) >= self.most


def look(network, source, most=1000, **flags) -> list[tuple[int, int]]:
    outputs, given = Outputs(most), DemoFlags(**flags)
    Demo(network, source, settings(network), given, outputs).run()  # type: ignore[arg-type]
    return outputs.seen


@pytest.mark.parametrize("live", [False, True])
def test_every_frame_of_a_source_is_seen_in_order_and_numbered_from_1(network, live):
    assert look(network, Frames(23, live=live)) == [(n + 1, n) for n in range(23)]


def test_frames_between_are_not_counted(network):
    assert look(network, Frames(10), skip=2) == [(1, 0), (2, 3), (3, 6), (4, 9)]


def test_it_stops_when_it_is_told_to(network, capsys):
    assert len(look(network, Frames(100), most=3)) == 4  # the group of the third frame
    assert "Stream closed." not in capsys.readouterr().out


def test_it_stops_when_its_time_is_over(network, monkeypatch):
    times = iter([100.0, 103.0, 106.0])
    monkeypatch.setattr("pydarknet.cli.demo.time", SimpleNamespace(monotonic=lambda: next(times)))

    assert len(look(network, Frames(100), time_limit_sec=5)) == 8  # the second group is the last


def test_the_fork_gives_the_network_bytes_of_its_size_the_original_the_frame(network, monkeypatch):
    shapes: dict[str, set[tuple[int, ...]]] = {}

    def find(images, chosen, many=False):
        shapes.setdefault(network.dialect.name, set()).update(one.shape for one in images)
        none = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 1), np.float32)
        return [BoxArrays(*none) for _ in images]

    monkeypatch.setattr(network, "find_boxes", find)
    look(network, Frames(2), avgframes=1)

    assert shapes in ({"alexeyab": {(8, 8, 3)}}, {"pjreddie": {(48, 64, 3)}})


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_thresholds_of_either_lineage(net, dialect):
    network = net(f"[convolutional]\nfilters=6\n\n{YOLO}", c=3, h=8, w=8, dialect=dialect)

    chosen = settings_of(network, DemoFlags(), None)
    told = settings_of(network, DemoFlags(thresh=0.1, hier=0.3, nms=0.2), None)

    if dialect == "pjreddie":  # which suppresses by objectness, after
        assert (chosen.decoding.thresh, chosen.decoding.hier, chosen.nms) == (0.5, 0.5, 0)
        assert (told.nms, told.letterbox) == (0, True)
    else:
        assert (chosen.decoding.thresh, chosen.decoding.hier, chosen.nms) == (0.25, 0.25, 0.45)
        assert (told.nms, told.letterbox) == (0.2, False)
    assert told.decoding.thresh == pytest.approx(0.1)
    assert told.decoding.hier == 0.3
    assert settings_of(network, DemoFlags(), 0.2).decoding.thresh == pytest.approx(0.2)


def test_the_originals_demo_suppresses_as_a_cfg_with_a_kind_of_ours_says(net):
    text = f"[convolutional]\nfilters=6\n\n{YOLO}\nnms_kind=softnms"
    network = net(text, c=3, h=8, w=8, dialect="pjreddie")

    assert not rules_of(network).by_objectness
    assert settings_of(network, DemoFlags(), None).nms == 0.4


def test_a_film_is_what_is_read_ahead():
    assert not Film.live


@pytest.mark.parametrize(("skip", "times"), [(0, [0.1, 0.2]), (4, [0.5, 1.0])])
def test_frames_of_a_film_have_the_times_of_the_film(network, skip, times):
    given = DemoFlags(skip=skip)
    demo = Demo(network, Frames(10), settings(network), given, Outputs())  # type: ignore[arg-type]

    first = next(demo.groups())

    assert [one.seconds for one in first][:2] == pytest.approx(times)


def test_frames_of_a_camera_have_the_time_at_which_they_came(network, monkeypatch):
    times = iter([3.0, 3.7])
    monkeypatch.setattr("pydarknet.cli.demo.time", SimpleNamespace(monotonic=lambda: next(times)))
    demo = Demo(network, Frames(2, live=True), settings(network), DemoFlags(), Outputs())  # type: ignore[arg-type]

    assert [one.seconds for [one] in demo.groups()] == [3.0, 3.7]


class Follower:
    """Notes which frames it follows, and draws nothing."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def follow(self, found, seconds):
        self.times.append(seconds)
        return replace(found, path=f"followed at {seconds:.1f}")

    def report(self):
        return [f"{len(self.times)} frames"]


@pytest.mark.parametrize("most", [1000, 3])
def test_objects_are_followed_in_the_order_of_frames_and_reported_at_the_end(network, capsys, most):
    outputs, follower = Outputs(most), Follower()
    paths = []
    outputs.show = lambda seen, rate, show=outputs.show: (  # type: ignore[method-assign]
        paths.append(seen.found.path),
        show(seen, rate),
    )
    demo = Demo(network, Frames(23), settings(network), DemoFlags(), outputs, follower)  # type: ignore[arg-type]

    demo.run()

    count = 23 if most > 23 else 4  # the group of the third
    assert follower.times == pytest.approx([(n + 1) / 10 for n in range(count)])
    assert paths == [f"followed at {time:.1f}" for time in follower.times]
    assert f"{count} frames\n" in capsys.readouterr().out


def test_what_was_counted_is_told_after_ctrl_c_too(network, capsys):
    def show(seen, rate):
        raise KeyboardInterrupt

    outputs = Outputs()
    outputs.show = show  # type: ignore[method-assign]

    with pytest.raises(KeyboardInterrupt):
        Demo(network, Frames(9), settings(network), DemoFlags(), outputs, Follower()).run()  # type: ignore[arg-type]

    assert capsys.readouterr().out.endswith("1 frames\n")
