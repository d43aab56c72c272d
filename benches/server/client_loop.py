"""Times `mlflow.log_metric` in a loop and prints the nanoseconds of the call in the middle.

    python client_loop.py URL RUN COUNT
"""

import os
import statistics
import sys
import time

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
import mlflow

url, run, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
mlflow.set_tracking_uri(url)
times = []
for step in range(count + 50):
    start = time.perf_counter_ns()
    mlflow.log_metric("m", step * 0.5, step=step, run_id=run)
    times.append(time.perf_counter_ns() - start)
# The first calls import, connect and warm up.
print(statistics.median(times[50:]))
