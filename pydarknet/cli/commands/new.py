"""The command new."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import DataError, UsageError
from ...system.console import note, say
from ...system.resources import shipped_file
from ..verbs import COUNT, NO_NETWORK, Help, Run, verb

if TYPE_CHECKING:
    from ...checks.adapt import DataSet, Input, Length

FORMS = "a .data file, or a folder of images with labels"
OTHERS = {
    ".json": "scripts/coco_label.py makes labels and lists of it",
    ".xml": "scripts/voc_label.py makes labels and lists of a folder of these",
    ".yaml": "name the folder of its images: their labels are of the same form",
    ".yml": "name the folder of its images: their labels are of the same form",
}
SIDE = 32  # of which the sides of an input are multiples
SHARE = 0.4  # of the memory that is left, for the layers of a mini-batch
SUBDIVISIONS = (1, 2, 4, 8, 16, 32, 64)


@verb("new", uses=NO_NETWORK)
def new(
    run: Run,
    dataset: Annotated[Path, Help("a .data file, or a folder of images with labels")],
    *height: Annotated[str, Help("the second word of -size W H")],
    like: Annotated[str, Help("the cfg to begin with, by its name or path")] = "yolov4-tiny",
    size: Annotated[str | None, Help("the input: W H, WxH or W; if omitted, as in the cfg")] = None,
    batch: Annotated[int, Help("images an iteration", range=COUNT)] = 64,
    max_batches: Annotated[
        int | None, Help("iterations; if omitted, by AlexeyAB's rule", range=COUNT)
    ] = None,
    out: Annotated[Path | None, Help("the cfg to write (DATA-LIKE.cfg)", writes=True)] = None,
) -> None:
    """Write a cfg for a data set: classes, filters, anchors, schedule; of a folder a .data too.

    Darknet: README.md, How to train to detect your custom objects (AlexeyAB)
    """
    from ...checks.adapt import Length, adapt
    from ...dataset.folder import check_new
    from ...system.files import write_errors, write_file
    from ...system.text import bytes_of, read_text

    template = template_of(like)
    text = read_text(template, "a .cfg")
    wanted = input_of(size, height, text, template)
    cfg = out or Path(f"{dataset.resolve().stem}-{template.stem}.cfg")
    check_new(cfg, "-out NAME.cfg writes another")
    data_file = dataset if dataset.is_file() else data_of_folder(dataset)
    found = data_set(data_file)
    length = Length(batch, max_batches)
    count = subdivisions_for(template, text, found, wanted, length)
    made = adapt(template, text, found, wanted, count, length)
    with write_errors(cfg):
        write_file(cfg, bytes_of(made))
    say(f"{cfg}: {template.stem} for {found.classes} classes, {wanted.width} x {wanted.height},")
    say(f"  {length.batches(found)} batches of {batch}, subdivisions={count},")
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


def data_of_folder(folder: Path) -> Path:
    """Write the files of a data set for a folder, and return its .data file."""
    from ...dataset.folder import read_folder, write_folder

    if not folder.is_dir():
        hint = OTHERS.get(folder.suffix.lower(), "")
        raise DataError(f"no such file or folder: expected {FORMS}", where=folder, hint=hint)
    found = read_folder(folder)
    names = found.names or [f"class{k}" for k in range(classes_in([*found.train, *found.valid]))]
    if not found.names:
        note(f"{folder} has no classes.txt: classes are named class0, class1, ...")
    files = write_folder(found, folder.resolve().name, names)
    say(f"{files[0]}: {len(found.train)} images to train, {len(found.valid)} to validate")
    if found.unlabelled:
        note(f"{found.unlabelled} images without a label file are left out")
    return files[0]


def classes_in(images: list[str]) -> int:
    """Return how many classes labels have: one more than the largest number."""
    from ...cfg.lineage import FORK
    from ...evaluate.ground_truth import ground_truth_of

    seen = (ground_truth_of(image, FORK, True).classes for image in images)
    return max((int(one.max()) for one in seen if len(one)), default=0) + 1


def data_set(path: Path) -> DataSet:
    """Return what of a .data file decides a cfg. Raises DataError for one without images."""
    import numpy as np

    from ...cfg.lineage import FORK
    from ...checks.adapt import DataSet
    from ...dataset.files import DataFile, read_labelled, read_names
    from ...evaluate.ground_truth import ground_truth_of

    hint = OTHERS.get(path.suffix.lower(), "")
    if hint:
        raise DataError(f"expected {FORMS}", where=path, hint=hint)
    options = DataFile.read(path)
    images = read_labelled(options.get_file("train", "data/train.list"))
    if not images:
        raise options.error("no image to train on: expected some in the list of train=")
    named = options.find_file("names")
    names = read_names(named) if named else ()
    classes = options.integer("classes", len(names) or 20)
    boxes = [ground_truth_of(image, FORK, options.polygons).boxes[:, 2:] for image in images]
    return DataSet(classes, len(images), np.concatenate([np.zeros((0, 2), np.float32), *boxes]))


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
