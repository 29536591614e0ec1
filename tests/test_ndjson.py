"""The splitter returns the same lines for any chunking of the bytes."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.wire.ndjson import LineSplitter, LineTooLong

# What other splitters take for the end of a line.
ODD = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ufeff"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(ODD), max_size=30)
VALUES = st.lists(st.dictionaries(TEXTS, TEXTS, max_size=3), max_size=8)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    splitter = LineSplitter()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    lines: list[bytes] = []
    for start, end in itertools.pairwise(edges):
        lines += splitter.feed(data[start:end])
    return lines + splitter.flush()


def written(values: list[Any]) -> bytes:
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in values)


@given(VALUES, st.lists(st.integers(0, 600), max_size=20), st.booleans())
def test_any_chunking_gives_the_same_lines(
    values: list[Any],
    cuts: list[int],
    ended: bool,
) -> None:
    data = written(values)
    data = data if ended else data.removesuffix(b"\n")
    assert [json.loads(line) for line in split(data, cuts)] == values


@given(VALUES)
def test_byte_by_byte_is_the_same_as_at_once(values: list[Any]) -> None:
    data = written(values)
    assert split(data, list(range(len(data)))) == split(data, [])


@pytest.mark.parametrize("sign", ODD, ids=lambda sign: f"U+{ord(sign):04X}")
def test_only_a_line_feed_ends_a_line(sign: str) -> None:
    line = f'{{"a":"x{sign}y"}}'.encode()
    assert split(line + b"\n" + line + b"\n", []) == [line, line]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n\n", []),
        (b" \r\n{}\r\n\n", [b"{}\r"]),
        (b"{}", [b"{}"]),
        (b"\n{}\n", [b"{}"]),
    ],
)
def test_blank_lines_are_left_out(data: bytes, lines: list[bytes]) -> None:
    assert split(data, []) == lines


def test_a_complete_line_is_returned_at_once() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b'{"a":1}\n{"b"') == [b'{"a":1}']
    assert splitter.feed(b":2}\n") == [b'{"b":2}']
    assert splitter.flush() == []


def test_a_long_line_in_small_pieces_comes_out_whole() -> None:
    splitter = LineSplitter()
    for _ in range(4096):
        assert splitter.feed(b"x" * 1024) == []
    assert splitter.feed(b"\n") == [b"x" * 4096 * 1024]


def test_a_line_over_the_cap_is_refused() -> None:
    splitter = LineSplitter(max_bytes=10)
    splitter.feed(b"0123456789")
    with pytest.raises(LineTooLong, match="10 bytes"):
        splitter.feed(b"x")
