"""The command new."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zipfile import is_zipfile

from ...errors import DataError, UsageError
from ...system.console import note, say, without_notes
from ...system.resources import shipped_file
from ..operand_files import ROLES, WORDS, content
from ..verbs import COUNT, NO_NETWORK, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ...checks.adapt import DataSet, Input, Length
    from ...dataset.labels import LabelRules

SIDE = 32  # of which the sides of an input are multiples
SHARE = 0.4  # of the memory that is left, for the layers of a mini-batch
SUBDIVISIONS = (1, 2, 4, 8, 16, 32, 64)


@verb("new", uses=NO_NETWORK)
def new(
    run: Run,
    dataset: Annotated[
        Path,
        Help("a .data file, images with labels, a data.yaml, VOC's XML files or COCO's JSON"),
    ],
    *height: Annotated[str, Help("the second word of -size W H")],
    like: Annotated[str, Help("the cfg to begin with, by its name or path")] = "yolov4-tiny",
    size: Annotated[str | None, Help("the input: W H, WxH or W; if omitted, as in the cfg")] = None,
    batch: Annotated[int, Help("images an iteration", range=COUNT)] = 64,
    max_batches: Annotated[
        int | None, Help("iterations; if omitted, by AlexeyAB's rule", range=COUNT)
    ] = None,
    images: Annotated[Path | None, Help("the folder of the images of XML or JSON")] = None,
    out: Annotated[Path | None, Help("the cfg to write (DATA-LIKE.cfg)", writes=True)] = None,
) -> None:
    """Write a cfg for a data set; of images that have no .data file yet, all that a training needs.

    That is a .data file, lists, names, and labels where XML or JSON has the boxes.

    Darknet: README.md, How to train to detect your custom objects (AlexeyAB)
    """
    from ...annotations.open_source import is_source, stem_of
    from ...checks.adapt import Length, adapt
    from ...dataset.image_set import check_new
    from ...system.files import write_errors, write_file
    from ...system.text import bytes_of, count_of, read_text

    template = template_of(like)
    text = read_text(template, "a .cfg")
    wanted = input_of(size, height, text, template)
    check_template(template, text, wanted)
    source = is_source(dataset)
    stem = stem_of(dataset) if source else dataset.stem
    cfg = out or Path(f"{stem}-{template.stem}.cfg")
    check_new(cfg, "-out NAME.cfg writes another")
    data_file = data_of(dataset, stem, images) if source else listed_data(dataset, images)
    found = data_set(data_file)
    length = Length(batch, max_batches)
    count = subdivisions_for(template, text, found, wanted, length)
    made = adapt(template, text, found, wanted, count, length)
    with write_errors(cfg):
        write_file(cfg, bytes_of(made))
    classes = count_of(found.classes, "class", "classes")
    say(f"{cfg}: {template.stem} for {classes}, {wanted.width} x {wanted.height},")
    say(f"  {length.batches(found)} batches of {batch}, subdivisions={count},")
    if made != adapt(template, text, replace(found, sizes=found.sizes[:0]), wanted, count, length):
        say(f"  anchors of {len(found.sizes)} boxes")
    tell_next(cfg, data_file)


def template_of(like: str) -> Path:
    """Return the cfg of a name or path. Raises UsageError if there is none."""
    path = Path(like)
    named = path if path.suffix == ".cfg" else Path(f"{like}.cfg")
    found = named if named.is_file() else shipped_file(named)
    if found is None:
        raise UsageError(f"-like {like}: no such cfg: expected one of cfg/, or a path")
    return found


def input_of(size: str | None, height: tuple[str, ...], text: str, template: Path) -> Input:
    """Return the input that `-size` says, or that of the cfg. Raises UsageError."""
    from ...cfg.parser import sections_of
    from ...checks.adapt import Input, value

    if size is None:
        net = sections_of(text, str(template))[0]
        return Input(int(value(net, "width") or 416), int(value(net, "height") or 416))
    words = [*size.lower().replace(",", "x").split("x"), *height]
    try:
        sides = [int(word) for word in words if word]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or any(side <= 0 or side % SIDE for side in sides):
        shown = " ".join([size, *height])
        raise UsageError(f"-size {shown}: expected one or two multiples of {SIDE}, such as 416 320")
    return Input(sides[0], sides[-1])


def check_template(template: Path, text: str, size: Input) -> None:
    """Raise UsageError for a cfg that fits no data set: before files are written for one."""
    import numpy as np

    from ...checks.adapt import DataSet, adapt

    adapt(template, text, DataSet(1, 1, np.zeros((0, 2), np.float32)), size, 1)


def listed_data(path: Path, images: Path | None) -> Path:
    """Return a .data file as it is. Raises DataError without one, UsageError for -images."""
    from ...annotations.open_source import FORMS

    if not path.is_file():
        raise DataError(f"no such file or folder: expected {FORMS}", where=path)
    kind = content(str(path))
    if kind in ROLES["data"]:
        raise DataError(f"is {WORDS[kind]}: expected {FORMS}", where=path)
    if is_zipfile(path):
        hint = f"unzip '{path}' -d '{path.stem}', then pydarknet new '{path.stem}'"
        raise DataError(
            "is an archive: expected the folder of what is in it", where=path, hint=hint
        )
    if images:
        raise UsageError(f"-images {images}: {path} says itself which images it has")
    return path


def data_of(source: Path, stem: str, images: Path | None) -> Path:
    """Write the files of a data set of another form, and return its .data file."""
    from ...annotations.open_source import read_source
    from ...dataset.image_set import check_absent, files_of, write_image_set

    check_absent(files_of(stem, ("train", "valid", "test")).values(), stem)
    found = read_source(source, images)
    names = found.names or [f"class{k}" for k in range(classes_in([*found.train, *found.valid]))]
    if not found.names:
        note(f"{source} has no list of names: classes are named class0, class1, ...")
    files = write_image_set(found, stem, names)
    apart = f", {len(found.test)} to test ({files[-1]})" if found.test else ""
    say(f"{files[0]}: {len(found.train)} images to train, {len(found.valid)} to validate{apart}")
    if found.unlabelled:
        note(f"{found.unlabelled} images without a label file are left out")
    if found.polygons:
        note(f"polygons=1 in {files[0]}: polygons are read as the boxes around them")
    return files[0]


def classes_in(images: list[str]) -> int:
    """Return how many classes labels have: one more than the largest number."""
    from ...cfg.lineage import FORK
    from ...evaluate.ground_truth import ground_truth_of

    seen = (ground_truth_of(image, FORK, True).classes for image in images)
    return max((int(one.max()) for one in seen if len(one)), default=0) + 1


def data_set(path: Path) -> DataSet:
    """Return what of a .data file decides a cfg, and tell which labels are of no use.

    Raises DataError for one without images.
    """
    from ...cfg.lineage import FORK
    from ...checks.adapt import DataSet
    from ...dataset.files import DataFile, read_labelled, read_names
    from ...dataset.labels import LabelRules

    options = DataFile.read(path)
    images = read_labelled(options.get_file("train", "data/train.list"))
    if not images:
        raise options.error("no image to train on: expected some in the list of train=")
    named = options.find_file("names")
    names = read_names(named) if named else ()
    classes = options.integer("classes", len(names) or 20)
    valid = options.find_file("valid")
    others = read_labelled(valid) if valid and os.path.isfile(valid) else []
    sizes = sizes_of(images, others, LabelRules(FORK, classes, polygons=options.polygons))
    return DataSet(classes, len(images), sizes)


def sizes_of(images: list[str], others: list[str], rules: LabelRules) -> np.ndarray:
    """Return width and height [B, 2] in 0..1 of the boxes of images that training uses.

    Lines of label files that are left out are told, those of other images too.
    """
    import numpy as np

    from ...annotations.source import LeftOut
    from ...dataset.labels import LEFT_OUT, UNREAD, labels_of
    from ...evaluate.anchors import cut_sizes

    left_out = LeftOut()
    for image in dict.fromkeys([*images, *others]):
        for problem in labels_of(image, rules).problems:
            if reason := {LEFT_OUT: "lines of labels", UNREAD: UNREAD}.get(problem.counted):
                left_out.add(reason, f"{problem.text}: left out")
    if left_out.summary:
        note(f"left out: {left_out.summary}")
    boxes = [labels_of(image, rules).boxes for image in images]
    return cut_sizes(np.concatenate([np.zeros((0, 4), np.float32), *boxes]))


def subdivisions_for(template: Path, text: str, data: DataSet, size: Input, length: Length) -> int:
    """Return the fewest subdivisions whose mini-batches fit into the memory that is left.

    Raises DarknetError if the cfg does not fit the data set.
    """
    import tempfile

    from ...cfg.parser import sections_of
    from ...checks.adapt import adapt
    from ...checks.plan import read_plan
    from ...graph.choose_dialect import choose_dialect
    from ...system.memory import usable_memory

    dialect = choose_dialect(sections_of(text, str(template)), given=None).dialect.name

    with tempfile.TemporaryDirectory() as place:
        trial = Path(place) / template.name
        trial.write_text(adapt(template, text, data, size, length.batch, length))
        with without_notes():  # `detector check` and `train` tell them, of the file that stays
            plan = read_plan(trial, dialect)
    for problem in plan.problems:
        raise problem
    most = SHARE * usable_memory()
    counts = [n for n in SUBDIVISIONS if length.batch % n == 0]
    return next((n for n in counts if plan.memory * length.batch / n < most), length.batch)


def tell_next(cfg: Path, data: Path) -> None:
    """Say what comes next."""
    say("next:")
    say(f"  pydarknet detector check {data} {cfg}")
    say(f"  pydarknet detector train {data} {cfg} [pretrained.conv.N] -map")
