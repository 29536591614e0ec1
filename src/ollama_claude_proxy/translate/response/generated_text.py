"""Collects what the model itself wrote, whatever Ollama's parser made of it.

Without a parser, that is the content. If a parser of Ollama's takes calls out of the text, the
tokens come as `logprobs`, including those that the parser holds back or loses.
"""

from ollama_claude_proxy.wire.chat import ChatChunk

_THINKING_END = "</think>"
# Every token is a chunk, except a few that form one character; a lost call has more tokens.
_MAX_TOKENS_WITHOUT_CHUNK = 8


def missing_tokens(eval_count: int, chunks: int) -> list[str]:
    """Return a note on tokens that never arrived: Ollama drops some calls that it cannot read."""
    missing = eval_count - chunks
    if missing <= _MAX_TOKENS_WITHOUT_CHUNK:
        return []
    return [f"{missing} tokens are missing, perhaps a call that Ollama dropped"]


class GeneratedText:
    """Collects the text of an answer, without its thinking."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._tokens: list[bytes] = []
        self._taken = 0

    def feed(self, chunk: ChatChunk) -> None:
        """Add one chunk."""
        message = chunk.message
        if message is not None and message.content:
            self._content.append(message.content)
        if chunk.logprobs and not (message is not None and message.thinking):
            self._tokens += (
                token.token.encode() if token.bytes is None else bytes(token.bytes)
                for token in chunk.logprobs
            )

    def take_new(self) -> str:
        """Return the text of the tokens that came since the last call."""
        new, self._taken = self._tokens[self._taken :], len(self._tokens)
        return b"".join(new).decode("utf-8", "replace")

    @property
    def content(self) -> str:
        """What the backend passed on as text."""
        return "".join(self._content)

    @property
    def has_tokens(self) -> bool:
        """Whether the backend sent the text of every token."""
        return bool(self._tokens)

    @property
    def text(self) -> str:
        """All that was written."""
        if not self._tokens:
            return self.content
        text = b"".join(self._tokens).decode("utf-8", "replace")
        _, thinking_end, rest = text.rpartition(_THINKING_END)
        return rest.lstrip("\n") if thinking_end else text
