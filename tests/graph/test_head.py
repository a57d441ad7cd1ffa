import torch

from pydarknet.graph.head import Head
from pydarknet.graph.onnx_network import write_network


def test_a_head_keeps_its_only_input(net):
    network = net("[convolutional]\nfilters=18\nsize=1\n[yolo]\nclasses=13\n")
    network.initialize()

    [head] = network(torch.rand(1, 3, 16, 16))

    assert head.inputs == (head.raw,)
    assert head.tensors == (head.raw, head.activated)


def test_a_layer_that_is_no_head_keeps_the_first_of_its_inputs(net):
    network = net("[maxpool]\nsize=1\n[maxpool]\nsize=1\n[route]\nlayers=-1,-2\n")

    [head] = network(torch.rand(1, 3, 16, 16))
    [written] = write_network(network)[1]

    assert len(head.inputs) == len(written.inputs) == 1


def test_a_head_over_several_layers_is_filled_in_their_order():
    first, second, out, *others = map(torch.tensor, range(6))
    head = Head(None, first, out, more=(second,))

    refilled = head.refill(iter(others))

    assert head.inputs == (first, second)
    assert refilled.tensors == tuple(others)
    assert head.map(torch.neg).tensors == (-first, -second, -out)
