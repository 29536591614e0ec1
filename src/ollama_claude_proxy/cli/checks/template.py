"""What the model's template does with tools and turns, as its own renderings show."""

import asyncio

from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.templates import calibration, shown
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.wire.model import TemplateFacts


def template(patient: Patient) -> list[Finding]:
    """Say who shows the tools, and why; and whether the model's own turns stay in the cache."""
    try:
        facts = asyncio.run(_facts(patient))
    except OcpError as error:
        return [bad(error.problem, error.advice)]
    how = shown(patient.model, facts, patient.settings)
    if how == "native":
        told = "Ollama shows the tools"
    else:
        told = f"ocp shows the tools as text ({how.removeprefix('text/')})"
    lost = _lost(patient, facts)
    found = f"{told}: {lost}" if lost else told
    if how == "native" and lost and facts is not None and patient.model.path == "go-template":
        return [warning(found, "Let ocp choose: leave out OCP_TOOLS, or set it to auto")]
    return [good(found)]


async def _facts(patient: Patient) -> TemplateFacts | None:
    from ollama_claude_proxy.upstream.catalog import window  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.ollama.client import Ollama  # noqa: PLC0415

    settings, profile = patient.settings, patient.model
    client = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    try:
        return await calibration(client).facts(
            profile,
            window=None if settings.leaves_window else window(profile, settings),
            keep_alive=settings.keep_alive,
        )
    finally:
        await client.close()


def _lost(patient: Patient, facts: TemplateFacts | None) -> str:
    """Say what the template loses."""
    if not patient.model.tools:
        return "the model's template knows no tools"
    if facts is None:
        return "this Ollama does not tell what its template does"
    losses = {
        "its template does not print definitions whole": facts.definitions,
        "its template drops a call beside text": facts.call_beside_text,
    }
    return ", ".join(loss for loss, kept in losses.items() if not kept)
