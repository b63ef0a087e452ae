"""What the user is told when something cannot be done, and the exit code that goes with it."""


class RetinueError(Exception):
    """Work that failed: its text is one clear line that names the file or option and the remedy."""

    exit_code = 1


class UsageError(RetinueError):
    """A request that cannot be carried out as it was made (a wrong option, name or value)."""

    exit_code = 2


class ImpossibleNetworkError(UsageError):
    """Settings under which a layer of the network runs out of pixels; the text names the layer."""


class PictureError(RetinueError):
    """A picture that cannot be read; the text is the reason, without the file's name.

    What is `passing`, as a want of memory, is so here and now; on another day it may be read.
    """

    def __init__(self, reason: str, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


class MissingExtraError(UsageError):
    """An optional part that is not installed; the text says which extra brings it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional package: pip install 'retinue[{extra}]'")


class DiedError(RetinueError):
    """The process of a job ended before the job did, by somebody else's doing."""
