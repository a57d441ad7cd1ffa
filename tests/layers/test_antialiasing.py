"""A layer that leaves its strides to a blur."""

import pytest

from pydarknet.errors import CfgError

POOL = "[maxpool]\nsize=2\nstride_x=4\nstride_y=2"


def pool(nodes, antialiasing: int, **options: object):
    """Return such a layer of the fork's."""
    [node] = nodes(f"{POOL}\nantialiasing={antialiasing}", dialect="alexeyab", **options)
    return node.layer


@pytest.mark.parametrize(
    ("antialiasing", "strides", "size"), [(0, (2, 4), None), (1, (1, 1), 3), (2, (1, 1), 2)]
)
def test_the_blur_strides_in_the_layers_place(nodes, antialiasing, strides, size):
    layer = pool(nodes, antialiasing)

    assert layer.strides == strides  # the vertical one first
    assert (layer.blur and (layer.blur.size, layer.blur.stride)) == (size and (size, (2, 4)))


@pytest.mark.parametrize(("antialiasing", "told"), [(0, ""), (1, "AA:  ")])
def test_the_fork_tells_it(nodes, antialiasing, told):
    assert pool(nodes, antialiasing).stdout_text() == told


def test_a_map_that_the_blur_leaves_nothing_of_is_refused(nodes):
    with pytest.raises(CfgError, match="antialiasing = 2 needs a map of 2 x 2, this one is 1 x 1"):
        pool(nodes, 2, h=1, w=1)
