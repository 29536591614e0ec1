"""The variables and settings that Claude Code needs to work on this proxy, each with its reason.

`ocp env`, `ocp claude` and `ocp doctor` use this table. Left out on purpose: DISABLE_TELEMETRY and
similar ones (DISABLE_NONESSENTIAL_TRAFFIC covers them), ENABLE_TOOL_SEARCH (switched off, the first
prompt grows from 11,500 to 18,900 tokens), API_TIMEOUT_MS (our pings keep the stream alive),
MODEL_CAPABILITIES (the proxy supports what it would switch off), and, unless lean, what makes the
prompt smaller by removing features.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ollama_claude_proxy.cli.proxy import RunningProxy, base_url
from ollama_claude_proxy.settings import Settings

# Claude Code refuses to start without a token, and an API key makes it ask whether to use the key.
DUMMY_TOKEN = "ocp"  # noqa: S105  # not a secret

_DEFAULT_WINDOW = 32_768  # tokens; the proxy's own default
_SUMMARY_TOKENS = 3_000  # what the request for a summary needs besides the conversation
_CLIENT_RESERVE_TOKENS = 13_000  # what the client keeps free besides the answer, then compacts
_HTTP_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Variable:
    """An environment variable for Claude Code; with the value None it must not be set."""

    name: str
    value: str | None
    reason: str


# Variables that keep Claude Code from using the proxy.
CONFLICTING = (
    Variable(
        "ANTHROPIC_API_KEY",
        None,
        "it hides the proxy's token, and Claude Code asks whether to use it",
    ),
    Variable("CLAUDE_CODE_USE_BEDROCK", None, "it sends every request to Amazon"),
    Variable("CLAUDE_CODE_USE_VERTEX", None, "it sends every request to Google"),
    Variable("CLAUDE_CODE_USE_FOUNDRY", None, "it sends every request to Microsoft"),
)

# Entries of Claude Code's settings file besides `env`.
PERMISSIONS: Mapping[str, Any] = {
    # Auto mode asks the server to judge each command; the proxy does not, so all would be denied.
    "disableAutoMode": "disable",
    # Anthropic's servers run the search; a local model would invent its results.
    "deny": ["WebSearch"],
}
# Tools that do not fit into a window of 16,384 tokens or less: without them the first request has
# 3,200 tokens instead of 11,500 (measured with 2.1.330). Files, commands and search stay.
_LEAN_DENIED_TOOLS = (
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
_SMALL_WINDOW = 16_384  # tokens

LEAN_NOTICE = (
    "The window has 16384 tokens or less: Claude Code leaves out skills, workflows, subagents and"
    " more (`OCP_LEAN=off` keeps them)."
)
OTHER_SETTINGS: Mapping[str, Any] = {
    # WebFetch asks Anthropic's host first whether the domain is safe, and fails without an answer.
    "skipWebFetchPreflight": True,
}


def variables(
    settings: Settings,
    running: RunningProxy | None,
    environment: Mapping[str, str],
    *,
    port: int | None = None,
) -> tuple[Variable, ...]:
    """Return every variable that must be set or, with the value None, must not be set.

    `running` is the report of a running proxy, with the model and the window in use.
    `environment` is the user's; `port` is the proxy's port if it is not the one of the settings.
    """
    return (
        Variable("ANTHROPIC_BASE_URL", base_url(settings, port), "the proxy's address"),
        Variable(
            "ANTHROPIC_AUTH_TOKEN",
            settings.token or DUMMY_TOKEN,
            "without it Claude Code asks for a login",
        ),
        *_model_variables(settings, running),
        *_window_variables(settings, running),
        *_SWITCHES,
        *(_LEAN_SWITCHES if is_lean(settings, running) else ()),
        *_no_proxy_variables(settings, environment),
        CONFLICTING[0],
        *(variable for variable in CONFLICTING[1:] if variable.name in environment),
    )


def is_lean(settings: Settings, running: RunningProxy | None) -> bool:
    """Whether Claude Code leaves out what makes its first prompt large."""
    return is_lean_in(context_window(settings, running), settings)


def is_lean_in(window: int, settings: Settings) -> bool:
    """Whether it does so in a window of so many tokens."""
    return settings.lean == "on" or (settings.lean == "auto" and window <= _SMALL_WINDOW)


def permissions(*, lean: bool) -> Mapping[str, Any]:
    """Return the permissions for Claude Code's settings."""
    deny = [*PERMISSIONS["deny"], *(_LEAN_DENIED_TOOLS if lean else ())]
    return {**PERMISSIONS, "deny": deny}


def settings_argument(*, lean: bool) -> str:
    """Return the settings, without `env`, as the argument of Claude Code's `--settings`."""
    return json.dumps({"permissions": permissions(lean=lean), **OTHER_SETTINGS})


def variable_names(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that `variables` sets, to unset them.

    NO_PROXY is included only if it has no other hosts than those that we add.
    """
    all_variables = (*variables(Settings(), None, {}), *_LEAN_SWITCHES)
    names = [variable.name for variable in all_variables if variable.value is not None]
    if environment.get("NO_PROXY") == ",".join(_LOOPBACK):
        names.append("NO_PROXY")
    return tuple(names)


_SWITCHES = (
    Variable(
        "CLAUDE_CODE_ATTRIBUTION_HEADER",
        "0",
        "its billing block changes the beginning of every prompt",
    ),
    Variable("CLAUDE_CODE_GATEWAY_HINT_HEADERS", "1", "makes each request name its purpose"),
    Variable("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1", "no telemetry, updates or titles"),
    Variable("CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY", "1", "/model lists what is installed"),
)

_LEAN_SWITCHES = tuple(
    Variable(f"CLAUDE_CODE_DISABLE_{name}", "1", "it does not fit into a small window")
    for name in (
        "BUNDLED_SKILLS",
        "WORKFLOWS",
        "CRON",
        "BACKGROUND_TASKS",
        "AUTO_MEMORY",
        "GIT_INSTRUCTIONS",
    )
)


def _model_variables(settings: Settings, running: RunningProxy | None) -> Iterator[Variable]:
    """Yield a local model for every role.

    Otherwise Claude Code sends Claude's model names, and assumes their window sizes.
    """
    model = settings.model
    if running is not None and running.model and not settings.model_named:
        model = running.model
    roles = settings.roles
    yield Variable("ANTHROPIC_MODEL", model, "the main model")
    for role, role_model in (
        ("OPUS", roles.opus),
        ("SONNET", roles.sonnet),
        ("HAIKU", roles.haiku),
        ("FABLE", roles.opus),
    ):
        name = f"ANTHROPIC_DEFAULT_{role}_MODEL"
        yield Variable(name, role_model or model, f"the model for {role.lower()!r}")
    yield Variable("ANTHROPIC_SMALL_FAST_MODEL", roles.haiku or model, "small jobs")
    yield Variable("CLAUDE_CODE_SUBAGENT_MODEL", roles.subagent or model, "subagents")


def context_window(settings: Settings, running: RunningProxy | None) -> int:
    """Return the window in tokens: of the settings, of the running proxy, or the default."""
    return settings.num_ctx or (running.window if running else None) or _DEFAULT_WINDOW


def _window_variables(settings: Settings, running: RunningProxy | None) -> Iterator[Variable]:
    """Yield the size of the window, which the client assumes to be 1,000,000 tokens otherwise.

    It compacts when a turn has filled N - answer - 13,000 tokens of the N that it is given, so N is
    set to make that the right moment. N may exceed the window, whose real size the proxy enforces.
    """
    tokens = context_window(settings, running)
    answer_tokens = min(4_096, tokens // 6) if tokens <= _DEFAULT_WINDOW else 8_192
    compact_at = tokens - answer_tokens - _SUMMARY_TOKENS
    client_window = str(compact_at + answer_tokens + _CLIENT_RESERVE_TOKENS)
    reason = f"makes it compact at {compact_at} tokens"
    yield Variable("CLAUDE_CODE_MAX_CONTEXT_TOKENS", client_window, reason)
    reason = "the part of the window for an answer"
    yield Variable("CLAUDE_CODE_MAX_OUTPUT_TOKENS", str(answer_tokens), reason)


def _no_proxy_variables(settings: Settings, environment: Mapping[str, str]) -> Iterator[Variable]:
    """Yield NO_PROXY with this machine if an HTTP proxy is set.

    That proxy would take 127.0.0.1 for its own machine.
    """
    names_in_use = {name.lower() for name, value in environment.items() if value}
    if not any(name.lower() in names_in_use for name in _HTTP_PROXIES):
        return
    no_proxy = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [host.strip() for host in no_proxy.split(",") if host.strip()]
    if "*" in hosts:
        return
    value = ",".join(dict.fromkeys([*hosts, *_LOOPBACK, settings.host]))
    for name in ("NO_PROXY", "no_proxy") if "no_proxy" in environment else ("NO_PROXY",):
        yield Variable(name, value, "an HTTP proxy cannot reach this machine's own address")
