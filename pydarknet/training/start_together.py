"""Where the processes of a training start: all where the first does."""

from __future__ import annotations

import hashlib

from .learner import Learner
from .resume import Start
from .state import blocks_of, parse_state


def start_together(learner: Learner, start: Start) -> None:
    """Take over weights, momenta and counters of the first process, which alone reads files."""
    ranks = learner.team.ranks
    if ranks.alone:
        return
    ranks.copy(list(learner.network.state_dict().values()))
    content = b"".join(blocks_of(learner.state(start.run))) if ranks.first else b""
    content = ranks.bytes_of_first(content)
    if not ranks.first:
        learner.restore(parse_state(content + hashlib.sha256(content).digest()))
