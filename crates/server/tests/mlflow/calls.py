"""The raw calls that both servers get: a list of (title, method, path, body).

`{name}` stands for something an earlier call made, so that the same list fits both. `CAPTURES` says what is taken from
which answer. A title is what `deviations.py` speaks of.
"""

API = "/api/2.0/mlflow"


def post(title, path, body):
    return title, "POST", API + path, body


def get(title, path):
    return title, "GET", API + path, None


def search(filter, order=(), **more):
    body = {"experiment_ids": ["{experiment}"], "max_results": 100, "filter": filter, "order_by": list(order), **more}
    return post(f"search {filter!r} {list(order)!r} {more or ''}".strip(), "/runs/search", body)


def run_calls():
    """An experiment with three runs that differ."""
    yield post("make the experiment", "/experiments/create", {"name": "diff"})
    yield post("make a second one", "/experiments/create", {"name": "other", "tags": [{"key": "a", "value": "b"}]})
    for number in (1, 2, 3):
        tags = [{"key": "n", "value": str(number)}, {"key": "with space", "value": "v"}]
        body = {"experiment_id": "{experiment}", "start_time": 1000 * number, "run_name": f"r{number}", "user_id": "u", "tags": tags}
        yield post(f"make run {number}", "/runs/create", body)
        metrics = [{"key": "m", "value": number / 4, "timestamp": 5, "step": step} for step in range(number)]
        params = [{"key": "p", "value": str(number)}, {"key": "kind", "value": "aB"}]
        yield post(f"fill run {number}", "/runs/log-batch", {"run_id": f"{{run{number}}}", "metrics": metrics, "params": params})
    yield post("only the first has it", "/runs/log-metric", {"run_id": "{run1}", "key": "x.y", "value": -2, "timestamp": 9})
    yield post("end the third", "/runs/update", {"run_id": "{run3}", "status": "FINISHED", "end_time": 9000})


def read_calls():
    yield get("get an experiment", "/experiments/get?experiment_id={experiment}")
    yield get("get an experiment by name", "/experiments/get-by-name?experiment_name=other")
    yield get("get one that is not there", "/experiments/get?experiment_id=98765")
    yield get("get by a name that is not there", "/experiments/get-by-name?experiment_name=nobody")
    yield get("get without an id", "/experiments/get")
    yield get("get with a word for an id", "/experiments/get?experiment_id=abc")
    yield get("get a run", "/runs/get?run_id={run1}")
    yield get("get a run by its old name", "/runs/get?run_uuid={run2}")
    yield get("get a run that is not there", "/runs/get?run_id=" + "0" * 32)
    yield get("get a run without an id", "/runs/get")
    yield get("a history", "/metrics/get-history?run_id={run3}&metric_key=m")
    yield get("a page of a history", "/metrics/get-history?run_id={run3}&metric_key=m&max_results=2")
    yield get("a history of nothing", "/metrics/get-history?run_id={run3}&metric_key=nothing")
    yield get("a history of nobody", "/metrics/get-history?run_id=" + "0" * 32 + "&metric_key=m")
    yield get("a history without a key", "/metrics/get-history?run_id={run3}")
    yield get("histories in bulk", "/metrics/get-history-bulk-interval?run_ids={run1}&run_ids={run3}&metric_key=m&max_results=10")
    yield get("bulk without runs", "/metrics/get-history-bulk-interval?metric_key=m&max_results=10")
    yield get("bulk of too many points", "/metrics/get-history-bulk-interval?run_ids={run1}&metric_key=m&max_results=2501")
    yield get("artifacts of a run without any", "/artifacts/list?run_id={run1}")
    yield get("artifacts outside", "/artifacts/list?run_id={run1}&path=../x")
    yield get("artifacts of nobody", "/artifacts/list?run_id=" + "0" * 32)


FILTERS = (
    "",
    "metrics.m > 0.3",
    "metrics.m >= .25",
    "metrics.m = 5e-1",
    "metric.m != 0.5",
    "metrics.`x.y` < 0",
    "metrics.x.y = -2",
    "params.p = '1'",
    'params.p = "1"',
    "params.p != '1'",
    "param.kind like 'a%'",
    "parameters.kind LIKE 'A%'",
    "params.kind ILIKE 'AB'",
    "params.p > '1'",
    "params.p = 1",
    "params.p IS NULL",
    "params.nothing IS NULL",
    "tags.n IS NOT NULL and params.p='2'",
    "tag.n = '2'",
    "tags.`with space` = 'v'",
    'tags."with space" = \'v\'',
    "tags.n RLIKE '1'",
    "attributes.status = 'FINISHED'",
    "status = 'finished'",
    "attribute.start_time > 1500",
    "start_time > '1500'",
    "start_time = 1000.5",
    "run_name = 'r2'",
    "run name = 'r2'",
    "`Run name` = 'r2'",
    "attributes.user_id = 'u'",
    "run_id IN ('{run1}','{run2}')",
    "run_id NOT IN ('{run1}')",
    "run_id IN ()",
    "run_id IN '{run1}'",
    "status IN ('FINISHED')",
    "attributes.foo = 'a'",
    "foo.bar = 'a'",
    "metrics.m",
    "metrics.m >",
    "metrics.m = '1'",
    "metrics.m LIKE '1'",
    "metrics.m IS NULL",
    "0.5 = metrics.m",
    "metrics.m > 0.3 AND",
    "AND metrics.m > 0.3",
    "metrics.m > 0.3 OR params.p = '1'",
    "(metrics.m > 0.3)",
    "NOT metrics.m > 0.3",
    "metrics.m > 0.3; params.p = '1'",
    "metrics.m > 0.3 and params.p = '3' AND tags.n = '3'",
    "metrics.m == 0.5",
    "metrics.m <> 0.5",
    "params.p = 'it''s'",
    "dataset.name = 'd'",
    "datasets.digest LIKE '%'",
    "dataset.foo = 'd'",
    "   ",
)
ORDERS = (
    ["metrics.m"],
    ["metrics.m DESC"],
    ["metric.m desc"],
    ["metrics.`x.y` ASC"],
    ["params.p DESC"],
    ["tags.n ASC"],
    ["start_time"],
    ["attributes.start_time DESC"],
    ["end_time DESC"],
    ["status", "start_time DESC"],
    ["run_name DESC"],
    ["Created"],
    ["metrics.m desc nulls"],
    ["nonsense"],
    ["attributes.nonsense"],
    ["foo.m"],
    ["metrics.m ASC DESC"],
    [""],
    ["start_time", "start_time"],
    ["dataset.name"],
)


def search_calls():
    for filter in FILTERS:
        yield search(filter)
    for order in ORDERS:
        yield search("", order)
    yield search("", ["start_time"], max_results=2)
    yield search("", ["start_time"], max_results=0)
    yield search("", ["start_time"], max_results=-1)
    yield search("", ["start_time"], max_results=50_001)
    yield search("", ["start_time"], max_results="many")
    yield search("", ["start_time"], page_token="nonsense")
    yield search("", ["start_time"], run_view_type="DELETED_ONLY")
    yield search("", ["start_time"], run_view_type="ALL")
    yield search("", ["start_time"], run_view_type="NONSENSE")
    yield post("search nowhere", "/runs/search", {"experiment_ids": []})
    yield post("search with nothing said", "/runs/search", {})
    for filter in (
        "name = 'diff'",
        "name LIKE 'D%'",
        "name ILIKE 'D%'",
        "attribute.name != 'diff'",
        "tags.a = 'b'",
        "tags.a IS NULL",
        "creation_time > 0",
        "creation_time > 'x'",
        "experiment_id IN ('{experiment}')",
        "nonsense = 'x'",
        "name = 'a' OR name = 'b'",
        "name > 'a'",
    ):
        yield post(f"experiments {filter!r}", "/experiments/search", {"max_results": 10, "filter": filter, "order_by": ["name"]})
    for order in (["name DESC"], ["experiment_id"], ["creation_time DESC"], ["tags.a"], ["nonsense"], ["name up"]):
        yield post(f"experiments by {order!r}", "/experiments/search", {"max_results": 10, "order_by": order})
    yield post("experiments without a limit", "/experiments/search", {})
    yield post("too many experiments", "/experiments/search", {"max_results": 50_001})
    yield get("experiments by GET", "/experiments/search?max_results=1&order_by=name")


def write_calls():
    run = "{run1}"
    metric = {"run_id": run, "key": "w", "value": 1, "timestamp": 1, "step": 0}
    for title, change in (
        ("a metric", {}),
        ("a text that is a number", {"value": "2.5"}),
        ("NaN", {"value": "NaN", "key": "nan"}),
        ("Infinity", {"value": "Infinity", "key": "inf"}),
        ("-Infinity", {"value": "-Infinity", "key": "ninf"}),
        ("a word for a value", {"value": "no"}),
        ("a flag for a value", {"value": True}),
        ("no value", {"value": None}),
        ("no key", {"key": None}),
        ("an empty key", {"key": ""}),
        ("a number for a key", {"key": 5}),
        ("a key too long", {"key": "k" * 251}),
        ("a key with a star", {"key": "a*b"}),
        ("a key that climbs", {"key": "../x"}),
        ("a key with two slashes", {"key": "a//b"}),
        ("a key of a dot", {"key": "."}),
        ("a key with a colon", {"key": "a:b"}),
        ("no time", {"timestamp": None}),
        ("a time before 1970", {"timestamp": -1}),
        ("a text for a time", {"timestamp": "123"}),
        ("a word for a time", {"timestamp": "x"}),
        ("half a step", {"step": 1.5}),
        ("a step below zero", {"step": -3, "key": "below"}),
        ("a field nobody knows", {"nonsense": 1}),
        ("nobody's run", {"run_id": "0" * 32}),
        ("no run", {"run_id": None}),
        ("an odd run", {"run_id": "../../x"}),
    ):
        body = {key: value for key, value in {**metric, **change}.items() if value is not None}
        yield post(f"log-metric: {title}", "/runs/log-metric", body)
    for title, body in (
        ("a param", {"key": "q", "value": "1"}),
        ("the same again", {"key": "q", "value": "1"}),
        ("another value", {"key": "q", "value": "2"}),
        ("a number for a value", {"key": "q2", "value": 1}),
        ("an empty value", {"key": "q3", "value": ""}),
        ("no value", {"key": "q4"}),
        ("a value too long", {"key": "q5", "value": "v" * 6001}),
        ("a key too long", {"key": "k" * 251, "value": "1"}),
        ("a key with a star", {"key": "a*", "value": "1"}),
    ):
        yield post(f"log-parameter: {title}", "/runs/log-parameter", {"run_id": run, **body})
    for title, body in (
        ("a tag", {"key": "t", "value": "1"}),
        ("another value", {"key": "t", "value": "2"}),
        ("an empty value", {"key": "t3", "value": ""}),
        ("a value too long", {"key": "t5", "value": "v" * 8001}),
        ("a key too long", {"key": "k" * 251, "value": "1"}),
        ("an empty run name", {"key": "mlflow.runName", "value": ""}),
    ):
        yield post(f"set-tag: {title}", "/runs/set-tag", {"run_id": run, **body})
    yield post("delete a tag", "/runs/delete-tag", {"run_id": run, "key": "t"})
    yield post("delete it again", "/runs/delete-tag", {"run_id": run, "key": "t"})
    for title, body in (
        ("nothing", {}),
        ("a changed param", {"params": [{"key": "q", "value": "9"}], "metrics": [{**metric, "key": "late"}]}),
        ("a param twice", {"params": [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]}),
        ("a metric without a value", {"metrics": [{"key": "m", "timestamp": 1}]}),
        ("a metric of a bad name", {"metrics": [{"key": "m*", "value": 1, "timestamp": 1}]}),
        ("a metric of a bad time", {"metrics": [{"key": "m", "value": 1, "timestamp": -1}]}),
        ("a param of a bad name", {"params": [{"key": "a*", "value": "1"}]}),
        ("a tag of a bad name", {"tags": [{"key": "a*", "value": "1"}]}),
        ("metrics that are no list", {"metrics": "many"}),
        ("too many metrics", {"metrics": [{**metric, "step": n} for n in range(1001)]}),
        ("too many params", {"params": [{"key": f"k{n}", "value": "1"} for n in range(101)]}),
        ("too many tags", {"tags": [{"key": f"k{n}", "value": "1"} for n in range(101)]}),
    ):
        yield post(f"log-batch: {title}", "/runs/log-batch", {"run_id": run, **body})
    yield get("what the run is now", "/runs/get?run_id={run1}")
    for title, body in (
        ("a name", {"run_name": "renamed"}),
        ("a status", {"status": "FAILED", "end_time": 12345}),
        ("a word for a status", {"status": "NONSENSE"}),
        ("a number for a status", {"status": 3}),
    ):
        yield post(f"update: {title}", "/runs/update", {"run_id": "{run2}", **body})
    for title, body in (
        ("no experiment", {}),
        ("nobody's experiment", {"experiment_id": "98765"}),
        ("a word for an experiment", {"experiment_id": "abc"}),
        ("names that differ", {"experiment_id": "{experiment}", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]}),
        ("no time", {"experiment_id": "{experiment}", "run_name": "now"}),
        ("a bad tag", {"experiment_id": "{experiment}", "start_time": 1, "run_name": "odd", "tags": [{"key": "a*", "value": "b"}]}),
    ):
        yield post(f"make a run: {title}", "/runs/create", body)


def state_calls():
    yield post("delete a run", "/runs/delete", {"run_id": "{run2}"})
    yield post("delete it again", "/runs/delete", {"run_id": "{run2}"})
    yield post("delete nobody's", "/runs/delete", {"run_id": "0" * 32})
    yield post("log to it", "/runs/log-metric", {"run_id": "{run2}", "key": "m", "value": 1, "timestamp": 1})
    yield post("tag it", "/runs/set-tag", {"run_id": "{run2}", "key": "m", "value": "1"})
    yield post("update it", "/runs/update", {"run_id": "{run2}", "status": "RUNNING"})
    yield search("", ["start_time"], run_view_type="DELETED_ONLY")
    yield post("restore it", "/runs/restore", {"run_id": "{run2}"})
    yield post("restore it again", "/runs/restore", {"run_id": "{run2}"})
    yield post("delete an experiment", "/experiments/delete", {"experiment_id": "{other}"})
    yield post("delete it again, the experiment", "/experiments/delete", {"experiment_id": "{other}"})
    yield post("a run in it", "/runs/create", {"experiment_id": "{other}"})
    yield post("tag the deleted", "/experiments/set-experiment-tag", {"experiment_id": "{other}", "key": "a", "value": "b"})
    yield post("rename the deleted", "/experiments/update", {"experiment_id": "{other}", "new_name": "x"})
    yield post("take its name", "/experiments/create", {"name": "other"})
    yield post("restore the experiment", "/experiments/restore", {"experiment_id": "{other}"})
    yield post("restore the experiment again", "/experiments/restore", {"experiment_id": "{other}"})
    yield post("rename to a taken name", "/experiments/update", {"experiment_id": "{other}", "new_name": "diff"})
    yield post("rename", "/experiments/update", {"experiment_id": "{other}", "new_name": "new"})
    yield post("a name too long", "/experiments/create", {"name": "x" * 501})
    yield post("an empty name", "/experiments/create", {"name": ""})
    yield post("a name that is no text", "/experiments/create", {"name": 12})
    yield post("no name", "/experiments/create", {})
    yield post("an experiment tag too long", "/experiments/set-experiment-tag", {"experiment_id": "{other}", "key": "k" * 251, "value": "v"})
    yield post("delete nobody's experiment", "/experiments/delete", {"experiment_id": "98765"})


def registry_calls():
    model, version = "/registered-models", "/model-versions"
    yield post("make a model", f"{model}/create", {"name": "m", "tags": [{"key": "a", "value": "b"}], "description": "d"})
    yield post("make it again", f"{model}/create", {"name": "m"})
    yield post("a model with a slash", f"{model}/create", {"name": "a/b"})
    yield post("a model without a name", f"{model}/create", {})
    yield post("an empty model name", f"{model}/create", {"name": ""})
    yield get("get a model", f"{model}/get?name=m")
    yield get("get nobody's model", f"{model}/get?name=nobody")
    for number in (1, 2, 3):
        yield post(f"version {number}", f"{version}/create", {"name": "m", "source": f"s3://b/{number}", "run_id": "{run1}"})
    yield post("a version of nobody's", f"{version}/create", {"name": "nobody", "source": "s3://b/1"})
    yield post("a version without a source", f"{version}/create", {"name": "m"})
    yield post("a version of a local file", f"{version}/create", {"name": "m", "source": "/etc/passwd"})
    elsewhere = "mlflow-artifacts:/0/" + "0" * 32 + "/artifacts/model"
    yield post("a version of another run's files", f"{version}/create", {"name": "m", "source": elsewhere, "run_id": "{run1}"})
    yield post("a version of another run", f"{version}/create", {"name": "m", "source": "runs:/" + "0" * 32 + "/m", "run_id": "{run1}"})
    yield post("a version that climbs", f"{version}/create", {"name": "m", "source": "s3://b/../../x"})
    yield get("get a version", f"{version}/get?name=m&version=2")
    yield get("get a version that is not there", f"{version}/get?name=m&version=9")
    yield get("get a version that is a word", f"{version}/get?name=m&version=x")
    yield get("where a version lies", f"{version}/get-download-uri?name=m&version=2")
    for alias in ("ok", "latest", "v1", "V2", "a b", "", "x" * 256):
        yield post(f"alias {alias[:9]!r}", f"{model}/alias", {"name": "m", "alias": alias, "version": "2"})
    yield post("alias of no version", f"{model}/alias", {"name": "m", "alias": "no", "version": "9"})
    yield get("by alias", f"{model}/alias?name=m&alias=ok")
    yield get("by an alias that is not there", f"{model}/alias?name=m&alias=none")
    for stage in ("Staging", "production", "nonsense", "None"):
        body = {"name": "m", "version": "1", "stage": stage, "archive_existing_versions": False}
        yield post(f"stage {stage}", f"{version}/transition-stage", body)
    yield post("the latest", f"{model}/get-latest-versions", {"name": "m"})
    yield get("the latest of a stage", f"{model}/get-latest-versions?name=m&stages=None")
    for filter in ("name = 'm'", "name LIKE 'm%'", "name ILIKE 'M'", "tags.a = 'b'", "nonsense = 'x'", "name > 'a'", "name = 'a' OR name = 'b'"):
        yield get(f"models {filter!r}", f"{model}/search?max_results=10&filter={{quoted:{filter}}}")
    for filter in ("name = 'm'", "run_id = '{run1}'", "version_number > 1", "source_path LIKE 's3%'", "nonsense = 'x'", "name IN ('m')"):
        yield get(f"versions {filter!r}", f"{version}/search?max_results=10&filter={{quoted:{filter}}}")
    yield get("too many models", f"{model}/search?max_results=1001")
    yield get("models by a bad order", f"{model}/search?max_results=10&order_by=nonsense")
    yield post("rename to nothing", f"{model}/rename", {"name": "m", "new_name": ""})
    yield post("rename the model", f"{model}/rename", {"name": "m", "new_name": "m2"})
    yield ("describe", "PATCH", f"{API}{model}/update", {"name": "m2", "description": "other"})
    yield ("delete a version", "DELETE", f"{API}{version}/delete", {"name": "m2", "version": "3"})
    yield ("delete it again, the version", "DELETE", f"{API}{version}/delete", {"name": "m2", "version": "3"})
    yield ("delete a model", "DELETE", f"{API}{model}/delete", {"name": "m2"})
    yield ("delete it again, the model", "DELETE", f"{API}{model}/delete", {"name": "m2"})


def logged_model_calls():
    path = "/logged-models"
    body = {"experiment_id": "{experiment}", "name": "lm", "model_type": "t", "params": [{"key": "a", "value": "1"}]}
    yield post("make a logged model", path, body)
    yield get("get it, the logged model", path + "/{model}")
    yield get("get a logged model that is not there", path + "/m-nothing")
    yield ("finish it", "PATCH", API + path + "/{model}", {"model_id": "{model}", "status": "LOGGED_MODEL_READY"})
    yield ("tag it, the logged model", "PATCH", API + path + "/{model}/tags", {"tags": [{"key": "k", "value": "v"}]})
    for filter in ("name = 'lm'", "params.a = '1'", "tags.k LIKE 'v'", "metrics.m > 1", "nonsense.a = '1'", "foo = 'x'"):
        yield post(f"logged models {filter!r}", path + "/search", {"experiment_ids": ["{experiment}"], "filter": filter})
    yield post("logged models with nothing said", path + "/search", {})
    yield post("logged models of nowhere", path + "/search", {"experiment_ids": []})
    order = [{"field_name": "params.a"}]
    yield post("logged models by a param", path + "/search", {"experiment_ids": ["{experiment}"], "order_by": order})
    yield ("delete a tag that is not there", "DELETE", API + path + "/{model}/tags/none", None)
    yield ("delete it, the logged model", "DELETE", API + path + "/{model}", None)
    yield get("get the deleted logged model", path + "/{model}")


def input_calls():
    dataset = {"name": "d", "digest": "1", "source_type": "c", "source": "s"}
    for title, change in (("whole", {}), ("long name", {"name": "x" * 501}), ("long digest", {"digest": "x" * 37})):
        inputs = [{"dataset": {**dataset, **change}, "tags": [{"key": "mlflow.data.context", "value": "train"}]}]
        yield post(f"log-inputs: {title}", "/runs/log-inputs", {"run_id": "{run1}", "datasets": inputs})
    yield post("log-inputs: nobody's run", "/runs/log-inputs", {"run_id": "0" * 32, "datasets": []})
    path = "/ajax-api/2.0/mlflow/experiments/search-datasets"
    yield "datasets of experiments", "POST", path, {"experiment_ids": ["{experiment}"]}
    yield search("dataset.name = 'd' AND dataset.context = 'train'")


def wire_calls():
    yield ("an unknown path", "GET", API + "/nonsense", None)
    yield ("the wrong method", "DELETE", API + "/runs/create", {})
    yield ("the interface's path", "GET", "/ajax-api/2.0/mlflow/runs/get?run_id={run3}", None)
    yield post("wait again", "/runs/update", {"run_id": "{run1}", "status": "SCHEDULED"})
    yield ("no JSON", "RAW", API + "/runs/create", "this is no JSON")
    yield ("a list", "RAW", API + "/runs/create", "[1]")
    yield ("an empty body", "RAW", API + "/experiments/create", "")
    yield ("the health", "GET", "/health", None)


CAPTURES = {
    "make the experiment": ("experiment", ("experiment_id",)),
    "make a second one": ("other", ("experiment_id",)),
    "make run 1": ("run1", ("run", "info", "run_id")),
    "make run 2": ("run2", ("run", "info", "run_id")),
    "make run 3": ("run3", ("run", "info", "run_id")),
    "make a logged model": ("model", ("model", "info", "model_id")),
}


def all_calls():
    for part in (
        run_calls, read_calls, search_calls, write_calls, state_calls,
        registry_calls, logged_model_calls, input_calls, wire_calls,
    ):  # fmt: skip
        yield from part()
