"""What remembering long sessions costs, and how well they are remembered.

The sessions are those of the tests: `support/long_sessions.py` plants facts and asks for them.
"""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from figure import Figure
from minilm import PACKAGES, MiniLm, available
from ollama_claude_proxy.sessions.fit_state import ConversationKey
from ollama_claude_proxy.sessions.memory import SessionMemory
from ollama_claude_proxy.sessions.storage.database import Database
from ollama_claude_proxy.wire.anthropic import Message, parse_message

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_kv_cache import common_prefix_length
from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama, answer
from support.long_sessions import generate_session
from support.proxy import Proxy

_WINDOWS = (8192, 16384, 32768)
_CONVERSATION_KEY = ConversationKey("a session", "a session", "", "a model")
_EMBEDDING_MODEL = FakeModel("all-minilm:latest", capabilities=frozenset({"embedding"}))
# The characters of a session, by its tokens.
_CHARACTERS_BY_TOKENS = {"100,000": 400_000, "400,000": 1_600_000}


class _SessionShares(NamedTuple):
    """The share of questions whose answer was in the prompt, and of each prompt that was kept."""

    found_share: float
    kept_share: float


def sessions(folder: Path, *, quick: bool) -> list[Figure]:
    """Measure the time of a turn, and what is found in a session of 120,000 tokens."""
    figures = [_turn_overhead(folder, name, size) for name, size in _CHARACTERS_BY_TOKENS.items()]
    turns = 300 if quick else 560
    for window in _WINDOWS[:1] if quick else _WINDOWS:
        shares = _measure_session(window, turns, None)
        name = f"in a window of {window:,}"
        figures += [
            _percent_figure(f"found again by words, {name}", shares.found_share, 95),
            _percent_figure(f"of the prompt before still shown, {name}", shares.kept_share, 90),
        ]
    if quick:
        return figures
    if not available():
        print(f"skipped search by meaning: it needs {PACKAGES}; ", end="", file=sys.stderr)
        return figures
    embed = _CachedEmbedding(MiniLm())
    for window in _WINDOWS:
        name = f"found again by words and meaning, in a window of {window:,}"
        figures.append(
            _percent_figure(name, _measure_session(window, turns, embed).found_share, 98)
        )
    return figures


def _percent_figure(name: str, value: float, mark: float) -> Figure:
    return Figure(name, "%", {"ocp": 100 * value}, mark=mark, higher_is_better=True, digits=1)


def _turn_overhead(folder: Path, name: str, size: int) -> Figure:
    """Measure what remembering adds to the last turns of a session; each ends with a question."""
    memory = SessionMemory(Database(folder / f"{size}.db"))
    messages: list[Message] = []
    seconds: list[float] = []
    for is_measured in _grow_session(messages, size):
        started = time.perf_counter()
        conversation = memory.open(_CONVERSATION_KEY, messages)
        memory.keep(conversation)
        if not is_measured:  # the window of 32,768 tokens has long been full
            conversation.shrink(_estimate_tokens, size // 4, 24_000)
        conversation.load_passages(32_768)
        conversation.shown_messages()
        conversation.keep_fit()
        memory.keep(conversation, parse_message("assistant", "It is done."))
        if is_measured:
            seconds.append(time.perf_counter() - started)
    return Figure(
        f"a turn after {name} tokens, added by remembering",
        "ms",
        {"ocp": 1000 * median(seconds)},
        mark=25,
    )


def _grow_session(messages: list[Message], size: int) -> Iterator[bool]:
    """Grow a session to `size` characters, then by 30 turns; yield whether to measure the turn."""
    characters = turns = 0
    for step in generate_session(4, 100_000, length_factor=4):
        messages += [
            parse_message(message["role"], message["content"]) for message in step.messages
        ]
        characters += sum(len(str(message["content"])) for message in step.messages)
        if characters >= size:
            question = (
                f"What was the error of the ledger sync, and which function raised it? {turns}"
            )
            messages += [parse_message("assistant", "It is done."), parse_message("user", question)]
            turns += 1
            yield turns > 1  # the first one stores the whole session
        if turns > 30:
            return


def _estimate_tokens(text: str) -> int:
    return len(text) // 4


def _measure_session(window: int, turns: int, embed: "_CachedEmbedding | None") -> _SessionShares:
    """Run a session through the proxy; with `embed` the proxy also searches by meaning."""
    models = library() if embed is None else (*library(), _EMBEDDING_MODEL)
    with FakeOllama(*models) as fake:
        fake.respond = lambda _body: answer("Ok.")
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        if embed is not None:
            fake.embed = embed
        messages: list[dict[str, object]] = []
        prompts: list[str] = []
        found_answers: list[bool] = []
        embedding_model = "off" if embed is None else _EMBEDDING_MODEL.name
        with Proxy(fake.url, num_ctx=window, embedding_model=embedding_model) as proxy:
            proxy.client.timeout = 600
            for step in generate_session(1, turns):
                messages += step.messages
                if step.question is not None and embed is not None:
                    _wait_for_embeddings(fake)
                headers = {"x-claude-code-session-id": "s", "x-claude-code-request-class": "main"}
                body = {"model": "x", "max_tokens": 1000, "messages": messages}
                proxy.client.post("/v1/messages", json=body, headers=headers).raise_for_status()
                prompts.append(fake.prompt_of(fake.chats[-1]))
                if step.question is not None:
                    parts = step.question.answer.split("\nnew_string: ")
                    found_answers.append(all(part in prompts[-1] for part in parts))
    prompt_starts = [prompt.removesuffix("<|im_start|>assistant\n") for prompt in prompts]
    kept_shares = [
        common_prefix_length(earlier, later) / len(earlier)
        for earlier, later in pairwise(prompt_starts)
    ]
    return _SessionShares(
        sum(found_answers) / len(found_answers), sum(kept_shares) / len(kept_shares)
    )


def _wait_for_embeddings(fake: FakeOllama) -> None:
    """Wait until the proxy has embedded all passages, as it does while a user is idle."""
    before = -1
    while (now := sum(request.path == "/api/embed" for request in fake.requests)) != before:
        before = now
        time.sleep(1.0)


class _CachedEmbedding:
    """An embedding model with a cache of its vectors."""

    def __init__(self, model: MiniLm) -> None:
        self._model = model
        self._vectors: dict[str, list[float]] = {}

    def __call__(self, text: str) -> list[float]:
        if text not in self._vectors:
            self._vectors[text] = self._model.embed(text)
        return self._vectors[text]
