"""Any change of what modules hold is noticed."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from pydarknet.backends.values import Values


def modules() -> nn.Sequential:
    """Return two small layers, of which the second has a norm with buffers."""
    return nn.Sequential(nn.Linear(30, 4), nn.BatchNorm1d(4))


CHANGES = {
    "written to": lambda n: n[0].weight.detach().add_(1),
    "written to where no sample is": lambda n: n[0].weight.detach()[0, 1].add_(1),
    "the last buffer written to": lambda n: n[1].num_batches_tracked.add_(1),
    "other memory": lambda n: setattr(n[0].bias, "data", n[0].bias.detach().clone()),
    "another parameter": lambda n: setattr(n[0], "bias", copy.deepcopy(n[0].bias)),
    "no parameter": lambda n: setattr(n[0], "bias", None),
    "another buffer": lambda n: setattr(n[1], "running_mean", n[1].running_mean.clone()),
    "another module": lambda n: n.__setitem__(1, copy.deepcopy(n[1])),
    "one module less": lambda n: n.__delitem__(1),
    "one module more": lambda n: n.append(nn.Identity()),
    "one buffer more": lambda n: n[1].register_buffer("more", torch.ones(1)),
    "two exchanged": lambda n: n[0]._parameters.update(bias=n[0].weight, weight=n[0].bias),
    "written to unseen": lambda n: n[1].running_var.data.mul_(2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_is_noticed(change):
    network = modules()
    values = Values(network.modules())
    assert not values.changed

    change(network)

    assert values.changed


def test_use_changes_nothing():
    network = modules().eval()
    values = Values(network.modules())

    with torch.no_grad():
        network(torch.rand(2, 30))

    assert not values.changed


def test_what_is_empty_is_not_asked():
    network = nn.Sequential(nn.Identity(), nn.ReLU())

    assert Values(network.modules()).holders == [network._modules]
