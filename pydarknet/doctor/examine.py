"""Everything is looked at, and told: what is well first, what must be mended last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from ..system.text import count_of
from .computing import look_at_gpus, look_at_memory, look_at_processor, look_at_torch
from .finding import BAD, MORE, STATES, Finding, Look, look_at, only
from .packages import look_at_extras, look_at_numpy, look_at_opencvs, look_at_python
from .places import look_at_cache, look_at_disk, look_at_font, look_at_limits
from .probe import start_probe
from .seeing import look_at_opencv


def examine() -> list[Finding]:
    """Return all findings; packages are asked by processes, at the same time."""
    probes = [start_probe(name) for name in ("of_torch", "of_opencv", "of_extras")]
    torch, opencv, extras = (probe.answer() for probe in probes)
    looks: list[tuple[str, Look, str]] = [
        ("python", look_at_python, BAD),
        ("numpy", partial(look_at_numpy, extras), BAD),
        ("torch", partial(look_at_torch, torch), BAD),
        ("opencv", partial(look_at_opencv, opencv), BAD),
        ("opencv", look_at_opencvs, MORE),
        ("packages", partial(look_at_extras, extras), MORE),
        ("letters", look_at_font, MORE),
        ("processor", look_at_processor, MORE),
        ("memory", look_at_memory, MORE),
        ("gpu", partial(look_at_gpus, torch), MORE),
        ("cache", look_at_cache, MORE),
        ("disk", look_at_disk, MORE),
        ("limits", look_at_limits, MORE),
    ]
    return [one for thing, look, state in looks for one in look_at(thing, look, state)]


def report(findings: Sequence[Finding]) -> list[str]:
    """Return the lines of a report, and a last one with the verdict."""
    ordered = [one for state in STATES for one in only(state, findings)]
    return [*map(line, ordered), verdict(findings)]


def line(finding: Finding) -> str:
    """Return the line of a finding, and a second one with what mends it."""
    told = f"{finding.state:4}  {finding.thing:11} {finding.text}"
    return f"{told}\n{'':18}$ {finding.mend}" if finding.mend else told


def verdict(findings: Sequence[Finding]) -> str:
    """Return the line that says whether boxes can be found."""
    bad, more = only(BAD, findings), only(MORE, findings)
    if bad:
        things = ", ".join(dict.fromkeys(one.thing for one in bad))
        return f"{count_of(len(bad), 'thing')} must be mended: {things}"
    also = f"; {count_of(len(more), 'thing')} could be better" if more else ""
    return f"all that finding boxes needs is here{also}"


def as_json(findings: Sequence[Finding]) -> str:
    """Return findings as JSON."""
    said = {"ok": not only(BAD, findings), "findings": [asdict(one) for one in findings]}
    return json.dumps(said, indent=1, ensure_ascii=False)
