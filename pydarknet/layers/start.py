"""What layers of weights and biases share: the values that they start from, if not Darknet's."""

from __future__ import annotations

from dataclasses import dataclass

from ..cfg.options import quiet
from ..modules.parameters import Start
from .base import Layer


@dataclass(frozen=True, kw_only=True)
class Started(Layer):
    """A layer whose first weights have a deviation `std`, and whose biases give a `prior`.

    No other program knows these options, which decide no dialect.
    """

    std: float = quiet(0.0, least=0, live=False)
    prior: float = quiet(0.5, above=0, below=1, live=False)

    @property
    def start(self) -> Start:
        """The first values of its arrays."""
        return Start(self.std, self.prior)
