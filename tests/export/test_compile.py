"""Networks as compiled forms: which have one, and that engines load what is written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import recording

from pydarknet.errors import DataError
from pydarknet.export import compile as module
from pydarknet.export.compile import can_compile, compile_network
from pydarknet.load import load_network
from pydarknet.runtime.about import about_of
from pydarknet.runtime.engine import ENGINES
from pydarknet.runtime.exported import Exported
from pydarknet.runtime.forms import ARRAYS, MODEL
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
IMAGE = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)


@pytest.fixture
def network():
    """Return the network of a recording."""
    folder = recording("infer_pj_yolov3_a")
    return load_network(
        folder / "net.cfg", folder / "net.weights", dialect="pjreddie", device="cpu"
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_loads_what_was_written(network, engine, tmp_path):
    pytest.importorskip({"opencv": "cv2"}.get(engine, engine))

    about = about_of(json.loads(json.dumps(compile_network(network, engine, tmp_path))))

    assert (tmp_path / ARRAYS).exists() == (engine == "onnxruntime")
    file = RuntimeNetwork(Exported(tmp_path / MODEL, engine, about=about))
    ours, theirs = (one.detect(IMAGE, 0.0437, 0) for one in (network, file))
    assert len(ours) == len(theirs) > 10
    np.testing.assert_allclose(ours.scores.numpy(), theirs.scores, atol=1e-4)


def test_what_differs_is_refused(network, tmp_path, monkeypatch):
    engine = module.open_engine

    class Wrong:
        def __init__(self, *given, **how):
            self.engine = engine(*given, **how)
            self.name = self.engine.name

        def run(self, *given):
            return [one + 0.5 for one in self.engine.run(*given)]

    monkeypatch.setattr(module, "open_engine", Wrong)

    with pytest.raises(DataError, match="largest difference 5"):
        compile_network(network, "onnxruntime", tmp_path)


def test_detectors_and_classifiers_of_images_have_one(net, network):
    softmax = net("[connected]\noutput=4\nactivation=linear\n\n[softmax]\n", h=2, w=2)
    softmax.initialize()

    assert can_compile(network, boxes=True)
    assert not can_compile(network, boxes=False)
    assert can_compile(softmax, boxes=False)
    assert not can_compile(softmax, boxes=True)


def test_recurrent_and_large_networks_and_vectors_have_none(net, network, monkeypatch):
    recurrent = net("[rnn]\noutput=4\nhidden=4\nbatch_normalize=0\n", inputs=4)
    vector = net("[connected]\noutput=4\nactivation=linear\n\n[softmax]\n", inputs=4)
    for one in (recurrent, vector):
        one.initialize()
        assert not can_compile(one, boxes=False)

    monkeypatch.setattr(module, "LARGEST", 1000)
    assert not can_compile(network, boxes=True)
