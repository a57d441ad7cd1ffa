"""The parts of streams, without sockets."""

from __future__ import annotations

import asyncio
import json
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from serving_clients import frame

from pydarknet.serving.frames import Hub
from pydarknet.serving.reply import Streaming
from pydarknet.serving.shown import Shown
from pydarknet.serving.streams import Feed, json_stream, live_stream, mjpeg_stream, page_text


def parts_of(hub: Hub, opener: object) -> list[bytes]:
    """Return all parts of a stream of a hub that is closed."""

    async def collect(streaming: Streaming) -> list[bytes]:
        return [part async for part in streaming.parts]

    with ThreadPoolExecutor(1) as threads:
        return asyncio.run(collect(opener(Feed(hub, threads))))


def closed(*numbers: int) -> Hub:
    hub = Hub()
    for number in numbers:
        hub.publish(frame(number))
    hub.close()
    return hub


def test_json_is_an_array_even_of_nothing() -> None:
    assert b"".join(parts_of(closed(), json_stream)) == b"[\n\n]"


def test_json_begins_with_the_newest_frame() -> None:
    array = json.loads(b"".join(parts_of(closed(1, 2), json_stream)))

    assert [one["frame_id"] for one in array] == [2]


def test_the_page_gets_json_and_picture_in_one() -> None:
    [part] = parts_of(closed(7), live_stream)

    text, jpeg = struct.unpack_from(">II", part)
    told = json.loads(part[8 : 8 + text])
    assert told["number"] == 7
    assert (told["width"], told["height"], told["fps"]) == (32, 32, 12.5)
    assert told["frame"] == {"frame_id": 7, "filename": "", "objects": []}
    assert part[8 + text :][:2] == b"\xff\xd8"
    assert len(part) == 8 + text + jpeg


def test_a_picture_that_cannot_be_drawn_is_left_out_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def draw() -> np.ndarray:
        raise ValueError("no ink")

    hub = Hub()
    hub.publish(Shown(1, np.zeros((1, 1, 3), np.uint8), draw, "{}", fps=0))
    hub.close()

    assert parts_of(hub, mjpeg_stream) == [b"--mjpegstream\r\n"]
    assert capsys.readouterr().err == "a picture cannot be shown: ValueError: no ink\n"


def test_a_picture_that_jpeg_cannot_hold_is_left_out() -> None:
    hub = Hub()
    pixels = np.zeros((1, 70000, 3), np.uint8)
    hub.publish(Shown(1, pixels, pixels, "{}", fps=0))
    hub.close()

    assert parts_of(hub, mjpeg_stream) == [b"--mjpegstream\r\n"]


def test_text_that_is_no_unicode_is_sent_with_marks() -> None:
    pixels = np.zeros((1, 1, 3), np.uint8)

    text = page_text(Shown(1, pixels, pixels, '{"filename": "\udcff"}', fps=0))

    assert json.loads(text)["frame"] == {"filename": "?"}
