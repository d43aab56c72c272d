"""No server at all: MLflow's client over the engine in this process, as `mltrack:FOLDER`.

The package is one that was not installed: a folder is found by `sys.path` in which its modules, the native one, and the
entry points that its `pyproject.toml` names are together.
"""

import os
import pathlib
import sys
import tomllib

INFORMATION = "mltrack_engine-0.dist-info"


def install(project, module, folder):
    """Makes the package of this project, with this native module, one that MLflow finds, here and in programs that are
    started from here. Call it before MLflow is imported."""
    assert "mlflow" not in sys.modules, "MLflow looks for entry points once"
    package = folder / "mltrack"
    package.mkdir(parents=True)
    for part in (project / "python" / "mltrack").iterdir():
        if not part.name.startswith("_mltrack."):
            (package / part.name).symlink_to(part.resolve())
    (package / "_mltrack.abi3.so").symlink_to(module.resolve())
    entries = tomllib.loads((project / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = []
    for group, targets in entries.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in targets.items())]
    (folder / INFORMATION).mkdir()
    (folder / INFORMATION / "METADATA").write_text("Metadata-Version: 2.1\nName: mltrack-engine\nVersion: 0\n")
    (folder / INFORMATION / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = str(folder)


class Embedded:
    """Has what a `Server` has, as far as tests look."""

    kind = "embedded"

    def __init__(self, folder, binary=None):
        self.folder = pathlib.Path(folder)
        self.binary = binary
        self.uri = f"mltrack:{self.folder / 'store'}"

    def call(self, method, path, body, headers):
        from mltrack.mlflow.routes import routes_of

        given = list(headers.items())
        if body is not None:
            given.append(("Content-Type", "application/json"))
        return routes_of(self.uri).routes.call(method, path, given, body)

    def log_end(self):
        return "(there is no server)"

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_):
        pass
