"""In what two trainings differ, and whether the one may continue the other."""

import json

import pytest

from pydarknet.training.run import Difference, describe_run, differences, text_of_differences

NET = {"batch": 8, "subdivisions": 2}
LAYERS = (
    "[convolutional]\nfilters=4\nactivation={activation}\n"
    "[convolutional]\nfilters=14\nsize=1\n"
    "[yolo]\nmask=0,1\nanchors=8,8,16,16\nnum=2\nclasses=2\njitter={jitter}\n"
)


@pytest.fixture
def trained(net):
    """Return a network and the description of its training, with some options other than usual."""

    def make(activation="leaky", jitter=0.3, train="train.txt", dialect="pjreddie", **options):
        lines = LAYERS.format(activation=activation, jitter=jitter)
        texts = "".join(f"{key}={value}\n" for key, value in {**NET, **options}.items())
        network = net(lines, dialect=dialect, options=texts)
        return network, describe_run(network, train, "")

    return make


def told(trained, **changes: object) -> list[Difference]:
    """Return how a changed training differs, after its description was in a file."""
    _, then = trained()
    network, now = trained(**changes)
    return differences(network, now, json.loads(json.dumps(then)))


def test_a_training_does_not_differ_from_itself(trained):
    assert told(trained) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"max_batches": 300}, "[net] max_batches = 300 (was 0)"),
        ({"learning_rate": 0.01}, "[net] learning_rate = 0.01 (was 0.001)"),
        ({"subdivisions": 4}, "[net] subdivisions = 4 (was 2)"),
        ({"jitter": 0.2}, "layer 2 [yolo] jitter = 0.2 (was 0.3)"),
    ],
)
def test_how_a_network_is_trained_may_change(trained, changes, text):
    assert told(trained, **changes) == [Difference(text, fits=True)]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"batch": 4}, "[net] batch = 4 (was 8)"),
        ({"subdivisions": 3}, "[net] subdivisions = 3 (was 2)"),  # 3 * 2 images instead of 8
        ({"activation": "relu"}, "layer 0 [convolutional] activation = relu (was leaky)"),
        ({"train": "b.txt"}, "train = b.txt (was train.txt)"),
        (
            {"dialect": "alexeyab"},
            "dialect alexeyab (was pjreddie: -dialect pjreddie continues it)",
        ),
    ],
)
def test_what_is_trained_on_how_many_images_may_not(trained, changes, text):
    assert Difference(text, fits=False) in told(trained, **changes)


def test_other_layers_are_another_network(trained, net):
    _, then = trained()
    network = net("[convolutional]\nfilters=14\n", options="batch=8\nsubdivisions=2\n")

    found = differences(network, describe_run(network, "train.txt", ""), then)

    assert found == [Difference("other layers: 1 (were 3)", fits=False)]


def test_a_comment_and_a_default_that_is_written_out_are_no_difference(trained):
    assert told(trained, momentum=0.9) == []


def test_of_many_differences_the_first_are_told():
    many = [Difference(text) for text in "abcdef"]

    assert text_of_differences(many) == "a; b; c; d; 2 more"
