"""From a cfg and a weights file to a network on a device."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import torch

from .backends.bfloat16 import check_precision
from .backends.device import best_device, device_named
from .backends.forks import use_one_thread_after_fork
from .backends.programs import check_backend
from .cfg.parser import read_cfg
from .errors import UsageError
from .exported_network import ExportedNetwork, load_exported
from .graph.choose_dialect import choose_dialect
from .graph.header import read_header
from .graph.weights import Loaded
from .network import Network, build_network
from .runtime.about import check_alone
from .runtime.names import class_names, doubtful_names
from .runtime.onnx_properties import is_onnx
from .runtime.precision import PRECISIONS
from .system.console import note
from .system.gpu_errors import gpu_errors
from .system.inputs import remember
from .system.memory import memory_errors, usable_memory
from .system.paths import path_of


class LoadObserver(Protocol):
    """What `load_network` calls as it goes, so that a program can report it."""

    def on_read(self, network: Network) -> None:
        """The cfg is read: the network has its shapes, and no memory yet."""

    def on_loading(self, weights: Path) -> None:
        """A weights file is read next."""

    def on_loaded(self, network: Network, loaded: Loaded | None) -> None:
        """The weights file is read; None: an exported file, which holds them."""


def read_network(
    cfg: str | Path,
    *,
    dialect: str | None = None,
    batchnorm: str = "gpu",
    strict: bool = True,
    seen: str = "",
    shown: str = "",
    version: tuple[int, int, int] | None = None,
) -> Network:
    """Read a cfg as a network on the meta device: with table and shapes, without memory.

    Darknet: src/parser.c parse_network_cfg
    """
    sections = read_cfg(cfg)
    choice = choose_dialect(sections, given=dialect, seen=seen, shown=shown, version=version)
    if choice.reason:
        note(f"dialect {choice.dialect.name}: inferred from {choice.reason}")
    return build_network(sections, choice, batchnorm=batchnorm, strict=strict)


@gpu_errors()
@memory_errors()
def load_network(
    cfg: str | Path,
    weights: str | Path | None = None,
    *,
    dialect: str | None = None,
    device: str | torch.device | None = None,
    batchnorm: str = "gpu",
    precision: str | None = None,
    backend: str | None = None,
    strict: bool = True,
    exif: bool = True,
    tune: bool | None = None,
    names: str | Path | Iterable[str] | None = None,
    memory_limit: int | None = None,
    seen: str = "",
    shown: str = "",
    observer: LoadObserver | None = None,
    transfer: bool = False,
) -> Network:
    """Read a cfg and, if given, its weights, as a network on a device (cuda, else mps, else cpu).

    In their place may stand a file of `pydarknet export onnx`: its engine runs it on the CPU
    (`backend` "onnxruntime", "openvino" or "opencv"), in the dialect and with the thresholds of the
    file.

    `dialect` is "pjreddie" or "alexeyab". If omitted, it is inferred from the cfg, the weights'
    header, and what the caller has `seen` or `shown` that only the fork has. `batchnorm`
    "cpu" divides as the C does on a CPU. `precision`, "half" or "float", is a GPU's; if omitted,
    boxes are found in half precision, and numbers that are returned or compared are computed in
    float. "bf16" computes all but the heads in bfloat16, on CPUs that have it. `backend`
    "onnxruntime" or "openvino" runs the network on a CPU, "auto" the fastest of those installed and
    torch, by measurement. `strict=False` replaces unknown words as the C does. Without `exif`,
    image files stay as they are stored, however their EXIF data turn them. `tune` says whether a
    CPU measures, from the second batch on, how each convolution is computed fastest; if omitted, as
    PYDARKNET_TUNE says, on or off.
    `names` are class names, or a file of them. `observer` is called after each step. `transfer`
    loads what matches from weights of another number of classes, as training does. Raises
    DarknetError, which says where and what; also if the network would need more than
    `memory_limit` bytes (by default what this process may have).

    Darknet: src/network.c load_network
    """
    cfg, weights = (
        path_of(cfg, "the cfg"),
        path_of(weights, "the weights file") if weights else None,
    )
    if is_onnx(cfg):
        if transfer:
            problem = "an exported network cannot be trained: expected a cfg"
            raise UsageError(problem, where=cfg)
        check_alone(cfg, weights, batchnorm, precision)
        exported = open_exported(cfg, dialect, backend, observer)
        exported.names = class_names(names) or exported.names
        exported.exif = exif and exported.exif
        return exported
    version = read_header(weights).version if weights else None
    network = read_network(
        cfg,
        dialect=dialect,
        batchnorm=batchnorm,
        strict=strict,
        seen=seen,
        shown=shown,
        version=version,
    )
    if observer:
        observer.on_read(network)
    network.names, place = class_names(names), device_named(device) if device else best_device()
    if doubt := doubtful_names(network, names):
        note(doubt)
    network.exif, network.tune = exif, tune
    set_precision_and_backend(network, place, precision, backend)
    if place.type == "meta":
        return network
    check_memory(network, memory_limit)
    use_one_thread_after_fork()
    load_weights(network, weights, strict=strict, observer=observer, transfer=transfer)
    return network.to(place)


def open_exported(
    path: Path, dialect: str | None, engine: str | None, observer: LoadObserver | None
) -> ExportedNetwork:
    """Open an exported file as a network, and tell the observer."""

    def on_read(network: Network) -> None:
        if observer:
            observer.on_read(network)
            observer.on_loading(path)

    remember(path)
    network = load_exported(path, dialect=dialect, engine=engine, on_read=on_read)
    if observer:
        observer.on_loaded(network, None)
    return network


def load_weights(
    network: Network,
    weights: str | Path | None,
    *,
    strict: bool = True,
    upto: int | None = None,
    observer: LoadObserver | None = None,
    transfer: bool = False,
) -> None:
    """Fill the layers before `upto` from a weights file, or all with Darknet's first values."""
    if not weights:
        network.initialize()
        return
    remember(weights)
    if observer:
        observer.on_loading(Path(weights))
    loaded = network.load_weights(weights, strict=strict, upto=upto, transfer=transfer)
    if observer:
        observer.on_loaded(network, loaded)


def set_precision_and_backend(
    network: Network, place: torch.device, precision: str | None, backend: str | None
) -> None:
    """Set a network's precision and backend; raise UsageError if the device cannot."""
    if precision not in (None, *PRECISIONS):
        raise UsageError(f"precision {precision}: expected {' or '.join(PRECISIONS)}")
    check_backend(backend, place)
    check_precision(precision, place, backend)
    network.precision, network.backend = precision, backend


def check_memory(network: Network, limit: int | None) -> None:
    """Raise an error if a network would not fit into memory, before any is allocated."""
    needed, most = network.footprint(), usable_memory() if limit is None else limit
    if needed > most:
        gigabytes = f"{needed / 2**30:.1f} GiB: expected at most {most / 2**30:.1f} GiB"
        raise network.net.error(f"the network needs {gigabytes}")
