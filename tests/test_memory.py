"""A conversation of 100,000 tokens and more on a window that holds a fraction."""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.fake_models import library, more_models
from support.fake_ollama import FakeOllama, answer
from support.proxy import Proxy

WORDS = [
    "alpha",
    "buffer",
    "config",
    "parse",
    "handler",
    "request",
    "index",
    "cache",
    "token",
    "stream",
    "worker",
    "queue",
    "socket",
    "retry",
    "thread",
    "value",
    "table",
    "record",
    "field",
    "update",
    "delete",
    "insert",
    "select",
    "loader",
    "schema",
    "mapper",
    "router",
]
READ: dict[str, Any] = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}},
        "required": ["file_path"],
    },
}
HEADERS = {"x-claude-code-session-id": "s"}


@pytest.fixture
def fake() -> Iterator[FakeOllama]:
    with FakeOllama(*library(), *more_models()) as ollama:
        ollama.count = lambda body: len(ollama.prompt_of(body)) // 4
        ollama.respond = lambda _body: answer("Ok.")
        yield ollama


def code(source: random.Random, lines: int) -> str:
    return "\n".join(
        f"def {source.choice(WORDS)}_{source.choice(WORDS)}({source.choice(WORDS)}): "
        f"return {source.choice(WORDS)}({source.randint(0, 999)})"
        for _ in range(lines)
    )


def facts(at: int) -> list[tuple[str, str]]:
    """Give what is said in turn `at`, as a question and the words that answer it."""
    return [
        (
            f"Which port does the {WORDS[at % 20]}{at} service use?",
            f"{WORDS[at % 20]}{at} port {3000 + at}",
        ),
        (f"What is the signature of computeTotal{at}?", f"def computeTotal{at}(a, b, rate={at}):"),
        (f"What was the error of ledger{at}?", f"ValueError: bad id {7000 + at} in ledger{at}"),
        (f"Why did we choose the database of store{at}?", f"store{at} uses sqlite, no server {at}"),
        (f"Where does dump{at} lie?", f"dump{at} lies at /var/data/{at}/dump.bin"),
        (f"Who owns module{at}?", f"module{at} is owned by Ms. Okafor-{at}"),
        (f"How many rows has table{at}?", f"table{at} | rows | {at * 37}"),
        (f"What did retry_limit_{at} become?", f"retry_limit_{at} = {at} was 3 before"),
    ]


def session(turns: int) -> list[dict[str, Any]]:
    source = random.Random(7)
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Refactor the billing service."}]
    for at in range(turns):
        call = {
            "type": "tool_use",
            "id": f"toolu_{at}",
            "name": "Read",
            "input": {"file_path": f"/src/{source.choice(WORDS)}{at}.py"},
        }
        said = facts(at)[at % 8][1]
        text = f"{code(source, 20)}\n{said}\n{code(source, 20)}"
        result = {"type": "tool_result", "tool_use_id": f"toolu_{at}", "content": text}
        messages.append({"role": "assistant", "content": [call]})
        messages.append({"role": "user", "content": [result]})
    return messages


def ask(proxy: Proxy, messages: list[dict[str, Any]], **more: Any) -> Any:
    body = {"model": "claude-x", "max_tokens": 1000, "tools": [READ], "messages": messages}
    return proxy.client.post("/v1/messages", json=body | more, headers=HEADERS)


@pytest.mark.parametrize("window", [8192, 16384, 32768])
@pytest.mark.parametrize("model", ["qwen2.5-coder:7b", "my-qwen-gguf:7b"])
def test_what_is_asked_for_is_in_the_prompt_and_no_prompt_is_too_long(
    fake: FakeOllama, window: int, model: str
) -> None:
    whole = session(200)
    assert sum(len(str(message)) for message in whole) // 4 > 100_000
    found = asked = left_out = 0
    with Proxy(fake.url, num_ctx=window, model=model) as proxy:
        for end in range(60, 200, 5):
            fact = end - 7 - (end * 7) % 50
            question, wanted = facts(fact)[fact % 8]
            messages = [*whole[: 2 * end + 1], {"role": "assistant", "content": "Done."}]
            reply = ask(proxy, [*messages, {"role": "user", "content": question}])
            assert reply.status_code == 200, reply.text
            left_out += "left=" in reply.headers.get("x-ocp-memory", "")
            prompt = fake.prompt_of(fake.chats[-1])
            assert len(prompt) // 4 < window
            assert "Refactor the billing service." in prompt
            asked += 1
            found += wanted in prompt
    assert found / asked >= 0.95
    assert left_out > asked / 2


def test_calls_and_results_stay_together(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192, model="my-qwen-gguf:7b") as proxy:
        for end in range(20, 60, 7):
            ask(proxy, session(60)[: 2 * end + 1])
            roles = [message["role"] for message in fake.chats[-1]["messages"]]
            assert all(
                roles[at - 1] in {"assistant", "tool"}
                for at, role in enumerate(roles)
                if role == "tool"
            )


def test_the_boundary_stays_put_also_over_a_restart(fake: FakeOllama, tmp_path: Path) -> None:
    data = tmp_path / "sessions.db"
    whole = session(120)
    prompts: list[str] = []
    for end in range(80, 92):
        with Proxy(fake.url, num_ctx=32768, data=data) as proxy:
            ask(proxy, whole[: 2 * end + 1])
        head = next(chat for chat in reversed(fake.chats) if len(chat["messages"]) > 2)
        prompts.append(fake.prompt_of(head))
    kept = sum(
        later.startswith(earlier.removesuffix("<|im_start|>assistant\n"))
        for earlier, later in pairwise(prompts)
    )
    assert kept >= len(prompts) - 3


def test_a_conversation_that_was_rewound_begins_anew(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192) as proxy:
        assert "x-ocp-memory" in ask(proxy, session(60)).headers
        assert "x-ocp-memory" not in ask(proxy, session(60)[:5]).headers


def test_switched_off_the_client_is_told_that_the_prompt_is_too_long(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192, memory="off") as proxy:
        reply = ask(proxy, session(60))
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith("prompt is too long: ")


def test_what_must_stay_and_does_not_fit_is_refused_with_the_numbers(fake: FakeOllama) -> None:
    with Proxy(fake.url, num_ctx=8192) as proxy:
        reply = ask(proxy, [{"role": "user", "content": "word " * 20_000}])
    assert reply.status_code == 400
    assert "> 8191 maximum" in reply.json()["error"]["message"]
