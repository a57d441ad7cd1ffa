"""[retina] and [ssd] decode boxes and classes as torchvision does, and are written as ONNX."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from anchor_heads import HEIGHT, KINDS, RETINA, SSD, WIDTH
from conftest import both_lineages, rows
from exports import check_layout, exported

import pydarknet
from pydarknet.boxes.competition import Competition
from pydarknet.boxes.settings import Decoding, Limits, Settings
from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.export.layouts import choose_layout
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.graph.onnx_network import onnx_model, write_network
from pydarknet.inference.predict import boxes_of_heads
from pydarknet.layers import Shape
from pydarknet.layers.map_anchor_head import at_most, best_of
from pydarknet.modules.onnx_graph import BATCH

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
BOXES = {"retina": 126, "ssd": 168}  # of maps of 8 x 4, 4 x 2 and 2 x 1 cells


def whole(kind) -> str:
    """Return the text of a cfg."""
    return f"[net]\nheight={HEIGHT}\nwidth={WIDTH}\nchannels=3\n{kind.text()}"


@each_kind
@both_lineages
def test_the_output_has_a_column_for_each_anchor(net, kind, dialect):
    network = net(kind.text(), h=HEIGHT, w=WIDTH, dialect=dialect)

    assert network.nodes[-1].output == Shape(c=7, h=1, w=BOXES[kind.name])
    assert rows(network)[-1].endswith(f"{kind.name}  0 2 4 -> {BOXES[kind.name]} boxes")


@each_kind
def test_it_decides_no_dialect(kind):
    assert choose_dialect(sections_of(whole(kind), "a.cfg")).dialect.name == "pjreddie"


@each_kind
def test_boxes_and_chances_are_torchvisions(net, kind):
    _, head = kind.head(net, kind.cases["boxes"].maps)

    found = head.activated[:, :, 0].transpose(1, 2).detach()

    x, y, w, h = (found[..., :4] * torch.tensor([WIDTH, HEIGHT] * 2)).unbind(2)
    corners = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 2)
    torch.testing.assert_close(corners, torch.from_numpy(kind.recorded["boxes"]), atol=1e-4, rtol=0)
    chances = kind.recorded["chances"][..., kind.scores - 3 :]  # without the background
    torch.testing.assert_close(found[..., 4:], torch.from_numpy(chances), atol=1e-6, rtol=0)


@each_kind
def test_boxes_above_the_threshold_are_found_with_their_best_class_as_objectness(net, kind):
    network = net(kind.text(), h=HEIGHT, w=WIDTH)
    outputs = torch.zeros(2, 7, 1, BOXES[kind.name])
    outputs[0, 4:, 0, 3] = torch.tensor([0.9, 0.5, 0.2])
    outputs[1, :4, 0, 100] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    outputs[1, 4:, 0, 100] = torch.tensor([0.1, 0.3, 0.0])
    outputs[1, 4:, 0, 101] = 0.25

    batch = network.layers[-1].detections(outputs, network.input, Decoding(thresh=0.25))

    assert batch.counts.tolist() == [1, 1]
    torch.testing.assert_close(batch.rows.objectness, torch.tensor([0.9, 0.3]))
    scores = torch.tensor([[0.9, 0.5, 0], [0, 0.3, 0]])
    torch.testing.assert_close(batch.rows.probabilities, scores)
    torch.testing.assert_close(batch.rows.boxes[1], torch.tensor([0.1, 0.2, 0.3, 0.4]))


def test_steps_place_the_cells_and_without_them_the_map_covers_the_image(net):
    network = net(RETINA.text(), h=HEIGHT, w=WIDTH)
    stepped = net(RETINA.text("steps=10,16,32\n"), h=HEIGHT, w=WIDTH)

    steps = [[one.steps for one in n.layers[-1].maps(n.nodes[-1])] for n in (network, stepped)]

    assert steps == [[(8, 8), (16, 16), (32, 32)], [(10, 10), (16, 16), (32, 32)]]


def test_it_takes_images_of_another_size(net):
    network = net(RETINA.text(), h=HEIGHT, w=WIDTH)
    network.initialize(torch.Generator().manual_seed(1))
    network.resize(2 * WIDTH, 2 * HEIGHT)

    [head] = network(torch.rand(1, 3, 2 * HEIGHT, 2 * WIDTH))

    assert head.activated.shape == (1, 7, 1, 4 * BOXES["retina"])


def test_boxes_reach_beyond_the_image_where_they_are_not_clipped(net):
    maps = [np.full_like(one, 9) for one in SSD.cases["none"].maps]
    cut, beyond = (
        (boxes[:, 0] + boxes[:, 2] / 2).max()  # of right edges
        for boxes in (SSD.head(net, maps, f"clip={n}\n")[1].activated.detach() for n in (1, 0))
    )

    assert float(cut) == pytest.approx(1)
    assert beyond > 1.5


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("classes=3", "classes=2", "6 numbers of each anchor need maps of 18 channels"),
        ("offset=0\n", "num=8\n", ": 8 anchors for 3 maps: expected as many for each"),
        ("anchors=", "#", "[retina] anchors is missing"),
        ("classes=3", "classes=0", "classes = 0: expected at least 1"),
        ("offset=0\n", "fg=.3\n", "[retina] bg: expected at most fg, which is 0.3"),
        ("offset=0\n", "bg=.6\n", "bg = .6: expected at most fg, which is 0.5"),
        (
            "offset=0\n",
            "per_layer=3,3,4\n",
            "per_layer = 3,3,4: expected one for each of 3 maps, 9 in all",
        ),
        (
            "offset=0\n",
            "steps=8,16\n",
            "steps = 8,16: 2 numbers: expected 3, one for each of layers",
        ),
        ("offset=0\n", "box_weights=1,1\n", "box_weights = 1,1: 2 numbers: expected 4"),
        ("offset=0\n", "num=12\n", "48,34,68: 18 numbers: expected 24"),
    ],
)
def test_options_must_fit_each_other(net, old, new, told):
    with pytest.raises(CfgError) as error:
        net(RETINA.text().replace(old, new), h=HEIGHT, w=WIDTH)

    assert told in str(error.value)


def test_unequal_shares_are_told_with_what_says_them(net):
    with pytest.raises(CfgError) as error:
        net(RETINA.text("num=8\n"), h=HEIGHT, w=WIDTH)

    anchors = RETINA.text().partition("anchors=")[2].partition("\n")[0]
    assert str(error.value).partition(" ")[2] == (
        f"[retina] anchors = {anchors}: 8 anchors for 3 maps: expected as many for each"
        "\n    hint: per_layer= says it otherwise"
    )


@pytest.mark.parametrize(
    ("step", "new"),
    [
        ("6", "6"),
        ("5.6", "7"),  # the input ends where the last cell does: 5 * 5.6
        ("5", "7"),  # it reaches a cell further
        ("8", "8"),  # the last anchor is at the edge: 3.5 * 8
        ("8.1", "7"),
        ("9", "7"),
    ],
)
def test_steps_that_do_not_fit_an_input_are_its_cells(net, step, new):
    layer = net(SSD.text(f"steps={step},8,8\n"), h=HEIGHT, w=WIDTH).layers[-1]
    shapes = [Shape(c=1, h=4, w=4), Shape(c=1, h=1, w=4), Shape(c=1, h=4, w=2)]
    node = SimpleNamespace(image=Shape(c=3, h=28, w=28), inputs=shapes)

    # of 28, 4 cells of 8 fit, 1 and 2 of 8 do not
    assert layer.input_options(node) == {"steps": f"{new},7,14"}


def test_without_steps_none_change(net):
    network = net(SSD.text(), h=HEIGHT, w=WIDTH)

    assert network.layers[-1].input_options(network.nodes[-1]) == {}


@each_kind
def test_scores_compete_map_by_map_or_class_by_class(net, kind):
    network = net(kind.text("pre_nms=7\n"), h=HEIGHT, w=WIDTH)

    found = network.layers[-1].competition(network.nodes[-1])

    boxes = [kind.anchors * cells for cells in (32, 8, 2)]
    assert found == Competition(7, tuple(boxes) if kind is RETINA else ())


def test_scores_that_are_few_above_the_threshold_stay_as_they_are():
    few, many = torch.tensor([[0.9, 0.5, 0.2, 0.6]]), torch.tensor([[0.9, 0.7, 0.2, 0.6]])

    assert at_most(2, few, 0.5)
    assert not at_most(2, many, 0.5)
    assert best_of(few, 2, 0.5) is few
    torch.testing.assert_close(best_of(many, 2, 0.5), torch.tensor([[0.9, 0.7, 0, 0]]))


@each_kind
def test_all_scores_may_compete(net, kind):
    network = net(kind.text("pre_nms=0\n"), h=HEIGHT, w=WIDTH)
    layer, outputs = network.layers[-1], torch.ones(1, 7, 1, BOXES[kind.name])

    assert layer.competition(network.nodes[-1]) is None
    assert layer.competitors(outputs, network.nodes[-1], 0.5) is outputs


def test_each_number_of_a_box_has_its_weight(net):
    with pytest.raises(CfgError, match=r"\[retina\] box_weights = 1,1: 2 numbers: expected 4$"):
        net(RETINA.text("box_weights=1,1\n"), h=HEIGHT, w=WIDTH)


@each_kind
@pytest.mark.parametrize("name", ["merged", "rows", "deepstream", "raw"])
def test_it_is_written_in_every_layout(net, kind, name):
    network = net(kind.text(), h=HEIGHT, w=WIDTH)
    network.initialize(torch.Generator().manual_seed(1))

    assert check_layout(network, name, 2) == (3 if name == "raw" else 1)


@each_kind
@pytest.mark.parametrize("option", ["box_weights=1,2,3,4", "clip=0"])
def test_weights_of_boxes_and_their_clipping_are_written(net, kind, option):
    network = net(kind.text(f"{option}\n"), h=HEIGHT, w=WIDTH)
    network.initialize(torch.Generator().manual_seed(1))

    assert check_layout(network, "merged", 1) == 1


@each_kind
def test_boxes_wholly_outside_the_image_are_written_at_its_edges(net, kind):
    text = kind.text("box_weights=.01,.01,1,1\n")  # which moves them far, to either side
    network = net(text.replace("stride=8", "stride=8\nactivation=linear"), h=HEIGHT, w=WIDTH)
    network.initialize(torch.Generator().manual_seed(1))

    assert check_layout(network, "merged", 1) == 1


@each_kind
@pytest.mark.parametrize("name", ["merged", "raw", "nms"])
def test_files_find_its_boxes(tmp_path, kind, name):
    pytest.importorskip("onnxruntime")
    (tmp_path / "net.cfg").write_text(whole(kind))
    torch.manual_seed(1)
    network = pydarknet.load_network(tmp_path / "net.cfg", device="cpu")
    pixels = torch.randint(0, 256, (HEIGHT, WIDTH, 3), generator=torch.Generator().manual_seed(3))
    image = pixels.byte().numpy()

    ours = network.detect(image, thresh=0.25)
    file = pydarknet.load_network(exported(network, tmp_path / "net.onnx", name), device="cpu")
    theirs = file.detect(image, thresh=0.25)

    assert len(ours) > 0
    assert float(theirs.scores.max()) == pytest.approx(float(ours.scores.max()), abs=1e-4)
    if name != "nms":  # which has a row per class
        assert [one.name for one in ours] == [one.name for one in theirs]
        np.testing.assert_allclose(theirs.scores, ours.scores, atol=1e-4)


@each_kind
@pytest.mark.parametrize("batch", [1, 2, BATCH])
@pytest.mark.parametrize(
    "limits", [{"pre_nms": 12}, {"post_nms": 5}, {"pre_nms": 7, "post_nms": 5}]
)
def test_suppression_inside_a_file_has_its_limits(net, kind, batch, limits):
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    words = "".join(f"{key}={value}\n" for key, value in limits.items())
    learned = f"[convolutional]\nfilters={kind.anchors * (4 + kind.scores)}\n"
    text = kind.text(words).replace("[maxpool]\n", learned)  # so that no two scores are equal
    network = net(text, h=HEIGHT, w=WIDTH)
    network.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(2))
    layout = choose_layout(network, "nms", Limits(thresh=0.25, nms=0.45))
    writer, written = write_network(network, batch=batch, name=layout.input)
    values = layout.write(writer, written)

    session = onnxruntime.InferenceSession(onnx_model(writer, values).SerializeToString())
    parts = images.split(1 if batch == 1 else 2)
    found = [session.run(None, {layout.input: part.numpy()})[0] for part in parts]

    rows = [one[one[:, 0] == k, 6] for one in found for k in range(len(parts[0]))]
    chosen, blank = Settings(Decoding(thresh=0.25), False, 0.45), np.zeros((1, 1, 3), np.uint8)
    ours = boxes_of_heads(network, network(images), [blank] * 2, chosen)
    for theirs, left in zip(rows, ours, strict=True):
        scores = left.probabilities[left.probabilities > 0].sort(descending=True).values.detach()
        assert len(scores) == limits.get("post_nms", len(scores)) > 4
        theirs = theirs if "post_nms" in limits else -np.sort(-theirs)  # then best first
        np.testing.assert_allclose(theirs, scores, atol=1e-5)
