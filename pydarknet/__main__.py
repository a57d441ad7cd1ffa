"""python -m pydarknet, and the programs `pydarknet` and `darknet`."""

from .system.ending import end_quickly
from .system.starting import quit_on_interrupt, start_lean


def entry(*, as_darknet: bool = False) -> None:
    """Run the program with the words it was called with."""
    quit_on_interrupt()
    start_lean()
    end_quickly()
    from .cli import main

    main.entry(as_darknet=as_darknet)


if __name__ == "__main__":
    entry()
