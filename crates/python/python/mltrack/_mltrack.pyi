"""The engine: what the rest of the package is made of."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy.typing
import polars

__version__: str

_Path = str | os.PathLike[str]
_Pairs = Sequence[tuple[str, str]]
_At = int | datetime.datetime | None
_Dict = dict[str, Any]
_Start = str | int | datetime.datetime | datetime.timedelta

def main(words: Sequence[str], interpreter: str, arguments: Sequence[str], code: str) -> int:
    """Does what a command line says, the first word of which is the program's own; gives the exit code. ``interpreter``,
    given ``arguments`` and the words after the first, does the same in a process of its own; ``code`` is the file of this
    module."""

def take_warnings() -> list[str]:
    """The warnings of the engine that nobody was told yet."""

class Opening:
    """A store that is being opened, by a thread of its own, while the interpreter does something else."""

    def __new__(cls, path: _Path, settings: Mapping[str, Any]) -> Opening: ...
    def store(self) -> Store:
        """Waits for the store, which is given away once."""

class Store:
    """A folder of runs that this process writes and reads. Any number of processes may do so at once."""

    def __new__(cls, path: _Path, settings: Mapping[str, Any]) -> Store: ...
    @staticmethod
    def disabled() -> Store:
        """A store that does nothing: every call succeeds and nothing is recorded."""

    @property
    def path(self) -> str | None:
        """The folder of the store; ``None`` when it is disabled."""

    @property
    def is_enabled(self) -> bool:
        """Whether calls record anything."""

    def start_run(self, experiment: str, started: Mapping[str, Any]) -> Run:
        """Starts a run in an experiment, which is made when there is none."""

    def resume(self, run: str) -> Run:
        """Goes on with a run that has ended or was lost."""

    def attach(self, run: str) -> Run:
        """Joins a run that is running, as one more of its writers."""

    def find_run(self, text: str) -> str:
        """The id of the run that a text means: an id, the beginning of one, a name, ``experiment/number``, ``@last``."""

    # Runs.
    def runs(
        self,
        experiment: str | None = None,
        filter: str | None = None,
        order_by: Sequence[str] = ...,
        limit: int | None = None,
        offset: int = 0,
        at: _At = None,
        with_deleted: bool = False,
    ) -> list[_Dict]:
        """The runs that a filter admits, best first by ``order_by``."""

    def runs_frame(
        self,
        experiment: str | None = None,
        filter: str | None = None,
        order_by: Sequence[str] = ...,
        limit: int | None = None,
        offset: int = 0,
        at: _At = None,
        with_deleted: bool = False,
    ) -> Frame:
        """The same runs as a table: ``id``, ``name``, ``state``, ..., ``params.x``, ``metrics.y``, ``tags.z``."""

    def run_summary(self, run: str) -> _Dict:
        """What the store says about one run."""

    def edit_run(
        self,
        run: str,
        set_tags: _Pairs = ...,
        remove_tags: Sequence[str] = ...,
        notes: Sequence[str] = ...,
        remove_notes: Sequence[int] = ...,
        name: str | None = None,
    ) -> None:
        """Changes the name, the tags and the notes of a run, of one that has ended too."""

    def delete_run(self, run: str) -> None:
        """Deletes a run: hidden until ``restore_run``, or until ``mltrack gc``."""

    def restore_run(self, run: str) -> None:
        """Brings a deleted run back."""

    def notes(self, run: str) -> list[_Dict]:
        """The notes of a run, oldest first."""

    # Histories.
    def history(
        self,
        run: str,
        name: str,
        context: _Pairs = ...,
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> Frame:
        """Every point of a metric: the columns ``step``, ``value``, ``time_ns``, ``lsn``."""

    def buckets(
        self,
        run: str,
        name: str,
        count: int,
        context: _Pairs = ...,
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> Frame:
        """At most so many buckets instead of every point, with extremes that were really logged."""

    def stats(
        self,
        run: str,
        name: str,
        context: _Pairs = ...,
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> _Dict:
        """Count, extremes, mean, median and others of a metric, exact."""

    def histories(
        self,
        runs: Sequence[str],
        metrics: Sequence[str] = ...,
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> Frame:
        """Every point of these metrics of these runs: ``run``, ``metric``, ``step``, ``value``, ``time_ns``."""

    def histograms(
        self,
        run: str,
        name: str = "*",
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> list[_Dict]:
        """The distributions that a run logged under a name; ``*`` and ``?`` stand for others."""

    def json_values(
        self,
        run: str,
        name: str = "*",
        first_step: int | None = None,
        last_step: int | None = None,
        at: _At = None,
    ) -> list[_Dict]:
        """The JSON values that a run logged under a name; ``*`` and ``?`` stand for others."""

    # Lines and events.
    def lines(
        self,
        run: str,
        grep: str | None = None,
        sources: Sequence[str] = ...,
        level: str | None = None,
        first: int | None = None,
        last: int | None = None,
        at: _At = None,
    ) -> list[_Dict]:
        """The lines of a run in which a regular expression is found, of some sources, of a level or above."""

    def follow_lines(
        self,
        run: str,
        grep: str | None = None,
        sources: Sequence[str] = ...,
        level: str | None = None,
        from_lsn: int | None = None,
    ) -> Lines:
        """The lines of a run that come, from now on or from a record on."""

    def tail(
        self,
        start: _Start,
        run: str | None = None,
        experiment: str | None = None,
        types: Sequence[str] = ...,
        follow: bool = True,
    ) -> Tail:
        """The events of the log from a place on. One that does not follow ends with what is there."""

    def compare(
        self,
        runs: Sequence[str],
        by: Sequence[str] = ...,
        test: str | None = None,
        baseline: str | None = None,
        alpha: float = 0.05,
        all: bool = False,
        across: bool = False,
        at: _At = None,
    ) -> _Dict:
        """Compares 2 to 100 runs, or the replicates that each stands for."""

    # Experiments.
    def experiments(
        self,
        filter: str | None = None,
        order_by: Sequence[str] = ...,
        limit: int | None = None,
        offset: int = 0,
        at: _At = None,
        with_archived: bool = False,
        with_deleted: bool = False,
    ) -> list[_Dict]:
        """The experiments that a filter admits, in the order asked for."""

    def experiment_id(self, name: str) -> int:
        """Makes an experiment when there is none of this name, and says its id."""

    def edit_experiment(
        self,
        name: str,
        new_name: str | None = None,
        description: str | None = None,
        hypothesis: str | None = None,
        owner: str | None = None,
        goal: tuple[str, str] | None = None,
        set_tags: _Pairs = ...,
        remove_tags: Sequence[str] = ...,
    ) -> None:
        """Changes what is said of an experiment: only what is named."""

    def delete_experiment(self, name: str) -> None:
        """Deletes an experiment with its runs."""

    def restore_experiment(self, id: int) -> None:
        """Brings an experiment back that is archived or deleted."""

    def archive_experiment(self, name: str) -> None:
        """Archives an experiment: it takes no more runs."""

    # Artifacts.
    def artifacts(
        self,
        run: str | None = None,
        experiment: str | None = None,
        kind: str | None = None,
        path: str | None = None,
        all_versions: bool = False,
        with_removed: bool = False,
        limit: int | None = None,
        offset: int = 0,
        at: _At = None,
    ) -> list[_Dict]:
        """The artifacts of a run, of an experiment, or of all."""

    def artifact(self, run: str, name: str) -> _Dict:
        """The artifact that a run has under a name: ``model.pt``, ``model.pt@v2``."""

    def artifact_bytes(self, id: str) -> bytes:
        """All bytes of an artifact, which is not larger than 1 GiB."""

    def download(self, id: str, to: _Path) -> str:
        """Writes an artifact to a file, or into a folder under its own name, and says which file that is."""

    def download_all(self, ids: Sequence[str], folder: _Path) -> list[str]:
        """Writes artifacts below a folder, each under its path."""

    def remove_artifacts(self, ids: Sequence[str]) -> None:
        """Removes artifacts. Their bytes stay until ``mltrack gc``."""

    def restore_artifacts(self, ids: Sequence[str]) -> None:
        """Brings removed artifacts back."""

    # Datasets and models.
    def datasets(self, at: _At = None, with_deleted: bool = False) -> list[_Dict]:
        """Every dataset, with its versions."""

    def dataset_version(self, selector: str) -> _Dict:
        """A version of a dataset: ``digits``, ``digits@v3``, ``digits@^1.2``, a tag, a digest."""

    def add_dataset_version(
        self,
        name: str,
        content: Mapping[str, Any],
        described: Mapping[str, Any],
        run: Run | None = None,
    ) -> _Dict:
        """Adds a version to a dataset, which is made when there is none."""

    def dataset_files(self, selector: str) -> list[_Dict]:
        """The files of a version: each with its path, its length and the hash of its bytes."""

    def dataset_to(self, selector: str, folder: _Path) -> None:
        """Writes the files of a version below a folder."""

    def models(self, at: _At = None, with_deleted: bool = False) -> list[_Dict]:
        """Every model, with its versions."""

    def model_version(self, selector: str) -> _Dict:
        """A version of a model: ``resnet``, ``resnet@v3``, ``resnet@production``, an alias, a tag."""

    def move_model(self, selector: str, stage: str) -> None:
        """Moves a version to a stage."""

    def set_model_alias(self, model: str, alias: str, number: int | None = None) -> None:
        """Lets an alias of a model lead to a version of it, or takes the alias away."""

    # The store itself.
    def flush(self) -> None:
        """Makes everything durable that is visible so far."""

    def next_lsn(self) -> int | None:
        """The record that comes next: every one before it is visible."""

    def verify(self, deep: bool = False) -> _Dict:
        """Checks the store, with ``deep`` every byte of it."""

    def snapshot(self) -> _Dict | None:
        """Writes what the log says now to a file that later answers go on from."""

    def extend_series(self) -> None:
        """Writes the points of the log to files from which histories of any length are read in moments."""

    def compact(self, dry_run: bool = False) -> _Dict | None:
        """Packs what is sealed."""

class Run:
    """A run that this process writes to."""

    @property
    def id(self) -> str:
        """Its id, which no other run has."""

    @property
    def number(self) -> int:
        """Its number in its experiment, from 1."""

    @property
    def name(self) -> str:
        """The name it was started with."""

    @property
    def experiment_id(self) -> int:
        """The id of its experiment."""

    @property
    def state(self) -> str:
        """Its state in the log now: ``running``, ``completed``, ``failed``, ..."""

    @property
    def next_step(self) -> int:
        """The step of the next call that names none."""

    def log_numbers(
        self, values: dict[str, Any], step: int | None = None
    ) -> tuple[dict[str, Any], int] | None:
        """Logs numbers at one step, without one at the next that nobody else gets. Gives back those that are no numbers,
        and the step; ``None`` when all were."""

    def log_batch(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Logs many steps of one metric at once."""

    def log_histogram(self, name: str, step: int, values: Sequence[float] | bytes) -> None:
        """Logs the distribution of values at a step: of a sequence, or of the bytes of doubles as this machine has them."""

    def log_histogram_counts(self, name: str, step: int, edges: Sequence[float], counts: Sequence[int]) -> None:
        """Logs a distribution that was counted already: an edge more than there are counts."""

    def log_json(self, name: str, step: int, value: object) -> None:
        """Logs a JSON value at a step."""

    def log_params(self, params: dict[str, Any]) -> None:
        """Records parameters; what is nested becomes ``a.b.c``."""

    def set_tag(self, key: str, value: str = "") -> None:
        """Sets a tag; a plain one has an empty value."""

    def remove_tag(self, key: str) -> None:
        """Takes a tag away."""

    def note(self, text: str) -> None:
        """Adds a note, which people read."""

    def log_line(self, text: str, level: str = "info") -> None:
        """Logs a line of text."""

    def log_artifact(
        self,
        name: str,
        source: _Path | bytes | bytearray | memoryview,
        kind: str | None = None,
        media_type: str | None = None,
        step: int | None = None,
        metadata: object = None,
        is_data: bool = False,
        is_snapshot: bool = False,
    ) -> Upload:
        """Stores a file, every file of a folder, or bytes, under a name. Goes on in the background."""

    def use_artifact(self, store: Store, id: str) -> None:
        """Says that this run took in an artifact, mostly one of another run."""

    def use_dataset(self, selector: str, split: str = "train") -> _Dict:
        """Takes in a version of a dataset, and says which one that is."""

    def use_model(self, selector: str) -> _Dict:
        """Takes in a version of a model, and says which one that is."""

    def log_model(
        self,
        name: str,
        path: _Path,
        description: str | None = None,
        metadata: object = None,
        source: str | None = None,
    ) -> _Dict:
        """Stores a file or a folder as the next version of a model that this run made."""

    def capture_console(self) -> Capture:
        """Logs what this process prints as lines of the run, until the capture is closed or the run ends."""

    def complete(self) -> None:
        """Ends the run as completed, for all its writers."""

    def fail(self, kind: str, message: str, trace: str | None = None, cause: str | None = None) -> None:
        """Ends the run as failed, for all its writers."""

    def cancel(self, why: str) -> None:
        """Ends the run as cancelled, for all its writers."""

@final
class Upload:
    """Bytes that are being stored in the background."""

    @property
    def is_done(self) -> bool:
        """Whether it is over, well or badly."""

    def wait(self, timeout_s: float | None = None) -> list[_Dict]:
        """Waits until every byte is stored and the log says so: what was logged."""

@final
class Capture:
    """Standard output and error are lines of a run while this is open."""

    def close(self) -> None:
        """Leads the outputs to where they went before."""

@final
class Event:
    """Something that happened, as the log says it."""

    @property
    def lsn(self) -> int:
        """The record's number."""

    @property
    def type(self) -> str:
        """What kind of event it is, such as ``metrics_logged``."""

    @property
    def time_ns(self) -> int:
        """When it happened, in ns since 1970."""

    @property
    def run(self) -> str | None:
        """The id of the run that it is about."""

    @property
    def experiment_id(self) -> int | None:
        """The id of the experiment that it, or its run, belongs to."""

    @property
    def points(self) -> list[tuple[str, int, float]]:
        """The points it brings: name, step, value."""

    @property
    def payload(self) -> Any:
        """All that it says."""

@final
class Tail(Iterator[Event]):
    """Events as they come."""

    def __iter__(self) -> Tail: ...
    def __next__(self) -> Event: ...
    def next_within(self, timeout_s: float) -> Event | None:
        """The next event, waiting for it so long; ``None`` when the time is over."""

    @property
    def position(self) -> str | None:
        """Where another tail would go on."""

    def close(self) -> None:
        """Ends it, also for a thread that waits in it."""

@final
class Lines(Iterator[_Dict]):
    """Lines as they come, until the run has ended."""

    def __iter__(self) -> Lines: ...
    def __next__(self) -> _Dict: ...
    def next_within(self, timeout_s: float) -> _Dict | None:
        """The next line, waiting for it so long; ``None`` when the time is over."""

    @property
    def is_over(self) -> bool:
        """Whether the run has ended and every line was given out."""

@final
class Column:
    """A column of numbers or texts: ``numpy.asarray(column)`` and ``pyarrow.array(column)`` copy nothing."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def tolist(self) -> list[Any]:
        """The values as a list; what is absent is ``None``."""

    def to_numpy(self) -> numpy.typing.NDArray[Any]:
        """The values as an array, without a copy where nothing is absent and they are numbers."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...

@final
class Frame:
    """A table: ``frame["name"]`` is a column; pandas, polars and pyarrow read it without a copy."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""

    def __len__(self) -> int: ...
    def __contains__(self, name: str) -> bool: ...
    def __getitem__(self, name: str) -> Column: ...
    def to_dict(self) -> dict[str, list[Any]]:
        """Each column as a list, by name."""

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``; pandas must be installed."""

    def to_polars(self) -> polars.DataFrame:
        """A ``polars.DataFrame``; polars must be installed."""

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table``; pyarrow must be installed."""

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

@final
class MlflowRoutes:
    """The routes of MLflow's interface, without a server. Any number of threads may call; a forked child may go on."""

    def __new__(cls, store: Store, artifact_root: str | None = None) -> MlflowRoutes: ...
    def call(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Calls a route; gives its status and its body."""

    def upload(self, path: str, source: _Path) -> tuple[int, bytes]:
        """Puts a file to a route; gives its status and its body."""

    def download(self, path: str, target: _Path) -> tuple[int, bytes]:
        """Gets what a route has into a file; gives its status, and the body of a refusal."""

    def log_metric(
        self, run: str, key: str, value: float, timestamp_ms: int, step: int
    ) -> tuple[int, bytes] | None:
        """Logs one value of a metric; ``None``, or the refusal of the route."""

    def log_batch(
        self, run: str, metrics: Sequence[tuple[str, float, int, int]], params: _Pairs, tags: _Pairs
    ) -> tuple[int, bytes] | None:
        """Logs values (name, value, time in milliseconds, step), parameters and tags at once."""

    def log_param(self, run: str, key: str, value: str) -> tuple[int, bytes] | None:
        """Logs a parameter."""

    def set_tag(self, run: str, key: str, value: str) -> tuple[int, bytes] | None:
        """Sets a tag of a run."""
