"""How many tokens a prompt has, learned from what the backend has counted.

There is no tokenizer to ask. But every answer says how many tokens its prompt had, so the ratio of
that to an estimate by characters is learned for each model and kept; and the part of a conversation
that was counted already is exact. Never low: a client that believes too little fills its window.
"""

import json
from collections.abc import Sequence

from ollama_claude_proxy.prompt_cache.prefix import PrefixMatch
from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts
from ollama_claude_proxy.translate.tokens import CountPromptTokens
from ollama_claude_proxy.wire.chat import ChatMessage, ToolDefinition

_FACT_KIND = "tokens per estimated token, by kind of text"
# Smaller prompts are mostly the template's own words.
_MIN_TOKENS = 300
# How much the newest prompt weighs; vocabularies do not change, texts do.
_WEIGHT = 0.4
_MARGIN = 1.01
# No vocabulary has so many tokens for what is estimated as one.
_MAX_RATIO = 8.0


class TokenCounter:
    """Counts prompts of models, with what is known of each; `estimate` counts by characters."""

    def __init__(self, model_facts: ModelFacts, estimate: CountPromptTokens) -> None:
        self._model_facts = model_facts
        self._estimate = estimate
        self._ratios = {
            model: float(json.loads(value))
            for model, value in model_facts.by_model(_FACT_KIND).items()
        }

    def count(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        match: PrefixMatch,
    ) -> int:
        """Return the tokens of a prompt, of which `match` says what was counted already."""
        continued = match.continued
        if continued is None or not continued.tokens:
            return int(self._estimate(messages, tools) * self._ratio(model))
        new = messages[len(continued.prompt.messages) :]
        added = int(self._estimate(new, ()) * self._ratio(model)) if new else 0
        return continued.known_tokens + added

    def count_text(self, model: str, text: str) -> int:
        """Return the tokens of a text, as a message by itself."""
        return int(self._estimate([ChatMessage("user", text)], ()) * self._ratio(model))

    def learn(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        tokens: int,
    ) -> None:
        """Learn from a prompt that the backend has counted."""
        estimated = self._estimate(messages, tools)
        if min(tokens, estimated) < _MIN_TOKENS or any(message.images for message in messages):
            return
        ratio = tokens / estimated
        known = self._ratios.get(model)
        self._ratios[model] = ratio if known is None else known + _WEIGHT * (ratio - known)
        self._model_facts.keep(_FACT_KIND, model, json.dumps(round(self._ratios[model], 5)))

    def correct(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        match: PrefixMatch,
        tokens: int,
    ) -> None:
        """Believe a count that refused a prompt: from now on the model has no fewer tokens."""
        continued = match.continued
        if continued is None or not continued.tokens:
            ratio = tokens / max(self._estimate(messages, tools), 1)
        else:
            new = messages[len(continued.prompt.messages) :]
            ratio = (tokens - continued.known_tokens) / max(self._estimate(new, ()), 1)
        known = self._ratios.get(model, 1.0)
        self._ratios[model] = min(max(ratio, known), _MAX_RATIO)

    def _ratio(self, model: str) -> float:
        """Return tokens for one estimated token: 1 as long as nothing was learned."""
        return self._ratios[model] * _MARGIN if model in self._ratios else 1.0
