"""The gradients of convolutions in training are torch's own."""

from __future__ import annotations

import forked
import pytest
import torch
import torch.nn.functional as F

from pydarknet.modules.ops import Conv
from pydarknet.training import conv_matmul
from pydarknet.training.conv_matmul import by_products, convolve, use_lean_convolutions
from pydarknet.training.learner import Learner

WAYS = [  # size, stride, padding, dilation, height and width
    (3, (1, 1), (1, 1), 1, (7, 5)),
    (3, (2, 2), (1, 1), 1, (8, 6)),
    (3, (2, 1), (0, 2), 1, (7, 9)),
    (3, (1, 1), (2, 2), 2, (6, 7)),
    (2, (2, 2), (0, 0), 1, (5, 5)),
    (5, (1, 3), (2, 2), 1, (9, 9)),
]


@pytest.mark.parametrize("way", [convolve, by_products])
@pytest.mark.parametrize("form", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("limit", [1, 2**12, 2**22])  # a row, some rows or images, all
@pytest.mark.parametrize(("size", "stride", "padding", "dilation", "side"), WAYS)
def test_gradients_are_those_of_conv2d(
    monkeypatch, size, stride, padding, dilation, side, limit, form, way
):
    monkeypatch.setattr(conv_matmul, "PATCHES", limit)
    draws = torch.Generator().manual_seed(1)
    made = (
        torch.randn(3, 4, *side, generator=draws),
        torch.randn(6, 4, size, size, generator=draws),
        torch.randn(6, generator=draws),
    )
    operands = [(t.to(memory_format=form) if t.dim() == 4 else t).requires_grad_() for t in made]

    y = way(*operands, stride, padding, dilation, 1)
    delta = torch.randn(y.shape, generator=draws)
    found = torch.autograd.grad(y, operands, delta)

    expected = F.conv2d(*operands, stride, padding, dilation, 1)
    torch.testing.assert_close(y, expected)
    wanted = torch.autograd.grad(expected, operands, delta)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("way", [convolve, by_products])
def test_only_what_is_asked_for_is_computed(way):
    x, weights = torch.randn(1, 2, 4, 4), torch.randn(3, 2, 3, 3, requires_grad=True)

    way(x, weights, None, (1, 1), (1, 1), 1, 1).sum().backward()

    assert x.grad is None
    assert weights.grad is not None


@pytest.mark.parametrize(("processor", "used"), [("AVX2", True), ("AVX512", False)])
def test_products_are_used_where_they_are_faster(net, monkeypatch, processor, used):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    conv = "[convolutional]\nfilters=16\nactivation=linear\npad=1\n"
    sizes = ("size=3\n", "size=3\ngroups=2\n", "size=1\n", "size=3\nstride=2\n")
    network = net("".join(conv + size for size in sizes), c=3, h=8, w=8)

    use_lean_convolutions(network)

    found = [m.convolve is by_products for m in network.modules() if isinstance(m, Conv)]
    assert found == [False, False, False, used]  # of 3 channels, of groups, of one cell


@pytest.mark.parametrize(
    ("channels", "stride", "used"),
    [(3, 2, True), (12, 32, True), (3, 1, False), (8, 2, False), (64, 2, False)],
)
def test_it_is_used_where_onednn_writes_beyond_its_memory(net, channels, stride, used):
    text = f"[convolutional]\nsize=1\nstride={stride}\nfilters=4\nactivation=linear\n"
    network = net(text, c=channels, h=64, w=64)

    use_lean_convolutions(network)

    assert (network.stack[0].convolve is by_products) == used


STRIDED = """
import torch
from pydarknet.training.conv_matmul import avoid_bad_gradients
from pydarknet.modules.ops import Conv
from pydarknet.training.conv_matmul import use_lean_convolutions
torch.set_num_threads(1)
for mixed, use in (False, use_lean_convolutions), (True, avoid_bad_gradients):
    conv = Conv(3, 16, 1, stride=(32, 32), padding=(0, 0))
    torch.nn.init.ones_(conv.weights), torch.nn.init.zeros_(conv.biases)
    use(torch.nn.ModuleList([conv]))
    x = torch.ones(8, 3, 416, 416).contiguous(memory_format=torch.channels_last)
    for _ in range(5):
        conv.weights.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            y = conv(x)
        y.sum().backward()
    print(mixed, conv.weights.grad.unique().tolist(), flush=True)
"""


def test_strided_points_of_three_channels_learn():
    done = forked.run("-c", STRIDED)

    told = "False [1352.0]\nTrue [1352.0]\n"  # 8 * 13 * 13, at full and in mixed precision
    assert (done.returncode, done.stdout) == (0, told), done.stderr


def test_learners_on_a_cpu_use_them_at_full_precision(net):
    text = "[convolutional]\nfilters=16\nsize=3\nactivation=linear\n"
    for amp, expected in ((None, True), (torch.bfloat16, False)):
        network = net(text + text, c=16, h=8, w=8, options="batch=1")
        network.initialize(torch.Generator().manual_seed(1))
        Learner(network, seed=1, amp=amp)
        own = {convolve, by_products}
        assert all(
            (m.convolve in own) == expected for m in network.modules() if isinstance(m, Conv)
        )


def test_mixed_precision_computes_in_float32_what_onednn_writes_beyond_its_memory_for(net):
    conv = "[convolutional]\nsize=1\nstride=2\nfilters=16\nactivation=linear\n"
    network = net(conv + conv, c=3, h=8, w=8, options="batch=1")
    network.initialize(torch.Generator().manual_seed(1))

    Learner(network, seed=1, amp=torch.bfloat16)

    with torch.autocast("cpu", torch.bfloat16):
        first, second = network.trace(torch.rand(1, 3, 8, 8))
    assert (first.dtype, second.dtype) == (torch.float32, torch.bfloat16)
