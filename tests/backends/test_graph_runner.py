"""A network becomes a graph where enough images of a size come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import forget_choices, recording

import pydarknet
from pydarknet.backends import graph_runner
from pydarknet.backends.graph_runner import KIND, LATER, LATEST, MOST, FusedGraphs, fastest
from pydarknet.backends.measurement import Watch
from pydarknet.network import Network

CONV = "[convolutional]\nfilters=8\nsize=3\npad=1\nactivation=leaky\n"
IMAGES = torch.rand(1, 3, 16, 16)


@pytest.fixture
def network(net) -> Network:
    """Return a small network with values."""
    network = net(CONV)
    network.initialize(torch.Generator().manual_seed(1))
    return network


@pytest.fixture
def made(monkeypatch) -> list[torch.Size]:
    """Return the sizes of which graphs are made; each doubles what the network gives."""
    sizes: list[torch.Size] = []

    def fused_graph(fast, images, *, direct):
        sizes.append(images.shape)
        return lambda images: fast.heads(images) * (3 if direct else 2)

    monkeypatch.setattr(graph_runner, "fused_graph", fused_graph)
    take(monkeypatch, "graph")
    return sizes


@pytest.fixture(autouse=True)
def choices_of_its_own(cache, monkeypatch):
    """Keep what is fastest in a cache of its own, and make graphs at the second of many batches."""
    monkeypatch.setattr(graph_runner, "LATEST", 2)
    forget_choices()
    yield
    forget_choices()


def take(monkeypatch, name: str | None) -> list[set[str]]:
    """Let a form be the fastest, and return which forms were compared."""
    asked: list[set[str]] = []

    def fastest(runs, images):
        asked.append(set(runs))
        return name

    monkeypatch.setattr(graph_runner, "fastest", fastest)
    return asked


def measure(network: Network) -> Network:
    """Let the fast form of a network measure graphs, though not ways, and return it."""
    fast = network.prepared()
    fast.runner.graphs.may_measure = True
    return fast


def run(network: Network, times: int, *, many: bool, images: torch.Tensor = IMAGES) -> int:
    """Run a network some times, and return how many heads it gave the last time."""
    with torch.inference_mode():
        for _ in range(times):
            heads = network.prepared(many=many)(images)
    return len(heads)


def test_many_images_have_a_graph_later(network, made, monkeypatch):
    monkeypatch.setattr(graph_runner, "LATEST", LATEST)
    assert run(network, LATEST - 1, many=True) == 1
    assert run(network, 1, many=True) == 2


def test_many_images_have_a_graph_from_a_batch_on(network, made):
    assert run(network, 1, many=True) == 1
    assert run(network, 1, many=True) == 2
    assert len(made) == 1


def test_others_have_one_later(network, made):
    assert run(network, LATER - 1, many=False) == 1
    assert run(network, 2, many=False) == 2
    assert len(made) == 1


def test_each_size_has_its_own(network, made):
    for count in (1, 2, 1, 2):
        run(network, 2, many=True, images=torch.rand(count, 3, 16, 16))

    assert [size[0] for size in made] == [1, 2]


def test_each_number_of_threads_has_its_own(network, made):
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            run(network, 2, many=True)
    finally:
        torch.set_num_threads(before)

    assert len(made) == 2


def test_a_few_are_kept(network, made):
    for count in range(1, MOST + 3):
        run(network, 2, many=True, images=torch.rand(count, 3, 16, 16))

    kept = network.prepared().runner.graphs.graphs
    assert [size[0] for size, _ in kept] == list(range(3, MOST + 3))


def test_changed_values_have_a_new_graph(network):
    run(network, 3, many=True)
    with torch.no_grad():
        network.stack[0].biases.add_(1)

    with torch.inference_mode():
        for _ in range(3):
            [head] = network.prepared(many=True)(IMAGES)

    torch.testing.assert_close(head.activated, network(IMAGES)[0].activated, rtol=1e-4, atol=1e-4)


def test_where_there_is_none_the_layers_run(network, monkeypatch):
    tried = []

    def fused_graph(*_, **__):
        tried.append(1)
        raise RuntimeError("it cannot be made")

    monkeypatch.setattr(graph_runner, "fused_graph", fused_graph)

    assert run(network, 5, many=True) == 1
    assert len(tried) == 1


def test_layers_run_what_onednn_refuses_in_a_graph():
    folder = recording("infer_ab_grouped_a")
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    images = torch.rand(1, *network.input.tensor)

    with torch.inference_mode():
        for _ in range(3):
            heads = network.prepared(many=True)(images)
        expected = network.heads(images)

    for head, plain in zip(heads, expected, strict=True):
        torch.testing.assert_close(head.activated, plain.activated, rtol=1e-4, atol=1e-4)


def test_gradients_are_computed_by_layers(network, made):
    run(network, 3, many=True)
    images = IMAGES.clone().requires_grad_()

    heads = network.prepared(many=True)(images)

    assert len(heads) == 1
    assert heads[0].activated.requires_grad


def test_threads_make_one(network, made):
    network.prepared(many=True)
    runner = FusedGraphs()
    runner.many = True
    fast = network.prepared()

    def work(_: int) -> int:
        with torch.inference_mode():
            return len(runner(fast, IMAGES))

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(20)))

    assert len(made) <= 4, "one a form; a thread may have another number of threads"
    assert counts[-1] == 2


@pytest.mark.parametrize("many", [True, False])
def test_in_earnest_it_gives_the_same(network, many):
    expected = network(IMAGES)[0].activated

    run(network, LATER + 1, many=many)
    with torch.inference_mode():
        [head] = network.prepared(many=many)(IMAGES)

    torch.testing.assert_close(head.activated, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "heads"), [("graph", 2), ("direct graph", 3), ("layers", 1)])
def test_the_fastest_form_is_taken_and_kept(network, made, monkeypatch, name, heads):
    asked = take(monkeypatch, name)
    measure(network).stack[0].choose(IMAGES.shape, "winograd4")
    assert run(network, 2, many=True) == heads
    assert asked == [{"graph", "direct graph", "layers"}]

    forget_choices()  # of this process; the file stays
    made.clear()
    network.refresh()
    measure(network).stack[0].choose(IMAGES.shape, "winograd4")
    assert run(network, 2, many=True) == heads
    assert len(asked) == 1, "it is known"
    assert len(made) == (heads > 1)


def test_direct_convolutions_make_one_graph(network, made, monkeypatch):
    asked = take(monkeypatch, "graph")
    measure(network)

    run(network, 2, many=True)

    assert asked == [{"graph", "layers"}]


def test_several_at_once_are_not_measured_and_use_what_is_known(network, made, monkeypatch):
    asked = take(monkeypatch, "layers")
    measure(network)
    several = torch.rand(4, 3, 16, 16)

    assert run(network, 2, many=True, images=several) == 2
    assert not asked
    assert run(network, 2, many=True) == 1
    assert run(network, 2, many=True, images=torch.rand(2, 3, 16, 16)) == 1
    assert len(asked) == 1


def test_where_others_disturb_a_graph_is_taken_and_not_kept(network, made, monkeypatch):
    take(monkeypatch, None)
    measure(network)

    assert run(network, 2, many=True) == 2
    assert KIND not in graph_runner.choices().kept


def test_without_tuning_there_is_a_graph_and_nothing_is_measured(network, made, monkeypatch):
    asked = take(monkeypatch, "layers")
    network.tune = False

    assert run(network, 2, many=True) == 2
    assert not asked


@pytest.mark.parametrize(
    ("least", "name"),
    [({"graph": 1.04, "layers": 1.0}, "graph"), ({"graph": 1.06, "layers": 1.0}, "layers")],
)
def test_another_form_must_be_faster_by_more_than_chance(monkeypatch, least, name):
    monkeypatch.setattr(Watch, "best_times", lambda *_: least)

    assert fastest(dict.fromkeys(least, len), IMAGES) == name


def test_what_is_disturbed_tells_nothing(monkeypatch):
    monkeypatch.setattr(Watch, "disturbed", True)

    assert fastest({"graph": lambda _: [], "layers": lambda _: []}, IMAGES) is None
