"""Images that a layer answers more strongly: the C program's, pixel for pixel."""

from __future__ import annotations

import numpy as np
import torch
from conftest import HERE

from pydarknet.cli.main import main
from pydarknet.inference.glibc_rand import after_loading
from pydarknet.inference.nightmare import Dream, excitation_gradient, rotate, zoom
from pydarknet.load import read_network
from pydarknet.modules.transforms import load_image, pixels
from pydarknet.network import Network

NIGHT = HERE / "reference" / "nightmare"
FILES = [str(NIGHT / name) for name in ("dream.cfg", "dream.weights", "input.png")]


def as_bytes(image: torch.Tensor) -> np.ndarray:
    """Return an image as the C writes it."""
    return (image * 255).to(torch.uint8).permute(1, 2, 0).numpy()


def test_two_rounds_are_the_c_programs():
    whole = read_network(FILES[0])
    network = Network(whole.net, whole.layers[:3], whole.dialect)
    network.load_weights(FILES[1], upto=3)
    dream, rand = Dream(2, range=2, octaves=2, greyer=0.1), after_loading(0, whole)
    image = pixels(load_image(FILES[2]))

    for name in ("0.png", "1.png"):
        for _ in range(3):
            image = dream.step(image, network, rand)
        recorded = load_image(NIGHT / name).astype(int)
        assert np.abs(as_bytes(image) - recorded).max() <= 1
        image = zoom(rotate(image, 0.1), 0.9)


def test_layers_behind_the_one_that_is_excited_need_not_fit_the_picture(tmp_path):
    # dream.cfg ends in a [connected] layer, which takes 32 x 32 alone; the image has 56 x 40
    assert main(["nightmare", *FILES, "3", "-iters", "1", "-prefix", str(tmp_path)]) == 0


def test_what_stands_out_is_wanted_more_and_the_rest_left(net):
    network = net("[convolutional]\nfilters=1\nactivation=linear", c=1, h=1, w=4)
    network.initialize()
    with torch.no_grad():
        network.stack[0].weights.fill_(3)

    step = excitation_gradient(network, torch.tensor([[[0.0, 0.0, 0.0, 1.0]]]), 0, 1.0)

    # outputs 0 0 0 3: mean 3/4, deviation 1.3; above 2.05 only the last, 3, which grows by 3
    torch.testing.assert_close(step, torch.tensor([[[0.0, 0.0, 0.0, 9.0]]]))


def test_a_batch_norm_passes_on_what_it_multiplies_by(net):
    network = net("[convolutional]\nbatch_normalize=1\nfilters=1\nactivation=linear", c=1, h=1, w=2)
    network.initialize()
    with torch.no_grad():
        network.stack[0].weights.fill_(3)
        network.stack[0].norm.scales.fill_(2)
        network.stack[0].norm.rolling_variance.fill_(0.25 - 1e-5)

    step = excitation_gradient(network, torch.tensor([[[0.0, 1.0]]]), 0, 0.5)

    # 3 * 2 / 0.5 = 12; outputs 0 12: above 6 + 3 only the last, which grows by 12
    torch.testing.assert_close(step, torch.tensor([[[0.0, 144.0]]]))


def test_a_quarter_turn_moves_rows_to_columns():
    square = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])

    # pixel (x, y) takes what lies at (2 - y, x), and black where that is beyond the edge
    found = rotate(square, np.pi / 2)

    torch.testing.assert_close(found, torch.tensor([[[0.0, 0.0], [2.0, 4.0]]]), atol=1e-6, rtol=0)
