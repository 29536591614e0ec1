"""What each model was shown last, and how much of the next prompt is the same.

Ollama reports how many tokens a prompt has, but not how many of them came from its cache. It can
have cached only what it was shown: the prompts of the conversations that ran on the model since it
was loaded. So the last of each is kept here, and a new one is compared with all of them. Where the
beginning of the same conversation has changed, the place and the reason are named, because it costs
minutes on a slow machine.
"""

from collections import OrderedDict

from ollama_claude_proxy.prompt_cache.prefix import (
    PrefixMatch,
    Prompt,
    SentPrompt,
    common_prefix_chars,
    common_prefix_share,
    continues,
    explain_mismatch,
)

# As many conversations as a model's host cache may hold; and what they may take of memory.
_MAX_PROMPTS = 16
_MAX_CHARACTERS = 8_000_000


class PromptHistory:
    """The last prompts that were sent, by model and conversation."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], SentPrompt] = OrderedDict()

    def match(self, model: str, conversation: str, prompt: Prompt) -> PrefixMatch:
        """Compare a prompt with those that were sent."""
        previous = self._sent.get((model, conversation))
        common, most_common, continued = 0, None, None
        for (sent_to, _), sent in self._sent.items():
            if sent_to != model:
                continue
            shared = common_prefix_chars(sent.prompt, prompt)
            if shared > common:
                common, most_common = shared, sent
            if continues(sent.prompt, prompt) and (
                continued is None or len(sent.prompt.messages) > len(continued.prompt.messages)
            ):
                continued = sent
        mismatch = (
            "" if previous is None or previous is continued else explain_mismatch(previous, prompt)
        )
        share = 0.0 if most_common is None else common_prefix_share(most_common.prompt, prompt)
        return PrefixMatch(common, prompt.size, mismatch, continued, share)

    def add(self, model: str, conversation: str, prompt: Prompt) -> SentPrompt:
        """Remember a prompt that runs now; its token counts are filled in later."""
        sent = SentPrompt(prompt)
        self._sent.pop((model, conversation), None)
        self._sent[model, conversation] = sent
        while len(self._sent) > _MAX_PROMPTS or self._characters() > _MAX_CHARACTERS:
            if len(self._sent) == 1:
                break
            self._sent.popitem(last=False)
        return sent

    def last(self, model: str) -> tuple[str, SentPrompt] | None:
        """Return the conversation whose prompt was sent last to a model, and that prompt."""
        for (sent_to, conversation), sent in reversed(self._sent.items()):
            if sent_to == model:
                return conversation, sent
        return None

    def of_conversation(self, model: str, conversation: str) -> SentPrompt | None:
        """Return the last prompt of a conversation."""
        return self._sent.get((model, conversation))

    def forget(self, model: str, except_for: SentPrompt | None) -> None:
        """Drop the prompts of a model that was loaded anew, of which nothing is cached any more."""
        stale = [
            key for key, sent in self._sent.items() if key[0] == model and sent is not except_for
        ]
        for key in stale:
            del self._sent[key]

    def _characters(self) -> int:
        return sum(sent.prompt.size for sent in self._sent.values())
