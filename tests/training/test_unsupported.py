"""What of a cfg cannot be trained."""

import pytest

from pydarknet.errors import CfgError
from pydarknet.training.unsupported import check_trainable

SOFTMAX = "[convolutional]\nfilters=1\n[softmax]"


def test_a_network_with_a_loss_can_be_trained(net):
    assert check_trainable(net(SOFTMAX, dialect="alexeyab")) is None


def test_a_network_without_a_loss_has_nothing_to_learn(net):
    with pytest.raises(CfgError, match="nothing to learn: expected a layer with a loss"):
        check_trainable(net("[convolutional]\nfilters=1"))


def test_an_option_of_net_that_is_not_done_is_refused(net):
    network = net(SOFTMAX, dialect="alexeyab", options="adversarial_lr=0.1")

    with pytest.raises(CfgError, match="adversarial_lr is not supported in training"):
        check_trainable(network)


def test_an_option_of_a_layer_that_is_not_done_is_refused(net):
    network = net(f"[convolutional]\nsway=1\nfilters=1\nsize=3\n{SOFTMAX}", dialect="alexeyab")

    with pytest.raises(CfgError, match=r"\[convolutional\] sway is not supported in training"):
        check_trainable(network)


HALVES = "[maxpool]\nsize=2\nstride=2\npadding=1\n" * 3  # needs multiples of 8
ROUTED = f"{HALVES}[upsample]\nstride=2\n[route]\nlayers=-1,1\n[convolutional]\nfilters=7\n"
RANDOM = f"{ROUTED}[yolo]\nclasses=2\nnum=1\nanchors=8,8\nrandom=1\n"


def test_a_step_of_random_sizes_that_the_maps_do_not_fit_is_told_at_once(net):
    network = net(RANDOM, h=64, w=64, dialect="alexeyab", options="resize_step=4")

    with pytest.raises(CfgError, match=r"hint: width and height must be multiples of 8 here$"):
        check_trainable(network)


def test_a_step_of_random_sizes_that_fits_is_taken(net):
    network = net(RANDOM, h=64, w=64, dialect="alexeyab", options="resize_step=8")

    assert check_trainable(network) is None


HEADS = """[convolutional]
filters=7
[yolo]
classes=2
num=2
mask=0
anchors=8,8, 16,16
{}
[convolutional]
filters=7
[yolo]
classes=2
num=2
mask=1
anchors=8,8, 16,16
{}
"""


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("assign=simota", "", r"net.cfg:16: \[yolo\] assign: expected simota"),
        ("", "assign=simota", r"net.cfg:21: \[yolo\] assign = simota: expected anchor"),
        ("assign=simota", "assign=simota\nradius=2", r"radius = 2: expected 1.5"),
    ],
)
def test_heads_that_share_a_loss_have_its_options_alike(net, first, second, problem):
    with pytest.raises(CfgError, match=f"{problem}, as in the .yolo. of line 8"):
        check_trainable(net(HEADS.format(first, second)))


def test_heads_that_share_a_loss_may_differ_in_other_options(net):
    both = ("assign=simota\nl1=1", "assign=simota\nl1=0")

    assert check_trainable(net(HEADS.format(*both))) is None
