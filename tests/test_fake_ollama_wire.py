"""The fake Ollama keeps and breaks connections as a real one does."""

import json
import threading
from collections.abc import Iterator

import pytest

from support.fake_ollama import (
    Call,
    ConnectionReset,
    Disconnect,
    EndOfBody,
    FakeOllama,
    InvalidBytes,
    Step,
    WaitFor,
    answer,
)
from support.raw_http_client import RawHttpClient
from support.timeouts import HANG_SECONDS

HI = {"model": "qwen2.5-coder:7b", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def client(fake: FakeOllama) -> Iterator[RawHttpClient]:
    with RawHttpClient(fake.url) as connection:
        yield connection


def test_a_connection_is_reused(client: RawHttpClient) -> None:
    assert client.request("HEAD", "/").body == b""
    assert client.request("GET", "/").body == b"Ollama is running"
    assert client.request("POST", "/api/chat", HI).status == 200
    assert client.request("POST", "/api/tags", HI).status == 405


@pytest.mark.parametrize(
    ("host", "status"), {"evil.example": 403, "localhost:11434": 200, "10.0.0.1": 200}.items()
)
def test_a_foreign_host_is_refused(client: RawHttpClient, host: str, status: int) -> None:
    for reply in (
        client.request("GET", "/api/tags", host=host),
        client.request("POST", "/api/chat", HI, host=host),
    ):
        assert reply.status == status
        assert (reply.body == b"") == (status == 403)


def test_each_line_is_a_chunk(client: RawHttpClient, fake: FakeOllama) -> None:
    fake.script(answer("a<b", "\u2028ü", Call("Read", {"path": "x & y"})))
    tool = {"type": "function", "function": {"name": "Read", "parameters": {"type": "object"}}}
    chunks = client.request("POST", "/api/chat", HI | {"tools": [tool]}).chunks
    assert chunks is not None
    assert len(chunks) == 4
    assert all(chunk.count(b"\n") == 1 and chunk.endswith(b"\n") for chunk in chunks)
    assert rb'"a\u003cb"' in chunks[0]
    assert rb"\u2028" in chunks[1]
    assert rb'"x \u0026 y"' in chunks[2]


BROKEN: dict[str, tuple[Step, type[Exception]]] = {
    "a reset": (ConnectionReset(), ConnectionResetError),
    "a cut": (Disconnect(), EOFError),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_connection_breaks_after_the_scripted_lines(
    client: RawHttpClient, fake: FakeOllama, how: str
) -> None:
    step, error = BROKEN[how]
    fake.script(answer("a", step))
    client.send("POST", "/api/chat", HI)
    assert client.read_head()[0] == 200
    assert b'"a"' in client.read_chunk()
    with pytest.raises(error):
        client.read_chunk()
    assert fake.disconnects == 0


def test_invalid_bytes_are_sent_verbatim(client: RawHttpClient, fake: FakeOllama) -> None:
    fake.script(answer(InvalidBytes(b"\xff<html>"), EndOfBody()))
    assert client.request("POST", "/api/chat", HI).chunks == [b"\xff<html>"]


def test_nothing_is_sent_before_the_first_line(client: RawHttpClient, fake: FakeOllama) -> None:
    ready = threading.Event()
    fake.script(answer(WaitFor(ready), "a"))
    client.send("POST", "/api/chat", HI)
    fake.wait_for(lambda: bool(fake.chats))
    client.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    ready.set()
    client.socket.settimeout(HANG_SECONDS)
    assert client.socket.recv(15) == b"HTTP/1.1 200 OK"


def test_a_disconnected_client_is_noticed(fake: FakeOllama) -> None:
    fake.script(answer("a", WaitFor(threading.Event())))
    with RawHttpClient(fake.url) as client:
        client.send("POST", "/api/chat", HI)
        client.read_head()
        client.read_chunk()
        assert not fake.requests[-1].abandoned
    fake.wait_for(lambda: fake.disconnects == 1)
    assert fake.requests[-1].abandoned


def test_it_crashes_within_an_answer_and_restarts_at_the_same_port(
    client: RawHttpClient, fake: FakeOllama
) -> None:
    fake.script(answer("a", WaitFor(threading.Event())), answer("b"))
    client.send("POST", "/api/chat", HI)
    client.read_head()
    client.read_chunk()
    fake.stop()
    with pytest.raises(EOFError):
        client.read_chunk()
    with pytest.raises(ConnectionRefusedError):
        RawHttpClient(fake.url)
    fake.start()
    with RawHttpClient(fake.url) as again:
        assert json.loads(again.request("GET", "/api/ps").body) == {"models": []}
        assert b'"b"' in again.request("POST", "/api/chat", HI).body


def test_a_download_ends_with_success_or_an_error(client: RawHttpClient, fake: FakeOllama) -> None:
    fake.pulls = [
        {"status": "pulling manifest"},
        {"error": "pull model manifest: file does not exist"},
    ]
    assert b'{"error":' in client.request("POST", "/api/pull", {"model": "new:1b"}).body
    assert "new:1b" not in fake.models
    fake.pulls = []
    chunks = client.request("POST", "/api/pull", {"model": "new:1b"}).chunks
    assert chunks is not None
    assert chunks[-1] == b'{"status":"success"}\n'
    assert "new:1b" in fake.models


def test_without_a_script_the_answer_is_a_greeting(client: RawHttpClient, fake: FakeOllama) -> None:
    assert client.request("POST", "/api/chat", HI).body.count(b"\n") == 4
    fake.respond = lambda body: answer(body["messages"][0]["content"])
    whole = json.loads(client.request("POST", "/api/chat", HI | {"stream": False}).body)
    assert whole["message"] == {"role": "assistant", "content": "Hi"}
    assert fake.chats[-1]["stream"] is False
