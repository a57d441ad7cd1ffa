"""Files of numpy.savez: a zip archive with an .npy file per array. No pickle in it is opened."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import WeightsError
from ..system.text import excerpt, printable
from .stored import EXPECTED, Stored, as_floats, name_twice, numbers_in, pickle_error

ENDING: Final = ".npy"
MOST: Final = 100_000  # arrays
DAMAGE: Final = (  # what decoders and numpy raise for an array that is damaged
    *(zlib.error, lzma.LZMAError, EOFError, RuntimeError),
    *(ValueError, KeyError, SyntaxError, tokenize.TokenError, struct.error),
)


def read_npz(path: Path) -> dict[str, Stored]:
    """Return the arrays of an archive; raise WeightsError for one of torch, or with other files."""
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if any(name.endswith("data.pkl") for name in names):
            raise pickle_error(path)
        if len(members) > MOST:
            raise WeightsError(f"has {len(members)} files: expected at most {MOST}", where=path)
        if len(set(names)) < len(names):
            raise WeightsError(f"has {excerpt(name_twice(names))} twice", where=path)
        return {
            member.filename.removesuffix(ENDING): array_of(archive, member, path)
            for member in members
        }


def array_of(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> Stored:
    """Return what the header of an .npy file says, if it has as many bytes as that needs."""
    name = member.filename
    if not name.endswith(ENDING):
        raise WeightsError(f"has a file {excerpt(name)}: {EXPECTED}", where=path)
    try:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = read(file)
            start = file.tell()
    except DAMAGE:
        problem = f"its {excerpt(name)} is no .npy file that can be read"
        raise WeightsError(problem, where=path) from None
    wanted = start + numbers_in(shape) * dtype.itemsize
    if dtype.hasobject or member.file_size != wanted:
        problem = f"its {excerpt(name)} has {member.file_size} bytes: expected {wanted}"
        if dtype.hasobject:
            problem = f"its {excerpt(name)} has Python objects: expected numbers"
        raise WeightsError(problem, where=path)
    kind = str(dtype)
    return Stored(shape, kind, partial(read_one, path, member, kind))


def read_one(path: Path, member: zipfile.ZipInfo, kind: str) -> np.ndarray:
    """Read an array as float32. Raises WeightsError if it is damaged, or has no floats."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            values = np.lib.format.read_array(file, allow_pickle=False)
    except (*DAMAGE, OSError, zipfile.BadZipFile) as error:
        problem = f"its {excerpt(member.filename)} cannot be read: {printable(str(error))}"
        raise WeightsError(problem, where=path) from None
    return as_floats(values, member.filename, kind, path)
