"""The learning rate of every policy, beside what the C programs give."""

from __future__ import annotations

import json
import math

import pytest
from conftest import HERE

from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import sections_of
from pydarknet.training.schedule import learning_rate

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}


def net(options: str, lineage: str = "pjreddie") -> Net:
    """Return a [net] section of rate 0.01 and 1000 batches."""
    head = "[net]\nwidth=8\nheight=8\nchannels=3\nlearning_rate=.01\nmax_batches=1000\n"
    return Net.read(sections_of(head + options, "net.cfg")[0], lineage)


def recorded() -> list[tuple[str, str, list[list[float]]]]:
    """Return lineage, options and pairs of batch and rate of every recording."""
    found = []
    for fork, lineage in LINEAGES.items():
        file = HERE / "reference" / "train_misc" / f"lr_policies_{fork}.json"
        for case in json.loads(file.read_text()).values():
            found.append((lineage, case["net_options"], case["rates"]))
    return found


@pytest.mark.parametrize(("lineage", "options", "rates"), recorded())
def test_the_rate_is_the_c_programs(lineage, options, rates):
    section = net(options, lineage)

    ours = [learning_rate(section, batch) for batch, _ in rates]

    assert ours == pytest.approx([rate for _, rate in rates], rel=1e-5, abs=1e-12)


def test_a_random_rate_is_a_power_of_a_draw():
    assert learning_rate(net("policy=random\npower=2"), 5, chance=0.5) == 0.0025  # .01 * .5 ** 2


def test_burn_in_comes_before_the_policy():
    assert learning_rate(net("policy=random\nburn_in=10"), 5, chance=0.5) == 0.01 * 0.5**4


@pytest.mark.parametrize(("lineage", "rate"), [("pjreddie", 0.01), ("alexeyab", 0.001)])
def test_a_negative_step_is_reached_in_the_fork_alone(lineage, rate):
    assert learning_rate(net("policy=steps\nsteps=-1\nscales=.1", lineage), 1) == rate


@pytest.mark.parametrize("options", ["policy=exp\ngamma=2", "policy=step\nstep=1\nscale=2"])
def test_a_rate_too_large_for_a_number_is_infinite(options):
    assert learning_rate(net(options), 2000) == math.inf  # 2^2000
