"""The named arrays of a file, .safetensors or .npz, which are read one by one, as float32."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

from ..errors import WeightsError
from ..system.text import not_a_file, printable
from .npz import DAMAGE, read_npz
from .safetensors import read_safetensors
from .stored import EXPECTED, Arrays, pickle_error

PREFIX: Final = "module."  # which torch's DataParallel puts before every name
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the latter of an archive of nothing
HEADER: Final = b"{"  # in a .safetensors, after the length, which may begin like a pickle
PICKLES: Final = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a file by their names, in its order.

    Raises WeightsError for a file that is damaged, has no arrays, or is a pickle: that is code,
    which is never run here.
    """
    problem = not_a_file(path)
    if problem:
        raise WeightsError(f"Couldn't open file: {path} ({problem}): {EXPECTED}")
    try:
        with open(path, "rb") as file:
            start = file.read(16)
            if start.startswith(PICKLES) and start[8:9] != HEADER:
                raise pickle_error(path)
            found = read_npz(path) if start.startswith(ZIP) else read_safetensors(file, path)
    except OSError as error:
        reason = error.strerror or error  # the latter of a decoder
        raise WeightsError(f"Couldn't open file: {path} ({reason})") from None
    except (*DAMAGE, zipfile.BadZipFile) as error:
        problem = f"is a damaged zip archive ({printable(str(error))}): {EXPECTED}"
        raise WeightsError(problem, where=path) from None
    if not found:
        raise WeightsError(f"has no arrays: {EXPECTED}", where=path)
    if all(name.startswith(PREFIX) for name in found):
        return {name.removeprefix(PREFIX): stored for name, stored in found.items()}
    return found
