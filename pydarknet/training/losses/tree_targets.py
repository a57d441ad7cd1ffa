"""What the classes of [region] should be: one of each slot, or in a tree a path up to its root."""

from __future__ import annotations

import torch
from torch import Tensor

from ...layers.region import Region
from ...modules.transfer import on_device
from .matcher import Matches


def class_targets(layer: Region, matches: Matches) -> tuple[Tensor, Tensor]:
    """Return the target of each class, and which classes have a delta, bool [K, classes].

    In a tree, targets are the true class and those above it. The classes with a delta are all
    members of their groups. Without a tree all classes have one.

    Darknet: src/region_layer.c delta_region_class
    """
    one_hot = matches.one_hot(layer.classes)
    if layer.hierarchy is None:
        return one_hot, torch.ones_like(one_hot)
    path = layer.hierarchy.paths(matches.classes)  # [K, depth], -1 above the root
    groups = on_device(layer.hierarchy.groups, one_hot.device)  # [classes]
    own_groups = torch.where(path >= 0, groups[path], -1)
    affected = multi_hot(own_groups, len(layer.hierarchy.sizes))[:, groups]
    return multi_hot(path, layer.classes), affected


def multi_hot(indices: Tensor, count: int) -> Tensor:
    """Return bool [K, count], true at the indices of each row; -1 is no index."""
    flags = torch.zeros(len(indices), count + 1, dtype=torch.bool, device=indices.device)
    # -1 becomes `count`, a column that is cut off
    return flags.scatter_(1, indices % (count + 1), True)[:, :count]
