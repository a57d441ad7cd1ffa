"""The methods of a network that users call."""

import io
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import torch
from conftest import recording

from pydarknet import DarknetError, DataError, Header, UsageError, load_network
from pydarknet import network as networks
from pydarknet.boxes.detections import Detections

YOLO = """[net]
channels=3
width=32
height=32
[convolutional]
filters=18
size=1
activation=linear
[yolo]
classes=1
num=3
mask=0,1,2
anchors=8,8,16,16,24,24
"""


@pytest.fixture
def network(tmp_path):
    """A head whose boxes all have the same score: its weights are 0, except a bias."""
    path = tmp_path / "net.cfg"
    path.write_text(YOLO)
    network = load_network(path, dialect="pjreddie", device="cpu")
    for parameter in network.parameters():
        parameter.data.zero_()
    return network


def test_boxes_that_have_a_class_left_are_detected(network):
    image = np.zeros((32, 32, 3), np.uint8)

    # objectness and class are a half each: a score of a quarter
    assert len(network.detect(image, thresh=0.2, nms=0)) == 3 * 32 * 32
    assert len(network.detect(image, thresh=0.25, nms=0)) == 0


@pytest.mark.parametrize("count", [1, 5])
def test_a_list_of_images_gives_a_list(network, count):
    found = network.detect([np.zeros((32, 32, 3), np.uint8)] * count, thresh=0.3)

    assert [type(one) for one in found] == [Detections] * count


def test_weights_are_saved_under_the_header_that_is_given(network, tmp_path):
    network.save_weights(tmp_path / "w", header=Header(0, 2, 5, seen=64))

    assert network.load_weights(tmp_path / "w").floats == 18 + 18 * 3
    assert (network.header.revision, network.header.seen) == (5, 64)


def test_in_training_a_network_is_its_own_fastest_form(network):
    assert network.train().prepared() is network


@pytest.mark.parametrize("activation", ["leaky", "relie", "revleaky", "relu", "logistic", "mish"])
def test_a_network_that_has_detected_can_be_pickled(tmp_path, activation):
    path = tmp_path / "net.cfg"
    path.write_text(YOLO.replace("activation=linear", f"activation={activation}"))
    network = load_network(path, dialect="alexeyab", device="cpu")
    network.initialize()
    image = np.full((32, 32, 3), 100, np.uint8)
    found = network.detect(image, thresh=0.1)

    again = pickle.loads(pickle.dumps(network)).detect(image, thresh=0.1)

    assert torch.equal(torch.as_tensor(again.boxes), torch.as_tensor(found.boxes))
    assert torch.equal(torch.as_tensor(again.scores), torch.as_tensor(found.scores))


BLACK = np.zeros((32, 32, 3), np.uint8)


def test_nothing_is_found_in_no_images(network):
    assert network.detect([]) == []


def test_images_may_come_one_by_one(network):
    found = network.detect(BLACK for _ in range(3))

    assert [type(one) for one in found] == [Detections] * 3


def test_an_error_names_the_place_in_the_list(network):
    with pytest.raises(DataError, match=r"^images\[1\]: an image is None: expected a path"):
        network.detect([BLACK, None])


def test_bgr_swaps_red_and_blue(loaded):
    conv = "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n"
    head = "[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=8,8\n"
    # filter by filter for x, y, w, h, objectness and class: the last two see red alone
    weights = [0, 0, 0] * 4 + [9, 0, 0] * 2
    network = loaded(conv + head, [0.0] * 4 + [-4.0] * 2 + weights, h=2, w=2)
    red = np.zeros((2, 2, 3), np.uint8)
    red[:, :, 0] = 255

    assert len(network.detect(red, nms=0)) == 4
    assert len(network.detect(red[:, :, ::-1], nms=0)) == 0
    assert len(network.detect(red[:, :, ::-1], nms=0, bgr=True)) == 4


def test_boxes_are_drawn_on_an_image_that_nobody_holds_until_the_next_one(network):
    found = network.detect(BLACK.copy(), thresh=0.2)

    assert found[0].score == 0.25
    assert found.draw().any()

    network.detect(BLACK)
    with pytest.raises(UsageError, match="no longer in memory"):
        found.draw()


def test_a_network_is_shown_in_a_line(network):
    form = "2 layers, input 3 x 32 x 32, pjreddie, cpu"

    assert repr(network) == f"Network({network.net.section.path}: {form})"


@pytest.mark.parametrize("thresh", [1, np.float32(0.5), np.int64(0), np.array(0.25)])
def test_a_threshold_may_be_any_number(network, thresh):
    assert len(network.detect(BLACK, thresh=thresh)) == len(network.detect(BLACK, float(thresh)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"thresh": 25}, "thresh = 25: expected at most 1"),
        ({"thresh": -0.1}, "thresh = -0.1: expected at least 0"),
        ({"nms": 45}, "nms = 45: expected at most 1"),
        ({"thresh": float("nan")}, "thresh = nan: expected a finite number"),
        ({"nms": "half"}, "nms = half: could not convert"),
    ],
)
def test_a_threshold_is_a_share(network, options, said):
    with pytest.raises(UsageError, match=said):
        network.detect(BLACK, **options)


def test_a_network_without_values_says_so(network):
    with pytest.raises(DarknetError, match="the network has no values: expected load_weights"):
        network.to("meta").detect(BLACK)


def test_an_open_file_is_one_image_on_which_its_boxes_can_be_drawn(network, tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((32, 32, 3), np.uint8))

    with (tmp_path / "a.png").open("rb") as file:
        found = network.detect(file, thresh=0.25)
    assert (len(found), found.draw().shape) == (0, (32, 32, 3))

    several = network.detect([io.BytesIO((tmp_path / "a.png").read_bytes())], thresh=0.25)
    assert [len(one) for one in several] == [0]


@pytest.mark.parametrize("image", [{}, {"a.png": 1}, 3, io.StringIO("text")])
def test_what_cannot_be_an_image_is_a_type_error(network, image):
    with pytest.raises(TypeError, match="an image is "):
        network.detect(image)


@pytest.fixture
def threads():
    """Let torch have four threads, however many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_crews_share_the_cores(network):
    assert [crew.workers for crew in network.crews(1)] == [4, 2, 1]

    network.crews(1)[1].begin()

    assert torch.get_num_threads() == 2  # each of the two workers has half of four


@pytest.mark.usefixtures("threads")
def test_no_more_workers_are_in_a_crew_than_their_maps_have_room_for(network, monkeypatch):
    monkeypatch.setattr(networks, "MAPS", 7 * network.map_bytes())

    assert [crew.workers for crew in network.crews(3)] == [2, 1]  # two take 6 of 7


@pytest.mark.usefixtures("threads")
def test_a_network_that_remembers_the_last_image_has_no_crew(tmp_path):
    (tmp_path / "net.cfg").write_text("[net]\ninputs=4\n[rnn]\noutput=3\nhidden=2\n")

    network = load_network(tmp_path / "net.cfg", dialect="pjreddie", device="cpu")

    assert list(network.crews(1)) == []


def test_one_thread_has_no_crew(network):
    before = torch.get_num_threads()
    torch.set_num_threads(1)

    crews = list(network.crews(1))

    torch.set_num_threads(before)
    assert crews == []


def test_threads_find_at_the_same_time_what_one_does(network):
    generator, draws = np.random.default_rng(0), torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data.uniform_(-1, 1, generator=draws)
    images = [generator.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(40)]
    alone = [network.detect(image, thresh=0.25) for image in images]  # some twenty boxes each

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: network.detect(image, thresh=0.25), images * 5))

    assert sum(map(len, alone)) > 40
    assert all(
        torch.equal(one.boxes, other.boxes) and torch.equal(one.scores, other.scores)
        for one, other in zip(alone * 5, together, strict=True)
    )


class Counts(torch.utils.data.Dataset):
    """How many boxes a network finds in an image, and whether in one thread."""

    def __init__(self, network, image):
        self.network, self.image = network, image

    def __len__(self):
        return 2

    def __getitem__(self, place):
        return len(self.network.detect(self.image)), torch.get_num_threads()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.usefixtures("threads")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python 3.12's, of a fork among threads
def test_workers_of_a_loader_that_are_forked_find_what_their_parent_found():
    folder = recording("infer_pj_yolov3_a")
    network = load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    image = str(folder / "input.png")
    expected = len(network.detect(image))

    loader = torch.utils.data.DataLoader(
        Counts(network, image), None, num_workers=2, multiprocessing_context="fork", timeout=60
    )

    assert list(loader) == [[expected, 1]] * 2
