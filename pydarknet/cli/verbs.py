"""Commands as functions: the signature of a function is its usage."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True)
class Run:
    """What flags of the whole program say: dialect, device, how it computes, how a cfg is read."""

    dialect: str | None = None
    seen: str = ""  # the word of the command line that only the fork declares
    device: str | None = None
    batchnorm: str = "gpu"
    precision: str | None = None
    backend: str | None = None
    strict: bool = True


@dataclass(frozen=True)
class Help:
    """What a parameter's annotation says of it; `lineage` None: both lineages know it."""

    text: str
    lineage: str | None = None


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

    @property
    def required(self) -> bool:
        """Whether the operand must be given."""
        return self.default is inspect.Parameter.empty and not self.several

    @property
    def shown(self) -> str:
        """The operand as usage shows it."""
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
    light: bool = False  # whether it needs no network, and so no PyTorch

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().split("\n")[0]

    @property
    def usage(self) -> str:
        """The line that tells how to call it."""
        flags = ["[flags]"] if self.flags else []
        operands = [operand.shown for operand in self.operands]
        return " ".join(["usage: pydarknet", *self.words, *operands, *flags])


VERBS: dict[tuple[str, ...], Verb] = {}


def verb(
    words: str, *, lineage: str | None = None, light: bool = False
) -> Callable[[Command], Command]:
    """Register a function as the command of those words.

    Its first parameter is the Run; then positional ones are the operands in order, keyword-only
    ones the flags. A parameter is annotated `Annotated[type, Help(...)]`.
    """

    def register(function: Command) -> Command:
        key = tuple(words.split())
        if key in VERBS:
            raise ValueError(f"command {words} is registered twice")
        operands, flags = parameters(function)
        VERBS[key] = Verb(key, function, operands, flags, lineage, light)
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
        kind, help_text = unpacked(hints[name])
        several = declared.kind is declared.VAR_POSITIONAL
        parameter = Parameter(name, kind, declared.default, help_text, several)
        (flags if declared.kind is declared.KEYWORD_ONLY else operands).append(parameter)
    return tuple(operands), tuple(flags)


def unpacked(hint: Any) -> tuple[type, Help]:
    """Return the bare type and the help of an annotation."""
    text = Help("")
    if get_origin(hint) is Annotated:
        hint, text = get_args(hint)[:2]
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    return (kinds[0] if kinds else hint), text
