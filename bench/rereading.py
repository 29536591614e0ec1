"""What a model has to read again in recorded sessions of the real client, in characters.

The least possible is what is new in each turn: what stands behind the prompt before and behind the
turn that the model itself wrote. Compared are the prompts of this proxy and those of a plain
translation (`floor.py`), both as the qwen2.5 template renders them.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from figures import Figure
from floor import to_ollama
from ollama_claude_proxy.translate.policy import Policy
from ollama_claude_proxy.translate.request.build import build_plan
from ollama_claude_proxy.wire.anthropic import parse_request
from ollama_claude_proxy.wire.model import ModelProfile, TemplateFacts

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from support.fake_rendering import render  # the tests' own renderers
from support.recordings import successive_turns

_RENDERER = "go-template:qwen2.5"
_MODEL = "qwen2.5-coder:7b"
_PROFILE = ModelProfile(
    name=_MODEL, family="qwen2", capabilities=frozenset({"completion", "tools"})
)
_POLICY = Policy(window=131_072, facts=TemplateFacts(prefill=True, replays_text=True))

Body = dict[str, Any]


def rereading() -> list[Figure]:
    """Measure every recorded turn that continues another."""
    plain = _above(lambda request: to_ollama(request, _MODEL))
    ocp = _above(_planned)
    return [
        Figure(
            "read again in recorded sessions, above the least possible",
            "%",
            {"floor": plain, "ocp": ocp},
            mark=1,
            digits=1,
        )
    ]


def _above(translate: Callable[[Body], Body]) -> float:
    """Give what is read above the least possible, in percent of that, over all turns."""
    read = least = 0
    for _, before, after in successive_turns():
        one, other = (render(_RENDERER, translate(body)) for body in (before, after))
        answer = _answer(translate, before, after, one)
        new = len(other) - len(one) - len(answer)
        read += len(other) - _common(one + answer, other)
        least += max(new, 0)
    return 100 * (read - least) / least


def _answer(translate: Callable[[Body], Body], before: Body, after: Body, prompt: str) -> str:
    """Give the model's own turn as it stands behind the prompt that it answered."""
    said = after["messages"][: len(before["messages"]) + 1]
    whole = render(_RENDERER, translate(after | {"messages": said}))
    return whole[len(prompt) :] if whole.startswith(prompt) else ""


def _planned(request: Body) -> Body:
    return build_plan(parse_request(msgspec.json.encode(request)), _PROFILE, _POLICY).body


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, pair in pairs if pair[0] != pair[1]), min(len(one), len(other)))
