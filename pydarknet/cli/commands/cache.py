"""The command cache."""

from __future__ import annotations

import time
from typing import Annotated

from ...errors import UsageError
from ...system.console import say
from ..verbs import NO_NETWORK, Help, Run, verb


@verb("cache", uses=NO_NETWORK)
def cache(
    run: Run,
    action: Annotated[
        str, Help("list, which prints what is kept, or clear, which removes it")
    ] = "list",
) -> None:
    """List or remove the compiled networks that let calls start without torch.

    With them goes what was measured of convolutions on this machine.
    """
    actions = {"list": list_forms, "clear": clear}
    if action not in actions:
        raise UsageError(f"cache {action}: expected list or clear")
    actions[action]()


def list_forms() -> None:
    """Print a line for each compiled network, the last used first, and where they are."""
    from ...runtime.forms import VARIABLE, cache_size, forms
    from ...system.cache import cache_folder

    found, total = list(forms()), 0
    for form in found:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(form.last_use))
        say(f"{megabytes(form.size)}  {used}  {form.engine}  {form.name}")
        total += form.size
    limit = f"of at most {megabytes(cache_size()).strip()} ({VARIABLE})"
    say(f"{megabytes(total)}  {len(found)} networks in {cache_folder()}, {limit}")


def clear() -> None:
    """Remove all compiled networks, what opening them told, and what was measured."""
    from ...runtime.forms import remove_all
    from ...system.cache import cache_folder

    say(f"{remove_all()} networks removed from {cache_folder()}")


def megabytes(size: int) -> str:
    """Return a number of bytes as text."""
    return f"{size / 1e6:8.1f} MB"
