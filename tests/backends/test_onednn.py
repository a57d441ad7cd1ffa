"""oneDNN's convolutions compute what torch's do."""

from __future__ import annotations

import sys

import pytest
import torch

from pydarknet.backends import onednn
from pydarknet.backends.onednn import SAME, Packing, direct_convolution, torch_convolution
from pydarknet.modules.activations import words


def test_this_torch_has_the_operators():
    assert onednn.operators_work()


@pytest.mark.parametrize("word", words("alexeyab"))
@pytest.mark.parametrize("place", [onednn.SAME, ((0, 1), (2, 1), (1, 1), 2)], ids=["same", "other"])
def test_every_activation_and_place_is_the_same(word, place):
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, 9, 7, generator=draws).to(memory_format=torch.channels_last)
    weights = torch.randn(6, 4 // place[3], 3, 3, generator=draws)
    bias = torch.randn(6, generator=draws)

    with torch.inference_mode():
        y = direct_convolution(weights, bias, place, word)(x)
        expected = torch_convolution(weights, bias, place, word)(x)

    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)


def maps(images, channels=256):
    """Return maps of 13 x 13 with channels last."""
    return torch.randn(images, channels, 13, 13).to(memory_format=torch.channels_last)


@pytest.fixture
def threads():
    """Restore the number of threads, which a test changes."""
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def run_all(convolve, channels):
    """Convolve one image and several, on one thread and on two."""
    for count in (2, 1):
        torch.set_num_threads(count)
        for images in (1, 4):
            convolve(maps(images, channels))


def test_no_call_puts_weights_in_another_order(threads, capfd):
    point = ((0, 0), (1, 1), (1, 1), 1)
    convolve = direct_convolution(torch.randn(512, 256, 1, 1), torch.randn(512), point, "leaky")
    with torch.inference_mode():
        run_all(convolve, 256)
        with torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
            run_all(convolve, 256)

    told = capfd.readouterr().out  # oneDNN's own
    assert told.count("exec,cpu,convolution") == 4
    assert "reorder" not in told


def test_weights_of_one_order_are_packed_into_one_copy(threads):
    packing = Packing(torch.randn(64, 32, 3, 3), SAME)

    run_all(packing, 32)

    assert len(packing.found) == 4
    assert len({id(one) for one in packing.found.values()}) == len(packing.orders)


def test_weights_that_can_be_made_anew_are_not_kept(threads):
    made = []

    def weights():
        made.append(torch.randn(64, 32, 3, 3))
        return made[-1]

    packing = Packing(weights, SAME)
    run_all(packing, 32)
    run_all(packing, 32)

    assert len(made) == 4, "once for each form"
    assert all(sys.getrefcount(one) <= 3 for one in made), "by the list, the loop and the call"


def test_a_torch_that_tells_no_order_packs_for_each_form(threads, monkeypatch):
    monkeypatch.setattr(onednn, "order_of", lambda packed: b"")
    packing = Packing(torch.randn(64, 32, 3, 3), SAME)

    run_all(packing, 32)
    run_all(packing, 32)

    assert len(packing.orders) == 4
