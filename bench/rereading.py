"""What a model has to read again in recorded sessions of the real client.

Every recorded turn that continues another is asked after it, before an Ollama with one slot and the
prefix cache that was measured on a real one. The least possible is what is new: what stands behind
the prompt before and behind the turn that the model itself wrote. Compared are this proxy and a
plain translation of the same requests (`floor.py`).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from figures import Figure
from floor import to_ollama

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_answers import Raw
from support.fake_cache import tokens_of
from support.fake_models import library
from support.fake_ollama import FakeOllama, answer
from support.own_turns import blocks_of, echoed, offered, renamed, spoken
from support.proxy import Proxy
from support.recordings import successive_turns

_MODEL = "bench:7b"
_WINDOW = 1_000_000

Body = dict[str, Any]
Ask = Callable[[Body], list[Body]]


def rereading(*, quick: bool) -> list[Figure]:
    """Measure every recorded turn that continues another; `quick`: one in five."""
    turns = [turn for turn in successive_turns() if offered(turn[1], turn[2])]
    turns = turns[::5] if quick else turns
    with FakeOllama(*library(), slots=1) as fake:
        fake.add_model(_MODEL, renders="go-template:qwen2.5", context_length=_WINDOW)
        with httpx.Client(base_url=fake.url, timeout=60, trust_env=False) as client:
            plain = _above(fake, turns, _plainly(client))
        with Proxy(fake.url, num_ctx=_WINDOW, second_chances=0) as proxy:
            ocp = _above(fake, turns, _through(proxy))
    return [
        Figure(
            "tokens read again in recorded sessions, above the least possible",
            "%",
            {"floor": plain, "ocp": ocp},
            mark=1,
            digits=1,
        )
    ]


def _above(fake: FakeOllama, turns: list[tuple[str, Body, Body]], ask: Ask) -> float:
    """Give what is read above the least possible, in percent of that, over all turns."""
    read = least = 0
    for _, before, after in turns:
        count = len(before["messages"])
        said = after["messages"][count]
        raw = spoken(said, _MODEL)
        fake.script(answer(Raw(raw)))
        content = ask(before)
        known = len(tokens_of(fake.prompt_of(fake.chats[-1]) + raw))
        body = _going_on(after, count, content)
        begun = len(fake.reads)
        fake.script(answer(Raw("Ok.")))
        ask(body)
        read += sum(one[2] for one in fake.reads[begun:])
        least += max(len(tokens_of(fake.prompt_of(fake.chats[-1]))) - known, 1)
    return 100 * (read - least) / least


def _going_on(after: Body, count: int, content: list[Body]) -> Body:
    """Give the request that continues another, with the turn that was answered to that."""
    made = [block for block in content if block["type"] == "tool_use"]
    recorded = [one for one in blocks_of(after["messages"][count]) if one["type"] == "tool_use"]
    ids = {old["id"]: new["id"] for old, new in zip(recorded, made, strict=False)}
    body = renamed(after, ids)
    if content:
        body["messages"][count] = {"role": "assistant", "content": echoed(content)}
    return body


def _plainly(client: httpx.Client) -> Ask:
    """Ask Ollama itself; its calls have no ids, so that the client's stay."""

    def ask(request: Body) -> list[Body]:
        body = to_ollama(request, _MODEL)
        body["options"]["num_ctx"] = _WINDOW
        client.post("/api/chat", content=json.dumps(body)).raise_for_status()
        return []

    return ask


def _through(proxy: Proxy) -> Ask:
    def ask(request: Body) -> list[Body]:
        reply = proxy.ask(**request | {"model": _MODEL, "stream": False}).raise_for_status()
        content: list[Body] = reply.json()["content"]
        return content

    return ask
