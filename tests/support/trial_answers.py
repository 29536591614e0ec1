"""Calls for every job of `ocp try`: some that do it, and some that do not."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from ollama_claude_proxy.trial.job import Job
from ollama_claude_proxy.trial.standard_jobs import standard_jobs
from support.fake_ollama import Answer, Call, answer

_PATH = Path(__file__).parents[1] / "data" / "trial_answers.json"

# The calls of a conversation, in order.
Calls = list[dict[str, Any]]


@cache
def trial_answers() -> dict[str, dict[str, list[Calls]]]:
    """Return by job the conversations that are `right` and those that are `wrong`."""
    answers: dict[str, dict[str, list[Calls]]] = json.loads(_PATH.read_text("utf-8"))
    return answers


def job_of(messages: list[dict[str, Any]]) -> Job:
    """Return the job that a model's messages ask for."""
    asked = [message["content"] for message in messages if message["role"] == "user"]
    return next(job for job in standard_jobs().jobs if any(job.prompt in text for text in asked))


def play_right(body: dict[str, Any]) -> Answer:
    """Answer a request of `ocp try` like a model that does every job."""
    return play(body, trial_answers()[job_of(body["messages"]).name]["right"][0])


def play_wrong(body: dict[str, Any]) -> Answer:
    """Answer like a model that knows the tools and gets every job wrong."""
    return play(body, trial_answers()[job_of(body["messages"]).name]["wrong"][0])


def play(body: dict[str, Any], calls: Calls) -> Answer:
    """Answer with the next of the calls, and in words after the last."""
    made = sum(message["role"] == "assistant" for message in body["messages"])
    if made >= len(calls):
        return answer("That is done.")
    return answer(Call(calls[made]["name"], calls[made]["arguments"]))
