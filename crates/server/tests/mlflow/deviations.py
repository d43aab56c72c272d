"""Where our server answers otherwise than a stock one, on purpose: a call's title and the reason.

`docs/mlflow.md` tells the same to users; a difference that is not here is a mistake.
"""

# Left out of comparisons everywhere: details of errors that clients do not read, and what differs by nature.
IGNORED_FIELDS = {"sqlstate", "error_class", "artifact_uri", "artifact_location", "root_uri", "run_uuid"}

DEVIATIONS = {}
