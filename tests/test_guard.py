"""What fails in an app, before its answer began and within it."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ollama_claude_proxy.errors import OcpError, OllamaBusy
from ollama_claude_proxy.http.guard import Guard
from ollama_claude_proxy.settings import Settings
from support.proxy import free_port
from support.raw_http_client import RawHttpClient

BUSY = OllamaBusy("Ollama is busy.")
DEFECT = ValueError("a defect")


class Failing:
    """An app that sends the first of its messages, so many, and then fails."""

    def __init__(self, error: BaseException, sent: int) -> None:
        self._error = error
        self._sent = sent

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/plain")]
        messages: list[Message] = [
            {"type": "http.response.start", "status": 200, "headers": headers},
            {"type": "http.response.body", "body": b"one", "more_body": True},
            {"type": "http.response.body", "body": b"two", "more_body": False},
        ]
        for message in messages[: self._sent]:
            await send(message)
        raise self._error


def answer(app: ASGIApp) -> list[Message]:
    """Ask once behind the guard; return all that was sent."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": headers}
    asyncio.run(Guard(app, Settings())(scope, receive, send))
    return sent


@contextmanager
def serving(app: ASGIApp) -> Iterator[RawHttpClient]:
    """Serve an app behind the guard on a real socket."""
    port = free_port()
    config = uvicorn.Config(Guard(app, Settings()), port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        with RawHttpClient(f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


def requests_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the outcomes of all requests in the log."""
    fields = (getattr(record, "ocp_fields", {}) for record in caplog.records)
    return [shown["outcome"] for shown in fields if "outcome" in shown]


@pytest.mark.parametrize(
    ("error", "status", "kind", "retry"),
    [
        (BUSY, 529, "overloaded_error", ("retry-after", "5")),
        (DEFECT, 500, "api_error", ("x-should-retry", "false")),
    ],
    ids=["ours", "unexpected"],
)
def test_what_fails_before_the_headers_is_an_answer_with_a_status(
    error: Exception, status: int, kind: str, retry: tuple[str, str]
) -> None:
    with serving(Failing(error, sent=0)) as client:
        reply = client.request("POST", "/v1/messages", {})
        assert reply.status == status
        assert retry in reply.headers.items()
        assert f'"type":"{kind}"' in reply.body.decode()
        assert reply.headers["request-id"] in reply.body.decode()
        assert client.request("POST", "/v1/messages", {}).status == status  # on the same connection


@pytest.mark.parametrize("sent", [1, 2, 3])
@pytest.mark.parametrize("error", [BUSY, DEFECT], ids=["ours", "unexpected"])
def test_what_fails_behind_the_headers_sends_nothing_more_and_is_logged(
    caplog: pytest.LogCaptureFixture, error: Exception, sent: int
) -> None:
    caplog.set_level(logging.INFO)
    messages = answer(Failing(error, sent))
    assert [message["type"] for message in messages] == [
        "http.response.start",
        "http.response.body",
        "http.response.body",
    ][:sent]
    (outcome,) = requests_logged(caplog)
    if isinstance(error, OcpError):
        assert outcome == f"529 {error.message}"
    else:
        assert outcome.startswith("500 Internal error in ocp (request req_")


@pytest.mark.parametrize("error", [BUSY, DEFECT], ids=["ours", "unexpected"])
def test_an_answer_that_fails_in_the_middle_ends_its_connection(error: Exception) -> None:
    with serving(Failing(error, sent=2)) as client:
        client.send("POST", "/v1/messages", {})
        status, headers = client.read_head()
        assert (status, headers["content-type"]) == (200, "text/plain")
        assert client.read_chunk() == b"one"
        with pytest.raises(EOFError):  # so that nobody takes it for the whole
            client.read_chunk()


@pytest.mark.parametrize("sent", [0, 2])
def test_a_defect_is_logged_with_its_traceback_and_the_id_that_the_client_gets(
    caplog: pytest.LogCaptureFixture, sent: int
) -> None:
    messages = answer(Failing(DEFECT, sent))
    (record,) = (record for record in caplog.records if record.exc_info)
    headers = dict(messages[0]["headers"])
    assert headers[b"request-id"].decode() in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is DEFECT


def test_what_was_expected_is_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    answer(Failing(BUSY, sent=0))
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("sent", [0, 2])
def test_a_request_that_is_cancelled_is_no_failure(
    caplog: pytest.LogCaptureFixture, sent: int
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(asyncio.CancelledError):
        answer(Failing(asyncio.CancelledError(), sent))
    assert not requests_logged(caplog)
