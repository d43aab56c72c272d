"""Fills the database of a stock server that has been started once: `runs N`, or `points N` in one run.

    python fill_stock.py DATABASE runs|points N
"""

import sqlite3
import sys

path, what, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
database = sqlite3.connect(path)
RUN = (
    "insert into runs(run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id)"
    " values (?, 'r', 'u', 'RUNNING', ?, 'active', 'mlflow-artifacts:/0/r/artifacts', 0)"
)
METRIC = "insert into metrics(key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, 0)"
LATEST = "insert into latest_metrics(key, value, timestamp, step, is_nan, run_uuid) values (?, ?, ?, ?, 0, ?)"
PARAM = "insert into params(key, value, run_uuid) values (?, ?, ?)"


def value(number, field):
    return ((number * 7919 + field * 104729) % 10007) / 10007


if what == "points":
    run = "f" * 32
    database.execute(RUN, (run, 1))
    database.executemany(METRIC, (("m", step / 7, step, run, step) for step in range(count)))
    database.execute(LATEST, ("m", (count - 1) / 7, count - 1, count - 1, run))
else:
    for number in range(count):
        run = f"{number:032x}"
        database.execute(RUN, (run, number + 1))
        for field in range(5):
            database.execute(METRIC, (f"m{field}", value(number, field), 1, run, 0))
            database.execute(LATEST, (f"m{field}", value(number, field), 1, 0, run))
            database.execute(PARAM, (f"p{field}", str(int(value(number, field + 5) * 10)), run))
database.commit()
