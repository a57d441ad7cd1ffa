"""The page in Chromium: the picture moves, the slider and the classes change it, pause holds it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from chromium import Browser, find_chromium
from serving_clients import eventually

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.serving.endpoints import Detected, Model
from pydarknet.serving.hub import Hub, Shown, serve_streams
from pydarknet.serving.service import serve_model

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")

ROWS = (
    "[...document.querySelectorAll('#found li')].map(row => row.innerText.split(/\\s+/).join(' '))"
)
CHIPS = "[...document.querySelectorAll('.chip')]"
# The colour in the middle of the canvas, where each frame has another
MIDDLE = (
    "(() => { const c = document.getElementById('canvas'); return [...c.getContext('2d')"
    ".getImageData(c.width / 2, c.height / 2, 1, 1).data] })()"
)
SLIDE = "(() => { const s = document.getElementById('least'); s.value = %d; s.oninput() })()"
HOSTILE = "<img src=x onerror=window.broken=1>"


def objects(*found: tuple[str, int, float], **more: object) -> str:
    """Return the JSON of a frame: name, class and confidence of objects side by side."""
    return json.dumps(
        {
            "frame_id": 1,
            "filename": "",
            "objects": [
                {
                    "class_id": index,
                    "name": name,
                    "relative_coordinates": {
                        "center_x": 0.15 + 0.2 * place,
                        "center_y": 0.2,
                        "width": 0.1,
                        "height": 0.1,
                    },
                    "confidence": confidence,
                    **({"track_id": 40 + place} if more else {}),
                }
                for place, (name, index, confidence) in enumerate(found)
            ],
            **more,
        }
    )


class Camera:
    """A film that goes on until it is stopped; each frame is brighter than the one before."""

    def __init__(self, hub: Hub, text: str) -> None:
        self.hub, self.text, self.number = hub, text, 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        while not self.ending.wait(0.03):
            self.number += 1
            pixels = np.full((120, 160, 3), self.number * 5 % 256, np.uint8)
            self.hub.publish(Shown(self.number, pixels, pixels, self.text, fps=24.8))

    def stop(self) -> None:
        self.ending.set()
        self.thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@contextmanager
def page(browser: Browser, text: str, thresh: float = 0.25) -> Iterator[Camera]:
    """Open the page of a film, and wait for its first picture."""
    hub = Hub()
    browser.open("about:blank")  # the page before asks no longer
    browser.problems.clear()
    with serve_streams(hub, mjpeg_port=0, thresh=thresh, source="street.mp4") as serving:
        camera = Camera(hub, text)
        try:
            browser.resize(1280, 1000)
            browser.open(f"http://127.0.0.1:{serving.mjpeg_port}/")
            browser.until("document.body && document.body.dataset.state === 'live'")
            yield camera
            browser.value("0")  # after what it told before
            assert browser.problems == []
        finally:
            camera.stop()


THREE = objects(("dog", 16, 0.9), ("car", 2, 0.6), ("car", 2, 0.3))


def test_the_picture_moves_and_its_boxes_are_listed(browser: Browser) -> None:
    with page(browser, THREE):
        browser.until(f"{ROWS}.length === 3")
        first = browser.value(MIDDLE)
        browser.until(f"{MIDDLE}.join() !== '{','.join(map(str, first))}'")

        assert browser.value(ROWS) == ["car 60 %", "car 30 %", "dog 90 %"]
        assert browser.value("document.getElementById('facts').innerText").split()[:2] == [
            "24.8",
            "fps",
        ]
        assert browser.value("document.title") == "street.mp4 - pydarknet"


def test_the_slider_changes_the_list_and_the_picture(browser: Browser) -> None:
    # the label of the dog's box, whose left upper corner is at 0.1, 0.15 of the picture
    label = MIDDLE.replace("c.width / 2, c.height / 2", "c.width * .1 + 2, c.height * .15 - 9")
    with page(browser, THREE):
        browser.until(f"{ROWS}.length === 3")
        before = browser.value(label)

        browser.value(SLIDE % 50)
        browser.until(f"{ROWS}.length === 2")
        few = browser.value(ROWS)
        browser.value(SLIDE % 95)
        browser.until(f"{ROWS}.length === 0")
        told = browser.value("document.getElementById('none').innerText")

        after = browser.until(f"(p => Math.abs(p[0] - p[2]) < 9 && p)({label})")
    assert few == ["car 60 %", "dog 90 %"]
    assert told == "3 more are hidden by the confidence or the classes."
    assert max(before[:3]) - min(before[:3]) > 40  # the colour of a class
    assert max(after[:3]) - min(after[:3]) < 9  # the grey of the picture


def test_a_class_is_hidden_and_shown_again(browser: Browser) -> None:
    with page(browser, THREE):
        browser.until(f"{CHIPS}.length === 2")
        browser.value(f"{CHIPS}[0].click()")
        browser.until(f"{ROWS}.length === 1")
        rows, pressed = browser.value(ROWS), browser.value(f"{CHIPS}[0].ariaPressed")
        browser.value("document.getElementById('all').click()")
        browser.until(f"{ROWS}.length === 3")

    assert (rows, pressed) == (["dog 90 %"], "false")


def test_pause_holds_the_picture_and_the_slider_still_works(browser: Browser) -> None:
    with page(browser, THREE) as camera:
        browser.until(f"{ROWS}.length === 3")
        browser.value("document.getElementById('pause').click()")
        state = browser.value("document.getElementById('state').innerText")
        time.sleep(0.2)
        held, number = browser.value(MIDDLE), camera.number
        assert eventually(lambda: camera.number > number + 10)
        later = browser.value(MIDDLE)
        browser.value(SLIDE % 95)
        browser.until(f"{ROWS}.length === 0")
        browser.value("document.getElementById('pause').click()")
        browser.until(f"{MIDDLE}.join() !== '{','.join(map(str, held))}'")

    assert state == "Paused"
    assert later == held


def test_names_are_texts_tracks_and_counts_are_shown(browser: Browser) -> None:
    line = {"in": {"car": 14, HOSTILE: 1}, "out": {}}
    counts = {"lines": [line], "zones": [{"inside": {"car": 2}, "entered": {"car": 5}}]}
    text = objects((HOSTILE, 1, 0.9), ("犬", 2, 0.8), counts=counts)
    with page(browser, text):
        browser.until(f"{ROWS}.length === 2")

        assert browser.value(ROWS) == [f"{HOSTILE} #40 90 %", "犬 #41 80 %"]
        assert browser.value("document.getElementById('counts').innerText").split("\n") == [
            "Line 1 in",
            f"car 14, {HOSTILE} 1",
            "15",
            "Line 1 out",
            "0",
            "Zone 1 inside",
            "car 2",
            "2",
            "Zone 1 entered",
            "car 5",
            "5",
        ]
        assert browser.value("document.querySelectorAll('img').length") == 0
        assert browser.value("window.broken") is None


def test_the_page_fits_a_phone_and_both_themes(browser: Browser) -> None:
    back = "getComputedStyle(document.body).backgroundColor"
    with page(browser, THREE):
        browser.resize(390, 844, phone=True, dark=True)
        dark = browser.until(f"{back} !== 'rgb(245, 246, 248)' && {back}")
        widths = browser.value("[document.documentElement.scrollWidth, innerWidth]")
        browser.value("document.getElementById('theme').click()")
        light = browser.value(back)
        browser.value("localStorage.clear()")
        picture = cv2.imdecode(np.frombuffer(browser.picture(), np.uint8), cv2.IMREAD_COLOR)

    assert widths == [390, 390]
    assert (dark, light) == ("rgb(14, 17, 21)", "rgb(245, 246, 248)")
    assert picture.shape == (1688, 780, 3)


def test_a_stream_that_ends_and_comes_back_is_shown_again(browser: Browser) -> None:
    with page(browser, THREE):
        browser.until(f"{ROWS}.length === 3")
        port = browser.value("Number(location.port)")
        browser.value("window.same = true")
    browser.until("document.body.dataset.state === 'lost'")
    hub = Hub()
    with serve_streams(hub, mjpeg_port=port):
        camera = Camera(hub, objects(("cat", 15, 0.9)))
        browser.until(f"{ROWS}.join() === 'cat 90 %'")
        camera.stop()
        same = browser.value("window.same")

    assert same is True


def drawn(detected: Detected) -> np.ndarray:
    return detected.pixels


def test_a_picture_of_ones_own_is_sent_and_held(browser: Browser, tmp_path: Path) -> None:
    asked: list[float] = []

    def find(images: list[np.ndarray], thresh: float) -> list[BoxArrays]:
        asked.append(round(thresh, 3))
        boxes = np.array([[0.5, 0.5, 0.5, 0.5]], np.float32)
        scores = np.array([[0.4]], np.float32)
        return [BoxArrays(boxes, np.ones(1, np.float32), scores, names=("cat",)) for _ in images]

    def text(detected: Detected) -> str:
        return objects(("cat", 0, 0.4))

    model = Model("stand", 0.25, 3, True, text, drawn, lambda boxes, index: "cat")
    choose = (
        "(async () => { const c = document.createElement('canvas'); c.width = 60; c.height = 40;"
        " const b = await new Promise(go => c.toBlob(go, 'image/png'));"
        " const d = new DataTransfer(); d.items.add(new File([b], 'cat.png', {type: b.type}));"
        " const f = document.getElementById('file'); f.files = d.files;"
        " f.dispatchEvent(new Event('change')) })()"
    )
    browser.problems.clear()
    with serve_model(model, find, port=0) as port:
        browser.resize(1280, 800)
        browser.open(f"http://localhost:{port}/")
        browser.until("document.body && document.body.dataset.state === 'live'")
        asks = browser.value("document.getElementById('empty').innerText")
        browser.value(choose)
        browser.until("document.body.dataset.state === 'held'")
        browser.until(f"{ROWS}.join() === 'cat 40 %'")
        facts = browser.value("document.getElementById('facts').innerText")
        browser.value(choose.replace("[b], 'cat.png'", "['no'], 'cat.png'"))
        note = browser.until("document.getElementById('note').innerText")
        browser.value("document.getElementById('pause').click()")
        browser.until("document.body.dataset.state === 'live'")

    assert "Drop a picture here" in asks
    assert facts.split() == ["60", "\u00d7", "40", "cat.png"]
    assert note.startswith("This picture could not be used: Cannot load image")
    assert asked == [0.05]
    assert [one for one in browser.problems if "400" not in one] == []
