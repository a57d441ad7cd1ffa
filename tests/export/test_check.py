"""The proof of an exported file."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pydarknet.boxes.detections import Detections
from pydarknet.boxes.settings import Limits
from pydarknet.errors import DataError
from pydarknet.export import check
from pydarknet.export.check import check_file, check_model
from pydarknet.export.layouts import choose_layout
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import Exported, ExportOptions, build_model
from pydarknet.runtime import engine

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
LIMITS = Limits(thresh=0.001, nms=0.45)


def export(network, tmp_path, layout: str | None = None) -> Exported:
    """Return an exported network, which is also in net.onnx."""
    cfg = tmp_path / "net.cfg"
    cfg.write_text("[net]\n")
    facts = Facts(cfg=str(cfg), weights=None, letterbox=False, batch=1, opset=13)
    exported = build_model(network, ExportOptions(limits=LIMITS, layout=layout), facts)
    onnx.save_model(exported.model, tmp_path / "net.onnx")
    return exported


@pytest.mark.parametrize("layout", ["merged", "rows", "deepstream", "nms", "raw"])
def test_a_right_file_passes(detector, tmp_path, layout):
    exported = export(detector, tmp_path, layout)

    report = check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")

    assert report.score < 1e-5
    assert report.equal == report.ours == report.theirs
    assert (report.ours > 0) == (layout != "raw")
    assert report.text().startswith("checked by onnxruntime: largest difference ")


@pytest.mark.parametrize("layout", ["rows", "raw"])
def test_heads_of_unlike_classes_pass(net, tmp_path, layout):
    text = "[convolutional]\nfilters={}\n[yolo]\nmask=0\nanchors=5,7\nnum=1\nclasses={}\n"
    network = net(text.format(7, 2) + text.format(8, 3))
    network.initialize(torch.Generator().manual_seed(1))
    exported = export(network, tmp_path, layout)

    report = check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")

    assert report.score < 1e-5
    assert report.equal == report.ours == report.theirs


@pytest.mark.parametrize("layout", ["merged", "rows", "deepstream", "raw"])
def test_a_file_of_other_weights_fails(detector, tmp_path, layout):
    exported = export(detector, tmp_path, layout)
    with torch.no_grad():
        detector.stack[0].biases += 0.5

    with pytest.raises(DataError, match=r"net\.onnx: checked by onnxruntime: .*: expected at most"):
        check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")


def test_what_is_no_model_is_told(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"no model")

    with pytest.raises(DataError, match=r"^net\.onnx: onnx refuses it: "):
        check_model(tmp_path / "net.onnx")


def test_opencv_checks_where_onnxruntime_is_missing(detector, tmp_path, monkeypatch):
    monkeypatch.setattr("pydarknet.runtime.installed.find_spec", lambda name: None)
    exported = export(detector, tmp_path)

    report = check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")

    assert report.text().startswith("checked by opencv: largest difference ")
    assert report.score < 1e-5


def test_what_nobody_can_run_is_not_checked(detector, tmp_path, monkeypatch):
    monkeypatch.setattr("pydarknet.runtime.installed.find_spec", lambda name: None)
    exported = export(detector, tmp_path, "nms")

    report = check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")

    # OpenCV 5.0 dies of a floating point exception where no box is left
    assert report.text() == (
        "not checked: onnxruntime is not installed, and OpenCV ends the program where"
        " NonMaxSuppression leaves no box"
    )


def test_a_program_that_is_missing_checks_nothing(detector, tmp_path, monkeypatch):
    exported = export(detector, tmp_path)
    monkeypatch.setattr(check, "best_engine", lambda: "opencv")
    monkeypatch.setitem(engine.ENGINES, "opencv", missing)

    report = check_file(tmp_path / "net.onnx", exported, [torch.rand(1, 3, 16, 16)], "float")

    assert report.text().startswith("not checked: onnxruntime is not installed, and engine opencv")


def missing(*_: object, **options) -> None:
    """Fail as a program does that is not installed."""
    raise ImportError


def test_of_a_box_larger_than_the_image_the_share_counts(detector, tmp_path):
    layout = export(detector, tmp_path, "rows").layout
    ours = Detections(
        torch.tensor([[0.5, 0.5, 0.5, 100.0]]), torch.tensor([0.9]), torch.tensor([[0.9]])
    )
    theirs = replace(ours, boxes=ours.boxes + torch.tensor([[0.0, 0.0, 0.0, 1.0]]))
    report = check.Report("onnxruntime")

    check.report_each(report, layout, ours, theirs)

    assert report.pixels == pytest.approx(0.16)  # 1 of 100 images, in an input of 16 pixels


@pytest.mark.parametrize("name", ["merged", "rows", "deepstream"])
def test_where_a_rounding_decides_scores_of_both_are_compared(net, name):
    conv = "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n"
    layout = choose_layout(net(f"{conv}[centernet]\nclasses=2\n", h=1, w=2), name, LIMITS)
    boxes = torch.tensor([[0.25, 0.5, 0.5, 1.0], [0.75, 0.5, 0.5, 1.0]])
    ours = Detections(boxes, torch.tensor([0.9, 0.5]), torch.tensor([[0.9, 0], [0.5, 0]]))
    theirs = Detections(boxes, torch.tensor([0.0, 0.4]), torch.tensor([[0.0, 0], [0.4, 0]]))
    report = check.Report("onnxruntime")

    check.report_each(report, layout, ours, theirs)

    assert report.score == pytest.approx(0.1)  # of the second: the first is a peak of one alone


@pytest.mark.parametrize(("shift", "equal"), [(1e-4, 2), (0.01, 1)])
def test_boxes_without_area_are_one_by_their_numbers(shift, equal):
    boxes = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.25, 0.5, -0.1, 0.2]])
    ours = Detections(boxes, torch.tensor([0.9, 0.8]), torch.tensor([[0.9], [0.8]]))
    theirs = replace(ours, boxes=boxes + shift)
    report = check.Report("onnxruntime")

    check.count_equal(report, ours, theirs)

    assert (report.equal, report.ours, report.theirs) == (equal, 2, 2)
