"""A text without end is noticed, and nothing that a person may want is taken for one."""

import base64
import json
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ollama_claude_proxy.translate.response.runaway import (
    BLOCK_CHARS,
    CALL_BOUNDS,
    MAX_PERIOD_CHARS,
    RECITAL_CHARS,
    TEXT_BOUNDS,
    RunawayDetector,
)
from support.call_reading import chunks

# With all that a detector may see before it decides.
_SLACK = 3 * BLOCK_CHARS
TOOL_LIST = "\n".join(f"Tool {number}: does {number * 7919} things." for number in range(300))


def end_of(text: str, size: int = 7, *, in_call: bool = False) -> tuple[str, int] | None:
    """Return the reason to end a text that comes in chunks, and after how many characters."""
    detector, fed = RunawayDetector(TOOL_LIST), 0
    for chunk in chunks(text, size):
        if reason := detector.feed(chunk, in_call=in_call):
            return reason, fed + detector.end
        fed += len(chunk)
    return None


def numbers(count: int) -> list[int]:
    return [random.Random(place).randrange(10**6) for place in range(count)]


LOOPS = {
    "a line": "I will now read the file.\n",
    "a word": "the ",
    "one character": "!",
    "a paragraph": " ".join(map(str, numbers(120))) + "\n",
    "two lines": "Let me check.\nNow I check again.\n",
    "a call": '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/a.py"}}\n</tool_call>\n',
    "Chinese": "我现在读取文件。",
}

WANTED = {
    "a table": "\n".join(f"| {n % 9} | yes | - |" for n in numbers(2000)),
    "a long list": "\n".join(f"{n}. The same words follow." for n in range(2000)),
    "a progress bar": f"{'=' * 1500}> 100 %\n",
    "rules": f"{'-' * 300}\n" * 20,
    "an indented drawing": "\n".join(" " * (n % 400) + "*" for n in range(1200)),
    "a lock file": "\n".join(f"dep{n}==1.0\n    --hash=sha256:{n:064x}" for n in numbers(500)),
    "CSV with equal cells": "\n".join(f"{n},0,0,0,0,0,0,0,0" for n in range(3000)),
    "equal rows of CSV": "0,0,0,0,0,0,0,0\n" * 400,
    "minified code": "".join(f"function a{n}(){{return b({n})}}" for n in numbers(1000)),
    "a blob": base64.b64encode(random.Random(1).randbytes(60_000)).decode(),
    "a blob of zeros": base64.b64encode(bytes(4_000)).decode(),
    "a hex dump of zeros": "\n".join(f"{n * 16:08x}  {'00 ' * 16}" for n in range(2000)),
    "a poem with a refrain": "".join(
        f"Verse {n}\n{n * n} bottles\nAnd the wind blows on,\nAnd the wind blows on.\n\n"
        for n in range(300)
    ),
    "test names": "\n".join(f"tests/test_a.py::test_reads PASSED [{n:3}%]" for n in range(100))
    * 20,
    "equal test results": "test_it PASSED\n" * 400,
    "dots of a test run": f"{'.' * 72} [ 10%]\n" * 60,
    "blank lines": "\n" * 1500,
    "a paragraph said thrice": f"{'A paragraph of words that differ. ' * 40}\n" * 5,
}


@pytest.mark.parametrize("in_call", [False, True], ids=["text", "call"])
@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_ends(name: str, *, in_call: bool) -> None:
    bounds = CALL_BOUNDS if in_call else TEXT_BOUNDS
    before = "\n".join(map(str, numbers(300)))
    end = end_of(before + LOOPS[name] * 60_000, in_call=in_call)
    assert end is not None
    assert "over and over" in end[0]
    limit = bounds.characters(len(LOOPS[name]))
    assert limit <= end[1] - len(before) + BLOCK_CHARS <= limit + _SLACK


@pytest.mark.parametrize("name", WANTED)
def test_what_a_person_wants_is_not_cut(name: str) -> None:
    assert end_of(WANTED[name]) is None
    assert end_of(WANTED[name], in_call=True) is None


@pytest.mark.parametrize(
    "line", ["x\n", "x\\n", "An equal line of fifty characters, or about that.\\n", "\n", "\\n"]
)
def test_a_call_may_write_a_file_of_500_equal_lines(line: str) -> None:
    assert end_of(line * 500, in_call=True) is None


@pytest.mark.parametrize("space", ["\n", " ", "\t\n", "\\n", "\\n \\t", "\r\n"])
def test_white_space_without_end_ends(space: str) -> None:
    for in_call, bounds in ((False, TEXT_BOUNDS), (True, CALL_BOUNDS)):
        end = end_of('{"content": "x' + space * 20_000, in_call=in_call)
        assert end is not None
        assert "white space" in end[0]
        assert bounds.white_space < end[1] <= bounds.white_space + _SLACK


def test_white_space_need_not_be_regular() -> None:
    space = "".join(random.Random(4).choices(" \n\t", k=9000))
    end = end_of(space)
    assert end is not None
    assert "white space" in end[0]


def test_the_list_of_tools_is_no_answer() -> None:
    end = end_of(f"These are the functions:\n{TOOL_LIST}")
    assert end is not None
    assert "recited" in end[0]
    assert end[1] <= RECITAL_CHARS + _SLACK


def test_some_tools_may_be_quoted_and_all_may_be_written_to_a_file() -> None:
    assert end_of(f"Two of them:\n{TOOL_LIST[:1800]}\nThat is all.{TOOL_LIST[2500:4000]}") is None
    assert end_of(json.dumps({"content": TOOL_LIST}), in_call=True) is None


@given(text=st.text(), repetitions=st.integers(0, 50), size=st.integers(1, 2000))
def test_a_short_repetition_of_anything_passes(text: str, repetitions: int, size: int) -> None:
    repeated = (text * repetitions)[:1500]
    assert end_of(repeated, size) is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), alphabet=st.sampled_from(["ab", "ab \n", "0123456789abcdef"]))
def test_a_text_that_never_repeats_itself_passes(seed: int, alphabet: str) -> None:
    assert end_of("".join(random.Random(seed).choices(alphabet, k=30_000)), 500) is None


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(max_size=700),
    cycle=st.text(min_size=1, max_size=300),
    sizes=st.tuples(st.integers(1, 40), st.integers(41, 20_000)),
)
@example(before="", cycle="x" * MAX_PERIOD_CHARS, sizes=(1, 10_000))
def test_any_cycle_ends_at_the_same_place_in_any_chunks(
    before: str, cycle: str, sizes: tuple[int, int]
) -> None:
    text = before + cycle * (16_000 // len(cycle) + 1)
    ends = {end_of(text, size) for size in sizes}
    assert len(ends) == 1
    assert ends != {None}
