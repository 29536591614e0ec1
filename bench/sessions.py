"""What it costs to remember long sessions, and how well they are remembered.

The sessions are those of the tests: `support/long_sessions.py` plants facts and asks for them.
"""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from figures import Figure
from minilm import PACKAGES, MiniLm, available
from ollama_claude_proxy.sessions.memory import Memory
from ollama_claude_proxy.sessions.storage.archive import Whose
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.wire.anthropic import Message

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_cache import common
from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama, answer
from support.long_sessions import session
from support.proxy import Proxy

_WINDOWS = (8192, 16384, 32768)
_WHOSE = Whose("a session", "a session", "", "a model")
_EMBEDDING = FakeModel("all-minilm:latest", capabilities=frozenset({"embedding"}))
# Characters of a session of so many tokens.
_LENGTHS = {"100,000": 400_000, "400,000": 1_600_000}


class _Carried(NamedTuple):
    """Of a session: the part of the questions whose answer was shown, and of what was shown."""

    found: float
    shared: float


def sessions(folder: Path, *, quick: bool) -> list[Figure]:
    """Measure the time of a turn, and what is found in a session of 120,000 tokens."""
    figures = [_added(folder, name, size) for name, size in _LENGTHS.items()]
    turns = 300 if quick else 560
    for window in _WINDOWS[:1] if quick else _WINDOWS:
        carried = _carried(window, turns, None)
        name = f"in a window of {window:,}"
        figures += [
            _part(f"found again by words, {name}", carried.found, 95),
            _part(f"of the prompt before still shown, {name}", carried.shared, 90),
        ]
    if quick:
        return figures
    if not available():
        print(f"nothing by meaning: it needs {PACKAGES}; ", end="", file=sys.stderr)
        return figures
    embed = _Embed(MiniLm())
    for window in _WINDOWS:
        name = f"found again by words and meaning, in a window of {window:,}"
        figures.append(_part(name, _carried(window, turns, embed).found, 98))
    return figures


def _part(name: str, value: float, mark: float) -> Figure:
    return Figure(name, "%", {"ocp": 100 * value}, mark=mark, more=True, digits=1)


def _added(folder: Path, name: str, size: int) -> Figure:
    """Measure what remembering adds to the last turns of a session; each ends with a question."""
    memory = Memory(Database(folder / f"{size}.db"))
    messages: list[Message] = []
    seconds: list[float] = []
    for grown in _growing(messages, size):
        began = time.perf_counter()
        conversation = memory.open(_WHOSE, messages)
        memory.keep(conversation)
        if not grown:  # a window of 32,768 tokens, long full
            conversation.step(_tokens, size // 4, 24_000)
        conversation.load(32_768)
        conversation.shown()
        conversation.keep()
        memory.keep(conversation, Message("assistant", "It is done."))
        if grown:
            seconds.append(time.perf_counter() - began)
    return Figure(
        f"a turn after {name} tokens, added by remembering",
        "ms",
        {"ocp": 1000 * median(seconds)},
        mark=25,
    )


def _growing(messages: list[Message], size: int) -> Iterator[bool]:
    """Let a session grow to a size in characters; then give it turn by turn, 30 times."""
    written = turns = 0
    for step in session(4, 100_000, longer=4):
        messages += [Message(one["role"], one["content"]) for one in step.messages]
        written += sum(len(str(one["content"])) for one in step.messages)
        if written >= size:
            asked = f"What was the error of the ledger sync, and which function raised it? {turns}"
            messages += [Message("assistant", "It is done."), Message("user", asked)]
            turns += 1
            yield turns > 1  # the first one keeps all that was said so far
        if turns > 30:
            return


def _tokens(text: str) -> int:
    return len(text) // 4


def _carried(window: int, turns: int, embed: "_Embed | None") -> _Carried:
    """Let the proxy carry a session in a window; with `embed` it also finds by meaning."""
    models = library() if embed is None else (*library(), _EMBEDDING)
    with FakeOllama(*models) as fake:
        fake.respond = lambda _body: answer("Ok.")
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        if embed is not None:
            fake.embed = embed
        messages: list[dict[str, object]] = []
        prompts: list[str] = []
        found: list[bool] = []
        chosen = "off" if embed is None else _EMBEDDING.name
        with Proxy(fake.url, num_ctx=window, embedding_model=chosen) as proxy:
            proxy.client.timeout = 600
            for step in session(1, turns):
                messages += step.messages
                if step.question is not None and embed is not None:
                    _wait(fake)
                headers = {"x-claude-code-session-id": "s", "x-claude-code-request-class": "main"}
                body = {"model": "x", "max_tokens": 1000, "messages": messages}
                proxy.client.post("/v1/messages", json=body, headers=headers).raise_for_status()
                prompts.append(fake.prompt_of(fake.chats[-1]))
                if step.question is not None:
                    parts = step.question.answer.split("\nnew_string: ")
                    found.append(all(part in prompts[-1] for part in parts))
    heads = [prompt.removesuffix("<|im_start|>assistant\n") for prompt in prompts]
    shared = [common(one, two) / len(one) for one, two in pairwise(heads)]
    return _Carried(sum(found) / len(found), sum(shared) / len(shared))


def _wait(fake: FakeOllama) -> None:
    """Give the proxy the idle time that a user gives it before the next question."""
    before = -1
    while (now := sum(one.path == "/api/embed" for one in fake.requests)) != before:
        before = now
        time.sleep(1.0)


class _Embed:
    """A model that knows again what it has embedded before."""

    def __init__(self, model: MiniLm) -> None:
        self._model = model
        self._known: dict[str, list[float]] = {}

    def __call__(self, text: str) -> list[float]:
        if text not in self._known:
            self._known[text] = self._model.embed(text)
        return self._known[text]
