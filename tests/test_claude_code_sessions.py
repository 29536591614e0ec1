"""Sessions of the real Claude Code: shared prompts, a restart, compaction in small windows."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.claude_code import VERSIONS, Workspace
from support.fake_answers import Answer, Call
from support.fake_models import FakeModel, library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.reading_session import measure_turns, read_again_share
from support.turn_writer import TurnWriter

pytestmark = pytest.mark.claude_code

NEWEST = VERSIONS[0]
MODEL = "qwen2.5-coder:7b"
COMPACTION = "Respond with TEXT ONLY"


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 4
        yield ollama


def shared_part(before: str, after: str) -> float:
    pairs = enumerate(zip(before, after, strict=False))
    length = next(
        (index for index, pair in pairs if pair[0] != pair[1]), min(len(before), len(after))
    )
    return length / len(after)


def first_prompt(fake: FakeOllama, workspace: Workspace, prompt: str) -> str:
    before = len(fake.chats)
    done = workspace.run(NEWEST, prompt)
    assert done.returncode == 0, done.stdout + done.stderr
    return fake.prompt_of(fake.chats[before])


@pytest.mark.parametrize("model", [MODEL, "my-qwen-gguf:7b", "qwen3-coder:30b"])
def test_a_second_session_shares_most_of_its_first_prompt(
    fake: FakeOllama, tmp_path: Path, model: str
) -> None:
    workspaces = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        workspaces.append(Workspace(folder, fake.url, model))
        (workspaces[-1].project / "CLAUDE.md").write_text(f"# Rules of {name}\n")
    with workspaces[0].proxy():
        first = first_prompt(fake, workspaces[0], "What is this?")
        same_project = first_prompt(fake, workspaces[0], "Do something else, please.")
    with workspaces[1].proxy():
        other_project = first_prompt(fake, workspaces[1], "And this one?")
    assert 1 - shared_part(first, same_project) <= 0.08
    assert 1 - shared_part(first, other_project) <= 0.25


def test_a_session_continues_after_a_restart_of_the_proxy(fake: FakeOllama, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, fake.url, MODEL)
    file = workspace.project / "a.txt"
    file.write_text("line\n")

    def respond(body: dict[str, Any]) -> Answer:
        turns = sum(1 for message in body["messages"] if message["role"] == "assistant")
        if turns == 0:
            return answer("I read it.\n", Call("Read", {"file_path": str(file)}))
        return answer("All done.")

    fake.respond = respond
    with workspace.proxy():
        first = workspace.run(NEWEST, "Read it.", "--output-format", "json")
    before = fake.prompt_of(fake.chats[-1])
    session = json.loads(first.stdout)["session_id"]
    with workspace.proxy():
        again = workspace.run(NEWEST, "And now?", "--resume", session)
    assert again.returncode == 0, again.stderr
    last = [chat for chat in fake.chats if "And now?" in chat["messages"][-1]["content"]]
    assert fake.prompt_of(last[0]).startswith(before + "All done.")


@pytest.mark.parametrize("model", [MODEL, "qwen3-coder:30b", "my-qwen-gguf:7b"])
def test_no_tokens_are_read_twice_in_twelve_turns(
    fake: FakeOllama, tmp_path: Path, model: str
) -> None:
    workspace = Workspace(tmp_path, fake.url, model)
    file = workspace.project / "a.txt"
    file.write_text("".join(f"line {number}\n" for number in range(400)))

    def respond(body: dict[str, Any]) -> Answer:
        turns = sum(1 for message in body["messages"] if message["role"] == "assistant")
        if turns >= 12:
            return answer("All done.")
        lines = {"file_path": str(file), "offset": turns * 10 + 1, "limit": 10}
        return answer(f"Part {turns}.\n", Call("Read", lines))

    fake.respond = respond
    with workspace.proxy():
        done = workspace.run(NEWEST, "Read it in parts.")
    assert done.returncode == 0, done.stdout + done.stderr
    prompts = [fake.prompt_of(chat) for chat in fake.chats]
    assert len(prompts) == 13
    for earlier, later in pairwise(prompts):
        assert later.startswith(earlier)
    assert "prefix=" not in workspace.log.read_text()


def test_a_task_of_100_000_tokens_completes_in_a_window_of_32k(
    fake: FakeOllama, tmp_path: Path
) -> None:
    """The client is told of a large window, so that the proxy carries the conversation."""
    workspace = Workspace(tmp_path, fake.url, MODEL, OCP_NUM_CTX="32768")
    workspace.client["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = "1000000"
    files = [workspace.project / f"part{number}.txt" for number in range(80)]
    for number, file in enumerate(files):
        file.write_text(f"Part {number}.\n" + "A line of some words.\n" * 270)
    files[0].write_text("The launch code is heron-4711.\n" + files[0].read_text())
    target = workspace.project / "code.txt"
    prompts: list[str] = []

    def respond(body: dict[str, Any]) -> Answer:
        step = len(prompts)
        prompts.append(fake.prompt_of(body))
        if step < len(files):
            return answer(Call("Read", {"file_path": str(files[step])}))
        if step == len(files):
            return answer("All parts are read. What is the launch code?")
        if target.exists():
            return answer("All done.")
        known = "heron-4711" if "heron-4711" in prompts[-1] else "unknown"
        return answer(Call("Write", {"file_path": str(target), "content": known}))

    fake.respond = respond
    with workspace.proxy():
        first = workspace.run(NEWEST, "Read all parts.", "--output-format", "json")
        session = json.loads(first.stdout)["session_id"]
        prompt = "Write the launch code of the first part into code.txt."
        done = workspace.run(NEWEST, prompt, "--resume", session)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(len(file.read_text()) for file in files) // 4 > 100_000
    assert all(len(prompt) // 4 < 32_768 for prompt in prompts)
    assert target.read_text() == "heron-4711"
    assert "prompt is too long" not in workspace.log.read_text()


def test_reading_thirty_files_in_a_window_of_18000_cuts_rarely(tmp_path: Path) -> None:
    """The client's own head takes two thirds of the window, and the proxy does the rest."""
    window, writer = 18_000, TurnWriter(1)
    with FakeOllama(FakeModel(MODEL, context_length=131_072), slots=1) as fake:
        workspace = Workspace(tmp_path, fake.url, MODEL, OCP_NUM_CTX=str(window))
        workspace.client["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = "1000000"
        files = [workspace.project / f"part{number}.py" for number in range(30)]
        for number, file in enumerate(files):
            size = 2000 + 6000 * number // len(files)
            file.write_text(writer.code(size // 20)[:size])

        def respond(_body: dict[str, Any]) -> Answer:
            read = len(fake.chats) - 1
            return answer(Call("Read", {"file_path": str(files[read])}) if read < 30 else "Done.")

        fake.respond = respond
        with workspace.proxy():
            done = workspace.run(NEWEST, "Read all parts, one after the other.")
        assert done.returncode == 0, done.stdout + done.stderr
        turns = measure_turns(fake)
    assert len(turns) == 31
    assert turns[0].tokens > 9000
    assert max(turn.tokens for turn in turns) < window
    assert read_again_share(turns) <= 0.1
    assert 1 < workspace.log.read_text().count("the window was full") <= len(turns) // 5


@pytest.mark.parametrize("window", [16_384, 32_768, 65_536])
def test_it_compacts_in_time_and_continues(fake: FakeOllama, tmp_path: Path, window: int) -> None:
    workspace = Workspace(tmp_path, fake.url, MODEL, OCP_NUM_CTX=str(window))
    fake.models[MODEL].context_length = 131_072
    # each file is about a thirtieth of the window, and all of them are more than one
    text = "A line of some words that say nothing.\n" * (window // 32 * 4 // 40)
    files = [workspace.project / f"file{number}.txt" for number in range(40)]
    for file in files:
        file.write_text(text)
    read: list[str] = []
    summaries: list[str] = []

    def respond(body: dict[str, Any]) -> Answer:
        last = body["messages"][-1]["content"]
        if COMPACTION in last:
            summaries.append(last)
            return answer(f"<analysis>So.</analysis>\n<summary>Read {len(read)} files.</summary>")
        if len(read) < len(files):
            read.append(str(files[len(read)]))
            return answer(Call("Read", {"file_path": read[-1]}))
        return answer("All done.")

    fake.respond = respond
    with workspace.proxy():
        done = workspace.run(NEWEST, "Read all files.")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All done." in done.stdout
    assert summaries
    assert len(read) == len(files)
    log = workspace.log.read_text()
    assert "prompt is too long" not in log
    assert all(chat["options"]["num_ctx"] == window for chat in fake.chats)
