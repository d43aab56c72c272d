"""Pieces of HTML: escaped texts, tables, and the style that is right on light and on dark pages.

Invariants: every text goes through ``text``; a style concerns what is below its own class alone.
"""

from __future__ import annotations

import datetime
import html
import math
from collections.abc import Iterable, Sequence

__all__ = ["cell", "number", "page", "span", "table", "text"]

_LIGHT = "--ink:#1f2328;--dim:#59636e;--line:#d1d9e0;--fill:#f6f8fa"
_DARK = "--ink:#e6edf3;--dim:#9198a1;--line:#3d444d;--fill:#151b23"
_LIGHT_SERIES = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#9a6700", "#1b7c83", "#bf3989")
_DARK_SERIES = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#ff7b72", "#d29922", "#39c5cf", "#f778ba")
SERIES_COUNT = len(_LIGHT_SERIES)

_RULES = (
    ".mltrack{color:var(--ink);font:13px/1.45 system-ui,sans-serif;max-width:1000px;overflow-x:auto}"
    ".mltrack table{border-collapse:collapse;margin:6px 0;font-size:12px}"
    ".mltrack th,.mltrack td{padding:2px 10px 2px 0;text-align:left;border-bottom:1px solid var(--line);"
    "background:none;color:var(--ink);white-space:nowrap;vertical-align:top}"
    ".mltrack th{color:var(--dim);font-weight:600}.mltrack td.n{font-variant-numeric:tabular-nums}"
    ".mltrack th.n,.mltrack td.n{text-align:right}"
    ".mltrack .dim{color:var(--dim)}.mltrack .bad{color:var(--s4)}.mltrack .good{color:var(--s2)}"
    ".mltrack svg{background:none;margin:4px 8px 4px 0}.mltrack svg text{fill:var(--dim);font:11px system-ui,sans-serif}"
    ".mltrack svg text.title{fill:var(--ink);font-weight:600}"
    ".mltrack svg .grid{stroke:var(--line);stroke-width:1}"
    ".mltrack svg .series{fill:none;stroke-width:1.5;stroke-linejoin:round}"
)


def _colors(base: str, series: Sequence[str]) -> str:
    return base + "".join(f";--s{index}:{color}" for index, color in enumerate(series))


def style() -> str:
    """The rules.  Dark where the reader's system is, and where a notebook says that its page is."""
    light, dark = _colors(_LIGHT, _LIGHT_SERIES), _colors(_DARK, _DARK_SERIES)
    return (
        f"<style>.mltrack{{{light}}}@media (prefers-color-scheme:dark){{.mltrack{{{dark}}}}}"
        f'[data-jp-theme-light="true"] .mltrack,.vscode-light .mltrack{{{light}}}'
        f'[data-jp-theme-light="false"] .mltrack,.vscode-dark .mltrack{{{dark}}}{_RULES}</style>'
    )


def color(index: int) -> str:
    """The color of a series: one for light pages where styles are taken away."""
    place = index % SERIES_COUNT
    return f"var(--s{place},{_LIGHT_SERIES[place]})"


def page(*parts: str) -> str:
    """What is shown for one object."""
    return f'{style()}<div class="mltrack">{"".join(parts)}</div>'


def text(value: object, longest: int = 120) -> str:
    """A text that is only a text, cut when it is long.

    >>> text("<b>&</b>"), text("a" * 9, longest=4)
    ('&lt;b&gt;&amp;&lt;/b&gt;', 'aaa…')
    """
    said = str(value)
    return html.escape(said if len(said) <= longest else said[: longest - 1] + "…")


def number(value: float) -> str:
    """A number as short as it is clear.

    >>> [number(value) for value in (3, 0.1 + 0.2, 1e-9, 123456789, float("nan"))]
    ['3', '0.3', '1e-09', '123456789', 'nan']
    """
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return str(int(value))
    return f"{value:.5g}"


def cell(value: object) -> str:
    """A cell of a table, by what it holds."""
    if value is None:
        return '<td class="dim">–</td>'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'<td class="n">{number(value)}</td>'
    if isinstance(value, datetime.datetime):
        return f"<td>{value:%Y-%m-%d %H:%M:%S}</td>"
    return f"<td>{text(value, 60)}</td>"


def _are_numbers(values: Iterable[object]) -> bool:
    """Whether a column is one of numbers, whose heading stands where they do."""
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table."""
    known = [list(row) for row in rows]
    names = "".join(
        f"<th{' class=n' if _are_numbers(row[index] for row in known) else ''}>{text(name, 60)}</th>"
        for index, name in enumerate(head)
    )
    lines = "".join(f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in known)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"


def span(value: object, kind: str = "dim") -> str:
    """A few words in a kind of their own."""
    return f'<span class="{kind}">{text(value, 400)}</span>'
