"""What commands tell of a network, besides the boxes that it finds; it fits into JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import CfgError


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What is printed about a network, and what its commands check.

    `place` is file, line and section of `[net]`. `table` is the layer table; `summary` is what the
    fork prints after it, `training_summary` if it opens the network as for training. `classes` are
    those of each detection head, `type_lines` what the fork prints of them before boxes.
    `class_inputs` are the channels that go into the last layer, if that may be the result;
    `class_outputs` the numbers that the result has, if it is a head.
    """

    place: tuple[str, int, str]
    table: str
    summary: str
    training_summary: str
    operations: int
    letter_box: bool
    classes: tuple[int, ...]
    type_lines: tuple[str, ...]
    class_inputs: int
    class_outputs: int | None

    @property
    def words(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)

    @staticmethod
    def read(said: dict[str, Any]) -> Traits:
        """Return traits from JSON; raises KeyError, ValueError or TypeError for what are none."""
        values = {field.name: said[field.name] for field in fields(Traits)}
        for name in ("table", "summary", "training_summary"):
            values[name] = str(values[name])
        for name in ("operations", "class_inputs"):
            values[name] = int(values[name])
        values["letter_box"] = bool(values["letter_box"])
        outputs = values["class_outputs"]
        values["class_outputs"] = None if outputs is None else int(outputs)
        path, line, section = values["place"]
        values["place"] = (str(path), int(line), str(section))
        values["classes"] = tuple(map(int, values["classes"]))
        values["type_lines"] = tuple(map(str, values["type_lines"]))
        return Traits(**values)

    def error(self, problem: str, *, hint: str = "") -> CfgError:
        """Return an error that names file, line and section of `[net]`."""
        path, line, section = self.place
        return CfgError(f"[{section}] {problem}", where=f"{path}:{line}", hint=hint)
