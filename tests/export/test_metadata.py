"""What a file says about itself."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import replace

import pytest

from pydarknet.boxes.settings import Limits
from pydarknet.export.layouts import choose_layout
from pydarknet.export.metadata import Facts, label_names, metadata
from pydarknet.runtime.about import KEY

LIMITS = Limits(thresh=0.25, nms=0.45)


@pytest.fixture
def facts(tmp_path) -> Facts:
    """Return the facts of a network that came from two files."""
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text("[net]\n")
    weights.write_bytes(b"weights")
    return Facts(cfg=str(cfg), weights=weights, letterbox=False, batch=1, opset=13)


def test_ultralytics_keys_are_python_literals(detector, facts):
    detector.names = ("cat", "large dog")

    keys = metadata(choose_layout(detector, None, LIMITS), facts, ["output0"], {})

    assert ast.literal_eval(keys["names"]) == {0: "cat", 1: "large dog"}
    assert ast.literal_eval(keys["imgsz"]) == [16, 16]
    assert (keys["stride"], keys["task"], keys["batch"]) == ("8", "detect", "1")


def test_openvinos_labels_have_no_spaces(detector, facts):
    detector.names = ("cat", "large dog")

    keys = metadata(choose_layout(detector, None, LIMITS), facts, ["output0"], {})
    boxed = metadata(
        choose_layout(detector, None, LIMITS), replace(facts, letterbox=True), ["output0"], {}
    )

    assert keys["model_info labels"] == "cat large_dog"
    assert keys["model_info resize_type"] == "standard"
    assert boxed["model_info resize_type"] == "fit_to_window_letterbox"


def test_ours_says_what_of_suppression_is_ours(net, facts):
    words = "nms_kind=softnms_gaussian\nsigma_nms=.3\nnms_agnostic=1"
    network = net(f"[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\n{words}\n", c=7, h=1, w=4)

    keys = metadata(choose_layout(network, "rows", LIMITS), facts, ["yolo_1"], {})

    assert json.loads(keys[KEY])["nms"] == {
        **{"kind": "softnms_gaussian", "beta": 0.6, "thresh": 0.45},
        **{"sigma": 0.3, "agnostic": True},
    }


@pytest.mark.parametrize(("name", "maps"), [("ssd", []), ("retina", [4])])
def test_ours_says_which_scores_compete_and_how_many_stay(net, facts, name, maps):
    head = f"[{name}]\nanchors=8,4\nclasses=2\npre_nms=50\npost_nms=9\n"
    network = net(head, c=7 - len(maps), h=1, w=4)

    keys = metadata(choose_layout(network, "rows", LIMITS), facts, [f"{name}_0"], {})

    ours = json.loads(keys[KEY])
    assert ours["nms"] == {"kind": "default", "beta": 0.6, "thresh": 0.45, "after": 9}
    assert ours["heads"][0]["compete"] == {"most": 50, "maps": maps}


def test_ours_says_how_to_run_the_file(detector, facts):
    keys = metadata(choose_layout(detector, "rows", LIMITS), facts, ["yolo_1"], {})

    ours = json.loads(keys[KEY])
    assert ours["layout"] == "rows"
    assert ours["outputs"] == ["yolo_1"]
    assert ours["input"] == [3, 16, 16]
    assert ours["nms"] == {"kind": "default", "beta": 0.6, "thresh": 0.45}
    assert ours["heads"] == [
        {
            "layer": 1,
            "type": "yolo",
            "classes": 2,
            "anchors": [[5, 7], [9, 6]],
            "tree": None,
            "choice": "objects",
            "corrects_letterbox": True,
            "stride": 8,
        }
    ]
    assert ours["cfg"] == "[net]\n"
    assert ours["weights_sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert "model_info labels" not in keys


def test_ours_says_by_what_scores_are_limited(net, facts):
    head = "[region]\nclasses=2\nnum=1\nsoftmax=1\nthresh=.3\nnms_threshold=.2\n"
    network = net("[convolutional]\nfilters=7\n" + head)
    layout = choose_layout(network, None, LIMITS, opencv4=True)

    [found] = json.loads(metadata(layout, facts, ["region_1"], {})[KEY])["heads"]

    assert found["limits"] == {"thresh": 0.3, "nms": 0.2}


def test_classes_without_a_name_have_a_number(detector):
    detector.names = ("cat",)

    assert label_names(detector) == ("cat", "1")
