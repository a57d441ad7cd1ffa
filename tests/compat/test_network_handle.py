"""The handle that represents a network in C programs."""

from __future__ import annotations

import pytest

from pydarknet import DarknetError, Network
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle


def test_a_network_s_size_is_told(net: Handle) -> None:
    assert (darknet.network_width(net), darknet.network_height(net)) == (48, 48)
    assert darknet.lib.network_width(net) == 48


def test_a_freed_network_is_an_error_not_a_crash(net: Handle) -> None:
    darknet.free_network_ptr(net)

    with pytest.raises(DarknetError, match="the network was freed"):
        darknet.network_width(net)


def test_boxes_after_detect_image_are_torch_s(fork: tuple, road: type) -> None:
    network, names, _ = fork
    image, number = darknet.load_image("input.png"), darknet.c_int(0)
    darknet.detect_image(network, names, image, thresh=0.25)
    assert isinstance(network.any_network, road)

    darknet.get_network_boxes(network, image.w, image.h, 0.25, 0.5, None, 0, number, 0)

    assert type(network.any_network) is Network
    [found] = network.boxes((image.w, image.h), 0.25, 0.5)
    assert number.value == len(found) > 0


def test_an_image_has_the_network_s_channels(net: Handle) -> None:
    with pytest.raises(DarknetError, match="an image has 1 channel: expected 3, as the network"):
        darknet.detect(net, darknet.load_meta("net.data"), darknet.make_image(4, 4, 1))
