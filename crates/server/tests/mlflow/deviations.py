"""Where our server answers otherwise than a stock one, on purpose: a call's title and the reason.

They stand in `docs/mlflow.md` alone, under the heading below; a difference that is not there is a mistake.
"""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[4] / "docs" / "mlflow.md"
HEADING = "## Calls that are answered otherwise"

# Left out of comparisons everywhere: details of errors that clients do not read, and what differs by nature. There is
# one workspace, which no client asks for.
IGNORED_FIELDS = {"sqlstate", "error_class", "artifact_uri", "artifact_location", "root_uri", "run_uuid", "workspace"}


def read(page):
    """The titles and reasons of the page: its lines ``- `title`: reason``."""
    _, found, after = page.partition(HEADING + "\n")
    assert found, f"{PAGE} has no heading {HEADING!r}"
    lines = re.findall(r"^- `(.+?)`: (.+)$", after.split("\n## ")[0], re.MULTILINE)
    assert lines and len(dict(lines)) == len(lines), f"{PAGE}: every title stands there once"
    return dict(lines)


DEVIATIONS = read(PAGE.read_text())
