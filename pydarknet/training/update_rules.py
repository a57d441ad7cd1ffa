"""SGD with momentum, and Adam: the arithmetic of torch.optim, and nothing of its Optimizer.

The first Optimizer of a process imports torch's compiler, which takes as long as torch itself.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

Group = dict[str, Any]  # "params": parameters; "lr", "weight_decay" and "bound" of their steps


class UpdateRule(ABC):
    """How gradients change groups of parameters; `state` holds a parameter's tensors by name."""

    def __init__(self, groups: list[Group]) -> None:
        self.param_groups = [{"lr": 0.0, "bound": math.inf, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = defaultdict(dict)

    def drop_gradients(self) -> None:
        """Let no parameter have a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Change all parameters that have a gradient."""
        for group in self.param_groups:
            moving = [one for one in group["params"] if one.grad is not None]
            self.change(moving, [one.grad for one in moving], group)

    @abstractmethod
    def change(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        """Change parameters of a group by their gradients."""


class Momentum(UpdateRule):
    """SGD, which adds a part of the step before to each step: torch.optim.SGD.

    A group's `bound` limits the sum of gradient and momentum.
    """

    def __init__(self, groups: list[Group], momentum: float) -> None:
        super().__init__(groups)
        self.momentum = momentum

    def change(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        before = [self.state[one].get("momentum_buffer") for one in parameters]
        if group["bound"] < math.inf:
            pairs = zip(gradients, before, strict=True)
            gradients = [self.within(group["bound"], *pair) for pair in pairs]
        sgd(
            parameters,
            gradients,
            before,
            weight_decay=group["weight_decay"],
            momentum=self.momentum,
            lr=group["lr"],
            dampening=0.0,
            nesterov=False,
            maximize=False,
        )
        for one, buffer in zip(parameters, before, strict=True):
            if buffer is not None:
                self.state[one]["momentum_buffer"] = buffer

    def within(self, bound: float, gradient: Tensor, before: Tensor | None) -> Tensor:
        """Return a gradient such that it and the momentum sum to no more than a bound either way.

        Darknet: src/shortcut_layer.c update_shortcut_layer_gpu (AlexeyAB)
        """
        carried = before * self.momentum if before is not None else torch.zeros_like(gradient)
        return (gradient + carried).clamp(-bound, bound) - carried


class Adam(UpdateRule):
    """Steps of gradients' averages over the roots of those of their squares: torch.optim.Adam."""

    def __init__(self, groups: list[Group], betas: tuple[float, float], eps: float) -> None:
        super().__init__(groups)
        self.betas, self.eps = betas, eps

    def change(self, parameters: list[Tensor], gradients: list[Tensor], group: Group) -> None:
        states = [self.state_of(one) for one in parameters]
        adam(
            parameters,
            gradients,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            amsgrad=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=self.eps,
            maximize=False,
        )

    def state_of(self, parameter: Tensor) -> dict[str, Tensor]:
        """Return the averages of a parameter, and on the CPU the number of its steps."""
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state
