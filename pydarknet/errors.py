"""What can be wrong with a user's files, each as one line that says where and what."""

from __future__ import annotations

from pathlib import Path


class DarknetError(Exception):
    """Bad input. `str()` is what a user reads: `where: problem`, and a `hint:` if there is one."""

    told = False  # whether another process of the run prints it

    def __init__(self, problem: str, *, where: str | Path = "", hint: str = "") -> None:
        self.problem, self.where, self.hint = problem, str(where), hint
        line = f"{where}: {problem}" if str(where) else problem
        super().__init__(f"{line}\n    hint: {hint}" if hint else line)


class CfgError(DarknetError):
    """A cfg that cannot become a network."""


class UnlikeSizes(CfgError):
    """Maps whose sizes do not fit together; those of another input may."""

    @classmethod
    def of(cls, error: CfgError) -> UnlikeSizes:
        """Return an error as one of sizes."""
        return cls(error.problem, where=error.where, hint=error.hint)


class WeightsError(DarknetError):
    """A weights file that does not belong to the network."""


class DataError(DarknetError):
    """A .data file, list, label or image that cannot be used."""


class LostProcess(DataError):
    """Another process of a run that is gone, or that ends by an error of its own."""


class WrongType(DataError, TypeError):
    """A Python program gives something of a type that cannot be meant."""


class UsageError(DarknetError):
    """A command line that cannot be understood."""


class MissingAttribute(UsageError, AttributeError):
    """What a network has not that is run without torch; `hasattr` says False."""


class MissingPackage(UsageError, ImportError):
    """A package that is not installed, and that is needed for what is asked."""


class OutOfMemory(DarknetError):
    """Something that needs more memory than there is."""


class GpuError(DarknetError):
    """A GPU that cannot be used, or that failed."""


class Stop(Exception):
    """Raised by a callback of `pydarknet.train` to end the training, as Ctrl-C does."""
