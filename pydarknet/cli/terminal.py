"""What steers a terminal, as the C programs write it, in pipes too."""

from __future__ import annotations

from ..cfg.lineage import PerLineage

CLEAR = PerLineage(pjreddie="\033[2J\033[1;1H", alexeyab="\033[H\033[J")
