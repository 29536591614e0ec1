"""The record of a request: who asked what, how it was planned, and how it was answered.

It is made once, when a request is planned, and filled in while it is answered. The log line, the
response headers and `/health` are written from it.
"""

from typing import Any

from msgspec import Struct, field

from ollama_claude_proxy.engine.caller import Caller
from ollama_claude_proxy.prompt_cache.prefix import PrefixMatch
from ollama_claude_proxy.sessions.fit_state import FitSummary
from ollama_claude_proxy.translate.request.plan import Plan
from ollama_claude_proxy.translate.response.call_writer import ToolCallStats
from ollama_claude_proxy.translate.response.stream_translator import StreamTranslator

# Shorter waits in the queue, in seconds, are not logged.
_MIN_QUEUED_SECONDS = 0.05


class TurnTimes(Struct):
    """Seconds: in the queue, to the first chunk, and to the end (None: not yet)."""

    queued: float = 0.0
    first_chunk: float | None = None
    total: float | None = None


class TurnRecord(Struct, kw_only=True):
    """One request. Sizes are bytes and tokens, times seconds.

    `prompt_tokens` and `answer_tokens` are what the backend counted; before that, the estimate of
    the plan and the chunks that came.
    """

    caller: Caller
    requested_model: str
    body_bytes: int
    is_streamed: bool
    model: str
    tool_display: str
    estimated_tokens: int
    match: PrefixMatch
    fit: FitSummary | None
    notes: tuple[str, ...]
    times: TurnTimes = field(default_factory=TurnTimes)
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    answer_tokens: int = 0
    was_reloaded: bool = False
    calls: ToolCallStats = field(default_factory=ToolCallStats)
    outcome: str = ""

    def plan_again(self, plan: Plan, match: PrefixMatch, fit: FitSummary) -> None:
        """Take over a smaller plan, because the backend refused the one before."""
        self.estimated_tokens, self.match, self.fit = plan.prompt_tokens, match, fit
        self.notes = plan.notes

    def add_answer(self, translator: StreamTranslator, times: TurnTimes) -> None:
        """Add what is known of the answer so far."""
        usage, last = translator.usage, translator.last_chunk
        self.prompt_tokens = last.prompt_eval_count if last else None
        self.cached_tokens = usage.cached_tokens
        self.answer_tokens = last.eval_count if last else usage.chunks
        self.was_reloaded = usage.was_loaded
        self.calls = translator.call_stats
        self.notes = (*self.notes, *translator.notes)
        self.times.queued, self.times.first_chunk = times.queued, times.first_chunk

    @property
    def mismatch(self) -> str | None:
        """Why what was shown before has to be read again; None where it has not."""
        if self.was_reloaded and self.match.common:
            return "model reloaded"
        return self.match.mismatch or None

    def log_fields(self) -> dict[str, Any]:
        """Return the fields of the log line; None is left out of it."""
        queued = self.times.queued
        return {
            "outcome": self.outcome,
            "model": self.model,
            "asked_for": self.requested_model,
            "bytes": self.body_bytes,
            "stream": self.is_streamed,
            "prompt_tokens": self.prompt_tokens,
            "cached_tokens": self.cached_tokens,
            "prefix": self.mismatch,
            "answer_tokens": self.answer_tokens,
            "calls": self.calls.format_counts() or None,
            "queued_seconds": queued if queued > _MIN_QUEUED_SECONDS else None,
            "first_line_seconds": self.times.first_chunk,
            "seconds": self.times.total,
            "notes": "; ".join(self.notes) or None,
        }

    def prompt_summary(self, tokens: int, cached_tokens: int) -> dict[str, Any]:
        """Return what `/health` shows of the prompt."""
        return {
            "model": self.model,
            "tokens": tokens,
            "cached": cached_tokens,
            "broke": self.match.mismatch or None,
        }


class TurnTotals:
    """What is known of all requests since the start: `calls`, and the `last_prompt`.

    `first_prompt_tokens` is what the first prompt of the last session had: instructions, tools and
    a request, which is the least that any later prompt of it has.
    """

    def __init__(self) -> None:
        self.calls = ToolCallStats()
        self.last_prompt: dict[str, Any] | None = None
        self.first_prompt_tokens: int | None = None
