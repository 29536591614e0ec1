"""What Claude Code must be told to work on this proxy: every variable and setting, with its reason.

`ocp env`, `ocp claude` and `ocp doctor` read this table. Left out on purpose: DISABLE_TELEMETRY and
its like (DISABLE_NONESSENTIAL_TRAFFIC covers them), ENABLE_TOOL_SEARCH (off, the first prompt grows
from 11,500 to 18,900 tokens), API_TIMEOUT_MS (our pings keep the stream alive), MODEL_CAPABILITIES
(we understand what it would switch off), and what makes the prompt smaller by taking features away.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ollama_claude_proxy.cli.proxy import RunningProxy, base_url
from ollama_claude_proxy.settings import Settings

# Claude Code refuses to start without a token, and an API key makes it ask whether to use it.
DUMMY_TOKEN = "ocp"  # noqa: S105  # no secret

_USUAL_WINDOW = 32_768  # tokens; the proxy's own default
_SUMMARY = 3_000  # tokens that the request for a summary needs besides the conversation
_RESERVE = 13_000  # tokens that the client keeps free, besides the answer, before it compacts
_HTTP_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Variable:
    """One environment variable for Claude Code; with the value None it must not be set."""

    name: str
    value: str | None
    reason: str


# What would keep Claude Code from asking the proxy at all.
BREAKING = (
    Variable(
        "ANTHROPIC_API_KEY", None, "it shadows the proxy's token, and Claude Code asks about it"
    ),
    Variable("CLAUDE_CODE_USE_BEDROCK", None, "it sends every request to Amazon"),
    Variable("CLAUDE_CODE_USE_VERTEX", None, "it sends every request to Google"),
    Variable("CLAUDE_CODE_USE_FOUNDRY", None, "it sends every request to Microsoft"),
)

# Claude Code's settings file beside `env`.
PERMISSIONS: Mapping[str, Any] = {
    # Auto mode asks the server to judge each command; nobody judges here, so it would deny them.
    "disableAutoMode": "disable",
    # Anthropic's servers run the search; a local model would make up its results.
    "deny": ["WebSearch"],
}
# What a window of 16,384 tokens or less has no room for: with these the first request has 3,200
# tokens and not 11,500 (measured with 2.1.330). Files, commands and the search stay.
LEAN_DENY = (
    "Agent",
    "CronCreate",
    "CronDelete",
    "CronList",
    "EnterWorktree",
    "ExitWorktree",
    "ListAgents",
    "Monitor",
    "ReportFindings",
    "ScheduleWakeup",
    "SendMessage",
    "Skill",
    "TaskStop",
    "Workflow",
)
_SMALL_WINDOW = 16_384
OTHER_SETTINGS: Mapping[str, Any] = {
    # WebFetch first asks Anthropic's host whether the domain is safe, and fails without an answer.
    "skipWebFetchPreflight": True,
}


def variables(
    settings: Settings,
    running: RunningProxy | None,
    environment: Mapping[str, str],
    *,
    port: int | None = None,
) -> tuple[Variable, ...]:
    """Give every variable that must be set or, with the value None, must not be.

    `running` is the proxy that answers, if one does: it knows the model and the window in use.
    `environment` is the user's; `port` is where the proxy listens if not where the settings say.
    """
    return (
        Variable("ANTHROPIC_BASE_URL", base_url(settings, port), "the proxy's address"),
        Variable("ANTHROPIC_AUTH_TOKEN", settings.token or DUMMY_TOKEN, "or it wants a login"),
        *_models(settings, running),
        *_window(settings, running),
        *_SWITCHES,
        *(_LEAN if is_lean(settings, running) else ()),
        *_no_proxy(settings, environment),
        BREAKING[0],
        *(variable for variable in BREAKING[1:] if variable.name in environment),
    )


def is_lean(settings: Settings, running: RunningProxy | None) -> bool:
    """Whether Claude Code is to leave out what makes its first prompt large."""
    return settings.lean == "on" or (
        settings.lean == "auto" and window(settings, running) <= _SMALL_WINDOW
    )


def permissions(*, lean: bool) -> Mapping[str, Any]:
    """Give the permissions for Claude Code's settings."""
    deny = [*PERMISSIONS["deny"], *(LEAN_DENY if lean else ())]
    return {**PERMISSIONS, "deny": deny}


def settings_argument(*, lean: bool) -> str:
    """Give the settings, without `env`, as the argument of Claude Code's `--settings`."""
    return json.dumps({"permissions": permissions(lean=lean), **OTHER_SETTINGS})


def names(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Give the names of the variables that `variables` sets, to undo them.

    NO_PROXY is among them only where it holds nothing but what we put there.
    """
    found = (*variables(Settings(), None, {}), *_LEAN)
    ours = [variable.name for variable in found if variable.value is not None]
    if environment.get("NO_PROXY") == ",".join(_LOOPBACK):
        ours.append("NO_PROXY")
    return tuple(ours)


_SWITCHES = (
    Variable(
        "CLAUDE_CODE_ATTRIBUTION_HEADER", "0", "its billing block changes every prompt's start"
    ),
    Variable("CLAUDE_CODE_GATEWAY_HINT_HEADERS", "1", "requests then say what they are for"),
    Variable("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1", "no telemetry, updates or titles"),
    Variable("CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1", "/model lists what is installed"),
)


_LEAN = tuple(
    Variable(f"CLAUDE_CODE_DISABLE_{name}", "1", "a small window has no room for it")
    for name in (
        "BUNDLED_SKILLS",
        "WORKFLOWS",
        "CRON",
        "BACKGROUND_TASKS",
        "AUTO_MEMORY",
        "GIT_INSTRUCTIONS",
    )
)


def _models(settings: Settings, running: RunningProxy | None) -> Iterator[Variable]:
    """Name a local model in every role, or Claude's names arrive, whose windows do not fit."""
    model = settings.model
    if running is not None and running.model and not settings.model_named:
        model = running.model
    roles = settings.roles
    yield Variable("ANTHROPIC_MODEL", model, "the main model")
    for role, chosen in (
        ("OPUS", roles.opus),
        ("SONNET", roles.sonnet),
        ("HAIKU", roles.haiku),
        ("FABLE", roles.opus),
    ):
        name = f"ANTHROPIC_DEFAULT_{role}_MODEL"
        yield Variable(name, chosen or model, f"what {role.lower()!r} stands for")
    yield Variable("ANTHROPIC_SMALL_FAST_MODEL", roles.haiku or model, "small jobs")
    yield Variable("CLAUDE_CODE_SUBAGENT_MODEL", roles.subagent or model, "subagents")


def window(settings: Settings, running: RunningProxy | None) -> int:
    """Give the window in tokens, as far as it is known."""
    return settings.num_ctx or (running.window if running else None) or _USUAL_WINDOW


def _window(settings: Settings, running: RunningProxy | None) -> Iterator[Variable]:
    """Tell the size of the window, which the client takes for 1,000,000 tokens otherwise.

    It compacts when a turn has filled N - answer - 13,000 tokens of the N that it is told, so N is
    what makes that the right moment; it may exceed the window, whose real end the proxy guards.
    """
    tokens = window(settings, running)
    answer = min(4_096, tokens // 6) if tokens <= _USUAL_WINDOW else 8_192
    compact_at = tokens - answer - _SUMMARY
    told = str(compact_at + answer + _RESERVE)
    yield Variable("CLAUDE_CODE_MAX_CONTEXT_TOKENS", told, f"compacts at {compact_at} tokens")
    yield Variable("CLAUDE_CODE_MAX_OUTPUT_TOKENS", str(answer), "an answer's share of the window")


def _no_proxy(settings: Settings, environment: Mapping[str, str]) -> Iterator[Variable]:
    """Exempt this machine from an HTTP proxy, which would look for 127.0.0.1 on its own side."""
    lower = {name.lower() for name, value in environment.items() if value}
    if not any(name.lower() in lower for name in _HTTP_PROXIES):
        return
    present = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [host.strip() for host in present.split(",") if host.strip()]
    if "*" in hosts:
        return
    wanted = dict.fromkeys([*hosts, *_LOOPBACK, settings.host])
    value = ",".join(wanted)
    for name in ("NO_PROXY", "no_proxy") if "no_proxy" in environment else ("NO_PROXY",):
        yield Variable(name, value, "an HTTP proxy cannot reach this machine's own address")
