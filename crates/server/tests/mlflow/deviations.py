"""Where our server answers otherwise than a stock one, on purpose: a call's title and the reason.

`docs/mlflow.md` tells the same to users; a difference that is not here is a mistake.
"""

# Left out of comparisons everywhere: details of errors that clients do not read, and what differs by nature. There is
# one workspace, which no client asks for.
IGNORED_FIELDS = {"sqlstate", "error_class", "artifact_uri", "artifact_location", "root_uri", "run_uuid", "workspace"}

DATABASE = "stock shows the error of its database"
TEXT = "the same refusal in other words"
STRICT = "stock takes it, and means something else by it"
EMPTY = "an empty member more, which clients read as none"
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
    "make run 1": EMPTY,
    "make run 2": EMPTY,
    "make run 3": EMPTY,
    "search \"tags.n RLIKE '1'\" []": TEXT,
    "search \"run_id IN '{run1}'\" []": TEXT,
    "search 'metrics.m >' []": TEXT,
    "search '(metrics.m > 0.3)' []": TEXT,
    "search \"metrics.m > 0.3; params.p = '1'\" []": TEXT,
    "search 'metrics.m == 0.5' []": TEXT,
    "search 'metrics.m <> 0.5' []": TEXT,
    "search '' ['start_time', 'start_time']": TEXT,
    "search '' ['start_time'] {'max_results': 50001}": TEXT,
    "experiments \"name = 'a' OR name = 'b'\"": TEXT,
    "logged models of nowhere": "no experiment is no question, and refused",
    "an unknown path": JSON,
    "the wrong method": JSON,
    "no JSON": DATABASE,
    "a list": DATABASE,
}
