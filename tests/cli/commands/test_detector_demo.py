"""The demo sees in a film what the C program built with OpenCV saw in it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import HERE
from films import indices, write_digits, write_film

from pydarknet.cli.main import main

RECORDED = HERE / "reference" / "demo_ab_digits"
DEMO = ["detector", "demo", "digits.data", "digits.cfg", "digits.weights", "film.avi", "-dont_show"]
SKIPPED = 1  # frames that the C passes over at the beginning; it loses one at the end, too


@pytest.fixture(autouse=True)
def film(tmp_path, monkeypatch) -> Path:
    """Work beside the recorded film."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(RECORDED / "film.avi", "film.avi"))


def frames(path: Path) -> list[dict]:
    """Return the frames of a file of JSON; that of the C is no array."""
    found = re.findall(r'\{\s*"frame_id".*?\] \n\}', path.read_text(), re.DOTALL)
    return [json.loads(one) for one in found]


def numbers(frame: dict) -> list[list[float]]:
    return [
        [one["class_id"], one["confidence"], *one["relative_coordinates"].values()]
        for one in frame["objects"]
    ]


@pytest.mark.parametrize(
    ("recorded", "flags"), [("alexeyab", []), ("letterbox", ["-letter_box", "-thresh", "0.1"])]
)
def test_the_boxes_of_each_frame_are_those_of_the_c(recorded, flags):
    assert main([*DEMO, *flags, "-json_file_output", "ours.json"]) == 0

    ours, theirs = frames(Path("ours.json")), frames(RECORDED / f"{recorded}.json")
    assert (len(ours), len(theirs)) == (13, 11)
    assert sum(len(numbers(frame)) for frame in theirs) > 10
    for frame in theirs:
        mine = ours[frame["frame_id"] - 1 + SKIPPED]
        assert len(numbers(mine)) == len(numbers(frame))
        for one, other in zip(numbers(mine), numbers(frame), strict=True):
            assert one == pytest.approx(other, abs=3e-6)
    assert "filename" not in ours[0]
    assert [one["frame_id"] for one in json.loads(Path("ours.json").read_text())] == [*range(1, 14)]


def texts(text: str) -> list[list[str]]:
    """Return the lines of each frame, the rates aside."""
    shown = text.split("\033[H\033[J")[1:]
    return [[line for line in one.split("\n") if "FPS" not in line] for one in shown]


def test_the_texts_are_those_of_the_c(capfd):
    main([*DEMO, "-ext_output"])

    out = capfd.readouterr().out
    theirs = (RECORDED / "stdout.txt").read_text()
    head = out.split("\033")[0]
    assert head[head.index("video file") :] == theirs.split("\033")[0]
    mine, recorded = texts(out), texts(theirs)
    assert mine[1 + SKIPPED : len(recorded)] == recorded[1:-1]  # the C lists none of the first
    assert out.endswith("Stream closed.\ninput video stream closed. \n")
    assert re.search(r"\nFPS:\d+\.\d \t AVG_FPS:\d+\.\d\n", out)


def test_a_film_is_written_with_every_frame(capfd):
    assert main([*DEMO, "-out_filename", "drawn.avi"]) == 0

    out = capfd.readouterr().out
    assert len(indices(Path("drawn.avi"))) == 13
    assert out.count("\n cvWriteFrame \n") == 13
    assert out.endswith("input video stream closed. \noutput_video_writer closed. \n")


@pytest.mark.parametrize(("dialect", "first"), [("alexeyab", 1), ("pjreddie", 0)])
def test_frames_become_image_files_from_the_first_number_of_the_lineage(dialect, first):
    assert main([*DEMO, "-prefix", "frames/f", "-dialect", dialect]) == 0

    names = sorted(path.name for path in Path("frames").iterdir())
    assert names == [f"f_{n:08d}.jpg" for n in range(first, first + 13)]


def test_undrawn_boxes_are_not_listed(capfd):
    main([*DEMO, "-dontdraw_bbox", "-json_file_output", "ours.json"])

    assert "%" not in capfd.readouterr().out
    assert sum(len(frame["objects"]) for frame in json.loads(Path("ours.json").read_text())) > 10


def test_some_frames_are_passed_over():
    write_film(Path("film.avi"), frames=20)

    assert main([*DEMO, "-s", "3", "-out_filename", "some.avi"]) == 0

    assert indices(Path("some.avi")) == [0, 4, 8, 12, 16]


def test_the_original_averages_three_frames_and_so_does_the_fork_if_told(capfd):
    main([*DEMO, "-json_file_output", "one.json"])
    main([*DEMO, "-json_file_output", "three.json", "-avgframes", "3"])
    main([*DEMO, "-json_file_output", "pj.json", "-dialect", "pjreddie", "-thresh", "0.25"])

    out = capfd.readouterr().out
    assert "\033[2J\033[1;1H\nFPS:" in out
    one, three, original = (frames(Path(f"{n}.json")) for n in ("one", "three", "pj"))
    assert numbers(one[0]) == numbers(three[0])
    assert numbers(one[5]) != numbers(three[5])
    assert len(original) == 13


def test_the_benchmark_looks_at_one_frame_again_and_again(monkeypatch, capfd):
    shown = shown_until(monkeypatch, 30)

    assert main([*DEMO, "-benchmark"]) == 0

    assert all(one.frame.pixels is shown[0].frame.pixels for one in shown)
    assert [one.frame.number for one in shown] == list(range(1, 33))
    assert "%" not in capfd.readouterr().out


def shown_until(monkeypatch, most: int) -> list:
    """Return a list that gets the frames that are shown; after so many the demo is told to stop."""
    from pydarknet.cli.demo_outputs import DemoOutputs

    shown = []

    def show(self, seen, rate, show=DemoOutputs.show):
        show(self, seen, rate)
        shown.append(seen)
        self.stopped = len(shown) >= most

    monkeypatch.setattr(DemoOutputs, "show", show)
    return shown


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (["none.avi"], "none.avi: No such file or directory: expected a video"),
        (["digits.png"], None),
    ],
)
def test_what_is_no_film(change, problem, capfd):
    status = main([*DEMO[:5], *change, "-dont_show"])

    told = capfd.readouterr().err
    if problem:
        assert status == 1
        assert told.strip().endswith(problem)


def test_another_number_of_classes_is_an_error(capfd):
    Path("three.data").write_text("classes=3\nnames=data/digits.names\n")

    assert main([*DEMO[:2], "three.data", *DEMO[3:]]) == 1

    told = capfd.readouterr()
    theirs = "\n Parameters don't match: in cfg-file classes=10, in data-file classes=3 \n"
    assert theirs in told.out
    assert "classes=3 in the .data file: expected 10, as the cfg has" in told.err


def test_a_data_file_needs_no_classes(capfd):
    Path("only.data").write_text("names=data/digits.names\n")

    assert main([*DEMO[:2], "only.data", *DEMO[3:], "-dont_show"]) == 0


def test_a_classifier_finds_no_boxes(capfd, tmp_path):
    Path("c.cfg").write_text("[net]\nwidth=8\nheight=8\nchannels=3\n[avgpool]\n[softmax]\n")

    assert main([*DEMO[:3], "c.cfg", "", "film.avi"]) == 1

    assert "a classifier is used by: pydarknet classifier demo" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["-out_filename", "film.avi"], "is read by this command"),
        (["-out_filename", "film.txt"], "expected a film's ending"),
        (["-json_port", "70000"], "70000"),
        (["-json_file_output", "none/x.json"], "cannot be written"),
        (["-prefix", "film.avi/x"], "-prefix film.avi/x: "),
    ],
)
def test_flags_that_cannot_be_followed_are_one_line(flags, problem, capfd):
    assert main([*DEMO, *flags]) == 1

    assert problem in capfd.readouterr().err.strip().split("\n")[-1]
    assert len(indices(Path("film.avi"))) == 13


def test_ctrl_c_ends_with_a_film_that_plays(monkeypatch, capfd):
    from pydarknet.cli.demo_outputs import DemoOutputs

    shown = []

    def interrupt(self, seen, rate, show=DemoOutputs.show):
        show(self, seen, rate)
        shown.append(seen)
        if len(shown) == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(DemoOutputs, "show", interrupt)

    assert main([*DEMO, "-out_filename", "drawn.avi", "-json_file_output", "x.json"]) == 130

    assert len(indices(Path("drawn.avi"))) == 6
    assert len(json.loads(Path("x.json").read_text())) == 6


def test_boxes_have_the_colours_that_are_chosen(capfd):
    for colors in ("distinct", "darknet"):
        assert main([*DEMO, "-prefix", colors, "-colors", colors, "-thresh", "0.1"]) == 0

    pairs = [
        [path.read_bytes() for path in sorted(Path().glob(f"{name}_*.jpg"))]
        for name in ("distinct", "darknet")
    ]
    assert len(pairs[0]) == len(pairs[1]) == 13
    assert pairs[0] != pairs[1]


def test_colours_that_are_none_are_told_before_the_first_frame(capfd):
    assert main([*DEMO, "-colors", "blue"]) == 1

    said = capfd.readouterr()
    assert said.err.endswith("\n-colors blue: expected distinct or darknet\n")
    assert "video file" not in said.out


# Streams


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def read_to_end(port: int, request: bytes, timeout: float = 20) -> bytes:
    """Return all that a port sends, from the first moment that it can be called."""
    until = time.monotonic() + timeout
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=timeout)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.01)
    content = b""
    with client:
        client.sendall(request)
        while part := client.recv(1 << 16):
            content += part
    return content


@pytest.fixture
def served(monkeypatch):
    """Run a demo in a thread, frame by frame only after both clients are there."""
    from pydarknet.cli.demo_outputs import DemoOutputs

    def run(requests: dict[int, bytes], *flags: str) -> tuple[int, list[bytes]]:
        ready = threading.Event()

        def publish(self, seen, rate, publish=DemoOutputs.publish):
            ready.wait(20)
            publish(self, seen, rate)
            time.sleep(0.02)

        monkeypatch.setattr(DemoOutputs, "publish", publish)
        status: list[int] = []
        demo = threading.Thread(target=lambda: status.append(main([*DEMO, *flags])))
        demo.start()
        with ThreadPoolExecutor() as pool:
            reads = [pool.submit(read_to_end, port, asked) for port, asked in requests.items()]
            time.sleep(1.0)
            ready.set()
            answers = [one.result() for one in reads]
        demo.join()
        return status[0], answers

    return run


def test_boxes_are_served_as_the_fork_serves_them(served, capfd):
    port = free_port()

    status, [answer] = served(
        {port: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"}, "-json_port", str(port)
    )

    assert status == 0
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Content-Type: application/json" in head
    assert b"chunked" not in head
    told = json.loads(body)
    assert [one["frame_id"] for one in told][-1] == 13
    assert {one["filename"] for one in told} == {"film.avi"}
    assert capfd.readouterr().out.count(" JSON-stream sent. \n") == 13


def test_frames_are_served_as_the_fork_serves_them(served, capfd):
    port = free_port()

    status, [answer] = served({port: b"GET / HTTP/1.0\r\n\r\n"}, "-mjpeg_port", str(port))

    assert status == 0
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: multipart/x-mixed-replace; boundary=mjpegstream" in head
    pictures = body.split(b"--mjpegstream\r\n")[1:]
    assert len(pictures) > 1
    content = pictures[0].partition(b"\r\n\r\n")[2]
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (180, 240, 3)
    assert capfd.readouterr().out.count(" MJPEG-stream sent. \n") == 13


def test_a_port_that_is_taken_is_one_line(capfd):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = str(one.getsockname()[1])

        assert main([*DEMO, "-json_port", port]) == 1

    told = capfd.readouterr().err
    assert f"-json_port {port}" in told
    assert told.endswith("\n    hint: -json_port N chooses another port\n")


def test_objects_are_followed_and_counted_through_a_film(capfd):
    pytest.importorskip("trackers", reason="pip install -c constraints.txt '.[track]'")
    write_digits(Path("film.avi"), frames=40)
    right_half = "160,0,320,0,320,240,160,240"

    counted = "-count", "0,.5,1,.5", "-zone", right_half, "-thresh", "0.5"

    assert main([*DEMO, *counted, "-json_file_output", "ours.json"]) == 0

    ids: dict[str, set[int]] = {"6": set(), "4": set()}
    for frame in frames(Path("ours.json"))[1:]:
        for one in frame["objects"]:
            ids.setdefault(one["name"], set()).add(one["track_id"])
    assert (ids["6"], ids["4"]) == ({1}, {2})  # though the 4 passes before the 6
    last = frames(Path("ours.json"))[-1]["counts"]
    assert last["lines"] == [{"in": {}, "out": {"4": 1}}]
    assert last["zones"] == [{"inside": {"6": 1}, "entered": {"4": 1, "6": 1}}]
    out = capfd.readouterr().out
    assert "Line 1: in 0, out 1 (4 1)\nZone 1: inside 1 (6 1), entered 2 (4 1, 6 1)\n" in out
    assert re.search(r"\n6: \d+% \(track = 1, sim = 0\.\d{6}\) \n", out)


def test_some_frames_are_enough_to_follow_objects(capfd):
    pytest.importorskip("trackers", reason="pip install -c constraints.txt '.[track]'")
    write_digits(Path("film.avi"), frames=40)

    assert main([*DEMO, "-s", "3", "-count", "0,120,320,120", "-thresh", "0.5"]) == 0

    assert "Line 1: in 0, out 1 (4 1)\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["-count", "1,2,3"], "-count 1,2,3: expected x1,y1,x2,y2, in pixels or in 0..1"),
        (["-zone", "0,0,9000,0,0,9"], "expected points in the frame, "),
    ],
)
def test_what_is_no_line_in_the_frames_is_one_line(flags, problem, capfd):
    pytest.importorskip("trackers", reason="pip install -c constraints.txt '.[track]'")

    assert main([*DEMO, *flags]) == 1

    assert problem in capfd.readouterr().err.strip().split("\n")[-1]
