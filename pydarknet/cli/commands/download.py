"""The command download."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import UsageError
from ...system.console import note, say
from ...system.text import excerpt
from ..verbs import NO_NETWORK, Help, Run, verb

if TYPE_CHECKING:
    from ...downloads.published import PublishedFile


@verb("download", uses=NO_NETWORK)
def download(
    run: Run,
    name: Annotated[str | None, Help("the file; if omitted, all that there are are listed")] = None,
    folder: Annotated[Path, Help("where it goes; created if missing")] = Path(),
) -> None:
    """Download weights that are public, and check them by the SHA-256 that was published.

    The same command continues what was interrupted.
    """
    from ...downloads.published import PUBLISHED

    if name is None:
        for file in PUBLISHED:
            say(f"{file.name:26}{file.size / 1e6:6.1f} MB  {file.sha256}")
        return
    fetch(published_file(name, PUBLISHED), folder)


def published_file(name: str, files: tuple[PublishedFile, ...]) -> PublishedFile:
    """Return the file of a name. Raises UsageError, which says what may have been meant."""
    found = {file.name: file for file in files}
    if name in found:
        return found[name]
    near = get_close_matches(name, found, 3) or list(found)
    raise UsageError(
        f"download {excerpt(name)}: expected {', '.join(near)}",
        hint="pydarknet download lists all files whose SHA-256 is published",
    )


def fetch(file: PublishedFile, folder: Path) -> None:
    """Download a file, with a bar on a terminal."""
    from tqdm import tqdm

    from ...downloads.download import download as bring

    with tqdm(total=file.size, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        try:
            path = bring(file, folder, note, lambda there: bar.update(there - bar.n))
        except KeyboardInterrupt:
            note("stopped: the same command continues")
            raise
    say(f"{path}: {file.size} bytes, SHA-256 {file.sha256}, as published by {file.source}")
