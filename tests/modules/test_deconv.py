"""The transposed convolution: the geometry is tested where [deconvolutional] is."""

import torch

from pydarknet.modules.batch_norm import BatchNorm
from pydarknet.modules.deconv import Deconv


def deconv(norm: BatchNorm | None = None) -> Deconv:
    """Return one of a channel into two, in steps of two cells: kernels 1 2 and 3 4 in a row."""
    module = Deconv(2, 1, 2, stride=(2, 2), norm=norm).with_biases(2)
    module.weights.data = torch.tensor([[[[1.0, 2], [0, 0]], [[3.0, 4], [0, 0]]]])
    module.biases.data = torch.tensor([10.0, 20])
    return module


def test_each_cell_adds_its_kernel():
    found = deconv()(torch.tensor([[[[1.0, 100]]]]))

    assert found[0, :, 0].tolist() == [[11, 12, 110, 210], [23, 24, 320, 420]]
    assert found[0, :, 1].tolist() == [[10] * 4, [20] * 4]


def test_batch_norm_is_folded_by_output_channels():
    norm = BatchNorm(2)
    norm.scales.data = torch.tensor([2.0, 3])
    norm.rolling_mean = torch.tensor([1.0, 2])
    norm.rolling_variance = torch.tensor([4.0, 9]) - 1e-5
    module = deconv(norm).eval()

    weights, biases = module.folded_parameters()

    # scales over deviations are 1 and 1; biases less means
    torch.testing.assert_close(weights, module.weights)
    torch.testing.assert_close(biases, torch.tensor([9.0, 18]))
    x = torch.tensor([[[[1.0, 100]]]])
    torch.testing.assert_close(module(x)[0, 0, 0], torch.tensor([10.0, 11, 109, 209]))
