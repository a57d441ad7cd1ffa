"""The views of an image for a classifier: one or more, whose scores are added."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..cfg.lineage import PerLineage
from ..graph.executor import Executor
from ..modules.transforms import center_crop, center_square, crop, resize, resize_max, resize_min

SHIFT = 32  # pixels between the ten crops

View = Callable[[Tensor, Executor], list[Tensor]]

SIDES = PerLineage[tuple[int, ...]](  # of `multi_scale_views`
    pjreddie=(224, 256, 288, 320), alexeyab=(224, 288, 320, 352, 384)
)
FITS = PerLineage(pjreddie=resize_max, alexeyab=resize_min)  # scale the longer or the shorter side


def center_square_view(x: Tensor, network: Executor) -> list[Tensor]:
    """Crop the largest square from the centre, and stretch it to the network's size.

    Darknet: examples/classifier.c validate_classifier_single
    """
    return [resize(center_square(x), network.net.width, network.net.height)]


def center_crop_view(x: Tensor, network: Executor) -> list[Tensor]:
    """Scale the shorter side to the network's width, and crop the centre.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    return [center_crop(resize_min(x, network.net.width), network.net.width, network.net.height)]


CENTER_VIEWS: PerLineage[View] = PerLineage(pjreddie=center_square_view, alexeyab=center_crop_view)


def center_view(x: Tensor, network: Executor) -> list[Tensor]:
    """Crop the centre of an image, as the network's lineage does."""
    return CENTER_VIEWS.of(network.dialect)(x, network)


def ten_crops(x: Tensor, network: Executor) -> list[Tensor]:
    """Return ten crops: five of an image and five of its mirror image.

    The image is stretched to 32 pixels more than the network's size. The C shifts crops by 32
    from the upper left corner, not from the centre; outside the image, edge pixels repeat.

    Darknet: examples/classifier.c validate_classifier_10
    """
    width, height = network.net.width, network.net.height
    x = resize(x, width + SHIFT, height + SHIFT)
    places = ((-SHIFT, -SHIFT), (SHIFT, -SHIFT), (0, 0), (-SHIFT, SHIFT), (SHIFT, SHIFT))
    return [
        crop(image, left, top, width, height) for image in (x, x.flip(-1)) for left, top in places
    ]


def multi_scale_views(x: Tensor, network: Executor) -> list[Tensor]:
    """Return an image and its mirror image at several sizes, to which the network is resized.

    With a class tree, the C multiplies probabilities for the first of each pair only; we do it
    for both.

    Darknet: examples/classifier.c validate_classifier_multi
    Quirk: VALIDMULTI_TREE
    """
    fit = FITS.of(network.dialect)
    fitted = [fit(x, side) for side in SIDES.of(network.dialect)]
    return [view for image in fitted for view in (image, image.flip(-1))]


def whole_image_view(x: Tensor, network: Executor) -> list[Tensor]:
    """Scale the shorter side to the network's width; the network is resized to fit the longer.

    Darknet: examples/classifier.c validate_classifier_full
    """
    return [resize_min(x, network.net.width)]


def stretched_view(x: Tensor, network: Executor) -> list[Tensor]:
    """Stretch an image to the network's size.

    Darknet: src/data.c load_data_old
    """
    return [resize(x, network.net.width, network.net.height)]


RESIZING: frozenset[View] = frozenset({multi_scale_views, whole_image_view})  # for what they show
