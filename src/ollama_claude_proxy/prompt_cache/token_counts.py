"""How many tokens a prompt has, learned from what Ollama has counted.

There is no tokenizer to ask. But every answer says how many tokens its prompt had, so the ratio of
that to an estimate by characters is learned for each model and kept; and the part of a conversation
that was counted already is exact. Never low: a client that believes too little fills its window.
"""

import json
from collections.abc import Callable
from typing import Any

from ollama_claude_proxy.prompt_cache.prompts import Shared
from ollama_claude_proxy.sessions.storage.store import Store

Estimate = Callable[[list[dict[str, Any]], list[dict[str, Any]]], int]

_KIND = "tokens per estimated token"
# Smaller prompts are mostly the template's own words.
_FEWEST = 300
# How much the newest prompt weighs; vocabularies do not change, texts do.
_WEIGHT = 0.4
_MARGIN = 1.01


class Counts:
    """Counts prompts of models, with what is known of each; `estimate` counts by characters."""

    def __init__(self, store: Store, estimate: Estimate) -> None:
        self._store = store
        self._estimate = estimate
        self._ratios = {
            model: float(json.loads(value)) for model, value in store.facts(_KIND).items()
        }

    def tokens(self, model: str, body: dict[str, Any], shared: Shared) -> int:
        """Give the tokens of a prompt."""
        ratio = self._ratios.get(model, 1.0) * (_MARGIN if model in self._ratios else 1.0)
        whole = shared.whole
        if whole is None or not whole.tokens:
            return int(self._estimate(body["messages"], body.get("tools") or []) * ratio)
        rest = body["messages"][len(whole.messages) :]
        known = whole.tokens + (whole.answer_tokens if whole.answered else 0)
        return known + (int(self._estimate(rest, []) * ratio) if rest else 0)

    def learn(self, model: str, body: dict[str, Any], tokens: int) -> None:
        """Learn from a prompt that Ollama has counted."""
        estimated = self._estimate(body["messages"], body.get("tools") or [])
        if min(tokens, estimated) < _FEWEST or any(one.get("images") for one in body["messages"]):
            return
        ratio = tokens / estimated
        known = self._ratios.get(model)
        self._ratios[model] = ratio if known is None else known + _WEIGHT * (ratio - known)
        self._store.keep_fact(_KIND, model, json.dumps(round(self._ratios[model], 5)))
