"""The tree of errors: every error Liuke raises on purpose is one of these kinds.

A specific error stands beside the function that raises it and inherits its kind. The edges turn kinds into
answers: the command line into one line and an exit code, a page into a message and a status.
"""

from __future__ import annotations


class LiukeError(Exception):
    """What went wrong, where, and what to do about it, in words a user can act on."""


class InvalidInput(LiukeError):
    """What was given cannot be accepted as it is (exit code 3)."""


class NotAllowed(LiukeError):
    """The deed is not permitted to this person or in this state."""


class NotFound(LiukeError):
    """The thing named does not exist (exit code 3)."""


class Conflict(LiukeError):
    """Something else is in the way: another run holds the workspace, the row is already there."""


class Unavailable(LiukeError):
    """A resource is missing: disk full, memory exhausted, a file that cannot be read.

    Parameters
    ----------
    message : str
        What is missing and what would help.
    permanent : bool, default False
        Whether trying again later is pointless.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
