"""What a small model really wrote, and what becomes of it."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ollama_claude_proxy.translate.tools.resolved_call import ResolvedCall
from ollama_claude_proxy.translate.tools.toolbox import OfferedTool, Toolbox
from ollama_claude_proxy.trial.job import read_jobs
from ollama_claude_proxy.trial.judge import Call, Fault, FaultKind, judge_calls
from support.call_reading import calls, chunks, read

with gzip.open(Path(__file__).parent / "data" / "small-model.json.gz", "rt") as _file:
    RECORDED: dict[str, Any] = json.load(_file)
TOOLS = Toolbox(OfferedTool(tool["name"], tool["input_schema"]) for tool in RECORDED["tools"])
ANSWERS: list[dict[str, Any]] = RECORDED["answers"]
_JOBS_PATH = Path(__file__).parent / "data" / "small_model_jobs.json"
JOBS = {job.prompt: job for job in read_jobs(_JOBS_PATH.read_bytes()).jobs}

# No call that a careful reader could run: JSON under a name that is no tool's, a schema where
# arguments should be, a definition said again, a command in a fence of bash.
NO_CALL = {
    ("native", "Run the test suite with pytest -q."),
    ("native", "Show the git log of the last 5 commits."),
    ("native", "Install the package requests with pip."),
    ("native", "Count the lines of all python files using wc."),
    ("native", "Start the dev server with npm run dev in the background."),
    ("native", "List the running docker containers."),
    ("native", "Delete the folder /tmp/build with rm."),
    ("native", "What is the current directory? Use a command."),
    ("native", "Check which python version is installed."),
    ("native", "Compile the project with make -j4."),
    ("native-jinja", "Run the test suite with pytest -q."),
    ("native-jinja", "Install the package requests with pip."),
    ("text", "Run the test suite with pytest -q."),
    ("text", "Show the git log of the last 5 commits."),
    ("text", "Install the package requests with pip."),
    ("text", "Which YAML files are there in this project? Use a file pattern."),
    ("text-example", "What is the current directory? Use a command."),
}


def called(answer: dict[str, Any], size: int = 4) -> list[ResolvedCall]:
    return calls(read(chunks(answer["text"], size), TOOLS))


def judge(answer: dict[str, Any]) -> Fault | None:
    made = [Call(call.name, call.arguments) for call in called(answer)]
    return judge_calls(made, JOBS[answer["task"]].steps[0])


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


def test_every_task_has_a_judged_call_of_its_intended_tool() -> None:
    assert list(JOBS) == list(dict.fromkeys(answer["task"] for answer in ANSWERS))
    for answer in ANSWERS:
        accepted = JOBS[answer["task"]].steps[0].accept
        assert {call.tool for call in accepted} == {answer["expected_tool"]}


def test_twenty_four_of_thirty_tasks_run_with_the_right_arguments_too() -> None:
    """Tasks whose calls run and yet do something else are not done."""
    right = Counter(answer["mode"] for answer in ANSWERS if judge(answer) is None)
    assert right["text-example"] >= 24


@pytest.mark.parametrize(
    ("task", "argument"),
    [
        ("Open /home/u/app/config.yaml, lines 100 to 150 only.", "limit"),
        ("Fetch https://example.com/docs and tell me the title.", "prompt"),
    ],
)
def test_a_call_with_the_right_name_can_be_wrong(task: str, argument: str) -> None:
    one = next(one for one in ANSWERS if (one["mode"], one["task"]) == ("text-example", task))
    fault = judge(one)
    assert fault is not None
    assert (fault.kind, fault.argument) == (FaultKind.WRONG, argument)


def test_naming_the_tools_and_showing_an_example_call_improves_the_result() -> None:
    """Why `tool_example` is on unless somebody switches it off."""
    right = Counter(answer["mode"] for answer in ANSWERS if judge(answer) is None)
    assert right["text-example"] > right["text"]


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_the_result_does_not_depend_on_the_chunking(size: int) -> None:
    assert [called(one, size) for one in ANSWERS] == [called(one) for one in ANSWERS]
