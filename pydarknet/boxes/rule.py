"""The rule of suppression that a head asks for: its kind, and the numbers that the kinds need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import CfgError

OF_THE_FORK: Final = ("default", "greedynms", "diounms", "cornersnms")  # in the order of the C
OURS: Final = ("softnms", "softnms_gaussian", "none")
KINDS: Final = {word: number for number, word in enumerate((*OF_THE_FORK, *OURS))}


@dataclass(frozen=True)
class SuppressionRule:
    """A value of `nms_kind=`, and the values of `beta_nms=`, `sigma_nms=` and `nms_agnostic=`.

    `beta` is the exponent of diounms, `sigma` how far softnms_gaussian reaches. If `agnostic`,
    boxes of all classes compete, each by its best class. Of an image the `after` best scores of
    those that are left stay; with 0 all. Raises CfgError for an unknown kind.
    """

    kind: str = OF_THE_FORK[0]
    beta: float = 0.6
    sigma: float = 0.5
    agnostic: bool = False
    after: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CfgError(f"nms_kind={self.kind}: expected one of {', '.join(KINDS)}")

    @property
    def exponent(self) -> float | None:
        """The exponent of the DIoU that decides, None where plain IoU does.

        greedynms is not the greedy suppression of the literature: that is "default". Its 0.6 is a
        double in the C, `beta` a float.

        Darknet: src/box.c diounms_sort
        Quirk: GREEDYNMS_IS_DIOU
        """
        exponents = {"greedynms": 0.6, "diounms": float(np.float32(self.beta))}
        return exponents.get(self.kind)

    @property
    def soft(self) -> bool:
        """Whether the scores of boxes that overlap a better one are lowered, not zeroed."""
        return self.kind in ("softnms", "softnms_gaussian")

    @property
    def off(self) -> bool:
        """Whether nothing is suppressed."""
        return self.kind == "none"

    @property
    def inside(self) -> SuppressionRule:
        """What of the rule an exported file applies that suppresses inside: by plain IoU."""
        return SuppressionRule(self.kind if self.off else OF_THE_FORK[0], after=self.after)

    @property
    def known_to_darknet(self) -> bool:
        """Whether the C has the rule too."""
        return not self.words_of_ours

    @property
    def words_of_ours(self) -> str:
        """What of a cfg asks for a rule that the C has not; nothing if the C has it."""
        if self.kind in OURS:
            return f"nms_kind={self.kind}"
        return "nms_agnostic=1" if self.agnostic else ""


USUAL: Final = SuppressionRule()  # the original's, and the fork's where a cfg says nothing
