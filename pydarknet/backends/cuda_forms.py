"""Which form of its convolutions is fastest for a network on this GPU, by measurement.

That depends on the GPU, on cuDNN and on the precision. So the network is recorded in each form at
its first recording, and the recordings are timed by turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ..graph.executor import Executor
from .choices import may_measure
from .cuda import CHANNELS_LAST, PLAIN, CudaConv, Form, first_form
from .measurement import Watch
from .recorder import Record, Run

GAIN = 1.03  # times as fast a form must be as the first


class FastestForm:
    """Records a network by `record`; at the first time in all forms, and keeps the fastest.

    The form stays, as other recordings read its weights. `tune` says whether to measure; see
    `choices.may_measure`.
    """

    def __init__(self, record: Record, tune: bool | None = None) -> None:
        self.record, self.tune = record, tune
        self.chosen: Form | None = None

    def __call__(self, network: Executor, images: Tensor) -> Run:
        """Return the recording for images of a size; raises what `record` raises."""
        convolutions = [one for one in network.stack.modules() if isinstance(one, CudaConv)]
        if self.chosen or not convolutions or not may_measure(self.tune):
            return self.record(network, images)
        forms = forms_of(convolutions)
        runs = {forms[0]: self.record(network, images)}
        for form in forms[1:]:
            use(convolutions, form)
            try:
                runs[form] = self.record(network, images)
            except RuntimeError:  # too little memory for both, or torch lacks the kernel
                continue
        self.chosen = fastest(runs, images)
        use(convolutions, self.chosen, alone=True)
        return runs[self.chosen]


def forms_of(convolutions: list[CudaConv]) -> list[Form]:
    """Return the forms that may be fastest, the first form first."""
    half = convolutions[0].weights.dtype is torch.float16
    first = first_form(convolutions[0].weights.dtype)
    if not half:
        return [first, CHANNELS_LAST if first == PLAIN else PLAIN]
    padded, fused = replace(first, padded=True), replace(first, fused=True)
    forms = [first, padded, fused, replace(padded, fused=True)]
    distinct = {tuple(one.nearest(form) for one in convolutions): form for form in forms[::-1]}
    return [form for form in forms if form in distinct.values()]


def use(convolutions: list[CudaConv], form: Form, *, alone: bool = False) -> None:
    """Let convolutions compute in a form from now on; streams of other threads may read it."""
    for one in convolutions:
        one.choose(form, alone=alone)
    if convolutions[0].weights.is_cuda:
        torch.cuda.current_stream(convolutions[0].weights.device).synchronize()


def fastest(runs: dict[Form, Run], images: Tensor) -> Form:
    """Return the form whose recording takes least, or the first if the others gain too little."""
    first, *_ = runs
    if len(runs) == 1:
        return first

    def run_to_end(run: Run) -> Callable[[], object]:
        def work() -> None:
            run(images)
            if images.is_cuda:
                torch.cuda.current_stream(images.device).synchronize()

        return work

    least = Watch(threads=1).best_times(
        {form: run_to_end(run) for form, run in runs.items()}, every=True
    )
    best = min(least, key=least.__getitem__)
    return best if least[first] >= GAIN * least[best] else first
