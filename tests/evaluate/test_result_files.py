"""The result files of detector valid: recorded ones, their pixels, and how images are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SHARED, needs_shared, recording

import pydarknet
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.settings import settings
from pydarknet.cli.commands.detector_valid import NMS, THRESH
from pydarknet.errors import DataError
from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.dataset_detections import DatasetDetector, ImageDetections
from pydarknet.evaluate.flip import mirror_average
from pydarknet.evaluate.matched_dataset import match_dataset
from pydarknet.evaluate.result_files import (
    COCO_IDS,
    FORMATS,
    Bdd,
    Coco,
    Imagenet,
    Kitti,
    Results,
    Voc,
)
from pydarknet.layers.yolo import Yolo
from pydarknet.network import Network

DIALECTS = {"pj": "pjreddie", "ab_greedynms": "alexeyab"}


def opened(folder: Path, lineage: str, cfg: str = "net.cfg") -> Network:
    """Return the network of a recording."""
    return pydarknet.load_network(
        folder / cfg,
        folder / "net.weights",
        dialect=DIALECTS[lineage],
        device="cpu",
        names=folder / "names.txt",
    )


def write(network: Network, folder: Path, results: Results, **options: object) -> None:
    """Write the results of a recording's images."""
    chosen = settings(network, thresh=THRESH.of(network.dialect), nms=NMS.of(network.dialect))
    paths = [str(folder / path) for path in (folder / "valid.txt").read_text().split()]
    with results:
        for seen in DatasetDetector(network, chosen, pixels=True, **options).detect(paths):
            results.add(seen)


def assert_same(ours: Path, theirs: Path) -> None:
    """Assert that files of images and numbers are alike, as far as the recorded one goes."""
    expected = [line.split() for line in theirs.read_text().splitlines()]
    last = expected[-1][0]
    rows = [line.split() for line in ours.read_text().splitlines()]
    rows = [row for row in rows if row[0] <= last]
    assert [row[0] for row in rows] == [row[0] for row in expected]
    np.testing.assert_allclose(
        np.array([row[1:] for row in rows], float),
        np.array([row[1:] for row in expected], float),
        atol=5e-5,
    )


@pytest.mark.parametrize("lineage", DIALECTS)
def test_voc_files_are_the_recorded_ones(tmp_path, lineage):
    folder = recording(f"train_eval_{lineage}")
    network = opened(folder, lineage)

    write(network, folder, Voc(tmp_path, None, network.names))

    for name in ("alpha", "beta", "gamma"):
        file = f"comp4_det_test_{name}.txt"
        assert_same(tmp_path / file, folder / "results" / file)


def test_coco_objects_are_the_recorded_ones(tmp_path):
    folder = recording("train_eval_pj")
    network = opened(folder, "pj")

    write(network, folder, Coco(tmp_path, None, network.names, "_"))

    recorded = (folder / "results" / "coco_results_im00.txt").read_text().rstrip(",\n")
    expected = json.loads(recorded + "]")
    found = json.loads((tmp_path / "coco_results.json").read_text())[: len(expected)]
    for key in ("image_id", "category_id"):
        assert [one[key] for one in found] == [one[key] for one in expected]
    for key in ("bbox", "score"):
        np.testing.assert_allclose(
            [one[key] for one in found], [one[key] for one in expected], atol=5e-5
        )


@needs_shared
@pytest.mark.parametrize("lineage", DIALECTS)
def test_all_voc_files_are_the_recorded_ones(tmp_path, lineage):
    folder = SHARED / "golden" / f"train_eval_{lineage}"
    network = opened(folder, lineage)

    write(network, folder, Voc(tmp_path, None, network.names))

    for name in ("alpha", "beta", "gamma"):
        file = f"comp4_det_test_{name}.txt"
        assert_same(tmp_path / file, folder / "results" / file)


# What the VOC's program, as the fork ships it, makes of our files


def voc_boxes(folder: Path, image: str) -> list[tuple[float, ...]]:
    """Return an image's true boxes as VOC has them: whole pixels, the last inside the box.

    The images have 64 x 64.
    """
    rows = []
    for line in (folder / image).with_suffix(".txt").read_text().splitlines():
        index, x, y, w, h = (float(word) for word in line.split())
        left, top = round((x - w / 2) * 64), round((y - h / 2) * 64)
        right, bottom = round((x + w / 2) * 64), round((y + h / 2) * 64)
        rows.append((index, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top))
    return rows


def voc_found(files: list[list[list[str]]], image: str) -> Detections:
    """Return what result files say of an image, by VOC's measure: both edges are inside."""
    boxes, scores = [], []
    for index, rows in enumerate(files):
        for row in (row for row in rows if row[0] == image):
            score, left, top, right, bottom = (float(word) for word in row[1:])
            left, top = left - 1, top - 1
            boxes.append([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
            scores.append([score if k == index else 0 for k in range(len(files))])
    count = len(boxes)
    return Detections(torch.tensor(boxes), torch.ones(count), torch.tensor(scores))


@pytest.mark.parametrize(
    ("lineage", "name", "points", "expected"),
    [
        ("pj", "alpha", 11, 0.159250),
        ("pj", "alpha", 0, 0.155768),
        ("ab_greedynms", "alpha", 11, 0.032073),
        ("ab_greedynms", "alpha", 0, 0.029188),
        ("ab_greedynms", "beta", 11, 0.114375),
        ("ab_greedynms", "beta", 0, 0.079475),
    ],
)
def test_the_vocs_program_finds_the_same_average_precision(
    tmp_path, lineage, name, points, expected
):
    folder = recording(f"train_eval_{lineage}")
    network = opened(folder, lineage)
    write(network, folder, Voc(tmp_path, None, network.names))
    texts = [(tmp_path / f"comp4_det_test_{word}.txt").read_text() for word in network.names]
    files = [[line.split() for line in text.splitlines()] for text in texts]
    seen = []
    for index, image in enumerate((folder / "valid.txt").read_text().split()):
        path = tmp_path / f"{index}.png"
        lines = [" ".join(f"{x:g}" for x in row) for row in voc_boxes(folder, image)]
        path.with_suffix(".txt").write_text("\n".join(row.replace(".0 ", " ") for row in lines))
        seen.append(ImageDetections(index, str(path), 64, 64, voc_found(files, Path(image).stem)))

    report = summary(match_dataset(seen, network.names, 0.5, "alexeyab"), points=points)

    [found] = [one.average_precision for one in report.classes if one.name == name]
    assert found == pytest.approx(expected, abs=5e-7)


# With the mirror image


def c_unmirror(layer, output):
    """Undo the mirroring as the C does, which takes the first planes for all x."""
    planes = output.flip(-1).clone()
    planes[:, : layer.boxes] *= -1
    return planes


def test_valid2_but_for_its_mirroring_is_the_recorded_one(tmp_path, monkeypatch):
    folder = recording("train_eval_pj")
    network = opened(folder, "pj", "net_batch2.cfg")
    monkeypatch.setattr(Yolo, "unmirror", c_unmirror)

    write(network, folder, Voc(tmp_path, "flip_", network.names), heads=mirror_average)

    for name in ("alpha", "beta", "gamma"):
        assert_same(tmp_path / f"flip_{name}.txt", folder / "results" / f"flip_{name}.txt")


# Formats


def seen(*rows: tuple[tuple[float, ...], list[float]], path: str = "x/a.b.jpg") -> ImageDetections:
    """Return boxes in pixels of an image of 20 x 10."""
    boxes = torch.tensor([box for box, _ in rows]).view(-1, 4)
    scores = torch.tensor([scores for _, scores in rows]).view(len(rows), -1)
    return ImageDetections(4, path, 20, 10, Detections(boxes, torch.ones(len(rows)), scores))


INSIDE = ((10.0, 5.0, 4.0, 2.0), [0.5, 0.0])
BEYOND = ((1.0, 9.0, 8.0, 6.0), [0.25, 0.125])


def written(tmp_path: Path, kind: type[Results], *, name: str | None = None) -> Results:
    """Write both boxes in a format."""
    results = kind(tmp_path / "made", name, ("cat", "traffic light"))
    with results:
        results.add(seen(INSIDE, BEYOND))
    return results


def test_voc_counts_pixels_from_1_and_keeps_them_inside(tmp_path):
    written(tmp_path, Voc)

    assert (tmp_path / "made" / "comp4_det_test_cat.txt").read_text() == (
        "a 0.500000 9.000000 5.000000 13.000000 7.000000\n"
        "a 0.250000 1.000000 7.000000 6.000000 10.000000\n"
    )
    assert (tmp_path / "made" / "comp4_det_test_traffic light.txt").read_text() == (
        "a 0.125000 1.000000 7.000000 6.000000 10.000000\n"
    )


def test_imagenet_numbers_images_and_classes_from_1(tmp_path):
    written(tmp_path, Imagenet)

    assert (tmp_path / "made" / "imagenet-detection.txt").read_text() == (
        "5 1 0.500000 8.000000 4.000000 12.000000 6.000000\n"
        "5 1 0.250000 0.000000 6.000000 5.000000 10.000000\n"
        "5 2 0.125000 0.000000 6.000000 5.000000 10.000000\n"
    )


def test_coco_has_width_and_height_after_clamping(tmp_path):
    results = Coco(tmp_path, "mine", ("cat", "dog"))
    with results:
        results.add(seen(INSIDE, BEYOND, path="val/000000000042.jpg"))

    assert (tmp_path / "mine.json").read_text() == (
        "[\n"
        '{"image_id":42, "category_id":1, "bbox":[8.000000, 4.000000, 4.000000, 2.000000],'
        ' "score":0.500000},\n'
        '{"image_id":42, "category_id":1, "bbox":[0.000000, 6.000000, 5.000000, 4.000000],'
        ' "score":0.250000},\n'
        '{"image_id":42, "category_id":2, "bbox":[0.000000, 6.000000, 5.000000, 4.000000],'
        ' "score":0.125000}\n]\n'
    )


def test_kitti_has_a_file_an_image(tmp_path, capsys):
    written(tmp_path, Kitti)

    assert (tmp_path / "made" / "kitti_results" / "data" / "a.txt").read_text() == (
        "car -1 -1 -10 8.000000 4.000000 12.000000 6.000000 -1 -1 -1 -1000 -1000 -1000 -10"
        " 0.500000\n"
        "car -1 -1 -10 0.000000 6.000000 5.000000 10.000000 -1 -1 -1 -1000 -1000 -1000 -10"
        " 0.250000\n"
        "pedestrian -1 -1 -10 0.000000 6.000000 5.000000 10.000000 -1 -1 -1 -1000 -1000 -1000"
        " -10 0.125000\n"
    )
    assert capsys.readouterr().out == "kitti_results\n"


def test_bdd_names_images_and_categories(tmp_path):
    written(tmp_path, Bdd)

    text = (tmp_path / "made" / "bdd_results.json").read_text()
    assert text.startswith(
        '[\n\t{\n\t\t"name":"a.b",\n\t\t"category":"bike",\n'
        '\t\t"bbox":[8.000000, 4.000000, 12.000000, 6.000000],\n\t\t"score":0.500000\n\t},\n\t{'
    )
    assert text.endswith('"score":0.125000\n\t}\n]\n')
    assert [one["category"] for one in json.loads(text)] == ["bike", "bike", "bus"]


@pytest.mark.parametrize("kind", [Coco, Bdd])
def test_nothing_found_is_an_empty_list_in_json(tmp_path, kind):
    with kind(tmp_path, "none", ("cat",)):
        pass

    assert (tmp_path / "none.json").read_text() == "[\n\n]\n"


def test_a_name_is_escaped_in_json(tmp_path):
    results = Bdd(tmp_path, "odd", ("cat",))
    with results:
        results.add(seen(INSIDE, path='a"b\\c.jpg'))

    assert json.loads((tmp_path / "odd.json").read_text())[0]["name"] == 'a"b\\c'


@pytest.mark.parametrize(
    ("word", "most"), [("coco", 80), ("imagenet", 200), ("bdd", 10), ("kitti", 3)]
)
def test_more_classes_than_a_format_knows_are_refused(tmp_path, word, most):
    FORMATS[word](tmp_path, None, ("x",) * most)

    with pytest.raises(DataError, match=f"{most + 1} classes: expected at most {most}"):
        FORMATS[word](tmp_path, None, ("x",) * (most + 1))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match="cannot be written"), Voc(tmp_path / "file", None, ("a",)):
        pass


@pytest.mark.parametrize("kind", list(FORMATS.values()))
def test_a_place_that_cannot_be_written_is_an_error_before_any_image(tmp_path, kind):
    results = kind(tmp_path / "file", None, ("car",))
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match="cannot be written"), results:
        pass


@pytest.mark.parametrize("kind", [Coco, Bdd])
def test_json_can_be_parsed_after_every_image(tmp_path, kind):
    with kind(tmp_path, "x", ("car",)) as results:
        results.write(seen(INSIDE))
        results.write(seen(INSIDE))
        found = json.loads((tmp_path / "x.json").read_text())

    assert len(found) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
@pytest.mark.parametrize("kind", [Voc, Imagenet])
def test_a_full_disk_is_one_line(tmp_path, kind):
    name = kind(tmp_path, "x", ("car",))
    for file in ("xcar.txt", "x.txt"):
        (tmp_path / file).symlink_to("/dev/full")

    with pytest.raises(DataError, match=r"cannot be written: No space left on device$"), name:
        name.write(seen(INSIDE))


def test_cocos_categories_are_80_of_90():
    assert len(COCO_IDS) == 80
    assert (COCO_IDS[0], COCO_IDS[11], COCO_IDS[79]) == (1, 13, 90)


def test_images_of_one_number_are_told_once(tmp_path, capsys):
    results = Coco(tmp_path, None, ("cat",))
    with results:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            results.add(seen(INSIDE, path=name))

    assert capsys.readouterr().err == "a.jpg and b.jpg are both image 0 in coco_results.json\n"


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (("../../x", "dog"), ["r.._.._x", "rdog"]),
        (("/etc/x", "a\0b"), ["r_etc_x", "ra_b"]),
        (("..", "\u00e9\udce9"), ["r..", "r\u00e9\udce9"]),
        (("dog", "dog"), ["rdog"]),
    ],
)
def test_a_class_name_never_leaves_the_folder_of_results(tmp_path, names, files):
    with Voc(tmp_path / "results", "r", names):
        pass

    assert sorted(p.stem for p in (tmp_path / "results").iterdir()) == sorted(files)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_no_two_classes_share_a_file_because_of_their_letters(tmp_path, capsys):
    with Voc(tmp_path, "r", ("a/b", "a\0b", "c" * 30000, "c" * 30001)):
        pass

    assert len(list(tmp_path.iterdir())) == 4
    assert capsys.readouterr().err.startswith("class a/b: its results are in ra_b_")
