"""What a passage is part of: a function as Python itself delimits it, a trace as it was printed."""

import argparse
import ast
import json.decoder
import tarfile
import textwrap
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from ollama_claude_proxy.sessions.recall.passages import Passage, split_passages
from ollama_claude_proxy.sessions.recall.search_terms import split_terms
from ollama_claude_proxy.sessions.recall.surroundings import enclosing, lines_around

AMPLE = 20_000
MODULES = (textwrap, argparse, json.decoder, tarfile)
LOG = "\n".join(f"12:00:{at:02} worker {at} took a job" for at in range(40))
JAVA = (
    "java.lang.IllegalStateException: pool is empty\n"
    "\tat com.acme.Pool.take(Pool.java:7)\n"
    "\tat com.acme.Shop.sell(Shop.java:90)"
)


class _Method(NamedTuple):
    """A method of a class in some source: its name, and its lines."""

    source: str
    name: str
    text: str


def methods(module: ModuleType) -> Iterator[_Method]:
    """Yield the methods without decorators of a module, as its syntax tree has them."""
    source = Path(str(module.__file__)).read_text()
    lines = source.splitlines()
    for outer in ast.parse(source).body:
        for one in getattr(outer, "body", ()):
            if isinstance(outer, ast.ClassDef) and isinstance(one, ast.FunctionDef):
                text = "\n".join(lines[one.lineno - 1 : one.end_lineno])
                yield _Method(source, f"{outer.name}.{one.name}", text)


def passage_at(whole: str, place: int) -> Passage:
    """Return the passage of a text in which a place is."""
    start, length = next(
        (start, length) for start, length in split_passages(whole) if start + length > place
    )
    return Passage(1, 1, "Read /a", whole[start : start + length], whole=whole, start=start)


def terms(name: str) -> dict[str, float]:
    return {" ".join(split_terms(name)): 1.0}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("numbers", [False, True], ids=["plain", "numbered"])
def test_a_method_that_is_named_with_its_class_is_shown_whole(
    module: ModuleType, *, numbers: bool
) -> None:
    for method in islice(methods(module), 40):
        source, text = method.source, method.text
        if numbers:
            source = "\n".join(f"{at:6}\t{line}" for at, line in enumerate(source.splitlines(), 1))
        shown = enclosing(passage_at(source, 0), terms(method.name), AMPLE)
        if numbers:
            shown = "\n".join(line.partition("\t")[2] for line in shown.splitlines())
        if len(text) < 1500:
            assert text in shown, method.name
        else:
            assert shown.splitlines()[0] == text.splitlines()[0]
            assert set(shown.splitlines()) - {"…", ""} <= set(method.source.splitlines())


def test_a_function_is_shown_from_the_passage_that_begins_it() -> None:
    method = next(one for one in methods(textwrap) if one.name == "TextWrapper._split_chunks")
    name = method.name.partition(".")[2]
    begins = passage_at(method.source, method.source.index(f"def {name}"))
    assert enclosing(begins, terms(name), AMPLE).startswith(method.text)
    assert not enclosing(begins, terms("kestrel"), AMPLE)
    assert not enclosing(passage_at(method.source, 0), terms(name), AMPLE)


def test_of_a_long_function_the_lines_are_shown_that_are_asked_for() -> None:
    method = next(one for one in methods(argparse) if one.name == "HelpFormatter._format_usage")
    line = next(line for line in method.text.splitlines() if "opt_usage" in line)
    shown = enclosing(passage_at(method.source, 0), terms(method.name) | {"opt usage": 2.0}, 900)
    assert line in shown
    assert line not in enclosing(passage_at(method.source, 0), terms(method.name), 900)
    assert len(shown) <= 900


def failing_trace() -> str:
    try:
        json.loads("{" * 3)
    except json.JSONDecodeError:
        return traceback.format_exc()
    raise AssertionError


def test_a_trace_comes_with_the_error_that_ends_it() -> None:
    trace = failing_trace().rstrip()
    whole = f"{LOG}\n{trace}\n{LOG}"
    first = trace.index("raw_decode") if "raw_decode" in trace else trace.index("File")
    shown = enclosing(passage_at(whole, whole.index(trace) + first), {}, AMPLE)
    assert trace.splitlines()[-1] in shown
    assert trace.splitlines()[0] in shown


def test_a_trace_that_names_its_error_first_comes_with_it() -> None:
    whole = f"{LOG}\n{JAVA}\n{LOG}"
    assert JAVA in enclosing(passage_at(whole, whole.index("Shop.sell")), {}, AMPLE)


def test_a_passage_that_is_all_of_its_text_stays_as_it_is() -> None:
    whole = Passage(1, 1, "", "def crane(): ...", whole="def crane(): ...")
    assert not enclosing(whole, terms("crane"), AMPLE)
    assert lines_around(whole) == whole.text


def test_the_lines_around_are_of_the_text() -> None:
    around = lines_around(passage_at(LOG, len(LOG) // 2))
    assert around in LOG
    assert len(around) > len(passage_at(LOG, len(LOG) // 2).text)


def test_a_function_that_is_named_with_its_file_is_shown_though_another_passage_was_found() -> None:
    source = Path(str(textwrap.__file__)).read_text()
    start, length = next(split_passages(source))
    found = Passage(1, 1, "Read /lib/textwrap.py", source[:length], whole=source, start=start)
    asked = terms("shorten") | terms("textwrap.py")
    assert enclosing(found, asked, AMPLE).startswith("def shorten(")
    assert not enclosing(found, terms("shorten"), AMPLE)
