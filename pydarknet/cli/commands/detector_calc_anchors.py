"""The command detector calc_anchors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK
from ...errors import DataError
from ...system.console import note, say
from ...system.inputs import check_output
from ...system.problems import tell_failure
from ...system.text import count_of
from ..data_files import images_of, write_text
from ..verbs import COUNT, NATURAL, NO_NETWORK, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ...evaluate.ground_truth import GroundTruth

Data = Annotated[Path, Help("the .data file: train, classes, polygons")]
Count = Annotated[int, Help("how many anchors to make", FORK, range=COUNT)]
Width = Annotated[int, Help("the network's width", FORK)]
Height = Annotated[int, Help("the network's height", FORK)]
Show = Annotated[bool, Help("draw boxes and anchors: cloud.png, and a window", FORK)]
Seed = Annotated[
    int | None, Help("the seed that chooses the first anchors; if omitted, random", range=NATURAL)
]
Retina = Annotated[
    str, Help("sides in pixels, such as 32,64,128: print RetinaNet's anchors of them, nine a side")
]

USAGE = (
    "Usage: darknet detector calc_anchors data/voc.data -num_of_clusters 9 -width 416 -height 416 "
)
ANCHORS, COUNTERS = Path("anchors.txt"), Path("counters_per_class.txt")
CLOUD = Path("cloud.png")
MOST_CLASS = 65535  # a count is written for each class up to the largest


@verb("detector calc_anchors", lineage=FORK, uses=NO_NETWORK)
def calc_anchors(
    run: Run,
    data: Data,
    *,
    num_of_clusters: Count = 5,
    width: Width = -1,
    height: Height = -1,
    show: Show = False,
    seed: Seed = None,
    retina: Retina = "",
) -> None:
    """Cluster the sizes of a data set's boxes into anchors for a cfg.

    With -retina the anchors are those of [retina], and only how well they fit is calculated.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    """
    import numpy as np

    from ...charts.library import check_installed
    from ...dataset.files import DataFile
    from ...evaluate.anchors import anchors_text, cluster, counters_text, pyramid, sides_of

    say(f"\n num_of_clusters = {num_of_clusters}, width = {width}, height = {height} ")
    if width < 0 or height < 0:
        say(USAGE)
        say("Error: set width and height ")
        tell_failure("calc_anchors: expected -width and -height, the size of the network's input")
        return
    sides = sides_of(retina) if retina else []
    options = DataFile.read(data)
    paths = images_of(options.get_file("train", "data/train.list"), labels=True)
    for path in (COUNTERS, ANCHORS, *([CLOUD] if show else [])):
        check_output(path)
    if show:
        check_installed()
    boxes, classes = box_sizes(paths, options.polygons)
    sizes = boxes * np.array([width, height], np.float32)
    if retina:
        made = pyramid(sizes, sides)
    else:
        say("\n calculating k-means++ ...\n")
        made = cluster(sizes, num_of_clusters, np.random.default_rng(seed))
    counters = counters_text(classes, options.integer("classes", 1))
    say(f" iterations = {made.rounds} \n\n\n{counters}")
    write_text(COUNTERS, counters)
    say(f"\n avg IoU = {np.float32(made.average_iou) * np.float32(100):2.2f} % ")
    anchors = anchors_text(made, width)
    say(f"\nSaving anchors to the file: {ANCHORS} \nanchors = {anchors}")
    write_text(ANCHORS, anchors)
    if show:
        show_clusters(sizes, made.centers, (width, height))


def box_sizes(paths: list[str], polygons: bool) -> tuple[np.ndarray, list[int]]:
    """Return width and height [B, 2] in 0..1 of the boxes of images, and the classes of all.

    What is left out or cut, as its size is impossible, is told.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    """
    import numpy as np

    from ...evaluate.anchors import cut_sizes
    from ...evaluate.ground_truth import ground_truth_of

    say(f" read labels from {len(paths)} images ")
    rows: list[np.ndarray] = [np.zeros((0, 4), np.float32)]
    classes: list[int] = []
    for number, path in enumerate(paths, start=1):
        truths = ground_truth_of(path, FORK, polygons)
        report_wrong(truths, path)
        counts = range(len(classes) + 1, len(classes) + len(truths) + 1)
        say("".join(f"\r loaded \t image: {number} \t box: {count}" for count in counts), end="")
        rows.append(truths.boxes)
        classes += truths.classes.tolist()
    say("\n all loaded. ")
    boxes = np.concatenate(rows)
    cut = cut_sizes(boxes)
    usable = cut.all(1)
    if large := int((usable & (boxes[:, 2:] > 1).any(1)).sum()):
        note(f"larger than the image, and cut to it: {count_of(large, 'box', 'boxes')}")
    if useless := int((~usable).sum()):
        note(f"without a size in the image, and left out: {count_of(useless, 'box', 'boxes')}")
    return cut[usable], classes


def report_wrong(truths: GroundTruth, image: str) -> None:
    """Report and list boxes that exceed their image; refuse a class that is negative or huge.

    Darknet: src/detector.c calc_anchors (AlexeyAB)
    """
    from ...dataset.bad_list import BAD_LABELS, Problem, append
    from ...dataset.files import label_file
    from ...evaluate.anchors import wrong_label_lines

    path = label_file(image, FORK) or image
    for wrong in truths.classes[(truths.classes < 0) | (truths.classes > MOST_CLASS)][:1]:
        raise DataError(f"class {wrong}: expected 0 to {MOST_CLASS}", where=path)
    lines = list(wrong_label_lines(truths, path))
    for line in lines:
        say(f"\n\n{line} ")
    append(Problem(line, BAD_LABELS, line) for line in lines)


def show_clusters(sizes: np.ndarray, centers: np.ndarray, size: tuple[int, int]) -> None:
    """Draw boxes and anchors into cloud.png, and show them where there is a display.

    Darknet: src/image_opencv.cpp show_acnhors (AlexeyAB)
    """
    from ...charts.cloud import cloud_figure
    from ...charts.figure import pixels
    from ...evaluate.anchors import closest, iou
    from ...image.files import save_image
    from ...image.window import show

    overlaps, network = iou(sizes, centers).max(1), f"{size[0]} x {size[1]}"
    chart = pixels(cloud_figure(sizes, centers, closest(sizes, centers), overlaps, network))
    save_image(chart, CLOUD)
    show(chart, "clusters")
