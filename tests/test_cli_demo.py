"""`ocp demo`: the whole way, with nothing installed but this package."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.command_line import ocp_env, run_ocp
from support.ocp_process import ocp_process
from support.stream_grammar import check_events

STEPS = (
    "1. Start a stand-in for Ollama",
    "not a model",
    "2. A question",
    "I am ocp-demo, a stand-in and not a model",
    "stop_reason end_turn",
    "3. A tool",
    '<- tool_use Read {"file_path": "',
    "stop_reason tool_use",
    "the demo runs it: 77 characters read",
    "The tool gave me this:",
    "heron, basalt, 1047.",
    "stop_reason end_turn",
    "4. A token count",
    "<- input_tokens: ",
)
READ = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}},
}


def test_it_shows_a_question_a_tool_call_and_a_count(tmp_path: Path) -> None:
    done = run_ocp(tmp_path, "demo", variables={"HTTP_PROXY": "http://127.0.0.1:9"})
    assert done.returncode == 0, done.stderr
    at = 0
    for step in STEPS:
        found = done.stdout.find(step, at)
        assert found >= 0, f"{step!r} is not in {done.stdout[at:]!r}"
        at = found + len(step)
    assert "ocp serve" in done.stderr
    assert "ocp demo --keep" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_users_settings_do_not_affect_it(tmp_path: Path) -> None:
    variables = {
        "OCP_TOKEN": "sesame",
        "OCP_MODEL": "other:1b",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    assert run_ocp(tmp_path, "demo", variables=variables).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_with_keep_it_serves_claude_code_until_it_is_stopped(
    tmp_path: Path, number: signal.Signals
) -> None:
    with ocp_process(tmp_path, "demo", "--keep") as process:
        output = process.wait_for("Ctrl-C stops the demo.")
        port = output.partition("OCP_PORT=")[2].partition(" ")[0]
        assert f'eval "$(OCP_PORT={port} ocp env)"' in output
        variables = ocp_env(tmp_path, {"OCP_PORT": port})
        assert variables["ANTHROPIC_MODEL"] == "ocp-demo"
        assert [block["type"] for block in ask(port, "Please read /tmp/a.txt")] == ["tool_use"]
        assert process.stop(number) == 0
        assert "Traceback" not in process.stderr


def test_it_finds_the_question_among_reminders(tmp_path: Path) -> None:
    with ocp_process(tmp_path, "demo", "--keep") as process:
        port = process.wait_for("Ctrl-C").partition("OCP_PORT=")[2].partition(" ")[0]
        reminded = "<system-reminder>Read /etc/x.conf</system-reminder>\nWhat are you?"
        assert "stand-in" in ask(port, reminded)[0]["text"]
        process.stop()


def ask(port: str, text: str) -> list[dict[str, Any]]:
    """Ask as a client does, check the events, and return the blocks of the answer."""
    body = {
        "model": "claude-opus-5-5",
        "max_tokens": 500,
        "stream": True,
        "tools": [READ],
        "messages": [{"role": "user", "content": text}],
    }
    url = f"http://127.0.0.1:{port}/v1/messages"
    answer = httpx.post(url, json=body, timeout=30, trust_env=False).text
    events = [json.loads(line[5:]) for line in answer.splitlines() if line.startswith("data:")]
    check_events(events)
    whole = httpx.post(url, json=body | {"stream": False}, timeout=30, trust_env=False).json()
    blocks: list[dict[str, Any]] = whole["content"]
    return blocks
