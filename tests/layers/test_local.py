"""[local]: a convolution whose weights differ at every place."""

from __future__ import annotations

import pytest
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

IMAGE = [(7 * i) % 11 - 5 for i in range(2 * 4 * 5)]  # 2 x 4 x 5


def located(n: int, size: int, stride: int, pad: int, h: int, w: int, floats: list) -> list[float]:
    """Return the map of h x w places, of biases [n, h, w] and weights [h * w, n, c, k, k]."""
    biases, weights = floats[: n * h * w], iter(floats[n * h * w :])
    found = biases[:]
    for place in range(h * w):
        for f in range(n):
            for k in range(2):
                for i in range(size):
                    for j in range(size):
                        row = place // w * stride + i - pad
                        column = place % w * stride + j - pad
                        weight = next(weights)
                        if 0 <= row < 4 and 0 <= column < 5:
                            found[f * h * w + place] += weight * IMAGE[(k * 4 + row) * 5 + column]
    return found


CASES = [
    # size, stride, pad, height, width
    (1, 1, 0, 4, 5),
    (3, 1, 0, 2, 3),  # 4 - 3 + 1, 5 - 3 + 1
    (2, 2, 0, 2, 2),  # (4 - 2) // 2 + 1, (5 - 2) // 2 + 1
    (3, 1, 1, 4, 5),  # with pad: 4 - 1 + 1, whatever the size
    (3, 2, 1, 2, 3),  # (4 - 1) // 2 + 1, (5 - 1) // 2 + 1
    (3, 1, 2, 4, 5),  # pad itself is what is padded: two above and on the left
    (5, 1, 1, 4, 5),
]


@pytest.mark.parametrize(("size", "stride", "pad", "h", "w"), CASES)
@both_lineages
def test_the_map_has_a_cell_a_place(nodes, size, stride, pad, h, w, dialect):
    text = f"[local]\nfilters=3\nsize={size}\nstride={stride}\npad={pad}"

    [node] = nodes(text, c=2, h=4, w=5, dialect=dialect)

    assert node.output == Shape(c=3, h=h, w=w)


@pytest.mark.parametrize(("size", "stride", "pad", "h", "w"), CASES)
@both_lineages
def test_each_place_has_weights_of_its_own(loaded, size, stride, pad, h, w, dialect):
    text = f"[local]\nfilters=2\nsize={size}\nstride={stride}\npad={pad}\nactivation=linear"
    count = 2 * h * w + h * w * 2 * 2 * size * size
    floats = [(5 * i) % 7 - 3 for i in range(count)]

    y = run(loaded(text, floats, c=2, h=4, w=5, dialect=dialect), IMAGE)

    assert y.flatten().tolist() == located(2, size, stride, pad, h, w, floats)


def test_one_logistic_filter_of_size_one_is_the_default(loaded):
    y = run(loaded("[local]", [0, -1, 5, 1], c=1, h=1, w=2), [0, 1])

    assert y.tolist() == [[[0.5, 0.5]]]  # logistic(5 * 0 + 0) and logistic(1 * 1 - 1)


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 Local Layer: 4 x 5 x 2 image, 3 filters -> 2 x 3 x 3 image"),
        ("alexeyab", "   0 Local Layer: 4 x 5 x 2 image, 3 filters -> 2 x 3 x 3 image"),
    ],
)
def test_the_row_has_heights_before_widths(net, dialect, row):
    network = net("[local]\nfilters=3\nsize=3", c=2, h=4, w=5, dialect=dialect)

    assert rows(network) == [row]


def test_a_size_larger_than_the_input_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[local]\nsize=5", h=4, w=5)

    assert str(error.value) == "net.cfg:6: [local] size = 5 is larger than its input 5 x 4"


def test_a_size_as_large_as_the_input_is_taken(nodes):
    [node] = nodes("[local]\nsize=4", h=4, w=5)

    assert node.output == Shape(c=1, h=1, w=2)


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[local\] needs an image before it"):
        net("[local]", inputs=12)
