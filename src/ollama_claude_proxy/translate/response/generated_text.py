"""What the model itself wrote, whatever a parser made of it.

Where nothing parses, that is the content. Where a parser of Ollama's takes calls out of the text,
the tokens come as `logprobs`, those too that the parser keeps back or loses.
"""

from ollama_claude_proxy.wire.ollama import ChatLine

_THINKING_ENDS = "</think>"


class RawText:
    """Collects the text of an answer, without what was thought."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._tokens: list[bytes] = []
        self._given = 0

    def feed(self, line: ChatLine) -> None:
        """Take in one line."""
        message = line.message
        if message is not None and message.content:
            self._content.append(message.content)
        if line.logprobs and not (message is not None and message.thinking):
            self._tokens += (
                token.token.encode() if token.bytes is None else bytes(token.bytes)
                for token in line.logprobs
            )

    def since_last(self) -> str:
        """Give what was told since this was asked last."""
        told, self._given = self._tokens[self._given :], len(self._tokens)
        return b"".join(told).decode("utf-8", "replace")

    @property
    def content(self) -> str:
        """What Ollama passed on as text."""
        return "".join(self._content)

    @property
    def told(self) -> bool:
        """Whether Ollama told every token."""
        return bool(self._tokens)

    @property
    def text(self) -> str:
        """All that was written."""
        if not self._tokens:
            return self.content
        text = b"".join(self._tokens).decode("utf-8", "replace")
        _, thought, rest = text.rpartition(_THINKING_ENDS)
        return rest.lstrip("\n") if thought else text
