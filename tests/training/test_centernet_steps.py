"""[centernet] learns as a plain loop of torch around the official loss: record_centernet.py."""

from __future__ import annotations

import numpy as np
import pytest
import record_centernet
import torch
from conftest import HERE

from pydarknet.ports.import_arrays import import_stored
from pydarknet.ports.layouts import Layout, one
from pydarknet.ports.stored import Stored
from pydarknet.training.learner import Learner

RECORDED = np.load(HERE / "reference" / "centernet" / "steps.npz")
SIDE = record_centernet.SIDE
NORMALISED = "[{}]\nbatch_normalize=1\nfilters={}\nsize={}\nstride=2\n{}\nactivation=relu\n"
BODY = "".join(NORMALISED.format("convolutional", n, 3, "pad=1") for n in (8, 16, 16))
BODY += NORMALISED.format("deconvolutional", 16, 4, "padding=1")
TOWER = "[convolutional]\nfilters=8\nsize=3\npad=1\nactivation=relu\n"
LAST = "[convolutional]\nfilters={}\nsize=1\nactivation=linear\n"
HEADS = "[route]\nlayers=3\n".join(TOWER + LAST.format(n) for n in record_centernet.CHANNELS)
CFG = f"{BODY}{HEADS}[route]\nlayers=-7,-4,-1\n[centernet]\nclasses=3\n"
OPTIONS = (
    f"batch={record_centernet.IMAGES}\nmomentum={record_centernet.MOMENTUM}\nmax_batches=1000\n"
    f"decay={record_centernet.DECAY}\nlearning_rate={record_centernet.RATE}\n"
)
PLACES = ("0", "1", "2", "3", *(f"heads.{head}.{n}" for head in range(3) for n in (0, 2)))
FORMS = (one("convs.{place}", "norms.{place}"), one("{place}"))
LAYOUT = Layout("recorded", 1e-5, FORMS, PLACES)


@pytest.mark.parametrize("parts", record_centernet.PARTS)
def test_losses_are_those_of_the_official_loss(net, tmp_path, one_thread, parts):
    network = net(CFG, h=SIDE, w=SIDE, options=f"{OPTIONS}subdivisions={parts}\n")
    import_stored(network, stored(), LAYOUT, tmp_path)
    learner = Learner(network, seed=1)

    losses = []
    for number in range(record_centernet.STEPS):
        images, truth = record_centernet.step_of(number)
        rows = np.concatenate([truth[:, :, 1:] / SIDE, truth[:, :, :1]], 2)
        losses.append(learner.learn(torch.from_numpy(images), torch.from_numpy(rows)).loss)

    assert losses == pytest.approx(RECORDED[f"losses_{parts}"].tolist(), rel=1e-4)


def stored() -> dict[str, Stored]:
    """Return the recorded network's first values."""
    pairs = zip(RECORDED["names"], RECORDED["shapes"].tolist(), strict=True)
    shapes = {str(name): tuple(n for n in shape if n) for name, shape in pairs}
    return {
        name: Stored(value.shape, "F32", lambda value=value: value)
        for name, value in record_centernet.values_of(shapes).items()
    }
