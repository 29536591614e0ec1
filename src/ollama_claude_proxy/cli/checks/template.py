"""The check of what the model's template does with tools and turns, as its renderings show."""

import asyncio

from ollama_claude_proxy.cli.checks.context import CheckContext
from ollama_claude_proxy.cli.checks.finding import Finding, failed, ok, warning
from ollama_claude_proxy.cli.templates import open_template_facts, tool_presentation
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.model import TemplateFacts


def check_template(context: CheckContext) -> list[Finding]:
    """Check whether Ollama or ocp shows the tools to the model, and what the template loses."""
    try:
        facts = asyncio.run(_read_facts(context))
    except OcpError as error:
        return [failed(error.problem, error.advice)]
    presentation = tool_presentation(context.model, facts, context.settings)
    is_native = presentation == "native"
    if is_native:
        summary = "Ollama shows the tools"
    else:
        summary = f"ocp shows the tools as text ({presentation.removeprefix('text/')})"
    losses = _losses(context, facts)
    if losses:
        summary += f": {losses}"
    if is_native and losses and facts is not None and context.model.render_path == "go-template":
        return [warning(summary, "Let ocp choose: leave out OCP_TOOLS, or set it to auto")]
    return [ok(summary)]


async def _read_facts(context: CheckContext) -> TemplateFacts | None:
    from ollama_claude_proxy.upstream.catalog import context_window  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.connect import open_upstream  # noqa: PLC0415

    settings, profile = context.settings, context.model
    window = None if settings.leaves_window else context_window(profile, settings)
    async with open_upstream(settings) as upstream:
        store = open_template_facts(upstream)
        return await store.facts(profile, window=window, keep_alive=settings.keep_alive)


def _losses(context: CheckContext, facts: TemplateFacts | None) -> str:
    """Return what the template loses, in words; empty: nothing."""
    if not context.model.tools:
        return "the model's template has no tools"
    if facts is None:
        return "this Ollama cannot show what its template does"
    losses = {
        "its template does not print definitions whole": facts.definitions,
        "its template drops a call beside text": facts.call_beside_text,
    }
    return ", ".join(loss for loss, kept in losses.items() if not kept)
