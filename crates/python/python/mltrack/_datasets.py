"""Arrays and frames that calls take and give, as versions of datasets of the store.

Invariants: the store keeps no bytes of them, only what was seen; the same values are the same version; a run names what it
took in, and a version what gave it out.
"""

from __future__ import annotations

from typing import Any

from mltrack._fingerprint import Fingerprint
from mltrack._run import Run

#: What an argument is for, by a part of its name.
SPLITS = {"train": "train", "training": "train", "test": "test", "val": "validation", "valid": "validation"}


def take_in(run: Run, label: str, name: str, seen: Fingerprint) -> None:
    """Records that a run took in an array or a frame."""
    version = _version(run, f"{label}.{name}", seen, None)
    if version is not None:
        run._native.use_dataset(version["selector"], split_of(name))


def give_out(run: Run, label: str, name: str, seen: Fingerprint) -> None:
    """Records that a run gave out an array or a frame."""
    _version(run, f"{label}.{name}", seen, run)


def split_of(name: str) -> str:
    """What an argument is for.

    >>> [split_of(name) for name in ("X_test", "val_frame", "y")]
    ['test', 'validation', 'train']
    """
    words = name.lower().replace(".", "_").split("_")
    return next((SPLITS[word] for word in words if word in SPLITS), "train")


def _version(run: Run, name: str, seen: Fingerprint, maker: Run | None) -> dict[str, Any] | None:
    if seen.digest is None or not run._store.is_enabled:
        return None
    # A name with an `@` would name a version.
    name = name.replace("@", "_")
    algorithm, _, digest = seen.digest.partition(":")
    content: dict[str, Any] = {
        "path": None,
        "files": [],
        "bytes": [],
        "digest": f"{algorithm}-sample:{digest}" if seen.is_sampled else seen.digest,
        "source": f"memory:{name}",
        "len": seen.size,
    }
    described: dict[str, Any] = {
        "version": None,
        "bump": None,
        "rows": seen.shape[0] if seen.shape else None,
        "schema": {"kind": seen.kind, "shape": list(seen.shape), "types": seen.types},
        "profile": None,
        "tags": [],
        "derived_from": [],
        "transformation": None,
    }
    return run._store.add_dataset_version(name, content, described, None if maker is None else maker._native)
