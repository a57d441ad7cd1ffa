"""Convolutions in training take the ways that are fastest on this machine."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from conftest import forget_choices

from pydarknet.backends.choices import choices
from pydarknet.backends.measurement import Watch
from pydarknet.modules.ops import Conv
from pydarknet.system.alike import compute_alike
from pydarknet.training import conv_ways
from pydarknet.training.conv_matmul import use_lean_convolutions
from pydarknet.training.conv_ways import FORMS, KIND, Measured, Measuring, use_measured_ways
from pydarknet.training.learner import Learner

CONV = "[convolutional]\nfilters=16\nsize=3\npad=1\nactivation=linear\n"
TILED = dict.fromkeys(("output", "of_input", "of_weights"), "tiles4")
KEY = f"{torch.get_num_threads()} threads: 16>16, 2^7-7-7 cells"


@pytest.fixture(autouse=True)
def timed(cache, monkeypatch):
    """Measure small convolutions too, and count that; tiles of 4 x 4 are always the fastest."""
    monkeypatch.setenv("PYDARKNET_TUNE", "on")
    monkeypatch.setattr(conv_ways, "LEAST", 0)
    counted: list[list[str]] = []

    def times(watch, runs):
        counted.append(list(runs))
        return {name: 1.0 if name == "tiles4" else 2.0 for name in runs}

    monkeypatch.setattr(Watch, "best_times", times)
    forget_choices()
    yield counted
    forget_choices()


@pytest.fixture
def conv() -> Conv:
    """A convolution that tiles may speed up."""
    made = Conv(16, 16, 3, padding=(1, 1))
    draws = torch.Generator().manual_seed(1)
    torch.nn.init.normal_(made.weights, generator=draws)
    torch.nn.init.normal_(made.biases, generator=draws)
    return made


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(2, 16, 8, 8, generator=torch.Generator().manual_seed(2)).requires_grad_()


def begun(conv: Conv) -> Measured:
    """Let a convolution measure now."""
    use_lean_convolutions(conv)
    use_measured_ways(conv).begun = True
    assert isinstance(conv.convolve, Measured)
    return conv.convolve


def names_of(measured: Measured) -> list[str]:
    """Return the tiles by which the parts of the only key are computed."""
    [ways] = measured.found.values()
    forms = {form.m: name for name, form in FORMS.items()}
    return [forms[way.keywords["form"].m] for way in ways if hasattr(way, "keywords")]


def test_each_part_is_measured_once_and_computed_in_its_fastest_way(conv, x, timed):
    measured = begun(conv)

    for _ in range(2):
        conv(x)

    assert timed == [["usual", "tiles2", "tiles4"]] * 3
    assert names_of(measured) == ["tiles4"] * 3
    assert choices().get(KIND, KEY) == TILED


def test_output_and_gradients_are_those_of_conv2d(conv, x):
    begun(conv)
    given = (x, conv.weights, conv.biases)

    y = conv(x)
    found = torch.autograd.grad(y.square().sum(), given)

    expected = F.conv2d(*given, padding=1)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)
    wanted = torch.autograd.grad(expected.square().sum(), given)
    for one, other in zip(found, wanted, strict=True):
        assert float((one - other).abs().max() / other.abs().max()) < 1e-5


def test_nothing_is_measured_before_memory_is_kept(conv, x, timed):
    use_measured_ways(conv)

    conv(x)

    assert timed == []
    assert conv.convolve.found == {}


def test_what_is_known_is_used_at_once(conv, x, timed):
    choices().put(KIND, {KEY: {**TILED, "of_input": "usual"}})
    use_measured_ways(conv)

    conv(x)

    assert timed == []
    assert names_of(conv.convolve) == ["tiles4"] * 2


@pytest.mark.parametrize("said", [1, {}, {**TILED, "output": "tiles9"}, {"output": "tiles2"}])
def test_what_a_file_holds_besides_is_measured_anew(conv, x, timed, said):
    choices().put(KIND, {KEY: said})
    begun(conv)

    conv(x)

    assert len(timed) == 3
    assert choices().get(KIND, KEY) == TILED


def test_a_disturbed_measurement_is_not_kept(conv, x, monkeypatch):
    monkeypatch.setattr(Watch, "disturbed", True)
    measured = begun(conv)

    conv(x)

    assert (measured.found, choices().get(KIND, KEY)) == ({}, None)


def test_tiles_that_compute_something_else_are_left_out(conv, x, monkeypatch):
    monkeypatch.setitem(conv_ways.TILED, "output", lambda x, weights, form: torch.zeros(()))
    measured = begun(conv)

    conv(x)

    assert names_of(measured) == ["tiles4"] * 2


def test_tiles_must_be_clearly_faster(conv, x, monkeypatch):
    monkeypatch.setattr(
        Watch, "best_times", lambda _, runs: {name: 1 + 0.04 * (name == "usual") for name in runs}
    )
    measured = begun(conv)

    conv(x)

    assert names_of(measured) == []


def test_small_ones_and_those_without_gradients_are_computed_as_usual(conv, x, timed, monkeypatch):
    measured = begun(conv)

    with torch.no_grad():
        conv(x)
    with compute_alike():
        conv(x)
    conv.double()(x.double())
    monkeypatch.setattr(conv_ways, "LEAST", 1 << 40)
    conv.float()(x)

    assert timed == []
    assert measured.found == {}


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ((16, 16, 3), True),
        ((15, 16, 3), False),
        ((16, 15, 3), False),
        ((16, 16, 5), False),
    ],
)
def test_only_what_tiles_may_speed_up_is_measured(given, may):
    conv = Conv(*given, padding=(1, 1))

    use_measured_ways(conv)

    assert isinstance(conv.convolve, Measured) == may


@pytest.mark.parametrize(
    "way", [{"stride": (2, 2)}, {"padding": (0, 1)}, {"groups": 2}, {"dilation": 2}]
)
def test_other_geometries_are_not(way):
    conv = Conv(32, 32, 3, **{"padding": (1, 1), **way})

    use_measured_ways(conv)

    assert not isinstance(conv.convolve, Measured)


def test_sizes_that_are_near_share_what_was_measured(conv, timed):
    begun(conv)

    for side in (40, 39, 38, 60):
        conv(torch.randn(2, 16, side, side).requires_grad_())

    assert len(timed) == 2 * 3


def test_small_maps_are_no_large_one(conv, timed):
    begun(conv)

    for images, side in ((4, 16), (1024, 1)):
        conv(torch.randn(images, 16, side, side).requires_grad_())

    assert len(timed) == 2 * 3


def test_what_is_not_finite_is_computed_as_usual_and_not_kept(conv, timed):
    measured = begun(conv)

    y = conv(torch.full((2, 16, 8, 8), float("inf")).requires_grad_())

    assert not y.isfinite().all()
    assert (timed, measured.found, choices().get(KIND, KEY)) == ([], {}, None)


def test_a_lack_of_memory_leaves_the_usual_way(conv, x, monkeypatch):
    def lack(*given, form):
        raise RuntimeError("can't allocate memory")

    monkeypatch.setitem(conv_ways.TILED, "of_weights", lack)
    measured = begun(conv)

    torch.testing.assert_close(conv(x), F.conv2d(x, conv.weights, conv.biases, padding=1))

    assert measured.found == {}


def test_a_measurement_that_says_nothing_is_tried_again_later(conv, x, monkeypatch, timed):
    monkeypatch.setattr(Watch, "disturbed", True)
    measured = begun(conv)

    for _ in range(12):
        conv(x)

    assert len(timed) == 2 * 3  # at the first and the tenth
    assert measured.found == {}


def test_copies_compute_the_same(conv, x):
    begun(conv)
    y = conv(x)

    for other in (copy.deepcopy(conv), pickle.loads(pickle.dumps(conv))):
        torch.testing.assert_close(other(x), y, rtol=0, atol=0)
        assert names_of(other.convolve) == ["tiles4"] * 3


@pytest.mark.parametrize("tune", [True, False])
def test_a_learner_measures_only_if_it_shall(net, tune):
    network = net(CONV, c=16, h=8, w=8, options="batch=1")
    network.initialize(torch.Generator().manual_seed(1))

    learner = Learner(network, seed=1, tune=tune)

    assert not learner.measuring.begun
    [conv] = [one for one in network.modules() if type(one) is Conv]
    assert isinstance(conv.convolve, Measured) == tune


def test_measuring_is_one_switch_for_a_network(net):
    network = net(CONV * 2, c=16, h=8, w=8)

    measuring = use_measured_ways(network)

    convs = [one.convolve for one in network.modules() if type(one) is Conv]
    assert [one.measuring is measuring for one in convs] == [True, True]
    assert measuring == Measuring(begun=False)
