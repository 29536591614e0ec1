"""The real Claude Code works: the scripted model says what to do, the disk proves it."""

import base64
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.claude_code import VERSIONS, Desk
from support.fake_ollama import Answer, Call, FakeOllama, Until, answer

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
def desk(fake: FakeOllama, tmp_path: Path) -> Iterator[Desk]:
    here = Desk(tmp_path, fake.url, MODEL)
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
def test_it_writes_reads_edits_and_runs(fake: FakeOllama, desk: Desk, version: str) -> None:
    file = desk.project / "hello.txt"
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
    done = desk.run(version, "Do it.")
    assert done.returncode == 0, done.stderr
    assert "All done." in done.stdout
    assert (desk.project / "copy.txt").read_text() == "hello <there> & é\n"
    assert all(chat["model"] == MODEL for chat in fake.chats)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_is_resumed_with_the_prompt_it_had(
    fake: FakeOllama, desk: Desk, version: str
) -> None:
    file = desk.project / "note.txt"
    fake.respond = step_by_step([Call("Write", {"file_path": str(file), "content": "one\n"})])
    first = desk.run(version, "Write a note.", "--output-format", "json")
    session = json.loads(first.stdout)["session_id"]
    before = fake.chats[-1]["messages"]
    again = desk.run(version, "And now?", "--resume", session)
    assert again.returncode == 0, again.stderr
    after = fake.chats[-1]["messages"]
    assert after[: len(before)] == before
    assert "And now?" in after[-1]["content"]


def picture() -> bytes:
    """Give a PNG of eight red pixels by eight."""

    def part(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return len(data).to_bytes(4) + kind + data + checksum.to_bytes(4)

    header = (8).to_bytes(4) + (8).to_bytes(4) + bytes([8, 2, 0, 0, 0])
    rows = (b"\0" + b"\xff\0\0" * 8) * 8
    parts = part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_picture_that_it_reads_reaches_a_model_that_sees(
    fake: FakeOllama, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, fake.url, "qwen3.5:9b")
    file = desk.project / "red.png"
    file.write_bytes(picture())
    fake.respond = step_by_step([Call("Read", {"file_path": str(file)})])
    with desk.proxy():
        done = desk.run(NEWEST, "What is on the picture?")
    assert done.returncode == 0, done.stderr
    images = [one for message in fake.chats[-1]["messages"] for one in message.get("images", [])]
    assert len(images) == 1
    assert base64.b64decode(images[0]).startswith(b"\x89PNG")


def test_a_subagent_works_and_reports(fake: FakeOllama, desk: Desk) -> None:
    found = desk.project / "found.txt"

    def respond(body: dict[str, Any]) -> Answer:
        tools = {tool["function"]["name"] for tool in body.get("tools", [])}
        prompts = json.dumps(body["messages"])
        if "Agent" not in tools:  # the subagent: it may not start others
            if results(body) == 0:
                return answer(Call("Bash", {"command": f"echo found > {found}"}))
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
    done = desk.run(NEWEST, "Find the secret word with an agent.")
    assert done.returncode == 0, done.stderr
    assert "It said heron." in done.stdout
    assert found.read_text() == "found\n"


def test_ollama_dies_in_mid_answer_and_comes_back(fake: FakeOllama, desk: Desk) -> None:
    file = desk.project / "after.txt"
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
        return answer("I beg", Until(threading.Event()))

    fake.respond = respond
    done = desk.run(NEWEST, "Write the file.")
    crashed[0].join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert file.read_text() == "alive\n"


def test_a_model_that_is_not_installed_is_told_to_the_user(
    fake: FakeOllama, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, fake.url, "missing:7b")
    with desk.proxy():
        done = desk.run(NEWEST, "Hi")
    assert done.returncode != 0
    assert "ollama pull missing:7b" in done.stdout + done.stderr
    assert not fake.chats
