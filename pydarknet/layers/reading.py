"""How layers read their sections: in which lineage, how strictly, with whose arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from ..cfg.net import Net
from ..modules.batch_norm import BATCH_NORMS, BatchNorm


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How to read a cfg: its lineage, whether it refuses unknown words, whose arithmetic it has.

    Quirk: CPU_TRAINING
    """

    lineage: str
    strict: bool
    net: Net
    processor: str = "gpu"  # on which the C computes so: "gpu" or "cpu"

    def batch_norm(self, n: int) -> BatchNorm:
        """Return a batch norm of n channels."""
        return BATCH_NORMS[self.processor].of(self.lineage)(n)
