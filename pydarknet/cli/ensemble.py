"""How commands open the networks of an ensemble: one cfg, and several weights files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..errors import UsageError
from ..runtime.onnx_properties import is_onnx
from ..system.resources import locate
from .image_words import names_few
from .verbs import Help, Run

if TYPE_CHECKING:
    from ..network import Network
    from ..runtime.any_network import AnyNetwork

EnsembleFlag = Annotated[
    str | None,
    Help(
        "A.weights,B.weights: fuse what these find with the cfg, and the operand's weights, if any",
        weights=True,
    ),
]


def weights_files(cfg: Path, weights: Path | None, ensemble: str) -> list[Path]:
    """Return the weights files of an ensemble: the operand, if there is one, then the flag's.

    Raises UsageError for fewer than two, for one that is named twice, and for an exported network,
    which has its weights in itself.
    """
    if is_onnx(locate(cfg)):
        raise UsageError(f"-ensemble {ensemble}: expected a .cfg, not {cfg}")
    words = [word.strip() for word in ensemble.split(",")]
    if not all(words):
        raise UsageError(f"-ensemble {ensemble}: expected weights files with a comma between them")
    files = [locate(path) for path in [*filter(None, [weights]), *map(Path, words)]]
    if len(files) < 2:
        raise UsageError(f"-ensemble {ensemble}: expected two weights files or more")
    for place, path in enumerate(files):
        if path.resolve() in [other.resolve() for other in files[:place]]:
            raise UsageError(f"-ensemble {ensemble}: {path} stands twice")
    return files


def network_files(cfg: Path, weights: Path | None, ensemble: str | None) -> list[Path | None]:
    """Return the files that make a network, or those of an ensemble: the cfg, then weights."""
    return [cfg, *(weights_files(cfg, weights, ensemble) if ensemble else [weights])]


def open_networks(
    run: Run, cfg: Path, weights: Path | None, ensemble: str | None
) -> tuple[Network, list[Network]]:
    """Open the network of a command, and the others of its ensemble, in the first's dialect."""
    from .open_network import open_network

    if not ensemble:
        return open_network(run, cfg, weights), []
    first, *rest = weights_files(cfg, weights, ensemble)
    network = open_network(run, cfg, first)
    as_first = replace(run, dialect=network.dialect.name)
    return network, [open_network(as_first, cfg, path, again=True) for path in rest]


def open_ensemble(
    run: Run,
    cfg: Path,
    weights: Path | None,
    ensemble: str | None,
    images: Sequence[str] = (),
) -> AnyNetwork:
    """Open the networks of an ensemble as one that finds boxes; without the flag, the network.

    `images` are the operands of the command line that it will see, as `open_any` wants them.
    """
    if not ensemble:
        from .open_any import open_any

        return open_any(run, cfg, weights, images=images)
    from ..runtime.ensemble import Ensemble
    from .torch_import import import_networks

    many = not names_few(images) and not run.backend
    import_networks(weights_files(cfg, weights, ensemble)[0] if many else None)
    network, others = open_networks(run, cfg, weights, ensemble)
    return Ensemble([network, *others])
