"""The command classifier predict."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...system.console import note, say
from ...system.text import count_of
from ..operands import CfgOrOnnx, Data, Images, Recursive, Weights
from ..verbs import NATURAL, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ...dataset.files import DataFile
    from ...runtime.any_network import AnyNetwork
    from ..image_source import NamedImages

CHECKS_CLASSES = PerLineage(pjreddie=False, alexeyab=True)  # those of the .data file

Top = Annotated[int, Help("how many classes to print; 0: `top` of the .data file", range=NATURAL)]


@verb("classifier predict", lazy=True)
def classifier_predict(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *images: Images,
    t: Top = 0,
    recursive: Recursive = False,
) -> None:
    """Print the best classes of images.

    Darknet: examples/classifier.c predict_classifier
    """
    from ...dataset.files import DataFile
    from ..open_any import open_any

    options = DataFile.read(data)
    network = open_any(run, cfg, weights, images=images, boxes=False)
    from ...system.crews import Done
    from ..image_source import BATCH, Source, work_on_good  # which imports OpenCV

    check_classifier(network)
    network.names = names_of(options)
    tell_names(network)
    top = t or options.integer("top", 1)
    if CHECKS_CLASSES.of(network.dialect):
        check_classes(network, options)
    source = Source.of(network, images, recursive)
    classify = partial(classify_batch, network)
    for group in source.groups(BATCH):
        whole = Done(partial(work_on_good, classify, group))
        for one in source.results(group, whole, classify):
            PREDICT_LINES.of(network.dialect)(network, one.path, one.scores, top, one.seconds)


@dataclass(frozen=True)
class Classified:
    """The scores of the classes of one image file, and how long that took."""

    path: str
    scores: np.ndarray
    seconds: float


def classify_batch(network: AnyNetwork, batch: NamedImages) -> list[Classified]:
    """Return the scores of images, with the seconds that each took."""
    start = time.perf_counter()
    several = network.class_scores([pixels for _, pixels in batch])
    seconds = (time.perf_counter() - start) / len(batch)
    return [
        Classified(path, scores, seconds) for (path, _), scores in zip(batch, several, strict=True)
    ]


def names_of(options: DataFile) -> tuple[str, ...]:
    """Return the names of the classes: `names=`, else `labels=`.

    Darknet: examples/classifier.c predict_classifier
    """
    from ...dataset.files import read_names

    named = options.find_file("names") or options.get_file("labels", "data/labels.list")
    return tuple(read_names(named))


def check_classifier(network: AnyNetwork) -> None:
    """Raise CfgError for a detector."""
    if network.traits.classes:
        problem = "the network has a detection head: expected a classifier"
        hint = "a detector is used by: pydarknet detector test"
        raise network.traits.error(problem, hint=hint)


def tell_names(network: AnyNetwork) -> None:
    """Note that a network's names are not as many as its outputs: they may be those of another."""
    names, outputs = len(network.names or ()), network.traits.class_outputs
    if outputs not in (None, names):
        note(
            f"{network.traits.place[0]} has {count_of(outputs or 0, 'output')}, and {names:,} names"
        )


def check_classes(network: AnyNetwork, options: DataFile) -> None:
    """Print the fork's line of the classes, and refuse a .data file of another number of them.

    Darknet: src/classifier.c predict_classifier (AlexeyAB)
    """
    classes = options.integer("classes", 2)
    say(f" classes = {classes}, output in cfg = {network.traits.class_inputs} ")
    check_outputs(network, options)


def check_outputs(network: AnyNetwork, options: DataFile) -> None:
    """Raise DataError if a .data file has another number of classes than the network's outputs."""
    classes, traits = options.integer("classes", 2), network.traits
    if traits.class_outputs not in (None, classes):
        raise options.error(
            f"classes = {classes}: expected {traits.class_outputs}, the outputs of"
            f" {traits.place[0]}"
        )


def print_pjreddie(
    network: AnyNetwork, path: str, scores: np.ndarray, top: int, seconds: float
) -> None:
    """Print the time on stderr, then the best classes of one image.

    Darknet: examples/classifier.c predict_classifier
    """
    note(f"{path}: Predicted in {seconds:f} seconds.")
    for line in percentages(network, scores, top):
        say(line)


def print_alexeyab(
    network: AnyNetwork, path: str, scores: np.ndarray, top: int, seconds: float
) -> None:
    """Print the input size and the time, then the best classes of one image.

    Darknet: src/classifier.c predict_classifier (AlexeyAB)
    """
    say("{} {}".format(*network.sides))
    say(f"{path}: Predicted in {seconds * 1000:f} milli-seconds.")
    for line in scored_names(network, scores, top):
        say(line)


PREDICT_LINES = PerLineage(pjreddie=print_pjreddie, alexeyab=print_alexeyab)


def percentages(network: AnyNetwork, scores: np.ndarray, k: int) -> list[str]:
    """Return the original's lines: per cent and name; of a tree, leaves alone.

    Darknet: examples/classifier.c predict_classifier
    """
    import numpy as np

    from ...runtime.classes import top as best

    tree = network.tree
    if tree:
        scores = np.where([tree.is_leaf(index) for index in range(len(scores))], scores, 0)
    return [f"{scores[i] * 100:5.2f}%: {name(network, i)}" for i in best(scores, k)]


def scored_names(network: AnyNetwork, scores: np.ndarray, k: int) -> list[str]:
    """Return the fork's lines: name and score; of a tree, number, parent and all its nodes.

    Darknet: src/classifier.c predict_classifier (AlexeyAB)
    """
    from ...runtime.classes import top as best

    tree = network.tree
    if tree is None:
        return [f"{name(network, i)}: {scores[i]:f}" for i in best(scores, k)]
    parents = [name(network, p) if p >= 0 else "Root" for p in tree.parents]
    return [
        f"{i}, {name(network, i)}: {scores[i]:f}, parent: {parents[i]} " for i in best(scores, k)
    ]


def name(network: AnyNetwork, index: int) -> str:
    """Return a class's name, or its number where the names do not reach."""
    names = network.names or ()
    return names[index] if index < len(names) else f"class {index}"
