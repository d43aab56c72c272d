"""What notebooks show: escaped, bounded, honest about gaps; live views; the magic; and a notebook itself, with its kernel
killed and gone on with."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import mltrack
from mltrack.notebook import _chart, _live, _magics
from programs import environment

QUIET = {"capture": "off", "system_metrics_ms": 0}
EVIL = '<img src=x onerror="alert(1)">'


def svgs(html: str) -> list[ElementTree.Element]:
    """The pictures of a page, each of which must be well-formed."""
    return [ElementTree.fromstring(found) for found in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def lines_of(svg: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The drawn points of each stretch of a line."""
    found = svg.iter("{http://www.w3.org/2000/svg}polyline")
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line.get("points", "").split())] for line in found]


def texts_of(svg: ElementTree.Element) -> list[str]:
    return ["".join(found.itertext()) for found in svg.iter("{http://www.w3.org/2000/svg}text")]


def test_a_chart_has_labelled_axes_and_gaps_where_there_is_no_number() -> None:
    values = [1.0, 2.0, math.nan, 4.0, math.inf, 5.0, 6.0]
    (svg,) = svgs(_chart.chart([_chart.Line("loss", list(enumerate(values)))], title="loss"))
    assert [len(stretch) for stretch in lines_of(svg)] == [2, 2]
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}circle"))) == 1
    assert {"step", "loss", "2", "4", "6"} <= set(texts_of(svg))
    heights = [y for stretch in lines_of(svg) for _, y in stretch]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.parametrize("high", [1.0, 0.95, 2.4, 3.3e6, 600.0, 1e-7])
def test_an_axis_has_several_round_numbers(high: float) -> None:
    (svg,) = svgs(_chart.chart([_chart.Line("loss", [(0, 0.0), (599, high)])]))
    numbers = [float(text) for text in texts_of(svg) if text not in ("loss", "step")]
    assert len(numbers) >= 8 and {0.0, 100.0, 500.0} <= set(numbers)
    assert sum(number <= high for number in numbers) >= 4


def test_the_names_of_lines_stand_above_all_of_them_in_as_many_rows_as_they_need() -> None:
    lines = [_chart.Line(f"a name that is rather long {index}", [(0, 0.0), (1, 1.0)]) for index in range(5)]
    (svg,) = svgs(_chart.chart(lines, title="loss"))
    places = [(float(each.get("x", 0)), float(each.get("y", 0))) for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    names = [place for place, text in zip(places, texts_of(svg)) if text.startswith("a name")]
    assert len(names) == 5 and len({y for _, y in names}) == 3
    assert max(y for _, y in names) < min(y for stretch in lines_of(svg) for _, y in stretch)


@pytest.mark.parametrize(
    "values",
    [[], [math.nan], [0.0], [7.0, 7.0], [1e308, -1e308], [5e-324, 0.0], [1e300, 1e300 * (1 + 1e-15)], [-1e-9, 1e15]],
)
def test_charts_of_extreme_values_are_drawn_within_the_picture(values: list[float]) -> None:
    (svg,) = svgs(_chart.chart([_chart.Line("x", list(enumerate(values)))]))
    points = [point for stretch in lines_of(svg) for point in stretch]
    assert all(0 <= x <= 480 and 0 <= y <= 220 for x, y in points)
    assert points or len(values) < 2


def test_long_histories_keep_their_extremes_and_gaps_in_few_points() -> None:
    values = [math.sin(step / 900) for step in range(100_000)]
    values[54_321], values[77_777], values[12_345] = 40.0, -40.0, math.nan
    points = _chart.thinned(range(100_000), values)
    assert len(points) <= _chart.POINT_LIMIT
    assert {(54_321, 40.0), (77_777, -40.0), (0, 0.0), (99_999, values[-1])} <= set(points)
    assert sum(math.isnan(value) for _, value in points) == 1
    assert [step for step, _ in points] == sorted(step for step, _ in points)


def test_a_run_shows_itself_with_every_text_escaped() -> None:
    name, key = EVIL, "a<b>&c"
    with mltrack.init(project="p&q", name=name, config={key: EVIL}, tags={"t<": EVIL}, settings=QUIET) as run:
        for step in range(4):
            run.log({"loss": 1 / (step + 1), "acc": math.nan if step == 1 else step})
        own = run._repr_html_()
    store = mltrack.open()
    shown = [own, store.run(run.id)._repr_html_(), store.runs()._repr_html_(), store.runs().frame()._repr_html_()]
    for html in shown:
        assert "<img" not in html and "&lt;img src=x" in html
        assert "prefers-color-scheme:dark" in html and "<script" not in html
    assert [texts_of(svg)[0] for svg in svgs(shown[1])] == ["acc", "loss"]
    assert "completed" in shown[1] and "running" in own
    assert "<svg" not in shown[2] and "a&lt;b&gt;&amp;c" in shown[2]


def test_a_run_with_very_many_points_is_drawn_from_buckets_and_a_table_stays_short() -> None:
    with mltrack.init(settings=QUIET) as run:
        run._native.log_batch("loss", range(60_000), [9.0 if step == 30_000 else step / 60_000 for step in range(60_000)])
        run.config.update({f"p{number:03}": number for number in range(120)})
    html = mltrack.open().run(run.id)._repr_html_()
    (svg,) = svgs(html)
    (line,) = lines_of(svg)
    assert 500 < len(line) <= _chart.POINT_LIMIT
    assert sum(y < 40 for _, y in line) == 1
    assert "and 70 more parameters" in html and len(html) < 60_000
    (svg,) = svgs(mltrack.open().history(run.id, "loss")._repr_html_())
    assert sum(y < 40 for stretch in lines_of(svg) for _, y in stretch) == 1


def test_tables_say_what_they_leave_out() -> None:
    for number in range(53):
        config = {f"p{index}": index for index in range(25)}
        mltrack.init(name=f"r{number}", config=config, settings=QUIET, reinit="create_new").finish()
    html = mltrack.open().runs()._repr_html_()
    assert "the first 50 rows" in html and "columns not shown:" in html
    assert html.count("<tr>") == 51
    assert "the first" not in mltrack.open().runs(limit=3)._repr_html_()


def test_failures_are_shown_and_runs_that_record_nothing_too() -> None:
    run = mltrack.init(settings=QUIET)
    run.fail("boom <now>")
    assert "boom &lt;now&gt;" in mltrack.open().run(run.id)._repr_html_()
    disabled = mltrack.init(mode="disabled")
    assert "not recorded" in disabled._repr_html_()
    with pytest.raises(mltrack.errors.InvalidState, match="cannot be shown"):
        disabled.watch()


def test_watching_outside_of_a_notebook_prints_each_change_until_the_run_has_ended(capsys: Any) -> None:
    run = mltrack.init(project="digits", name="first", settings=QUIET)
    live = run.watch(metrics=["loss"], interval_s=0.001)
    for step in range(3):
        run.log({"loss": 1 / (step + 1), "other": 1.0})
    run.finish()
    assert live.wait(60)
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "digits/1 first  completed  step 2  loss 0.33333"
    assert len(printed) == len(set(printed)) and "other" not in "".join(printed)


def test_watching_ends_when_it_was_told_to_and_leaves_the_run_running(capsys: Any) -> None:
    run = mltrack.init(settings=QUIET)
    run.log({"loss": 0.5})
    store = mltrack.open()
    known = store.run(run.id).watch(interval_s=0.001, until=lambda seen: seen.metrics["loss"].last < 1)
    assert known.state == "running"
    began = time.monotonic()
    assert store.run(run.id).watch(interval_s=0.001, until=0.02).state == "running"
    assert time.monotonic() - began >= 0.02
    live = run.watch(interval_s=0.001)
    live.stop()
    assert live.wait(60) and run.state == "running"
    with pytest.raises(mltrack.errors.ValidationError, match="interval_s"):
        run.watch(interval_s=0)
    run.finish()
    with pytest.raises(mltrack.errors.NotFound, match="never logged los\nhint: it has loss"):
        store.run(run.id).watch("los")


def test_a_run_whose_process_was_killed_is_watched_to_its_end(folder: Path, capsys: Any) -> None:
    program = (
        "import mltrack, os\n"
        "run = mltrack.init(name='killed', settings={'capture': 'off', 'system_metrics_ms': 0})\n"
        "run.log({'loss': 0.5})\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment(), check=False)
    assert done.returncode == -9
    assert mltrack.open().run("killed").watch(interval_s=0.001, until=60).state == "lost"


def test_the_magic_shows_runs_and_what_differs() -> None:
    for lr in (0.1, 0.2):
        with mltrack.init(project="digits", name=f"lr-{lr}", config={"lr": lr, "n": 1}, settings=QUIET) as run:
            for step in range(3):
                run.log({"loss": lr / (step + 1)})
    found = _magics.run_line("runs digits --filter 'params.lr > 0.15' --order=-loss --limit 5")
    assert [run.name for run in found] == ["lr-0.2"]
    assert _magics.run_line("run @last").name == "lr-0.2"
    assert len(_magics.run_line("history lr-0.1 loss")) == 3
    both = _magics.run_line("diff lr-0.1 lr-0.2")
    assert [row[0] for row in both.rows()] == ["state", "params.lr", "loss"]
    (svg,) = svgs(both._repr_html_())
    assert len(lines_of(svg)) == 2 and {"lr-0.1", "lr-0.2"} <= set(texts_of(svg))


@pytest.mark.parametrize(
    ("line", "words"),
    [("diff", "required: run"), ("jump", "invalid choice"), ("runs 'x", "quotation"), ("watch @last --every x", "--every")],
)
def test_a_line_of_the_magic_that_is_wrong_is_told_with_its_usage(line: str, words: str) -> None:
    mltrack.init(settings=QUIET).finish()
    with pytest.raises(mltrack.errors.ValidationError, match=words):
        _magics.run_line(line)


def test_help_of_the_magic_is_printed(capsys: Any) -> None:
    assert _magics.run_line("") is None
    assert "%mltrack diff digits/1 digits/2" in capsys.readouterr().out


def test_the_extension_in_a_shell_of_ipython() -> None:
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell()
    mltrack.init(name="first", settings=QUIET).finish()
    assert isinstance(_live.screen(), _live.TextScreen)
    shell.run_line_magic("load_ext", "mltrack")
    assert [run.name for run in shell.run_line_magic("mltrack", "runs")] == ["first"]
    error = pytest.importorskip("IPython.core.error").UsageError
    with pytest.raises(error, match="no run"):
        shell.run_line_magic("mltrack", "run nothing-like-it")
    shell.run_line_magic("unload_ext", "mltrack")
    assert "mltrack" not in shell.magics_manager.magics["line"]


FIRST = [
    "import os, mltrack\n"
    "run = mltrack.init(project='digits', id='mine', name='first', settings={'capture': 'off', 'system_metrics_ms': 0})\n"
    "for step in range(10):\n    run.log({'loss': 1 / (step + 1)}, step=step)\nrun",
    "live = run.watch(interval_s=0.01)\nrun.log({'loss': 0.01}, step=10)\nlive",
    "%load_ext mltrack\n%mltrack runs digits",
    "%mltrack nonsense",
    "os.kill(os.getpid(), 9)",
]
SECOND = [
    "import mltrack\n%load_ext mltrack\nmltrack.open().run('first').state",
    "run = mltrack.init(project='digits', id='mine', resume='must')\n"
    "for step in range(11, 15):\n    run.log({'loss': 1 / step}, step=step)\nrun.finish()",
    "mltrack.open().history('first', 'loss')",
    "%mltrack watch first loss",
]


def executed(sources: list[str], folder: Path) -> list[Any]:
    """Cells of a notebook behind each other, in a kernel of its own; the last may be the end of that."""
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, ipykernel")
    pytest.importorskip("ipykernel", reason="needs nbclient, ipykernel")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, resources=resources, kernel_name="python3")
    try:
        client.execute(env=environment() | {"IPYTHONDIR": str(folder / "ipython")})
    except nbclient.exceptions.DeadKernelError:
        assert "os.kill" in sources[-1]
    cells: list[Any] = notebook.cells
    return cells


def shown(cell: Any, kind: str) -> str:
    """What a cell has shown of a kind."""
    return "".join(output["data"].get(kind, "") for output in cell.outputs if "data" in output)


def test_a_notebook_whose_kernel_is_killed_goes_on_with_its_run(folder: Path) -> None:
    cells = executed(FIRST, folder)
    assert "<svg" in shown(cells[0], "text/html") and "running" in shown(cells[0], "text/html")
    assert "mltrack.watch" in shown(cells[1], "text/plain") and "<svg" in shown(cells[1], "text/html")
    assert "first" in shown(cells[2], "text/html")
    assert "invalid choice" in str(cells[3].outputs) and "Traceback" not in str(cells[3].outputs)
    store = mltrack.open(folder)
    assert store.run("first").state == "lost" and store.run("first").metrics["loss"].count == 11
    cells = executed(SECOND, folder)
    assert shown(cells[0], "text/plain") == "'lost'"
    assert [output for cell in cells for output in cell.outputs if output.output_type == "error"] == []
    assert "15 points" in shown(cells[2], "text/html")
    assert "<svg" in shown(cells[3], "text/html") and "completed" in shown(cells[3], "text/html")
    history = store.history("first", "loss")
    assert history.steps.tolist() == list(range(15)) and store.run("first").state == "completed"
    assert len(store.runs()) == 1


def test_nothing_of_this_is_imported_before_something_is_shown() -> None:
    program = (
        "import sys, mltrack\n"
        "with mltrack.init(settings={'capture': 'off', 'system_metrics_ms': 0}) as run: run.log({'a': 1})\n"
        "store = mltrack.open(); store.runs()[0]\n"
        "print([name for name in sys.modules if 'notebook' in name or name.startswith('IPython') or 'integrations' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n" and os.path.isdir(".mltrack")
