"""Where each array stands in a weights file."""

from pydarknet.graph.weights_layout import placed_arrays, tensor_at

TWO = "[convolutional]\nfilters=2\nbatch_normalize=1\n[maxpool]\n[convolutional]\nfilters=1\n"


def test_arrays_follow_each_other_in_the_order_of_the_file(net):
    network = net(TWO)

    # 2 biases, 2 scales, 2 + 2 statistics, 2 * 3 weights; 1 bias, 1 * 2 weights
    places = list(placed_arrays(network))
    assert [place.node.index for place in places] == [0, 0, 0, 0, 0, 2, 2]
    assert [place.start for place in places] == [0, 2, 4, 6, 8, 14, 15]
    assert places[-1].end == 17


def test_an_array_is_found_by_its_path(net):
    network = net(TWO)

    assert tensor_at(network.stack[0], "norm.rolling_mean") is network.stack[0].norm.rolling_mean
