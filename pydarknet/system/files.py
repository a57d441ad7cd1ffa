"""Files that are written whole or not at all, and what killed processes left of theirs."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from ..errors import DataError
from .inputs import check_output

PARTIAL = re.compile(r"(?P<name>.+?)(\.[0-9a-f]{8})?\.(?P<process>\d+)\.tmp", re.DOTALL)
DEVICES = re.compile(r"/(dev/(?!shm/)|proc/)")
REMOVALS = 100  # of a lock file, between opening and locking it, before it counts as free
LONGEST = 200  # bytes of a name in that of its partial file, which may have 255


@contextmanager
def replace_file(path: str | Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Yield a new file that replaces `path` when the block ends, or disappears if it fails.

    A kill at any instant leaves the old content. A link stays, and its target is replaced; a device
    or a pipe is written directly. `durable` waits until the content is on the disk. Raises OSError.
    """
    if is_no_plain_file(path):
        with open(path, "wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    partial = partial_path(target)
    try:
        with open(partial, "xb") as file:
            lock(file)
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        with suppress(OSError):
            partial.unlink()


def is_no_plain_file(path: str | Path) -> bool:
    """Return whether a path is a folder, a device or a pipe, such as /dev/stdout."""
    there = os.path.exists(path) and not os.path.isfile(path)
    return there or DEVICES.match(os.path.abspath(path)) is not None


def write_file(path: str | Path, content: bytes) -> None:
    """Write a content to a file, all of it or nothing.

    Raises OSError, and UsageError if the command reads the file.
    """
    check_output(path)
    with replace_file(path) as file:
        file.write(content)


@contextmanager
def write_errors(path: str | Path) -> Iterator[None]:
    """Turn an error of writing into the one that names the file, or the folder of several."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=path) from None


def make_folder(folder: Path, *, named: bool = False) -> None:
    """Make a folder and those above it, unless they are there.

    Raises OSError, which says if there is a file in its place. That is `named` in the text, as are
    files in the place of the folders above it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        what = "a file" if os.path.exists(there) else "a link to nothing"
        named = named or there != folder
        text = f"{f'{there} ' if named else ''}is {what}: expected a folder"
        raise NotADirectoryError(errno.ENOTDIR, text) from None


def check_writable(path: str | Path) -> None:
    """Raise OSError if a file could not be written: before the work, rather than after it."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not is_no_plain_file(path):
        partial = partial_path(Path(os.path.realpath(path)))
        partial.write_bytes(b"")
        partial.unlink()


def partial_path(target: Path) -> Path:
    """Return a new path beside a file, `NAME.RANDOM.PROCESS.tmp`, at which it is written."""
    name = os.fsdecode(os.fsencode(target.name)[:LONGEST])
    return target.with_name(f"{name}.{os.urandom(4).hex()}.{os.getpid()}.tmp")


def lock(file: IO[bytes] | int) -> bool | None:
    """Lock an open file or folder while it is open; return False if another holds the lock.

    True where a platform has no such locks; None where a file system has none.
    """
    try:
        import fcntl
    except ImportError:  # Windows, which refuses to remove what is open
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def hold_lock(path: Path) -> Iterator[bool]:
    """Hold a lock file, which disappears with the block; yield whether another process holds it.

    Where no lock file can be made, none holds it.
    """
    file, taken = lock_at(path)
    if file is None:
        yield taken
        return
    with file:
        try:
            yield False
        finally:
            with suppress(OSError):
                path.unlink()


def lock_at(path: Path) -> tuple[IO[bytes] | None, bool]:
    """Return a lock file, open and locked, or None; and whether another process holds it.

    One that its holder removes between opening and locking is another file: it is made anew.
    """
    for _ in range(REMOVALS):
        try:
            file = open(path, "ab")  # noqa: SIM115  # closed by the caller
        except OSError:
            return None, False
        taken = lock(file) is False
        if not taken and is_at(file, path):
            return file, False
        file.close()
        if taken:
            return None, True
    return None, False


def is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether a path is that of an open file, still."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False


@contextmanager
def hold_folder(path: Path) -> Iterator[None]:
    """Hold the lock of a folder, so that no thread or process takes it for abandoned.

    Windows, which opens no folders, has none. Raises OSError.
    """
    if sys.platform == "win32":
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        lock(handle)
        yield
    finally:
        os.close(handle)


def remove_partial_files(folder: Path, names: re.Pattern[str]) -> None:
    """Remove the partial files of dead processes from a folder, for files of these names.

    What a living process writes stays, and what another user or an unknown machine may write.
    """
    for path in sorted_entries(folder):
        partial = PARTIAL.fullmatch(path.name)
        if (
            partial
            and names.fullmatch(partial["name"])
            and path.is_file()
            and is_abandoned(path, int(partial["process"]))
        ):
            with suppress(OSError):
                path.unlink()


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with what it contains, as far as that can be."""
    if path.is_symlink() or not path.is_dir():
        with suppress(OSError):
            path.unlink()
        return
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def sorted_entries(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError):  # also of a name that this locale has no bytes for
        return []


def is_abandoned(path: Path, process: int) -> bool:
    """Return whether a file or folder of this user is locked by no one and its process is dead."""
    if path.is_symlink() or (process != os.getpid() and is_running(process)):
        return False
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return sys.platform == "win32"  # it opens no folders, and removes none in use
    try:
        return is_own(handle) and lock(handle) is True
    finally:
        os.close(handle)


def is_running(process: int) -> bool:
    """Return whether a process of this number is running; False on Windows, which cannot tell."""
    if sys.platform == "win32":  # where the call would end it
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_own(handle: int) -> bool:
    """Return whether an open file belongs to this process's user."""
    return sys.platform == "win32" or os.fstat(handle).st_uid == os.geteuid()


class SharedFolder:
    """A folder of this process, `PREFIX-PROCESS-...`, which is removed with it.

    A killed process leaves it; then the next process that makes one in the same place removes it.
    """

    def __init__(self, prefix: str, home: Path | None = None) -> None:
        import tempfile

        place = Path(tempfile.gettempdir()) if home is None else home
        remove_shared_folders(place, prefix)
        name = f"{prefix}-{os.getpid()}-"
        self.folder = tempfile.TemporaryDirectory(
            prefix=name, dir=place, ignore_cleanup_errors=True
        )
        self.path = Path(self.folder.name)
        self.handle = None if sys.platform == "win32" else os.open(self.path, os.O_RDONLY)
        if self.handle is not None:
            lock(self.handle)

    def remove(self) -> None:
        """Remove the folder and what it contains."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
        self.folder.cleanup()


def remove_shared_folders(home: Path, prefix: str) -> None:
    """Remove the folders that dead processes left in a place."""
    import shutil

    form = re.compile(rf"{re.escape(prefix)}-(\d+)-\w{{8}}")
    for path in sorted_entries(home):
        made = form.fullmatch(path.name)
        if made and path.is_dir() and is_abandoned(path, int(made[1])):
            shutil.rmtree(path, ignore_errors=True)
