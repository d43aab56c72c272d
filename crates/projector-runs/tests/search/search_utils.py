"""Answers questions about runs with MLflow's own SearchUtils: the other side of the test `search_utils`.

Reads {"runs": [..], "questions": [{"filter": text, "orders": [text]}]} from standard input and prints a list with
{"found": [run ids in order]} or {"refused": message} for each question.

The tracking server does not filter with SearchUtils but translates what it parsed into SQL, and then looks at every
comparator. SearchUtils looks only at those it reaches, so that an answer would depend on the runs: here every
comparison is tried on the first run before the filter is.
"""

import json
import sys

from mlflow.entities import Metric, Param, Run, RunData, RunInfo, RunInputs, RunTag
from mlflow.utils.search_utils import SearchUtils


def number(value):
    return float(value) if isinstance(value, str) else value


def run_of(given):
    info = RunInfo(
        run_id=given["id"],
        experiment_id="1",
        user_id=given["user"],
        status=given["status"],
        start_time=given["start_time"],
        end_time=given["end_time"],
        lifecycle_stage="active",
        artifact_uri=None,
        run_name=given["name"],
    )
    data = RunData(
        metrics=[Metric(key, number(value), 0, 0) for key, value in given["metrics"].items()],
        params=[Param(key, value) for key, value in given["params"].items()],
        tags=[RunTag(key, value) for key, value in given["tags"].items()],
    )
    return Run(info, data, RunInputs(dataset_inputs=[]))


def answer(runs, question):
    try:
        for clause in SearchUtils.parse_search_filter(question["filter"]):
            SearchUtils._does_run_match_clause(runs[0], clause)
        found = SearchUtils.filter(runs, question["filter"])
        # Sorting looks at the clauses only when there is something to sort.
        SearchUtils.sort(runs, question["orders"])
        found = SearchUtils.sort(found, question["orders"])
        return {"found": [run.info.run_id for run in found]}
    except Exception as error:  # The server answers whatever goes wrong with an error.
        return {"refused": f"{type(error).__name__}: {error}"}


def main():
    given = json.load(sys.stdin)
    runs = [run_of(run) for run in given["runs"]]
    json.dump([answer(runs, question) for question in given["questions"]], sys.stdout)


main()
