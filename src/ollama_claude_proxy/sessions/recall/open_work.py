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
_STEP = any_phrase(r"""
    next (?:step|up|is|comes|i) | then i | after that | remaining | remains | left to do | to ?do
    still (?:to|need|open|missing) | step \d | steps | not (?:done|finished|yet) | later | paused
    interrupt* | als nächstes | danach | fehlt noch
""")
_MAX_REQUESTS = 4
_MAX_STEPS = 6
_MAX_ANNOUNCEMENTS = 5


def find_open_work(earlier: EarlierTurns) -> Iterator[Passage]:
    """Yield what a request without words of its own takes up, what matters most first, each once.

    The tasks as they were noted last, the steps that the model announced last, the user's last
    requests and what the model said on them, and what else it announced.
    """
    yield from dict.fromkeys(_open_work(earlier))


def _open_work(earlier: EarlierTurns) -> Iterator[Passage]:
    newest = earlier.statements[::-1]
    steps = (said for said in newest if _STEP.search(said.text))
    announced = (said for said in newest if _ANNOUNCEMENT.search(said.text))
    yield from _noted_tasks(earlier)
    yield from islice(steps, _MAX_STEPS)
    yield from islice(announced, 1)
    for request in earlier.requests[::-1][:_MAX_REQUESTS]:
        yield request
        yield from islice(earlier.exchange_after(request.message), 2)
    yield from islice(announced, _MAX_ANNOUNCEMENTS)


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
