"""Where our server answers otherwise than a stock one, on purpose: a call's title and the reason.

`docs/mlflow.md` tells the same to users; a difference that is not here is a mistake.
"""

# Left out of comparisons everywhere: details of errors that clients do not read, and what differs by nature. There is
# one workspace, which no client asks for.
IGNORED_FIELDS = {"sqlstate", "error_class", "artifact_uri", "artifact_location", "root_uri", "run_uuid", "workspace"}

DATABASE = "stock shows the error of its database"
TEXT = "the same refusal in other words"
STRICT = "stock takes it, and means something else by it"
JSON = "every answer here is JSON, also that there is nothing"

DEVIATIONS = {
    "search '' ['start_time'] {'page_token': 'nonsense'}": TEXT,
    "search '' ['start_time'] {'run_view_type': 'NONSENSE'}": STRICT,
    "log-metric: a flag for a value": STRICT,
    "log-metric: half a step": STRICT,
    "update: a word for a status": STRICT,
    "make a run: a bad tag": STRICT,
    "take its name": DATABASE,
    "rename to a taken name": DATABASE,
    "logged models \"foo = 'x'\"": DATABASE,
    "an unknown path": JSON,
    "the wrong method": JSON,
    "no JSON": DATABASE,
    "a list": DATABASE,
}
