"""`load_network`: a network that torch runs, or a compiled or exported one without torch."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .compiled import Wanted, open_compiled, open_file
from .errors import UsageError
from .runtime.about import check_alone, read_about
from .runtime.names import class_names, doubtful_names
from .runtime.onnx_properties import is_onnx
from .runtime.precision import BFLOAT16
from .system.console import note
from .system.memory import memory_errors
from .system.paths import path_of
from .system.torch_errors import torch_errors

if TYPE_CHECKING:
    import torch

    from .network import Network
    from .runtime.network import RuntimeNetwork

RUNTIME = "runtime"  # the backend of compiled networks
RAW = "raw"  # the layout whose maps torch must decode
Names = str | Path | Iterable[str] | None


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
) -> Network:
    """Read a cfg and, if given, its weights, as a network on a device (cuda, else mps, else cpu).

    In their place may stand a file of `pydarknet export onnx`: its engine runs it on the CPU
    (`backend` "onnxruntime", "openvino" or "opencv"), in the dialect and with the thresholds of the
    file. Then, and with the `backend` "runtime", it is a `pydarknet.RuntimeNetwork`: it detects,
    has numpy's arrays and no layers. The latter is compiled at its first use and kept in the cache
    folder, so that the next process neither imports torch nor reads the weights.

    `dialect` is "pjreddie" or "alexeyab". If omitted, it is inferred from the cfg and the weights'
    header. `batchnorm` "cpu" divides as the C does on a CPU. `precision`, "half" or "float", is a
    GPU's; if omitted, boxes are found in half precision, and numbers that are returned or compared
    are computed in float; "bf16" computes all but the heads in bfloat16, on CPUs that have it.
    `backend` "onnxruntime" or "openvino" runs the network on a CPU, "auto" the fastest of those
    installed and torch, by measurement. `strict=False` replaces unknown words as the
    C does. Without `exif`, image files stay as they are stored, however their EXIF data turn them.
    `tune` says whether a CPU measures, from the second batch on, how each convolution is computed
    fastest; if omitted, as PYDARKNET_TUNE says, on or off. `names` are class names, or a file of
    them. Raises DarknetError, which says where and what; also
    if the network would need more than `memory_limit` bytes (by default what this process may
    have).

    Darknet: src/network.c load_network
    """
    path = path_of(cfg, "the cfg")
    arrays = path_of(weights, "the weights file") if weights else None
    if is_onnx(path) and read_about(path).layout != RAW:
        check_alone(path, arrays, batchnorm, precision)
        engine = None if backend == RUNTIME else backend
        return with_names(open_file(path, engine, dialect), names, exif)
    options: dict[str, Any] = {
        "dialect": dialect,
        "batchnorm": batchnorm,
        "precision": precision,
        "strict": strict,
    }
    if backend == RUNTIME:
        check_compilable(arrays, device, precision)
        wanted = Wanted(cfg=path, weights=arrays, **options)
        options |= {"device": "cpu", "memory_limit": memory_limit}
        load = partial(by_torch, path, arrays, **options)
        return with_names(open_compiled(wanted, load), names, exif)
    options |= {"device": device, "backend": backend, "names": names, "tune": tune}
    return by_torch(path, arrays, exif=exif, memory_limit=memory_limit, **options)


def by_torch(cfg: Path, weights: Path | None, **options: Any) -> Network:
    """Return a network that torch runs, or decodes."""
    with torch_errors():
        from .load import load_network as load

    return load(cfg, weights, **options)


def check_compilable(weights: Path | None, device: object, precision: str | None = None) -> None:
    """Raise UsageError for what the backend "runtime" cannot do: no weights, a GPU, bfloat16."""
    if weights is None:
        raise UsageError(f"backend {RUNTIME}: expected a weights file")
    if device is not None and str(device) != "cpu":
        raise UsageError(f"backend {RUNTIME} computes on the CPU: expected no device {device}")
    if precision == BFLOAT16:
        raise UsageError(f"backend {RUNTIME} computes in float: expected no precision {precision}")


def with_names(network: RuntimeNetwork, names: Names, exif: bool) -> Network:
    """Return a network with class names, if any are given, and what to do with photographs."""
    network.names = class_names(names) or network.names
    if doubt := doubtful_names(network, names):
        note(doubt)
    network.exif = exif and network.exif
    network.get_ready(many=True)
    return cast("Network", network)
