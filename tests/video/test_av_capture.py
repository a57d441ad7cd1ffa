"""Films and streams by PyAV, if it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from films import index_of, write_film

from pydarknet.video import av_capture
from pydarknet.video.av_capture import open_by_av, upright

av = pytest.importorskip("av", reason="needs PyAV (the extra video)")


def test_a_film_has_a_rate_a_number_of_frames_and_an_end(tmp_path):
    film = open_by_av(str(write_film(tmp_path / "a.avi", frames=5, rate=12)))

    assert film is not None
    assert (film.rate, film.count) == (12, 5)
    frames = [film.read() for _ in range(6)]
    assert [index_of(one) for one in frames[:5] if one is not None] == [0, 1, 2, 3, 4]
    assert frames[5] is None
    film.close()


def test_frames_are_as_opencv_reads_them(tmp_path):
    from pydarknet.video.capture import open_by_opencv

    path = str(write_film(tmp_path / "a.avi", frames=2))
    ours, theirs = open_by_av(path), open_by_opencv(path)

    assert ours is not None
    assert theirs is not None
    one, other = ours.read(), theirs.read()
    assert one is not None
    assert other is not None
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 3


def test_what_is_no_film_is_not_opened(tmp_path, capfd):
    (tmp_path / "a.avi").write_bytes(b"no film")

    assert open_by_av(str(tmp_path / "a.avi")) is None
    assert open_by_av(str(tmp_path / "missing.avi")) is None
    assert open_by_av("rtsp://127.0.0.1:1/nothing") is None
    assert capfd.readouterr() == ("", "")


def test_a_film_that_was_turned_is_upright():
    class Frame:
        rotation = -90

        def to_ndarray(self, format: str) -> np.ndarray:
            assert format == "rgb24"
            return np.arange(6, dtype=np.uint8).reshape(1, 2, 3)

    assert upright(Frame()).tolist() == [[[0, 1, 2]], [[3, 4, 5]]]


def test_without_pyav_nothing_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(av_capture, "find_spec", lambda name: None)

    assert open_by_av(str(write_film(tmp_path / "a.avi"))) is None


@pytest.mark.parametrize("error", [ImportError("libavcodec.so.62 is missing"), OSError("GLIBC")])
def test_a_broken_one_is_none_and_told_once(monkeypatch, capsys, error):
    def import_broken(name: str) -> None:
        raise error

    monkeypatch.setattr(av_capture, "import_module", import_broken)

    assert not av_capture.is_installed()
    assert not av_capture.is_installed()
    assert open_by_av("a.avi") is None
    told = f"PyAV is not used: {error}: pydarknet doctor says more\n"
    assert capsys.readouterr().err == told
