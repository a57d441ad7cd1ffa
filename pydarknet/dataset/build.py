"""The training samples of a network, from its cfg."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..cfg.class_tree import Tree
from ..cfg.lineage import PerLineage
from ..cfg.net import Net
from ..errors import DataError
from ..layers import DetectionHead, last_detection_head
from ..network import Network
from ..system.console import note
from ..system.inputs import remember_all
from ..system.text import count_of
from .class_labels import Classes, Family, tags_path
from .classifier_augment import ClassifierAugment
from .classifier_samples import CUTMIX, EITHER, MIXUP, MOSAIC, ClassifierSamples
from .detector_augment_alexeyab import CropAugment, cropped_bytes, cropped_floats
from .detector_augment_pjreddie import PlaceAugment
from .detector_samples import CroppedSamples, PlacedSamples
from .hsv import Colours
from .image_list import ImageList
from .labels import LabelRules
from .sample import Samples
from .sampler import Pairs, Planner, Track
from .targets import Grid, Rows

SMALLEST_IN_CELLS = PerLineage(pjreddie=0.005, alexeyab=0.001)  # side of a true box of YOLOv1
LISTS_PROBLEMS = PerLineage(pjreddie=False, alexeyab=True)  # of images and labels, in files
IMAGES_PER_SAMPLE = {
    0: 1,
    MIXUP: 2,
    CUTMIX: 1,
    MOSAIC: 4,
    EITHER: 4,
}  # images in a sample of a detector


def detector_samples(
    network: Network, paths: Sequence[str], polygons: bool = False
) -> PlacedSamples | CroppedSamples:
    """Return the training samples of a detector, made from the images of these paths.

    With `polygons`, polygons in label files are read as their bounds.

    Darknet: src/detector.c train_detector, examples/yolo.c train_yolo
    """
    head, lineage = last_detection_head(network.layers), network.dialect.name
    if head is None:
        raise network.net.error("the network has no detection head: expected a detector")
    images = image_list_of(network, paths)
    rules = LabelRules(lineage, head.classes, head.unplaced, polygons)
    if head.cells:
        return grid_samples(network, head, images, rules)
    return DETECTOR_SAMPLES.of(lineage)(network.net, head, images, rules)


def image_list_of(network: Network, paths: Sequence[str]) -> ImageList:
    """Return the images of a list, without its empty lines.

    Quirk: GREY_TRAINING
    """
    named = tuple(path for path in paths if path.strip())
    if not named:
        raise DataError("the list of images is empty: expected a path on each line")
    if network.input.c not in (1, 3):
        raise network.net.error(f"channels = {network.input.c}: expected 1 or 3 to train on images")
    return ImageList(named, network.input.c, network.exif)


def placed_samples(
    net: Net, head: DetectionHead, images: ImageList, rules: LabelRules
) -> PlacedSamples:
    """Return the samples of the original's detectors.

    Darknet: examples/detector.c train_detector
    """
    truth = Rows(head.max, 5, 0.001)
    return PlacedSamples(images, rules, truth, PlaceAugment(head.jitter, colours(net)))


def cropped_samples(
    net: Net, head: DetectionHead, images: ImageList, rules: LabelRules
) -> CroppedSamples:
    """Return the samples of the fork's detectors.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    augment = CropAugment(
        head.jitter,
        colours(net),
        resize=head.resize,
        letter_box=net.letter_box,
        flip=net.flip,
        blur=net.blur,
        noise=net.gaussian_noise,
    )
    pairs = Pairs(net.contrastive_jit_flip, net.contrastive_color) if net.contrastive else None
    planner = Planner(len(images.paths), augment, images_per_sample(net), pairs, track(net))
    truth = Rows(head.max, 6, None)
    return CroppedSamples(
        images, rules, truth, planner, cropped_bytes, net.mosaic_bound, listed=True
    )


DetectorSamples = PlacedSamples | CroppedSamples
DETECTOR_SAMPLES: PerLineage[Callable[[Net, DetectionHead, ImageList, LabelRules], DetectorSamples]]
DETECTOR_SAMPLES = PerLineage(pjreddie=placed_samples, alexeyab=cropped_samples)


def grid_samples(
    network: Network, head: DetectionHead, images: ImageList, rules: LabelRules
) -> CroppedSamples:
    """Return the samples of YOLOv1, which both lineages make in the same way.

    Darknet: src/data.c load_data_region
    """
    planner = Planner(len(images.paths), CropAugment(head.jitter, colours(network.net)))
    truth = Grid(head.cells, head.classes, SMALLEST_IN_CELLS.of(rules.lineage))
    listed = LISTS_PROBLEMS.of(rules.lineage)
    return CroppedSamples(images, rules, truth, planner, cropped_floats, listed=listed)


def colours(net: Net) -> Colours:
    """Return the limits of random changes of colours."""
    return Colours(net.hue, net.saturation, net.exposure)


def mixing(net: Net) -> int:
    """Return the fork's number for how images are mixed.

    Darknet: src/parser.c parse_net_options (AlexeyAB)
    """
    if net.mosaic or net.cutmix:
        return {(True, True): EITHER, (True, False): MOSAIC}.get((net.mosaic, net.cutmix), CUTMIX)
    return net.mixup


def images_per_sample(net: Net) -> int:
    """Return the largest number of images that a sample of a detector combines.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    mode = mixing(net)
    if mode in (CUTMIX, EITHER):
        note("cutmix=1 - isn't supported for Detector (use cutmix=1 only for Classifier)")
    if IMAGES_PER_SAMPLE.get(mode, 1) == 4 and net.letter_box:
        raise net.error("letter_box=1 and mosaic=1: expected only one of them")
    return IMAGES_PER_SAMPLE.get(mode, 1)


def track(net: Net) -> Track | None:
    """Return how images are drawn as frames of videos; None if they are not.

    Darknet: src/detector.c train_detector, src/parser.c parse_net_options (AlexeyAB)
    """
    if not net.track:
        return None
    if any(scale != 1 for scale in net.seq_scales):
        raise net.error("seq_scales: expected 1 in all of them, as others are not supported")
    videos = net.batch // net.subdivisions
    requests = min(net.sequential_subdivisions or net.subdivisions, net.subdivisions)
    return Track(videos, videos * net.time_steps * net.subdivisions // requests, net.augment_speed)


def classifier_samples(
    network: Network,
    paths: Sequence[str],
    labels: Sequence[str],
    tree: Tree | None = None,
    *,
    tags: bool = False,
) -> Samples:
    """Return the training samples of a classifier; a class is true if the path contains its label.

    `tree` is the .data file's, which overrides the cfg's. With `tags`, a file beside each image
    names its true classes.

    Darknet: examples/classifier.c train_classifier
    """
    net, outputs = network.net, network.nodes[network.result].output.outputs
    if len(labels) != outputs:
        raise DataError(
            f"{count_of(len(labels), 'label')}: expected {outputs}, one for each output of the cfg"
        )
    tree = tree or class_tree(network)
    family = Family(tree.parents, tree.sizes) if tree else None
    classes = Classes(tuple(labels), net.label_smooth_eps, family, tags, net.unsupervised)
    images = image_list_of(network, paths)
    if tags:
        remember_all(lambda: map(tags_path, images.paths))
    return CLASSIFIER_SAMPLES.of(network.dialect)(net, images, classes)


def class_tree(network: Network) -> Tree | None:
    """Return the class tree of the last layer that has one, detection heads aside; else None."""
    classifiers = [layer for layer in network.layers if not isinstance(layer, DetectionHead)]
    trees = (layer.hierarchy for layer in reversed(classifiers))
    return next((tree for tree in trees if tree), None)


def rotated_samples(net: Net, images: ImageList, classes: Classes) -> ClassifierSamples:
    """Return the samples of the original's classifiers.

    Darknet: examples/classifier.c train_classifier
    """
    augment = ClassifierAugment(
        float(np.float32(net.min_ratio)),
        float(np.float32(net.max_ratio)),
        relative=True,
        inside=False,
        angle=net.angle,
        aspect=net.aspect,
        flip=True,
        colours=colours(net),
    )
    return ClassifierSamples(images, classes, augment)


def mixed_samples(net: Net, images: ImageList, classes: Classes) -> ClassifierSamples:
    """Return the samples of the fork's classifiers.

    Darknet: src/classifier.c train_classifier (AlexeyAB)
    """
    if net.blur % 2 == 0 and net.blur:
        raise net.error(f"blur = {net.blur}: expected an odd number to train a classifier")
    augment = ClassifierAugment(
        net.min_crop,
        net.max_crop,
        relative=False,
        inside=True,
        angle=net.angle,
        aspect=net.aspect,
        flip=net.flip,
        colours=colours(net),
    )
    return ClassifierSamples(
        images,
        classes,
        augment,
        longer=True,
        mixing=mixing(net),
        blur=15 if net.blur == 1 else net.blur,
        paired=net.contrastive,
        listed=True,
    )


CLASSIFIER_SAMPLES = PerLineage(pjreddie=rotated_samples, alexeyab=mixed_samples)
