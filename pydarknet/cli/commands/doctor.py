"""The command doctor."""

from __future__ import annotations

from typing import Annotated

from ...system.console import say
from ...system.problems import count_failure
from ..verbs import NO_NETWORK, Help, Run, verb


@verb("doctor", uses=NO_NETWORK)
def doctor(
    run: Run,
    *,
    json: Annotated[bool, Help("print JSON: findings with thing, state, text, mend")] = False,
) -> None:
    """Say what of this machine is used, what is missing or broken, and which command mends it.

    The exit status is 0 if finding boxes works.
    """
    from ...doctor.examine import as_json, examine, report
    from ...doctor.finding import BAD, only

    findings = examine()
    for one in [as_json(findings)] if json else report(findings):
        say(one)
    if only(BAD, findings):
        count_failure()
