"""An exported network without torch."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.runtime.exported import Exported

pytest.importorskip("onnxruntime")
ROW = [0.5, 0.25, 0.2, 0.1, 0.9, 0.3, 0.6]


@pytest.mark.parametrize(("batch", "size"), [(1, 1), (2, 2), ("batch", "batch")])
def test_more_images_than_a_batch_go_one_batch_after_the_other(negative, batch, size):
    file = Exported(negative([size, 3, 2, 4], layout="raw", batch=batch))
    images = np.arange(72, dtype=np.float32).reshape(3, 3, 2, 4)

    [found] = file.run(images)

    np.testing.assert_array_equal(found, -images)


def test_what_the_engine_cannot_run_is_an_error_of_the_file(written):
    size = ["batch", 2]
    path = written(
        [("MatMul", ["x", "x"], ["y"])], {"x": size}, {"y": size}, input=[2], batch="batch"
    )
    file = Exported(path, "onnxruntime")

    assert file.run(np.ones((2, 2), np.float32))[0].tolist() == [[2, 2], [2, 2]]
    with pytest.raises(DataError, match=r"net\.onnx: onnxruntime cannot run it: .*MatMul") as error:
        file.run(np.ones((3, 2), np.float32))

    assert "\n" not in str(error.value)


def test_rows_of_one_image_have_no_batch(written):
    path = written([("Squeeze", ["x"], ["y"])], {"x": [1, 1, 2, 7]}, {"y": [2, 7]}, input=[1, 2, 7])
    file = Exported(path)
    images = np.array([[[ROW, [0] * 7]]] * 2, np.float32)

    first, second = file.boxes(images)

    assert file.run(images)[0].shape == (2, 2, 7)
    np.testing.assert_allclose(first.boxes[0], ROW[:4])
    np.testing.assert_allclose(second.probabilities, [[0.3, 0.6], [0, 0]], rtol=1e-6)


def test_boxes_that_are_left_belong_to_their_image(written):
    path = written(
        [("Squeeze", ["x"], ["y"])],
        {"x": [1, 1, 2, 7]},
        {"y": [2, 7]},
        input=[1, 2, 7],
        layout="nms",
    )
    row = [0, 0, 0, 7, 2, 1, 0.5]  # image, corners in 7 x 2 pixels, class, score
    images = np.array([[[row, [0, *row[1:5], 0, 0.25]]]] * 2, np.float32)

    found = Exported(path).boxes(images)

    # two classes of one box are one box, in each of the images
    assert [one.probabilities.tolist() for one in found] == [[[0.25, 0.5]]] * 2
    assert found[0].boxes.tolist() == [[0.5, 0.5, 1, 1]]


def test_states_are_kept_for_each_image_until_they_are_forgotten(written):
    path = written(
        [("Add", ["x", "h"], ["y"]), ("Identity", ["y"], ["h_after"])],
        {"x": [1, 2], "h": [1, 2]},
        {"y": [1, 2], "h_after": [1, 2]},
        input=[2],
        layout="values",
        states={"h": "h_after"},
        state_sizes={"h": [2]},
    )
    file = Exported(path)
    images = np.array([[1, 2], [10, 20]], np.float32)

    sums = [file.run(images)[0].tolist() for _ in range(2)]
    alone = file.run(images[:1])[0].tolist()  # another number of images begins anew
    file.reset()

    assert sums == [[[1, 2], [10, 20]], [[2, 4], [20, 40]]]
    assert alone == [[1, 2]]
    assert file.run(images[:1])[0].tolist() == [[1, 2]]


def test_images_of_another_size_are_told(negative):
    path = negative([1, 3, 2, 4])

    with pytest.raises(DataError) as error:
        Exported(path).run(np.zeros((1, 3, 4, 4), np.float32))

    assert str(error.value) == f"{path}: images of size [3, 4, 4]: expected [3, 2, 4]"


def test_opencv_runs_it_too(negative):
    pytest.importorskip("cv2")
    images = np.ones((2, 3, 2, 4), np.float32)

    [found] = Exported(negative([1, 3, 2, 4], layout="raw"), "opencv").run(images)

    np.testing.assert_array_equal(found, -images)


def test_a_copy_opens_the_file_anew(negative):
    file = copy.deepcopy(Exported(negative([1, 3, 2, 4], layout="raw")))

    assert file.run(np.ones((1, 3, 2, 4), np.float32))[0].max() == -1


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_freed_memory_is_kept_for_the_next_image(negative):
    code = """
import sys
import numpy
from pydarknet import load_network

def pages():  # of this process, in memory
    return int(open("/proc/self/statm").read().split()[1])

network = load_network(sys.argv[1])
before = pages()
numpy.ones(50_000_000, numpy.uint8)
print(pages() - before)
"""
    command = [sys.executable, "-c", code, str(negative([1, 3, 2, 4]))]

    said = subprocess.run(command, capture_output=True, text=True, check=True)

    assert int(said.stdout) * 4096 > 49_000_000
