"""How commands open a network that need not run by torch: compiled before, or an exported file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cfg.dialect import VARIABLE
from ..compiled import (
    Wanted,
    open_before,
    open_file,
    record_opening,
    tell_opening,
)
from ..runtime.about import check_alone, read_about
from ..runtime.environment import gpu_may_be_there
from ..runtime.forms import may_keep
from ..runtime.installed import AUTO, import_engine
from ..runtime.onnx_properties import is_onnx
from ..runtime.openings import Opening, find_opening, keep_opening
from ..runtime.precision import BFLOAT16
from ..runtime.traits import Traits
from ..system.console import note, record_told
from ..system.identity import depends_on, record_reads
from ..system.malloc import return_freed_memory
from ..system.resources import locate
from .compile_later import Compilation, compile_later
from .image_words import names_few
from .torch_import import import_networks
from .verbs import Run

if TYPE_CHECKING:
    from ..network import Network
    from ..runtime.any_network import AnyNetwork


def open_any(
    run: Run,
    cfg: Path,
    weights: Path | None,
    *,
    images: Sequence[str] = (),
    training: bool = False,
    boxes: bool = True,
) -> AnyNetwork:
    """Read a cfg and its weights, or take what was compiled of them; or open an exported file.

    Then all that was printed when it was opened is printed again. For more than a few `images`,
    operands of the command line, torch runs the network if it can: it starts later and is faster
    then; what is compiled would not be used, and is not compiled. A network of `boxes` finds those,
    another classes; `training` is how the fork opens it.
    """
    cfg, weights = locate(cfg), locate(weights) if weights else None
    exported = is_onnx(cfg)
    compilable = not exported and weights is not None and may_be_compiled(run)
    if run.compile and not compilable:
        need = "a cfg and weights are compiled, on a CPU, in float, without -nocache"
        note(f"-compile is ignored: {need}")
    if exported:
        return open_exported(run, cfg, weights, training, boxes)
    few = names_few(images) or find_spec("torch") is None
    many = not few and not run.backend
    if weights is None or not compilable or not may_keep():
        return open_by_torch(run, cfg, weights, training, many=many)
    wanted = what_decides(run, cfg, weights, training, boxes)
    wanted.check()
    return_freed_memory()
    meanwhile = partial(import_rest, boxes)
    before, compiled = open_before(wanted, meanwhile) if few else (find_opening(wanted.key), None)
    if compiled:
        compiled.exif = run.exif is not False
        return compiled
    opened = partial(open_by_torch, run, cfg, weights, training, many=many)
    network, opening = record_opening(wanted, opened)
    if (few or run.compile) and (before is None or before.form):
        paid = run.compile or before is not None
        compile_later(
            Compilation(wanted, network, opening, boxes=boxes, paid=paid, asked=run.compile)
        )
    return network


def import_rest(boxes: bool, engine: str) -> None:
    """Import what a compiled network needs, and let a thread get ready to draw its boxes."""
    if boxes:
        from ..boxes.words import LETTERS

        LETTERS.start()
    import_module("..runtime.network", __package__)
    import_engine(engine)


def may_be_compiled(run: Run) -> bool:
    """Return whether a command may use compiled forms: on a CPU, where it does not say otherwise.

    If the CPU is not asked for, and there may be a GPU, torch must look for it.
    """
    on_cpu = run.device == "cpu" or not gpu_may_be_there()
    return on_cpu and run.cache and run.backend in (None, AUTO) and run.precision != BFLOAT16


def what_decides(run: Run, cfg: Path, weights: Path | None, *how: Any) -> Wanted:
    """Return what decides how a network is opened: files, flags, and what else is given.

    Words that only the fork has decide where the dialect is not told.
    """
    told = bool(run.dialect or os.environ.get(VARIABLE))
    return Wanted(
        cfg=cfg,
        weights=weights,
        dialect=run.dialect,
        seen="" if told else run.seen,
        shown="" if told else run.shown,
        batchnorm=run.batchnorm,
        precision=run.precision,
        strict=run.strict,
        device=run.device,
        how=("command", *how),
    )


def open_by_torch(
    run: Run, cfg: Path, weights: Path | None, training: bool, *, many: bool = False
) -> Network:
    """Return the network that torch runs, perhaps for `many` images."""
    import_networks(weights if many else None)
    from .open_network import open_network

    return open_network(run, cfg, weights, training=training)


def open_exported(
    run: Run, path: Path, weights: Path | None, training: bool, boxes: bool
) -> AnyNetwork:
    """Open an exported file: by its engine alone, but for maps that torch must decode."""
    from ..runtime.layouts import READERS
    from ..runtime.network import VALUES
    from .open_network import exported_line, tell_table

    check_alone(path, weights, run.batchnorm, run.precision)
    layout = read_about(path).layout
    if not (layout in READERS if boxes else layout == VALUES):
        return open_by_torch(run, path, None, training)
    network = open_file(path, run.backend, run.dialect)
    network.exif = run.exif is not False and network.exif
    tell_table(network, training)
    note(f"Loading weights from {path}...", end="")
    note("Done!", continues=True)
    note(exported_line(network.about, network.runs))
    return network


def read_traits(run: Run, cfg: Path, *, training: bool = False) -> Traits:
    """Return what a cfg tells of its network, and print its table; torch reads it once."""
    cfg = locate(cfg)
    if not run.cache or not may_keep():
        return traits_by_torch(run, cfg, training)
    wanted = what_decides(run, cfg, None, training)
    wanted.check()
    opening = find_opening(wanted.key)
    if opening:
        tell_opening(opening)
        return opening.traits
    with record_told() as told, record_reads() as files:
        depends_on(cfg)
        traits = traits_by_torch(run, cfg, training)
    read = list(files.values())
    opening = Opening(told=told, files=read, dialect="", traits=traits)
    if opening.rests():
        keep_opening(wanted.key, opening)
    return traits


def traits_by_torch(run: Run, cfg: Path, training: bool) -> Traits:
    """Return the same by the layers themselves."""
    import_networks()
    from .open_network import read_cfg

    return read_cfg(run, cfg, training=training).traits
