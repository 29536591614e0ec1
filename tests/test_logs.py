"""The log: a line for each event, as text for people or JSON for machines."""

import json
import logging
from collections.abc import Iterator

import pytest

from ollama_claude_proxy.logs import configure, request_log
from ollama_claude_proxy.settings import Settings


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("ollama_claude_proxy")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers, level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def test_a_request_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings())
    request_log("POST /v1/messages", status=200, model="a model", seconds=1.25, error=None)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith('INFO POST /v1/messages status=200 model="a model" seconds=1.25\n')


def test_a_request_is_one_json_object_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_format="json"))
    request_log("POST /v1/messages", status=200, notes=["a\nb"], error=None)
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "info",
        "logger": "ollama_claude_proxy.request",
        "message": "POST /v1/messages",
        "status": 200,
        "notes": ["a\nb"],
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_client_text_cannot_begin_a_log_line(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure(Settings(log_format="json" if form == "json" else "text"))
    request_log("GET /\nforged", model="x\n12:00:00 INFO forged\u2028\x1b[2J")
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "\x1b" not in err


def test_debug_shows_our_own_details_and_no_other_librarys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings(debug=True))
    logging.getLogger("ollama_claude_proxy.http").debug("ours")
    logging.getLogger("httpx").info("theirs")
    configure(Settings())
    logging.getLogger("ollama_claude_proxy.http").debug("quiet")
    err = capsys.readouterr().err
    assert "ours" in err
    assert "theirs" not in err
    assert "quiet" not in err


def test_a_failure_in_json_carries_its_traceback_on_the_same_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings(log_format="json"))
    try:
        raise ValueError("no")  # noqa: TRY301  # the failure to be logged
    except ValueError:
        logging.getLogger("ollama_claude_proxy").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: no" in json.loads(line)["exception"]
