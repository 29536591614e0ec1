"""The prompt tokens that a model reads again in recorded sessions of the real client.

Every recorded turn that continues another is sent after it, to an Ollama with one slot and the
prompt cache that was measured on a real one. The minimum is what is new: what follows the previous
prompt and the turn that the model generated. Compared are this proxy and a plain translation of the
same requests (`floor.py`).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from figure import Figure
from floor import to_ollama

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_answers import RawText
from support.fake_kv_cache import tokenize
from support.fake_models import library
from support.fake_ollama import FakeOllama, answer
from support.generated_turns import (
    calls_offered_tools,
    content_blocks,
    echo_content,
    raw_turn,
    replace_ids,
)
from support.proxy import Proxy
from support.recordings import successive_turns

_MODEL = "bench:7b"
_WINDOW = 1_000_000

Body = dict[str, Any]
SendRequest = Callable[[Body], list[Body]]


def rereading(*, quick: bool) -> list[Figure]:
    """Measure every recorded turn that continues another; `quick`: one in five."""
    turns = [turn for turn in successive_turns() if calls_offered_tools(turn[1], turn[2])]
    turns = turns[::5] if quick else turns
    with FakeOllama(*library(), slots=1) as fake:
        fake.add_model(_MODEL, renderer_name="go-template:qwen2.5", context_length=_WINDOW)
        with httpx.Client(base_url=fake.url, timeout=60, trust_env=False) as client:
            floor = _excess_percent(fake, turns, _send_to_ollama(client))
        with Proxy(fake.url, num_ctx=_WINDOW, second_chances=0) as proxy:
            ocp = _excess_percent(fake, turns, _send_to_proxy(proxy))
    return [
        Figure(
            "tokens read again in recorded sessions, above the least possible",
            "%",
            {"floor": floor, "ocp": ocp},
            mark=1,
            digits=1,
        )
    ]


def _excess_percent(
    fake: FakeOllama, turns: list[tuple[str, Body, Body]], send: SendRequest
) -> float:
    """Return the tokens read above the minimum, in percent of the minimum, over all turns."""
    read = minimum = 0
    for _, before, after in turns:
        answer_index = len(before["messages"])
        turn = after["messages"][answer_index]
        raw_text = raw_turn(turn, _MODEL)
        fake.script(answer(RawText(raw_text)))
        content = send(before)
        known_tokens = len(tokenize(fake.prompt_of(fake.chats[-1]) + raw_text))
        body = _next_request(after, answer_index, content)
        first_read = len(fake.reads)
        fake.script(answer(RawText("Ok.")))
        send(body)
        read += sum(tokens for _, _, tokens in fake.reads[first_read:])
        minimum += max(len(tokenize(fake.prompt_of(fake.chats[-1]))) - known_tokens, 1)
    return 100 * (read - minimum) / minimum


def _next_request(after: Body, answer_index: int, content: list[Body]) -> Body:
    """Return the recorded request that follows, with the turn that was really generated."""
    calls = [block for block in content if block["type"] == "tool_use"]
    recorded = [
        block
        for block in content_blocks(after["messages"][answer_index])
        if block["type"] == "tool_use"
    ]
    ids = {old["id"]: new["id"] for old, new in zip(recorded, calls, strict=False)}
    body = replace_ids(after, ids)
    if content:
        body["messages"][answer_index] = {"role": "assistant", "content": echo_content(content)}
    return body


def _send_to_ollama(client: httpx.Client) -> SendRequest:
    """Return a function that sends to Ollama itself; its calls have no ids to replace."""

    def send(request: Body) -> list[Body]:
        body = to_ollama(request, _MODEL)
        body["options"]["num_ctx"] = _WINDOW
        client.post("/api/chat", content=json.dumps(body)).raise_for_status()
        return []

    return send


def _send_to_proxy(proxy: Proxy) -> SendRequest:
    def send(request: Body) -> list[Body]:
        reply = proxy.create_message(
            **request | {"model": _MODEL, "stream": False}
        ).raise_for_status()
        content: list[Body] = reply.json()["content"]
        return content

    return send
