"""What of a network a weights file does not hold, and a training resumes from."""

from __future__ import annotations

from torch import Tensor

from ..modules.recurrent import Recurrent
from ..network import Network
from .update_rules import UpdateRule


def saved_names(network: Network) -> set[str]:
    """Return the names of the arrays that a weights file holds."""
    return {
        f"stack.{node.index}.{array.path}"
        for node, module in zip(network.nodes, network.stack, strict=True)
        if not node.layer.dontsave
        for array in node.layer.weight_arrays(module)
    }


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
        f"recurrent.{number}.{name}": state
        for name, module in network.named_modules()
        if isinstance(module, Recurrent)
        for number, state in enumerate(module.state or ())
    }


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
