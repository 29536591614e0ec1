"""The table: every figure of the proxy beside the floor and beside Ollama without a proxy."""

from collections.abc import Iterable, Sequence
from typing import Any

from figure import Figure

_HEAD = ("figure", "", "direct", "floor", "ocp", "+floor", "+ocp", "x floor", "x direct", "mark")
_EXPLANATION = """\
direct: the client asks the fake Ollama itself. floor: bare Starlette, httpx and json in between.
+floor, +ocp: what is added to direct. x floor, x direct: ocp as a multiple of them (x floor: of
what the floor adds, where the figure is about what is added). mark: ✓ kept, ✗ missed."""


def table(figures: Iterable[Figure]) -> str:
    """Return the table as text."""
    rows = [_HEAD, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join([*lines, "", _EXPLANATION])


def document(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Return the figures for `--json`."""
    return [
        {
            "figure": figure.name,
            "unit": figure.unit,
            **figure.values,
            "judged": figure.judged_value,
            "added": figure.added,
            "ratio_to_floor": _ratio_to_floor(figure),
            "ratio_to_direct": _ratio_to_direct(figure),
            "mark": figure.mark,
            "kept": figure.is_kept,
        }
        for figure in figures
    ]


def _row(figure: Figure) -> tuple[str, ...]:
    values = [
        _format_number(figure.values.get(name), figure) for name in ("direct", "floor", "ocp")
    ]
    added = [_format_number(_added(figure, name), figure) for name in ("floor", "ocp")]
    ratios = [_ratio(_ratio_to_floor(figure)), _ratio(_ratio_to_direct(figure))]
    return (figure.name, figure.unit, *values, *added, *ratios, _mark(figure))


def _added(figure: Figure, name: str) -> float | None:
    if not figure.added:
        return None
    return figure.values[name] - figure.values["direct"]


def _ratio_to_floor(figure: Figure) -> float | None:
    floor = _added(figure, "floor") if figure.added else figure.values.get("floor")
    return figure.judged_value / floor if floor and floor > 0 else None


def _ratio_to_direct(figure: Figure) -> float | None:
    direct = figure.values.get("direct")
    return figure.values["ocp"] / direct if direct else None


def _mark(figure: Figure) -> str:
    if figure.mark is None:
        return ""
    sign = "✓" if figure.is_kept else "✗"
    return f"{sign} {'≥' if figure.higher_is_better else '≤'} {figure.mark:,g}"


def _format_number(value: float | None, figure: Figure) -> str:
    return "" if value is None else f"{value:,.{figure.digits}f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < 2 or column == len(row) - 1 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
