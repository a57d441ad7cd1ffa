"""With whose arithmetic layers are built."""

import pytest
from conftest import both_lineages

from pydarknet.modules.batch_norm import BATCH_NORMS

CONV = "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\nactivation=linear"


@pytest.mark.parametrize("processor", ["gpu", "cpu"])
@both_lineages
def test_a_batch_norm_is_that_of_the_lineage_and_the_processor(net, dialect, processor):
    network = net(CONV, dialect=dialect, batchnorm=processor)

    norm = network.layers[0].reading.batch_norm(5)

    assert type(norm) is type(network.stack[0].norm) is BATCH_NORMS[processor].of(dialect)
    assert norm.scales.shape == (5,)
