"""Counts the tokens of an answer, in Anthropic's terms.

Ollama's `prompt_eval_count` includes what came from its prefix cache, so it is the true size of the
prompt; `eval_count` includes the end token.
"""

from ollama_claude_proxy.translate.request.plan import NOTHING_CACHED, ExpectedCache
from ollama_claude_proxy.wire.chat import ChatChunk
from ollama_claude_proxy.wire.events import TokenUsage

# Nanoseconds; a model that was in memory already takes some milliseconds.
_MIN_LOAD_DURATION = 1_000_000_000


class UsageCounter:
    """Adds up the tokens of an answer's requests.

    The prompt is that of the first: a further request has the same one, from the cache.
    `expected_cache` is what of it the model was shown before and has cached, unless it was loaded
    anew (`was_loaded`), or read for so long (`prompt_duration`, nanoseconds) that it had not.
    """

    def __init__(
        self, estimated_prompt: int, expected_cache: ExpectedCache = NOTHING_CACHED
    ) -> None:
        self._estimated_prompt = estimated_prompt
        self._expected_cache = expected_cache
        self._output = 0
        self._chunks_of_request = 0
        self.prompt_tokens = 0
        self.prompt_duration = 0
        self.chunks = 0
        self.was_loaded = False
        self.last_chunk: ChatChunk | None = None

    def feed(self, chunk: ChatChunk) -> None:
        """Count one chunk."""
        self.chunks += 1
        self._chunks_of_request += 1
        if chunk.done:
            self.last_chunk = chunk
            if not self.prompt_tokens:
                self.prompt_tokens = chunk.prompt_eval_count
                self.prompt_duration = chunk.prompt_eval_duration
            if chunk.load_duration >= _MIN_LOAD_DURATION and self._output == 0:
                self._expected_cache, self.was_loaded = NOTHING_CACHED, True
            self._output += chunk.eval_count or self._chunks_of_request
            self._chunks_of_request = 0

    def begin_request(self) -> None:
        """Begin one more request; if the proxy ended the last one, its chunks are counted."""
        self._output += self._chunks_of_request
        self._chunks_of_request = 0

    def usage(self) -> TokenUsage:
        """Return the usage in tokens.

        For a request that was ended by the proxy, the input is the estimate and the output is the
        number of chunks, which are usually one token each.
        """
        cached = self.cached_tokens
        return TokenUsage(
            input_tokens=self._prompt - cached,
            cache_read_input_tokens=cached,
            output_tokens=self._output + self._chunks_of_request,
        )

    @property
    def cached_tokens(self) -> int:
        """The tokens of the prompt that need not be read."""
        return self._expected_cache.count(self._prompt, self.prompt_duration)

    @property
    def _prompt(self) -> int:
        return self.prompt_tokens or self._estimated_prompt
