"""What a conversation has to read again when others use the only slot meanwhile."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.fake_answers import Answer, Raw
from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.kv_cache import KvCache
from support.proxy import Proxy

HEAD = "You are an agent of many words. " * 300
TURNS = 8


class Run:
    """A proxy before an Ollama whose one slot has a cache."""

    def __init__(self, fake: FakeOllama, proxy: Proxy) -> None:
        self.fake = fake
        self.proxy = proxy
        self.cache = KvCache()
        fake.respond = self._respond

    def _respond(self, body: dict[str, Any]) -> Answer:
        said = f"Answer {len(self.cache.reads)}. " * 20
        self.cache.run(self.fake.prompt_of(body), said)
        return answer(Raw(said))

    def ask(self, body: dict[str, Any], agent: str = "", kind: str = "main") -> dict[str, Any]:
        headers = {"x-claude-code-session-id": "s", "x-claude-code-request-class": kind}
        if agent:
            headers["x-claude-code-agent-id"] = agent
        full = {"model": "qwen2.5-coder:7b", "max_tokens": 200, **body}
        reply = self.proxy.client.post("/v1/messages", json=full, headers=headers)
        assert reply.status_code == 200
        message: dict[str, Any] = reply.json()
        return message

    def read_for(self, words: str) -> int:
        """Give what had to be read for the prompt that ends with some words."""
        return next(read for prompt, read in self.cache.reads if words in prompt[-400:])


@pytest.fixture
def run() -> Iterator[Run]:
    with FakeOllama(*library(), *more_models()) as fake:
        fake.count = lambda body: len(fake.prompt_of(body)) // 4
        with Proxy(fake.url) as proxy:
            yield Run(fake, proxy)


def conversation(text: str, system: str = HEAD) -> dict[str, Any]:
    return {"system": system, "messages": [{"role": "user", "content": text}]}


def goes_on(body: dict[str, Any], message: dict[str, Any], text: str) -> dict[str, Any]:
    turn = {"role": "assistant", "content": message["content"]}
    return body | {"messages": [*body["messages"], turn, {"role": "user", "content": text}]}


def test_a_straight_session_reads_only_what_is_new(run: Run) -> None:
    body = conversation("Begin. " + "Much to read. " * 500)
    for turn in range(TURNS):
        message = run.ask(body)
        body = goes_on(body, message, f"Go on with {turn}, please. " * 5)
    assert all(read < 400 for _, read in run.cache.reads[1:])


@pytest.mark.parametrize("system", ["Another one. " * 400, HEAD], ids=["other head", "same head"])
def test_a_storm_of_five_subagents_costs_the_conversation_nothing(run: Run, system: str) -> None:
    body = conversation("Begin. " + "Much to read. " * 3000)
    body = goes_on(body, run.ask(body), "Start five agents.")
    message = run.ask(body)

    def agent(number: int) -> None:
        own = conversation(f"Agent {number}, find it.", system)
        found = run.ask(own, f"a{number}", "subagent")
        run.ask(goes_on(own, found, f"And {number} again."), f"a{number}", "subagent")

    threads = [threading.Thread(target=agent, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.ask(goes_on(body, message, "What did they find?"))
    assert run.read_for("What did they find?") < 1000


def test_without_the_flush_the_same_head_would_cost_the_conversation() -> None:
    """What the test above is worth: the cache really behaves as it was measured."""
    cache = KvCache()
    main = HEAD + "Much to read. " * 3000
    cache.run(main, "")
    cache.run(HEAD + "A side question", "")
    assert cache.run(main + "Next", "") > 30_000
    cache.run(HEAD + "A side question", "")
    cache.run("Something else", "")
    assert cache.run(main + "Next", "") < 10
