"""Files that suppress inside have the limits of heads over maps, for programs of both engines."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import Limits
from pydarknet.boxes.suppression import best_scores
from pydarknet.export.layouts import choose_layout
from pydarknet.graph.onnx_network import onnx_model, write_network
from pydarknet.runtime.engine import open_engine

LIMITS = Limits(thresh=0.25, nms=0.45)
CELLS = "\nanchors=1,1\nclasses=2\n"


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("engine", ["onnxruntime", "opencv"])
@pytest.mark.parametrize(
    ("head", "first", "left"),
    [
        (f"[retina]{CELLS}post_nms=3\n", 4, [(0, 3), (1, 2), (0, 0)]),
        (f"[retina]{CELLS}pre_nms=2\npost_nms=3\n", 4, [(0, 3), (1, 2)]),  # of the map
        ("[centernet]\nclasses=2\npeak=1\npost_nms=2\n", 0, [(0, 3), (1, 2)]),
    ],
)
def test_only_the_best_of_each_image_are_left(net, tmp_path, engine, batch, head, first, left):
    network = net(head, c=6, h=1, w=4)
    layout = choose_layout(network, "nms", LIMITS)
    writer, heads = write_network(network, batch=batch)
    path = tmp_path / "nms.onnx"
    path.write_bytes(onnx_model(writer, layout.write(writer, heads)).SerializeToString())
    opened = open_engine(path, engine)

    x = np.zeros((batch, 6, 1, 4), np.float32)
    for lower in (18, 0, 18, 0):  # OpenCV 5 may compute with the sizes of an image without boxes
        x[:, first : first + 2, 0] = np.array([[3, 1, 2, 5], [2.5, 0.5, 4, 1.5]]) - lower
        [found] = opened.run({"images": x}, ["output0"])
        rows = found.reshape(-1, 7)
        cells = (rows[:, 1] + rows[:, 3]) // 2
        expected = [] if lower else [[k, *one] for k in range(batch) for one in left]
        assert np.column_stack([rows[:, 0], rows[:, 5], cells]).tolist() == expected


def test_of_equal_scores_those_of_the_first_boxes_are_left(net):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = net("[centernet]\nclasses=2\npeak=1\npost_nms=3\n", c=6, h=1, w=4)
    writer, heads = write_network(network)
    layout = choose_layout(network, "nms", LIMITS)
    model = onnx_model(writer, layout.write(writer, heads)).SerializeToString()
    x = np.zeros((1, 6, 1, 4), np.float32)  # each heat is one half

    [found] = onnxruntime.InferenceSession(model).run(None, {"images": x})

    scores = np.full((4, 2), 0.5, np.float32)
    ours = best_scores(BoxArrays(np.zeros((4, 4)), scores.max(1), scores), 3)
    expected = np.argwhere(ours.probabilities)  # the first box's two classes, the second's first
    middle = (found[:, 1] + found[:, 3]) / 2
    assert np.column_stack([middle, found[:, 5]]).tolist() == expected.tolist()
