"""The jobs of `ocp try`: each accepts every reasonable answer, and no other."""

import asyncio
from collections import Counter
from typing import Any

import jsonschema
import pytest

from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.trial.job import Job
from ollama_claude_proxy.trial.play import Answer, JobResult, play_job
from ollama_claude_proxy.trial.standard_jobs import standard_jobs, standard_tools
from support.trial_answers import Calls, trial_answers

JOBS = {job.name: job for job in standard_jobs().jobs}
TOOLS = {tool["name"]: tool for tool in standard_tools()}


def variants(verdict: str) -> list[Any]:
    return [
        pytest.param(JOBS[name], calls, id=f"{name}-{number}")
        for name, answers in trial_answers().items()
        for number, calls in enumerate(answers[verdict])
    ]


def play(job: Job, calls: Calls, *, together: bool = False) -> JobResult:
    """Play a job with scripted calls: one an answer, or all in the first."""
    blocks = [
        {"type": "tool_use", "id": f"id{number}", "name": call["name"], "input": call["arguments"]}
        for number, call in enumerate(calls)
    ]
    script = [blocks] if together else [[block] for block in blocks]

    async def ask(messages: list[dict[str, Any]]) -> Answer:
        check_conversation(messages)
        text = {"type": "text", "text": "That is done."}
        return Answer(script.pop(0) if script else [text])

    return asyncio.run(play_job(job, ask))


def check_conversation(messages: list[dict[str, Any]]) -> None:
    """Check that every call of an answer has its result in the next message."""
    for asked, answered in zip(messages[1::2], messages[2::2], strict=True):
        ids = [block["id"] for block in asked["content"] if block["type"] == "tool_use"]
        assert [block["tool_use_id"] for block in answered["content"]] == ids


def test_every_job_has_answers() -> None:
    assert list(trial_answers()) == list(JOBS)
    assert all(answers["right"] and answers["wrong"] for answers in trial_answers().values())


def test_the_jobs_are_spread_evenly() -> None:
    assert Counter(job.kind for job in JOBS.values()) == {
        "steps": 6,
        **dict.fromkeys(
            ("read", "write", "edit", "search", "command", "web", "nested", "quotes"), 3
        ),
        **dict.fromkeys(("numbers", "choose"), 3),
    }
    assert {len(job.steps) for job in JOBS.values() if job.kind == "steps"} == {3}
    quick = [job.kind for job in JOBS.values() if job.quick]
    assert len(quick) == len(set(quick)) == 8


@pytest.mark.parametrize(("job", "calls"), variants("right"))
def test_a_right_answer_is_accepted(job: Job, calls: Calls) -> None:
    assert play(job, calls).why == ""
    for call in calls:
        jsonschema.validate(call["arguments"], TOOLS[call["name"]]["input_schema"])


@pytest.mark.parametrize(("job", "calls"), variants("wrong"))
def test_a_wrong_answer_is_not(job: Job, calls: Calls) -> None:
    result = play(job, calls)
    assert not result.is_done
    assert result.why


@pytest.mark.parametrize("job", [job for job in JOBS.values() if len(job.steps) > 1])
def test_steps_may_come_in_one_answer(job: Job) -> None:
    assert play(job, trial_answers()[job.name]["right"][0], together=True).is_done


@pytest.mark.parametrize("failure", [OcpError("It broke.", remedy="Mend it."), TimeoutError()])
def test_an_error_ends_the_job_and_not_the_run(failure: Exception) -> None:
    async def ask(_: list[dict[str, Any]]) -> Answer:
        raise failure

    result = asyncio.run(play_job(JOBS["read-file"], ask))
    assert not result.is_done
    assert result.why in {"It broke. Mend it.", "no answer came in time"}


def test_the_prompt_shows_what_an_edit_begins_with() -> None:
    for job in JOBS.values():
        shown = "".join([job.prompt, *job.project.files.values()])
        edits = [call.edit for step in job.steps for call in step.accept if call.edit]
        assert all(edit.before in shown for edit in edits)
