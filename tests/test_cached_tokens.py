"""What is said to have come from the cache is no more than what really did."""

import copy
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import pytest

from support.client_requests import session_headers
from support.fake_models import FakeModel
from support.fake_ollama import Call, FakeOllama, answer
from support.proxy import Proxy
from support.reading_session import client_head
from support.turn_writer import TurnWriter

MODEL = "m:7b"
MARK = 0.02


class Turn(NamedTuple):
    """The tokens of a prompt, how many are said to be cached, and how many were."""

    tokens: int
    told: int
    cached: int

    @property
    def excess(self) -> float:
        """How much too many are told, as a share of the prompt."""
        return (self.told - self.cached) / self.tokens


class Sessions:
    """Several conversations that read files, on one model."""

    def __init__(self, fake: FakeOllama, proxy: Proxy) -> None:
        self.fake = fake
        self._proxy = proxy
        self._writer, self._sizes = TurnWriter(1), random.Random(1)
        self.bodies: dict[str, dict[str, Any]] = {}
        self.turns: list[Turn] = []
        fake.respond = lambda _body: answer(Call("Read", {"file_path": "/srv/a.py"}))

    def begin(self, name: str, words: str, **fields: Any) -> None:
        """Begin a conversation; `fields` replace those of the client's first request."""
        body = copy.deepcopy(client_head()) | fields
        body["messages"] = [*body["messages"][1:], {"role": "user", "content": words}]
        self.bodies[name] = body

    def go_on(self, name: str, *, kind: str = "main") -> Turn:
        """Let a conversation (`session/agent`) read one more file."""
        body, first = self.bodies[name], len(self.fake.reads)
        session, _, agent = name.partition("/")
        headers = session_headers(session, agent if kind == "subagent" else "", kind)
        request = {"model": "any", "stream": False} | body
        reply = self._proxy.client.post("/v1/messages", json=request, headers=headers)
        assert reply.status_code == 200, reply.text
        message = reply.json()
        usage = message["usage"]
        tokens = usage["input_tokens"] + usage["cache_read_input_tokens"]
        read = next(read for _, size, read in self.fake.reads[first:] if size == tokens)
        turn = Turn(tokens, usage["cache_read_input_tokens"], tokens - read)
        self.turns.append(turn)
        body["messages"] += [
            {"role": "assistant", "content": message["content"]},
            {"role": "user", "content": self._results(message["content"])},
        ]
        return turn

    def disturb(self) -> None:
        """Run a prompt of another program on the model."""
        messages = [{"role": "user", "content": self._writer.code(700)}]
        options = {"num_ctx": self._proxy.settings.num_ctx}
        body = {"model": MODEL, "messages": messages, "stream": False, "options": options}
        httpx.post(f"{self.fake.url}/api/chat", json=body, timeout=60, trust_env=False)

    def _results(self, content: list[dict[str, Any]]) -> list[dict[str, Any]]:
        text = self._writer.code(self._sizes.randint(50, 400))
        calls = [block["id"] for block in content if block["type"] == "tool_use"]
        if not calls:
            return [{"type": "text", "text": text}]
        return [{"type": "tool_result", "tool_use_id": call, "content": text} for call in calls]


def alone(sessions: Sessions) -> None:
    for _ in range(14):
        sessions.go_on("a")


def two_conversations(sessions: Sessions) -> None:
    sessions.begin("b", "Another session: do it all.")
    for _ in range(6):
        sessions.go_on("a")
        sessions.go_on("b")


def subagents(sessions: Sessions) -> None:
    tools = client_head()["tools"][:5]
    for number in range(3):
        sessions.go_on("a")
        sessions.begin(f"a/agent{number}", f"Find part {number}.", tools=tools)
        for _ in range(3):
            sessions.go_on(f"a/agent{number}", kind="subagent")
        sessions.go_on("a")


def small_jobs(sessions: Sessions) -> None:
    for number in range(4):
        sessions.go_on("a")
        sessions.go_on("a")
        sessions.begin(f"a/{number}", "Write a title.", tools=[], system="Write titles. " * 40)
        sessions.go_on(f"a/{number}", kind="auxiliary")


def rewinds(sessions: Sessions) -> None:
    for number in range(1, 5):
        sessions.go_on("a")
        sessions.go_on("a")
        del sessions.bodies["a"]["messages"][-2 * number :]
        sessions.go_on("a")


def reloads(sessions: Sessions) -> None:
    for _ in range(3):
        sessions.go_on("a")
        sessions.fake.unload_all()
        assert sessions.go_on("a").told == 0


def another_program(sessions: Sessions) -> None:
    """The proxy cannot see it, but the time that reading takes tells."""
    for _ in range(3):
        sessions.go_on("a")
        sessions.go_on("a")
        sessions.disturb()
        sessions.disturb()
        sessions.go_on("a")


@pytest.mark.parametrize(("slots", "ram_tokens"), [(1, None), (1, 0), (2, None), (2, 0)])
@pytest.mark.parametrize(
    "work",
    [alone, two_conversations, subagents, small_jobs, rewinds, reloads, another_program],
    ids=lambda work: work.__name__,
)
def test_no_more_is_told_than_was_cached(
    work: Callable[[Sessions], None], slots: int, ram_tokens: int | None
) -> None:
    model = FakeModel(MODEL, context_length=131_072)
    with (
        FakeOllama(model, slots=slots, ram_tokens=ram_tokens) as fake,
        Proxy(fake.url, model=MODEL, num_ctx=18_000, parallel=slots, side_jobs="main") as proxy,
    ):
        sessions = Sessions(fake, proxy)
        sessions.begin("a", "Read all parts of the ledger.")
        work(sessions)
    assert max(turn.excess for turn in sessions.turns) <= MARK
    assert any(turn.told > turn.tokens / 2 for turn in sessions.turns)
    told = sum(turn.told for turn in sessions.turns)
    assert told >= 0.97 * sum(turn.cached for turn in sessions.turns)
