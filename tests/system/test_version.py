"""The version is said once."""

import re

from conftest import HERE

import pydarknet
from pydarknet.system.version import __version__


def test_the_package_and_setup_have_the_same_version():
    read_by_setup = re.search(r'/ "(pydarknet/.+?\.py)"\)', (HERE.parent / "setup.py").read_text())[
        1
    ]

    assert pydarknet.__version__ == __version__
    assert f'__version__ = "{__version__}"' in (HERE.parent / read_by_setup).read_text()
