"""The tables: what share of the answers was found, and where they were."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from recall.marks import MEANING, WORDS
from recall.measure import Answered
from recall.session import KINDS
from recall.source import SOURCES

_EXPLANATION = """\
In percent of the questions: the whole answer was in the prompt. words, meaning: the proxy, without
and with an embedding model. BM25: plain BM25 over turns; last: the last turns that fit; both with
the same room. mark: over all sessions and windows, ✓ kept, ✗ missed."""

_Share = Callable[[Answered], bool]
_COLUMNS: tuple[tuple[str, bool, _Share], ...] = (
    ("words", False, lambda one: one.is_found),
    ("meaning", True, lambda one: one.is_found),
    ("BM25", False, lambda one: one.bm25_found),
    ("last", False, lambda one: one.last_turns_found),
)


def recall_tables(answered: Sequence[Answered]) -> str:
    """Return both tables as text."""
    kinds = [kind for kind in KINDS if any(one.kind == kind for one in answered)]
    return "\n".join([*_shares_table(answered, kinds), "", *_sources_table(answered, kinds), "",
                      _EXPLANATION])  # fmt: skip


def recall_document(answered: Sequence[Answered]) -> list[dict[str, Any]]:
    """Return the figures for `--json`, one object for each kind, session length and window."""
    places = sorted({(one.kind, one.tokens, one.window) for one in answered})
    return [
        {"figure": f"found: {kind}", "unit": "%", "tokens": tokens, "window": window}
        | _figures(
            [
                one
                for one in answered
                if (one.kind, one.tokens, one.window) == (kind, tokens, window)
            ]
        )
        | {"mark": WORDS[kind], "mark_meaning": MEANING[kind]}
        for kind, tokens, window in places
    ]


def _figures(answered: Sequence[Answered]) -> dict[str, Any]:
    shares = {name: _share(answered, meaning, is_found) for name, meaning, is_found in _COLUMNS}
    sources = _sources(one for one in answered if not one.has_meaning)
    return {
        "questions": sum(not one.has_meaning for one in answered),
        **{name: value for name, value in shares.items() if value is not None},
        "sources": sources,
    }


def _shares_table(answered: Sequence[Answered], kinds: Sequence[str]) -> list[str]:
    places = sorted({(one.tokens, one.window) for one in answered})
    columns = [
        (place, column)
        for place in places
        for column in _COLUMNS
        if any((one.tokens, one.window, one.has_meaning) == (*place, column[1]) for one in answered)
    ]
    groups = ["found, %"] + [
        f"{tokens // 1000}k@{window // 1024}k" if column is _COLUMNS[0] else ""
        for (tokens, window), column in columns
    ]
    searches = sorted({one.has_meaning for one in answered})
    names = [f"{_COLUMNS[has_meaning][0]}, all" for has_meaning in searches]
    rows = [groups, ["", *(column[0] for _, column in columns), *names]]

    def cells(chosen: Sequence[Answered]) -> Iterator[str]:
        for place, (_, has_meaning, is_found) in columns:
            there = [one for one in chosen if (one.tokens, one.window) == place]
            yield _percent(_share(there, has_meaning, is_found))

    for kind in kinds:
        of_kind = [one for one in answered if one.kind == kind]
        marks = {False: WORDS[kind], True: MEANING[kind]}
        judged = (_judged(of_kind, search, marks[search]) for search in searches)
        rows.append([kind, *cells(of_kind), *judged])
    totals = (_judged(answered, search, None) for search in searches)
    rows.append(["all kinds", *cells(answered), *totals])
    return _aligned(rows)


def _sources_table(answered: Sequence[Answered], kinds: Sequence[str]) -> list[str]:
    searches = sorted({one.has_meaning for one in answered})
    head = ["where the answers were, %"]
    for has_meaning in searches:
        head += [f"{name}{', meaning' if has_meaning else ''}" for name in SOURCES]
    rows = [head]
    for kind in kinds:
        row = [kind]
        for has_meaning in searches:
            shares = _sources(
                one for one in answered if one.kind == kind and one.has_meaning == has_meaning
            )
            row += [f"{shares[name]:.0f}" for name in SOURCES]
        rows.append(row)
    return _aligned(rows)


def _sources(answered: Iterable[Answered]) -> dict[str, float]:
    """Return the share of each source in all parts of the answers, in percent."""
    counts = Counter(source for one in answered for source in one.sources)
    return {name: 100 * counts[name] / max(counts.total(), 1) for name in SOURCES}


def _share(answered: Iterable[Answered], has_meaning: bool, is_found: _Share) -> float | None:
    """Return the share of questions in percent; None without questions."""
    found = [is_found(one) for one in answered if one.has_meaning == has_meaning]
    return 100 * sum(found) / len(found) if found else None


def _judged(answered: Sequence[Answered], has_meaning: bool, mark: float | None) -> str:
    share = _share(answered, has_meaning, _COLUMNS[0][2])
    if share is None or mark is None:
        return "" if share is None else f"{share:.1f}"
    return f"{share:.1f} {'✓' if share >= mark else '✗'} ≥ {mark:g}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0f}"


def _aligned(rows: list[list[str]]) -> list[str]:
    count = max(map(len, rows))
    rows = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(count)]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
