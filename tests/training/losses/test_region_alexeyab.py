"""What the fork's [region] loses beside what the original's does."""

from __future__ import annotations

from math import log

import pytest
from loss_cases import delta, loss_of

ZEROS = [0.0] * 7


MIDDLE = (0.5, 0.5, 0.5, 0.5)


SLOPE = 0.25  # of the logistic at 0


def test_without_softmax_the_forks_classes_are_raw(net):
    text = "[region]\nclasses=2\nnum=1\nanchors=.5,.5"

    loss = loss_of(net(text, c=7, h=1, w=1, dialect="alexeyab"), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss)[5:] == [1, 0]


@pytest.mark.parametrize(
    ("classfix", "objectness", "classes"),
    [
        (0, 0, [0, 0]),
        (-1, (0.24 * 0.5 / 0.38 - 0.5) * SLOPE, [0, 0]),
        (1, 0, [-0.5, 0.5]),
        (2, 0, [-0.25, 0.25]),
    ],
)
def test_the_forks_classfix_teaches_slots_near_a_truth(net, classfix, objectness, classes):
    text = f"[region]\nclasses=2\nnum=1\nanchors=1,.5\nsoftmax=1\nthresh=.3\nclassfix={classfix}"

    loss = loss_of(
        net(text, c=7, h=1, w=2, dialect="alexeyab"), [0.0] * 14, [(0.49, 0.5, 0.5, 0.5, 1)]
    )

    assert delta(loss)[9] == pytest.approx(objectness, abs=1e-6)
    assert delta(loss)[11::2] == pytest.approx(classes, abs=1e-6)


def test_the_forks_classfix_2_weighs_classes_by_objectness(net):
    text = "[region]\nclasses=2\nnum=1\nanchors=1,.5\nsoftmax=1\nthresh=.3\nclassfix=2"
    raw = [0.0] * 8 + [1.0, 1.0] + [0.0] * 4

    loss = loss_of(net(text, c=7, h=1, w=2, dialect="alexeyab"), raw, [(0.49, 0.5, 0.5, 0.5, 1)])

    believed = 0.731059
    assert delta(loss)[11::2] == pytest.approx([-0.5 * believed, 0.5 * believed], abs=1e-6)


@pytest.mark.parametrize("thresh", [0, 0.3])
def test_the_forks_classfix_leaves_slots_alone_that_are_near_no_truth(net, thresh):
    text = f"[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1\nthresh={thresh}\nclassfix=1"

    # the left cell's truth ends before the right one's box begins
    loss = loss_of(
        net(text, c=7, h=1, w=2, dialect="alexeyab"), [0.0] * 14, [(0.25, 0.5, 0.1, 0.5, 1)]
    )

    assert delta(loss)[11::2] == [0, 0]


def test_the_forks_focal_loss_fades_as_the_true_class_grows_certain(net):
    text = "[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1\nfocal_loss=1\nclass_scale=2"

    loss = loss_of(net(text, c=7, h=1, w=1, dialect="alexeyab"), ZEROS, [(*MIDDLE, 0)])

    fading = -(1 - 0.5) * (2 * 0.5 * log(0.5) + 0.5 - 1)  # for p = .5, gamma = 2
    step = 2 * 0.5 * 0.5 * fading  # the scale, alpha, 1 - p
    assert delta(loss)[5:] == pytest.approx([step, -step], abs=1e-6)


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_map_turns_the_class_of_a_truth_into_another(net, tmp_path, dialect):
    file = tmp_path / "classes.map"
    file.write_text("1\n0\n")
    text = "[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1"
    raw = [0.0] * 5 + [1.0, 0.0]

    def found(lines: str, kind: int) -> list[float]:
        return delta(
            loss_of(net(text + lines, c=7, h=1, w=1, dialect=dialect), raw, [(*MIDDLE, kind)])
        )

    assert found(f"\nmap={file}", 0) == found("", 1) != found("", 0)


def test_the_fork_learns_no_more_boxes_of_an_image_than_max(net):
    text = "[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1"
    truths = [(0.25, 0.5, 0.5, 0.5, 0), (0.75, 0.5, 0.5, 0.5, 1)]

    def found(lines: str, truths: list[tuple[float, ...]]) -> list[float]:
        return delta(
            loss_of(net(text + lines, c=7, h=1, w=2, dialect="alexeyab"), [0.0] * 14, truths)
        )

    assert found("\nmax=1", truths) == found("", truths[:1]) != found("", truths)
