"""The program: finds the command, its flags and operands, and calls it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import DarknetError, UsageError
from ..ranks.failures import tells
from ..runtime.precision import PRECISIONS
from ..system.console import forget_notes, leave, note, say
from ..system.ending import exit_with
from ..system.gpu_errors import gpu_errors
from ..system.interrupts import unwind_on_signals
from ..system.memory import memory_errors
from ..system.problems import count_problems
from ..system.starting import DIED_BY, quit_on_interrupt
from ..system.version import __version__
from . import commands
from .arguments import (
    flag_values,
    letters,
    operand_values,
    without_unknown,
    word_of,
    words_apart,
    words_of,
)
from .compile_later import compile_pending, forget_pending
from .gpus import device_named
from .ignored_flags import foreign_flags, ignored_flags
from .misspelt import family_of, no_verb
from .operand_files import operands_in_order
from .sharing import quiet_others
from .torch_import import import_networks
from .unsupported import refuse
from .verbs import VERBS, Help, Parameter, Run, Verb

GLOBAL = (
    Parameter("i", int, 0, Help("the GPU to use, by number; -1 is the CPU")),
    Parameter("nogpu", bool, False, Help("use the CPU")),
    Parameter(
        "dialect",
        str,
        None,
        Help("pjreddie or alexeyab; if omitted, inferred from cfg, weights and flags"),
    ),
    Parameter(
        "backend",
        str,
        None,
        Help(
            "onnxruntime or openvino: it runs detectors and classifiers on a CPU, from the second"
            " batch on; auto: the fastest of those installed and torch, measured once; opencv runs"
            " exported .onnx files, as the first two do"
        ),
    ),
    Parameter(
        "precision",
        str,
        None,
        Help(
            "half or float, in which a GPU computes; if omitted, half where it detects boxes."
            " bf16: bfloat16 on a CPU that has it"
        ),
    ),
    Parameter(
        "tune",
        bool,
        True,
        Help(
            "measure how each convolution is computed fastest: on a CPU once a machine, where many"
            " images follow, and in a training in float32 without -seed; on a GPU once a run, but"
            " not in training. -tune off computes all in one way, as PYDARKNET_TUNE=off does",
            switch=True,
        ),
    ),
    Parameter(
        "exif",
        bool,
        True,
        Help(
            "turn photographs as their EXIF data say; -exif off leaves them as they are stored",
            switch=True,
        ),
    ),
    Parameter(
        "nocache",
        bool,
        False,
        Help("use no compiled form of the network, and make none: torch runs it"),
    ),
    Parameter(
        "compile",
        bool,
        False,
        Help("compile the network after this call, however long that takes"),
    ),
    Parameter("batchnorm", str, "gpu", Help("divide as Darknet does on a gpu or a cpu")),
    Parameter(
        "lenient",
        bool,
        False,
        Help("read unknown words of a cfg as Darknet does, instead of refusing them"),
    ),
)

DEVICE = ("i", "nogpu")  # which every command accepts
CHOICES = {
    "backend": ("auto", "onnxruntime", "opencv", "openvino"),
    "batchnorm": ("gpu", "cpu"),
    "precision": PRECISIONS,
}
VERSION = ("--version", "-version", "version")
COLORS = "PYDARKNET_COLORS"  # of boxes.palette, which needs numpy
HELP = ("-h", "--help", "help")


def entry(*, as_darknet: bool = False) -> None:
    """Run the program with the words it was called with; `as_darknet` draws in its colours."""
    if as_darknet:
        os.environ.setdefault(COLORS, "darknet")
    unwind_on_signals()
    status = main(sys.argv[1:], as_darknet=as_darknet)
    quit_on_interrupt()
    exit_with(status)


def main(words: Sequence[str], *, as_darknet: bool = False) -> int:
    """Run a command and return the exit status: 1 for whatever the user must mend, else 0.

    Items of a batch that failed are to be mended too; `as_darknet` returns 0 for them, as C does.

    Darknet: examples/darknet.c main
    """
    forget_notes()
    try:
        with gpu_errors(), memory_errors(), count_problems() as problems:
            status = run(words)
        return 1 if problems.failed and not as_darknet else status
    except DarknetError as error:
        if tells(error):
            note(str(error))
    except KeyboardInterrupt as stop:  # a training's has the number of its signal
        return DIED_BY + (stop.args[0] if stop.args else signal.SIGINT)
    except BrokenPipeError:
        leave(sys.stdout)
    return 1


def run(typed: Sequence[str]) -> int:
    """Find the command of the words and call it."""
    commands.register(word_of(typed[0]) if typed else "")
    words = words_apart(words_of(typed, VERBS.values()), GLOBAL)
    given = flag_values(words, GLOBAL)
    if not words:
        note("usage: pydarknet <command> [words] [flags]; pydarknet --help lists the commands")
        return 0
    if words[0] in VERSION:
        say(f"pydarknet {__version__}")
        return 0
    if words[0] in HELP:
        if len(words) > 1 and not words[1].startswith("-"):
            return run([*words[1:], "--help"])
        say(overview())
        return 0
    words = command_first(words)
    refuse(words)
    call_verb(words, family_of(words[0]), given)
    return 0


def command_first(words: list[str]) -> list[str]:
    """Move the command before the flags that stand in front of it."""
    families = {key[0] for key in VERBS}
    at = next((i for i, word in enumerate(words) if word in families), 0)
    if not words[0].startswith("-"):
        return words
    return [words[at], *words[:at], *words[at + 1 :]]


def call_verb(words: list[str], family: list[Verb], given: dict[str, Any]) -> None:
    """Call the one of a family of commands that the words name, or print help."""
    wants_help = "--help" in words or words[-1] == "-h"
    flags = known_flags(words[0], family)
    words = words_apart((word for word in words if word != "--help"), flags)
    foreign = foreign_flags(flags)
    values = flag_values(words, [*flags, *foreign])
    words = words[: len(words) - (words[-1] == "-h")]
    words = without_unknown(words, [*flags, *GLOBAL], (o for verb in family for o in verb.operands))
    verb = next((verb for verb in family if tuple(words[: len(verb.words)]) == verb.words), None)
    if wants_help:
        say("\n\n".join(help_of(v) for v in ([verb] if verb else family)))
        return
    if verb is None:
        raise no_verb(words, family)
    note_ignored(verb, values, given)
    run = run_of(verb, given, *fork_words(verb, [*flags, *foreign], values))
    own = {flag.name: values[flag.name] for flag in verb.flags if flag.name in values}
    operands = operand_values(operands_in_order(words[len(verb.words) :], verb, own), verb)
    if verb.needs_torch:
        import_networks(verb.weights_of(operands) if verb.many and not run.backend else None)
    forget_pending()
    with quiet_others(verb):
        verb.call(run, operands, own)
    compile_pending()


def known_flags(name: str, family: list[Verb]) -> list[Parameter]:
    """Return the flags of a family of commands: those that any declares, and those ignored."""
    ignored = [row.flag for row in ignored_flags(name).values()]
    declared = [flag for verb in family for flag in verb.flags]
    return list({letters(flag.word): flag for flag in [*ignored, *declared]}.values())


def note_ignored(verb: Verb, values: dict[str, Any], given: dict[str, Any]) -> None:
    """Warn about each flag that the command does not use, with the reason if there is one."""
    ignored = ignored_flags(verb.words[0])
    own = {flag.name for flag in verb.flags}
    unused = [name for name in given if name not in (*DEVICE, *verb.uses)]
    for name in [*unused, *(name for name in values if name not in own)]:
        if name in ignored:
            note(f"-{name} is ignored: {ignored[name].reason}")
        else:
            note(f"-{name} means nothing to {' '.join(verb.words)}: ignored")


def fork_words(verb: Verb, flags: list[Parameter], values: dict[str, Any]) -> tuple[str, str]:
    """Return which words of a command line only the fork has; empty for none.

    The first says what is computed, the second no more than how results are shown.
    """
    declared = {flag.name: flag for flag in [*flags, *verb.flags]}  # the command's own come last
    used = [(declared[name], value) for name, value in values.items()]
    spoken = [flag for flag, value in used if flag.speaks_for_fork(value)]
    strong = [verb.words[-1]] if verb.lineage else []
    strong += [flag.word for flag in spoken if not flag.help.shows]
    weak = [flag.word for flag in spoken if flag.help.shows]
    seen, shown = (f"{words[0]} on the command line" if words else "" for words in (strong, weak))
    return seen, shown


def run_of(verb: Verb, given: dict[str, Any], seen: str, shown: str) -> Run:
    """Return the flags of the whole program that a command uses."""
    used = {name: value for name, value in given.items() if name in (*DEVICE, *verb.uses)}
    for flag, choices in CHOICES.items():
        if flag in used and used[flag] not in choices:
            raise UsageError(f"-{flag} {used[flag]}: expected {' or '.join(choices)}")
    return Run(
        dialect=used.get("dialect"),
        seen=seen,
        shown=shown,
        device=device_named(used, computes="tune" in verb.uses),
        batchnorm=used.get("batchnorm", "gpu"),
        precision=used.get("precision"),
        backend=used.get("backend"),
        strict=not used.get("lenient", False),
        exif=used.get("exif"),
        tune=used.get("tune"),
        cache=not used.get("nocache", False),
        compile=used.get("compile", False),
    )


def overview() -> str:
    """Return the help of the whole program."""
    width = max(len(" ".join(key)) for key in VERBS)
    lines = [f"  {' '.join(key):{width}}  {verb.summary}" for key, verb in sorted(VERBS.items())]
    head = "usage: pydarknet <command> [words] [flags]\n\ncommands:"
    tail = "flags of every command, anywhere in the line:"
    flags = [flag_line(flag) for flag in GLOBAL]
    foot = "pydarknet <command> --help prints its operands and flags."
    return "\n".join([head, *lines, "", tail, *flags, "", foot])


def help_of(verb: Verb) -> str:
    """Return the help of one command."""
    lines = [verb.usage, f"  {verb.summary}"]
    lines += [f"  {operand.in_usage:16} {operand.help.text}" for operand in verb.operands]
    return "\n".join([*lines, *map(flag_line, verb.flags)])


def flag_line(flag: Parameter) -> str:
    """Return the line of help of one flag."""
    kinds = {int: " N", float: " X", bool: " [on|off]" if flag.help.switch else ""}
    word = flag.word + kinds.get(flag.kind, " TEXT")
    default = f" ({flag.default})" if flag.valued and flag.default is not None else ""
    return f"  {word:16} {flag.help.text}{default}"
