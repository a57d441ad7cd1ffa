"""What of a network a weights file does not hold, and a training resumes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from torch import Tensor

from ..modules.recurrent import Recurrent
from ..network import Network
from .ema import MovingAverage
from .update_rules import UpdateRule

RECURRENT: Final = "recurrent."  # before the names of states, [sequences, ...]


def saved_names(network: Network) -> set[str]:
    """Return the names of the arrays that a weights file holds."""
    return {
        f"stack.{node.index}.{array.path}"
        for node, module in zip(network.nodes, network.stack, strict=True)
        if not node.layer.dontsave
        for array in node.layer.weight_arrays(module)
    }


def tensors_of(network: Network, optimizer: UpdateRule, moving: MovingAverage) -> dict[str, Tensor]:
    """Return what a training needs besides its weights file, each with its kind before its name."""
    arrays = network.state_dict()
    averages = {f"moving.{name}": value for name, value in moving.values.items()}
    unsaved = {
        f"array.{name}": arrays[name] for name in sorted(arrays.keys() - saved_names(network))
    }
    return averages | momenta(network, optimizer) | unsaved | recurrent_states(network)


def momenta(network: Network, optimizer: UpdateRule) -> dict[str, Tensor]:
    """Return the tensors of an optimiser as `optimizer.KEY.PARAMETER`."""
    return {
        f"optimizer.{key}.{name}": value
        for name, parameter in network.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def recurrent_states(network: Network) -> dict[str, Tensor]:
    """Return the states of recurrent modules as `recurrent.NUMBER.MODULE`."""
    return {
        f"{RECURRENT}{number}.{name}": state
        for name, module in network.named_modules()
        if isinstance(module, Recurrent)
        for number, state in enumerate(module.state or ())
    }


def restore_tensors(
    tensors: Mapping[str, Tensor], network: Network, optimizer: UpdateRule, moving: MovingAverage
) -> None:
    """Take over what `tensors_of` returned; names of other kinds are left out."""
    restorers: dict[str, Callable[[str, Tensor], None]] = {
        "moving": partial(restore_average, network, moving),
        "array": partial(restore_array, network),
        "optimizer": partial(restore_momentum, network, optimizer),
        "recurrent": partial(restore_recurrent, network),
    }
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind in restorers:
            restorers[kind](rest, value)


def restore_average(network: Network, moving: MovingAverage, name: str, value: Tensor) -> None:
    """Take over a moving average."""
    moving.values[name] = value.to(network.device)


def restore_array(network: Network, name: str, value: Tensor) -> None:
    """Take over an array of a network."""
    network.state_dict()[name].copy_(value)


def restore_momentum(network: Network, optimizer: UpdateRule, name: str, value: Tensor) -> None:
    """Take over a tensor of an optimiser, `KEY.PARAMETER`; `step` stays on the CPU."""
    key, _, parameter = name.partition(".")
    device = value.device if key == "step" else network.device
    optimizer.state[network.get_parameter(parameter)][key] = value.to(device)


def restore_recurrent(network: Network, name: str, value: Tensor) -> None:
    """Take over a state of a recurrent module, `NUMBER.MODULE`; their numbers ascend."""
    _, _, path = name.partition(".")
    module = network.get_submodule(path)
    assert isinstance(module, Recurrent)
    module.state = (*(module.state or ()), value.to(network.device))
