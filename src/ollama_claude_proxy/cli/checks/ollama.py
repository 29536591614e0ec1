"""Checks of Ollama and the model: is it there, new enough, able, quick, and does it fit."""

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any

from ollama_claude_proxy.cli import output
from ollama_claude_proxy.cli.checks import model as judged
from ollama_claude_proxy.cli.checks.finding import Finding, bad, good, warning
from ollama_claude_proxy.cli.checks.patient import Patient
from ollama_claude_proxy.cli.gpu import gpu_share
from ollama_claude_proxy.cli.preflight import look, main_model, reached, role_models
from ollama_claude_proxy.cli.units import bytes_text
from ollama_claude_proxy.errors import OcpError
from ollama_claude_proxy.settings import Settings
from ollama_claude_proxy.wire.model import ModelProfile
from ollama_claude_proxy.wire.ollama import ChatLine, RunningModel

# Older ones do not know `truncate`, or hang after a call that they could not read.
_OLDEST = (0, 13, 0)
_TESTED = (0, 32, 0)
_UPDATE = "Update it: https://ollama.com/download"
_LOAD_SECONDS = 600  # a large model from a slow disk
_TOKENS = 24
_SLOW = 5.0  # tokens a second; a tool call of 200 tokens then takes 40 s
_USABLE_WINDOW = 16_384


def ollama(patient: Patient) -> list[Finding]:
    """Ask Ollama for its version, and what it has."""
    patient.seen = asyncio.run(look(patient.settings))
    found = reached(patient.settings, patient.seen)
    if patient.seen.failure is not None:
        return [found]
    version = _parts(patient.seen.version)
    if version < _OLDEST:
        return [bad(f"{found.found}; it is too old", _UPDATE)]
    if version < _TESTED:
        return [warning(f"{found.found}; ocp was tested with 0.32", _UPDATE)]
    return [found]


def _parts(version: str) -> tuple[int, ...]:
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    return numbers or _TESTED  # a version with no number was built by hand


def model(patient: Patient) -> list[Finding]:
    """Say which model answers."""
    return [main_model(patient.settings, patient.seen)]


def roles(patient: Patient) -> list[Finding]:
    """Say whether the models of the roles are there."""
    missing = role_models(patient.settings, patient.seen)
    return missing or [good("every model that has a role is installed")]


def abilities(patient: Patient) -> list[Finding]:
    """Say what the model can do."""
    return [judged.abilities(patient.model)]


def window(patient: Patient) -> list[Finding]:
    """Say how large the window is."""
    return [judged.window_size(patient.model, patient.settings)]


def answer(patient: Patient) -> list[Finding]:
    """Have the model write a few words, and take the time."""
    output.say(f"waiting for {patient.model.name} to load and answer (10 minutes at most)")
    try:
        measured = asyncio.run(_measure(patient.settings, patient.model))
    except OcpError as error:
        return [bad(error.problem, error.advice)]
    except TimeoutError:
        return [bad("no answer in 10 minutes", "Choose a smaller model: `ocp models`.")]
    words = (
        f"first token after {measured.first:.1f} s, {measured.speed:.1f} tokens/s"
        f" (loading took {measured.load:.1f} s)"
    )
    if measured.speed < _SLOW:
        return [warning(f"{words}: slow", "Choose a smaller model: `ocp models`.")]
    return [good(words)]


@dataclass(frozen=True)
class _Measured:
    """Seconds to the first token and of loading; tokens a second from there on."""

    first: float
    load: float
    speed: float


async def _measure(settings: Settings, profile: ModelProfile) -> _Measured:
    from ollama_claude_proxy.upstream.ollama.client import Chat, Ollama  # noqa: PLC0415  # 0.1 s

    body, tokens = _body(settings, profile)
    client = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    began = time.monotonic()
    first: float | None = None
    last = ChatLine()
    try:
        async with (
            asyncio.timeout(_LOAD_SECONDS),
            client.chat(Chat(body, profile.name, _TOKENS, tokens)) as batches,
        ):
            async for lines in batches:
                first = first or time.monotonic() - began
                last = lines[-1]
    finally:
        await client.close()
    if first is None or not last.done:
        raise OcpError("Ollama ended without an answer.", remedy="See the log of `ollama serve`.")
    speed = last.eval_count / (last.eval_duration / 1e9) if last.eval_duration else 0.0
    return _Measured(first, last.load_duration / 1e9, speed)


def _body(settings: Settings, profile: ModelProfile) -> tuple[bytes, int]:
    """Give the request and its window: the proxy's own, for another would load the model anew."""
    from ollama_claude_proxy.upstream.catalog import window  # noqa: PLC0415  # 0.1 s
    from ollama_claude_proxy.wire.events import encode_json  # noqa: PLC0415

    tokens = window(profile, settings)
    body: dict[str, Any] = {
        "model": profile.name,
        "messages": [{"role": "user", "content": "Count from one to ten in words."}],
        "stream": True,
        "truncate": False,
        "keep_alive": settings.keep_alive,
        "options": {"num_predict": _TOKENS, "temperature": 0},
    }
    if not settings.leaves_window:
        body["options"]["num_ctx"] = tokens
    if profile.thinking:
        body["think"] = "low" if profile.thinking_levels else False
    return encode_json(body), tokens


def memory(patient: Patient) -> list[Finding]:
    """Say whether the loaded model and its window fit into the graphics card."""
    if patient.model.cloud:
        return [good("it runs in Ollama's cloud")]
    try:
        running = asyncio.run(_running(patient.settings, patient.model))
    except OcpError as error:
        return [bad(error.problem, error.advice)]
    if running is None:
        return [warning("the model was unloaded at once", "ocp serve --keep-alive 2h")]
    share, size = gpu_share(running), bytes_text(running.size)
    if share == 100:
        return [good(f"{size}, all in the graphics card's memory")]
    where = (
        f"only {share} % of {size} fit into the graphics card"
        if share
        else (f"{size} in main memory: the processor does all the work")
    )
    smaller = running.context_length > _USABLE_WINDOW and share > 0
    remedy = f"ocp serve --num-ctx {_USABLE_WINDOW}" if smaller else "A smaller model: `ocp models`"
    return [warning(f"{where}; answers are slow", remedy)]


async def _running(settings: Settings, profile: ModelProfile) -> RunningModel | None:
    from ollama_claude_proxy.upstream.ollama.client import Ollama  # noqa: PLC0415  # 0.1 s

    client = Ollama(settings.ollama_url, connect_timeout=settings.connect_timeout)
    try:
        models = await client.running()
    finally:
        await client.close()
    return next((one for one in models if one.digest == profile.digest), None)
