"""The files of a training, where it starts, and how it reads images since."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..dataset.files import DataFile
from ..network import Network
from ..system.console import note
from ..system.digest import digest
from .arguments import Options
from .checkpoints import Files, base_name
from .resume import Request, Start, find_start
from .run import describe_run
from .state import State


@dataclass(frozen=True)
class Sources:
    """The files of a training."""

    data: DataFile
    cfg: Path
    weights: Path | None

    def files(self, newest: str) -> Files:
        """Return the files that a training writes; `newest` is the ending of the newest weights."""
        files = Files(self.data.get_folder("backup", "/backup/"), base_name(self.cfg), newest)
        files.make_folder()
        return files

    def request(self, network: Network, train: str, *, clear: bool) -> Request:
        """Return the training that is asked for; `train` is the list of images."""
        run = describe_run(network, train, digest(self.weights) if self.weights else "")
        older = {"cfg": digest(self.cfg), "data": digest(self.data.path)}
        return Request(run, self.weights, clear, older)


def find_files_and_start(
    network: Network, sources: Sources, newest: str, train: str, options: Options
) -> tuple[Files, Start]:
    """Return the files of a training and where it starts; that says how the network reads images.

    `newest` is the ending of the newest weights, `train` the list of images. Of several processes
    the first alone looks for files, and all read images as it does.
    """
    files, start = Files(Path(), base_name(sources.cfg), newest), Start({})
    if options.ranks.first:
        files, start = find_own(network, sources, newest, train, options)
    network.exif = options.ranks.gather(network.exif)[0]
    return files, start


def find_own(
    network: Network, sources: Sources, newest: str, train: str, options: Options
) -> tuple[Files, Start]:
    """Return the same of a process that looks for files."""
    files = sources.files(newest)
    start = find_start(network, files, sources.request(network, train, clear=options.clear))
    if start.pair:
        network.exif = exif_of(start.pair.state, options.exif)
    return files, start


def exif_of(state: State, given: bool | None) -> bool:
    """Return whether a training that resumes turns images: as it began, unless otherwise given."""
    known = state.numbers.get("exif")
    if given is None and known is None:
        note(
            "this training began before images were turned by their EXIF data: they stay as they"
            " are stored; -exif on turns them, -clear starts over"
        )
    if given is not None and given != bool(known):
        before = "turned by their EXIF data" if known else "left as they are stored"
        note(f"until now this training's images were {before}: -exif changes that from here on")
    return bool(known) if given is None else given
