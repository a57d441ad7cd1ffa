"""The dialect in which a training here made a weights file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..cfg.dialect import DIALECTS
from ..cfg.lineage import LINEAGES
from ..graph.header import read_header
from ..system.identity import depends_on
from .state import LENGTH, MAGIC, OLD_MAGIC

WRITTEN = re.compile(r"([^.]+?)(_(\d+|last|best|ema|final))?\.(weights|backup|previous)")


def trained_dialect(weights: Path) -> str | None:
    """Return the dialect in which a training here made a weights file; None if it is not known.

    It is if the training's state lies beside the file and the file's header is of the same dialect.
    """
    name = WRITTEN.fullmatch(weights.name)
    stems = (name[1], weights.stem) if name else ()
    states = [weights.with_name(f"{stem}.state") for stem in stems]
    version = read_header(weights).version
    for lineage in LINEAGES:
        told = [dialect_in(state, lineage) for state in states]
        if DIALECTS.of(lineage).version == version and lineage in told:
            return lineage
    return None


def dialect_in(state: Path, otherwise: str) -> str | None:
    """Return the dialect that a state names, or `otherwise` if it is too old to name one.

    None if the file is no state.
    """
    depends_on(state)
    try:
        with open(state, "rb") as file:
            if file.read(len(MAGIC)) not in (MAGIC, OLD_MAGIC):
                return None
            (length,) = LENGTH.unpack(file.read(LENGTH.size))
            run = json.loads(file.read(length))["run"]
            return str(run.get("dialect", otherwise))
    except Exception:  # a damaged state says nothing here, and is told where it is resumed
        return None
