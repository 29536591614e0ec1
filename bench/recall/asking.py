"""Questions asked through the proxy, before a scripted Ollama.

A session is sent in strides of eight turns, or of a hundredth of it, so that its cut grows as in
real life. Then the proxy stops, and each question is asked of a proxy that starts with a copy of
that state: so what was loaded for one question does not answer the next, just as if the user had
asked only that one.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from recall.baselines import Bm25, last_turns, newest_words, split_turns
from recall.dialogue import Dialogue
from recall.plant import Plant, is_in, message_text
from recall.session import Session
from recall.source import MISSING, Prompt
from support.fake_models import FakeModel, library
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy
from support.recordings import conversations

EMBEDDING_MODEL = FakeModel("all-minilm:latest", capabilities=frozenset({"embedding"}))
# Messages: eight calls with their results; more in sessions of more than 1,600 messages.
_MIN_STRIDE = 16
_MAX_STRIDES = 100
# After so long without a call, the embedding model is done.
_IDLE_SECONDS = 3.0
_FIRST_REQUEST = "We'll work on this repository for a while. I begin with some questions about it."
# The recorded session whose head is used, by the window: small windows need a lean one.
_LEAN_WINDOW = 8192
_HEADS = {True: "s19_lean_tools", False: "s01_unknown_model"}


class CachedEmbedding:
    """An embedding model that knows what it was asked before.

    The proxy waits for vectors only so long, and this model is slow on a busy machine. So all
    passages of a session are embedded in advance, by `prepare`.
    """

    def __init__(self, embed: Callable[[str], list[float]]) -> None:
        self._embed = embed
        self._vectors: dict[str, list[float]] = {}
        self._recorded: list[str] | None = None
        self._last_used = 0.0

    def __call__(self, text: str) -> list[float]:
        """Return the vector of a text; while texts are recorded, any vector."""
        self._last_used = time.monotonic()
        if self._recorded is not None:
            self._recorded.append(text)
            return [1.0]
        if text not in self._vectors:
            self._vectors[text] = self._embed(text)
        return self._vectors[text]

    def prepare(self, session: Session, window: int) -> None:
        """Embed all passages that the proxy makes of a session."""
        recorded: list[str] = []
        self._recorded = recorded
        with (
            scripted_ollama(self) as fake,
            open_proxy(fake, window, None, has_meaning=True) as proxy,
        ):
            Client(window).send(proxy, session.messages[:-1])
            self.wait()
        self._recorded = None
        for text in recorded:
            self(text)

    def wait(self) -> None:
        """Wait until all passages are embedded, as the proxy does while a user is idle."""
        self._last_used = time.monotonic()
        while time.monotonic() - self._last_used < _IDLE_SECONDS:
            time.sleep(0.1)


class Asked(NamedTuple):
    """A question: where each of its answers was in the prompt, and what the baselines held."""

    plant: Plant
    sources: tuple[str, ...]
    bm25_found: bool
    last_turns_found: bool

    @property
    def is_found(self) -> bool:
        """Whether the whole answer was in the prompt."""
        return MISSING not in self.sources


class Client:
    """Sends one session as Claude Code does, with the recorded head of a real one."""

    def __init__(self, window: int) -> None:
        self._body = deepcopy(_recorded_body(window <= _LEAN_WINDOW)) | {"stream": False}
        self._opening = self._body["messages"]
        first = self._opening[0]["content"]
        if isinstance(first, str):
            self._opening[0]["content"] = _FIRST_REQUEST
        else:
            first[-1]["text"] = _FIRST_REQUEST
        self._headers = {
            "x-claude-code-session-id": "fb5c5b78-a675-4e98-b5e3-9dd72ade6489",
            "x-claude-code-request-class": "main",
        }

    def send(self, proxy: Proxy, messages: Dialogue) -> None:
        """Send the session so far; `messages` come after the first request."""
        body = self._body | {"messages": [*self._opening, *messages]}
        reply = proxy.client.post("/v1/messages?beta=true", json=body, headers=self._headers)
        reply.raise_for_status()

    def room(self, window: int, head: str) -> int:
        """Return the characters that the head leaves in a window beside an answer."""
        budget = window - min(self._body["max_tokens"], window // 4) - window // 50
        return 4 * int(budget) - len(head)


@contextmanager
def scripted_ollama(embed: CachedEmbedding | None) -> Iterator[FakeOllama]:
    """Run an Ollama that counts four characters as a token; with `embed` it has embeddings."""
    models = library() if embed is None else (*library(), EMBEDDING_MODEL)
    with FakeOllama(*models) as fake:
        fake.respond = lambda _body: answer("Ok.")
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        if embed is not None:
            fake.embed = embed
        yield fake


@contextmanager
def open_proxy(
    fake: FakeOllama, window: int, data: Path | None, *, has_meaning: bool
) -> Iterator[Proxy]:
    """Run the proxy with a window and a file for its sessions."""
    model = EMBEDDING_MODEL.name if has_meaning else "off"
    with Proxy(fake.url, num_ctx=window, data=data, embedding_model=model) as proxy:
        proxy.client.timeout = 600
        yield proxy


class SessionRun:
    """A session that was sent to a proxy with some window, and then is asked about."""

    def __init__(
        self, session: Session, window: int, folder: Path, embed: CachedEmbedding | None = None
    ) -> None:
        self._session = session
        self._window = window
        self._folder = folder
        self._embed = embed
        self._client = Client(window)
        self._turns = split_turns(session.messages)
        self._bm25 = Bm25(self._turns)
        self._room = 0

    def ask_all(self) -> Iterator[Asked]:
        """Ask all questions, each on its own."""
        with scripted_ollama(self._embed) as fake:
            self._send_session(fake)
            for plant in self._session.plants:
                prompt = Prompt(self._ask(fake, plant))
                asked = "\n".join(map(message_text, plant.fork))
                query = newest_words(plant.fork)
                by_words = self._bm25.fill(query, asked, self._room)
                newest = last_turns(self._turns, asked, self._room)
                yield Asked(
                    plant,
                    tuple(prompt.source(one) for one in plant.answers),
                    all(is_in(by_words, one) for one in plant.answers),
                    all(is_in(newest, one) for one in plant.answers),
                )

    def _send_session(self, fake: FakeOllama) -> None:
        messages = self._session.messages[:-1]  # it ends with an answer
        with self._proxy(fake, "base") as proxy:
            self._client.send(proxy, [])
            self._room = self._client.room(self._window, fake.prompt_of(fake.chats[-1]))
            stride = max(_MIN_STRIDE, len(messages) // _MAX_STRIDES // 2 * 2)
            for end in range(len(messages) % stride or stride, len(messages) + 1, stride):
                self._client.send(proxy, messages[:end])
            if self._embed is not None:
                self._embed.wait()

    def _ask(self, fake: FakeOllama, plant: Plant) -> str:
        """Return the prompt of a question."""
        shutil.rmtree(self._folder / "fork", ignore_errors=True)
        shutil.copytree(self._folder / "base", self._folder / "fork")
        with self._proxy(fake, "fork") as proxy:
            messages = [*self._session.messages, *plant.fork]
            for end in range(len(self._session.messages) + 1, len(messages) + 1):
                if messages[end - 1]["role"] == "user":
                    self._client.send(proxy, messages[:end])
        return fake.prompt_of(fake.chats[-1])

    def _proxy(self, fake: FakeOllama, name: str) -> AbstractContextManager[Proxy]:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "sessions.db"
        return open_proxy(fake, self._window, data, has_meaning=self._embed is not None)


@cache
def _recorded_body(lean: bool) -> dict[str, Any]:
    body: dict[str, Any] = conversations()[_HEADS[lean]][0]["body"]
    return body
