"""A file with a JSON array that is whole after every item."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..errors import DataError
from .files import is_no_plain_file, write_errors, write_file
from .inputs import check_output

BEGIN = b"[\n"


class JsonArray:
    """Items in a file, with `between` after each but the last, and `end` after that.

    Whatever ends the process, the file holds the items so far and can be parsed; also if an item
    does not fit onto the disk. What was there before stays where not even an empty array does. A
    pipe gets its end when the array is closed. Raises DarknetError.
    """

    def __init__(self, path: str | Path, between: str, end: str) -> None:
        self.path, self.between, self.end = str(path), between.encode(), end.encode()
        self.count, self.at = 0, len(BEGIN)
        check_output(path)
        self.whole = not is_no_plain_file(path)
        with write_errors(path):
            if self.whole:
                write_file(path, BEGIN + self.end)
            self.file = open(path, "r+b" if self.whole else "wb", buffering=0)  # noqa: SIM115 # closed at the block's end
            if not self.whole:
                self.begin()

    def begin(self) -> None:
        """Write the beginning into what cannot be written again."""
        try:
            self.put(BEGIN)
        except OSError:
            self.file.close()
            raise

    def __enter__(self) -> JsonArray:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            if not self.whole:
                self.put(self.end)
            self.file.close()

    def add(self, item: str) -> None:
        """Write one item; if that fails, leave the array as it was."""
        content = (self.between if self.count else b"") + item.encode(errors="replace")
        try:
            if self.whole:
                self.file.seek(self.at)
            self.put(content + (self.end if self.whole else b""))
        except OSError as error:
            self.take_back()
            raise self.error(error) from None
        self.count, self.at = self.count + 1, self.at + len(content)

    def put(self, content: bytes) -> None:
        """Write all of a content where the file stands."""
        rest = memoryview(content)
        while rest:
            rest = rest[self.file.write(rest) :]

    def take_back(self) -> None:
        """Write the end after the last whole item again."""
        with suppress(OSError):
            if self.whole:
                self.file.seek(self.at)
                self.put(self.end)
                self.file.truncate()

    def error(self, error: OSError) -> DataError:
        """Return the error that names the file."""
        return DataError(f"cannot be written: {error.strerror}", where=self.path)
