"""The real Claude Code runs tool calls in every format that models write."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.claude_code import VERSIONS, Workspace
from support.fake_answers import Answer, Call, RawText, Step
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer

pytestmark = pytest.mark.claude_code

NEWEST = VERSIONS[0]
Write = Callable[[str, dict[str, Any]], Step]


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *template_variants()) as ollama:
        ollama.count = lambda _body: 12_000
        yield ollama


def dumped(name: str, arguments: dict[str, Any], key: str = "name") -> str:
    return json.dumps({key: name, "arguments": arguments}, ensure_ascii=False)


def call(name: str, arguments: dict[str, Any]) -> Step:
    return Call(name, arguments)


def without_opener(name: str, arguments: dict[str, Any]) -> Step:
    values = "".join(
        f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments.items()
    )
    return RawText(f"<function={name}>\n{values}</function>\n</tool_call>")


def fenced(name: str, arguments: dict[str, Any]) -> Step:
    return RawText(f"I'll do it:\n```json\n{dumped(name, arguments)}\n```\n")


OTHER_NAMES = {"Write": "write_file", "Edit": "edit_file", "Read": "read_file"}


def by_another_name(name: str, arguments: dict[str, Any]) -> Step:
    other_name = OTHER_NAMES.get(name, "run_command")
    return RawText(f"<tool_call>\n{dumped(other_name, arguments)}\n</tool_call>")


WAYS: dict[str, tuple[str, Write]] = {
    "native calls": ("my-qwen-gguf:7b", call),
    "a lossy Go template": ("qwen2.5-coder:7b", call),
    "Qwen3-Coder's XML without its opener": ("qwen3-coder:30b", without_opener),
    "fenced JSON": ("my-qwen-gguf:7b", fenced),
    "a model without tools": ("smollm2:135m", call),
    "a usual other name of a tool": ("qwen2.5-coder:7b", by_another_name),
}


def task(file: Path) -> list[tuple[str, dict[str, Any]]]:
    path = str(file)
    return [
        ("Write", {"file_path": path, "content": 'echo "hello <b> & é"\n'}),
        ("Edit", {"file_path": path, "old_string": "hello", "new_string": "bye"}),
        ("Bash", {"command": f"sh {path} > out.txt", "description": "Run it"}),
    ]


def turns(body: dict[str, Any]) -> int:
    return sum(1 for message in body["messages"] if message["role"] == "assistant")


@pytest.mark.parametrize("way", WAYS)
def test_calls_of_every_format_are_run(fake: FakeOllama, tmp_path: Path, way: str) -> None:
    model, write = WAYS[way]
    workspace = Workspace(tmp_path, fake.url, model)
    steps = task(workspace.project / "run.sh")

    def respond(body: dict[str, Any]) -> Answer:
        done = turns(body)
        return answer(write(*steps[done])) if done < len(steps) else answer("All done.")

    fake.respond = respond
    with workspace.proxy():
        ended = workspace.run(NEWEST, "Do it.")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (workspace.project / "out.txt").read_text() == "bye <b> & é\n"
    assert "All done." in ended.stdout


def test_another_tool_is_never_taken_for_one_that_writes(fake: FakeOllama, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, fake.url, "qwen2.5-coder:7b")
    file = workspace.project / "log.txt"
    file.write_text("first\n")
    shown: list[str] = []

    def respond(body: dict[str, Any]) -> Answer:
        if turns(body) == 0:
            return answer(call("Append", {"file_path": str(file), "content": "second\n"}))
        shown.append(json.dumps(body["messages"][-1]))
        return answer("All done.")

    fake.respond = respond
    with workspace.proxy():
        ended = workspace.run(NEWEST, "Append a line.")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert file.read_text() == "first\n"
    assert "No such tool available" in shown[0]


def test_a_broken_call_is_corrected_by_a_follow_up(fake: FakeOllama, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, fake.url, "qwen2.5-coder:7b")
    file = workspace.project / "note.txt"
    arguments = {"file_path": str(file), "content": "mended\n"}

    def respond(body: dict[str, Any]) -> Answer:
        if "format" in body:
            return answer(RawText(json.dumps(arguments)))
        if turns(body) == 0:
            half = dumped("Write", {"file_path": str(file)})
            return answer(RawText(f"Sure.\n<tool_call>\n{half}\n</tool_call>"))
        return answer("All done.")

    fake.respond = respond
    with workspace.proxy():
        ended = workspace.run(NEWEST, "Do it.")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert file.read_text() == "mended\n"


def test_structured_output_is_valid(fake: FakeOllama, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["title", "count"],
    }
    right = {"title": "A", "count": 3}
    workspace = Workspace(tmp_path, fake.url, "qwen2.5-coder:7b")

    def respond(body: dict[str, Any]) -> Answer:
        if "StructuredOutput" in json.dumps(body["messages"][0]) and turns(body) == 0:
            return answer(Call("StructuredOutput", {"title": "A", "count": "3"}))
        return answer(json.dumps(right) if turns(body) == 0 else "All done.")

    fake.respond = respond
    with workspace.proxy():
        ended = workspace.run(
            NEWEST, "Give it.", "--json-schema", json.dumps(schema), "--output-format", "json"
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads(ended.stdout)["structured_output"] == right
