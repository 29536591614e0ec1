"""The real Claude Code works: a scripted model says what to do, and the files prove it."""

import base64
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.claude_code import VERSIONS, Workspace
from support.fake_ollama import Answer, Call, FakeOllama, WaitFor, answer

pytestmark = pytest.mark.claude_code

MODEL = "qwen3-coder:30b"
NEWEST = VERSIONS[0]
Steps = list[Call]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        ollama.count = lambda _body: 12_000
        yield ollama


@pytest.fixture
def workspace(fake: FakeOllama, tmp_path: Path) -> Iterator[Workspace]:
    here = Workspace(tmp_path, fake.url, MODEL)
    with here.proxy():
        yield here


def results(body: dict[str, Any]) -> int:
    return sum(1 for message in body["messages"] if message["role"] == "tool")


def step_by_step(steps: Steps) -> Callable[[dict[str, Any]], Answer]:
    """Make one call a turn, then say that it is done; side requests get a word."""

    def respond(body: dict[str, Any]) -> Answer:
        done = results(body)
        if not body.get("tools") or done >= len(steps):
            return answer("All", " done.")
        return answer(f"Step {done + 1}.", steps[done])

    return respond


@pytest.mark.parametrize("version", VERSIONS)
def test_it_writes_reads_and_edits_files_and_runs_commands(
    fake: FakeOllama, workspace: Workspace, version: str
) -> None:
    file = workspace.project / "hello.txt"
    fake.respond = step_by_step(
        [
            Call("Write", {"file_path": str(file), "content": "hello world\n"}),
            Call("Read", {"file_path": str(file)}),
            Call(
                "Edit", {"file_path": str(file), "old_string": "world", "new_string": "<there> & é"}
            ),
            Call("Bash", {"command": "cp hello.txt copy.txt", "description": "copy"}),
        ]
    )
    done = workspace.run(version, "Do it.")
    assert done.returncode == 0, done.stderr
    assert "All done." in done.stdout
    assert (workspace.project / "copy.txt").read_text() == "hello <there> & é\n"
    assert all(chat["model"] == MODEL for chat in fake.chats)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_resumed_session_has_the_same_prompt(
    fake: FakeOllama, workspace: Workspace, version: str
) -> None:
    file = workspace.project / "note.txt"
    fake.respond = step_by_step([Call("Write", {"file_path": str(file), "content": "one\n"})])
    first = workspace.run(version, "Write a note.", "--output-format", "json")
    session = json.loads(first.stdout)["session_id"]
    before = fake.chats[-1]["messages"]
    again = workspace.run(version, "And now?", "--resume", session)
    assert again.returncode == 0, again.stderr
    after = fake.chats[-1]["messages"]
    assert after[: len(before)] == before
    assert "And now?" in after[-1]["content"]


def picture() -> bytes:
    """Return a PNG of eight red pixels by eight."""

    def part(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return len(data).to_bytes(4) + kind + data + checksum.to_bytes(4)

    header = (8).to_bytes(4) + (8).to_bytes(4) + bytes([8, 2, 0, 0, 0])
    rows = (b"\0" + b"\xff\0\0" * 8) * 8
    parts = part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_an_image_that_it_reads_reaches_a_vision_model(fake: FakeOllama, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, fake.url, "qwen3.5:9b")
    file = workspace.project / "red.png"
    file.write_bytes(picture())
    fake.respond = step_by_step([Call("Read", {"file_path": str(file)})])
    with workspace.proxy():
        done = workspace.run(NEWEST, "What is on the picture?")
    assert done.returncode == 0, done.stderr
    images = [
        image for message in fake.chats[-1]["messages"] for image in message.get("images", [])
    ]
    assert len(images) == 1
    assert base64.b64decode(images[0]).startswith(b"\x89PNG")


def test_a_subagent_works_and_reports(fake: FakeOllama, workspace: Workspace) -> None:
    result_file = workspace.project / "found.txt"

    def respond(body: dict[str, Any]) -> Answer:
        tools = {tool["function"]["name"] for tool in body.get("tools", [])}
        prompts = json.dumps(body["messages"])
        if "Agent" not in tools:  # the subagent: it may not start others
            if results(body) == 0:
                return answer(Call("Bash", {"command": f"echo found > {result_file}"}))
            return answer("The secret word is heron.")
        if "heron" in prompts:
            return answer("It said heron.")
        if "subagent_type" in prompts:
            return answer("I wait for it.")
        task = {
            "description": "Find it",
            "prompt": "Find the secret word.",
            "subagent_type": "Explore",
            "run_in_background": False,
        }
        return answer(Call("Agent", task))

    fake.respond = respond
    done = workspace.run(NEWEST, "Find the secret word with an agent.")
    assert done.returncode == 0, done.stderr
    assert "It said heron." in done.stdout
    assert result_file.read_text() == "found\n"


def test_it_recovers_when_ollama_crashes_within_an_answer(
    fake: FakeOllama, workspace: Workspace
) -> None:
    file = workspace.project / "after.txt"
    go_on = step_by_step([Call("Write", {"file_path": str(file), "content": "alive\n"})])
    crashed: list[threading.Thread] = []

    def crash() -> None:
        time.sleep(0.5)
        fake.stop()
        time.sleep(2)
        fake.start()

    def respond(body: dict[str, Any]) -> Answer:
        if crashed:
            return go_on(body)
        crashed.append(threading.Thread(target=crash))
        crashed[0].start()
        return answer("I beg", WaitFor(threading.Event()))

    fake.respond = respond
    done = workspace.run(NEWEST, "Write the file.")
    crashed[0].join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text() == "alive\n"


def test_the_user_learns_that_a_model_is_not_installed(fake: FakeOllama, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, fake.url, "missing:7b")
    with workspace.proxy():
        done = workspace.run(NEWEST, "Hi")
    assert done.returncode != 0
    assert "ollama pull missing:7b" in done.stdout + done.stderr
    assert not fake.chats
