"""Compiled networks: found by what opening them would tell and depend on, or made.

`Wanted` is what decides what a network is, besides files. The same files opened in the same way are
one `Opening`; it names the `Form`, which other ways of opening share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cfg.dialect import DIALECTS
from .errors import CfgError, DarknetError, UsageError
from .graph.header import read_header
from .runtime.about import check_dialect, read_about
from .runtime.environment import environment
from .runtime.forms import MODEL, Form, cache_size, find_form, write_form
from .runtime.installed import best_engine, import_engine
from .runtime.openings import Opening, find_opening, keep_opening, key_of, text_key
from .system.console import record_told, tell_again
from .system.identity import CHANCE, depends_on, record_reads
from .system.inputs import remember
from .system.memory import is_lack_of_memory
from .system.text import read_text

if TYPE_CHECKING:
    from .network import Network
    from .runtime.network import RuntimeNetwork

Compile = Callable[["Network", str, Path], dict[str, Any]]  # as export/compile.py does


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A cfg, its weights and how they are opened; `how` is what else decides what is told."""

    cfg: Path
    weights: Path | None = None
    dialect: str | None = None
    seen: str = ""
    shown: str = ""
    batchnorm: str = "gpu"
    precision: str | None = None
    strict: bool = True
    device: str | None = None
    how: tuple[Any, ...] = ()

    @property
    def key(self) -> str:
        """The key of the opening: the words, and what of this machine decides the answer."""
        files = [text_key(path) for path in (self.cfg, self.weights) if path]
        return key_of("opening", files, astuple(self)[2:], environment())

    def check(self) -> None:
        """Raise the error for a dialect or files that cannot be, as torch's road does."""
        if self.dialect:
            DIALECTS.of(self.dialect)
        if self.weights:
            read_header(self.weights)
        read_text(self.cfg, "a .cfg", CfgError)

    def form_key(self, opening: Opening) -> str:
        """Return the key of the form of what was opened, whatever its files are called.

        Files that were looked for and not there are none of it.
        """
        files = [file.key for file in opening.files if file.disk is not None]
        return key_of("form", files, opening.dialect, self.batchnorm, self.strict, environment())


def open_before(
    wanted: Wanted, meanwhile: Callable[[str], None] = import_engine
) -> tuple[Opening | None, RuntimeNetwork | None]:
    """Return the opening of the same files before, and the network that was compiled then.

    What opening it told is told again. Each is None where it is not there or not the same.
    `meanwhile` is called as in `find_form`.
    """
    opening = find_opening(wanted.key)
    form = find_form(opening.form, meanwhile) if opening and opening.form else None
    if opening is None or form is None:
        return opening, None
    try:
        network = network_of(form, opening)
    except DarknetError:  # it vanished meanwhile
        return opening, None
    tell_opening(opening)
    return opening, network


def network_of(form: Form, opening: Opening) -> RuntimeNetwork:
    """Return the network that a form computes. Raises DataError if its engine cannot load it."""
    from .runtime.exported import Exported
    from .runtime.network import RuntimeNetwork

    file = Exported(form.path / MODEL, form.engine, about=form.about)
    return RuntimeNetwork(file, opening.traits)


def tell_opening(opening: Opening) -> None:
    """Tell again what an opening told, and remember its files, over which nothing is written."""
    for file in opening.files:
        if file.disk is not None:
            remember(file.path)
    tell_again(opening.told)


def record_opening(wanted: Wanted, load: Callable[[], Network]) -> tuple[Network, Opening]:
    """Return the network that torch runs, and the record of how it was opened."""
    with record_told() as told, record_reads() as files:
        for path in (wanted.cfg, wanted.weights):
            if path:
                depends_on(path)
        network = load()
    opening = Opening(
        told=told,
        files=list(files.values()),
        dialect=network.dialect.name,
        traits=network.traits,
    )
    return network, opening


def compile_opened(
    wanted: Wanted, network: Network, opening: Opening, compile: Compile | None = None
) -> str:
    """Compile a network that was opened, unless its form is there; return the engine, if it was.

    `compile` writes it in the place of `compile_network`. Raises OSError if it cannot be kept, and
    DarknetError if it has no form; then that is kept.
    """
    from .export.compile import compile_network

    key, engine = wanted.form_key(opening), best_engine()
    made = find_form(key) is None
    if made:
        try:
            write_form(
                key,
                str(wanted.cfg),
                engine,
                lambda folder: (compile or compile_network)(network, engine, folder),
            )
        except DarknetError as error:
            if not is_lack_of_memory(error):
                keep_opening(wanted.key, opening)
            raise
    keep_opening(wanted.key, replace(opening, form=key))
    return engine if made else ""


def open_compiled(
    wanted: Wanted, load: Callable[[], Network], compile: Compile | None = None
) -> RuntimeNetwork:
    """Return a compiled network; the first time it is loaded by torch and compiled.

    `compile` writes it in the place of `compile_network`. Raises DarknetError for a network that
    has no compiled form, or where none can be kept.
    """
    wanted.check()
    _, network = open_before(wanted)
    if network:
        return network
    cache_size()  # which may be none that is known
    loaded, opening = record_opening(wanted, load)
    if CHANCE in opening.files:
        problem = "does not reach all layers, and the rest is random: expected a whole network"
        raise UsageError(problem, where=wanted.weights or wanted.cfg)
    if not opening.rests():
        raise UsageError(f"{wanted.cfg} or its weights changed while they were read: try again")
    try:
        compile_opened(wanted, loaded, opening, compile)
    except OSError as error:
        raise UsageError(f"the compiled network cannot be kept: {error}") from None
    form = find_form(wanted.form_key(opening))
    if form is None:
        raise UsageError("the compiled network cannot be kept: expected room in the cache folder")
    return network_of(form, opening)


def open_file(path: Path, engine: str | None, dialect: str | None) -> RuntimeNetwork:
    """Open an exported file. Raises DarknetError for another's, or of another `dialect`."""
    from .runtime.exported import Exported
    from .runtime.network import RuntimeNetwork

    about = read_about(path)
    check_dialect(about, dialect, path)
    remember(path)
    return RuntimeNetwork(Exported(path, engine))
