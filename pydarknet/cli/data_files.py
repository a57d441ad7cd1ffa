"""What commands read and write beside a network: lists, names, maps of classes, reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..system.console import note
from ..system.files import check_writable, make_folder, write_errors, write_file
from ..system.inputs import check_output
from ..system.text import bytes_of, count_of

if TYPE_CHECKING:
    from ..dataset.files import DataFile
    from ..network import Network


def images_of(path: str, *, labels: bool = False) -> list[str]:
    """Return the images of a list; warn about an empty one. `labels`: their labels are read too."""
    from ..dataset.files import read_labelled, read_list

    images = read_labelled(path) if labels else read_list(path)
    if not images:
        note(f"{path} is empty: it lists no image")
    return images


def tell_classes(options: DataFile, count: int) -> None:
    """Note a `classes` that is not what the network has, or no number: it is not used.

    Darknet: src/detector.c train_detector, test_detector, validate_detector_map (AlexeyAB)
    Quirk: CLASSES_OF_THE_CFG
    """
    entry = options.section.find("classes")
    if entry is None:
        return
    try:
        given = options.integer("classes", count)
    except DataError as error:
        note(f"{error}; the network has {count}")
        return
    if given != count:
        where = f"{options.path}:{entry.line}"
        note(f"{where}: classes = {given}: the network has {count}, and those count")


def class_map(options: DataFile) -> tuple[int, ...] | None:
    """Return the classes of a tree that the file of `map` lists, if there is one.

    Darknet: src/option_list.c read_map
    """
    from ..cfg.numbers import integer
    from ..dataset.files import read_lines

    path = options.find_file("map")
    if path is None:
        return None
    lines = read_lines(path, "a map of classes")
    return tuple(integer(line.lstrip(), strict=False) for line in lines)


def set_names(network: Network, path: str) -> tuple[str, ...]:
    """Give the network its class names and return them, or refuse a file of too few."""
    from ..dataset.files import read_names
    from ..evaluate.dataset_detections import classes_of

    names, classes = read_names(path), classes_of(network)
    if len(names) < classes:
        raise DataError(
            f"{count_of(len(names), 'name')}: expected {classes}, one per class", where=path
        )
    network.names = tuple(names[:classes])
    return network.names


def write_text(path: Path, text: str) -> None:
    """Write a file, or say why not."""
    with write_errors(path):
        write_file(path, bytes_of(text))


def check_outputs(file: Path | None, folder: Path | None) -> None:
    """Raise an error before an evaluation if its file or its folder could not be written."""
    if file:
        check_output(file)
        with write_errors(file):
            check_writable(file)
    if folder:
        with write_errors(folder):
            make_folder(folder)
            check_writable(folder / "plot.png")
