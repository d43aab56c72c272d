"""What a run says of itself, and what a program may say of it while it runs: tags, notes, its name.

Invariants: a fault of tracking warns once and lets the training go on; what a program did wrong is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mltrack.errors import Error, ValidationError, of_code

if TYPE_CHECKING:
    import threading

    from mltrack import _mltrack
    from mltrack._config import Config
    from mltrack._depot import Storing
    from mltrack._summary import MetricDefinition, Summary
    from mltrack.settings import Settings

__all__ = ["RunFacts"]

NAME_TAG = "mlflow.runName"
"""The tag of a run that was given another name, as MLflow's clients have it."""


class RunFacts:
    """The part of a run that is about the run."""

    __slots__ = (
        "__weakref__",
        "_alerts",
        "_config",
        "_definitions",
        "_end_state",
        "_folder",
        "_has_warned",
        "_held",
        "_held_step",
        "_is_entered",
        "_is_guest",
        "_is_resumed",
        "_lock",
        "_log_numbers",
        "_name",
        "_native",
        "_notes",
        "_outer",
        "_parent",
        "_process",
        "_project",
        "_settings",
        "_store",
        "_summary",
        "_tags",
        "_takes_now",
        "_uploads",
        "_watched",
    )

    _alerts: dict[str, float]
    _config: Config
    _definitions: dict[str, MetricDefinition]
    _end_state: str | None
    _folder: str | None
    _has_warned: bool
    _held: dict[str, Any]
    _held_step: int | None
    _is_entered: bool
    _is_guest: bool
    _is_resumed: bool
    _lock: threading.RLock
    _log_numbers: Callable[[Any, Any], tuple[dict[str, Any], int] | None]
    _name: str
    _native: _mltrack.Run
    _notes: str | None
    _outer: Any
    _parent: str | None
    _process: int
    _project: str
    _settings: Settings
    _store: _mltrack.Store
    _summary: Summary | None
    _tags: dict[str, str]
    _takes_now: bool
    _uploads: list[_mltrack.Upload | Storing]
    _watched: list[tuple[Any, Any]]

    @property
    def id(self) -> str:
        """Its id, which no other run has."""
        return self._native.id

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._quietly(self._rename, name)
        if NAME_TAG in self._tags:
            # MLflow's clients read it there.
            self._set_tag(NAME_TAG, name)
        self._name = name

    def _rename(self, name: str) -> None:
        if self._store.is_enabled:
            self._store.edit_run(self.id, name=name)

    @property
    def number(self) -> int:
        """Its number in its experiment, from 1."""
        return self._native.number

    @property
    def project(self) -> str:
        """The name of its experiment."""
        return self._project

    @property
    def state(self) -> str:
        """Its state in the store: ``running``, ``completed``, ``failed``, ``cancelled``, ``timed_out`` or ``lost``."""
        return self._native.state

    @property
    def parent(self) -> str | None:
        """The id of the run of which it is a part."""
        return self._parent

    @property
    def entity(self) -> str | None:
        """The entity that it was begun with."""
        return self._tags.get("entity")

    @property
    def group(self) -> str | None:
        """The group that it was begun with."""
        return self._tags.get("group")

    @property
    def job_type(self) -> str | None:
        """The kind of job that it was begun as."""
        return self._tags.get("job_type")

    @property
    def tags(self) -> tuple[str, ...]:
        """Its plain tags."""
        return tuple(key for key, value in self._tags.items() if not value)

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        wanted = dict.fromkeys(tags)
        for key in self.tags:
            if key not in wanted:
                self.remove_tag(key)
        for key in wanted:
            self._set_tag(key, "")

    @property
    def notes(self) -> str | None:
        """The note that this program wrote last."""
        return self._notes

    @notes.setter
    def notes(self, text: str) -> None:
        self._quietly(self._native.note, text)
        self._notes = text

    @property
    def config(self) -> Config:
        """Its parameters."""
        return self._config

    @property
    def summary(self) -> Summary:
        """What there is to say about it: the last value of each metric, or what ``define_metric`` or the program chose."""
        if self._summary is None:
            from mltrack._summary import Summary

            self._summary = Summary(self)  # type: ignore[arg-type]
        return self._summary

    @property
    def settings(self) -> Settings:
        """The settings that it was begun with."""
        return self._settings

    @property
    def step(self) -> int:
        """The step of the next ``log`` that names none."""
        return self._native.next_step

    @property
    def starting_step(self) -> int:
        """The step that it goes on with when it is resumed."""
        return self.step

    @property
    def start_time(self) -> float:
        """When it was begun, in seconds since 1970."""
        if not self._store.is_enabled:
            return 0.0
        known = self._store.run_summary(self.id)
        return float(known["started_ns"] or known["created_ns"]) / 1e9

    @property
    def resumed(self) -> bool:
        """Whether it is one that was there before."""
        return self._is_resumed

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded."""
        return not self._store.is_enabled

    @property
    def offline(self) -> bool:
        """True: there is nothing to be online with."""
        return True

    @property
    def dir(self) -> str:
        """A folder of its own, empty at first: what lies in it when the run ends is stored with it."""
        if self._folder is None:
            import tempfile

            self._folder = tempfile.mkdtemp(prefix="mltrack-run-")
        return self._folder

    @property
    def path(self) -> str:
        """Its experiment and its number: a name that every command takes."""
        return f"{self.project}/{self.number}"

    @property
    def url(self) -> str | None:
        """``None``: ``mltrack serve`` says where its page is."""
        return None

    @property
    def is_finished(self) -> bool:
        """Whether this program has ended it."""
        return self._end_state is not None

    def set_tag(self, key: str, value: object = "") -> None:
        """Sets a tag; a plain one has no value."""
        self._set_tag(key, str(value))

    def _set_tag(self, key: str, value: str) -> None:
        if self._tags.get(key) != value:
            self._quietly(self._native.set_tag, key, value)
            self._tags[key] = value

    def remove_tag(self, key: str) -> None:
        """Takes a tag away."""
        self._quietly(self._native.remove_tag, key)
        self._tags.pop(key, None)

    def _refuse_after_end(self) -> None:
        if self._end_state is not None:
            hint = f'mltrack.init(id="{self.id}", resume="must") goes on with it'
            raise of_code(f"run {self.name} is {self._end_state}", code="INVALID_STATE", hint=hint)

    def _warn(self, error: Exception, what: str = "something") -> None:
        """One warning: the training goes on."""
        if not self._has_warned:
            self._has_warned = True
            from mltrack._guard import say

            kind = "" if isinstance(error, Error) else f"{type(error).__name__}: "
            say(f"run {self.name}: {what} could not be recorded: {kind}{error}")

    def _quietly(self, call: Callable[..., object], *arguments: object) -> None:
        """Calls the engine; a fault that is not the program's warns."""
        try:
            call(*arguments)
        except ValidationError:
            raise
        except Error as error:
            self._refuse_after_end()
            self._warn(error)

    def _step_now(self) -> int:
        return max(self._native.next_step - 1, 0)
