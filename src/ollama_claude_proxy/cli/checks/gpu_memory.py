"""The check that the loaded model fits into GPU memory."""

import asyncio

from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.gpu import gpu_percent
from ollama_claude_proxy.cli.units import format_bytes
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import LoadedModel, ModelProfile

_MIN_USABLE_WINDOW = 16_384


def check_memory(context: CheckContext) -> list[Finding]:
    """Check that the loaded model and its window fit into the graphics card."""
    if context.model.cloud:
        return [ok("it runs in Ollama's cloud")]
    try:
        loaded = asyncio.run(_find_loaded(context.settings, context.model))
    except OcpError as error:
        return [failed(error.problem, error.advice)]
    if loaded is None:
        return [warning("the model was unloaded at once", "ocp serve --keep-alive 2h")]
    percent, size = gpu_percent(loaded), format_bytes(loaded.size)
    if percent == 100:
        return [ok(f"{size}, all in the graphics card's memory")]
    if percent:
        summary = f"only {percent} % of {size} fit into the graphics card"
    else:
        summary = f"{size} in main memory: the processor does all the work"
    window_can_shrink = loaded.context_length > _MIN_USABLE_WINDOW and percent > 0
    remedy = (
        f"ocp serve --num-ctx {_MIN_USABLE_WINDOW}"
        if window_can_shrink
        else "Choose a smaller model: `ocp models`."
    )
    return [warning(f"{summary}; answers are slow", remedy)]


async def _find_loaded(settings: Settings, profile: ModelProfile) -> LoadedModel | None:
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415  # 0.1 s

    async with open_upstream(settings) as upstream:
        models = await upstream.loaded()
    return next((model for model in models if model.digest == profile.digest), None)
