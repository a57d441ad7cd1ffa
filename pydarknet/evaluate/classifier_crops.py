"""What a classifier is shown of an image: one view or several, whose scores are added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from ..modules.transforms import center_crop, center_square, crop, resize, resize_max, resize_min
from ..network import Network

SHIFT = 32  # pixels between the ten crops

View = Callable[[Tensor, Network], list[Tensor]]


@dataclass(frozen=True)
class Manner:
    """How a lineage looks at images and counts.

    `sides` and `fit` are those of `several`; `capped` says whether no more places count than
    there are classes, `lists` whether labels are listed where an image has too many.
    """

    middle: View
    sides: tuple[int, ...]
    fit: Callable[[Tensor, int], Tensor]
    capped: bool
    lists: bool


def middle_square(x: Tensor, network: Network) -> list[Tensor]:
    """Stretch the largest square of the middle to the network's size.

    Darknet: examples/classifier.c validate_classifier_single
    """
    return [resize(center_square(x), network.net.width, network.net.height)]


def middle_of_shorter(x: Tensor, network: Network) -> list[Tensor]:
    """Stretch the shorter side to the network's width, and cut out the middle.

    Darknet: src/classifier.c validate_classifier_single (AlexeyAB)
    """
    return [center_crop(resize_min(x, network.net.width), network.net.width, network.net.height)]


MANNERS: Mapping[str, Manner] = {
    "pjreddie": Manner(middle_square, (224, 256, 288, 320), resize_max, capped=False, lists=False),
    "alexeyab": Manner(
        middle_of_shorter, (224, 288, 320, 352, 384), resize_min, capped=True, lists=True
    ),
}


def middle(x: Tensor, network: Network) -> list[Tensor]:
    """Show the middle of an image, as the lineage of the network cuts it."""
    return MANNERS[network.dialect.name].middle(x, network)


def ten(x: Tensor, network: Network) -> list[Tensor]:
    """Stretch an image to 32 pixels more than the network's size, and show five crops of it and
    of its mirror image: the middle of neither, but its corners, beyond which edges repeat.

    Darknet: examples/classifier.c validate_classifier_10
    """
    width, height = network.net.width, network.net.height
    x = resize(x, width + SHIFT, height + SHIFT)
    places = ((-SHIFT, -SHIFT), (SHIFT, -SHIFT), (0, 0), (-SHIFT, SHIFT), (SHIFT, SHIFT))
    return [
        crop(image, left, top, width, height) for image in (x, x.flip(-1)) for left, top in places
    ]


def several(x: Tensor, network: Network) -> list[Tensor]:
    """Show an image and its mirror image in several sizes, for which the network is resized.

    Of a tree of classes the C multiplies the probabilities of the first of each pair alone; here
    both are.

    Darknet: examples/classifier.c validate_classifier_multi
    Quirk: VALIDMULTI_TREE
    """
    manner = MANNERS[network.dialect.name]
    fitted = [manner.fit(x, side) for side in manner.sides]
    return [view for image in fitted for view in (image, image.flip(-1))]


def whole(x: Tensor, network: Network) -> list[Tensor]:
    """Stretch the shorter side to the network's width; the network is resized for the longer.

    Darknet: examples/classifier.c validate_classifier_full
    """
    return [resize_min(x, network.net.width)]


def stretched(x: Tensor, network: Network) -> list[Tensor]:
    """Stretch an image to the network's size.

    Darknet: src/data.c load_data_old
    """
    return [resize(x, network.net.width, network.net.height)]
