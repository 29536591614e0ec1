"""The tokens that a conversation reads again after other requests used the only slot."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from support.fake_answers import RawText
from support.fake_models import library, template_variants
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

HEAD = "You are an agent of many words. " * 300
MODEL = "qwen2.5-coder:7b"
TURNS = 8


class Run:
    """A proxy before an Ollama whose one slot has a cache."""

    def __init__(self, fake: FakeOllama, proxy: Proxy) -> None:
        self.fake = fake
        self.proxy = proxy
        fake.respond = lambda _body: answer(RawText(f"Answer {len(fake.reads)}. " * 20))

    def create_message(
        self, body: dict[str, Any], agent: str = "", kind: str = "main"
    ) -> dict[str, Any]:
        headers = {"x-claude-code-session-id": "s", "x-claude-code-request-class": kind}
        if agent:
            headers["x-claude-code-agent-id"] = agent
        full = {"model": MODEL, "max_tokens": 200, **body}
        reply = self.proxy.client.post("/v1/messages", json=full, headers=headers)
        assert reply.status_code == 200
        message: dict[str, Any] = reply.json()
        return message


@pytest.fixture
def run() -> Iterator[Run]:
    with FakeOllama(*library(), *template_variants(), slots=1) as fake, Proxy(fake.url) as proxy:
        yield Run(fake, proxy)


def conversation(text: str, system: str = HEAD) -> dict[str, Any]:
    return {"system": system, "messages": [{"role": "user", "content": text}]}


def next_turn(body: dict[str, Any], message: dict[str, Any], text: str) -> dict[str, Any]:
    turn = {"role": "assistant", "content": message["content"]}
    return body | {"messages": [*body["messages"], turn, {"role": "user", "content": text}]}


def test_an_undisturbed_session_reads_only_new_tokens(run: Run) -> None:
    body = conversation("Begin. " + "Much to read. " * 500)
    for turn in range(TURNS):
        message = run.create_message(body)
        body = next_turn(body, message, f"Go on with {turn}, please. " * 5)
    assert run.fake.reads[0][2] > 2000
    assert all(read < 150 for _, _, read in run.fake.reads[1:])


@pytest.mark.parametrize("system", ["Another one. " * 400, HEAD], ids=["other head", "same head"])
def test_five_subagents_do_not_cost_the_conversation_its_cache(run: Run, system: str) -> None:
    body = conversation("Begin. " + "Much to read. " * 3000)
    body = next_turn(body, run.create_message(body), "Start five agents.")
    message = run.create_message(body)

    def agent(number: int) -> None:
        own = conversation(f"Agent {number}, find it.", system)
        reply = run.create_message(own, f"a{number}", "subagent")
        run.create_message(next_turn(own, reply, f"And {number} again."), f"a{number}", "subagent")

    threads = [threading.Thread(target=agent, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.create_message(next_turn(body, message, "What did they find?"))
    _, tokens, read = run.fake.reads[-1]
    assert tokens > 10_000
    assert read < 300


def test_without_a_restore_a_prompt_with_the_same_start_costs_the_conversation_its_cache() -> None:
    """What the test above is worth: asked one after the other, Ollama reads it all again."""
    main = HEAD + "Much to read. " * 3000
    with FakeOllama(slots=1) as fake, httpx.Client(base_url=fake.url, trust_env=False) as ollama:

        def read(prompt: str) -> int:
            messages = [{"role": "user", "content": prompt}]
            body = {"model": MODEL, "messages": messages, "stream": False}
            assert ollama.post("/api/chat", json=body).status_code == 200
            return fake.reads[-1][2]

        read(main)
        read(HEAD + "A side question")
        assert read(main + "Next") > 5000
        read(HEAD + "A side question")
        read("Something else")
        assert read(main + "Next") < 20
