"""Failures, one class for each kind, with the code and the hint of the engine.

Every exception has ``code`` (the same word on the command line and over HTTP), ``hint`` (what to do about it, or
``None``) and ``is_retryable``.  Where Python has a class of its own for such a failure, ours is one of those too:
``except LookupError`` catches what is not there.
"""

from __future__ import annotations

__all__ = [
    "ArtifactTooLarge",
    "Busy",
    "CommandFailed",
    "Conflict",
    "Corrupt",
    "DiskFull",
    "Error",
    "HistoryFloor",
    "InvalidState",
    "Network",
    "NotFound",
    "StorageError",
    "Unauthorized",
    "Unsupported",
    "ValidationError",
]


class Error(Exception):
    """A call that failed.

    >>> import mltrack
    >>> try:
    ...     raise mltrack.errors.of_code("no such run", code="NOT_FOUND", hint="mltrack runs")
    ... except mltrack.Error as error:
    ...     print(error.code, "|", error.hint)
    NOT_FOUND | mltrack runs
    """

    code: str = "INTERNAL_ERROR"
    hint: str | None = None
    is_retryable: bool = False

    def __str__(self) -> str:
        words = super().__str__()
        return f"{words}\nhint: {self.hint}" if self.hint else words


class ValidationError(Error, ValueError):
    """A value, name, filter or id that cannot be used."""


class NotFound(Error, LookupError):
    """There is no such store, experiment, run, metric or artifact."""


class Busy(Error, TimeoutError):
    """Somebody holds what is needed and does not move: the same call may succeed later."""


class Conflict(Error):
    """Somebody else was there first, or the value is another one already."""


class InvalidState(Error):
    """The run or the store is not in a state that allows it."""


class HistoryFloor(InvalidState):
    """The store does not remember so far back: what came before was compacted away."""


class Corrupt(Error):
    """Stored bytes are damaged: ``mltrack verify --deep`` says which."""


class Network(Error, ConnectionError):
    """Another machine cannot be reached."""


class Unauthorized(Error, PermissionError):
    """The other machine wants to know who asks, or does not let this one in."""


class DiskFull(Error, OSError):
    """No space is left."""


class StorageError(Error, OSError):
    """A file or an object store failed."""


class ArtifactTooLarge(Error, ValueError):
    """A file is longer than the store takes."""


class Unsupported(Error):
    """This version, or this filesystem, cannot do it."""


class CommandFailed(Error):
    """A program that was run ended with a failure."""


_CLASSES: dict[str, type[Error]] = {
    "VALIDATION_ERROR": ValidationError,
    "SERIALIZATION_ERROR": ValidationError,
    "TOML_PARSE_ERROR": ValidationError,
    "NOT_FOUND": NotFound,
    "BUSY": Busy,
    "PORT_BUSY": Busy,
    "CONFLICT": Conflict,
    "INVALID_STATE": InvalidState,
    "CORRUPT": Corrupt,
    "ARTIFACT_MISMATCH": Corrupt,
    "HISTORY_FLOOR": HistoryFloor,
    "NETWORK": Network,
    "UNAUTHORIZED": Unauthorized,
    "DISK_FULL": DiskFull,
    "IO_ERROR": StorageError,
    "STORAGE_ERROR": StorageError,
    "ARTIFACT_TOO_LARGE": ArtifactTooLarge,
    "UNSUPPORTED": Unsupported,
    "COMMAND_FAILED": CommandFailed,
}


def of_code(
    words: str, *, code: str, hint: str | None = None, is_retryable: bool = False
) -> Error:
    """The exception for a code of the engine; one that this version does not know is an ``Error``."""
    error = _CLASSES.get(code, Error)(words)
    error.code = code
    error.hint = hint
    error.is_retryable = is_retryable
    return error
