"""The check that the model answers, and how fast."""

import asyncio
import time
from dataclasses import dataclass

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.chat import ChatChunk, ChatMessage, ModelRequest, Sampling
from ollama_claude_proxy.wire.model import ModelProfile

_TIMEOUT = 600  # seconds; a large model is slow to load from a slow disk
_ANSWER_TOKENS = 24
_SLOW = 5.0  # tokens a second; a tool call of 200 tokens then takes 40 s
_CHOOSE_SMALLER = "Choose a smaller model: `ocp models`."


def check_answer(context: CheckContext) -> list[Finding]:
    """Have the model write a few words, and measure the time."""
    output.print_message(
        f"waiting for {context.model.name} to load and answer (10 minutes at most)"
    )
    try:
        timing = asyncio.run(_measure(context.settings, context.model))
    except OcpError as error:
        return [failed(error.problem, error.advice)]
    except TimeoutError:
        return [failed("no answer in 10 minutes", _CHOOSE_SMALLER)]
    summary = (
        f"first token after {timing.first_token_seconds:.1f} s,"
        f" {timing.tokens_per_second:.1f} tokens/s"
        f" (loading took {timing.load_seconds:.1f} s)"
    )
    if timing.tokens_per_second < _SLOW:
        return [warning(f"{summary}: slow", _CHOOSE_SMALLER)]
    return [ok(summary)]


@dataclass(frozen=True)
class _AnswerTiming:
    """How long loading and the first token took, and the speed from there on."""

    first_token_seconds: float
    load_seconds: float
    tokens_per_second: float


async def _measure(settings: Settings, profile: ModelProfile) -> _AnswerTiming:
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415  # 0.1 s

    request, window = _model_request(settings, profile)
    started = time.monotonic()
    first_token_seconds: float | None = None
    last = ChatChunk()
    async with (
        open_upstream(settings) as upstream,
        asyncio.timeout(_TIMEOUT),
        upstream.chat(request, prompt_tokens=_ANSWER_TOKENS, window=window) as stream,
    ):
        async for chunks in stream:
            first_token_seconds = first_token_seconds or time.monotonic() - started
            last = chunks[-1]
    if first_token_seconds is None or not last.done:
        raise OcpError("Ollama ended without an answer.", remedy="See the log of `ollama serve`.")
    speed = last.eval_count / (last.eval_duration / 1e9) if last.eval_duration else 0.0
    return _AnswerTiming(first_token_seconds, last.load_duration / 1e9, speed)


def _model_request(settings: Settings, profile: ModelProfile) -> tuple[ModelRequest, int]:
    """Return the call and the window in tokens.

    The window is the proxy's own, because with another one Ollama would reload the model.
    """
    from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s

    window = context_window(profile, settings)
    least_thinking = "low" if profile.has_thinking_levels else False
    request = ModelRequest(
        model=profile.name,
        messages=(ChatMessage("user", "Count from one to ten in words."),),
        think=least_thinking if profile.thinking else None,
        window=None if settings.leaves_window else window,
        max_tokens=_ANSWER_TOKENS,
        sampling=Sampling(temperature=0),
        keep_alive=settings.keep_alive,
    )
    return request, window
