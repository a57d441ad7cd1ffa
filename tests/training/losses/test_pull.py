"""Focal loss is the paper's formula, and its deltas are minus the derivative."""

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, focal_loss, focal_slope, loss_of
from torch.nn.functional import binary_cross_entropy_with_logits

from pydarknet.errors import CfgError
from pydarknet.training.losses.pull import PLAIN, Pull

RAW = torch.linspace(-30, 30, 121, dtype=torch.float64)
MIDDLE = (0.5, 0.5, 0.5, 0.5)
YOLO = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_deltas_are_those_of_autograd(target, alpha, gamma):
    got = Pull(alpha, gamma).toward(target, RAW.sigmoid())

    torch.testing.assert_close(got, -focal_slope(RAW, target, alpha, gamma), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_the_loss_and_its_gradient_are_those_of_the_paper(target, gamma):
    raw, wanted = RAW.clone().requires_grad_(), torch.full_like(RAW, target)

    loss = Pull(0.25, gamma).loss(wanted, raw)
    [gradient] = torch.autograd.grad(loss.sum(), raw)

    torch.testing.assert_close(loss, focal_loss(RAW, target, 0.25, gamma), rtol=1e-9, atol=1e-12)
    wanted = focal_slope(RAW, target, 0.25, gamma)
    torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-12)


def test_the_loss_without_its_powers_is_half_the_entropy():
    wanted = torch.tensor([1.0, 0.0, 0.3])
    raw = torch.tensor([-2.0, 0.0, 3.0])

    loss = Pull(0.5, 0).loss(wanted, raw)

    entropy = binary_cross_entropy_with_logits(raw, wanted, reduction="none")
    torch.testing.assert_close(loss, entropy / 2)
    assert torch.equal(PLAIN.loss(wanted, raw), entropy)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_certain_outputs_have_finite_gradients(gamma):
    raw = torch.tensor([-200.0, 200.0, -200.0, 200.0], requires_grad=True)

    Pull(0.25, gamma).loss(torch.tensor([0.0, 1.0, 1.0, 0.0]), raw).sum().backward()

    assert raw.grad.tolist() == [0, 0, -0.25, 0.75]


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_toward_zero_is_toward_0(gamma):
    p = RAW.sigmoid()

    assert torch.equal(Pull(0.25, gamma).toward_zero(p), Pull(0.25, gamma).toward(0, p))


def test_certain_outputs_have_finite_deltas():
    p = torch.tensor([0.0, 1.0])

    assert Pull(0.25, 2).toward(1, p).tolist() == [0.25, 0]
    assert Pull(0.25, 2).toward_zero(p).tolist() == [0, -0.75]


def test_without_alpha_deltas_are_target_minus_output():
    p = torch.tensor([0.25, 0.5])

    assert PLAIN.toward(1, p).tolist() == [0.75, 0.5]
    assert PLAIN.toward_zero(p).tolist() == [-0.25, -0.5]


# In heads: of a cell of zeros all probabilities are .5, so that a focal delta with gamma 2 is
# toward 1 alpha * (.125 + .25 * ln 2 * .5 * 2) = alpha * .298287, toward 0 (alpha - 1) * .298287.


@pytest.mark.parametrize(("options", "alpha"), [("focal_gamma=2", 0.25), ("focal_alpha=.6", 0.6)])
@both_lineages
def test_yolo_has_focal_deltas_of_objectness_and_classes(net, dialect, options, alpha):
    cell = net(YOLO + options, c=7, h=1, w=1, dialect=dialect)

    matched, empty = loss_of(cell, [0.0] * 7, [(*MIDDLE, 1)]), loss_of(cell, [0.0] * 7, [])

    one, zero = alpha * 0.298287, (alpha - 1) * 0.298287
    assert delta(matched)[4:] == pytest.approx([one, zero, one], abs=2e-6)
    assert delta(empty) == pytest.approx([0, 0, 0, 0, zero, 0, 0], abs=2e-6)


def test_gaussian_yolo_has_focal_deltas_of_objectness_and_classes(net):
    text = "[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=16,16\nfocal_gamma=2"
    cell = net(text, c=11, h=1, w=1, dialect="alexeyab")

    matched, empty = loss_of(cell, [0.0] * 11, [(*MIDDLE, 1)]), loss_of(cell, [0.0] * 11, [])

    one, zero = 0.25 * 0.298287, -0.75 * 0.298287
    assert delta(matched)[8:] == pytest.approx([one, zero, one], abs=2e-6)
    assert delta(empty)[8:] == pytest.approx([zero, 0, 0], abs=2e-6)


def test_focal_deltas_and_smooth_labels_go_together(net):
    text = YOLO + "focal_alpha=.5\nfocal_gamma=0\nlabel_smooth_eps=.2"

    loss = loss_of(net(text, c=7, h=1, w=1, dialect="alexeyab"), [0.0] * 7, [(*MIDDLE, 1)])

    assert delta(loss)[5:] == pytest.approx([0.5 * (0.1 - 0.5), 0.5 * (0.9 - 0.5)], abs=1e-6)


@pytest.mark.parametrize("option", ["focal_alpha=.25", "focal_gamma=2"])
def test_the_forks_focal_loss_is_another_one(net, option):
    with pytest.raises(CfgError) as error:
        net(f"{YOLO}{option}\nfocal_loss=1", c=7, dialect="alexeyab")

    assert str(error.value) == (
        "net.cfg:11: [yolo] focal_loss = 1: it is another loss than focal_alpha and focal_gamma:"
        " expected one of the two"
    )


@pytest.mark.parametrize("option", ["focal_alpha=1.5", "focal_gamma=-1", "neg_ratio=-3"])
def test_numbers_that_no_loss_has_are_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:10: \[yolo\] .*: expected "):
        net(YOLO + option, c=7)
