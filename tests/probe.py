"""Commands for tests of the command line, which record their calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydarknet.cli.verbs import Help, Run, Verb, parameters
from pydarknet.errors import DataError


class Probe:
    """Two commands of one family, `probe look` and `probe away`, that record their calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Run, list[Any], dict[str, Any]]] = []

    def look(
        self,
        run: Run,
        image: Annotated[Path, Help("the image")],
        n: Annotated[int, Help("how often")] = 1,
        *,
        thresh: Annotated[float, Help("the least score")] = 0.5,
        dont_show: Annotated[bool, Help("open no window")] = False,
        ext_output: Annotated[bool, Help("tell places", lineage="alexeyab")] = False,
    ) -> None:
        """Look at an image."""
        given = {"thresh": thresh, "dont_show": dont_show, "ext_output": ext_output}
        self.calls.append((run, [image, n], given))

    def away(self, run: Run, *, out: Annotated[Path | None, Help("where to")] = None) -> None:
        """Look away."""
        raise DataError("there is nothing to see", where="somewhere")

    def verbs(self) -> Iterator[Verb]:
        """Yield the two commands; only the fork has the second."""
        for function, lineage in ((self.look, None), (self.away, "alexeyab")):
            operands, flags = parameters(function)
            words = ("probe", function.__name__)
            yield Verb(words, function, operands, flags, lineage)
