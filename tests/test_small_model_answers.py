"""What a small model really wrote, and what becomes of it."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from support.call_reading import calls, chunks, read

with gzip.open(Path(__file__).parent / "data" / "small-model.json.gz", "rt") as _file:
    RECORDED: dict[str, Any] = json.load(_file)
TOOLS = Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in RECORDED["tools"])
ANSWERS: list[dict[str, Any]] = RECORDED["answers"]

# No call that a careful reader could run: another tool's name with arguments that fit none, a
# schema where arguments should be, a definition said again, a command in a fence of bash.
NO_CALL = {
    ("native", "Run the test suite with pytest -q."),
    ("native", "Show the git log of the last 5 commits."),
    ("native", "Install the package requests with pip."),
    ("native", "Count the lines of all python files using wc."),
    ("native", "Start the dev server with npm run dev in the background."),
    ("native-jinja", "Install the package requests with pip."),
    ("text", "Install the package requests with pip."),
    ("text", "Which YAML files are there in this project? Use a file pattern."),
    ("text-example", "What is the current directory? Use a command."),
}


def called(answer: dict[str, Any], size: int = 4) -> list[ResolvedCall]:
    return calls(read(chunks(answer["text"], size), TOOLS))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: f"{one['mode']}: {one['task'][:40]}")
def test_every_call_that_can_be_run_is_recovered(answer: dict[str, Any]) -> None:
    made = called(answer)
    if (answer["mode"], answer["task"]) in NO_CALL:
        assert made == []
        return
    assert len(made) == 1
    assert made[0].problem == ""


def test_twenty_seven_of_thirty_tasks_run_with_the_intended_tool() -> None:
    right = Counter(
        answer["mode"]
        for answer in ANSWERS
        if [call.name for call in called(answer)] == [answer["expected_tool"]]
    )
    assert right["text-example"] >= 27


def test_naming_the_tools_and_showing_an_example_call_improves_the_result() -> None:
    """Why `tool_example` is on unless somebody switches it off."""
    right = Counter(
        answer["mode"]
        for answer in ANSWERS
        if any(call.name == answer["expected_tool"] for call in called(answer))
    )
    assert right["text-example"] > right["text"]


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_the_result_does_not_depend_on_the_chunking(size: int) -> None:
    assert [called(one, size) for one in ANSWERS] == [called(one) for one in ANSWERS]
