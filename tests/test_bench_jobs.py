"""The jobs of `bench/jobs` can be done with the tools that a model is shown."""

from pathlib import Path

import pytest

from ollama_claude_proxy.trial.job import ExpectedCall, Job, read_jobs
from ollama_claude_proxy.trial.standard_jobs import standard_tools

FOLDER = Path(__file__).parent.parent / "bench" / "jobs"
JOBS = [job for path in FOLDER.glob("*.json") for job in read_jobs(path.read_bytes()).jobs]
SCHEMAS = {tool["name"]: tool["input_schema"] for tool in standard_tools()}
EDIT_ARGUMENTS = {"old_string", "new_string"}


def expected(job: Job) -> list[ExpectedCall]:
    return [call for step in job.steps for call in step.accept]


def test_there_are_enough_jobs_and_each_has_its_own_name() -> None:
    assert len(JOBS) >= 150
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert len({job.prompt for job in JOBS}) == len(JOBS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_right_calls_fit_the_tools(job: Job) -> None:
    assert len(job.steps) == 1
    for call in expected(job):
        schema = SCHEMAS[call.tool]
        named = {*call.arguments, *call.optional, *call.extra}
        given = {*call.arguments, *(EDIT_ARGUMENTS if call.edit else ())}
        assert named <= set(schema["properties"])
        assert set(schema["required"]) <= given
        assert not set(call.arguments) & {*call.optional, *call.extra}


@pytest.mark.parametrize(
    "job",
    [job for job in JOBS if any(call.edit for call in expected(job))],
    ids=lambda job: job.name,
)
def test_what_is_to_be_edited_stands_in_the_prompt_and_changes(job: Job) -> None:
    for call in expected(job):
        assert call.edit is not None
        assert call.edit.before in job.prompt
        assert call.edit.before != call.edit.after
