"""The command import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.numbers import Range
from ...runtime.onnx_properties import is_onnx
from ...system.console import note
from ...system.files import write_errors, write_file
from ...system.text import count_of
from ..open_network import read_cfg
from ..operands import Cfg
from ..verbs import READ_CFG, Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

EPSILONS = Range(least=0, most=1)


@verb("import", uses=READ_CFG)
def import_weights(
    run: Run,
    cfg: Cfg,
    file: Annotated[
        Path, Help("a port's arrays, .safetensors or .npz, or an .onnx of `export onnx`")
    ],
    out: Annotated[Path, Help("the weights file to write", writes=True)],
    *,
    epsilon: Annotated[
        float | None,
        Help("that of the file's batch norms, if it is not the one its port uses", range=EPSILONS),
    ] = None,
) -> None:
    """Write a weights file from the weights that another program trained."""
    from ...ports.import_arrays import import_arrays

    network = read_cfg(run, cfg)
    if is_onnx(file):
        import_exported(network, file, out)
        return
    imported = import_arrays(network, file, epsilon)
    note(f"{file}: layout {imported.layout}: {count_of(imported.arrays, 'array')} imported")
    note(f"epsilon {imported.epsilon:g} of its batch norms became Darknet's 1e-05")
    if imported.rescaled:
        what = count_of(imported.rescaled, "variance")
        note(f"{what} would be negative: they are 0, and their scales make up for it")
    save(network, out)


def save(network: Network, out: Path) -> None:
    """Write a network's weights."""
    network.initialize()
    note(f"Saving weights to {out}")
    network.save_weights(out)


def import_exported(network: Network, file: Path, out: Path) -> None:
    """Write the weights file that was exported; if it is lost, one that computes the same."""
    from ...ports.onnx_file import import_onnx, original_weights, read_onnx

    held = read_onnx(file)
    content = original_weights(network, held)
    if content is None:
        imported = import_onnx(network, held)
        note(f"{file}: {count_of(imported.arrays, 'array')} imported, with batch norm folded in:")
        if held.precision == "half":
            note("-half rounded the weights that were exported; these compute what the file does")
        else:
            note("the file has lost the weights that were exported; these compute the same")
        save(network, out)
        return
    note(f"Saving weights to {out}: the bytes that were exported, by their SHA-256")
    with write_errors(out):
        write_file(out, content)
