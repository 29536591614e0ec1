"""The look around before `ocp serve` serves: a line a check, and the offer of a download.

Nothing that is found here keeps the proxy from starting: people start things in any order, and
what is missing may come while it runs.
"""

import asyncio
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.cli.checks.model import abilities, absent, window_size
from ollama_claude_proxy.cli.recommended import download_size
from ollama_claude_proxy.cli.templates import fitted_windows
from ollama_claude_proxy.errors import ModelNotInstalled, OcpError, OllamaUnreachable, UpstreamError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.settings.values import is_loopback
from ollama_claude_proxy.wire.model import ModelProfile

if TYPE_CHECKING:
    from ollama_claude_proxy.upstream.catalog import Catalog

_PATIENCE = 10.0  # seconds for an Ollama that accepts connections and then says nothing
_GET_OLLAMA = "Get it from https://ollama.com/download; `ocp demo` works without it."


_OTHER = "Is it Ollama that answers there? Set its address: ocp serve --ollama-url URL"


@dataclass
class Look:
    """What there is: Ollama's version, the model that answers, and models that are missing.

    `failure` is why nobody can say. `model` is another than the configured one where nobody named
    that and it is absent, and None where there is none to take.
    """

    version: str = ""
    model: ModelProfile | None = None
    missing: list[str] = field(default_factory=list)
    failure: OcpError | None = None


def preflight(settings: Settings, *, download: bool) -> ModelProfile | None:
    """Print a line a check on stderr; give the model that answers, where there is one.

    The port is open already. `download`: a missing model is downloaded without asking. Without a
    terminal nobody is asked.
    """
    seen = asyncio.run(look(settings))
    _show(reached(settings, seen))
    if seen.failure is not None:
        output.say("  The proxy starts all the same, and works as soon as Ollama does.")
    else:
        if _must_offer(settings, seen, download=download) and _download(settings, ask=not download):
            seen = asyncio.run(look(settings))
        _show_models(settings, seen)
    _show(good(f"port {settings.port} is free"))
    return seen.model


def _show_models(settings: Settings, seen: Look) -> None:
    for finding in (main_model(settings, seen), *role_models(settings, seen)):
        _show(finding)
    if seen.model is not None:
        _show(abilities(seen.model))
        _show(window_size(seen.model, settings))
    else:
        output.say("  Until then requests are answered with that; the proxy need not start again.")


async def look(settings: Settings) -> Look:
    """Ask Ollama what there is; what goes wrong is in the answer."""
    from ollama_claude_proxy.upstream.catalog import Catalog  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.upstream.ollama.client import Ollama  # noqa: PLC0415

    ollama = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    seen = Look()
    try:
        async with asyncio.timeout(_PATIENCE):
            seen.version = await ollama.version()
            await _look_at_models(Catalog(ollama, settings, fitted_windows()), settings, seen)
    except TimeoutError:
        seen.failure = OcpError(
            f"Ollama at {settings.ollama_url!r} is slow to answer.",
            remedy="See what it does: `ollama ps`, and the log of `ollama serve`.",
        )
    except OcpError as error:
        seen.failure = error
    finally:
        await ollama.close()
    return seen


async def _look_at_models(
    catalog: "Catalog",
    settings: Settings,
    seen: Look,
) -> None:
    roles = settings.roles
    wanted = (settings.model, roles.opus, roles.sonnet, roles.haiku, roles.subagent)
    for name in dict.fromkeys(name for name in wanted if name):
        try:
            await catalog.profile(name)
        except ModelNotInstalled:
            seen.missing.append(name)
    try:
        seen.model = await catalog.default_model()
    except ModelNotInstalled:
        seen.model = None


def reached(settings: Settings, seen: Look) -> Finding:
    """Say whether Ollama answers."""
    if seen.failure is None:
        return good(f"Ollama {seen.version} answers at {settings.ollama_url}")
    return bad(seen.failure.problem, _remedy(settings, seen.failure))


def _remedy(settings: Settings, failure: OcpError) -> str:
    if not isinstance(failure, OllamaUnreachable):
        return _OTHER if isinstance(failure, UpstreamError) else failure.advice
    if not is_loopback(urlsplit(settings.ollama_url).hostname or ""):
        return "Start it there, or set another address: ocp serve --ollama-url URL"
    return "ollama serve" if shutil.which("ollama") else _GET_OLLAMA


def main_model(settings: Settings, seen: Look) -> Finding:
    """Say which model answers."""
    if seen.model is None:
        return absent(settings.model)
    if settings.model in seen.missing:
        words = f"{settings.model} is not installed; {seen.model.name} is taken in its place"
        return warning(words, f"ollama pull {settings.model}")
    return good(f"{seen.model.name} is installed")


def role_models(settings: Settings, seen: Look) -> list[Finding]:
    """Say which models of the roles are missing."""
    return [absent(name) for name in seen.missing if name != settings.model]


def _must_offer(settings: Settings, seen: Look, *, download: bool) -> bool:
    """Tell whether the configured model should be downloaded: not where another does the work."""
    wanted = seen.model is None or download
    return settings.model in seen.missing and wanted and (download or _can_ask())


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _download(settings: Settings, *, ask: bool) -> bool:
    from ollama_claude_proxy.cli.download import pull  # noqa: PLC0415  # rarely needed

    if ask and not _agrees(settings.model):
        return False
    try:
        pull(settings, settings.model)
    except OcpError as error:
        output.check(output.Mark.BAD, error.problem, error.advice)
        return False
    return True


def _agrees(model: str) -> bool:
    size = download_size(model)
    output.check(output.Mark.WARNING, f"{model} is not installed")
    print(  # noqa: T201  # a question, not a line
        f"  Download it now{f' ({size})' if size else ''}? [Y/n] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in {"", "y", "yes"}


def _show(finding: Finding) -> None:
    output.check(finding.mark, finding.found, finding.remedy)
