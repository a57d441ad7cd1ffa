"""What an exported file says: which network it is, and how to fit images and read its outputs."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from ..cfg.dialect import DIALECTS
from ..errors import DataError, UsageError
from ..system.text import excerpt, json_value
from .onnx_properties import OnnxProperties, read_properties
from .precision import BFLOAT16

KEY: Final = "pydarknet"  # of ours among a model's keys, a JSON object
EXPECTED: Final = "a network that `pydarknet export onnx` wrote"
NO_OBJECT: Final = f"what it says of itself is no JSON object: expected {EXPECTED}"
SCORES_ALONE: Final = ("merged", "deepstream", "nms")  # layouts with nothing else of a box
SAID = ("author", "description", "task")  # keys of ultralytics' files


@dataclass(frozen=True, kw_only=True)
class About:
    """What a file says about itself.

    `input` is the size of one sample, [C, H, W] or [length], `batch` the number of samples at once,
    or the name of one that may be any. `states` are the outputs that each kept input becomes,
    `state_sizes` their sizes without the batch. A score must exceed `thresh`; `nms` says the kind
    of suppression, its exponent `beta`, and the overlap `thresh`. `heads` say layer, classes,
    anchors and stride, `trees` are texts of trees of classes by the names that `cfg` has for them.
    `traits` are what commands tell of the network (`Traits.read`). `opencv` says how a form that is
    made for programs of OpenCV becomes its outputs (compat/opencv_form.py); others have none.
    """

    layout: str
    outputs: list[str]
    states: dict[str, str]
    state_sizes: dict[str, list[int]]
    dialect: str
    input: list[int]
    input_name: str
    batch: int | str
    letterbox: bool
    exif: bool
    thresh: float
    nms: dict[str, Any]
    names: list[str]
    heads: list[dict[str, Any]]
    trees: dict[str, str]
    traits: dict[str, Any]
    cfg: str
    opencv: dict[str, Any] = field(default_factory=dict)

    @property
    def overlap(self) -> float:
        """The overlap above which boxes are one; 0 suppresses none."""
        return float(self.nms.get("thresh", 0))

    @property
    def whole(self) -> bool:
        """Whether what heads compute can be known from it: objectness, and all of a class tree."""
        return self.layout not in SCORES_ALONE

    @property
    def classes(self) -> int:
        """The number of classes of the heads that find boxes; 0 if none does."""
        return max((int(head.get("classes", 0)) for head in self.heads), default=0)

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the input; 1 x 1 if it is no image."""
        return (self.input[2], self.input[1]) if len(self.input) == 3 else (1, 1)


def read_about(path: str | Path) -> About:
    """Read what a file says. Raises DataError for one that is no network exported here."""
    properties = read_properties(path)
    if KEY not in properties.values:
        raise DataError(f"{foreign(properties)}: expected {EXPECTED}", where=path)
    try:
        return about_of(json_value(properties.values[KEY]))
    except KeyError as error:
        raise DataError(
            f"says nothing of its {error.args[0]}: expected {EXPECTED} of this version",
            where=path,
            hint="export it again",
        ) from None
    except TypeError as error:
        raise DataError(str(error), where=path) from None
    except ValueError:
        raise DataError(NO_OBJECT, where=path) from None


def about_of(found: Any) -> About:
    """Return what a JSON object says. Raises KeyError or TypeError where it lacks or is wrong."""
    if not isinstance(found, dict):
        raise TypeError(NO_OBJECT)
    wanted = [one for one in fields(About) if one.name in found or one.default_factory is MISSING]
    said = {one.name: found[one.name] for one in wanted}
    for one in wanted:
        if not is_of_kind(said[one.name], str(one.type)):
            told = excerpt(repr(said[one.name]))
            raise TypeError(f"its {one.name} is {told}: expected {one.type}")
    return About(**said)


def check_dialect(about: About, dialect: str | None, path: Path) -> None:
    """Raise UsageError if a file was exported in another dialect than is wanted."""
    if dialect and DIALECTS.of(dialect).name != about.dialect:
        problem = f"was exported in the dialect {about.dialect}"
        raise UsageError(f"{problem}: expected no dialect {dialect}", where=path)


def check_alone(path: Path, weights: Path | None, batchnorm: str, precision: str | None) -> None:
    """Raise UsageError for what does not go with an exported file: weights, batch norm, bfloat16.

    Its batch norm is part of its convolutions, which compute in the precision that it was given.
    """
    if weights:
        problem = f"an exported network has its weights in itself: expected no {weights} after it"
    elif batchnorm != "gpu":
        problem = f"an exported network has no batch norm: expected no batchnorm {batchnorm}"
    elif precision == BFLOAT16:
        problem = f"an exported network has its own precision: expected no precision {precision}"
    else:
        return
    raise UsageError(problem, where=path)


def is_of_kind(value: Any, kind: str) -> bool:
    """Return whether a JSON value has a type, written as in an annotation."""
    if kind.startswith("list["):
        inner = kind[len("list[") : -1]
        return isinstance(value, list) and all(is_of_kind(item, inner) for item in value)
    if kind.startswith("dict["):
        inner = kind[len("dict[str, ") : -1]
        return isinstance(value, dict) and all(is_of_kind(v, inner) for v in value.values())
    kinds = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "Any": (object,)}
    return any(isinstance(value, kinds[one]) for one in kind.split(" | "))


def foreign(properties: OnnxProperties) -> str:
    """Return whose file it is that is not ours."""
    producer = excerpt(properties.producer or "an unknown program")
    said = [f"{key} {excerpt(properties.values[key])}" for key in SAID if key in properties.values]
    return f"is a model of {producer}" + (f" ({', '.join(said)})" if said else "")
