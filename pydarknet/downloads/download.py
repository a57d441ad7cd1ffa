"""Downloads a file: it has its name once it is whole, and what came before stays for the rest."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from ..errors import DataError
from ..system.digest import digest
from ..system.files import lock, make_folder, write_errors
from .mirror import BLOCK, WrongAnswer, ask_for, check_beginning
from .published import PublishedFile

PART: Final = ".part"  # the ending of a file that is not whole
FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

Tell = Callable[[str], object]  # is told what became of each server
Show = Callable[[int], object]  # is told how many bytes there are


def download(file: PublishedFile, folder: Path, tell: Tell, show: Show) -> Path:
    """Bring a file into a folder, from the first of its servers that has it; return its path.

    Its size and its SHA-256 are those that were published before it has its name. What came of it
    stays as `NAME.part`, with which the next call continues. Raises DataError if no server gives
    it, if another file has its name, and if it cannot be written.
    """
    target = folder / file.name
    if is_there(target, file):
        return target
    with write_errors(folder):
        make_folder(folder)
    part = target.with_name(f"{file.name}{PART}")
    with open_part(part) as content:
        check_room(folder, file.size - size_of(content))
        fetch(content, part, file, tell, show)
        with write_errors(part):
            os.fsync(content.fileno())
        if is_there(target, file):
            return target
        with write_errors(target):
            os.replace(part, target)
    return target


def is_there(target: Path, file: PublishedFile) -> bool:
    """Return whether a file is there already. Raises DataError if it is another one."""
    if not os.path.lexists(target):
        return False
    if target.is_file() and target.stat().st_size == file.size and digest(target) == file.sha256:
        return True
    raise DataError("is there, and is another file: move it away, or name a folder", where=target)


@contextmanager
def open_part(part: Path) -> Iterator[BinaryIO]:
    """Yield the file that is not whole, which no other process writes. Raises DataError."""
    with write_errors(part):
        handle = os.open(part, FLAGS, 0o666)
    with os.fdopen(handle, "r+b") as content:
        if lock(content) is False:
            raise DataError("another process is downloading it", where=part)
        yield content


def check_room(folder: Path, missing: int) -> None:
    """Raise DataError if a disk has no room for the bytes that are missing."""
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise DataError(f"has {free} bytes left: expected {missing}", where=folder)


def fetch(content: BinaryIO, part: Path, file: PublishedFile, tell: Tell, show: Show) -> None:
    """Fill a file from the first server that gives it all. Raises DataError if none does."""
    for url in file.mirrors:
        tell(url)
        try:
            if size_of(content) and complete(content, part, url, file, show):
                return
            if complete(content, part, url, file, show):
                return
            problem = f"sends another file: its SHA-256 is not {file.sha256}"
        except WrongAnswer as error:
            problem = str(error)
        tell(f"{urlsplit(url).netloc}: {problem}")
    kept = size_of(content)
    hint = f"{part} has {kept} of {file.size} bytes: the same command continues" if kept else ""
    raise DataError("no server gives the file", where=file.name, hint=hint)


def complete(content: BinaryIO, part: Path, url: str, file: PublishedFile, show: Show) -> bool:
    """Add what is missing to a file; return whether it is the file now, else it is empty again.

    Raises WrongAnswer if the server does not send it all, DataError if it cannot be written.
    """
    start = size_of(content)
    if start > file.size:
        start = empty(content)
    if start < file.size:
        receive(content, part, url, file, show)
    if sum_of(content) == file.sha256:
        return True
    empty(content)
    return False


def receive(content: BinaryIO, part: Path, url: str, file: PublishedFile, show: Show) -> None:
    """Append to a file what a server sends. Raises WrongAnswer if that is not the rest."""
    with ask_for(url, size_of(content), file.size) as answer:
        there = answer.start
        if there == 0:
            empty(content)
        content.seek(there)
        for block in answer.blocks():
            if there == 0:
                check_beginning(block)
            if there + len(block) > file.size:
                raise WrongAnswer(f"sends more than the {file.size} bytes")
            with write_errors(part):
                content.write(block)
                content.flush()
            there += len(block)
            show(there)
    if there < file.size:
        raise WrongAnswer(f"ended after {there} of {file.size} bytes")


def size_of(content: BinaryIO) -> int:
    """Return the number of bytes of an open file."""
    return os.fstat(content.fileno()).st_size


def empty(content: BinaryIO) -> int:
    """Remove what an open file contains; return 0."""
    content.truncate(0)
    return content.seek(0)


def sum_of(content: BinaryIO) -> str:
    """Return the SHA-256 of an open file."""
    total = hashlib.sha256()
    content.seek(0)
    while block := content.read(BLOCK):
        total.update(block)
    return total.hexdigest()
