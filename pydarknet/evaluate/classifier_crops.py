"""The views of an image for a classifier: one or several, whose scores are added."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..cfg.lineage import PerLineage
from ..graph.executor import Executor
from ..modules.transforms import center_crop, center_square, crop, resize, resize_max, resize_min

SHIFT = 32  # pixels between the ten crops

View = Callable[[Tensor, Executor], list[Tensor]]

SIDES = PerLineage[tuple[int, ...]](  # of `several`
    pjreddie=(224, 256, 288, 320), alexeyab=(224, 288, 320, 352, 384)
)
FITS = PerLineage(pjreddie=resize_max, alexeyab=resize_min)  # the longer or the shorter to a side


def middle_square(x: Tensor, network: Executor) -> list[Tensor]:
    """Stretch the largest square of the middle to the network's size.

    Darknet: examples/classifier.c validate_classifier_single
    """
    return [resize(center_square(x), network.net.width, network.net.height)]


def middle_of_shorter(x: Tensor, network: Executor) -> list[Tensor]:
    """Stretch the shorter side to the network's width, and cut out the middle.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    return [center_crop(resize_min(x, network.net.width), network.net.width, network.net.height)]


MIDDLES: PerLineage[View] = PerLineage(pjreddie=middle_square, alexeyab=middle_of_shorter)


def middle(x: Tensor, network: Executor) -> list[Tensor]:
    """Cut out the middle of an image, as the network's lineage does."""
    return MIDDLES.of(network.dialect)(x, network)


def ten(x: Tensor, network: Executor) -> list[Tensor]:
    """Return ten crops: five of an image and five of its mirror image.

    The image is stretched to 32 pixels more than the network's size. The C shifts crops by 32
    from the upper left corner, not from the middle; beyond the image, edge pixels repeat.

    Darknet: examples/classifier.c validate_classifier_10
    """
    width, height = network.net.width, network.net.height
    x = resize(x, width + SHIFT, height + SHIFT)
    places = ((-SHIFT, -SHIFT), (SHIFT, -SHIFT), (0, 0), (-SHIFT, SHIFT), (SHIFT, SHIFT))
    return [
        crop(image, left, top, width, height) for image in (x, x.flip(-1)) for left, top in places
    ]


def several(x: Tensor, network: Executor) -> list[Tensor]:
    """Return an image and its mirror image in several sizes, to which the network is resized.

    With a class tree, the C multiplies probabilities for the first of each pair only; here it is
    done for both.

    Darknet: examples/classifier.c validate_classifier_multi
    Quirk: VALIDMULTI_TREE
    """
    fit = FITS.of(network.dialect)
    fitted = [fit(x, side) for side in SIDES.of(network.dialect)]
    return [view for image in fitted for view in (image, image.flip(-1))]


def whole(x: Tensor, network: Executor) -> list[Tensor]:
    """Stretch the shorter side to the network's width; the network is resized for the longer.

    Darknet: examples/classifier.c validate_classifier_full
    """
    return [resize_min(x, network.net.width)]


def stretch(x: Tensor, network: Executor) -> list[Tensor]:
    """Stretch an image to the network's size.

    Darknet: src/data.c load_data_old
    """
    return [resize(x, network.net.width, network.net.height)]
