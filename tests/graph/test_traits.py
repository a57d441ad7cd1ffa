from __future__ import annotations

from pydarknet.graph.traits import fork_summary, traits_of

YOLO = """
[convolutional]
filters=18
size=1
activation=linear

[yolo]
classes=1
num=3
anchors=1,1,2,2,3,3
"""
SOFTMAX = "[connected]\noutput=4\nactivation=linear\n\n[softmax]\n"


def test_a_detector_says_its_classes_and_heads(net):
    traits = traits_of(net(YOLO, dialect="alexeyab", h=32, w=32))

    assert traits.classes == (1,)
    assert traits.type_lines == (" Detection layer: 1 - type = 28 ",)
    assert traits.place == ("net.cfg", 1, "net")
    assert traits.table.startswith("   layer   filters")
    assert traits.operations == 2 * 3 * 18 * 32 * 32  # a 1 x 1 convolution of 3 channels
    assert not traits.letter_box


def test_a_classifier_says_its_outputs(net):
    traits = traits_of(net(SOFTMAX, h=2, w=2))

    assert traits.classes == ()
    assert (traits.class_inputs, traits.class_outputs) == (4, 4)


def test_the_fork_sums_up_how_it_reads_a_cfg(net):
    options = "batch=64\nsubdivisions=16"
    network = net(YOLO, dialect="alexeyab", options=options)

    assert fork_summary(network, training=False).startswith(
        "mini_batch = 1, batch = 16, time_steps = 1, train = 0 \n"
    )
    assert fork_summary(network, training=True).startswith(
        "mini_batch = 4, batch = 64, time_steps = 1, train = 1 \n"
    )
    assert "must be divisible by 32" in fork_summary(network, training=False)
    assert fork_summary(net(YOLO), training=False) == ""
