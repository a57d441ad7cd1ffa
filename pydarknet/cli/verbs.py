"""Commands as functions: the signature of a function is its usage."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from ..cfg.numbers import Range
from ..system.inputs import check_apart, check_output, keep_inputs

ANY = Range()
SHARE = Range(least=0, most=1)
COUNT = Range(least=1)
NATURAL = Range(least=0)

Command = TypeVar("Command", bound=Callable[..., None])

# Flags of the whole program that a command may use, besides those that choose the device
NO_NETWORK: tuple[str, ...] = ()
READ_CFG = ("dialect", "batchnorm", "lenient")
READ_IMAGES = (*READ_CFG, "exif")
TRAIN = (*READ_IMAGES, "tune")
INFER = (*READ_IMAGES, "backend", "precision", "tune")
CACHED = ("nocache", "compile")
ON_OFF = {"on": True, "off": False}


@dataclass(frozen=True)
class Run:
    """The flags of the whole program: dialect, device, how it computes, how a cfg is read."""

    dialect: str | None = None
    seen: str = ""  # the word of the command line that only the fork has
    shown: str = ""  # such a word that says no more than how results are shown
    device: str | None = None
    batchnorm: str = "gpu"
    precision: str | None = None
    backend: str | None = None
    strict: bool = True
    exif: bool | None = None  # None: not given
    tune: bool | None = None  # None: as PYDARKNET_TUNE says
    cache: bool = True  # whether compiled forms are used and made
    compile: bool = False  # whether one is made at once


@dataclass(frozen=True)
class Help:
    """The help text of a parameter, and the only lineage that has it; None: both have it.

    `range` is where a number makes sense.
    After a `switch`, `on` or `off` may stand; the flag alone means on, and takes no other word.
    `writes` marks a file that the command writes: it is none of those that the command reads.
    `onnx` marks a cfg in whose place, and in that of its weights, an exported network may stand.
    `weights` marks a flag that names weights, so that the operand may be left out.
    `shows` marks a flag that says no more than how results are shown, `forks_ending` the ending of
    a value that only the fork knows. `typed` marks a text, which is taken as it was typed.
    """

    text: str
    lineage: str | None = None
    switch: bool = False
    writes: bool = False
    onnx: bool = False
    weights: bool = False
    range: Range = ANY
    shows: bool = False
    forks_ending: str = ""
    typed: bool = False


@dataclass(frozen=True)
class Parameter:
    """One operand or flag of a command."""

    name: str
    kind: type
    default: Any
    help: Help
    several: bool = False

    @property
    def word(self) -> str:
        """The flag as it is typed."""
        return f"-{self.name.rstrip('_')}"

    @property
    def valued(self) -> bool:
        """Whether the flag takes the word after it."""
        return self.kind is not bool

    def speaks_for_fork(self, value: object) -> bool:
        """Return whether only the fork knows the flag, or this value of it."""
        ending = self.help.forks_ending
        return bool(self.help.lineage) or bool(ending and str(value).endswith(ending))

    @property
    def required(self) -> bool:
        """Whether the operand must be given."""
        return self.default is inspect.Parameter.empty and not self.several

    @property
    def in_usage(self) -> str:
        """The operand in a line of usage."""
        if self.several:
            return f"[{self.name} ...]"
        return f"<{self.name}>" if self.required else f"[{self.name}]"


@dataclass(frozen=True)
class Verb:
    """A registered command."""

    words: tuple[str, ...]
    function: Callable[..., None]
    operands: tuple[Parameter, ...]
    flags: tuple[Parameter, ...]
    lineage: str | None = None
    uses: tuple[str, ...] = INFER  # flags of the whole program
    groups: tuple[tuple[str, type], ...] = ()  # parameters that are dataclasses of flags
    lazy: bool = False  # it imports torch itself, if it must
    many: bool = False  # its network sees many images

    @property
    def needs_torch(self) -> bool:
        """Whether it opens a network by torch in any case."""
        return self.uses != NO_NETWORK and not self.lazy

    def weights_of(self, operands: Sequence[Any]) -> Path | None:
        """Return the operand that is called weights, if it is given."""
        given = zip((operand.name for operand in self.operands), operands, strict=False)
        return next((value for name, value in given if name == "weights"), None)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]

    @property
    def usage(self) -> str:
        """The line that shows how to call it."""
        flags = ["[flags]"] if self.flags else []
        operands = [operand.in_usage for operand in self.operands]
        return " ".join(["usage: pydarknet", *self.words, *operands, *flags])

    def call(self, run: Run, operands: Sequence[Any], flags: dict[str, Any]) -> None:
        """Call the function; the fields of a dataclass of flags go into it.

        Raises UsageError if a file that it reads would be written over.
        """
        values = dict(flags)
        for name, group in self.groups:
            own = {field.name for field in fields(group)} & values.keys()
            values[name] = group(**{field: values.pop(field) for field in own})
        named = self.names(operands, flags)
        with keep_inputs([name for name, writes in named if not writes]):
            written = [path for path, writes in named if writes]
            for path in written:
                check_output(path)
            check_apart(written)
            self.function(run, *operands, **values)

    def names(
        self, operands: Sequence[Any], flags: dict[str, Any]
    ) -> list[tuple[str | Path, bool]]:
        """Return the files that operands and flags may name, and whether each is written.

        Of flags, only those that are written: what others name says the one who reads it.
        """
        last = len(self.operands) - 1
        given = [(self.operands[min(i, last)], value) for i, value in enumerate(operands)]
        given += [(flag, flags.get(flag.name)) for flag in self.flags if flag.help.writes]
        return [(value, one.help.writes) for one, value in given if isinstance(value, str | Path)]


VERBS: dict[tuple[str, ...], Verb] = {}


def verb(
    words: str,
    *,
    lineage: str | None = None,
    uses: tuple[str, ...] = INFER,
    lazy: bool = False,
    many: bool = False,
) -> Callable[[Command], Command]:
    """Register a function as the command of those words.

    Its first parameter is the Run; then positional ones are the operands in order, keyword-only
    ones the flags. A parameter is annotated `Annotated[type, Help(...)]`, or with a dataclass whose
    fields are flags and are annotated so. `uses` names the flags of the whole program that the
    command uses; others are reported and ignored. A `lazy` command imports torch only if it must,
    because no compiled form is there. `many` images are seen by its network.
    """

    def register(function: Command) -> Command:
        key = tuple(words.split())
        if key in VERBS:
            raise ValueError(f"command {words} is registered twice")
        operands, flags = parameters(function)
        cached = CACHED if "backend" in uses else CACHED[:1]  # a cfg alone is not compiled
        used = (*uses, *cached) if lazy else uses
        VERBS[key] = Verb(
            key, function, operands, flags, lineage, used, groups(function), lazy, many
        )
        return function

    return register


def parameters(
    function: Callable[..., None],
) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...]]:
    """Return the operands and the flags that a function's signature declares."""
    hints = get_type_hints(function, include_extras=True)
    operands: list[Parameter] = []
    flags: list[Parameter] = []
    for name, declared in list(inspect.signature(function).parameters.items())[1:]:
        if is_dataclass(hints[name]):
            flags += fields_as_flags(hints[name])
            continue
        kind, help_text = type_and_help(hints[name])
        several = declared.kind is declared.VAR_POSITIONAL
        parameter = Parameter(name, kind, declared.default, help_text, several)
        (flags if declared.kind is declared.KEYWORD_ONLY else operands).append(parameter)
    return tuple(operands), tuple(flags)


def groups(function: Callable[..., None]) -> tuple[tuple[str, type], ...]:
    """Return the names and types of a function's parameters that are dataclasses of flags."""
    hints = get_type_hints(function)
    names = list(inspect.signature(function).parameters)[1:]
    return tuple((name, hints[name]) for name in names if is_dataclass(hints[name]))


def fields_as_flags(group: Any) -> Iterator[Parameter]:
    """Yield the flags that the fields of a dataclass declare."""
    hints = get_type_hints(group, include_extras=True)
    for one in fields(group):
        kind, help_text = type_and_help(hints[one.name])
        yield Parameter(one.name, kind, one.default, help_text)


def type_and_help(hint: Any) -> tuple[type, Help]:
    """Return the bare type and the help of an annotation."""
    text = Help("")
    if get_origin(hint) is Annotated:
        hint, text = get_args(hint)[:2]
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return (kinds[0] if kinds else hint), text
