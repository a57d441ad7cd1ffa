"""A predictor is pickled by its paths, and finds in batches what `detect` finds in images."""

from __future__ import annotations

import pickle
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from conftest import HERE

import pydarknet
from pydarknet.errors import UsageError, WrongType

CASE = HERE / "reference" / "infer_pj_yolov3_a"
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def predictor(tmp_path, monkeypatch):
    """Return a predictor made of relative paths, in a folder that is left afterwards."""
    for name in ("net.cfg", "net.weights", "input.png"):
        shutil.copy(CASE / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    made = pydarknet.Predictor(
        "net.cfg", "net.weights", thresh=0.25, dialect="pjreddie", device="cpu"
    )
    monkeypatch.chdir(HERE)
    return made


@pytest.fixture
def path(tmp_path):
    """The path of an image."""
    return str(tmp_path / "input.png")


@pytest.fixture
def expected():
    """What `detect` finds in the image: boxes, scores and classes."""
    network = pydarknet.load_network(
        CASE / "net.cfg", CASE / "net.weights", dialect="pjreddie", device="cpu"
    )
    found = network.detect(str(CASE / "input.png"), 0.25).numpy()
    assert len(found) > 1
    return found.boxes, found.scores, found.classes


def check(batch, row, expected):
    """Assert that a row of a batch has these boxes, scores and classes."""
    for name, values in zip(("boxes", "scores", "classes"), expected, strict=True):
        np.testing.assert_array_equal(np.array(batch[name][row]), values)


def test_an_unknown_option_is_refused_before_any_worker_has_it():
    with pytest.raises(WrongType, match=r"Predictor takes no foo$"):
        pydarknet.Predictor("net.cfg", foo=1)
    with pytest.raises(WrongType, match=r"(?s)no devise.*did you mean device\?"):
        pydarknet.Predictor("net.cfg", devise="cpu")


def test_a_process_that_gets_it_loads_the_network_and_finds_the_same(predictor, path, expected):
    assert predictor.network is predictor.network
    assert len(pickle.dumps(predictor)) < 1000
    batch = {"path": np.array([path, path])}

    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(predictor, batch).result(timeout=120)

    check(found, 1, expected)
    assert found["path"].tolist() == [path, path]


@pytest.mark.parametrize("form", ["path", "bytes", "image"])
def test_images_come_as_paths_contents_or_arrays(predictor, path, expected, form):
    from pydarknet.image.files import load_image

    pixels = load_image(path, 3)
    with open(path, "rb") as file:
        given = {"path": path, "bytes": file.read(), "image": pixels}

    found = predictor({form: [given[form]], "id": [7]})

    check(found, 0, expected)
    assert found["id"] == [7]
    assert (found["width"][0], found["height"][0]) == pixels.shape[1::-1]
    assert [form in found, found["error"][0]] == [form == "path", ""]


def test_an_image_that_cannot_be_read_has_its_reason_and_no_other_is_lost(
    predictor, path, expected
):
    found = predictor({"path": ["none.png", path]})

    check(found, 1, expected)
    assert found["error"].tolist() == [
        'Cannot load image "none.png": cannot be opened: No such file or directory',
        "",
    ]
    assert [len(boxes) for boxes in found["boxes"]] == [0, len(expected[0])]
    assert found["boxes"][0].shape == (0, 4)
    assert found["width"].tolist()[0] == 0


def test_an_empty_batch_has_all_columns(predictor):
    found = predictor({"path": []})

    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(
        ("path", "width", "height", "boxes", "scores", "classes", "error"), 0
    )


def test_a_data_frame_gives_one_whose_lists_arrow_takes(predictor, path, expected):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"path": [path, "none.png"], "id": [7, 8]}, index=[3, 9])

    found = predictor(frame)

    check(found, 3, expected)
    assert found["id"].tolist() == [7, 8]
    assert found.index.tolist() == [3, 9]
    assert isinstance(found["boxes"][3], list)
    assert found["boxes"][9] == []


def test_threads_load_it_once(predictor, path, expected, monkeypatch):
    loads, gate = [], threading.Barrier(4)
    load = pydarknet.predictor.load_network
    monkeypatch.setattr(
        pydarknet.predictor, "load_network", lambda *a, **k: loads.append(a) or load(*a, **k)
    )

    def work(number: int):
        gate.wait()
        return predictor({"path": [path]})

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))

    assert len(loads) == 1
    for one in found:
        check(one, 0, expected)


def test_what_is_no_batch_is_told(predictor):
    with pytest.raises(WrongType, match="a batch is of type list: expected a mapping or a DataFr"):
        predictor(["a.png"])
    with pytest.raises(UsageError, match="has the columns id, file: expected one of image, bytes"):
        predictor({"id": [1], "file": ["a.png"]})
    with pytest.raises(UsageError, match="thresh = 2: "):
        pydarknet.Predictor("net.cfg", thresh=2)
