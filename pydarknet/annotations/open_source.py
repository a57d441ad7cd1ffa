"""Which form a data set has: a data.yaml, COCO's JSON, VOC's XML, or a folder with labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..cfg.lineage import FORK
from ..dataset.files import label_file
from ..dataset.image_set import ImageSet, images_below, names_below, read_folder
from ..errors import DataError, UsageError
from ..system.console import note
from .coco_files import read_coco
from .data_yaml import read_data_yaml
from .label_files import tell, write_labels
from .voc_folder import read_voc, xml_files

FORMS: Final = (
    "a .data file, a folder of images with labels, a data.yaml, a folder of VOC's XML files,"
    " or COCO's instances_*.json"
)
XML, JSON, YAML = ".xml", ".json", (".yaml", ".yml")
JSON_NAMES: Final = re.compile(r"(instances_.*|_annotations\.coco|result)\.json")
GENERAL: Final = re.compile(
    r"_?annotations?(\.coco)?|data(set)?|images|jpegimages|labels|result|train([_-]?\d+)?"
    r"|instances([_-].*)?",
    re.IGNORECASE,
)


def is_source(path: Path) -> bool:
    """Return whether a path is a folder, or a file that describes images in another form."""
    return path.is_dir() or path.suffix.lower() in (JSON, XML, *YAML)


def stem_of(path: Path) -> str:
    """Return the name for the files of a data set: its own, or that of the folder which names it.

    `set/data.yaml`, `set/Annotations` and `set/train` are `set`.
    """
    path = path.resolve()
    words = [path.name if path.is_dir() else path.stem, *(one.name for one in path.parents)]
    return next((word for word in words if word and not GENERAL.fullmatch(word)), words[0])


def read_source(path: Path, images: Path | None = None) -> ImageSet:
    """Return the images of a data set of any form; label files are written for VOC's and COCO's.

    `images` is the folder of those. Raises DataError, UsageError, MissingPackage.
    """
    place = description_of(path)
    voc = path.suffix.lower() == XML or (place.is_dir() and is_voc(place))
    labelled = not voc and (place.is_dir() or place.suffix.lower() in YAML)
    if labelled and images:
        raise UsageError(f"-images {images}: {place} has its images itself")
    if images and not images.is_dir():
        raise UsageError(f"-images {images}: no such folder: expected that of the images")
    if labelled:
        return read_data_yaml(place) if place.is_file() else read_folder(place)
    source = read_voc(place, images) if voc else read_coco(place, images)
    found, written = write_labels(source)
    tell(written, source)
    return found


def description_of(path: Path) -> Path:
    """Return the file that describes a folder if there is one, else the folder; of a file, itself.

    An XML file describes one image, so that all of its folder are meant. Raises DataError.
    """
    if not path.exists():
        raise DataError(f"no such file or folder: expected {FORMS}", where=path)
    if path.is_dir():
        found = next(descriptions(path), path)
        if found != path:
            note(f"{found} describes {path}")
        return found
    if path.suffix.lower() == XML:
        note(f"{path} is the annotation of one image: all of {path.parent} are read")
        return path.parent
    return path


def descriptions(folder: Path) -> Iterator[Path]:
    """Yield the files in which programs describe a folder, the best first."""
    yield from (folder / f"data{ending}" for ending in YAML if (folder / f"data{ending}").is_file())
    if not is_named(folder):
        places = [one for one in (folder / "annotations", folder / "train", folder) if one.is_dir()]
        found = [one for home in places for one in sorted(home.iterdir())]
        named = [one for one in found if JSON_NAMES.fullmatch(one.name)]
        yield from sorted(named, key=lambda one: "train" not in f"{one.parent.name}/{one.name}")


def is_voc(folder: Path) -> bool:
    """Return whether a folder is one of XML files."""
    return next(xml_files(folder), None) is not None and not is_named(folder)


def is_named(folder: Path) -> bool:
    """Return whether a folder is one of labels, though other forms lie in it: its list says so.

    Labels alone do not: they may be those that were written of annotations.
    """
    return bool(names_below(folder)) and any(label_file(one, FORK) for one in images_below(folder))
