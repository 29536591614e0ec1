"""How many tokens a prompt has: counted by the model's vocabulary, corrected by its answers.

Texts are counted by the vocabulary where it is loaded; otherwise they are estimated by their
characters. What a template writes around them is in no text. But every answer says how many tokens
its prompt had: what the parts of a prompt count is learned from that, for each model and each of
the two ways, and kept. The part of a conversation that was counted already is exact. Never low: a
client that believes too little fills its window.
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from ollama_claude_proxy.prompt_cache.prefix import PrefixMatch
from ollama_claude_proxy.prompt_cache.prompt_weights import (
    OF_ESTIMATE,
    OF_VOCABULARY,
    PromptWeights,
    Uncertainty,
    first_weights,
)
from ollama_claude_proxy.sessions.storage.model_facts import ModelFacts
from ollama_claude_proxy.translate.tokens import (
    CountText,
    PromptSize,
    prompt_size,
    remembering,
    text_tokens,
)
from ollama_claude_proxy.wire.chat import ChatMessage, ToolDefinition

# Smaller prompts are mostly the template's own words.
_MIN_TOKENS = 300
_MARGIN = 1.01


class _Way:
    """A way to count texts, and what was learned for each model that is counted so."""

    def __init__(self, model_facts: ModelFacts, kind: str, uncertainty: Uncertainty) -> None:
        self._model_facts = model_facts
        self._kind = kind
        self.uncertainty = uncertainty
        self.learned: dict[str, PromptWeights] = {}
        for model, value in model_facts.by_model(kind).items():
            with suppress(msgspec.DecodeError):  # of another version
                self.learned[model] = msgspec.json.decode(value, type=PromptWeights)

    def weights(self, model: str) -> PromptWeights:
        return self.learned.get(model) or first_weights(self.uncertainty)

    def keep(self, model: str) -> None:
        text = msgspec.json.encode(self.learned[model]).decode()
        self._model_facts.keep(self._kind, model, text)


class TokenCounter:
    """Counts prompts of models, with what is known of each."""

    def __init__(self, model_facts: ModelFacts) -> None:
        self._by_estimate = _Way(model_facts, "weights of estimates", OF_ESTIMATE)
        self._by_vocabulary = _Way(model_facts, "weights of counts", OF_VOCABULARY)
        self._vocabularies: dict[str, CountText] = {}

    def use_vocabulary(self, model: str, count_text: CountText | None) -> None:
        """Count a model's texts by its vocabulary from now on; None: estimate them."""
        self._vocabularies.pop(model, None)
        if count_text is not None:
            self._vocabularies[model] = remembering(count_text)

    def count(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        match: PrefixMatch,
    ) -> int:
        """Return the tokens of a prompt, of which `match` says what was counted already."""
        known, size = self._uncounted(model, messages, tools, match)
        return known + self._tokens(model, size)

    def count_text(self, model: str, text: str) -> int:
        """Return the tokens of a text, as a message by itself."""
        return self._tokens(model, self._size(model, [ChatMessage("user", text)], ()))

    def learn(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        tokens: int,
    ) -> None:
        """Learn from a prompt that the backend has counted."""
        size, way = self._size(model, messages, tools), self._way(model)
        if min(tokens, size.tokens) < _MIN_TOKENS or size.images:
            return
        way.learned[model] = way.weights(model).learned(size, tokens, way.uncertainty)
        way.keep(model)

    def correct(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        match: PrefixMatch,
        tokens: int,
    ) -> None:
        """Believe a count that refused a prompt: from now on the model has no fewer tokens."""
        known, size = self._uncounted(model, messages, tools, match)
        way, counted = self._way(model), tokens - known
        weights = way.weights(model)
        if counted > weights.tokens(size):
            way.learned[model] = weights.learned(size, counted, way.uncertainty, exactly=True)

    def _tokens(self, model: str, size: PromptSize) -> int:
        return int(self._way(model).weights(model).tokens(size) * _MARGIN) + 1

    def _uncounted(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        tools: Sequence[ToolDefinition],
        match: PrefixMatch,
    ) -> tuple[int, PromptSize]:
        """Return the tokens that were counted already, and the size of what was not."""
        continued = match.continued
        if continued is None or not continued.tokens:
            return 0, self._size(model, messages, tools)
        new = messages[len(continued.prompt.messages) :]
        return continued.known_tokens, self._size(model, new, ())

    def _size(
        self, model: str, messages: Sequence[ChatMessage], tools: Sequence[ToolDefinition]
    ) -> PromptSize:
        return prompt_size(messages, tools, self._vocabularies.get(model, text_tokens))

    def _way(self, model: str) -> _Way:
        return self._by_vocabulary if model in self._vocabularies else self._by_estimate
