"""`-backend auto`: the fastest of torch and other programs whose numbers are the same."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest
import torch
from conftest import forget_choices

from pydarknet.backends import fastest, tuner
from pydarknet.backends.choices import choices
from pydarknet.backends.fastest import (
    KIND,
    MOST,
    Chosen,
    Fastest,
    burst_seconds,
    choices_of,
    key_of,
)
from pydarknet.backends.programs import Program
from pydarknet.cli.main import main

CONV = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
IMAGES = torch.rand(1, 3, 8, 8)


@pytest.fixture(autouse=True)
def opened(cache, monkeypatch):
    """Let two programs be installed, `quick` and `wrong`; count which are opened and timed."""
    monkeypatch.setenv("PYDARKNET_TUNE", "on")
    monkeypatch.setattr(tuner, "measure", lambda *_: tuner.Verdict(1.0, False, 0.0))
    forget_choices()
    counted: Counter[str] = Counter()

    def program(name: str, more: float) -> Program:
        def record(network, images):
            counted[name] += 1
            return lambda images: [
                type(head)(head.node, head.raw + more, head.activated + more)
                for head in network.heads(images)
            ]

        return Program(record, ())

    def seconds(runs, images):
        counted["timed"] += 1
        return {name: {"torch": 3.0, "quick": 1.0, "wrong": 0.5}[name] for name in runs}

    several = {"quick": program("quick", 1e-6), "wrong": program("wrong", 1.0)}
    for module in (fastest, "pydarknet.backends.prepare"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.installed_programs", lambda: several)
    monkeypatch.setattr(fastest, "burst_seconds", seconds)
    yield counted
    forget_choices()


@pytest.fixture
def network(net):
    return filled(net(CONV, c=3, h=8, w=8))


def filled(network):
    network.initialize(torch.Generator().manual_seed(1))
    network.backend = "auto"
    return network


def run(network, *, many: bool, images: torch.Tensor = IMAGES) -> torch.Tensor:
    with torch.inference_mode():
        return network.prepared(many=many)(images)[-1].activated


def torch_s(network) -> torch.Tensor:
    """Return what the network gives without another program."""
    network.backend = None
    found = run(network, many=False)
    network.backend = "auto"
    return found


def test_the_fastest_of_those_that_agree_is_taken(network, opened):
    plain = torch_s(network)

    found = run(network, many=True)

    assert not torch.equal(found, plain), "another program computed it"
    torch.testing.assert_close(found, plain, rtol=0, atol=2e-6)
    [line] = choices_of(network.prepared())
    assert line == "1x3x8x8: backend quick: quick 1000.00 ms, torch 3000.00 ms"


def test_one_image_is_torchs_and_the_second_of_a_size_is_measured(network, opened):
    plain = torch_s(network)

    assert torch.equal(run(network, many=False), plain)
    assert not opened
    run(network, many=False)
    assert opened == {"quick": 1, "wrong": 1, "timed": 1}
    run(network, many=False)
    run(network, many=False)
    assert opened["timed"] == 1


def test_another_size_is_measured_when_it_comes_again(network, opened):
    two = IMAGES.repeat(2, 1, 1, 1)
    run(network, many=True)

    run(network, many=True, images=two)
    assert opened["timed"] == 1
    run(network, many=True, images=two)
    assert opened["timed"] == 2


def test_what_was_measured_is_known_to_the_next_process(network, net, opened):
    run(network, many=True)
    forget_choices()

    other = filled(net(CONV, c=3, h=8, w=8))
    run(other, many=True)

    assert opened == {"quick": 2, "wrong": 1, "timed": 1}
    assert isinstance(other.prepared().runner, Fastest)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"program": "quick"},
        {"program": "quick", "seconds": []},
        {"program": "quick", "seconds": {"torch": 1}},  # it was not timed
        {"program": "gone", "seconds": {"gone": 1}},
        {"program": ["quick"], "seconds": {"quick": 1}},
        {"program": "quick", "seconds": {"quick": "soon"}},
    ],
)
def test_what_no_choice_is_is_measured_anew(network, opened, said):
    choices().put(KIND, {key_of(network, IMAGES): said})

    run(network, many=True)

    assert opened["timed"] == 1


def test_layers_size_threads_and_versions_decide(network, net, monkeypatch):
    key = key_of(network, IMAGES)
    assert key == key_of(filled(net(CONV, c=3, h=8, w=8)), IMAGES)
    assert key != key_of(network, IMAGES.repeat(2, 1, 1, 1))
    assert key != key_of(filled(net(CONV.replace("leaky", "relu"), c=3, h=8, w=8)), IMAGES)

    monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    assert key != key_of(network, IMAGES)


def test_a_program_that_cannot_run_it_is_not_taken(network, opened, monkeypatch):
    def refuse(*_):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(fastest, "installed_programs", lambda: {"quick": Program(refuse, ())})
    plain = torch_s(network)

    assert torch.equal(run(network, many=True), plain)


def test_a_program_that_is_hardly_faster_is_not_taken(network, monkeypatch):
    monkeypatch.setattr(
        fastest, "burst_seconds", lambda runs, images: {"torch": 1.02, "quick": 1.0}
    )
    plain = torch_s(network)

    assert torch.equal(run(network, many=True), plain)
    assert "backend torch: quick 1000.00 ms" in choices_of(network.prepared())[0]


def test_a_network_that_keeps_a_state_is_torchs(net, opened):
    network = filled(net("[rnn]\noutput=3\nhidden=2\nactivation=tanh\n", inputs=4))

    for _ in range(3):
        run(network, many=True, images=torch.rand(1, 4))

    assert not opened
    assert choices_of(network.prepared()) == []


def test_gradients_are_torchs(network, opened):
    fast = network.prepared(many=True)
    images = IMAGES.clone().requires_grad_()

    [head] = fast(images)

    assert head.activated.requires_grad
    assert not opened


def test_changed_weights_are_seen(network):
    before = run(network, many=True)
    with torch.no_grad():
        network.stack[0].biases.add_(1)

    assert not torch.allclose(before, run(network, many=True))


def test_speed_tells_what_was_chosen(tmp_path, capsys):
    (tmp_path / "net.cfg").write_text(f"[net]\nwidth=8\nheight=8\nchannels=3\n{CONV}")
    words = ["speed", str(tmp_path / "net.cfg"), "3", "-nogpu", "-verbose"]

    assert main([*words, "-backend", "auto"]) == 0
    assert "1x3x8x8: backend quick: quick" in capsys.readouterr().out
    assert main(words) == 0
    assert "backend" not in capsys.readouterr().out


def test_a_choice_fits_into_json():
    said = json.loads(json.dumps({"program": "torch", "seconds": {"torch": 0.5}}))

    assert Chosen.read(said) == Chosen("torch", {"torch": 0.5})


def test_slow_programs_are_timed_in_one_burst(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(fastest, "BURST", 0.0)
    calls: Counter[str] = Counter()

    def runs(name: str, seconds: float):
        def run(images):
            calls[name] += 1
            time.sleep(seconds)
            return []

        return run

    least = burst_seconds({"quick": runs("quick", 0), "slow": runs("slow", 0.02)}, IMAGES)

    assert least["quick"] < least["slow"]
    assert calls == {"quick": 6, "slow": 2}  # a burst is a run that is timed after one that is not


def test_without_tuning_torch_runs_all(network, opened):
    network.tune = False
    plain = torch_s(network)

    for _ in range(3):
        assert torch.equal(run(network, many=True), plain)
    assert not opened


def test_a_few_opened_networks_are_kept(network, opened):
    for count in range(1, MOST + 3):
        for _ in range(2):
            run(network, many=True, images=IMAGES.repeat(count, 1, 1, 1))

    kept = network.prepared().runner.runs
    assert [size[0] for size in kept] == list(range(3, MOST + 3))
