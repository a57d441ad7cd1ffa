"""Where the processes of a training start: all where the first does."""

from __future__ import annotations

import hashlib

from .apart_state import with_parts_of
from .learner import Learner
from .resume import Start
from .state import State, blocks_of, parse_state


def start_together(learner: Learner, start: Start) -> None:
    """Take over weights, momenta and counters of the first process, which alone reads files."""
    ranks = learner.team.ranks
    if ranks.alone:
        return
    ranks.copy(list(learner.network.state_dict().values()))
    content = b"".join(blocks_of(state_of_all(learner, start))) if ranks.first else b""
    content = ranks.bytes_of_first(content)
    if not ranks.first:
        learner.restore(parse_state(content + hashlib.sha256(content).digest()))


def state_of_all(learner: Learner, start: Start) -> State:
    """Return the first process's state, with what the file that it resumes from holds of others."""
    state = learner.state(start.run)
    return with_parts_of(state, start.pair.state) if start.pair else state
