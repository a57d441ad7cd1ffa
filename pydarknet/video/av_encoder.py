"""A film in H.264 by PyAV, in pieces that can be read even if the program is killed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import DataError
from .capture import name_for_ffmpeg

FLUSHED: Final = {"flush_packets": "1"}
FRAGMENTS: Final = {**FLUSHED, "movflags": "frag_keyframe+empty_moov+default_base_moof"}
CLUSTERS: Final = {**FLUSHED, "cluster_time_limit": "1000"}  # milliseconds
QUALITY: Final = {"crf": "23", "preset": "veryfast"}
GOP: Final = 1.0  # seconds from a frame that stands for itself to the next


class AvEncoder:
    """A film that PyAV writes. Raises DataError if it cannot."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        import av

        self.even = size[0] // 2 * 2, size[1] // 2 * 2  # H.264 halves the colours
        options = CLUSTERS if path.suffix.lower() == ".mkv" else FRAGMENTS
        try:
            self.container = av.open(name_for_ffmpeg(str(path)), "w", options=options)
            fraction = Fraction(rate).limit_denominator(1001)
            self.stream = self.container.add_stream("libx264", rate=fraction, options=QUALITY)
            self.stream.width, self.stream.height = self.even
            self.stream.pix_fmt = "yuv420p"
            self.stream.codec_context.gop_size = max(round(rate * GOP), 1)
            self.container.start_encoding()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise DataError(f"PyAV cannot write it: {error}", where=path) from None

    def write(self, frame: np.ndarray) -> None:
        import av

        even = np.ascontiguousarray(frame[: self.even[1], : self.even[0]])
        for packet in self.stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")):
            self.container.mux(packet)

    def close(self) -> None:
        for packet in self.stream.encode():
            self.container.mux(packet)
        self.container.close()
