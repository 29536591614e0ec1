"""What an answer cost, in Anthropic's words.

Ollama's `prompt_eval_count` includes what came from its prefix cache, so it is the true size of the
prompt; `eval_count` includes the end token.
"""

from ollama_claude_proxy.wire.events import Usage
from ollama_claude_proxy.wire.ollama import ChatLine

# Nanoseconds; a model that was there already takes some milliseconds.
_LOADED = 1_000_000_000


class Spent:
    """Adds up the tokens of an answer's requests.

    The prompt is that of the first: a further request has the same one, from the cache. `shared` is
    the part of it that the model was shown before, and so has cached unless it was `loaded` anew.
    """

    def __init__(self, estimated_input: int, shared: float = 0.0) -> None:
        self._estimated = estimated_input
        self._shared = shared
        self._prompt = 0
        self._output = 0
        self._since = 0
        self.lines = 0
        self.loaded = False
        self.done: ChatLine | None = None

    def feed(self, line: ChatLine) -> None:
        """Take in one line."""
        self.lines += 1
        self._since += 1
        if line.done:
            self.done = line
            self._prompt = self._prompt or line.prompt_eval_count
            if line.load_duration >= _LOADED and self._output == 0:
                self._shared, self.loaded = 0.0, True
            self._output += line.eval_count or self._since
            self._since = 0

    def next(self) -> None:
        """Begin one more request; of the last one, if it was ended here, the lines count."""
        self._output += self._since
        self._since = 0

    def usage(self) -> Usage:
        """Give the usage in tokens.

        Of a request that was ended here the input is the estimate and the output the number of
        lines, which are one token each as a rule.
        """
        prompt = self._prompt or self._estimated
        cached = self.cached
        return Usage(
            input_tokens=prompt - cached,
            cache_read_input_tokens=cached,
            output_tokens=self._output + self._since,
        )

    @property
    def prompt(self) -> int:
        """The tokens of the prompt as Ollama counted them; 0 where it did not come to that."""
        return self._prompt

    @property
    def cached(self) -> int:
        """The tokens of the prompt that need not be read; one always is."""
        prompt = self._prompt or self._estimated
        return max(min(int(prompt * self._shared), prompt - 1), 0)
