"""A tape holds the operations of a run, which give the same again for another input."""

from __future__ import annotations

import forked
import pytest
import torch
from torch import nn

from pydarknet.backends.tape import Call, Place, record, replay, with_last_reads


def as_it_is(operation, *arguments, **keywords):
    """Run an operation."""
    return operation(*arguments, **keywords)


RUNS = {
    "one operation": lambda x: [x.relu()],
    "keywords": lambda x: [torch.add(x, x, alpha=3)],
    "a list of tensors": lambda x: [torch.cat([x, x * 2], 1)],
    "several results": lambda x: x.chunk(2, 1),
    "in place": lambda x: [(x + 1).mul_(2)],
    "views": lambda x: [x[:, 1:].flatten(1).add(x[:, :1].flatten(1).sum())],
    "the input": lambda x: [x, x + 1],
    "sizes": lambda x: [x.view(-1, x.shape[0]).t() if x.shape[0] % 2 else x],
    "indices": lambda x: [x[:, torch.tensor([2, 0])]],
    "tensors of its own": lambda x: [x + torch.ones(x.shape).mul_(3)],
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_another_input_gives_what_the_run_gives(run):
    calls, results = record(run, torch.rand(3, 4, 2))
    x = torch.rand(3, 4, 2)

    found = replay(calls, x, results, as_it_is)

    for y, expected in zip(found, run(x), strict=True):
        torch.testing.assert_close(y, expected, rtol=0, atol=0)


def test_no_module_and_no_look_at_sizes_is_left_of_a_network():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout()).eval()

    calls, _ = record(lambda x: [network(x)], torch.rand(2, 4))

    names = [call.operation._schema.name for call in calls]
    assert names == ["aten::addmm", "aten::relu"]


def test_what_was_there_before_is_not_copied():
    weights = torch.rand(3)

    [call], _ = record(lambda x: [x * weights], torch.rand(3))

    assert call.arguments[0] == Place(0)
    assert call.arguments[1].data_ptr() == weights.data_ptr()


def test_what_is_computed_of_it_alone_is_computed_once():
    weights = torch.rand(3)

    [call], _ = record(lambda x: [x * torch.exp(weights - weights.amax(0))], torch.rand(3))

    torch.testing.assert_close(call.arguments[1], (weights - weights.max()).exp())


def test_memory_is_freed_at_the_last_use():
    def run(x: torch.Tensor) -> list[torch.Tensor]:
        y = x + 1
        return [y * y + 2, y]

    calls, results = record(run, torch.rand(2))

    assert results == [3, 1]
    assert [call.done for call in calls] == [[0], [], [2]], "x, then y * y; y is a result"


def test_results_that_nobody_reads_are_freed_at_once():
    call = Call(torch.chunk, [Place(0), 2], {}, [1, 2], [])

    [freed] = with_last_reads([call], [1])

    assert freed.done == [0, 2]


REFUSED = {
    "a number": lambda x: [x * float(x.sum())],
    "places of values": lambda x: [x.nonzero()],
    "a mask": lambda x: [x[x > 0.5]],
    "chance": lambda x: [x + torch.rand(2)],
    "a write to another tensor": lambda x: [x + torch.ones(2).copy_(CONSTANT.add_(0))],
    "no input": lambda x: [CONSTANT],
}
CONSTANT = torch.ones(2)


@pytest.mark.parametrize("run", REFUSED.values(), ids=REFUSED)
def test_what_another_input_may_change_is_refused(run):
    with pytest.raises(RuntimeError):
        record(run, torch.rand(2))


def test_recording_does_not_import_torchs_compiler():
    code = (
        "import sys, torch; from pydarknet.backends.tape import record;"
        "record(lambda x: [x + 1], torch.ones(2)); assert 'torch._dynamo' not in sys.modules"
    )

    assert forked.run("-c", code).returncode == 0
