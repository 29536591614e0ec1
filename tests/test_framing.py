"""The body of an HTTP response is the same, whatever pieces its bytes came in."""

import itertools

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ollama_claude_proxy.upstream.framing import Framing, framing

CHUNKED = [(b"transfer-encoding", b"chunked")]
CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=8)
EXTENSIONS = st.sampled_from([b"", b";a=b", b' ; quoted="x y"'])
TRAILERS = st.sampled_from([b"", b"x-checksum: 1\r\n", b"a: b\r\nc: d\r\n"])
CUTS = st.lists(st.integers(0, 500), max_size=20)


def body(frame: Framing, data: bytes, cuts: list[int]) -> bytes:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return b"".join(frame.feed(data[start:end]) for start, end in itertools.pairwise(edges))


def chunked(chunks: list[bytes], extension: bytes = b"", trailers: bytes = b"") -> bytes:
    parts = [b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks]
    return b"".join(parts) + b"0" + extension + b"\r\n" + trailers + b"\r\n"


@given(CHUNKS, EXTENSIONS, TRAILERS, CUTS)
def test_chunks_are_joined_under_any_split(
    chunks: list[bytes], extension: bytes, trailers: bytes, cuts: list[int]
) -> None:
    frame = framing("POST", 200, CHUNKED)
    assert body(frame, chunked(chunks, extension, trailers), cuts) == b"".join(chunks)
    assert frame.complete
    frame.end()


@given(CHUNKS)
def test_chunks_are_joined_byte_by_byte(chunks: list[bytes]) -> None:
    data = chunked(chunks)
    frame = framing("POST", 200, CHUNKED)
    assert body(frame, data, list(range(len(data)))) == b"".join(chunks)
    assert frame.complete


@given(CHUNKS, st.data())
def test_a_body_cut_short_is_never_taken_for_a_whole_one(
    chunks: list[bytes], draw: st.DataObject
) -> None:
    data = chunked(chunks)
    frame = framing("POST", 200, CHUNKED)
    frame.feed(data[: draw.draw(st.integers(0, len(data) - 1))])
    assert not frame.complete
    with pytest.raises(httpx.RemoteProtocolError):
        frame.end()


@given(st.binary(max_size=60), CUTS)
def test_a_body_of_known_length_ends_there(data: bytes, cuts: list[int]) -> None:
    frame = framing("GET", 200, [(b"content-length", str(len(data)).encode())])
    assert body(frame, data, cuts) == data
    assert frame.complete


@given(st.binary(max_size=60), CUTS)
def test_a_body_of_no_length_lasts_until_the_connection_closes(
    data: bytes, cuts: list[int]
) -> None:
    frame = framing("GET", 200, [(b"connection", b"close")])
    assert body(frame, data, cuts) == data
    frame.end()
    assert not frame.complete


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_some_answers_have_no_body(method: str, status: int) -> None:
    assert framing(method, status, [(b"content-length", b"7")]).complete


BROKEN = {
    "no size": (CHUNKED, b"\r\nabc"),
    "a size that is no number": (CHUNKED, b"xyz\r\nabc"),
    "a negative size": (CHUNKED, b"-3\r\nabc"),
    "a chunk longer than its size": (CHUNKED, b"3\r\nabcdef\r\n"),
    "bytes after the last chunk": (CHUNKED, b"0\r\n\r\nabc"),
    "an endless line between chunks": (CHUNKED, b"3;" + b"x" * 20_000),
    "more than content-length": ([(b"content-length", b"2")], b"abc"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_framing_is_noticed(name: str) -> None:
    headers, data = BROKEN[name]
    with pytest.raises(httpx.RemoteProtocolError, match="framing is broken"):
        framing("POST", 200, headers).feed(data)


def test_a_connection_that_closes_before_content_length_is_noticed() -> None:
    frame = framing("POST", 200, [(b"content-length", b"5")])
    frame.feed(b"abc")
    with pytest.raises(httpx.RemoteProtocolError, match="2 bytes before the end"):
        frame.end()
