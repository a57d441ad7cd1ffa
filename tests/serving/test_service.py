"""Requests for boxes over real sockets, as the programs of others send them."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from serving_clients import QUICK, connect, exchange, parts_of, read_all, read_until

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.serving.endpoints import Detected, Model
from pydarknet.serving.service import serve_model

NAMES = ("cat", "dog", "dont_show_this")
JPEG = bytes(cv2.imencode(".jpg", np.full((100, 200, 3), 90, np.uint8))[1])


@dataclass
class Stand:
    """A network that finds the same boxes in any picture: by class .3 .9 0, 0 .6 0, 0 0 .8."""

    asked: list[tuple[tuple[int, ...], float]] = field(default_factory=list)
    port: int = 0
    seconds: float = 0
    turn: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.turn.set()

    def find(self, images: Sequence[np.ndarray], thresh: float) -> list[BoxArrays]:
        time.sleep(self.seconds)
        self.turn.wait(10)
        self.asked += [(image.shape, thresh) for image in images]
        boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.1, 0.1, 0.4, 0.4], [0.5, 0.5, 1, 1]], np.float32)
        scores = np.array([[0.3, 0.6, 0], [0, 0.9, 0], [0, 0, 0.8]], np.float32)
        scores[scores <= thresh] = 0
        return [BoxArrays(boxes, np.ones(3, np.float32), scores, names=NAMES) for _ in images]


def label(boxes: BoxArrays, index: int) -> str | None:
    name = boxes.name(index)
    return None if name is None or name.startswith("dont_show") else name


def text(detected: Detected) -> str:
    return json.dumps({"frame_id": detected.number, "filename": detected.name, "objects": []})


MODEL = Model(
    name="stand",
    thresh=0.25,
    channels=3,
    exif=True,
    text=text,
    draw=lambda detected: 255 - detected.pixels,
    label=label,
)


@pytest.fixture
def stand() -> Iterator[Stand]:
    one = Stand()
    with serve_model(MODEL, one.find, port=0, patience=QUICK) as one.port:
        yield one


def form(*fields: tuple[str, bytes]) -> tuple[str, bytes]:
    """Return the header and the body of a form as Python's requests sends it."""
    parts = [
        b"--d41d8cd98f\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content
        for head, content in fields
    ]
    body = b"\r\n".join([*parts, b"--d41d8cd98f--\r\n"])
    return (
        f"Content-Type: multipart/form-data; boundary=d41d8cd98f\nContent-Length: {len(body)}",
        body,
    )


IMAGE = 'name="image"; filename="image"'


def post(stand: Stand, path: str, lines: str, body: bytes) -> tuple[int, object]:
    head = f"POST {path} HTTP/1.1\nHost: 127.0.0.1:{stand.port}\nAccept: */*\n{lines}"
    status, _, answer = exchange(stand.port, head, body)
    return status, json.loads(answer)


def test_home_assistant_gets_what_it_reads(stand: Stand) -> None:
    # deepstack-python 0.9 deepstack/core.py post_image, process_image
    lines, body = form(('name="api_key"', b""), (IMAGE, JPEG))

    status, answer = post(stand, "/v1/vision/detection", lines, body)

    assert status == 200
    assert answer == {
        "success": True,
        "predictions": [  # the surest first, edges inside the picture, no hidden name
            {
                "confidence": pytest.approx(0.9),
                "label": "dog",
                "x_min": 0,  # (0.1 - 0.4 / 2) * 200 = -20
                "y_min": 0,
                "x_max": 60,  # (0.1 + 0.4 / 2) * 200
                "y_max": 30,
            },
            {
                "confidence": pytest.approx(0.6),
                "label": "dog",
                "x_min": 50,  # (0.5 - 0.5 / 2) * 200
                "y_min": 25,
                "x_max": 150,
                "y_max": 75,
            },
        ],
        "duration": pytest.approx(0, abs=2),
    }
    assert stand.asked == [((100, 200, 3), 0.25)]


@pytest.mark.parametrize("path", ["/v1/vision/detection", "/v1/vision/custom/ipcam-general"])
def test_a_request_names_its_least_confidence_and_any_model(stand: Stand, path: str) -> None:
    lines, body = form((IMAGE, JPEG), ('name="min_confidence"', b"0.7"))

    _, answer = post(stand, path, lines, body)

    assert isinstance(answer, dict)
    assert [one["confidence"] for one in answer["predictions"]] == [pytest.approx(0.9)]


def test_blue_iris_asks_for_the_models(stand: Stand) -> None:
    answer = post(stand, "/v1/vision/custom/list", "Content-Length: 0", b"")

    assert answer == (200, {"success": True, "models": ["stand"]})


def test_a_picture_may_be_the_body(stand: Stand) -> None:
    lines = f"Content-Type: image/jpeg\nContent-Length: {len(JPEG)}"

    first = post(stand, "/detect", lines, JPEG)
    second = post(stand, "/detect?thresh=0.5", lines, JPEG)

    assert first == (200, {"frame_id": 1, "filename": "", "objects": []})
    assert second == (200, {"frame_id": 2, "filename": "", "objects": []})
    assert [thresh for _, thresh in stand.asked] == [0.25, 0.5]


def test_a_client_of_the_standard_library_is_served(stand: Stand) -> None:
    url = f"http://localhost:{stand.port}/detect"

    with urllib.request.urlopen(urllib.request.Request(url, data=JPEG), timeout=5) as answer:
        assert json.load(answer)["frame_id"] == 1


def test_a_picture_may_come_in_chunks(stand: Stand) -> None:
    half = len(JPEG) // 2
    body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (JPEG[:half], JPEG[half:], b""))

    status, _ = post(stand, "/detect", "Transfer-Encoding: chunked", body)

    assert status == 200


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([(IMAGE, b"no picture")], "not an image"),
        ([(IMAGE, b"")], "expected a picture"),
        ([('name="image"', JPEG)], "expected a picture"),  # a text, not a file
        ([(IMAGE, JPEG), ('name="min_confidence"', b"high")], "expected a number from 0 to 1"),
        ([(IMAGE, JPEG), ('name="min_confidence"', b"40")], "expected a number from 0 to 1"),
        ([(IMAGE, JPEG), ('name="min_confidence"', b"nan")], "expected a number from 0 to 1"),
    ],
)
def test_a_bad_request_is_one_line_and_the_server_goes_on(
    stand: Stand, fields: list[tuple[str, bytes]], problem: str
) -> None:
    status, answer = post(stand, "/v1/vision/detection", *form(*fields))
    after, _ = post(stand, "/v1/vision/detection", *form((IMAGE, JPEG)))

    assert isinstance(answer, dict)
    assert (status, answer["success"]) == (400, False)
    assert problem in answer["error"]
    assert after == 200


def test_requests_at_once_are_all_answered(stand: Stand) -> None:
    lines, body = form((IMAGE, JPEG))
    answers: list[tuple[int, object]] = []
    stand.seconds = 0.01
    threads = [
        threading.Thread(target=lambda: answers.append(post(stand, "/detect", lines, body)))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    numbers = [answer["frame_id"] for _, answer in answers if isinstance(answer, dict)]
    assert sorted(numbers) == list(range(1, 13))


LINES = f"POST /detect HTTP/1.1\r\nContent-Length: {len(JPEG)}\r\n\r\n".encode()


def test_more_pictures_than_fit_are_told_to_come_again(stand: Stand) -> None:
    stand.turn.clear()
    waiting = [connect(stand.port) for _ in range(16)]
    for client in waiting:
        client.sendall(LINES + JPEG)
    time.sleep(0.2)

    status, head, _ = exchange(stand.port, LINES[:-4], JPEG)
    stand.turn.set()
    answers = [parts_of(read_all(client))[0] for client in waiting]
    for client in waiting:
        client.close()

    assert status == 503
    assert "retry-after: 1" in head
    assert answers == [200] * 16


def test_a_picture_that_comes_while_all_places_are_taken_is_answered(stand: Stand) -> None:
    with connect(stand.port) as late:
        late.sendall(LINES + JPEG[:10])
        time.sleep(0.1)
        stand.turn.clear()
        working = [connect(stand.port) for _ in range(16)]
        for client in working:
            client.sendall(LINES + JPEG)
        time.sleep(0.2)
        late.sendall(JPEG[10:20])
        time.sleep(0.1)
        stand.turn.set()
        for client in working:
            read_all(client)
            client.close()
        late.sendall(JPEG[20:])

        assert parts_of(read_all(late))[0] == 200


def test_clients_whose_pictures_come_slowly_hold_up_nobody(stand: Stand) -> None:
    slow = [connect(stand.port) for _ in range(40)]
    for client in slow:
        client.sendall(LINES + JPEG[:10])
    time.sleep(0.1)

    status, _, _ = exchange(stand.port, LINES[:-4], JPEG)
    for client in slow[:10]:
        client.sendall(JPEG[10:])
    answers = [parts_of(read_all(client))[0] for client in slow[:10]]
    for client in slow:
        client.close()

    assert status == 200
    assert answers == [200] * 10


def test_the_page_sees_what_was_detected(stand: Stand) -> None:
    with connect(stand.port) as page, connect(stand.port) as viewer:
        page.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        viewer.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read_until(viewer, b"--mjpegstream")
        post(stand, "/detect", f"Content-Length: {len(JPEG)}", JPEG)
        live = read_until(page, b"\xff\xd9")
        drawn = read_until(viewer, b"\xff\xd9")

    picture = drawn[drawn.index(b"\xff\xd8") :]
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert b'"number": 1, "fps": 0.1' in live  # one in ten seconds
    assert abs(int(pixels[0, 0, 0]) - 165) <= 2  # 255 - 90


def test_health_tells_what_is_served(stand: Stand) -> None:
    status, _, body = exchange(stand.port, "GET /health HTTP/1.1")

    assert status == 200
    assert json.loads(body) == {
        "status": "ok",
        "frames": 0,
        "source": "stand",
        "thresh": 0.25,
        "detects": True,
        "exif": True,
    }


def test_the_end_of_the_block_leaves_no_thread() -> None:
    with serve_model(MODEL, Stand().find, port=0, patience=QUICK) as port:
        exchange(port, f"POST /detect HTTP/1.1\nContent-Length: {len(JPEG)}", JPEG)

    names = {one.name for one in threading.enumerate() if one.is_alive()}
    assert not {
        name for name in names if name.startswith(("pydarknet-serving", "pydarknet-worker"))
    }
