"""The words of torchrun's environment."""

import pytest

from pydarknet.errors import UsageError
from pydarknet.ranks.place import Place, place_of

PLACE = Place(rank=3, size=4, local=1, near=2, address="10.0.0.1", port=29500)


def test_a_process_reads_the_place_that_torchrun_gave_it():
    assert place_of({**PLACE.environment(), "HOME": "/"}) == PLACE


@pytest.mark.parametrize("environment", [{}, {"RANK": "0"}, {"WORLD_SIZE": "1", "RANK": "0"}])
def test_a_process_may_be_alone(environment):
    assert place_of(environment) is None


@pytest.mark.parametrize("word", ["RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"])
def test_a_word_that_is_missing_is_named(word):
    environment = PLACE.environment()
    del environment[word]

    with pytest.raises(UsageError, match=f"WORLD_SIZE = 4 without {word} in the environment"):
        place_of(environment)


@pytest.mark.parametrize(
    ("word", "text", "said"),
    [
        ("RANK", "x", "RANK = x in the environment: expected a number"),
        ("RANK", "4", "RANK = 4 in the environment: expected less than WORLD_SIZE = 4"),
        ("WORLD_SIZE", "-2", "WORLD_SIZE = -2 in the environment: expected a number"),
        ("LOCAL_WORLD_SIZE", "", "LOCAL_WORLD_SIZE =  in the environment: expected a number"),
    ],
)
def test_what_cannot_be_is_refused(word, text, said):
    with pytest.raises(UsageError) as error:
        place_of({**PLACE.environment(), word: text})

    assert str(error.value).startswith(said)
