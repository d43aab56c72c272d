"""Which folder an address of MLflow means.

Invariant: what follows ``mltrack:`` is a path as it is, without escapes; an address without one means the store that the
command line would find.
"""

from __future__ import annotations

from pathlib import Path

from mltrack._session import store_folder, store_path
from mltrack.errors import of_code

__all__ = ["SCHEME", "folder_of", "is_ours"]

SCHEME = "mltrack:"


def is_ours(uri: str | None) -> bool:
    """Whether an address names a store of ours.

    >>> is_ours("mltrack:.mltrack"), is_ours("http://host:5000")
    (True, False)
    """
    return uri is not None and uri.startswith(SCHEME)


def folder_of(uri: str) -> Path:
    """The folder of the store that an address means, whether it is there or not.

    >>> folder_of("mltrack:/data/runs").as_posix()
    '/data/runs'
    """
    path = uri.removeprefix(SCHEME)
    if path.startswith("//"):
        host, _, path = path.removeprefix("//").partition("/")
        path = f"/{path}"
        if host:
            words = f"{uri} names another machine, {host}"
            hint = f"name a folder, mltrack:/path, or a server, http://{host}"
            raise of_code(words, code="VALIDATION_ERROR", hint=hint)
    folder = store_folder(Path(path).expanduser()) if path else store_path()
    return folder.absolute()
