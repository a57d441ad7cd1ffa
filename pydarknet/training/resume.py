"""Where a training starts: at what an earlier one left in its folder, or at its own weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import DataError, WeightsError
from ..graph.header import read_header
from ..graph.weights import FLOAT
from ..graph.weights_diagnosis import other_classes
from ..graph.weights_layout import placed_arrays
from ..modules.recurrent import Recurrent
from ..network import Network
from ..system.console import note
from ..system.digest import digest
from ..system.text import count_of
from .apart_state import RANK
from .checkpoints import Files, Pair
from .learner import Learner
from .run import differences, text_of_differences
from .state import State

ADAM = ("exp_avg", "exp_avg_sq", "step")
SGD = ("momentum_buffer",)


@dataclass(frozen=True)
class Start:
    """Where a training starts: its description, and the pair that it resumes from, if any.

    `aside` is the base name under which the first save keeps the files that are there, `told` what
    is said of them once nothing else keeps the training from its start.
    """

    run: Mapping[str, Any]
    pair: Pair | None = None
    aside: str = ""
    told: str = field(default="", compare=False)

    def tell(self) -> None:
        """Note what becomes of the files of an earlier training, if there are any."""
        if self.told:
            note(self.told)


@dataclass(frozen=True)
class Request:
    """The training that is asked for: its description, its first weights, and whether to `clear`.

    `older` are the hashes of cfg and data file by which states of the first version know it.
    """

    run: Mapping[str, Any]
    weights: Path | None = None
    clear: bool = False
    older: Mapping[str, str] = field(default_factory=dict)


def find_start(network: Network, files: Files, request: Request) -> Start:
    """Return where a training starts.

    Raises DataError rather than start over where those would be overwritten, unless `clear`.
    """
    pair = best_pair(network, files, request)
    old = pair.weights if pair else files.old_weights()
    if old is None:
        return Start(request.run, told=text_of_lone_state(files))
    if request.clear:
        return start_aside(files, request, old)
    if pair is None:
        return start_without_state(network, files, request, old)
    if is_continued(pair.state, request):
        return continue_pair(network, files, request, pair)
    return start_aside(files, request, old)


def best_pair(network: Network, files: Files, request: Request) -> Pair | None:
    """Return the newest pair that the training can continue, else the newest, if any."""
    newest: Pair | None = None
    for pair in files.pairs(request.weights):
        reasons, _ = compare(network, request, pair)
        if not reasons:
            return pair
        newest = newest or pair
    return newest


def text_of_lone_state(files: Files) -> str:
    """Return what is said of a state whose weights are gone; empty if there is none."""
    path = files.path(".state")
    gone = f"{path}: the weights that it belongs to are gone: starting over"
    return gone if files.has_state() else ""


def start_without_state(network: Network, files: Files, request: Request, old: Path) -> Start:
    """Return the start where weights are there without a state, if they are safe.

    They are if the training begins with them, or is given others and none of its own is damaged.
    """
    if request.weights and request.run["weights"] == digest(old):
        told = f"{old}: without its state, the training goes on from the weights alone"
        return Start(request.run, told=told)
    if request.weights is None or files.has_state():
        raise orphan_error(network, files, old)
    return start_aside(files, request, old)


def is_continued(state: State, request: Request) -> bool:
    """Return whether a training is given no weights, or those that it began or ended with."""
    return request.run["weights"] in ("", state.run.get("weights"), state.weights)


def continue_pair(network: Network, files: Files, request: Request, pair: Pair) -> Start:
    """Return the start at a pair, or at its weights alone if they are given and no more fits."""
    files.resume_from(pair)
    reasons, changes = compare(network, request, pair)
    if reasons and request.run["weights"] == pair.state.weights:
        told = f"{pair.weights}: the training goes on from the weights alone: {reasons}"
        return Start(request.run, told=told)
    if reasons:
        raise another_training(network, files, pair, reasons)
    batch = pair.state.numbers["batch"]
    check_unfinished(pair.weights, batch, network.net.max_batches, "-clear starts over")
    with_changes = f", with {changes}" if changes else ""
    told = f"resuming after batch {batch} from {pair.weights}{with_changes}; -clear starts over"
    return Start({**request.run, "weights": pair.state.run.get("weights", "")}, pair, told=told)


def compare(network: Network, request: Request, pair: Pair) -> tuple[str, str]:
    """Return why a training cannot continue a pair, if so, and what else differs, as texts."""
    state = pair.state
    if "net" not in state.run:
        return changed_file(network, request, pair) or unusable_tensor(network, state.tensors), ""
    found = differences(network, request.run, state.run)
    reasons = text_of_differences(one for one in found if not one.fits)
    changes = text_of_differences(one for one in found if one.fits)
    return reasons or unusable_tensor(network, state.tensors), changes


def changed_file(network: Network, request: Request, pair: Pair) -> str:
    """Return why a state of the first version, which knows hashes alone, is another training's."""
    changed = [key for key, one in request.older.items() if pair.state.run.get(key) != one]
    if changed:
        return f"the {' file and the '.join(changed)} file is another"
    if read_header(pair.weights).version != network.dialect.version:
        return f"dialect {network.dialect.name} (was another)"
    return ""


def unusable_tensor(network: Network, tensors: Mapping[str, Tensor]) -> str:
    """Return which tensor of a state does not belong to a network; empty if all do."""
    for name, tensor in tensors.items():
        if not is_usable(network, name, tensor):
            return f"its {name} {[*tensor.shape]} does not belong to this network"
    return ""


def is_usable(network: Network, name: str, tensor: Tensor) -> bool:
    """Return whether a tensor of a state fits what its name says."""
    kind, _, rest = name.partition(".")
    key, _, owner = rest.partition(".")
    if kind == "chart":
        return True  # the chart takes what it can draw
    if kind == RANK:
        return not owner.startswith(RANK) and is_usable(network, owner, tensor)
    if kind == "recurrent":
        return isinstance(dict(network.named_modules()).get(owner), Recurrent)
    if kind == "optimizer" and key in (ADAM if network.net.adam else SGD):
        if key == "step":
            return tensor.dim() == 0 and owner in dict(network.named_parameters())
        kind, rest = "parameter", owner
    place = network.state_dict().get(rest) if kind in ("parameter", "moving", "array") else None
    return place is not None and (place.shape, place.dtype) == (tensor.shape, tensor.dtype)


def another_training(network: Network, files: Files, pair: Pair, reasons: str) -> DataError:
    """Return the error of a pair that is of a training which cannot be continued."""
    batch = pair.state.numbers["batch"]
    return DataError(
        f"{pair.weights} is of batch {batch} of another training: {reasons}",
        hint=how_to_go_on(network, files, pair.weights),
    )


def orphan_error(network: Network, files: Files, weights: Path) -> DataError:
    """Return the error of weights that would be overwritten, as no state resumes them."""
    return DataError(
        f"{weights} is there, and no usable state belongs to it",
        hint=how_to_go_on(network, files, weights),
    )


def how_to_go_on(network: Network, files: Files, weights: Path) -> str:
    """Return how to go on from weights, if they fit the network, and how to start over."""
    aside = files.path_aside(weights, files.free_base())
    over = f"to start over, give -clear, which keeps it as {aside}"
    if not is_loadable(network, weights):
        return f"its weights do not fit this cfg; {over}"
    return f"to go on from it, give {weights} as weights; {over}"


def is_loadable(network: Network, weights: Path) -> bool:
    """Return whether a training can begin with weights: those of its cfg, or of other classes."""
    try:
        found = (weights.stat().st_size - read_header(weights).size) // FLOAT
    except (OSError, WeightsError):
        return False
    needed = max((place.end for place in placed_arrays(network)), default=0)
    return found == needed or other_classes(network, found - needed) > 0


def start_aside(files: Files, request: Request, old: Path) -> Start:
    """Return the start of a training that begins anew and says where the old files will be."""
    base = files.free_base()
    told = f"starting over: the first save keeps {old} as {files.path_aside(old, base)}"
    return Start(request.run, aside=base, told=told)


def check_unfinished(weights: Path | None, batch: int, last: int, otherwise: str) -> None:
    """Raise DataError if weights of a batch leave nothing to train; `otherwise`: what -clear does.

    Without a last batch, training has no end.
    """
    if last and batch >= last:
        raise DataError(
            f"{weights} has seen {count_of(batch, 'batch', 'batches')},"
            f" max_batches is {last}: nothing to train; {otherwise}",
            hint="with a larger max_batches the training goes on from there",
        )


def resume(learner: Learner, start: Start, given_seed: int | None) -> None:
    """Take over weights, momenta and counters of the pair that a training starts at, if any."""
    if start.pair is None:
        return
    learner.network.load_weights(start.pair.weights)
    learner.restore(start.pair.state)
    if given_seed not in (None, learner.seed):
        note(f"seed {given_seed} is ignored: a training that resumes keeps its own, {learner.seed}")
