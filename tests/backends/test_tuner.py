"""The ways of convolutions are measured once a machine, and used where the network gains."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import forget_choices

from pydarknet.backends import measurement, tuner, verdicts
from pydarknet.backends.graph_runner import FusedGraphs
from pydarknet.backends.measurement import Watch
from pydarknet.backends.packed_conv import PackedConv
from pydarknet.backends.ways import WAYS, Way
from pydarknet.system.alike import compute_alike

CONV = "[convolutional]\nfilters=16\nsize=3\npad=1\nactivation=leaky\n"
BEST_TIMES = Watch.best_times
IMAGES = torch.rand(1, 16, 8, 8)


@pytest.fixture(autouse=True)
def tuning(cache, monkeypatch):
    """Measure and keep, and count the measurements; winograd4 is always the fastest way."""
    monkeypatch.setenv("PYDARKNET_TUNE", "on")
    forget_choices()
    counted = []

    def times(watch, task, x, direct):
        counted.append(task.geometry)
        return {"direct": 2.0, "winograd4": 1.0}

    monkeypatch.setattr(tuner, "way_times", times)
    monkeypatch.setattr(Watch, "best_times", lambda *_, every: {"direct": 2.0, "tuned": 1.0})
    monkeypatch.setattr(Watch, "seconds_of", lambda *_: 1.0)
    monkeypatch.setattr(FusedGraphs, "__call__", lambda _, network, images: network.heads(images))
    yield counted
    forget_choices()


@pytest.fixture
def network(net):
    """Two convolutions of the same geometry."""
    return filled(net(CONV * 2, c=16, h=8, w=8))


def filled(network):
    network.initialize(torch.Generator().manual_seed(1))
    return network


def ways(network) -> list[list[str]]:
    return [list(m.ways.values()) for m in network.prepared().stack if isinstance(m, PackedConv)]


def run(network, *, many: bool, images: torch.Tensor = IMAGES) -> torch.Tensor:
    with torch.inference_mode():
        return network.prepared(many=many)(images)[-1].activated


def test_many_images_are_measured_at_the_first_batch(network, tuning):
    plain = network(IMAGES)[-1].activated
    y = run(network, many=True)

    assert len(tuning) == 1, "both convolutions are the same"
    assert ways(network) == [["winograd4"]] * 2
    torch.testing.assert_close(y, plain, rtol=1e-4, atol=1e-4)


def test_one_image_is_not_measured_and_the_second_is(network, tuning):
    run(network, many=False)
    assert not tuning
    assert ways(network) == [[], []]

    run(network, many=False)
    assert len(tuning) == 1
    assert ways(network) == [["winograd4"]] * 2


def images_measured(tuning) -> list[int]:
    return [int(geometry.split()[-2].split("x")[0]) for geometry in tuning]


def way_of(network, images: int) -> str:
    return network.prepared().stack[0].way(torch.Size((images, 16, 8, 8)))


def test_a_list_is_measured_once_it_is_long_enough_on_two_of_its_images(network, tuning):
    for _ in range(15):
        run(network, many=True, images=IMAGES.repeat(4, 1, 1, 1))
    assert not tuning

    run(network, many=True, images=IMAGES.repeat(4, 1, 1, 1))
    assert images_measured(tuning) == [2]
    assert way_of(network, 4) == way_of(network, 2) == "winograd4"


def test_one_that_shall_be_tuned_is_measured_at_its_first_batch(network, tuning):
    network.tune = True
    run(network, many=True, images=IMAGES.repeat(4, 1, 1, 1))

    assert images_measured(tuning) == [2]


def test_a_shorter_last_batch_has_the_ways_of_the_others(network, tuning):
    network.tune = True
    run(network, many=True, images=IMAGES.repeat(3, 1, 1, 1))
    run(network, many=True)

    assert images_measured(tuning) == [2]
    assert way_of(network, 1) == "winograd4"


def test_another_number_of_images_that_comes_again_is_measured(network, tuning):
    network.tune = True
    for _ in range(2):
        run(network, many=True, images=IMAGES.repeat(3, 1, 1, 1))
        run(network, many=True)
    run(network, many=True, images=IMAGES.repeat(5, 1, 1, 1))
    run(network, many=True, images=IMAGES.repeat(5, 1, 1, 1))

    assert images_measured(tuning) == [2, 1], "two images tell of five, too"


def test_the_ways_are_those_of_the_nearest_number_of_images(network):
    conv = network.prepared().stack[0]
    for images, way in ((1, "winograd2"), (2, "winograd4")):
        conv.choose(torch.Size((images, 16, 8, 8)), way)

    assert [way_of(network, images) for images in (1, 2, 3, 8)] == ["winograd2", *["winograd4"] * 3]
    assert conv.way(torch.Size((2, 16, 9, 8))) == "direct", "of another size"


def test_convolutions_that_take_little_are_direct(net, tuning, monkeypatch):
    seconds = iter([96.0, 1.9, 2.1])  # of 100; from 2 on other ways are tried
    monkeypatch.setattr(Watch, "seconds_of", lambda *_: next(seconds))
    sizes = "".join(CONV.replace("=16", f"={count}") for count in (32, 48, 64))
    network = filled(net(sizes, c=16, h=8, w=8))

    run(network, many=True)

    assert [geometry.split()[-2].split(">")[1] for geometry in tuning] == ["32", "64"]
    assert ways(network) == [["winograd4"], ["direct"], ["winograd4"]]


def test_the_next_process_uses_them_for_its_first_image(network, net, tuning):
    run(network, many=True)
    forget_choices()  # of this process; the file stays

    other = filled(net(CONV * 2, c=16, h=8, w=8))
    run(other, many=False)

    assert len(tuning) == 1
    assert ways(other) == [["winograd4"]] * 2


def test_another_number_of_threads_is_measured_anew(network, net, tuning):
    run(network, many=True)
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        run(filled(net(CONV * 2, c=16, h=8, w=8)), many=True)
    finally:
        torch.set_num_threads(before)

    assert len(tuning) == 2


def test_a_network_that_gains_too_little_stays_direct(network, net, monkeypatch, tuning):
    monkeypatch.setattr(Watch, "best_times", lambda *_, every: {"direct": 104, "tuned": 100})
    run(network, many=True)
    assert ways(network) == [["direct"]] * 2

    forget_choices()
    other = filled(net(CONV * 2, c=16, h=8, w=8))
    run(other, many=True)
    assert len(tuning) == 1, "that is known too"
    assert ways(other) == [["direct"]] * 2


def test_a_gain_that_convolutions_promise_is_looked_for_again(network, monkeypatch, tuning):
    rounds = iter([(1.0, 1.0), (1.0, 0.99), (0.9, 0.7)])  # seconds, of which 1.0 might be saved

    def best_times(*_, every):
        return dict(zip(("direct", "tuned"), next(rounds), strict=True))

    monkeypatch.setattr(Watch, "best_times", best_times)
    run(network, many=True)

    assert ways(network) == [["winograd4"]] * 2
    [verdict] = network.prepared().runner.settled.values()
    assert verdict.gain == pytest.approx(0.9 / 0.7, abs=1e-3)
    assert verdict.doubts == 0


def test_a_gain_that_is_not_found_is_looked_for_later(network, net, monkeypatch, tuning):
    monkeypatch.setattr(Watch, "best_times", lambda *_, every: {"direct": 2.0, "tuned": 2.0})
    found = []
    for hour in (0, 0.5, 2, 2.5, 4, 6, 8):
        forget_choices()
        monkeypatch.setattr(time, "time", lambda hour=hour: 1e9 + hour * verdicts.LATER)
        one = filled(net(CONV * 2, c=16, h=8, w=8))
        run(one, many=True)
        assert ways(one) == [["direct"]] * 2
        found.append((len(tuning), *(v.doubts for v in one.prepared().runner.settled.values())))

    assert found == [(1, 1), (1, 1), (2, 2), (2, 2), (3, 3), (3, 3), (3, 3)]


def test_a_gain_that_is_found_later_is_used_from_then_on(network, net, monkeypatch, tuning):
    monkeypatch.setattr(verdicts, "LATER", 0.0)
    with monkeypatch.context() as slow:
        slow.setattr(Watch, "best_times", lambda *_, every: {"direct": 2.0, "tuned": 2.0})
        run(network, many=True)
    for _ in range(2):
        forget_choices()
        other = filled(net(CONV * 2, c=16, h=8, w=8))
        run(other, many=True)
        assert ways(other) == [["winograd4"]] * 2
    assert len(tuning) == 2


def test_a_network_that_computes_something_else_stays_direct(network, monkeypatch):
    wrong = WAYS["direct"].make
    monkeypatch.setitem(
        WAYS, "winograd4", Way(lambda task: True, lambda task: lambda x: wrong(task)(x) * 1.1)
    )
    plain = network(IMAGES)[-1].activated

    torch.testing.assert_close(run(network, many=True), plain, rtol=1e-4, atol=1e-4)
    assert ways(network) == [["direct"]] * 2


def test_values_that_are_not_finite_decide_nothing_for_others(network, tuning):
    network.stack[1].biases.data.fill_(float("nan"))
    run(network, many=True)

    assert not tuner.choices().kept


def test_what_other_programs_disturb_is_neither_used_nor_kept(network, net, monkeypatch, tuning):
    with monkeypatch.context() as disturbed:
        disturbed.setattr(Watch, "disturbed", True)
        run(network, many=True)
    assert ways(network) == [["direct"]] * 2
    assert not tuner.choices().kept

    other = filled(net(CONV * 2, c=16, h=8, w=8))
    run(other, many=True)
    assert ways(other) == [["winograd4"]] * 2


def test_it_is_told_how_each_convolution_is_computed(network):
    run(network, many=True)

    size, *lines = tuner.ways_told(network.prepared())
    assert size.startswith("1x16x8x8: 2.00 times as fast as with direct convolutions")
    assert [line.split()[:2] for line in lines] == [["0", "winograd4"], ["1", "winograd4"]]
    assert "direct 2000.000 ms, winograd4 1000.000 ms" in lines[0]


@pytest.mark.parametrize("found", [3, "text", [1.0], {"direct": 10**400}, {"direct": None}])
def test_times_that_mean_nothing_are_not_told(network, found):
    run(network, many=True)
    [*_, task] = (task for _, _, task in tuner.tasks_of(network.prepared(), 1))
    tuner.choices().put(tuner.CONVOLUTION, {tuner.task_key(task): found})

    _, *lines = tuner.ways_told(network.prepared())

    assert all(line.rstrip().endswith("leaky") for line in lines)


def test_a_batch_of_nothing_has_no_result_and_is_not_measured(network, tuning):
    for _ in range(3):
        assert run(network, many=True, images=IMAGES[:0]).shape[0] == 0
    assert tuning == []


def test_off_means_direct(network, monkeypatch, tuning):
    run(network, many=True)
    network.tune = False
    network.refresh()
    for _ in range(3):
        run(network, many=True)

    assert len(tuning) == 1
    assert ways(network) == [[], []], "what is known is not used either"


def test_a_network_with_a_state_is_not_measured(net, tuning):
    network = filled(net("[rnn]\noutput=4\nhidden=4\nbatch_normalize=1\n", c=0, inputs=8))
    images = torch.rand(1, 8)
    for _ in range(3):
        run(network, many=True, images=images)

    assert not tuning
    assert network.prepared().runner is None


def test_threads_measure_once(network, tuning):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: run(network, many=True), range(8)))

    assert len(tuning) == 1
    for y in results:
        torch.testing.assert_close(y, results[0], rtol=1e-4, atol=1e-4)


def test_it_measures_in_earnest(network, monkeypatch, tuning):
    monkeypatch.setattr(tuner, "way_times", measurement.way_times)
    monkeypatch.setattr(Watch, "best_times", BEST_TIMES)
    plain = network(IMAGES)[-1].activated

    torch.testing.assert_close(run(network, many=True), plain, rtol=1e-3, atol=1e-3)

    [verdict] = network.prepared().runner.settled.values()
    assert verdict.gain > 0
    assert verdict.seconds > 0


def test_where_all_is_computed_alike_nothing_is_measured_or_taken_from_before(network, tuning):
    with compute_alike():
        plain = [run(network, many=True) for _ in range(3)]
    assert not tuning
    tuned = run(network, many=True)
    assert ways(network) == [["winograd4"]] * 2

    with compute_alike():
        again = run(network, many=True)

    assert all(torch.equal(one, plain[0]) for one in [*plain, again])
    assert not torch.equal(tuned, again), "Winograd's digits are others"
