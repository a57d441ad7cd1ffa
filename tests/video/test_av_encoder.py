"""H.264 by PyAV, if it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from films import frame, indices

from pydarknet.errors import DataError
from pydarknet.video.av_encoder import AvEncoder
from pydarknet.video.writer import BY_AV, FilmWriter

av = pytest.importorskip("av", reason="needs PyAV (the extra video)")


@pytest.mark.parametrize("ending", BY_AV)
def test_every_frame_is_in_the_film_in_order_in_h264(tmp_path, ending):
    path = tmp_path / f"film{ending}"
    film = FilmWriter(path, 29.97, (64, 48))
    for index in range(25):
        film.write(frame(index))
    film.close()

    assert indices(path) == list(range(25))
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert float(stream.average_rate) == pytest.approx(29.97, abs=0.01)


def test_odd_sizes_lose_a_line(tmp_path):
    film = FilmWriter(tmp_path / "a.mp4", 10, (63, 47))
    film.write(frame(1, size=(63, 47)))
    film.close()

    with av.open(str(tmp_path / "a.mp4")) as opened:
        context = opened.streams.video[0].codec_context
        assert (context.width, context.height) == (62, 46)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_a_killed_program_leaves_a_film_that_can_be_read(tmp_path, name):
    code = (
        "import os, numpy as np\n"
        "from pathlib import Path\n"
        "from pydarknet.video.writer import FilmWriter\n"
        "r = np.zeros((240, 320, 3), np.uint8)  # which fills no buffer\n"
        f"film = FilmWriter(Path('{name}'), 10, (320, 240))\n"
        "for i in range(150):\n"
        "    film.write(r)\n"
        "while film.frames < 150: pass\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)

    assert len(indices(tmp_path / name)) > 20


def test_a_path_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"a\.mp4: PyAV cannot write it"):
        AvEncoder(tmp_path / "none" / "a.mp4", 10, (64, 48))


def test_a_name_is_taken_for_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    film = AvEncoder(Path("12:30.mp4"), 10, (64, 48))
    film.write(frame(2))
    film.close()

    assert indices(tmp_path / "12:30.mp4") == [2]
