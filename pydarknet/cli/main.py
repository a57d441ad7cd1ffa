"""The program: finds the command, its flags and operands, and calls it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

from ..errors import DarknetError, UsageError
from ..system.console import note, say
from ..system.version import __version__
from .arguments import letters, operands, taken, without_unknown
from .commands import (
    classifier_predict,
    classifier_valid,
    detector_calc_anchors,
    detector_map,
    detector_test,
    detector_train,
    detector_valid,
    install_shim,
    nightmare,
    rnn,
    visualize,
    weights_edit,
    yolo,
)
from .ignored_flags import passed
from .unsupported import IGNORED, refuse
from .verbs import VERBS, Help, Parameter, Run, Verb

# importing them registers their commands
FAMILIES = (
    classifier_predict,
    classifier_valid,
    detector_calc_anchors,
    detector_map,
    detector_test,
    detector_valid,
    install_shim,
    nightmare,
    rnn,
    detector_train,
    weights_edit,
    visualize,
    yolo,
)

GLOBAL = (
    Parameter("i", int, 0, Help("the GPU to use, by number; -1 is the CPU")),
    Parameter("nogpu", bool, False, Help("use the CPU")),
    Parameter(
        "dialect", str, None, Help("pjreddie or alexeyab; unsaid, it is seen by what is used")
    ),
    Parameter(
        "backend",
        str,
        None,
        Help("onnxruntime: let it find boxes and classes, on a CPU, from the second batch on"),
    ),
    Parameter(
        "precision",
        str,
        None,
        Help("half or float: how a GPU computes; unsaid, half where boxes are looked for"),
    ),
    Parameter("batchnorm", str, "gpu", Help("gpu or cpu: how the C divides there")),
    Parameter("lenient", bool, False, Help("take for unknown words what the C takes")),
)

CHOICES = {
    "backend": ("onnxruntime",),
    "batchnorm": ("gpu", "cpu"),
    "precision": ("half", "float"),
}
VERSION = ("--version", "-version", "version")
HELP = ("-h", "--help", "help")


def entry() -> None:
    """Run the program with the words it was called with."""
    sys.exit(main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Run a command and return the exit status: 1 for whatever the user must mend, else 0.

    Darknet: examples/darknet.c main
    """
    try:
        return run([word.translate({9: None, 10: None, 13: None}) for word in words])
    except DarknetError as error:
        note(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 1


def run(words: list[str]) -> int:
    """Find the command of the words and call it."""
    given = taken(words, GLOBAL)
    if not words:
        note("usage: pydarknet <command> [words] [flags]; pydarknet --help lists the commands")
        return 0
    if words[0] in VERSION:
        say(f"pydarknet {__version__}")
        return 0
    if words[0] in HELP:
        say(overview())
        return 0
    words = command_first(words)
    refuse(words)
    family = [verb for key, verb in VERBS.items() if key[0] == words[0]]
    if not family:
        note(f"Not an option: {words[0]}")
        return 0
    return called(words, family, given)


def command_first(words: list[str]) -> list[str]:
    """Move the command before the flags that stand in front of it."""
    families = {key[0] for key in VERBS}
    at = next((i for i, word in enumerate(words) if word in families), 0)
    if not words[0].startswith("-"):
        return words
    return [words[at], *words[:at], *words[at + 1 :]]


def called(words: list[str], family: list[Verb], given: dict[str, Any]) -> int:
    """Call the one of a family of commands that the words name."""
    wants_help = "--help" in words or words[-1] == "-h"
    words = [word for word in words if word != "--help"]
    declared = [*passed(words[0]), *(flag for verb in family for flag in verb.flags)]
    flags = list({flag.word: flag for flag in declared}.values())
    values = taken(words, flags)
    tell_ignored(words, flags)
    words = without_unknown(words[: len(words) - (words[-1] == "-h")], [*flags, *GLOBAL])
    verb = next((verb for verb in family if tuple(words[: len(verb.words)]) == verb.words), None)
    if wants_help or verb is None:
        say("\n\n".join(help_of(v) for v in ([verb] if verb else family)))
        return 0
    own = {flag.name for flag in verb.flags}
    for name in values.keys() - own:
        note(f"-{name} means nothing to {' '.join(verb.words)}: ignored")
    fork = [verb.words[-1]] if verb.lineage else []
    fork += [flag.word for flag in flags if flag.name in values and flag.help.lineage]
    values = {name: value for name, value in values.items() if name in own}
    run = run_of(given, f"{fork[0]} on the command line" if fork else "")
    given_words = operands(words[len(verb.words) :], verb)
    if not verb.light:
        import_networks()
    verb.function(run, *given_words, **values)
    return 0


def import_networks() -> None:
    """Import what every network needs, and let Python's collector rest meanwhile.

    The import makes a million objects, none of them rubbish, and would be looked through over and
    over: this is a tenth of the time.
    """
    if "torch" in sys.modules:
        return
    gc.disable()
    try:
        from .. import load as load
    finally:
        gc.freeze()
        gc.enable()


def tell_ignored(words: list[str], flags: list[Parameter]) -> None:
    """Take out of the words what the forks know and the commands do not need, and say why."""
    own = {letters(flag.word) for flag in flags}
    known = {flag.name: flag for flag in IGNORED if letters(flag.word) not in own}
    for name in taken(words, known.values()):
        note(f"{known[name].word} is ignored: {known[name].help.text}")


def run_of(given: dict[str, Any], seen: str) -> Run:
    """Return what the flags of the whole program say."""
    for flag, choices in CHOICES.items():
        if flag in given and given[flag] not in choices:
            raise UsageError(f"-{flag} {given[flag]}: expected {' or '.join(choices)}")
    cpu = given.get("nogpu") or given.get("i", 0) < 0
    return Run(
        dialect=given.get("dialect"),
        seen=seen,
        device="cpu" if cpu else f"cuda:{given['i']}" if "i" in given else None,
        batchnorm=given.get("batchnorm", "gpu"),
        precision=given.get("precision"),
        backend=given.get("backend"),
        strict=not given.get("lenient", False),
    )


def overview() -> str:
    """Return the help of the whole program."""
    width = max(len(" ".join(key)) for key in VERBS)
    lines = [f"  {' '.join(key):{width}}  {verb.summary}" for key, verb in sorted(VERBS.items())]
    head = "usage: pydarknet <command> [words] [flags]\n\ncommands:"
    tail = "flags of every command, anywhere in the line:"
    flags = [flag_line(flag) for flag in GLOBAL]
    foot = "pydarknet <command> --help tells its words and flags."
    return "\n".join([head, *lines, "", tail, *flags, "", foot])


def help_of(verb: Verb) -> str:
    """Return the help of one command."""
    lines = [verb.usage, f"  {verb.summary}"]
    lines += [f"  {operand.shown:16} {operand.help.text}" for operand in verb.operands]
    return "\n".join([*lines, *map(flag_line, verb.flags)])


def flag_line(flag: Parameter) -> str:
    """Return the line of help of one flag."""
    kinds = {int: " N", float: " X", bool: ""}
    word = flag.word + kinds.get(flag.kind, " TEXT")
    default = f" ({flag.default})" if flag.valued and flag.default is not None else ""
    return f"  {word:16} {flag.help.text}{default}"
