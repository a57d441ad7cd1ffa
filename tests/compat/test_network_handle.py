"""The handle that represents a network in C programs."""

from __future__ import annotations

import pytest

from pydarknet import DarknetError
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle


def test_a_network_s_size_is_told(net: Handle) -> None:
    assert (darknet.network_width(net), darknet.network_height(net)) == (48, 48)
    assert darknet.lib.network_width(net) == 48


def test_a_freed_network_is_an_error_not_a_crash(net: Handle) -> None:
    darknet.free_network_ptr(net)

    with pytest.raises(DarknetError, match="the network was freed"):
        darknet.network_width(net)
