"""[retina] and [ssd] learn as a loop of torch around torchvision's losses does.

The recorder is scripts/record_torchvision_networks.py.
"""

from __future__ import annotations

import numpy as np
import pytest
import record_torchvision_networks as recorder
import torch
from anchor_heads import HEIGHT, KINDS, WIDTH, Kind, truth_rows
from conftest import HERE

from pydarknet.modules.ops import Conv
from pydarknet.ports.import_arrays import import_stored
from pydarknet.ports.layouts import Layout, one
from pydarknet.ports.stored import Stored
from pydarknet.training.learner import Learner

RECORDED = np.load(HERE / "reference" / "anchor_heads" / "steps.npz")
CONVOLUTION = "[convolutional]\nfilters={}\nsize=3\nstride=2\npad=1\nactivation=relu\n"
MAP = "[convolutional]\nfilters={}\nsize=1\nactivation=linear\n"
OPTIONS = (
    f"batch={recorder.IMAGES}\nmomentum={recorder.MOMENTUM}\ndecay={recorder.DECAY}\n"
    f"max_batches=1000\nlearning_rate={recorder.RATE}\n"
)
PLACES = (*(f"convolutions.{k}" for k in range(3)), *(f"maps.{k}" for k in range(3)))
LAYOUT = Layout("recorded", 1e-5, (one("{place}"),), PLACES)


def cfg_of(kind: Kind) -> str:
    """Return the sections of the recorded network."""
    body = "".join(map(CONVOLUTION.format, recorder.WIDTHS))
    each = MAP.format(kind.anchors * (4 + kind.scores))
    pool = "[route]\nlayers={}\n[maxpool]\nsize=2\nstride=2\n"
    head = kind.text().partition(f"[{kind.name}]")[2].replace("layers=0,2,4", "layers=3,6,9")
    return f"{body}{each}{pool.format(2)}{each}{pool.format(5)}{each}[{kind.name}]{head}"


@pytest.mark.parametrize("subdivisions", [1, 4])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_losses_are_those_of_torchvision(net, tmp_path, one_thread, kind, subdivisions):
    options = f"{OPTIONS}subdivisions={subdivisions}\n"
    network = net(cfg_of(kind), h=HEIGHT, w=WIDTH, dialect="alexeyab", options=options)
    parts = (module for module in network.stack if isinstance(module, Conv))
    shapes = {
        f"{place}.{name}": tuple(values.shape)
        for place, part in zip(PLACES, parts, strict=True)
        for name, values in (("weight", part.weights), ("bias", part.biases))
    }
    arrays = {
        name: Stored(value.shape, "F32", lambda value=value: value)
        for name, value in recorder.values_of(shapes).items()
    }
    import_stored(network, arrays, LAYOUT, tmp_path)
    learner = Learner(network, seed=1)

    losses = []
    for number in range(recorder.STEPS):
        images, truth = recorder.step_of(number)
        losses.append(learner.learn(torch.from_numpy(images), truth_rows(truth)).loss)

    expected = RECORDED[f"{kind.name}.{subdivisions}"].tolist()
    assert losses == pytest.approx(expected, rel=1e-4)
