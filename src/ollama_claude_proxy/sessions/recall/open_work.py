"""What was in progress: what "go on" and "the same for the other one" take up."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ollama_claude_proxy.sessions.recall.earlier_turns import EarlierTurns
from ollama_claude_proxy.sessions.recall.passages import Passage
from ollama_claude_proxy.sessions.recall.phrases import any_phrase

_TASK_TOOLS = frozenset({"todowrite", "taskcreate", "taskupdate", "update_plan"})
_ANNOUNCEMENT = any_phrase(r"""
    next | then | remaining | remains? | left to do | still (?:to|need|open|missing) | to ?do
    after that | will (?:now )?\w+ | i'll | plan is | pending | not (?:done|finished)
    als nächstes | danach | offen | fehlt noch
""")
_MAX_REQUESTS = 3
_MAX_ANNOUNCEMENTS = 3


def find_open_work(earlier: EarlierTurns) -> Iterator[Passage]:
    """Yield what a request without words of its own takes up, what matters most first.

    The tasks as they were noted last, the user's last request and what the model said on it, what
    the model announced, and the requests before.
    """
    yield from _noted_tasks(earlier)
    requests = earlier.requests[::-1][:_MAX_REQUESTS]
    announced = [said for said in earlier.statements if _ANNOUNCEMENT.search(said.text)]
    newest = announced[::-1][:_MAX_ANNOUNCEMENTS]
    yield from newest[:1]
    for request in requests:
        yield request
        yield from islice(earlier.exchange_after(request.message), 2)
    yield from newest[1:]


def _noted_tasks(earlier: EarlierTurns) -> list[Passage]:
    """Return the list of tasks as the model wrote it last."""
    noted = [(index, call) for index, call in earlier.calls if call.name.lower() in _TASK_TOOLS]
    return [earlier.call_passage(index, call) for index, call in noted[-1:]]


def open_tasks(tasks: Sequence[Any]) -> list[str]:
    """Return the tasks of a list that are not done, each as a line."""
    entries = [task for task in tasks if isinstance(task, dict)]
    return [
        str(task.get("content") or task.get("subject") or task.get("step") or "")
        for task in entries
        if task.get("status") != "completed"
    ]
